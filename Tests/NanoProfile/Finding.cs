// What the gate says when device code uses something that a board does not have.

namespace NanoSync.NanoProfile;

/// <summary>One violation.</summary>
/// <param name="Rule">NPxxx of <see cref="IlRules"/>, or the C# compiler's own CSxxxx.</param>
/// <param name="Where">File and line, or type, method and IL offset.</param>
/// <param name="What">What is there.</param>
/// <param name="Instead">What to write instead.</param>
public sealed record Finding(string Rule, string Where, string What, string Instead)
{
    public override string ToString() => $"{Where}: {Rule}: {What}{(Instead.Length == 0 ? "" : $" -> {Instead}")}";
}

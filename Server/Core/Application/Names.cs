// Which names the operator may give, and which ids the application. Names stand in URLs, on command lines and in the names of
// files: one that a path or a parser of options takes for something else is refused when it is given.

using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Application;

/// <summary>The rules of names.</summary>
public static class Names
{
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Refuses a name that is not 1 to 64 of A-Z a-z 0-9 . _ -, is . or .., or begins with -.</summary>
    /// <param name="name">The name.</param>
    /// <param name="what">What it names, as a sentence begins: "A device's name".</param>
    public static void Check(string name, string what)
    {
        if (name.Length is 0 or > Limits.Text || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '.' && c != '_' && c != '-'))
        {
            throw new RefusedException(Refusal.BadInput, $"{what} is 1 to {Limits.Text} of A-Z a-z 0-9 . _ - : not \"{name}\".");
        }

        if (IsDots(name) || name[0] == '-')
        {
            throw new RefusedException(Refusal.BadInput, $"{what} is neither . nor .. and does not begin with - : not \"{name}\".");
        }
    }

    /// <summary>Names separated by commas, each checked by the caller. An empty one is refused: a slip of the hand is no wish.</summary>
    public static string[] Split(string list, string what)
    {
        string[] names = list.Split(',', StringSplitOptions.TrimEntries);
        return Array.IndexOf(names, "") < 0 ? names
            : throw new RefusedException(Refusal.BadInput, list.Trim().Length == 0 ? $"{what} names none." : $"{what} has an empty name in it: \"{list}\".");
    }

    /// <summary>Refuses an id for a new object. Devices make ids of their own, which are taken as they are: any UTF-8.</summary>
    public static void CheckId(string id)
    {
        if (!IsText(id) || Encoding.UTF8.GetByteCount(id) is 0 or > Limits.Text || id.Any(char.IsControl) || IsDots(id) || id[0] == '-')
        {
            throw new RefusedException(Refusal.BadInput,
                $"An object's id is 1 to {Limits.Text} bytes of UTF-8 without control characters, neither . nor .., and does not begin with -");
        }
    }

    /// <summary>True for . and .., which a URL or a path does not take for a name.</summary>
    public static bool IsDots(string name) => name is "." or "..";

    /// <summary>True when no half of a surrogate pair stands alone: only such a text has bytes.</summary>
    public static bool IsText(string text)
    {
        try
        {
            s_strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>UTF-8 as text; null when the bytes are not UTF-8.</summary>
    public static string? TextOf(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

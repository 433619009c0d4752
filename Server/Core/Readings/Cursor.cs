// Where somebody who follows changes goes on, also after a restart of either side and after the database was put back.

using System.Globalization;
using NanoSync.Server.Application;

namespace NanoSync.Server.Readings;

/// <summary>
/// How far somebody has followed changes: the number of a change, the life of the database in which it got it (so that a
/// database that was put back is noticed), and, in the middle of a change, the object. As text NUMBER.LIFE or NUMBER.LIFE.OBJECT.
/// </summary>
/// <param name="Number">All changes up to this one, but for the rest of it, were told.</param>
/// <param name="Life">null = not said.</param>
/// <param name="Object">Of this change objects up to this number were told; null = all.</param>
public sealed record Cursor(long Number, string? Life, long? Object)
{
    /// <summary>Reads one; null = none was given.</summary>
    public static Cursor? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        string[] parts = text.Split('.');
        long at = 0;
        return parts.Length <= 3 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && (parts.Length < 3 || long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out at))
            ? new Cursor(number, parts.Length > 1 ? parts[1] : null, parts.Length > 2 ? at : null)
            : throw new RefusedException(Refusal.BadInput, "after is a cursor that this server gave, or a number.") { Code = "wrong_type", Field = "after" };
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        return string.Create(CultureInfo.InvariantCulture, $"{Number}.{Life}") + (Object is { } at ? "." + at.ToString(CultureInfo.InvariantCulture) : "");
    }
}

// What devices, upstreams and mails say, made fit for a terminal: control characters move cursors, change titles, and let a line
// look as if this program had written it.

using System.Globalization;
using System.Text;

namespace NanoSync.Server.Formats;

/// <summary>Text for terminals and logs.</summary>
public static class Terminal
{
    /// <summary>Who runs this, for the audit log; a container's user has a number and no name.</summary>
    public static string User
    {
        get
        {
            try
            {
                return Environment.UserName;
            }
            catch (IOException)
            {
                return Environment.GetEnvironmentVariable("USER") is { Length: > 0 } name ? name : "unnamed";
            }
        }
    }

    /// <summary>The text with each control character written as \u and its code.</summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsControl))
        {
            return text;
        }

        StringBuilder clean = new(text.Length + 16);
        foreach (char c in text)
        {
            if (IsControl(c))
            {
                clean.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                clean.Append(c);
            }
        }

        return clean.ToString();
    }

    // C0, DEL, C1, line separators, and what turns the direction of writing
    private static bool IsControl(char c)
    {
        return char.IsControl(c) || c is '\u2028' or '\u2029' or '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
    }
}

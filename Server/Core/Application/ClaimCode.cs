// The code with which a board gets its token: short enough for a label or a settings file, long enough that nobody guesses one.

using System.Security.Cryptography;
using System.Text;

namespace NanoSync.Server.Application;

/// <summary>Codes: 16 characters, which are 80 random bits, in groups of four. [SPEC 8.5]</summary>
public static class ClaimCode
{
    /// <summary>Characters without the dashes.</summary>
    public const int Length = 16;

    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's: no I, L, O, U

    /// <summary>A new code, with its dashes.</summary>
    public static string New(Func<int, byte[]> random)
    {
        StringBuilder code = new(Length + 3);
        foreach (byte b in random(Length))
        {
            code.Append(code.Length % 5 == 4 ? "-" : "").Append(Letters[b & 31]);
        }

        return code.ToString();
    }

    /// <summary>A code as it was typed, in its one form: capitals without dashes and spaces, O read as 0, I and L as 1. Null = it is none.</summary>
    public static string? Read(string text)
    {
        StringBuilder code = new(Length);
        foreach (char c in text)
        {
            char upper = char.ToUpperInvariant(c);
            upper = upper is 'O' ? '0' : upper is 'I' or 'L' ? '1' : upper;
            if (c is '-' or ' ' or '\r' or '\n')
            {
                continue;
            }

            if (!Letters.Contains(upper, StringComparison.Ordinal) || code.Length == Length)
            {
                return null;
            }

            code.Append(upper);
        }

        return code.Length == Length ? code.ToString() : null;
    }

    /// <summary>SHA-256 of a code that was read: all that is kept of it.</summary>
    public static byte[] HashOf(string code) => SHA256.HashData(Encoding.ASCII.GetBytes("nanosync claim " + code));

    /// <summary>
    /// The token that a code gives, made from the code, which the server does not keep, and from what it keeps: the same again
    /// when the reply was lost, and known to neither without the other.
    /// </summary>
    public static string TokenOf(string code, byte[] salt)
    {
        byte[] bytes = HMACSHA256.HashData(salt, Encoding.ASCII.GetBytes(code));
        return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }
}

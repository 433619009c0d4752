// docs/figures.md: its table is written by `budgets --write`, with the commit it was measured at and a check sum of the
// device code, by which a test sees that the table is older than the code.

using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace NanoSync.NanoRun;

internal static class Figures
{
    private const string Begin = "<!-- budgets: written by Tests/run-nanoclr.sh budgets --write -->\n";
    private const string End = "<!-- budgets end -->";

    private static readonly string[] s_folders = ["Protocol.Lite", "Storage", "Device"];

    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "docs", "figures.md");

    /// <summary>Check sum of all that is compiled for boards below a folder: paths and contents.</summary>
    public static string Sum(string root)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string file in s_folders
            .SelectMany(f => Directory.GetFiles(System.IO.Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
            .Select(f => System.IO.Path.GetRelativePath(root, f).Replace('\\', '/'))
            .Where(f => !Regex.IsMatch(f, "/(bin|obj|Pc|Virtual)/"))
            .Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file + "\n" + File.ReadAllText(System.IO.Path.Combine(root, file)).Replace("\r\n", "\n")));
        }

        return Convert.ToHexString(hash.GetHashAndReset())[..16].ToLowerInvariant();
    }

    /// <summary>The check sum of the code that the table was measured of; null when it names none.</summary>
    public static string? Measured(string document) =>
        Regex.Match(document, @"Device code `([0-9a-f]{16})`") is { Success: true } found ? found.Groups[1].Value : null;

    /// <summary>The document with another table.</summary>
    public static string With(string document, string table, string sum, string commit)
    {
        int from = document.IndexOf(Begin, StringComparison.Ordinal);
        int to = document.IndexOf(End, StringComparison.Ordinal);
        if (from < 0 || to < from)
        {
            throw new CannotRun($"{Path} has no place for the table: {Begin.Trim()} to {End}.", CannotRun.Failed);
        }

        return document[..(from + Begin.Length)] + $"Device code `{sum}`, commit `{commit}`.\n\n{table}" + document[to..];
    }
}

// Every setting with its default and what it means, as docs/settings.md, docs/mail.md and docs/mqtt.md have them: these lie in the program, so
// that the file which is printed and the documents cannot part. A test compares the documents with what is read.

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NanoSync.Server.Cli;

/// <summary>A setting of the server.</summary>
/// <param name="Name">Its name; mail:NAME for those of the mailbox, mqtt:NAME for those of the broker.</param>
/// <param name="Default">As it is written; null = none.</param>
/// <param name="Meaning">In a sentence or two.</param>
public sealed record SettingText(string Name, string? Default, string Meaning);

/// <summary>The settings as text.</summary>
public static partial class SettingsText
{
    /// <summary>All of them, in the order of the documents.</summary>
    public static List<SettingText> All() => [.. Rows(), .. Group("mail", "## The server's mailbox"), .. Group("mqtt", "## The server")];

    /// <summary>A file for --config in which every setting stands as a comment.</summary>
    public static string Example()
    {
        StringBuilder text = new();
        text.Append("// Settings of nanosync-server: serve --config FILE. A variable NANOSYNC_NAME of the environment goes before this file, and suits\n"
            + "// what is secret. Lines that begin with // are comments; each setting stands here with its default.\n{\n  \"NanoSync\": {\n");
        string? group = null; // those of one stand together
        foreach (SettingText setting in All())
        {
            string? own = setting.Name.Contains(':') ? setting.Name.Split(':')[0] : null;
            if (own != group)
            {
                text.Append(group != null ? "    },\n" : "").Append(CultureInfo.InvariantCulture, $"    \"{own}\": {{\n");
                group = own;
            }

            string indent = group != null ? "      " : "    ";
            foreach (string line in Wrapped(setting.Meaning, 110))
            {
                text.Append(indent).Append("// ").Append(line).Append('\n');
            }

            bool plain = setting.Default is null or "true" or "false" || double.TryParse(setting.Default, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
            text.Append(CultureInfo.InvariantCulture, $"{indent}// \"{setting.Name.Split(':')[^1]}\": {(plain ? setting.Default ?? "null" : $"\"{setting.Default}\"")},\n\n");
        }

        return text.Append(group != null ? "    },\n" : "").Append("  },\n}\n").ToString();
    }

    private static IEnumerable<SettingText> Rows()
    {
        return Row().Matches(Section("settings.md", "## Of the server")).Skip(1)
            .Select(r => new SettingText(r.Groups[1].Value, r.Groups[2].Value == "none" ? null : r.Groups[2].Value, Plain(r.Groups[3].Value)));
    }

    // several names may share a line there, and what is missing is said in words
    private static IEnumerable<SettingText> Group(string group, string heading)
    {
        foreach (Match row in GroupRow().Matches(Section(group + ".md", heading)))
        {
            string otherwise = row.Groups[3].Value.Trim();
            foreach (Match name in GroupName().Matches(row.Groups[1].Value))
            {
                yield return new SettingText($"{group}:{name.Groups[1].Value}", null, Plain(row.Groups[2].Value) + (otherwise.Length > 0 ? $" (default: {Plain(otherwise)})" : ""));
            }
        }
    }

    private static string Section(string document, string heading)
    {
        using StreamReader reader = new(typeof(SettingsText).Assembly.GetManifestResourceStream("docs/" + document)!);
        string text = reader.ReadToEnd().ReplaceLineEndings("\n");
        int start = text.IndexOf("\n" + heading + "\n", StringComparison.Ordinal);
        int end = text.IndexOf("\n## ", start + 4, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    private static string Plain(string markdown) => Link().Replace(markdown, "$1").Replace("`", "", StringComparison.Ordinal).Trim();

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length >= width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }

    [GeneratedRegex(@"(?m)^\| (\w+) \| ([^|]+) \| (.+) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"(?m)^\| (`(?:mail|mqtt):[^|]+) \| ([^|]+) \| ([^|]*)\|$")]
    private static partial Regex GroupRow();

    [GeneratedRegex(@"`(?:mail|mqtt):(\w+)`")]
    private static partial Regex GroupName();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}

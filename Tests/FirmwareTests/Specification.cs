// Reads the footnotes of a document, each of which names the test of a statement: [^key1] behind it, at the end of the file
// [^key1]: FOLDER/CLASS.METHOD of Tests/, [^none] where no test checks it.

using System.Text.RegularExpressions;

namespace NanoSync.FirmwareTests;

internal sealed class Specification(string text)
{
    private const string None = "none";

    private readonly Dictionary<string, string> _tests = Regex.Matches(text, @"(?m)^\[\^(\w+)\]: (.+)$").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    /// <summary>What does not hold: a line of text, a list's item, a table's row without a footnote at its end; one that leads nowhere; one that is not used; a section without a test.</summary>
    public IEnumerable<string> Wrong()
    {
        var used = new HashSet<string> { None };
        foreach ((string section, List<string> lines) in Sections(text).Where(s => s.Lines.Count == 0 || !s.Lines[^1].StartsWith("Not checked: ", StringComparison.Ordinal)))
        {
            if (!lines.Exists(l => Regex.IsMatch(l, @"\[\^(?!none)")))
            {
                yield return $"{section}: no test";
            }

            foreach (string line in lines)
            {
                used.UnionWith(Regex.Matches(line, @"\[\^(\w+)\]").Select(m => m.Groups[1].Value));
                if (!Regex.IsMatch(line, @"\[\^\w+\]( \|)?$"))
                {
                    yield return $"{section}: no footnote behind: {line}";
                }

                if (Regex.IsMatch(line, @"\]\[\^none\]|\[\^none\]\["))
                {
                    yield return "none stands beside another";
                }
            }
        }

        foreach (string mark in used.Except(_tests.Keys))
        {
            yield return $"{mark} is not defined";
        }

        foreach (string mark in _tests.Keys.Except(used))
        {
            yield return $"{mark} is not used";
        }

        foreach ((string mark, string test) in _tests.Where(t => t.Key != None && !IsTest(t.Value)))
        {
            yield return $"{mark}: there is no {test}";
        }
    }

    /// <summary>Whether FOLDER/CLASS.METHOD is a test.</summary>
    public static bool IsTest(string name)
    {
        Match parts = Regex.Match(name, @"^(\w+)/(\w+)\.(\w+)$");
        string file = Repository.PathOf("Tests", parts.Groups[1].Value, parts.Groups[2].Value + ".cs");
        return parts.Success && File.Exists(file)
            && Regex.IsMatch(File.ReadAllText(file), $@"\[(?:TestMethod|DataRow)\b[^\n]*\n(?:\s*\[[^\n]*\n)*\s*public (?:async Task|void) {parts.Groups[3].Value}\(");
    }

    /// <summary>The text of each section, without code and heads of tables; a chapter that begins with a section has none of its own.</summary>
    public static IEnumerable<(string Number, List<string> Lines)> Sections(string text)
    {
        string[] sections = Regex.Split(text, @"(?m)^(?=##+ \d)").Skip(1).ToArray();
        for (int i = 0; i < sections.Length; i++)
        {
            string[] lines = Regex.Replace(sections[i], @"(?ms)^```.*?^```$|^\|[^\n]*\n\|[-| ]+\|$|^\[\^\w+\]: [^\n]*$", "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length > 1 || !sections[i].StartsWith("## ", StringComparison.Ordinal) || i + 1 == sections.Length || !sections[i + 1].StartsWith("### ", StringComparison.Ordinal))
            {
                yield return (lines[0].Split(' ')[1].TrimEnd('.'), [.. lines.Skip(1)]);
            }
        }
    }
}

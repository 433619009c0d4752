// docs/spec-tests.md beside SPEC.md: each statement of the specification by its first and last words, below it the tests
// that assert it. A statement is a piece of a line; those of a line follow each other without a gap, so nothing can be
// added to the specification that has no entry.

using System.Text.RegularExpressions;

namespace NanoSync.FirmwareTests;

internal sealed class StatementIndex(string specification, string index)
{
    public const string Page = "docs/spec-tests.md";

    private const string Gap = " … ";
    private const string None = "none";

    private readonly List<(string Section, List<Entry> Entries)> _index = [.. Regex.Split(index, @"(?m)^## ").Skip(1).Select(s => (s[..s.IndexOfAny([' ', '\n'])], Read(s)))];

    private sealed record Entry(string Quote, List<string> Tests)
    {
        public bool Used { get; set; }
    }

    /// <summary>What does not hold, each with what is to be done.</summary>
    public IEnumerable<string> Wrong()
    {
        foreach ((string section, List<string> lines) in Specification.Sections(specification).Where(s => s.Lines.Count == 0 || !s.Lines[^1].StartsWith("Not checked: ", StringComparison.Ordinal)))
        {
            List<Entry> entries = _index.Find(i => i.Section == section).Entries ?? [];
            foreach ((string statement, Entry? before) in lines.SelectMany(l => Uncovered(l, entries)))
            {
                string where = before == null ? "first" : $"below the tests of \"{before.Quote}\"";
                yield return $"SPEC.md {section} says what {Page} has no entry for. Put this there under {section}, {where}, with the tests that assert it, or {None}:\n- {Quote(statement)}\n  - FOLDER/CLASS.TEST";
            }

            foreach (Entry entry in entries.Where(e => !e.Used))
            {
                yield return $"{Page} {section}: SPEC.md does not say, at its place: {entry.Quote}";
            }

            if (!entries.Exists(e => e.Tests.Exists(t => t != None)))
            {
                yield return $"{section}: no test";
            }
        }

        foreach ((string section, _) in _index.Where(i => !Specification.Sections(specification).Any(s => s.Number == i.Section)))
        {
            yield return $"{Page}: SPEC.md has no section {section}";
        }

        foreach (Entry entry in _index.SelectMany(i => i.Entries))
        {
            if (entry.Tests.Count == 0 || (entry.Tests.Contains(None) && entry.Tests.Count > 1))
            {
                yield return $"{Page}: tests, or {None} alone, are wanted below: {entry.Quote}";
            }

            foreach (string test in entry.Tests.Where(t => t != None && !Specification.IsTest(t)))
            {
                yield return $"{Page}: there is no {test}";
            }
        }

        if (specification.Contains("[^", StringComparison.Ordinal))
        {
            yield return $"SPEC.md has a footnote: the tests of a statement stand in {Page}";
        }
    }

    /// <summary>A statement as the index names it: its first and last words, as many as tell where it ends.</summary>
    public static string Quote(string statement)
    {
        Match[] words = Regex.Matches(statement, @"\S+").ToArray();
        if (words.Length <= 10)
        {
            return statement;
        }

        string first = statement[..(words[3].Index + words[3].Length)];
        for (int i = words.Length - 3; i > 4; i--)
        {
            string last = statement[words[i].Index..];
            if (statement.IndexOf(last, first.Length, StringComparison.Ordinal) == words[i].Index)
            {
                return first + Gap + last;
            }
        }

        return statement;
    }

    private static List<Entry> Read(string section)
    {
        List<Entry> entries = [];
        foreach (string line in section.Split('\n').Skip(1))
        {
            if (line.StartsWith("- ", StringComparison.Ordinal))
            {
                entries.Add(new Entry(line[2..], []));
            }
            else if (line.StartsWith("  - ", StringComparison.Ordinal) && entries.Count > 0)
            {
                entries[^1].Tests.Add(line[4..]);
            }
            else if (line.Length > 0)
            {
                entries.Add(new Entry($"(a line that is neither an entry nor a test) {line}", []));
            }
        }

        return entries;
    }

    // The pieces of a line that no entry names, each with the entry before it.
    private static IEnumerable<(string Statement, Entry? Before)> Uncovered(string line, List<Entry> entries)
    {
        string rest = Bare(line);
        while (rest.Length > 0)
        {
            int done = entries.FindLastIndex(e => e.Used);
            int at = entries.FindIndex(done + 1, e => LengthIn(rest, e) > 0);
            int covered = 0;
            if (at < 0)
            {
                // up to where an entry begins
                int next = Enumerable.Range(1, rest.Length - 1).FirstOrDefault(i => rest[i - 1] == ' ' && entries.Skip(done + 1).Any(e => LengthIn(rest[i..], e) > 0), rest.Length);
                yield return (rest[..next].TrimEnd(' ', '|'), done < 0 ? null : entries[done]);
                covered = next;
            }
            else
            {
                entries[at].Used = true;
                covered = LengthIn(rest, entries[at]);
            }

            rest = Bare(rest[covered..]);
        }
    }

    // How much of a text an entry names from its beginning on; 0 = nothing.
    private static int LengthIn(string text, Entry entry)
    {
        int gap = entry.Quote.IndexOf(Gap, StringComparison.Ordinal);
        if (gap < 0)
        {
            return text.StartsWith(entry.Quote, StringComparison.Ordinal) ? entry.Quote.Length : 0;
        }

        string last = entry.Quote[(gap + Gap.Length)..];
        int end = text.StartsWith(entry.Quote[..gap], StringComparison.Ordinal) ? text.IndexOf(last, gap, StringComparison.Ordinal) : -1;
        return end < 0 ? 0 : end + last.Length;
    }

    // Without the marks of a list or a table.
    private static string Bare(string text) => Regex.Replace(text, @"^(?:\s|\||- |\d+\. )+", "").TrimEnd(' ', '|');
}

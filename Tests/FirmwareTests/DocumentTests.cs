// The documents list every number, key and state that the code has.

using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public class DocumentTests
{
    private static string Section(string text, string heading)
    {
        int start = text.IndexOf("\n## " + heading, StringComparison.Ordinal);
        Assert.IsGreaterThan(0, start, heading);
        int end = text.IndexOf("\n## ", start + 4, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    private static void EveryRow(string heading, IEnumerable<(int Number, string Name)> members)
    {
        string section = Section(Repository.Read("docs", "troubleshooting.md"), heading);
        HashSet<string> rows = Regex.Matches(section, @"(?m)^\| (\d+ \| \w+) \| [^|]{4,} \|").Select(m => m.Groups[1].Value).ToHashSet();
        foreach ((int number, string name) in members)
        {
            Assert.IsTrue(rows.Remove($"{number} | {name}"), $"{heading}: {number} {name} is not listed");
        }

        Assert.IsEmpty(rows, $"{heading}: listed, but there is none");
    }

    [TestMethod]
    public void Troubleshooting_lists_every_error()
    {
        EveryRow("SyncError", Enum.GetValues<SyncError>().Select(e => ((int)e, e.ToString())));
        EveryRow("StoreError", Enum.GetValues<StoreError>().Select(e => ((int)e, e.ToString())));
        EveryRow("CarrierError", Enum.GetValues<CarrierError>().Select(e => ((int)e, e.ToString())));
        EveryRow("Status", typeof(Status).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => ((int)f.GetRawConstantValue()!, f.Name)));
    }

    [TestMethod]
    public void The_specification_lists_every_status()
    {
        string section = Regex.Match(Repository.Read("SPEC.md"), @"(?s)\n### 2\.4 [^\n]*\n(.*?)\n\n").Groups[1].Value;
        int[] listed = Regex.Matches(section, @"(?:^|· )(\d+) ").Select(m => int.Parse(m.Groups[1].Value)).ToArray();
        CollectionAssert.AreEqual(typeof(Status).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (int)f.GetRawConstantValue()!).Order().ToArray(), listed);
    }

    [TestMethod]
    public void Every_statement_of_the_specification_has_its_entry_and_every_entry_its_statement_and_its_tests()
    {
        string[] wrong = new StatementIndex(Repository.Read("SPEC.md"), Repository.Read("docs", "spec-tests.md")).Wrong().ToArray();
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    private const string Zip = "\n  - DeviceTests/StoreTests.Crc32_is_that_of_zip";

    [TestMethod]
    [DataRow("A rule. Another one.", "- A rule." + Zip + "\n- Another one." + Zip, null)]
    [DataRow("1. A rule of more words than ten, which its entry leaves out.", "- A rule of more … entry leaves out." + Zip, null)]
    [DataRow("| key | done |\n|---|---|\n| a | b |\n| `c` | d |", "- a | b" + Zip + "\n- `c` | d\n  - none", null)]
    [DataRow("A rule. Another one.", "- A rule." + Zip, "SPEC.md 3.1 says what docs/spec-tests.md has no entry for. Put this there under 3.1, below the tests of \"A rule.\", with the tests that assert it, or none:\n- Another one.\n  - FOLDER/CLASS.TEST")]
    [DataRow("A rule. Another one. A third.", "- A rule." + Zip + "\n- A third." + Zip, "SPEC.md 3.1 says what docs/spec-tests.md has no entry for. Put this there under 3.1, below the tests of \"A rule.\", with the tests that assert it, or none:\n- Another one.\n  - FOLDER/CLASS.TEST")]
    [DataRow("- one two three four five six seven eight nine ten nine ten.\nA rule.", "- A rule." + Zip, "SPEC.md 3.1 says what docs/spec-tests.md has no entry for. Put this there under 3.1, first, with the tests that assert it, or none:\n- one two three four … ten nine ten.\n  - FOLDER/CLASS.TEST")]
    [DataRow("A rule.", "- A rule." + Zip + "\n- Another one." + Zip, "docs/spec-tests.md 3.1: SPEC.md does not say, at its place: Another one.")]
    [DataRow("One. Two.", "- Two." + Zip + "\n- One." + Zip, "SPEC.md 3.1 says what docs/spec-tests.md has no entry for. Put this there under 3.1, below the tests of \"One.\", with the tests that assert it, or none:\n- Two.\n  - FOLDER/CLASS.TEST;docs/spec-tests.md 3.1: SPEC.md does not say, at its place: Two.")]
    [DataRow("A rule.", "- A rule.\n  - none", "3.1: no test")]
    [DataRow("A rule.", "- A rule." + Zip + "\n  - none", "docs/spec-tests.md: tests, or none alone, are wanted below: A rule.")]
    [DataRow("A rule.", "- A rule." + Zip + "x", "docs/spec-tests.md: there is no DeviceTests/StoreTests.Crc32_is_that_of_zipx")]
    [DataRow("A rule.", "- A rule." + Zip + "\n\n## 3.2 Gone\n- A rule." + Zip, "docs/spec-tests.md: SPEC.md has no section 3.2")]
    [DataRow("A rule.[^a]", "- A rule.[^a]" + Zip, "SPEC.md has a footnote: the tests of a statement stand in docs/spec-tests.md")]
    public void What_the_index_of_statements_lacks_or_has_too_much_is_said(string text, string index, string? wrong)
    {
        StatementIndex read = new($"# Title\nWords.\n\n## 3. Chapter\n### 3.1 Section\n{text}\n```\ncode\n```\n", $"# Index\nWords.\n\n## 3.1 Section\n{index}\n");
        Assert.AreEqual(wrong ?? "", string.Join(';', read.Wrong()));
    }

    [TestMethod]
    public void The_messages_that_the_specification_shows_say_what_stands_beside_their_bytes()
    {
        string section = Regex.Match(Repository.Read("SPEC.md"), @"(?s)\n### 3\.1 .*?(?=\n## )").Value;
        byte[][] messages = Regex.Matches(section, @"(?s)```\n(.*?)```").Select(m => Annotated(m.Groups[1].Value)).ToArray();
        Assert.HasCount(2, messages);

        SyncMessage request = MessageParser.Parse(MessageFormat.Wbxml, messages[0]);
        var asked = request.Collections.Single();
        ObjectClass type = ClassCatalog.Parse("reading(at:c,temperature:f2)")!;
        Assert.AreEqual($"1.0 {ClassCatalog.WireName(type)} 7Kx3fQ9-b readings True False", $"{request.Version} {asked.Class} {asked.SyncKey} {asked.Id} {asked.DeletesAsMoves} {asked.GetChanges}");
        Assert.AreEqual($"{Tags.Add} Ab1_12 2026-03-01T12:00:00Z 21.53; {Tags.Add}  2026-03-01T12:10:00Z 21.48",
            string.Join("; ", asked.Commands.Select(c => $"{c.Tag} {c.ClientId} {string.Join(' ', RecordText.Unpack(type, c.Data!.Value).Select(f => f.Text))}")));
        CollectionAssert.AreEqual(messages[0], MessagePrinter.Print(MessageFormat.Wbxml, request));

        SyncMessage reply = MessageParser.Parse(MessageFormat.Wbxml, messages[1]);
        var answer = reply.Collections.Single();
        byte[] sum = new byte[4];
        Fnv.WriteTag(Fnv.Of(messages[0], 0, messages[0].Length), sum, 0);
        Assert.AreEqual($"8Kx3f{Encoding.ASCII.GetString(sum)} readings 0 0", $"{answer.SyncKey} {answer.Id} {answer.Responses.Count} {answer.Commands.Count}");
        CollectionAssert.AreEqual(messages[1], MessagePrinter.Print(MessageFormat.Wbxml, reply));
    }

    // The bytes; each line's offset is right, its element has that code, and its text is there.
    private static byte[] Annotated(string block)
    {
        Dictionary<string, int> codes = Regex.Matches(Regex.Match(Repository.Read("SPEC.md"), @"(?s)### 2\.1 .*?\n\n").Value, @"(\w+) ([0-9A-F]{2})[,. ]")
            .ToDictionary(m => m.Groups[1].Value, m => Convert.ToInt32(m.Groups[2].Value, 16));
        List<byte> bytes = [];
        List<(List<byte> Bytes, string What)> pieces = [];
        foreach (string line in block.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Match parts = Regex.Match(line, @"^ *(\d+)  ((?:[0-9A-F]{2} )*[0-9A-F]{2}) +(.*)$");
            Assert.IsTrue(parts.Success, line);
            Assert.AreEqual(bytes.Count, int.Parse(parts.Groups[1].Value), line);
            byte[] here = Convert.FromHexString(parts.Groups[2].Value.Replace(" ", ""));
            bytes.AddRange(here);
            if (parts.Groups[3].Value == "...")
            {
                pieces[^1].Bytes.AddRange(here);
            }
            else
            {
                pieces.Add(([.. here], parts.Groups[3].Value));
            }
        }

        int open = 0, elements = 0;
        foreach ((List<byte> piece, string what) in pieces)
        {
            string name = Regex.Match(what, @"^\w+").Value;
            if (codes.TryGetValue(name, out int code))
            {
                elements++;
                Assert.AreEqual(code, piece[0] & 0x3F, what);
                open += (piece[0] & 0x40) != 0 && piece[^1] != 1 ? 1 : 0;
                foreach (Match text in Regex.Matches(what, "\"([^\"]*)\""))
                {
                    Assert.AreEqual(text.Groups[1].Value, Encoding.ASCII.GetString([.. piece[2..^2]]), what);
                }
            }
            else if (name is "end" or "ends")
            {
                Assert.IsTrue(piece.TrueForAll(b => b == 1) && piece.Count == Regex.Matches(what, @"\b[A-Z]\w+").Count, what);
                open -= piece.Count;
            }
        }

        Assert.AreEqual(0, open, "each element is ended");
        Assert.IsGreaterThan(4, elements);
        return [.. bytes];
    }

    [TestMethod]
    [DataRow("security.md")]
    [DataRow("promise.md")]
    public void Every_line_of_these_documents_names_a_test_that_exists_or_says_that_none_shows_it(string document)
    {
        string[] wrong = new Specification(Repository.Read(Path.Combine("docs", document))).Wrong().ToArray();
        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    [TestMethod]
    [DataRow("Text.[^a1]", "DeviceTests/StoreTests.Crc32_is_that_of_zip", null)]
    [DataRow("| row[^a1] |", "DeviceTests/StoreTests.Crc32_is_that_of_zip", null)]
    [DataRow("Text.[^none][^a1]", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "none stands beside another")]
    [DataRow("Text.[^a1]", "DeviceTests/StoreTests.Crc32_is_that_of_rar", "a1: there is no DeviceTests/StoreTests.Crc32_is_that_of_rar")]
    [DataRow("Text.[^a1]", "DeviceTests/StoreTests.Begin", "a1: there is no DeviceTests/StoreTests.Begin")] // a helper, not a test
    [DataRow("Text.[^a1]", "DeviceTests/ShopTests.Crc32_is_that_of_zip", "a1: there is no DeviceTests/ShopTests.Crc32_is_that_of_zip")]
    [DataRow("Text.[^a1] More.[^a2]", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "a2 is not defined")]
    [DataRow("Text.[^none]\n### 3.2 Section\nText.[^b2]\n[^b2]: DeviceTests/StoreTests.Begin", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "3.1: no test;a1 is not used;b2: there is no DeviceTests/StoreTests.Begin")]
    [DataRow("Text.[^a1] More.", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "3.1: no footnote behind: Text.[^a1] More.")]
    [DataRow("Text.[^a1]\n- item", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "3.1: no footnote behind: - item")]
    [DataRow("Text.[^a1]\n### 3.2 Empty", "DeviceTests/StoreTests.Crc32_is_that_of_zip", "3.2: no test")]
    public void What_the_footnotes_of_a_document_name_wrongly_is_noticed(string text, string test, string? wrong)
    {
        string whole = $"# Title\nWords.\n\n## 3. Chapter\n### 3.1 Section\n{text}\n```\ncode\n```\n| a |\n|---|\n| b[^none] |\n\n[^none]: No test.\n[^a1]: {test}\n";
        Assert.AreEqual(wrong ?? "", string.Join(';', new Specification(whole).Wrong()));
    }

    [TestMethod]
    public void Operations_lists_every_state_of_the_lamp()
    {
        string section = Section(Repository.Read("docs", "operations.md"), "The lamp");
        foreach (AppState state in Enum.GetValues<AppState>())
        {
            Assert.Contains($"\n| {state} | {(int)state} | ", section);
        }
    }

    [TestMethod]
    public void The_settings_list_every_key_of_a_board_with_its_default()
    {
        string section = Section(Repository.Read("docs", "settings.md"), "Of a board");
        string[] keys = Regex.Matches(Repository.Read("Device", "Firmware", "Settings.cs"), "case \"([a-z0-9-]+)\":").Select(m => m.Groups[1].Value)
            .Where(k => k is not ("free-heap" or "uptime" or "signal" or "adc" or "sht3x-temperature" or "sht3x-humidity")).ToArray();
        Assert.HasCount(27, keys);
        foreach (string key in keys)
        {
            Assert.Contains($"\n| {key} | ", section);
        }

        var defaults = new Settings();
        byte[] text = Encoding.ASCII.GetBytes("server = http://s");
        Assert.IsNull(defaults.Parse(text, text.Length));
        foreach ((string key, int value) in ((string, int)[])[("interval", defaults.Interval), ("sync", defaults.Sync), ("wait", defaults.Wait), ("watchdog", defaults.Watchdog), ("restart-offline", defaults.RestartOffline),
            ("store", defaults.StoreBytes), ("outbox", defaults.OutboxBytes), ("segment", defaults.SegmentBytes), ("buffer", defaults.BufferBytes), ("window", defaults.Window),
            ("reply", defaults.ReplyBytes), ("request", defaults.RequestBytes)])
        {
            Assert.IsTrue(Regex.IsMatch(section, $@"(?m)^\| {key} \| [^|]+ \| {value} \| "), key);
        }
    }

    [TestMethod]
    public void The_settings_list_every_setting_of_the_server_with_its_default()
    {
        string section = Section(Repository.Read("docs", "settings.md"), "Of the server");
        var listed = Regex.Matches(section, @"(?m)^\| (\w+) \| ([^|]+) \| [^|]+ \|$").Skip(1).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        string[] read = Regex.Matches(Repository.Read("Server/Host", "ServerOptions.cs"), @"(?:configuration\[|settings\.\w+\()""(\w+)""").Select(m => m.Groups[1].Value).ToArray();
        CollectionAssert.AreEquivalent(read, listed.Keys);
        var defaults = new Server.ServerOptions();
        var expected = new Dictionary<string, string>
        {
            ["data"] = string.Join('/', defaults.Data.Split(Path.DirectorySeparatorChar).TakeLast(2)), ["urls"] = defaults.Urls, ["database"] = defaults.Database ?? "none", ["maxDeleted"] = $"{defaults.Limits.MaxDeleted}", ["maxReadings"] = $"{defaults.Limits.MaxReadings}", ["rate"] = $"{defaults.RatePerSecond}", ["burst"] = $"{defaults.RateBurst}",
            ["patience"] = $"{defaults.Patience.TotalSeconds}", ["sealedPerHour"] = $"{defaults.SealedPerHour}", ["openApiOnLoopback"] = defaults.OpenApiOnLoopback ? "true" : "false",
            ["otlp"] = defaults.Otlp?.ToString() ?? "none", ["retention"] = defaults.Retention.Count == 0 ? "none" : "", ["keepNotes"] = $"{defaults.KeepNotes?.TotalDays ?? 0}", ["runProxy"] = defaults.RunProxy ? "true" : "false", ["tables"] = defaults.Tables ? "true" : "false",
            ["maxObjects"] = $"{defaults.Limits.MaxObjects}", ["maxObject"] = $"{defaults.Limits.MaxObject}", ["maxMessage"] = $"{defaults.Limits.MaxMessage}", ["maxWait"] = $"{defaults.Limits.MostHold}", ["maxWaiting"] = $"{defaults.Limits.MaxHeld}", ["maxReply"] = $"{defaults.Limits.MaxReply}",
            ["alerts"] = string.Join(',', defaults.Alerts.Kinds), ["alertAfter"] = $"{defaults.Alerts.After.TotalMinutes}", ["alertClear"] = $"{defaults.Alerts.Clear.TotalMinutes}",
            ["keepHistory"] = $"{defaults.KeepHistory?.TotalDays ?? 0}", ["alertQuiet"] = $"{defaults.Alerts.Quiet.TotalMinutes}", ["alertWebhook"] = defaults.Alerts.Webhook?.ToString() ?? "none", ["alertMail"] = defaults.Alerts.Mail ?? "none",
            ["alertWebhookSecret"] = defaults.Alerts.WebhookSecret.Length == 0 ? "none" : "", ["tlsCert"] = defaults.TlsCertificate ?? "none", ["tlsKey"] = defaults.TlsKey ?? "none", ["plainHttp"] = defaults.PlainHttp ? "true" : "false", ["keepChangesHours"] = $"{defaults.KeepChanges.TotalHours}", ["batteryLow"] = FormattableString.Invariant($"{defaults.Fleet.BatteryLow}"), ["flashLow"] = $"{defaults.Fleet.FlashLow}", ["flashLife"] = $"{defaults.Fleet.FlashLife}", ["clockOff"] = $"{defaults.Fleet.ClockOff}", ["holdHours"] = $"{defaults.Fleet.Hold.TotalHours}",
        };
        CollectionAssert.AreEquivalent(expected, listed);
    }

    /// <summary>How often the tests try something: the documents say it as the tests have it.</summary>
    [TestMethod]
    [DataRow("README.md", "simulated lives of two devices and a server under faults in each test run", "Tests/SimulationTests/SeedTests.cs", @"int Seeds = (\d+);", "| {0}; ")]
    [DataRow("DESIGN.md", "the test run does ", "Tests/SimulationTests/SeedTests.cs", @"int Seeds = (\d+);", "the test run does {0} seeds")]
    [DataRow("DESIGN.md", "(`-- boards`, ", "Tests/SimulationTests/SeedTests.cs", @"int BoardSeeds = (\d+);", "(`-- boards`, {0} seeds in the test run)")]
    [DataRow("README.md", "places at which one life is cut", "Tests/SimulationTests/CutTests.cs", @"IsGreaterThan\((\d+_\d+), figures", "more than {0}, and")]
    [DataRow("DESIGN.md", "at every byte of every message", "Tests/SimulationTests/CutTests.cs", @"IsGreaterThan\((\d+_\d+), figures", "(more than {0} cuts)")]
    [DataRow("README.md", "power cuts of the store tried in each test run", "Tests/StorageTests/CutTests.cs", @"IsGreaterThan\((\d+_\d+), s_cuts", "more than {0}, and")]
    [DataRow("docs/figures.md", "runs the proof", "Tests/StorageTests/CutTests.cs", @"IsGreaterThan\((\d+_\d+), s_cuts", "more than {0} power cuts")]
    [DataRow("DESIGN.md", "is noticed within", "Tests/SimulationTests/MutationTests.cs", @"int Seeds = (\d+);", "within {0} seeds")]
    [DataRow("docs/proxy.md", "The test run does", "Tests/SimulationTests/ProxyWorldTests.cs", @"int Seeds = (\d+);", "The test run does {0} seeds")]
    public void A_count_of_the_tests_stands_in_the_documents_as_it_is(string document, string place, string source, string pattern, string said)
    {
        Match found = Regex.Match(Repository.Read(source), pattern);
        Assert.IsTrue(found.Success, source);
        string count = int.Parse(found.Groups[1].Value.Replace("_", ""), CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture);
        Says(document, place, string.Format(CultureInfo.InvariantCulture, said, count));
    }

    /// <summary>What the other documents say of a figure is what the table of docs/figures.md has, which is measured anew with each change of device code.</summary>
    [TestMethod]
    [DataRow("lean HTTP carrier, not connected", "DESIGN.md", "| lean carrier |", "| {0} |")]
    [DataRow("bytes up, HTTP head included", "DESIGN.md", "| together |", "| together | {0} | 224 |")]
    [DataRow("bytes down, HTTP head included", "DESIGN.md", "| together |", "| {0} | 130 |")]
    [DataRow("append, erases in 100", "DESIGN.md", "small file beside it, its tail", ": {0} erases in 100 readings")]
    [DataRow("append, erases in 100", "CHANGELOG.md", "The newest bytes of a log lie in a small file", "cost {0} erases")]
    public void A_figure_stands_in_the_documents_as_it_was_measured(string figure, string document, string place, string said)
    {
        string row = Repository.Read("docs", "figures.md").Split('\n').Single(l => l.StartsWith($"| {figure} |", StringComparison.Ordinal));
        Says(document, place, string.Format(CultureInfo.InvariantCulture, said, row.Split('|')[2].Trim()));
    }

    [TestMethod]
    [DataRow("README.md", "heap of engine and codecs in a sync", "| {0:0.0} KB")]
    [DataRow("DESIGN.md", "engine, codecs, 2 collections", "| {0:0.0} KB at most")]
    public void The_heap_of_a_sync_stands_in_the_documents_as_it_was_measured(string document, string place, string said)
    {
        string row = Repository.Read("docs", "figures.md").Split('\n').Single(l => l.StartsWith("| the same, 10,000 readings |", StringComparison.Ordinal));
        Says(document, place, string.Format(CultureInfo.InvariantCulture, said, int.Parse(row.Split('|')[2], NumberStyles.Any, CultureInfo.InvariantCulture) / 1000.0));
    }

    private static void Says(string document, string place, string what)
    {
        Assert.Contains(what, Repository.Read(document).Split('\n').Single(l => l.Contains(place, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void The_number_of_pairs_of_cuts_and_of_broken_rules_stands_in_the_documents()
    {
        int rounds = int.Parse(Regex.Match(Repository.Read("Tests/Simulation/Exhaustive.cs"), @"int LifeRounds = (\d+);").Groups[1].Value, CultureInfo.InvariantCulture);
        int pairs = rounds * int.Parse(Regex.Match(Repository.Read("Tests/SimulationTests/CutTests.cs"), @"int Pairs = (\d+) \* World\.LifeRounds;").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"and at {pairs:N0} pairs of these"), Repository.Read("DESIGN.md"));
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"and {pairs:N0} pairs |"), Repository.Read("README.md"));
    }

    public static IEnumerable<object[]> Documents => Directory.GetFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Repository.Root, f)).Where(f => !Regex.IsMatch(f, @"(^|/)(bin|obj|packages|node_modules|data)/")).Select(f => new object[] { f });

    /// <summary>Links lead to files and headings that exist; commands name projects, test classes and scripts that exist.</summary>
    [TestMethod]
    [DynamicData(nameof(Documents))]
    public void What_a_document_names_is_there(string document)
    {
        string text = Repository.Read(document);
        string folder = Path.GetDirectoryName(Repository.PathOf(document))!;
        foreach (Match link in Regex.Matches(text, @"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)"))
        {
            string target = link.Groups[1].Length > 0 ? Path.Combine(folder, link.Groups[1].Value) : Repository.PathOf(document);
            Assert.IsTrue(File.Exists(target) || Directory.Exists(target), link.Value);
            if (link.Groups[2].Success)
            {
                IEnumerable<string> headings = Regex.Matches(File.ReadAllText(target), @"(?m)^#+ (.*)$").Select(m => Regex.Replace(m.Groups[1].Value.ToLowerInvariant(), @"[^\w -]", "").Replace(' ', '-'));
                Assert.Contains(link.Groups[2].Value, headings.ToArray(), link.Value);
            }
        }

        foreach (Match project in Regex.Matches(text, @"(?:--project|dotnet test|dotnet pack) ([A-Z][\w/.]*)"))
        {
            string path = Repository.PathOf(project.Groups[1].Value);
            Assert.IsTrue(File.Exists(path) || (Directory.Exists(path) && Directory.GetFiles(path, "*.csproj").Length == 1), project.Value);
        }

        foreach (Match file in Regex.Matches(text, @"`((?:Tests|Server|Device|Storage|Protocol\.Lite|build|docs|board-configs)/[\w/.-]+)"))
        {
            string path = Repository.PathOf(file.Groups[1].Value.TrimEnd('.', '/'));
            Assert.IsTrue(File.Exists(path) || Directory.Exists(path) || file.Value.Contains("secrets.env") || file.Value.Contains(".local.json"), file.Value);
        }
    }

    [TestMethod]
    public void The_first_device_fits_fifteen_statements_and_is_shown_as_it_is()
    {
        string source = Repository.Read("Device", "Examples", "FirstDevice.cs");
        string body = Regex.Match(source, @"(?s)uint now\)\n        \{\n(.*?)\n        \}\n").Groups[1].Value;
        Assert.IsTrue(body.Count(c => c == ';') is > 8 and <= 15, $"{body.Count(c => c == ';')} statements");
        IEnumerable<string> lines = Regex.Matches(source, "(?m)^using .*;$").Select(m => m.Value).Concat(body.Split('\n')).Select(l => l.Trim()).Where(l => l.Length > 0);
        string shown = Regex.Match(Repository.Read("README.md"), @"(?s)```csharp\n(.*?)```").Groups[1].Value;
        CollectionAssert.AreEqual(lines.ToArray(), shown.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }
}

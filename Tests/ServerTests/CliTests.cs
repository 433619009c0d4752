// The program as a person runs it: a process of its own, its output, its exit code.

using System.CommandLine;
using System.Diagnostics;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Cli;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")]
public sealed class CliTests
{
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    private string Data => Path.Combine(_folder, "data");

    [TestInitialize]
    public void Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-cli-").FullName;
        ServerData.Open(new ServerOptions { Data = Data }).Dispose(); // as serve does
    }

    [TestCleanup]
    public void Stop()
    {
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    public void A_device_is_enrolled_listed_revoked_and_let_in_again()
    {
        (int code, string output, _) = Run("device", "add", "pump-1");
        Assert.AreEqual(0, code);
        string token = output.Trim();
        Assert.AreEqual(43, token.Length);
        StringAssert.Contains(Run("device", "list").Output, "pump-1 config,readings");
        Assert.AreEqual(1, Run("device", "add", "pump-1").Code);
        Assert.AreEqual(0, Run("device", "revoke", "pump-1").Code);
        StringAssert.Contains(Run("device", "list").Output, "revoked");
        Assert.AreEqual(1, Run("device", "rotate", "pump-1").Code);
        (code, output, _) = Run("device", "rotate", "pump-1", "--readmit");
        Assert.AreEqual(0, code);
        Assert.AreNotEqual(token, output.Trim());
        (code, _, string error) = Run("device", "revoke", "pump-2");
        Assert.AreEqual(3, code);
        Assert.AreEqual("There is no device pump-2.", error.Trim());
    }

    [TestMethod]
    public async Task What_lists_are_filtered_by_is_called_the_same_as_in_rest()
    {
        Run("device", "add", "waits");
        Run("device", "add", "bare");
        Run("object", "put", "waits", "config", "a", """{"interval":5}""", "--class", "sampling(interval:u)");
        StringAssert.Contains(Run("device", "list", "--configuration", "waiting").Output, "waits");
        Assert.DoesNotContain("waits", Run("device", "list", "--configuration", "refused").Output);
        Assert.DoesNotContain("bare", Run("device", "list", "--configuration", "waiting").Output);

        await using EmbeddedServer server = await EmbeddedServer.Start(Path.Combine(_folder, "other"));
        using HttpClient client = new() { BaseAddress = new Uri(server.Url) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", server.AdminToken);
        System.Text.Json.Nodes.JsonNode paths = System.Text.Json.Nodes.JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.CancellationToken))!["paths"]!;
        foreach ((string verb, string path, string[] besides) in ((string, string, string[])[])[
            ("device list", "/v1/devices", []),
            ("alert list", "/v1/alerts", []),
            ("audit", "/v1/audit", []),
            ("object list", "/v1/devices/{device}/collections/{collection}/objects", ["device", "collection"]), // which are arguments
            ("class list", "/v1/classes", []),
            ("changes", "/v1/changes", []),
            ("readings", "/v1/readings", [])])
        {
            string help = Run([.. verb.Split(' '), "--help"]).Output;
            string[] missing = [.. paths[path]!["get"]!["parameters"]!.AsArray().Select(p => p!["name"]!.GetValue<string>()).Except(besides).Where(p => !help.Contains("--" + p, StringComparison.Ordinal))];
            Assert.IsEmpty(missing, $"{verb}: {string.Join(' ', missing)}");
        }

        string enrol = Run("device", "add", "--help").Output;
        System.Text.Json.Nodes.JsonNode document = System.Text.Json.Nodes.JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.CancellationToken))!;
        string[] wanting = [.. document["components"]!["schemas"]!["NewDevice"]!["properties"]!.AsObject().Select(p => p.Key).Where(n => n != "name" && !enrol.Contains("--" + n, StringComparison.Ordinal))];
        Assert.IsEmpty(wanting, "device add: " + string.Join(' ', wanting));
    }

    [TestMethod]
    public void What_is_said_of_a_device_when_it_is_enrolled_lists_in_parts_and_changes_are_told_by_the_command_line_too()
    {
        Assert.AreEqual(0, Run("device", "add", "d1", "--group", "north", "--every", "600", "--board", "ESP32_REV3", "--note", "on the roof").Code);
        using (ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Data }))
        {
            Assert.AreEqual(("ESP32_REV3", "on the roof"), (core.Enrolment.Notes("d1").Board, core.Enrolment.Notes("d1").Note));
            Assert.AreEqual(("north", 600L), (core.Fleet.Get("d1").Summary.Group, core.Fleet.Get("d1").Summary.Interval));
            for (int i = 1; i <= 5; i++)
            {
                core.Objects.Put("d1", "config", "o" + i, new NewValue(null, [1], null));
                core.Objects.Put("d1", "readings", "r" + i, new NewValue(null, [2], null));
            }
        }

        static string Ids(string output) => string.Join(' ', output.Split('\n').Skip(1).Select(l => l.Split(' ')[0]).Where(l => l.Length > 0));
        Assert.AreEqual("o1 o2", Ids(Run("object", "list", "d1", "config", "--limit", "2").Output));
        Assert.AreEqual("o3 o4", Ids(Run("object", "list", "d1", "config", "--after", "2", "--limit", "2").Output));
        Run("object", "delete", "d1", "config", "o4");
        Assert.AreEqual("o3 o5", Ids(Run("object", "list", "d1", "config", "--after", "2").Output));
        Assert.AreEqual("o3 o5 o4", Ids(Run("object", "list", "d1", "config", "--after", "2", "--deleted").Output), "in the order of their changes");

        string[] audit = Run("audit", "--limit", "1").Output.Split('\n');
        string newest = audit[1].Split(' ')[0];
        StringAssert.Contains(audit[1], "object delete");
        Assert.DoesNotContain("object delete", Run("audit", "--before", newest).Output);
        StringAssert.Contains(Run("audit", "--before", newest).Output, "device add");

        string told = Run("changes", "--after", "0", "--once", "--collection", "config").Output;
        Assert.AreEqual(5, told.Split("event: object").Length - 1, told);
        string cursor = told.Split('\n').Last(l => l.StartsWith("id: ", StringComparison.Ordinal))[4..].Trim();
        Assert.DoesNotContain("event: object", Run("changes", "--after", cursor, "--once", "--collection", "config").Output, "each once");
    }

    [TestMethod]
    public async Task What_is_acknowledged_and_continued_by_the_command_line_is_so()
    {
        Run("device", "add", "d1", "--group", "north");
        Run("device", "add", "d2", "--group", "north");
        Assert.AreEqual(0, Run("group", "put", "north", "config", "a", """{"interval":5}""", "--class", "sampling(interval:u)", "--devices", "d1").Code);
        Assert.AreEqual(3, Run("object", "get", "d2", "config", "a").Code, "the first one alone has it");
        StringAssert.Contains(Run("group", "devices", "north", "config", "a").Output, "held");
        (int code, string output, string error) = Run("group", "continue", "north", "config", "a");
        Assert.AreEqual(0, code, error);
        StringAssert.Contains(output, "2 waiting");
        StringAssert.Contains(Run("object", "get", "d2", "config", "a").Output, "\"interval\": 5");
        Assert.AreEqual(1, Run("group", "continue", "north", "config", "a").Code, "no staged edit is under way any more");

        OpenAlert();

        string number = Run("alert", "list").Output.Split('\n')[1].Split(' ')[0];
        Assert.AreEqual(0, Run("alert", "acknowledge", number, "--note", "on Monday").Code);
        using (ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Data }))
        {
            Server.Alerts.AlertRow alert = core.Alerts.List().Single().Alert;
            StringAssert.StartsWith(alert.AcknowledgedBy, "cli");
            Assert.AreEqual("on Monday", alert.Note);
            Assert.IsNotNull(alert.Acknowledged);
        }

        Assert.AreEqual(3, Run("alert", "acknowledge", "999").Code);
        Assert.DoesNotContain("overdue", Run("alert", "list", "--before", number).Output);
        await Task.CompletedTask;
    }

    [TestMethod]
    public void Many_are_enrolled_from_a_table_with_a_file_each_claimed_replaced_and_deleted()
    {
        string csv = Path.Combine(_folder, "devices.csv"), files = Path.Combine(_folder, "boards");
        File.WriteAllText(csv, "name,group,board\nb1,north,ESP32_REV3\nb 2,,\nb3,,x/y\n");
        (int code, string output, string error) = Run("device", "enrol", "--csv", csv, "--out", files);
        Assert.AreEqual((1, "", 3), (code, output, error.TrimEnd().Split(Environment.NewLine).Length), error);
        StringAssert.Contains(error, "line 3: A device's name is 1 to 64");
        StringAssert.Contains(error, "line 4: board is a folder");

        File.WriteAllText(csv, "name,group,board\nb1,north,ESP32_REV3\nb2,,\n");
        (code, output, error) = Run("device", "enrol", "--csv", csv, "--out", files, "--url", "https://sync.example:8443");
        Assert.AreEqual((0, ""), (code, output), error);
        string[] lines = File.ReadAllLines(Path.Combine(files, "b1.env"));
        Assert.AreEqual("NANOSYNC_SERVER=https://sync.example:8443", lines[2]);
        StringAssert.StartsWith(lines[3], "NANOSYNC_TOKEN=");
        if (!OperatingSystem.IsWindows())
        {
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(files, "b1.env")));
        }

        StringAssert.Contains(Run("device", "list", "--group", "north").Output, "b1 ");

        File.WriteAllText(csv, "name\nb4\nb2\n");
        Assert.AreEqual(1, Run("device", "enrol", "--csv", csv, "--out", files).Code, "b2 is there already");
        Assert.IsFalse(File.Exists(Path.Combine(files, "b4.env")));
        File.WriteAllText(csv, "name\nb4\n");
        (code, output, _) = Run("device", "enrol", "--csv", csv, "--claim");
        Assert.AreEqual(0, code);
        string claim = output.Trim().Split(' ')[1];
        Assert.AreEqual(19, claim.Length);
        (code, output, _) = Run("device", "claim", "b4");
        Assert.AreEqual((0, 19), (code, output.Trim().Length));
        Assert.AreNotEqual(claim, output.Trim());
        Assert.AreEqual(43, Run("device", "replace", "b4").Output.Trim().Length);
        Assert.AreEqual(43, Run("device", "rotate", "b4", "--overlap", "24").Output.Trim().Length);
        Assert.AreEqual(0, Run("device", "delete", "b4").Code);
        Assert.IsFalse(Run("device", "list").Output.Contains("b4", StringComparison.Ordinal));
        Assert.AreEqual(1, Run("device", "add", "b4").Code);
        Assert.AreEqual(0, Run("device", "delete", "b4", "--with-data").Code);
        Assert.AreEqual(0, Run("device", "add", "b4").Code);
        Assert.AreEqual(3, Run("device", "delete", "b9").Code);
        StringAssert.Contains(Run("audit").Output, "device enrol");
        Assert.AreEqual(1, Run("device", "enrol", "--csv", csv, "--url", "ftp://x").Code);
        Assert.AreEqual(3, Run("device", "enrol", "--csv", csv + ".none").Code);
    }

    [TestMethod]
    public void Objects_are_written_and_read_while_a_server_runs()
    {
        Run("device", "add", "d1");
        using ServerCore running = ServerData.Open(new ServerOptions { Data = Data });
        (int code, string output, _) = Run("object", "put", "d1", "config", "sampling", """{"interval":5,"sensors":"load"}""", "--class", Bench.Sampling);
        Assert.AreEqual(0, code, output);
        Assert.HasCount(1, running.Objects.List("d1", "config"));
        StringAssert.Contains(Run("object", "get", "d1", "config", "sampling").Output, "\"interval\": 5");
        StringAssert.Contains(Run("object", "list", "d1", "config").Output, """{"interval":5,"sensors":"load"}""");
        (code, _, string error) = Run("object", "put", "d1", "config", "sampling", """{"interval":-1}""");
        Assert.AreEqual(1, code);
        StringAssert.Contains(error, "interval does not take -1");
        (code, _, error) = Run("object", "put", "d1", "config", "sampling", """{"interval":6}""");
        Assert.AreEqual(1, code);
        StringAssert.Contains(error, "sensors is missing");
        Assert.AreEqual(1, Run("object", "put", "d1", "config", "sampling", "{").Code);
        Assert.AreEqual(3, Run("object", "get", "d1", "config", "other").Code);
        Assert.AreEqual(3, Run("object", "list", "d1", "elsewhere").Code);
        Assert.AreEqual(0, Run("object", "delete", "d1", "config", "sampling").Code);
        Assert.IsEmpty(running.Objects.List("d1", "config"));
    }

    [TestMethod]
    public async Task Each_verb_that_changes_something_writes_its_line_of_the_audit_log_and_those_that_read_write_none()
    {
        string csv = Path.Combine(_folder, "devices.csv"), backup = Path.Combine(_folder, "b.backup");
        File.WriteAllText(csv, "name\ne1\n");
        Directory.CreateDirectory(Path.Combine(_folder, "stick", "to-server"));
        OpenAlert();

        const string Value = """{"interval":5} --class sampling(interval:u)""";
        (string Verb, string Arguments, string Target, string Option)[] changing =
        [
            ("admin-token", "--renew", "", " --renew"),
            ("token add", "t --role read", "t", ""),
            ("session link", "", "admin", ""),
            ("session link", "t", "t", ""),
            ("class describe", "sampling interval --unit s --least 1", "sampling/interval", ""),
            ("class forget", "sampling interval", "sampling/interval", ""),
            ("token renew", "t", "t", ""),
            ("token revoke", "t", "t", ""),
            ("device add", "d1", "d1", ""),
            ("device enrol", $"--csv {csv}", "", ""),
            ("device claim", "d1", "d1", ""),
            ("device rotate", "d1", "d1", ""),
            ("device replace", "d1", "d1", ""),
            ("device grant", "d1 other", "d1/other", ""),
            ("device tell", "d1 restart", "d1/restart", ""),
            ("device group", "d1 north", "d1/north", ""),
            ("device mail", "d1 a@example.org", "d1/a@example.org", ""),
            ("device diary", "d1 --ask", "d1", " --ask"),
            ("device revoke", "e1", "e1", ""),
            ("device delete", "e1", "e1", ""),
            ("object put", $"d1 config a {Value}", "d1/config/a", ""),
            ("object restore", "d1 config a 1", "d1/config/a", ""),
            ("object retry", "d1 config a", "d1/config/a", ""),
            ("object drop", "d1 config a", "d1/config/a", ""),
            ("object fetch", "d1 config a", "d1/config/a", ""),
            ("object delete", "d1 config a", "d1/config/a", ""),
            ("group put", $"north config g {Value}", "north/config/g", ""),
            ("object follow", "d1 config g", "d1/config/g", ""),
            ("group restore", "north config g 1", "north/config/g", ""),
            ("group put", $"north config h {Value} --first 1", "north/config/h", ""),
            ("group continue", "north config h", "north/config/h", ""),
            ("group put", $"north config i {Value} --first 1", "north/config/i", ""),
            ("group abort", "north config i", "north/config/i", ""),
            ("group delete", "north config h", "north/config/h", ""),
            ("proxy add", "hq --url http://127.0.0.1:1 --collections readings", "hq", ""),
            ("proxy retry", "hq", "hq", ""),
            ("proxy remove", "hq", "hq", ""),
            ("alert acknowledge", "1", "1", ""),
            ("restore", backup, backup, ""),
        ];
        (string Verb, string Arguments)[] reading =
        [
            ("settings", ""), ("doctor", ""), ("admin-token", ""), ("init-tls", $"localhost --folder {Path.Combine(_folder, "tls")}"), ("token list", ""), ("audit", ""),
            ("device list", ""), ("device show", "d1"), ("device diary", "d1"), ("device mail", "d1"),
            ("object list", "d1 config"), ("object get", "d1 config g"), ("object history", "d1 config a"), ("object conflicts", "d1 config"),
            ("group list", ""), ("group show", "north"), ("group get", "north config g"), ("group devices", "north config g"), ("group history", "north config g"),
            ("refusals", "d1"), ("changes", "--after 0 --once"), ("class list", ""), ("class notes", ""), ("readings", $"--file {Path.Combine(_folder, "readings.csv")}"), ("tables", ""), ("alert list", ""), ("proxy list", ""), ("proxy map", ""),
            ("decode", csv), ("exchange", Path.Combine(_folder, "stick")), ("backup", backup),
        ];
        string[] both = ["admin-token", "device diary", "device mail"]; // which read, unless they are told to change something
        string[] changes = [.. changing.Select(c => c.Verb).Distinct()], reads = [.. reading.Select(r => r.Verb), "serve"]; // serve goes on until it is ended
        CollectionAssert.AreEquivalent(both, changes.Intersect(reads).ToArray());
        string[] verbs = [.. Verbs(Commands.Root(), "")];
        Assert.IsEmpty(verbs.Except(changes).Except(reads), "new verbs: say here whether each changes something");
        Assert.IsEmpty(changes.Concat(reads).Except(verbs), "no verbs any more");

        foreach ((string verb, string arguments, string target, string option) in changing.SkipLast(1))
        {
            int before = Audited().Count;
            Assert.AreEqual(0, await Here(verb, arguments), $"{verb} {arguments}");
            List<AuditRow> log = Audited();
            Assert.AreEqual($"cli {verb}{option} {target}", $"{log[0].Who} {log[0].Action} {log[0].Target}");
            Assert.HasCount(before + 1, log, verb);
        }

        int written = Audited().Count;
        foreach ((string verb, string arguments) in reading)
        {
            int code = await Here(verb, arguments);
            Assert.IsTrue(code is 0 or 1 or 3, $"{verb}: {code}");
            Assert.HasCount(written, Audited(), verb);
        }

        Assert.AreEqual(0, await Here("restore", backup));
        Assert.AreEqual($"cli restore {backup}", Audited()[0] is { } last ? $"{last.Who} {last.Action} {last.Target}" : "");
        Assert.HasCount(written + 1, Audited(), "those of the backup, and this one");
    }

    [TestMethod]
    public void An_object_is_written_only_as_it_was_seen_when_one_says_so()
    {
        Run("device", "add", "d1");
        Assert.AreEqual(1, Run("object", "put", "d1", "config", "a", """{"interval":5}""", "--class", "sampling(interval:u)", "--if-match", "*").Code, "there is none");
        Assert.AreEqual(0, Run("object", "put", "d1", "config", "a", """{"interval":5}""", "--class", "sampling(interval:u)", "--if-match", "0").Code);
        Assert.AreEqual(0, Run("object", "put", "d1", "config", "a", """{"interval":6}""", "--if-match", "1").Code);
        foreach (string[] stale in (string[][])[
            ["object", "put", "d1", "config", "a", """{"interval":7}""", "--if-match", "1"],
            ["object", "put", "d1", "config", "a", """{"interval":7}""", "--if-match", "0"],
            ["object", "restore", "d1", "config", "a", "1", "--if-match", "1"],
            ["object", "delete", "d1", "config", "a", "--if-match", "1"]])
        {
            (int code, _, string error) = Run(stale);
            Assert.AreEqual(1, code, error);
            StringAssert.Contains(error, "The object was changed since: its number is 2.", string.Join(' ', stale));
            StringAssert.Contains(error, "\"value\":{\"interval\":6}", string.Join(' ', stale));
        }

        StringAssert.Contains(Run("object", "get", "d1", "config", "a").Output, "\"interval\": 6");
        Assert.AreEqual(0, Run("object", "restore", "d1", "config", "a", "1", "--if-match", "\"2\"").Code, "an ETag, as REST gave it");
        StringAssert.Contains(Run("object", "get", "d1", "config", "a").Output, "\"interval\": 5");
        Assert.AreEqual(0, Run("object", "put", "d1", "config", "a", """{"interval":8}""", "--if-match", "*").Code);
        (int usage, _, string why) = Run("object", "delete", "d1", "config", "a", "--if-match", "-1");
        Assert.AreEqual(2, usage);
        StringAssert.Contains(why, "--if-match is the number of a version");
        Assert.AreEqual(0, Run("object", "delete", "d1", "config", "a", "--if-match", "4").Code);
        Assert.AreEqual(3, Run("object", "delete", "d1", "config", "a", "--if-match", "4").Code);
    }

    [TestMethod]
    public void The_line_of_a_device_has_what_it_told_and_what_waits()
    {
        Run("device", "add", "d1");
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            core.Fleet.Place("d1", "north", 600);
            CollectionElement full = new() { Id = "config", SyncKey = Key(core, "0"), GetChanges = true, WindowSize = 1 };
            full.Commands.Add(TestDevice.Add("Ab1_1", 7));
            Sync(core, full, new Structure(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus,
                [new("firmware", "1.2"), new("battery", "3.71"), new("signal", "-67"), new("flashLeft", "120000"), new("dropped", "7"), new("damaged", "2"), new("refused", "4"), new("clock", "-300"), new("pending", "41"), new("life", "3000")])));
            for (int i = 0; i < 3; i++)
            {
                core.Objects.Put("d1", "config", "o" + i, new NewValue(null, [1], null));
            }

            core.Devices.Command("d1", "restart", []);
            core.Fleet.Flush(look: true);
        }

        string[] lines = Run("device", "list").Output.Split('\n');
        (string Column, string Cell)[] expected =
        [
            ("device", "d1"), ("collections", "config,readings"), ("group", "north"), ("problems", "dropping refusing damaged clockOff"), ("last sync", "*"), ("due", "*"),
            ("waiting", "3"), ("commands", "1"), ("pending up", "40"), ("dropped", "7"), ("damaged", "2"), ("refused", "4"), ("battery", "3.71"), ("signal", "-67"), ("flash left", "120000"), ("flash life", "3000"),
            ("clock error", "-300"), ("stores", "1"), ("firmware", "1.2"), ("configuration", "waiting"), ("last error", "dropped 7"),
        ];
        List<int> at = [];
        foreach ((string column, _) in expected)
        {
            at.Add(lines[0].IndexOf(column, at.Count == 0 ? 0 : at[^1] + 1, StringComparison.Ordinal));
            Assert.AreNotEqual(-1, at[^1], $"no column {column}: {lines[0]}");
        }

        at.Add(lines[1].Length);
        for (int i = 0; i < expected.Length; i++)
        {
            string cell = lines[1][at[i]..at[i + 1]].Trim();
            Assert.AreEqual(expected[i].Cell == "*" ? cell : expected[i].Cell, cell, expected[i].Column);
            Assert.AreNotEqual("", cell, expected[i].Column);
        }
    }

    [TestMethod]
    public void A_message_is_shown_as_XML_from_a_file()
    {
        SyncMessage message = new() { Version = "1.0" };
        message.Options.Add(new Structure("time", new byte[] { 1, 10 }));
        message.Collections.Add(new CollectionElement { Id = "a<b", SyncKey = "0", GetChanges = true });
        foreach (MessageFormat format in (MessageFormat[])[MessageFormat.Wbxml, MessageFormat.Xml])
        {
            (int code, string output, _) = Decode(MessagePrinter.Print(format, message));
            Assert.AreEqual(0, code);
            Assert.AreEqual(
                """
                <Sync xmlns="AirSync:">
                  <Version>1.0</Version>
                  <Options>
                    <Class>time</Class>
                    <ApplicationData>AQo=</ApplicationData> <!-- now 2024-01-01T00:00:10Z -->
                  </Options>
                  <Collections>
                    <Collection>
                      <SyncKey>0</SyncKey>
                      <CollectionId>a&lt;b</CollectionId>
                      <GetChanges/>
                    </Collection>
                  </Collections>
                </Sync>

                """.ReplaceLineEndings(), output.ReplaceLineEndings());
        }
    }

    [TestMethod]
    public void Of_a_bad_message_what_stood_before_the_error_is_shown()
    {
        (int code, string output, _) = Decode([3, 1, 0x6A, 0, 0x45, 0x51, 3, (byte)'1', (byte)'.', (byte)'0', 0, 1, 0x47, 1]);
        Assert.AreEqual(1, code);
        Assert.AreEqual("<Sync xmlns=\"AirSync:\">\n  <Version>1.0</Version>\nerror NS204 (NotInGrammar) at byte 12 of 14\n", output.ReplaceLineEndings("\n"));
        (code, output, _) = Decode([3, 1, 0x6A]);
        Assert.AreEqual(1, code);
        StringAssert.Contains(output, "error NS213 (Truncated) at byte 3 of 3");
        Assert.AreEqual(0, Decode(EmptyReply.To(1)).Code);
        Assert.AreEqual(1, Decode([]).Code);
        Assert.AreEqual(3, Run("decode", Path.Combine(_folder, "missing")).Code);
    }

    [TestMethod]
    public void What_cannot_be_used_is_said_with_its_own_exit_code()
    {
        Assert.AreEqual(2, Run("explode").Code);
        Assert.AreEqual(2, Run("serve", "--port", "70000").Code);
        Directory.Delete(Data, true);
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "nanosync.db"), new string('x', 5000));
        (int code, _, string error) = Run("device", "list");
        Assert.AreEqual(4, code);
        StringAssert.Contains(error, "Not a database");
        Assert.AreEqual(4, Run("serve", "--port", "0").Code);
    }

    [TestMethod]
    public async Task Serve_tells_where_it_listens_and_a_port_in_use()
    {
        await using EmbeddedServer other = await EmbeddedServer.Start(Path.Combine(_folder, "other"));
        (int code, _, string error) = Run("serve", "--urls", other.Url);
        Assert.AreEqual(5, code);
        StringAssert.Contains(error, "Another program listens");

        using Process serving = Process.Start(Cli.Info(Data, "serve", "--port", "0"))!;
        string? line = await serving.StandardOutput.ReadLineAsync(TestContext.CancellationToken);
        StringAssert.StartsWith(line, "NanoSync server on http://127.0.0.1:");
        string first = (await serving.StandardOutput.ReadLineAsync(TestContext.CancellationToken))!.Split("Bearer ")[1].Split(' ')[0];
        string url = line!.Split(' ')[3].TrimEnd(',');
        using HttpClient client = new();
        Assert.AreEqual("ok", await client.GetStringAsync(url + "/health", TestContext.CancellationToken));
        client.DefaultRequestHeaders.Authorization = new("Bearer", first);
        StringAssert.Contains(await client.GetStringAsync(url + "/v1/session", TestContext.CancellationToken), "\"administer\"", "the first start shows the admin token");
        serving.Kill();
        await serving.WaitForExitAsync(TestContext.CancellationToken);

        using Process again = Process.Start(Cli.Info(Data, "serve", "--port", "0"))!;
        string shown = "";
        for (int i = 0; i < 3; i++)
        {
            shown += await again.StandardOutput.ReadLineAsync(TestContext.CancellationToken);
        }

        again.Kill();
        await again.WaitForExitAsync(TestContext.CancellationToken);
        StringAssert.Contains(shown, "Ctrl-C");
        Assert.DoesNotContain("Bearer", shown, "a later start has none to show");
        StringAssert.Contains(Run("admin-token").Output, "only its check sum is kept");
        Assert.IsFalse(Directory.GetFiles(Data).Any(f => File.ReadAllText(f, System.Text.Encoding.Latin1).Contains(first)), "it lies nowhere in the data folder");
        Assert.AreEqual(2, Run("serve", "--port", "0", "--urls", "http://127.0.0.1:0").Code);
        (code, _, error) = Run("serve", "--urls", "http://256.1.1.1:80");
        Assert.AreEqual(4, code);
        StringAssert.Contains(error, "256.1.1.1");
    }

    [TestMethod]
    public async Task Only_serve_makes_a_data_folder()
    {
        string csv = Path.Combine(_folder, "devices.csv");
        File.WriteAllText(csv, "name\ne1\n");
        string typo = Path.Combine(_folder, "typo");
        Directory.CreateDirectory(Path.Combine(_folder, "stick", "to-server"));
        foreach (string verb in (string[])["device list", "device add d", "object list d config", "object put d config a {}", "refusals d", "proxy list",
            "proxy add hq --url http://127.0.0.1:1 --collections a", "admin-token", "admin-token --renew", $"exchange {Path.Combine(_folder, "stick")}"])
        {
            (int code, string output, string error) = Run([.. verb.Split(' '), "--data", typo]);
            Assert.AreEqual(4, code, verb + output);
            Assert.AreEqual("", output, verb);
            StringAssert.Contains(error, typo, verb);
            StringAssert.Contains(error, "serve", verb);
            Assert.IsFalse(Path.Exists(typo), verb);
        }

        // every other verb, with whatever it wants
        string[] free = ["serve", "settings", "decode", "doctor", "init-tls"]; // serve makes the folder; the others need none, or make what they are asked for
        string value = Path.Combine(_folder, "stick");
        foreach (string verb in Verbs(Commands.Root(), "").Except(free))
        {
            Command command = verb.Split(' ').Aggregate((Command)Commands.Root(), (c, word) => c.Subcommands.Single(s => s.Name == word));
            string[] arguments = [.. command.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => a.ValueType == typeof(long) ? "1" : a.Name == "DIR" ? value : "x")];
            string[] options = [.. command.Options.Where(o => o.Required).SelectMany(o => new[] { o.Name, o.ValueType == typeof(Server.Access.Role) ? "read" : o.Name == "--csv" ? csv : o.Name == "--url" ? "http://127.0.0.1:1" : "x" })];
            int code = await Commands.Run([.. verb.Split(' '), .. arguments, .. options, "--data", typo]);
            Assert.AreEqual(4, code, $"{verb} {string.Join(' ', arguments)} {string.Join(' ', options)}");
            Assert.IsFalse(Path.Exists(typo), verb);
        }

        Assert.AreEqual(4, Run("device", "list", "--data", "").Code);
        Directory.CreateDirectory(typo);
        foreach (string verb in (string[])["device list", "admin-token", "admin-token --renew"])
        {
            Assert.AreEqual(4, Run([.. verb.Split(' '), "--data", typo]).Code, verb);
        }

        Assert.IsEmpty(Directory.GetFiles(typo));
    }

    [TestMethod]
    public void An_exchange_of_a_folder_that_no_device_has_written_to_fails()
    {
        (int code, _, string error) = Run("exchange", Path.Combine(_folder, "none"));
        Assert.AreEqual(3, code);
        StringAssert.Contains(error, "There is no folder");
        string stick = Directory.CreateDirectory(Path.Combine(_folder, "stick")).FullName;
        (code, _, error) = Run("exchange", stick);
        Assert.AreEqual(3, code);
        StringAssert.Contains(error, "There is no folder to-server");
        Directory.CreateDirectory(Path.Combine(stick, "to-server"));
        Assert.AreEqual(0, Run("exchange", stick).Code);
    }

    [TestMethod]
    [DataRow("r,,b b")]
    [DataRow("r,b b")]
    [DataRow(" ")]
    [DataRow("..")]
    [DataRow("-r")]
    [DataRow("a@b/c")]
    [DataRow("a=b=c")]
    [DataRow("a=x y")]
    [DataRow("a=")]
    [DataRow("d 1/a")]
    public void Collections_of_a_proxy_are_names(string collections)
    {
        (int code, _, string error) = Run("proxy", "add", "hq", "--url", "http://127.0.0.1:1", "--collections=" + collections);
        Assert.AreEqual(1, code, error);
        Assert.AreNotEqual("", error);
        Assert.AreEqual(1, Run("proxy", "list").Output.Trim().Split('\n').Length);
    }

    [TestMethod]
    public void A_proxy_that_has_not_started_says_why()
    {
        Run("device", "add", "d1", "--collections", "other");
        Assert.AreEqual(0, Run("proxy", "add", "hq", "--url", "http://127.0.0.1:1", "--collections", "readings").Code);
        StringAssert.Contains(Run("proxy", "list").Output, "not started: no device has readings. To give it one: device grant");
        Run("device", "grant", "d1", "readings");
        StringAssert.Contains(Run("proxy", "list").Output, "not started: no server runs on this data folder. To run one: serve");
        using (FolderLock.TryTake(Path.Combine(Data, ServerData.DatabaseFile + ".proxy.lock")))
        {
            StringAssert.Contains(Run("proxy", "list").Output, "not started: the server takes it up within seconds");
        }
    }

    [TestMethod]
    public void What_a_device_says_does_not_reach_the_terminal_as_it_is()
    {
        const string Evil = "x\u001b[2J\u001b]0;owned\u0007\r\n\u009b31m\u202Ey";
        const string Shown = @"x\u001b[2J\u001b]0;owned\u0007\u000d\u000a\u009b31m\u202ey";
        Run("device", "add", "d1");
        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            int device = core.Devices.Get("d1").Id;
            core.Objects.Put("d1", "config", "a", new NewValue(null, [1], null));
            core.Devices.Command("d1", "restart", []);
            CollectionElement refusing = new() { Id = "config", SyncKey = Key(core, Key(core, "0")) };
            refusing.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, Evil));
            Sync(core, refusing);
            using IStoreTransaction store = core.Store.BeginWrite();
            store.Refused(device, new RefusalRow(Evil, false, Evil, 6, Evil, 1, 0));
            store.AddLoser(device, store.FindCollection(device, "config")!.Id, new LoserRow(Evil, true, true, null, null, 0), 1);
            store.SaveInfo(device, new InfoRow("status", RecordText.Pack(BuiltIn.DeviceStatus, [new("firmware", Evil)]), 0));
            store.FinishCommand(device, store.ListCommands(device, all: true).Single().Id, 6, Evil, 0);
            store.Commit();
        }

        foreach (string verb in (string[])["refusals d1", "object list d1 config", "object conflicts d1 config", "device show d1"])
        {
            (int code, string output, string error) = Run(verb.Split(' '));
            Assert.AreEqual(0, code, error);
            StringAssert.Contains(output, Shown, verb);
            Assert.IsFalse(output.Any(c => (char.IsControl(c) && c != '\n' && c != '\r') || c == '\u202E'), verb);
        }

        string json = Run("object", "get", "d1", "config", "a").Output;
        StringAssert.Contains(json, "refused");
        Assert.IsFalse(json.Any(c => char.IsControl(c) && c != '\n' && c != '\r'), json);
        StringAssert.Contains(Run("object", "get", "d1", "config", "no\u001b[2Jne").Error, @"no\u001b[2Jne");

        SyncMessage message = new() { Version = "1.0" };
        message.Collections.Add(new CollectionElement { Id = "a\u009b2J\u202e", SyncKey = "0" });
        (_, string dump, _) = Decode(MessagePrinter.Print(MessageFormat.Wbxml, message));
        StringAssert.Contains(dump, @"a\u009b2J\u202e");
        Assert.IsFalse(dump.Any(c => c is '\u009b' or '\u202e'), dump);
    }

    private static string Key(ServerCore core, string key) => Sync(core, new CollectionElement { Id = "config", SyncKey = key, GetChanges = true });

    private static string Sync(ServerCore core, CollectionElement collection, params Structure[] options)
    {
        SyncMessage request = new() { Version = "1.0" };
        request.Options.AddRange(options);
        request.Collections.Add(collection);
        SyncReply reply = core.Sync.Handle(new DeviceIdentity(core.Devices.Get("d1").Id, "d1"), MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
        return MessageParser.Parse(MessageFormat.Wbxml, reply.Body).Collections.Single().SyncKey;
    }

    private static IEnumerable<string> Verbs(Command command, string name)
    {
        return command.Subcommands.Count == 0 ? [name] : command.Subcommands.SelectMany(c => Verbs(c, name.Length == 0 ? c.Name : name + " " + c.Name));
    }

    // In this process: a process each takes longer than what most do.
    private Task<int> Here(string verb, string arguments) => Commands.Run([.. $"{verb} {arguments}".Split(' ', StringSplitOptions.RemoveEmptyEntries), "--data", Data]);

    private List<AuditRow> Audited()
    {
        using ServerCore core = ServerData.OpenExisting(new ServerOptions { Data = Data });
        return core.Access.Log();
    }

    private (int Code, string Output, string Error) Decode(byte[] message)
    {
        string file = Path.Combine(_folder, "message");
        File.WriteAllBytes(file, message);
        return Run("decode", file);
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) => Cli.Run(Data, arguments);

    // The first device has been overdue for so long that it is an alert.
    private void OpenAlert()
    {
        TestClock clock = new();
        using ServerCore core = ServerData.Open(new ServerOptions { Data = Data }, clock);
        using (IStoreTransaction store = core.Store.BeginWrite())
        {
            core.Alerts.See(store, 1, "d1", [("overdue", "it is so")], clock.Now.ToUnixTimeMilliseconds());
            store.Commit();
        }

        clock.Now += TimeSpan.FromMinutes(6);
        core.Alerts.Turn();
    }
}

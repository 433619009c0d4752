// Typed tables: what anybody's SQL sees of readings, once each, whatever happens to the server, the class or the reading.

using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Readings;
using NanoSync.Server.Tables;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class TableTests
{
    private const string Weather = "weather(at:c,temperature:f2,note:t)";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_reading_is_a_row_of_its_class_with_a_column_a_field()
    {
        await using OpsServer ops = await OpsServer.Start();
        Log(ops, "a", Weather, 0, ["2026-03-01T10:00:00Z", "21.50", "x"], [null, "-3.25", null]);
        Log(ops, "b", Weather, 0, ["2026-03-01T10:05:00Z", "5.00", "'; DROP TABLE weather; --"]);
        Assert.AreEqual(3, ServerData.TablesOf(ops.Core).Fill());
        Assert.AreEqual("2026-03-01T10:00:00 21.5", Rows(ops, "SELECT at, temperature FROM weather WHERE device = 'a' AND note = 'x'"));
        Assert.AreEqual("2026-03-01T12:00:00 -3.25 ", Rows(ops, "SELECT at, temperature, note FROM weather WHERE note IS NULL"), "it came then");
        Assert.AreEqual("b readings '; DROP TABLE weather; -- 2026-03-01T12:00:00", Rows(ops, "SELECT device, collection, note, received FROM weather WHERE device = 'b'"));
        Assert.AreEqual(0, ServerData.TablesOf(ops.Core).Fill());
        TypedTable table = ServerData.TablesOf(ops.Core).List().Single();
        Assert.AreEqual("weather 3 at device collection id received note temperature", $"{table.Name} {table.Rows} {string.Join(' ', table.Columns)}");
    }

    [TestMethod]
    public async Task Each_type_has_its_column_and_absent_is_null()
    {
        await using OpsServer ops = await OpsServer.Start();
        const string All = "all(b:b,i:i,u:u,f:f3,s:s,d:d,t:t,x:x,c:c)";
        Log(ops, "a", All, 0,
            ["true", "-9223372036854775808", "9223372036854775807", "-1.125", "0.5", "1E+300", "tä\0xt", "AAEC", "2026-03-01T10:00:00Z"],
            new string?[9]);
        ServerData.TablesOf(ops.Core).Fill();
        Assert.AreEqual("1 -9223372036854775808 9223372036854775807 -1.125 0.5 1E+300 000102 2026-03-01T10:00:00", Rows(ops, "SELECT CASE WHEN b THEN 1 ELSE 0 END, i, u, f, s, d, x, c FROM \"all\" WHERE b IS NOT NULL"));
        Assert.AreEqual("1", Rows(ops, "SELECT COUNT(*) FROM \"all\" WHERE b IS NULL AND i IS NULL AND u IS NULL AND f IS NULL AND s IS NULL AND d IS NULL AND t IS NULL AND x IS NULL AND c IS NULL"));
        Assert.AreEqual("2026-03-01T10:00:00", Rows(ops, "SELECT at FROM \"all\" WHERE b IS NOT NULL"), "the first field that is a time says when it was");
    }

    [TestMethod]
    public async Task Readings_that_came_before_the_definition_of_their_class_are_filled_in_when_it_arrives()
    {
        await using OpsServer ops = await OpsServer.Start();
        const string Later = "later(at:c,level:i)", Never = "never(at:c,level:i)";
        ops.Core.Devices.Add("a");
        ops.Core.Devices.Add("b");
        Send(ops.Core, "a", Later, 0, ["2026-03-01T10:00:00Z", "1"], ["2026-03-01T10:01:00Z", "2"]);
        Log(ops, "a", Weather, 2, ["2026-03-01T10:02:00Z", "21.50", "x"]);
        Send(ops.Core, "a", Later, 3, ["2026-03-01T10:03:00Z", "3"]);
        Send(ops.Core, "a", Never, 4, ["2026-03-01T10:04:00Z", "4"]);
        Send(ops.Core, "b", Later, 0, ["2026-03-01T10:05:00Z", "5"]);
        ops.Core.Fleet.Flush(look: true);
        Assert.AreEqual(1, ServerData.TablesOf(ops.Core).Fill(), "that of the class that is known");
        Assert.AreEqual(0, ServerData.TablesOf(ops.Core).Fill());

        Learn(ops.Core, "a", Later); // which is no change of an object
        Assert.AreEqual(3, ServerData.TablesOf(ops.Core).Fill());
        Assert.AreEqual("a 1|a 2|a 3", Rows(ops, "SELECT device, level FROM later ORDER BY at"), "b means its own class, which it has not told");
        Assert.AreEqual("21.5", Rows(ops, "SELECT temperature FROM weather"), "once");
        Assert.AreEqual(0, ServerData.TablesOf(ops.Core).Fill());
        Learn(ops.Core, "b", Later);
        Learn(ops.Core, "a", Never);
        Assert.AreEqual(2, ServerData.TablesOf(ops.Core).Fill());
        Assert.AreEqual("a 1|a 2|a 3|b 5", Rows(ops, "SELECT device, level FROM later ORDER BY at"));
        Log(ops, "a", Later, 5, ["2026-03-01T10:06:00Z", "6"]);
        Assert.AreEqual(1, ServerData.TablesOf(ops.Core).Fill());
    }

    [TestMethod]
    public async Task A_class_that_changes_adds_columns_and_names_are_safe()
    {
        await using OpsServer ops = await OpsServer.Start();
        Log(ops, "a", Weather, 0, ["2026-03-01T10:00:00Z", "21.50", "x"]);
        ServerData.TablesOf(ops.Core).Fill();
        Log(ops, "a", "weather(at:c,temperature:f2,humidity:f1)", 1, ["2026-03-01T10:01:00Z", "22.50", "55.5"]);
        Log(ops, "b", "weather(at:c,temperature:t,note:i)", 0, ["2026-03-01T10:02:00Z", "warm", "7"]);
        ServerData.TablesOf(ops.Core).Fill();
        Assert.AreEqual("21.5 x   |22.5  55.5  |   7 warm", Rows(ops, "SELECT temperature, note, humidity, note_whole, temperature_text FROM weather ORDER BY at"));

        Log(ops, "c", "Order-By-x(Select:i,select:i,device:t,id:i,_seq:i,7up:i)", 0, ["1", "2", "mine", "3", "4", "5"]);
        ServerData.TablesOf(ops.Core).Fill();
        TypedTable odd = ServerData.TablesOf(ops.Core).List().Single(t => t.Name != "weather");
        Assert.AreEqual("order_by_x at device collection id received c7up c_seq device_ id_ select select_", $"{odd.Name} {string.Join(' ', odd.Columns)}");
        Assert.AreEqual("c mine 1 2 3 4 5", Rows(ops, "SELECT device, device_, \"select\", select_, id_, c_seq, c7up FROM order_by_x"));
        foreach (string name in (string[])["sqlite_master", "pg_class", "nanosync_cursor", "", "%%", new string('x', 64)])
        {
            StringAssert.Matches(TableShapes.Clean(name), new("^c?[a-z][a-z0-9_]{0,48}$"));
            Assert.IsFalse(TableShapes.Clean(name) == name && name.Contains('_', StringComparison.Ordinal), name);
        }
    }

    [TestMethod]
    public async Task A_page_that_fails_in_its_middle_leaves_nothing_and_each_reading_is_there_once_in_the_end()
    {
        await using OpsServer ops = await OpsServer.Start();
        for (int i = 0; i < 5; i++)
        {
            Log(ops, "a", Weather, i * 300, [.. Enumerable.Range(0, 300).Select(n => new[] { "2026-03-01T10:00:00Z", n.ToString(CultureInfo.InvariantCulture), "x" })]);
        }

        Failing failing = new(Tables(ops));
        TypedTables tables = new(ops.Core.Store, ops.Core.Readings, ops.Core.Incarnation, failing);
        foreach (int values in (int[])[1, 700, 2100])
        {
            failing.Left = values; // of a reading two
            Assert.ThrowsExactly<InvalidOperationException>(() => tables.Fill());
            int written = ServerData.TablesOf(ops.Core).List().Sum(t => (int)t.Rows);
            Assert.AreEqual(values < 2000 ? 0 : 1000, written, "whole pages alone");
        }

        failing.Left = int.MaxValue;
        int[] turns = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(() => (i % 2 == 0 ? tables : ServerData.TablesOf(ops.Core)).Fill(200 + (i * 100)))));
        Assert.IsGreaterThan(0, turns.Max());
        ServerData.TablesOf(ops.Core).Fill();
        Assert.AreEqual("1500 1500", Rows(ops, "SELECT COUNT(*), COUNT(DISTINCT id) FROM weather"));
    }

    [TestMethod]
    public async Task What_is_changed_deleted_or_removed_by_retention_follows()
    {
        await using OpsServer ops = await OpsServer.Start();
        Log(ops, "a", Weather, 0, ["2026-03-01T10:00:00Z", "1.00", "x"], ["2026-03-01T10:01:00Z", "2.00", "x"], ["2026-03-01T10:02:00Z", "3.00", "x"], ["2026-03-01T10:03:00Z", "4.00", "x"]);
        Log(ops, "b", Weather, 0, ["2026-03-01T10:00:00Z", "9.00", "x"]);
        ServerData.TablesOf(ops.Core).Fill();
        string[] ids = Rows(ops, "SELECT id FROM weather WHERE device = 'a' ORDER BY at").Split('|');
        ops.Core.Objects.Delete("a", "readings", ids[2]);
        ops.Core.Objects.Put("a", "readings", ids[1], Server.Application.ObjectJson.Parse("""{"at":"2026-03-01T10:01:00Z","temperature":2.5,"note":null}"""u8.ToArray(), Weather));
        ops.Core.Fleet.Flush(look: true);
        ServerData.TablesOf(ops.Core).Fill();
        Assert.AreEqual("1|2.5|4", Rows(ops, "SELECT temperature FROM weather WHERE device = 'a' ORDER BY at"));

        using (IStoreTransaction store = ops.Core.Store.BeginWrite())
        {
            int collection = ((IReadingTransaction)store).ListSources("readings", "a", null).Single().Collection;
            Assert.AreEqual(1, store.DropReadings(collection, long.MaxValue, 2, 10));
            store.Commit();
        }

        ServerData.TablesOf(ops.Core).Prune();
        Assert.AreEqual("2.5|4", Rows(ops, "SELECT temperature FROM weather WHERE device = 'a' ORDER BY at"));
        ops.Core.Enrolment.Delete("a", data: true);
        ServerData.TablesOf(ops.Core).Prune();
        Assert.AreEqual("9", Rows(ops, "SELECT temperature FROM weather"));
    }

    [TestMethod]
    public void A_database_that_was_put_back_makes_them_anew()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-tables-").FullName;
        try
        {
            TestClock clock = new();
            ServerOptions options = new() { Data = folder };
#if POSTGRES
            options = options with { Database = TestDatabase.ConnectionString(folder) };
#endif
            ServerCore Open() => new(TestDatabase.Open(folder, clock), options, clock);
            string Told(ServerCore core)
            {
                ServerData.TablesOf(core).Fill();
                return Rows(ServerData.TablesDatabase(options), "SELECT temperature FROM weather ORDER BY temperature");
            }

            using (ServerCore core = Open())
            {
                core.Devices.Add("a");
                Log(core, "a", Weather, 0, [null, "1.00", null]);
                Assert.AreEqual("1", Told(core));
            }

            TestDatabase.Backup(folder);
            using (ServerCore core = Open())
            {
                Log(core, "a", Weather, 1, [null, "2.00", null], [null, "3.00", null]);
                Assert.AreEqual("1|2|3", Told(core));
            }

            TestDatabase.Restore(folder);
            using (ServerCore core = Open())
            {
                Log(core, "a", Weather, 1, [null, "4.00", null]);
                Assert.AreEqual("1|4", Told(core));
            }
        }
        finally
        {
            TestDatabase.Drop(folder);
        }
    }

    [TestMethod]
    public async Task A_server_that_was_told_to_fills_them_by_itself()
    {
        await using OpsServer ops = await OpsServer.Start(new ServerOptions { Tables = true });
        Log(ops, "a", Weather, 0, ["2026-03-01T10:00:00Z", "21.50", "x"]);
        for (int i = 0; i < 600 && ServerData.TablesOf(ops.Core).List() is not [{ Rows: 1 }]; i++)
        {
            await Task.Delay(100, TestContext.CancellationToken);
        }

        Assert.AreEqual("21.5", Rows(ops, "SELECT temperature FROM weather"));
    }

#if POSTGRES
    [TestMethod]
    public async Task The_queries_of_the_dashboard_run_and_give_what_is_there()
    {
        await using OpsServer ops = await OpsServer.Start();
        Log(ops, "a", Weather, 0, ["2026-03-01T10:00:00Z", "20.00", "x"], ["2026-03-01T10:00:30Z", "22.00", "x"], ["2026-03-01T11:00:00Z", "30.00", "x"], ["2026-02-01T10:00:00Z", "-5.00", "x"]);
        Log(ops, "b", Weather, 0, ["2026-03-01T10:00:00Z", "1.00", "x"]);
        ServerData.TablesOf(ops.Core).Fill();
        JsonNode dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Root(), "build", "grafana", "readings.json"), TestContext.CancellationToken))!;
        string[] lists = [.. dashboard["templating"]!["list"]!.AsArray().Select(v => (string)v!["query"]!)];
        Assert.AreEqual("weather", Rows(ops, Filled(lists[0])));
        Assert.AreEqual("temperature", Rows(ops, Filled(lists[1])), "what can be drawn");
        Assert.AreEqual("a|b", Rows(ops, Filled(lists[2])));
        string[] queries = [.. dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]!.AsArray()).Select(t => (string)t!["rawSql"]!)];
        Assert.AreEqual("1772359200 a 21|1772359200 b 1|1772362800 a 30", Rows(ops, Filled(queries[0])));
        Assert.AreEqual("a 2026-03-01T11:00:00 30|b 2026-03-01T10:00:00 1", Rows(ops, Filled(queries[1]).Replace(", received - at AS delay", "", StringComparison.Ordinal)));
        Assert.AreEqual(2, Rows(ops, Filled(queries[1])).Split('|').Length);
        Assert.AreEqual("a 3 20 24 30|b 1 1 1 1", Rows(ops, Filled(queries[2])));
        Assert.AreEqual(6, lists.Length + queries.Length);
    }

    // what Grafana puts in the place of its macros and variables
    private static string Filled(string sql) => sql.Replace("$table", "weather", StringComparison.Ordinal).Replace("$field", "temperature", StringComparison.Ordinal)
        .Replace("$device", "'a','b'", StringComparison.Ordinal)
        .Replace("$__timeGroupAlias(at, $__interval)", "floor(extract(epoch from at)/3600)*3600 AS \"time\"", StringComparison.Ordinal)
        .Replace("$__timeFilter(at)", "at BETWEEN '2026-03-01T00:00:00Z' AND '2026-03-02T00:00:00Z'", StringComparison.Ordinal) is var filled && filled.Contains('$', StringComparison.Ordinal)
        ? throw new InvalidOperationException(filled) : filled;

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "NanoSync.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
#endif

    private static void Log(OpsServer ops, string device, string definition, int first, params string?[][] readings)
    {
        if (!ops.Core.Devices.List().Exists(d => d.Name == device))
        {
            ops.Core.Devices.Add(device);
        }

        Log(ops.Core, device, definition, first, readings);
        ops.Core.Fleet.Flush(look: true); // numbers the change, as the server does twice a second
    }

    private static void Log(ServerCore core, string device, string definition, int first, params string?[][] readings)
    {
        Learn(core, device, definition);
        Send(core, device, definition, first, readings);
    }

    private static void Learn(ServerCore core, string device, string definition)
    {
        ObjectClass type = ClassCatalog.Parse(definition)!;
        using IStoreTransaction transaction = core.Store.BeginWrite();
        transaction.SaveClass(core.Devices.Get(device).Id, ClassCatalog.WireName(type), type.Definition, 1);
        transaction.Commit();
    }

    private static void Send(ServerCore core, string device, string definition, int first, params string?[][] readings)
    {
        ObjectClass type = ClassCatalog.Parse(definition)!;
        string wire = ClassCatalog.WireName(type), store = device + device + device + device;
        DeviceIdentity identity = new(core.Devices.Get(device).Id, device);
        CollectionElement Sync(CollectionElement collection)
        {
            SyncMessage request = new() { Version = "1.0" };
            request.Collections.Add(collection);
            SyncReply reply = core.Sync.Handle(identity, MessagePrinter.Print(Server.Formats.MessageFormat.Wbxml, request), Server.Formats.MessageFormat.Wbxml);
            return MessageParser.Parse(Server.Formats.MessageFormat.Wbxml, reply.Body).Collections.Single();
        }

        CollectionElement start = new() { Id = "readings", SyncKey = "0", DeletesAsMoves = true, Class = wire };
        start.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", store), new("start", $"{first + 1}")])));
        CollectionElement add = new() { Id = "readings", SyncKey = Sync(start).SyncKey, DeletesAsMoves = true, Class = wire };
        for (int i = 0; i < readings.Length; i++)
        {
            List<KeyValuePair<string, string>> fields = [.. readings[i].Select((text, field) => (text, field)).Where(f => f.text != null).Select(f => new KeyValuePair<string, string>(type.FieldName(f.field), f.text!))];
            add.Commands.Add(TestDevice.Add(string.Create(CultureInfo.InvariantCulture, $"{store}{first + i}"), RecordText.Pack(type, fields)));
        }

        Assert.AreEqual("ok", Sync(add).Line());
    }

    private static TableDatabase Tables(OpsServer ops) => ServerData.TablesDatabase((ServerOptions)ops.Core.Options);

    private static string Rows(OpsServer ops, string sql) => Rows(Tables(ops), sql);

    // rows by |, cells by a space; with the tables in the search path, as a reader of them has
    private static string Rows(TableDatabase database, string sql)
    {
        using DbConnection connection = database.Open();
        using DbCommand command = connection.CreateCommand();
#if POSTGRES
        command.CommandText = $"SET search_path = {database.Table("x").Split('.')[0]}";
        command.ExecuteNonQuery();
#endif
        command.CommandText = sql;
        using DbDataReader reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
        {
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(i => Text(reader.GetValue(i)))));
        }

        return string.Join('|', rows);
    }

    private static string Text(object value) => value switch
    {
        DBNull => "",
        byte[] bytes => Convert.ToHexString(bytes),
        DateTime time => time.ToString("s", CultureInfo.InvariantCulture),
        string text => System.Text.RegularExpressions.Regex.Replace(text, @"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z$", "$1"),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        decimal number => number.ToString("0.############", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // Fails after so many values.
    private sealed class Failing(TableDatabase inner) : TableDatabase
    {
        public int Left { get; set; } = int.MaxValue;

        public override DbConnection Open() => inner.Open();

        public override string Table(string name) => inner.Table(name);

        public override string TypeOf(ColumnType type) => inner.TypeOf(type);

        public override object Value(ColumnType type, string? text) => Left-- > 0 ? inner.Value(type, text) : throw new InvalidOperationException("as a server that dies");

        public override object Time(long milliseconds) => inner.Time(milliseconds);
    }
}

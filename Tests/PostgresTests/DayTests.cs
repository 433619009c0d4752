// Readings by the day on which they came: a day goes as a whole, and what else is in the database does not notice. That
// readings go by age, and stay known, is RetentionTests', which runs here too.

using NanoSync.Server;
using NanoSync.Server.Engine;
using Npgsql;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class DayTests
{
    [TestMethod]
    public async Task A_day_that_no_rule_keeps_is_dropped_and_none_of_its_rows_is_deleted()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 20);
        Assert.AreEqual("reading_20260301 .. reading_20260320", Partitions(bench));
        Query(bench, "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a row is deleted'; END $$; "
            + "CREATE TRIGGER no BEFORE DELETE ON reading FOR EACH ROW EXECUTE FUNCTION no()");
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(18, pass.Readings, "nine days of two: the tenth of March has readings that are not older than ten days");
        Assert.AreEqual("reading_20260310 .. reading_20260323", Partitions(bench), "and those of the next days are made ahead");
        Assert.AreEqual(22L, Live(bench));
        Assert.HasCount(22, bench.Objects("d1", "log"));
        Assert.AreEqual(0L, Query(bench, "SELECT COUNT(*) FROM reading_gone"));

        // what went is known as taken and cannot be compared, what is there is told apart
        device.Start("log", ReadingTests.Outbox);
        Assert.AreEqual("ok [Add Ab1_1 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_1", 9))).Line());
        Assert.AreEqual("ok [Add Ab1_30 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_30", 9))).Line());
        Assert.AreEqual(22L, Live(bench));
    }

    [TestMethod]
    public async Task A_day_of_which_another_rule_keeps_something_stays_and_the_rest_of_it_is_deleted()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench, "log,kept");
        device.Start("kept", ReadingTests.Outbox);
        SyncCollectionOf(device, "kept", 1);
        Days(bench, device, 20);
        Assert.AreEqual(18, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.AreEqual("reading_20260301 reading_20260310 .. reading_20260323", Partitions(bench));
        Assert.AreEqual("Ab1_1=01", bench.Held("d1", "kept"));
        Assert.HasCount(22, bench.Objects("d1", "log"));
    }

    [TestMethod]
    public async Task What_a_proxy_has_not_passed_on_keeps_its_day()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 20);
        using (var store = (Server.Proxy.IProxyTransaction)bench.Core.Store.BeginWrite())
        {
            Server.Proxy.RouteRow route = store.FindRoute("hq", 1, "log");
            route.Point = 7; // of eight in the first four days
            store.SaveRoute(route);
            store.Commit();
        }

        Assert.AreEqual(7, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.AreEqual("reading_20260304 .. reading_20260323", Partitions(bench));
    }

    [TestMethod]
    public async Task Whoever_reads_for_long_is_not_disturbed_and_the_day_goes_the_next_time()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 12);
        using (IStoreTransaction export = bench.Core.Store.BeginRead())
        {
            Assert.HasCount(24, export.ListObjects(1, 0, 100, false).FindAll(o => o.IsLogged));
            Task<RetentionPass?> pass = Task.Run(() => bench.Core.Retention.Pass(TimeSpan.Zero, default));
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_25", 1))).Line(), "nor do syncs wait for longer than a moment");
            Assert.AreEqual(2, (await pass)!.Readings, "deleted one by one");
            Assert.HasCount(24, export.ListObjects(1, 0, 100, false).FindAll(o => o.IsLogged));
        }

        Assert.AreEqual("reading_20260301 .. reading_20260315", Partitions(bench));
        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        Assert.AreEqual("reading_20260302 .. reading_20260315", Partitions(bench));
        Assert.AreEqual(23L, Live(bench));
    }

    [TestMethod]
    public async Task A_process_that_ends_in_the_middle_leaves_what_the_next_one_goes_on_with()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 12);
        Query(bench, "ALTER TABLE reading DETACH PARTITION reading_20260301; UPDATE reading_day SET detached = 1 WHERE day = (SELECT MIN(day) FROM reading_day)");
        Assert.HasCount(22, bench.Objects("d1", "log"));
        bench.Restart();
        Assert.AreEqual(2, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.AreEqual(22L, Live(bench));
        Assert.AreEqual(0L, Query(bench, "SELECT COUNT(*) FROM pg_class WHERE relname = 'reading_20260301' AND relnamespace = CAST(current_schema() AS regnamespace)"));

        // counts that were not put right yet are not taken for readings that a rule by number may remove
        Query(bench, "INSERT INTO reading_gone SELECT id, 15 FROM collection WHERE name = 'log'; UPDATE collection SET live = live + 15 WHERE name = 'log'");
        using IStoreTransaction store = bench.Core.Store.BeginWrite();
        Assert.AreEqual(3, store.DropReadings(store.FindCollection(1, "log")!.Id, long.MaxValue, 19, 100));
        Assert.AreEqual(19, store.FindCollection(1, "log")!.Live);
    }

    [TestMethod]
    public async Task A_clock_that_goes_back_to_a_day_that_is_gone_costs_a_repetition()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 12);
        using IServerStore other = TestDatabase.Open(bench.Folder, bench.Clock);
        other.DropDay([new KeptSince("log", new DateTimeOffset(2026, 3, 3, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds())]);
        bench.Clock.Now = new DateTimeOffset(2026, 3, 1, 18, 0, 0, TimeSpan.Zero);
        Assert.ThrowsExactly<StoreBusyException>(() => device.Sync(device.Log(TestDevice.Add("Ab1_25", 1))), "this node does not know yet that the day is gone");
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_25", 1))).Line());
        Assert.AreEqual("reading_20260301 .. reading_20260312", Partitions(bench));

        // and forward again: the order of readings is that of their numbers, whatever their days
        bench.Clock.Now = new DateTimeOffset(2026, 3, 12, 18, 0, 0, TimeSpan.Zero);
        device.Sync(device.Log(TestDevice.Add("Ab1_26", 2)));
        Assert.AreEqual("Ab1_23 Ab1_24 Ab1_25 Ab1_26", string.Join(' ', bench.Objects("d1", "log").TakeLast(4).Select(o => o.Row.Id)));
        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        Assert.AreEqual(23L, Live(bench), "that of the first of March is older than ten days");
    }

    [TestMethod]
    public async Task A_database_that_kept_no_days_goes_on_with_all_that_is_in_it()
    {
        using Bench bench = Bench("log=10d");
        TestDevice device = ReadingTests.Started(bench);
        Days(bench, device, 3);

        // as it was before: one table, and a run goes over midnight
        Query(bench, "CREATE TABLE one (collection_id INTEGER NOT NULL, seq BIGINT NOT NULL, age INTEGER NOT NULL, data BYTEA NOT NULL); "
            + "INSERT INTO one SELECT g.collection_id, g.seq, g.age + r.time - (SELECT MIN(time) FROM reading_run), g.data FROM reading g "
            + "JOIN reading_run r ON g.day = r.day; DROP TABLE reading; ALTER TABLE one RENAME TO reading; ALTER TABLE reading ADD PRIMARY KEY (collection_id, seq); "
            + "UPDATE reading_run SET last_seq = 6 WHERE first_seq = 1; DELETE FROM reading_run WHERE first_seq > 1; "
            + "ALTER TABLE reading_run DROP COLUMN day; DROP TABLE reading_day, reading_gone; DELETE FROM migration WHERE number = 295");
        bench.Restart();
        Assert.AreEqual("reading_before", Partitions(bench));
        Assert.AreEqual("Ab1_1=01 Ab1_2=01 Ab1_3=02 Ab1_4=02 Ab1_5=03 Ab1_6=03", bench.Held("d1", "log"));
        Assert.AreEqual("ok [Add Ab1_2 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 9))).Line());
        bench.Clock.Now += TimeSpan.FromDays(1);
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_7", 4))).Line());
        Assert.AreEqual("reading_before reading_20260304", Partitions(bench));
        Assert.AreEqual("Ab1_1 Ab1_2 Ab1_3 Ab1_4 Ab1_5 Ab1_6 Ab1_7", string.Join(' ', bench.Objects("d1", "log").Select(o => o.Row.Id)));

        // its oldest rows are deleted one by one, and the rest goes once all of it is old
        bench.Clock.Now = new DateTimeOffset(2026, 3, 12, 12, 0, 0, TimeSpan.Zero);
        Assert.AreEqual(2, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        StringAssert.StartsWith(Partitions(bench), "reading_before reading_20260304");
        Query(bench, "UPDATE reading_day SET until = 1772582400000 WHERE day = 0"); // 4 March; the migration took the machine's clock for the newest there may be
        bench.Clock.Now = new DateTimeOffset(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);
        Assert.AreEqual(4, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.DoesNotContain("reading_before", Partitions(bench));
        Assert.AreEqual("Ab1_7=04", bench.Held("d1", "log"));
        Assert.AreEqual(1L, Live(bench));
    }

    private static Bench Bench(string rules) => new(new ServerOptions { Retention = RetentionRule.Parse(rules) });

    // Two readings a day, from the first of March on; it stays the last day.
    private static void Days(Bench bench, TestDevice device, int days)
    {
        for (int day = 1; day <= days; day++)
        {
            bench.Clock.Now = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero).AddDays(day - 1);
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_" + ((day * 2) - 1), (byte)day), TestDevice.Add(null, (byte)day))).Line());
        }
    }

    private static void SyncCollectionOf(TestDevice device, string collection, byte value)
    {
        NanoSync.Server.Engine.CollectionElement request = device.Ask(collection, getChanges: false);
        request.DeletesAsMoves = true;
        request.Commands.Add(TestDevice.Add("Ab1_1", value));
        Assert.AreEqual("ok", device.Sync(request).Line());
    }

    private static long Live(Bench bench) => (long)Query(bench, "SELECT live FROM collection WHERE name = 'log'")!;

    // Names in order; those of successive days as first .. last.
    private static string Partitions(Bench bench)
    {
        string[] names = ((string)Query(bench, "SELECT string_agg(c.relname, ' ' ORDER BY d.day) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            + "JOIN reading_day d ON c.relname = CASE d.day WHEN 0 THEN 'reading_before' ELSE 'reading_' || to_char(DATE '1970-01-01' + d.day, 'YYYYMMDD') END "
            + "WHERE i.inhparent = CAST('reading' AS regclass)")!).Split(' ');
        List<string> told = [];
        for (int i = 0; i < names.Length; i++)
        {
            bool follows = i > 0 && Follows(names[i - 1], names[i]);
            bool goesOn = i + 1 < names.Length && Follows(names[i], names[i + 1]);
            if (follows && goesOn)
            {
                if (told[^1] != "..")
                {
                    told.Add("..");
                }
            }
            else
            {
                told.Add(names[i]);
            }
        }

        return string.Join(' ', told);
    }

    private static bool Follows(string one, string next)
    {
        return DateOnly.TryParseExact(one[8..], "yyyyMMdd", out DateOnly first) && DateOnly.TryParseExact(next[8..], "yyyyMMdd", out DateOnly second) && second == first.AddDays(1);
    }

    private static object? Query(Bench bench, string sql)
    {
        using NpgsqlConnection connection = new(TestDatabase.ConnectionString(bench.Folder));
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        return command.ExecuteScalar();
    }
}

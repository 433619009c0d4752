// What is kept for how long: readings go by age or number in small steps, what was taken stays known, and a store that
// comes back after longer starts over by rule. [SPEC 5.4, 5.5]

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class RetentionTests
{
    [TestMethod]
    public async Task Readings_go_by_age_and_stay_known()
    {
        using Bench bench = Bench("log=30d");
        TestDevice device = ReadingTests.Started(bench);
        for (int day = 0; day < 50; day++)
        {
            device.Sync(device.Log([.. Enumerable.Range(1 + (day * 10), 10).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))]));
            bench.Clock.Now += TimeSpan.FromDays(1);
        }

        // one that an operator changed is a reading too, and a note of the application is not
        bench.Core.Objects.Put("d1", "log", "Ab1_5", new NewValue(null, [99], null));
        bench.Core.Objects.Put("d1", "log", "note", new NewValue(null, [1], null));
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(199, pass.Readings, "20 days of 10, but the one that was changed today");
        string[] held = [.. bench.Objects("d1", "log").Select(o => o.Row.Id)];
        CollectionAssert.AreEquivalent((string[])[.. Enumerable.Range(201, 300).Select(i => "Ab1_" + i), "Ab1_5", "note"], held);
        Assert.AreEqual(302, Live(bench));

        // what is kept, once more, of a device that lost its key: nothing is doubled; of what is gone nobody can say whether it
        // is the same, so it gets another id
        device.Start("log", c => c.DeletesAsMoves = true);
        Assert.AreEqual("ok", device.Sync(device.Log([.. Enumerable.Range(201, 300).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))])).Line());
        Assert.AreEqual("ok [Add Ab1_7 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_7", 7), TestDevice.Add("Ab1_8", 8))).Line());
        Assert.Contains("not kept any more", bench.Core.Devices.Refusals("d1").Single().Reason);
        Assert.AreEqual(302, Live(bench));
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_501", 1))).Line());
        Assert.AreEqual("ok [Add Ab1_300 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_300", 1))).Line(), "what is there is still told apart");

        bench.Clock.Now += TimeSpan.FromDays(31);
        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        Assert.AreEqual("note=01", bench.Held("d1", "log"));
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_5", 5), TestDevice.Add("Ab1_502", 2))).Line(), "of one that an operator changed the sum stays");
        Assert.AreEqual("ok [Add Ab1_5 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_5", 6))).Line());
        Assert.AreEqual("Ab1_502=02 note=01", bench.Held("d1", "log"));
        Assert.AreEqual(2, Live(bench));
    }

    [TestMethod]
    public async Task A_clock_that_is_years_ahead_for_an_hour_takes_nothing_and_one_that_goes_on_is_believed_after_a_day()
    {
        using Bench bench = Bench("log=365d");
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        Assert.IsNotNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));

        bench.Clock.Ahead = TimeSpan.FromDays(3650);
        Assert.IsNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        Assert.AreEqual(bench.Clock.GetUtcNow() + TimeSpan.FromDays(1), bench.Core.Retention.WaitsUntil());
        bench.Clock.Now += TimeSpan.FromHours(1);
        Assert.IsNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        bench.Clock.Ahead = TimeSpan.Zero;
        Assert.AreEqual(0, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.IsNull(bench.Core.Retention.WaitsUntil());
        Assert.AreEqual("Ab1_1=01", bench.Held("d1", "log"));

        // a server that was off, in another process: the look before stands in the database
        bench.Clock.Ahead = TimeSpan.FromDays(400);
        Retention other = new(bench.Core.Store, bench.Clock, RetentionRule.Parse("log=365d"), null);
        for (int hours = 0; hours < 24; hours += 8)
        {
            Assert.IsNull(await other.Pass(TimeSpan.Zero, default), $"{hours} h");
            bench.Clock.Now += TimeSpan.FromHours(8);
            other = new(bench.Core.Store, bench.Clock, RetentionRule.Parse("log=365d"), null);
        }

        Assert.AreEqual(1, (await other.Pass(TimeSpan.Zero, default))!.Readings);
    }

    [TestMethod]
    public async Task Readings_go_by_number_and_rules_are_for_their_collection_or_for_those_that_no_rule_names()
    {
        using Bench bench = Bench("events=5, *=12");
        TestDevice device = bench.Device("d1", "log,events,config");
        device.StoreId = "Ab1_";
        device.Start();
        foreach (string collection in (string[])["log", "events"])
        {
            device.Start(collection, c => c.DeletesAsMoves = true);
            CollectionElement request = device.Ask(collection, getChanges: false);
            request.DeletesAsMoves = true;
            request.Commands.AddRange(Enumerable.Range(1, 40).Select(i => TestDevice.Add("Ab1_" + i, (byte)i)));
            device.Sync(request);
        }

        device.Sync(AddTests.With(device, [.. Enumerable.Range(100, 40).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))]));
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(28 + 35, pass.Readings);
        Assert.AreEqual("Ab1_36=24 Ab1_37=25 Ab1_38=26 Ab1_39=27 Ab1_40=28", bench.Held("d1", "events"));
        Assert.HasCount(12, bench.Objects("d1", "log"));
        Assert.HasCount(40, bench.Objects("d1"), "objects are no readings");
        Assert.AreEqual(pass, bench.Core.Retention.Last());
        Assert.AreEqual(0, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
    }

    [TestMethod]
    public async Task Without_a_rule_nothing_goes()
    {
        using Bench bench = Bench("other=1h");
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        bench.Clock.Now += TimeSpan.FromDays(80);
        Assert.AreEqual(0, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Readings);
        Assert.AreEqual("Ab1_1=01", bench.Held("d1", "log"));
    }

    [TestMethod]
    public async Task It_works_in_steps_between_which_devices_sync_and_one_process_does_it_at_a_time()
    {
        using Bench bench = Bench("log=1");
        TestDevice device = ReadingTests.Started(bench);
        for (int i = 0; i < 20; i++)
        {
            device.Sync(device.Log([.. Enumerable.Range(1 + (i * 300), 300).Select(n => TestDevice.Add("Ab1_" + n, (byte)n))]));
        }

        using (bench.Core.Store.TryLock("retention"))
        {
            Assert.IsNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        }

        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(5999, pass.Readings);
        Assert.IsGreaterThanOrEqualTo(3, pass.Steps);
        Assert.AreEqual("Ab1_6000=70", bench.Held("d1", "log"));
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_6001", 1))).Line());
    }

    [TestMethod]
    public async Task What_a_proxy_has_not_passed_on_stays()
    {
        using Bench bench = Bench("log=1");
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log([.. Enumerable.Range(1, 9).Select(n => TestDevice.Add("Ab1_" + n, (byte)n))]));
        using (var store = (Server.Proxy.IProxyTransaction)bench.Core.Store.BeginWrite())
        {
            Server.Proxy.RouteRow route = store.FindRoute("hq", 1, "log");
            route.Point = 4;
            store.SaveRoute(route);
            store.Commit();
        }

        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        Assert.AreEqual("Ab1_5=05 Ab1_6=06 Ab1_7=07 Ab1_8=08 Ab1_9=09", bench.Held("d1", "log"));
    }

    [TestMethod]
    public async Task A_store_that_comes_back_after_longer_starts_over_and_keeps_what_is_its_own()
    {
        using Bench bench = Bench("*=10d");
        TestDevice device = ReadingTests.Started(bench, "log,config");
        device.Start();
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        Assert.AreEqual("ok {Add a 01} {Add b 01}", device.Sync(device.Ask()).Line());
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        Assert.IsNull(device.Exchange(device.Ask()), "it has seen them");
        bench.Core.Objects.Delete("d1", "config", "b");

        // it is away for longer than its keys are kept
        bench.Clock.Now += TimeSpan.FromDays(91);
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(2, pass.Stores);
        Assert.AreEqual(1, pass.Readings);
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        Assert.AreEqual("status 3", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1))).Line());
        device.Start();
        device.Start("log", c => c.DeletesAsMoves = true);
        CollectionElement answer = device.Sync(AddTests.With(device, TestDevice.Change("a", 2)));
        Assert.AreEqual("ok", answer.Line().Split(" {")[0], "it was told to start over, so what it had seen is no conflict");
        Assert.AreEqual("ok [Add Ab1_1 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 2))).Line());
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Cd2_1", 1), TestDevice.Add("Cd2_2", 2))).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("Cd2_1=01 Cd2_2=02", bench.Held("d1", "log"), "the reading that was taken and is gone comes once more, under another id");
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"));
        Assert.AreEqual(0, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Stores);
    }

    [TestMethod]
    [DataRow(true, "last", Asked.Unknown)]
    [DataRow(true, "before", Asked.No)]
    [DataRow(false, "other", Asked.No)] // the number of the last one, and none that was given
    public async Task Of_a_store_that_was_away_for_long_the_last_key_is_its_own_and_an_older_one_may_be_late(bool away, string which, Asked asked)
    {
        using Bench bench = Bench("*=10d");
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        List<string> keys = [];
        for (byte i = 0; i < 4; i++)
        {
            device.Sync(AddTests.With(device, TestDevice.Change("a", i)));
            keys.Add(device.Key());
        }

        if (away)
        {
            bench.Clock.Now += TimeSpan.FromDays(91);
            Assert.AreEqual(1, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Stores);
        }

        device.SetKey(which switch { "last" => keys[^1], "before" => keys[^2], _ => keys[^1][..^4] + "zzzz" });
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual(asked, store.ListKeyRows(device.Identity.Id, "config").Single().AskedOver);
    }

    [TestMethod]
    public async Task What_is_left_of_deleted_objects_and_old_notes_go()
    {
        using Bench bench = new(new ServerOptions { KeepNotes = TimeSpan.FromDays(7) });
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        bench.Core.Objects.Delete("d1", "config", "a");
        using (IStoreTransaction store = bench.Core.Store.BeginWrite())
        {
            store.AddLoser(1, 1, new LoserRow("a", true, false, null, [1], bench.Clock.Now.ToUnixTimeMilliseconds()), 1);
            store.Refused(1, new RefusalRow("config", true, "a", 6, "", 1, bench.Clock.Now.ToUnixTimeMilliseconds()));
            store.FinishCommand(1, store.AddCommand(1, "restart", _ => [], 0, "", 1), 1, "", bench.Clock.Now.ToUnixTimeMilliseconds());
            store.AddCommand(1, "restart", _ => [], 0, "", 1);
            store.Commit();
        }

        Assert.AreEqual(0, (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!.Deleted, "the device has not seen it");
        device.Pull();
        device.Pull();
        bench.Clock.Now += TimeSpan.FromDays(8);
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(1, pass.Deleted);
        Assert.AreEqual(3, pass.Notes);
        Assert.IsEmpty(bench.Core.Objects.List("d1", "config", deleted: true));
        Assert.IsEmpty(bench.Core.Devices.Refusals("d1"));
        Assert.HasCount(1, bench.Core.Devices.Commands("d1"), "the one that waits stays");
    }

    // An age of days ends with a day (UTC), so that a database that keeps days apart drops them whole.
    [TestMethod]
    [DataRow("log=2d", "Ab1_2 Ab1_3 Ab1_4")]
    [DataRow("log=60h", "Ab1_4")]
    [DataRow("log=30d, log=2d", "Ab1_2 Ab1_3 Ab1_4")]
    [DataRow("log=2, log=30d", "Ab1_3 Ab1_4")]
    [DataRow("log=2, *=1h", "Ab1_3 Ab1_4")]
    public async Task An_age_of_days_ends_with_a_day_and_of_several_rules_each_applies(string rules, string kept)
    {
        using Bench bench = Bench(rules);
        TestDevice device = ReadingTests.Started(bench);
        DateTimeOffset midnight = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);
        TimeSpan[] times = [TimeSpan.FromMilliseconds(-1), TimeSpan.Zero, TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)];
        for (int i = 0; i < times.Length; i++)
        {
            bench.Clock.Now = midnight + times[i];
            device.Sync(device.Log(TestDevice.Add($"Ab1_{i + 1}", (byte)i)));
        }

        bench.Clock.Now = midnight + TimeSpan.FromHours(61);
        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        Assert.AreEqual(kept, string.Join(' ', bench.Objects("d1", "log").Select(o => o.Row.Id).Order()));
    }

    [TestMethod]
    [DataRow(365, "2 3")]
    [DataRow(0, "1 2 3")]
    public async Task Edits_are_kept_for_as_long_as_the_setting_says(int days, string kept)
    {
        using Bench bench = new(new ServerOptions { KeepHistory = days == 0 ? null : TimeSpan.FromDays(days) });
        bench.Device();
        long began = bench.Clock.Now.ToUnixTimeMilliseconds();
        bench.PutBytes("d1", "a", 1);
        bench.Clock.Now += TimeSpan.FromMilliseconds(1);
        bench.PutBytes("d1", "a", 2);
        bench.Clock.Now += TimeSpan.FromDays(365);
        bench.PutBytes("d1", "a", 3);
        RetentionPass pass = (await bench.Core.Retention.Pass(TimeSpan.Zero, default))!;
        Assert.AreEqual(kept, string.Join(' ', bench.Core.Objects.History("d1", "config", "a").Select(e => e.Row.New.Data![0]).Order()));
        Assert.AreEqual(days == 0 ? 0 : 1, pass.Notes);
        Assert.AreEqual((began + 1 + (365 * 24 * 3600 * 1000L), began + 1 + (365 * 24 * 3600 * 1000L)), (pass.Began, pass.Ended));
    }

    [TestMethod]
    public async Task It_waits_after_each_step_that_removed_something_and_ends_there_when_the_server_ends()
    {
        using Bench bench = Bench("log=1");
        TestDevice device = ReadingTests.Started(bench);
        for (int i = 0; i < 15; i++)
        {
            device.Sync(device.Log([.. Enumerable.Range(1 + (i * 300), 300).Select(n => TestDevice.Add("Ab1_" + n, (byte)n))]));
        }

        await Assert.ThrowsAsync<OperationCanceledException>(() => bench.Core.Retention.Pass(TimeSpan.Zero, new CancellationToken(true)));
        Assert.AreEqual(4500, Live(bench));
        using (CancellationTokenSource end = new())
        {
            Task<RetentionPass?> ended = bench.Core.Retention.Pass(TimeSpan.FromSeconds(1), end.Token);
            Assert.AreEqual(TimeSpan.FromSeconds(1), bench.Clock.Alarms.Single());
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_4501", 1))).Line(), "a device syncs between two steps");
            end.Cancel();
            await Assert.ThrowsAsync<OperationCanceledException>(() => ended);
            Assert.AreEqual(4501 - Retention.Step, Live(bench), "what a step removed is gone");
            Assert.IsNull(bench.Core.Retention.Last(), "it was not a pass");
        }

        Task<RetentionPass?> pass = bench.Core.Retention.Pass(TimeSpan.FromSeconds(1), default);
        int waited = 0;
        while (!pass.IsCompleted)
        {
            if (bench.Clock.Alarms.Count > 0)
            {
                waited++;
                bench.Clock.Ring();
            }

            Thread.Yield();
        }

        Assert.AreEqual(2500, (await pass)!.Readings);
        Assert.AreEqual(2, waited);
    }

    [TestMethod]
    public async Task A_clock_is_believed_that_went_ahead_by_a_day_and_the_last_pass_counts_where_no_look_is_kept()
    {
        using Bench bench = Bench("log=1h");
        Assert.IsNotNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        bench.Clock.Ahead = TimeSpan.FromDays(1);
        Assert.IsNotNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        bench.Clock.Ahead = TimeSpan.FromDays(2) + TimeSpan.FromMilliseconds(1);
        Assert.IsNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default));
        Assert.IsNull(await bench.Core.Retention.Pass(TimeSpan.Zero, default), "no time went by");

        using Bench older = Bench("log=1h"); // its database has passes, of a version that kept no looks
        using (IStoreTransaction store = older.Core.Store.BeginWrite())
        {
            RetentionPass last = new(older.Clock.Now.ToUnixTimeMilliseconds(), 0, 0, 0, 0, 0, 0);
            store.SaveInfo(0, new InfoRow("retention", System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(last), 0));
            store.Commit();
        }

        older.Clock.Ahead = TimeSpan.FromDays(2);
        Assert.IsNull(await older.Core.Retention.Pass(TimeSpan.Zero, default));
    }

    [TestMethod]
    [DataRow("readings=30d", "readings 30.00:00:00 ")]
    [DataRow(" a = 7 , * = 12h ", "a  7; * 12:00:00 ")]
    [DataRow("a=100000d, b=100000h, c=100001", "a 100000.00:00:00 ; b 4166.16:00:00 ; c  100001")]
    [DataRow("", "")]
    public void Rules_are_read(string text, string expected)
    {
        Assert.AreEqual(expected, string.Join("; ", RetentionRule.Parse(text).Select(r => $"{r.Collection} {r.Age} {r.Count}")));
    }

    [TestMethod]
    [DataRow("readings")]
    [DataRow("readings=")]
    [DataRow("readings=d")]
    [DataRow("readings=0")]
    [DataRow("readings=-1d")]
    [DataRow("=30d")]
    [DataRow("a=1d; b=2d")]
    [DataRow("a=999999999d")]
    [DataRow("a=100001d")]
    [DataRow("a=100001h")]
    public void Rules_that_cannot_be_read_are_named(string text)
    {
        StringAssert.Contains(Assert.ThrowsExactly<StartupException>(() => RetentionRule.Parse(text)).Message, text);
    }

    private static Bench Bench(string rules) => new(new ServerOptions { Retention = RetentionRule.Parse(rules) });

    private static long Live(Bench bench)
    {
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        return store.FindCollection(1, "log")!.Live;
    }
}

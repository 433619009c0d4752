// Readings are kept as a log: what is computed there is the same as what was kept before, and a reading that something is
// done to is an object from then on. [SPEC 5.4]

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class LogTests
{
    [TestMethod]
    public void A_reading_is_read_by_its_id_and_in_the_order_of_the_changes_beside_objects()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_7", 7), TestDevice.Add(null, 8)));
        bench.Core.Objects.Put("d1", "log", "note", new NewValue(null, [1], null));
        bench.Clock.Now += TimeSpan.FromSeconds(90);
        device.Sync(device.Log(TestDevice.Add("Ab1_9", 9), TestDevice.Add("Ab1_20", 20)));
        Assert.AreEqual("1 Ab1_7=07, 2 Ab1_8=08, 3 note=01, 4 Ab1_9=09, 5 Ab1_20=14", List(bench));
        Assert.AreEqual("3 note=01, 4 Ab1_9=09", List(bench, after: 2, count: 2));
        ObjectView one = bench.Core.Objects.Get("d1", "log", "Ab1_9");
        Assert.IsTrue(one.Row.IsLogged);
        Assert.AreEqual("d1 received", one.By + " " + one.State);
        Assert.AreEqual(bench.Clock.Now.ToUnixTimeMilliseconds(), one.Row.Changed);
        Assert.AreEqual(bench.Clock.Now.ToUnixTimeMilliseconds() - 90_000, bench.Core.Objects.Get("d1", "log", "Ab1_8").Row.Created);
        foreach (string unknown in (string[])["Ab1_6", "Ab1_10", "Ab1_19", "Ab1_21", "Ab1_07", "Ab1_", "Ab2_7", "1-Ab1_7"])
        {
            Assert.ThrowsExactly<RefusedException>(() => bench.Core.Objects.Get("d1", "log", unknown), unknown);
        }
    }

    [TestMethod]
    public void Readings_that_come_later_under_lower_numbers_are_taken_once_too()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_10", 10), TestDevice.Add(null, 11)));
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_5", 5), TestDevice.Add("Ab1_12", 12), TestDevice.Add("Ab1_9", 9), TestDevice.Add("Ab1_5", 5))).Line());
            Assert.AreEqual("Ab1_10=0A Ab1_11=0B Ab1_12=0C Ab1_5=05 Ab1_9=09", bench.Held("d1", "log"));
        }

        Assert.AreEqual("ok [Add Ab1_9 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_5", 5), TestDevice.Add("Ab1_9", 90), TestDevice.Add("Ab1_13", 13))).Line());
        Assert.AreEqual(5, bench.Objects("d1", "log").Count);
        Assert.IsTrue(bench.Objects("d1", "log").TrueForAll(o => o.Row.IsLogged));
    }

    [TestMethod]
    public void What_an_operator_does_to_a_reading_leaves_the_log_and_its_content_stays_known()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log([.. Enumerable.Range(1, 40).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))]));
        bench.Core.Objects.Delete("d1", "log", "Ab1_3");
        bench.Core.Objects.Put("d1", "log", "Ab1_5", new NewValue(null, [50], null));
        bench.Core.Objects.Drop("d1", "log", "Ab1_7");
        bench.Core.Objects.FetchFromDevice("d1", "log", "Ab1_9");
        Assert.AreEqual("5 7 9", string.Join(' ', bench.Objects("d1", "log").Where(o => !o.Row.IsLogged).Select(o => o.Row.Id[4..]).Order()));
        Assert.AreEqual("dropped", bench.Core.Objects.Get("d1", "log", "Ab1_7").State);
        Assert.AreEqual(7, bench.Core.Objects.Get("d1", "log", "Ab1_7").Row.Seq, "it keeps its number");
        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            Assert.AreEqual(39, store.FindCollection(1, "log")!.Live);
        }

        // known whatever became of them, also when an older state of the device comes
        device.Start("log", Outbox);
        Assert.AreEqual("ok", device.Sync(device.Log([.. Enumerable.Range(1, 40).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))])).Line().Split(" {")[0]);
        Assert.AreEqual(39, bench.Objects("d1", "log").Count);
        foreach (int number in (int[])[3, 5, 7, 8])
        {
            Assert.AreEqual($"ok [Add Ab1_{number} status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_" + number, 99))).Line().Split(" {")[0]);
        }

        Assert.AreEqual("32", Convert.ToHexString(bench.Core.Objects.Get("d1", "log", "Ab1_5").Row.Data!));
    }

    [TestMethod]
    public void An_id_that_an_application_took_before_the_device_gave_it_makes_another_one()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        bench.Core.Objects.Put("d1", "log", "Ab1_2", new NewValue(null, [200], null));
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2), TestDevice.Add(null, 3))).Line());
            Assert.AreEqual("Ab1_1=01 Ab1_2=C8 Ab1_2~2=02 Ab1_3=03", bench.Held("d1", "log"));
        }
    }

    [TestMethod]
    [DataRow("Ab1_007")]
    [DataRow("Ab1_x")]
    [DataRow("reading")]
    [DataRow("Ab1_99999999999999999999")]
    public void A_ClientId_of_another_form_is_kept_as_an_object(string id)
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_7", 7)));
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add(id, 1), TestDevice.Add("Ab1_8", 8))).Line());
            Assert.AreEqual(3, bench.Objects("d1", "log").Count);
        }

        Assert.IsFalse(bench.Core.Objects.Get("d1", "log", id).Row.IsLogged);
        Assert.IsTrue(bench.Core.Objects.Get("d1", "log", "Ab1_8").Row.IsLogged);
        Assert.AreEqual($"ok [Add {id} status 204]", device.Sync(device.Log(TestDevice.Add(id, 2))).Line());
    }

    [TestMethod]
    public void Devices_that_share_an_outbox_have_readings_of_their_own_under_one_ClientId()
    {
        using Bench bench = new();
        TestDevice one = ReadingTests.Started(bench, "log@site");
        TestDevice two = bench.Device("d2", "log@site");
        two.StoreId = "Ab1_";
        two.Start("log", Outbox);
        for (int i = 0; i < 2; i++)
        {
            Assert.AreEqual("ok", one.Sync(one.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2))).Line());
            Assert.AreEqual("ok", two.Sync(two.Log(TestDevice.Add("Ab1_1", 11), TestDevice.Add(null, 12))).Line());
        }

        Assert.AreEqual("ok", one.Sync(one.Log(TestDevice.Add("Ab1_3", 3))).Line());
        Assert.AreEqual("1-Ab1_1=01 1-Ab1_2=02 1-Ab1_3=03 2-Ab1_1=0B 2-Ab1_2=0C", bench.Held("d1", "log"));
        Assert.AreEqual("ok [Add Ab1_2 status 204]", two.Sync(two.Log(TestDevice.Add("Ab1_2", 2))).Line());
        Assert.AreEqual("another device", bench.Core.Objects.Get("d1", "log", "2-Ab1_1").By);

        // one that asks for changes gets those of the other, and refuses one of them
        CollectionElement ask = one.Ask("log");
        ask.DeletesAsMoves = true;
        Assert.AreEqual("ok {Add 2-Ab1_1 0B} {Add 2-Ab1_2 0C}", one.Sync(ask).Line());
        ask = one.Ask("log");
        ask.DeletesAsMoves = true;
        ask.Responses.Add(TestDevice.Refuse(Tags.Add, "2-Ab1_2", Status.TooLarge));
        Assert.AreEqual("ok", one.Sync(ask).Line());
        Assert.AreEqual("2-Ab1_2", bench.Core.Objects.SetAside("d1", "log").Single().ServerId);
        Assert.AreEqual(1, bench.Core.Objects.Retry("d1", "log", "2-Ab1_2"));
        Assert.AreEqual("ok {Add 2-Ab1_2 0C}", one.Sync(one.Ask("log")).Line());
    }

    [TestMethod]
    public void Each_reading_has_the_class_it_came_with_and_the_store_that_wrote_it()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench);
        SyncCommand other = TestDevice.Add(null, 2);
        other.Class = "b#bbbb";
        CollectionElement request = device.Log(TestDevice.Add("Ab1_1", 1), other, TestDevice.Add(null, 3));
        request.Class = "a#aaaa";
        device.Sync(request);
        bench.Clock.Now -= TimeSpan.FromDays(1); // a clock that was put back begins another run
        device.Sync(device.Log(TestDevice.Add("Ab1_4", 4)));
        bench.Clock.Now += TimeSpan.FromDays(60); // and so does a long time
        device.Sync(device.Log(TestDevice.Add("Ab1_5", 5)));
        Assert.AreEqual("a#aaaa b#bbbb a#aaaa a#aaaa a#aaaa", string.Join(' ', bench.Objects("d1", "log").Select(o => o.Row.Class)));
        Assert.AreEqual("Ab1_1=01 Ab1_2=02 Ab1_3=03 Ab1_4=04 Ab1_5=05", bench.Held("d1", "log"));
        long[] times = [.. bench.Objects("d1", "log").Select(o => o.Row.Changed)];
        Assert.AreEqual(bench.Clock.Now.ToUnixTimeMilliseconds(), times[4]);
        Assert.AreEqual(TimeSpan.FromDays(60).TotalMilliseconds, times[4] - times[3]);
        Assert.AreEqual(TimeSpan.FromDays(-1).TotalMilliseconds, times[3] - times[2]);
    }

    [TestMethod]
    public void Random_lives_of_an_outbox_end_as_a_plain_map_would()
    {
        for (int seed = 1; seed <= 30; seed++)
        {
            Random random = new(seed);
            using Bench bench = new();
            TestDevice device = ReadingTests.Started(bench);
            SortedDictionary<string, byte> there = new(StringComparer.Ordinal);
            HashSet<int> taken = [];
            for (int step = 0; step < 40; step++)
            {
                int first = random.Next(60);
                List<SyncCommand> adds = [.. Enumerable.Range(first, random.Next(1, 25)).Where(i => i == first || random.Next(10) > 0)
                    .Select(i => TestDevice.Add(string.Create(CultureInfo.InvariantCulture, $"Ab1_{i}"), (byte)i))];
                if (random.Next(4) == 0)
                {
                    adds = [.. adds.OrderBy(_ => random.Next())];
                }

                Assert.AreEqual("ok", device.Sync(device.Log([.. adds])).Line().Split(" {")[0], $"seed {seed}");
                foreach (int number in adds.Select(a => int.Parse(a.ClientId![4..], CultureInfo.InvariantCulture)))
                {
                    if (taken.Add(number))
                    {
                        there.Add($"Ab1_{number}", (byte)number);
                    }
                }

                if (there.Count > 0 && random.Next(3) == 0)
                {
                    string id = there.Keys.ElementAt(random.Next(there.Count));
                    if (random.Next(2) == 0)
                    {
                        bench.Core.Objects.Delete("d1", "log", id);
                        there.Remove(id);
                    }
                    else
                    {
                        bench.Core.Objects.Put("d1", "log", id, new NewValue(null, [(byte)(there[id] ^ 0x80)], null));
                        there[id] ^= 0x80;
                    }
                }

                Assert.AreEqual(string.Join(' ', there.Select(p => $"{p.Key}={p.Value:X2}")), bench.Held("d1", "log"), $"seed {seed}, step {step}");
            }

            using IStoreTransaction store = bench.Core.Store.BeginRead();
            Assert.AreEqual(there.Count, store.FindCollection(1, "log")!.Live, $"seed {seed}");
        }
    }

    [TestMethod]
    public void Readings_kept_as_objects_become_a_log_and_stay_what_they_were()
    {
        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench, "log,config,common@site");
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        device.Start();
        TestDatabase.Execute(bench.Folder, "DELETE FROM migration WHERE number IN (40, 295); DROP TABLE reading; DROP TABLE reading_run; DROP TABLE IF EXISTS reading_day; DROP TABLE IF EXISTS reading_gone; "
            + "UPDATE collection SET seq = 30, live = 12 WHERE name = 'log'; UPDATE collection SET seq = 2, live = 2, outbox = 1 WHERE name = 'common'");
        int seq = 0;
        foreach ((int number, string type) in new[] { (1, "a"), (2, "a"), (3, "b"), (5, "b"), (6, "b"), (7, "b"), (8, "b"), (9, "b"), (20, "b"), (21, "b") })
        {
            Keep("log", "Ab1_" + number, "Ab1_" + number, type, ++seq, number);
            seq += number == 6 ? 1 : 0; // a change of something else
        }

        // changed since, deleted since, of another form, with another id
        Keep("log", "Ab1_30", "Ab1_30", "b", 20, 30, created: 15);
        Keep("log", "Ab1_31", "Ab1_31", "b", 21, 31, deleted: true);
        Keep("log", "Ab1_032", "Ab1_032", "b", 22, 32);
        Keep("log", "Ab1_33", "Ab1_33~2", "b", 23, 33);
        Keep("common", "Ab1_1", "1-Ab1_1", "b", 1, 101);
        Keep("common", "Ab1_2", "1-Ab1_2", "b", 2, 102);
        Keep("config", "Ab1_1", "Ab1_1", "b", 1, 1);
        bench.Restart();

        Assert.AreEqual("Ab1_032=20 Ab1_1=01 Ab1_2=02 Ab1_20=14 Ab1_21=15 Ab1_3=03 Ab1_30=1E Ab1_33~2=21 Ab1_5=05 Ab1_6=06 Ab1_7=07 Ab1_8=08 Ab1_9=09", bench.Held("d1", "log"));
        Assert.AreEqual("1-Ab1_1=65 1-Ab1_2=66", bench.Held("d1", "common"));
        Assert.AreEqual("Ab1_1 Ab1_2 Ab1_3 Ab1_5 Ab1_6 Ab1_7 Ab1_8 Ab1_9 Ab1_20 Ab1_21", string.Join(' ', bench.Objects("d1", "log").Where(o => o.Row.IsLogged).Select(o => o.Row.Id)));
        Assert.IsTrue(bench.Objects("d1", "common").TrueForAll(o => o.Row.IsLogged));
        Assert.AreEqual("a a b b b b b b b b", string.Join(' ', bench.Objects("d1", "log").Where(o => o.Row.IsLogged).Select(o => o.Row.Class![..1])));
        Assert.AreEqual("1 2 3 4 5 7 8 9 10 11", string.Join(' ', bench.Objects("d1", "log").Where(o => o.Row.IsLogged).Select(o => o.Row.Seq)));
        Assert.AreEqual(1_000_000_007, bench.Core.Objects.Get("d1", "log", "Ab1_7").Row.Created);

        // known, told apart, and 4, which is between two of them, is new
        CollectionElement request = device.Log(TestDevice.Add("Ab1_3", 3), TestDevice.Add(null, 4), TestDevice.Add(null, 5), TestDevice.Add("Ab1_31", 31), TestDevice.Add("Ab1_33", 33));
        request.Class = "x#bbbb";
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual(1 + 13, bench.Objects("d1", "log").Count);
        Assert.AreEqual("ok [Add Ab1_20 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_20", 21))).Line());
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_22", 22))).Line());

        void Keep(string collection, string client, string id, string type, int number, int value, int created = 0, bool deleted = false)
        {
            long sum = ContentSum.Of(type + "#bbbb", [(byte)value]);
            TestDatabase.Execute(bench.Folder, string.Create(CultureInfo.InvariantCulture, $"""
                INSERT INTO object (collection_id, server_id, seq, created_seq, class, data, deleted, writer, last_device, last_device_sum, created, changed)
                SELECT id, '{id}', {number}, {(created == 0 ? number : created)}, '{type}#bbbb', {(deleted ? "NULL" : TestDatabase.Blob([(byte)value]))}, {(deleted ? 1 : 0)},
                    (SELECT MAX(id) FROM replica), 1, {sum}, {1_000_000_000 + value}, 2000000000 FROM collection WHERE name = '{collection}';
                INSERT INTO id_map (device_id, collection_id, client_id, server_id, sum, length, crc)
                SELECT 1, id, '{client}', '{id}', {sum}, 1, {CrcSum.Of([(byte)value])} FROM collection WHERE name = '{collection}'
                """));
        }
    }

    private static void Outbox(CollectionElement request)
    {
        request.GetChanges = false;
        request.DeletesAsMoves = true;
    }

    private static string List(Bench bench, long after = 0, int count = 1000)
    {
        return string.Join(", ", bench.Core.Objects.List("d1", "log", after, count).Select(o => $"{o.Row.Seq} {o.Row.Id}={Convert.ToHexString(o.Row.Data!)}"));
    }
}

// What one token can make the server keep beside objects is bounded, and the newest of it stays.

using System.Globalization;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class BoundTests
{
    private const int Most = 1100; // 1,000, made room for every 100

    // Each start, and each verb of the command line that makes something, is one.
    [TestMethod]
    public void Incarnations_are_bounded_and_what_waits_and_is_held_stays_what_it_is()
    {
        const int Starts = 1200, Kept = 1000;
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.Core.Devices.Command("d1", "restart", []);
        for (int i = 0; i < Starts; i++)
        {
            _ = new Incarnation(bench.Core.Store, bench.Clock).Code;
        }

        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            Assert.HasCount(Kept, store.ListIncarnations());
            Assert.IsFalse(store.ListIncarnations().Contains(bench.Core.Incarnation.Code), "that of the server that runs is among those that went");
            Assert.IsTrue(bench.Core.Incarnation.IsPresentCode(store, bench.Core.Incarnation.Code));
            Assert.IsFalse(bench.Core.Incarnation.IsPresentCode(store, "gone"));
            Assert.IsTrue(bench.Core.Incarnation.IsPresentCode(store, store.ListIncarnations()[^1]), "a server that began later");
            Assert.IsTrue(bench.Core.Incarnation.IsPresentCode(store, store.ListIncarnations()[0]), "and the first of them that is kept");
            Assert.IsTrue(bench.Core.Incarnation.IsPresent(store, store.ListIncarnations()[0]));
            string never = Enumerable.Range(0, 26 * 26).Select(i => $"{(char)('A' + (i % 26))}{(char)('a' + (i / 26))}__").First(e => store.ListIncarnations().TrueForAll(l => l[..2] != e[..2]));
            Assert.IsFalse(bench.Core.Incarnation.IsPresent(store, never), "an epoch that this database has not lived");
        }

        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 1))).Line());
        bench.Restart();
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 2))).Line(), "its key is one that was given");
    }

    [TestMethod]
    public void Refusals_of_a_device_are_bounded_and_the_newest_stay()
    {
        using Bench bench = new();
        int d1 = bench.Device().Identity.Id, d2 = bench.Device("d2").Identity.Id;
        Write(bench, (store, i) => store.Refused(i % 4 == 3 ? d2 : d1, new RefusalRow("config", true, "o" + i, 6, "", 1, i)), 4000);
        Assert.IsLessThanOrEqualTo(Most, bench.Core.Devices.Refusals("d1", 10_000).Count);
        Assert.AreEqual("o3998", bench.Core.Devices.Refusals("d1", 10_000)[0].ObjectId);
        Assert.HasCount(1000, bench.Core.Devices.Refusals("d2", 10_000), "another device's are not touched");
    }

    [TestMethod]
    public void A_device_that_asks_for_ever_new_collections_does_not_fill_the_database()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        for (int i = 0; i < 1500; i++)
        {
            device.Exchange(new CollectionElement { Id = "c" + i, SyncKey = "0" });
        }

        Assert.IsLessThanOrEqualTo(Most, bench.Core.Devices.Refusals("d1", 10_000).Count);
        Assert.IsTrue(bench.Core.Devices.Refusals("d1", 10_000).TrueForAll(r => r.ByServer));
        Assert.AreEqual("c1499", bench.Core.Devices.Refusals("d1", 10_000).MaxBy(r => int.Parse(r.Collection.AsSpan(1), CultureInfo.InvariantCulture))!.Collection);
    }

    [TestMethod]
    public void Losers_are_bounded_in_number_and_bytes_and_the_newest_stay()
    {
        using Bench bench = new();
        int device = bench.Device().Identity.Id;
        Write(bench, (store, i) => store.AddLoser(device, 1, new LoserRow("o" + i, true, false, null, [1], i), i), 3000);
        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            List<LoserRow> kept = store.ListLosers(device, 1, 10_000);
            Assert.IsTrue(kept.Count is >= 1000 and <= Most, $"{kept.Count}");
            Assert.AreEqual("o2999", kept[0].ServerId);
        }

        Write(bench, (store, i) => store.AddLoser(device, 2, new LoserRow("big" + i, true, false, null, new byte[8 << 20], 10_000 + i), i), 12);
        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            List<LoserRow> kept = store.ListLosers(device, 2, 10_000);
            Assert.HasCount(8, kept, "64 MB");
            Assert.AreEqual("big11", kept[0].ServerId);
        }
    }

    [TestMethod]
    public void Stores_of_sealed_messages_and_finished_commands_are_bounded()
    {
        using Bench bench = new();
        int device = bench.Device().Identity.Id;
        Write(bench, (store, i) => store.SaveSealedNumber(device, i.ToString("D4", CultureInfo.InvariantCulture), new SealedNumberRow(7, true, i)), 600);
        Write(bench, (store, i) => store.FinishCommand(device, store.AddCommand(device, "restart", _ => [], 0, "", i), 1, "", i), 1500);
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.IsNotNull(store.FindSealedNumber(device, "0599"));
        Assert.IsNotNull(store.FindSealedNumber(device, "0344"));
        Assert.IsNull(store.FindSealedNumber(device, "0343"));
        Assert.IsTrue(store.ListCommands(device, all: true).Count is 1000 or 1001);
    }

    [TestMethod]
    public void What_is_left_of_deleted_objects_goes_once_all_who_sync_the_collection_have_seen_it()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site"), two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        AddAndDelete(bench, one, 0, 300);
        Assert.AreEqual(300, Left(bench), "d2 has not seen them");

        two.Pull();
        two.Pull(); // acknowledges the last reply
        AddAndDelete(bench, one, 300, 300);
        Assert.IsLessThan(320, Left(bench), "those that both have seen are gone");
        Assert.IsGreaterThanOrEqualTo(300, Left(bench), "and those that d2 has not seen are there");
        Assert.AreEqual(300, two.Pull().Count(c => c.Tag == Protocol.Tags.Delete));
    }

    [TestMethod]
    public void A_store_that_was_not_seen_for_90_days_is_not_waited_for_and_starts_over()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site"), two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        bench.Clock.Now += TimeSpan.FromDays(91);
        AddAndDelete(bench, one, 0, 400);
        Assert.IsLessThan(250, Left(bench));
        Assert.AreEqual("status 3", two.Sync(two.Ask()).Line());
        two.Start();
        Assert.IsNotNull(two.Exchange(two.Ask()));
    }

    [TestMethod]
    public void Beyond_the_bound_of_deleted_objects_new_ones_are_refused_until_all_have_seen_them()
    {
        using Bench bench = new(new Server.ServerOptions { Limits = new SyncLimits { MaxDeleted = 150 } });
        TestDevice one = bench.Device("d1", "config@site"), two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        AddAndDelete(bench, one, 0, 150);
        CollectionElement request = one.Ask();
        request.Commands.Add(TestDevice.Add("Ab1_900", 1));
        Assert.Contains("[Add Ab1_900 status 9", one.Sync(request).Line());
        two.Pull();
        two.Pull(); // acknowledges the last reply
        AddAndDelete(bench, one, 2000, 1);
    }

    private static int Left(Bench bench)
    {
        return bench.Core.Objects.List("d1", "config", count: int.MaxValue, deleted: true).Count(o => o.Row.Deleted);
    }

    private static void AddAndDelete(Bench bench, TestDevice device, int first, int count, bool refused = false)
    {
        _ = bench;
        for (int i = first; i < first + count; i++)
        {
            CollectionElement request = device.Ask();
            request.Commands.Add(TestDevice.Add("Ab1_" + i, 1));
            CollectionElement reply = device.Sync(request);
            string? id = reply.Responses.Single().ServerId;
            Assert.AreEqual(refused, id == null, reply.Line());
            if (id != null)
            {
                request = device.Ask();
                request.Commands.Add(new SyncCommand { Tag = Protocol.Tags.Delete, ServerId = id });
                device.Sync(request);
            }
        }
    }

    private static void Write(Bench bench, Action<IStoreTransaction, int> write, int count)
    {
        using IStoreTransaction store = bench.Core.Store.BeginWrite();
        for (int i = 0; i < count; i++)
        {
            write(store, i);
        }

        store.Commit();
    }
}

using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;
using static NanoSync.ProxyTests.FieldDevice;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class ProxyTests
{
    private const string Both = "readings,config";
    private const string Upstream = "d1.readings,d1.config";

    [TestMethod]
    public async Task Readings_of_a_device_go_to_the_upstream_once_each_and_in_order()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "readings", Upstream, ProxyDirection.Up);
        FieldDevice device = site.Device("d1", Both);
        for (uint i = 0; i < 200; i++)
        {
            device.Append(i);
        }

        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);

        CollectionAssert.AreEqual(Enumerable.Range(0, 200).Select(i => Hex((uint)i)).ToList(), up.Values(site.Name, "d1.readings"));
        Assert.AreEqual("reading#", up.Objects(site.Name, "d1.readings")[0].Row.Class![..8]);
        Assert.IsTrue(site.Run());
        Assert.HasCount(200, up.Values(site.Name, "d1.readings"));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("/")]
    [DataRow("/sync")]
    [DataRow("/sync/")]
    public async Task An_upstream_is_named_with_or_without_sync_at_its_end(string path)
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "readings", Upstream, ProxyDirection.Up, path: path);
        FieldDevice device = site.Device("d1", Both);
        device.Append(1);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(1, up.Values(site.Name, "d1.readings"));
    }

    [TestMethod]
    public async Task What_changes_upstream_comes_down_to_the_device()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config", Upstream);
        FieldDevice device = site.Device("d1", Both);
        device.Put("sampling", 7);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual("sampling=" + Hex(7), up.Held(site.Name, "d1.config"));

        up.Put(site.Name, "d1.config", "sampling", Value(9));
        up.Put(site.Name, "d1.config", "limits", Value(3));
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual($"limits={Hex(3)} sampling={Hex(9)}", device.Held());

        up.Core.Objects.Delete(site.Name, "d1.config", "limits");
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual("sampling=" + Hex(9), device.Held());

        device.Change("sampling", 11);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual("sampling=" + Hex(11), up.Held(site.Name, "d1.config"));

        device.Delete("sampling");
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual("", up.Held(site.Name, "d1.config"));
    }

    [TestMethod]
    public async Task An_object_has_three_ids_and_the_map_shows_them()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config@hall=hall", "hall");
        FieldDevice device = site.Device("d1", "readings,config@hall");
        uint local = device.Add(5);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);

        Association map = site.Proxy.Map().Single();
        Assert.AreEqual("d1", map.Device);
        Assert.AreEqual(device.Store.FormatId + local, map.ClientId);
        Assert.AreEqual("1-" + map.ClientId, map.OwnId);
        Assert.AreEqual(up.Objects(site.Name, "hall").Single().Row.Id, map.UpstreamId);
        Assert.AreNotEqual(map.OwnId, map.UpstreamId);
        Assert.AreEqual(MapState.InStep, map.State);

        // the same on the command line, beside the running server
        string line = site.Verb("proxy", "map").Split('\n').Single(l => l.Contains(map.ClientId!, StringComparison.Ordinal));
        CollectionAssert.AreEqual(
            new[] { "up", "d1", map.ClientId, "config@hall", map.OwnId, "hall", map.UpstreamId, "in", "step" },
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.IsFalse(site.Verb("proxy", "map", "--device", "d2").Contains(map.OwnId, StringComparison.Ordinal));

        up.Put(site.Name, "hall", map.UpstreamId!, Value(6));
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual($"{map.OwnId}={Hex(6)}", device.Held());
    }

    [TestMethod]
    public async Task Numbers_given_on_both_sides_do_not_meet()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config", Upstream);
        FieldDevice device = site.Device("d1", Both);
        site.Put("d1", "config", null, Value(1)); // s1 here
        up.Put(site.Name, "d1.config", null, Value(2)); // s1 there
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();

        CollectionAssert.AreEquivalent(new[] { Hex(1), Hex(2) }, site.Values("d1", "config"));
        CollectionAssert.AreEquivalent(new[] { Hex(1), Hex(2) }, up.Values(site.Name, "d1.config"));
        Assert.HasCount(2, device.Held().Split(' '));
    }

    [TestMethod]
    public async Task A_shared_collection_comes_down_to_all_its_devices()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config@hall", "config");
        FieldDevice one = site.Device("d1", "readings,config@hall");
        FieldDevice two = site.Device("d2", "readings,config@hall");
        up.Put(site.Name, "config", "sampling", Value(4));
        Assert.IsTrue(site.Run(), site.LastText);
        one.Sync();
        two.Sync();
        Assert.AreEqual("sampling=" + Hex(4), one.Held());
        Assert.AreEqual("sampling=" + Hex(4), two.Held());

        one.Change("sampling", 5);
        one.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        two.Sync();
        Assert.AreEqual("sampling=" + Hex(5), two.Held());
        Assert.AreEqual("sampling=" + Hex(5), up.Held(site.Name, "config"));
    }

    [TestMethod]
    public async Task Refusals_of_devices_travel_up_with_their_reasons()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config", Upstream);
        FieldDevice device = site.Device("d1", Both, new Bound(10));
        up.Put(site.Name, "d1.config", "sampling", Value(99));
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual("", device.Held());
        Assert.IsTrue(site.Run(), site.LastText);

        ObjectView refused = up.Core.Objects.Get(site.Name, "d1.config", "sampling");
        Assert.AreEqual("refused", refused.State);
        Assert.AreEqual("d1: above 10", refused.Reason);

        // asked for again upstream: it goes down again, and is refused again
        up.Core.Objects.Retry(site.Name, "d1.config", "sampling");
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual("waiting", site.Core.Objects.Get("d1", "config", "sampling").State);
        device.Sync();

        // another value: it is taken
        up.Put(site.Name, "d1.config", "sampling", Value(8));
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual("sampling=" + Hex(8), device.Held());
    }

    [TestMethod]
    public async Task Refusals_of_the_upstream_travel_down_with_their_reasons()
    {
        await using Node up = await Node.Start(new SyncLimits { MaxObjects = 1 });
        await using Node site = await Node.Start();
        site.PassTo(up, "config", Upstream);
        FieldDevice device = site.Device("d1", Both);
        device.Put("a", 1);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        device.Put("b", 2);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);

        Association map = site.Proxy.Map().Single(a => a.OwnId == "b");
        Assert.AreEqual(MapState.Refused, map.State);
        Assert.AreEqual(Status.OutOfSpace, map.Status);
        RefusalRow told = site.Core.Devices.Refusals("d1").Single(r => r.ObjectId == "b");
        StringAssert.Contains(told.Reason, "upstream: the quota of 1 objects is used up");
        device.Sync();
        StringAssert.Contains(device.Held(), $"b={Hex(2)} refused(9) the quota of 1 objects");

        // room again, and someone asks
        up.Core.Objects.Delete(site.Name, "d1.config", "a");
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual(1, site.Proxy.Retry("up", "b"));
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual("b=" + Hex(2), device.Held());
        Assert.AreEqual("b=" + Hex(2), up.Held(site.Name, "d1.config"));
    }

    [TestMethod]
    public async Task Of_two_changes_at_the_same_time_the_upstream_s_wins_unless_set_otherwise()
    {
        foreach (bool deviceWins in new[] { false, true })
        {
            await using Node up = await Node.Start();
            await using Node site = await Node.Start();
            site.PassTo(up, "config", Upstream, deviceWins: deviceWins);
            FieldDevice device = site.Device("d1", Both);
            device.Put("sampling", 1);
            device.Sync();
            Assert.IsTrue(site.Run(), site.LastText);

            device.Change("sampling", 2);
            device.Sync();
            up.Put(site.Name, "d1.config", "sampling", Value(3));
            Assert.IsTrue(site.Run(), site.LastText);
            Assert.IsTrue(site.Run(), site.LastText);
            device.Sync();

            string winner = "sampling=" + Hex(deviceWins ? 2u : 3u);
            Assert.AreEqual(winner, device.Held());
            Assert.AreEqual(winner, site.Held("d1", "config"));
            Assert.AreEqual(winner, up.Held(site.Name, "d1.config"));
        }
    }

    [TestMethod]
    public async Task An_object_deleted_before_the_upstream_heard_of_it_does_not_keep_the_upstream_s_one_away()
    {
        foreach (bool deviceWins in new[] { false, true })
        {
            await using Node up = await Node.Start();
            await using Node site = await Node.Start();
            site.PassTo(up, "config", Upstream, deviceWins: deviceWins);
            FieldDevice device = site.Device("d1", Both);
            Assert.IsTrue(site.Run(), site.LastText);
            device.Put("sampling", 1);
            device.Sync();
            site.Core.Objects.Delete("d1", "config", "sampling");
            up.Put(site.Name, "d1.config", "sampling", Value(3));
            Assert.IsTrue(site.Run(), site.LastText);
            device.Sync();

            string expected = "sampling=" + Hex(3);
            Assert.AreEqual(expected, site.Held("d1", "config"));
            Assert.AreEqual(expected, up.Held(site.Name, "d1.config"));
            Assert.AreEqual(expected, device.Held());
        }
    }

    [TestMethod]
    public async Task The_upstream_away_for_days_is_not_noticed_by_devices_and_then_all_flows_once()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "readings,config", Upstream);
        FieldDevice device = site.Device("d1", Both);
        device.Put("sampling", 0);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        await up.Stop();

        for (uint day = 1; day <= 20; day++)
        {
            for (uint i = 0; i < 25; i++)
            {
                device.Append((day * 100) + i);
            }

            device.Change("sampling", day);
            device.Sync();
            Assert.AreEqual(0, device.Pending);
            Assert.IsFalse(site.Run());
            StringAssert.Contains(site.LastText, "is not reached");
        }

        await site.Restart();
        await up.Start();
        List<int> windows = [];
        site.Wrap = c => new CountingCarrier(c, windows);
        await site.Restart();
        Assert.IsTrue(site.Run(), site.LastText);

        List<string> expected = [.. from day in Enumerable.Range(1, 20) from i in Enumerable.Range(0, 25) select Hex((uint)((day * 100) + i))];
        CollectionAssert.AreEqual(expected, up.Values(site.Name, "d1.readings"));
        Assert.AreEqual("sampling=" + Hex(20), up.Held(site.Name, "d1.config"));
        Assert.IsLessThan(9000, windows.Max());
    }

    [TestMethod]
    public async Task A_proxy_of_a_proxy()
    {
        await using Node top = await Node.Start();
        await using Node middle = await Node.Start();
        await using Node site = await Node.Start();
        middle.PassTo(top, $"{site.Name}/d1.readings=readings,{site.Name}/d1.config=config", "readings,config");
        site.PassTo(middle, "readings,config", Upstream);
        FieldDevice device = site.Device("d1", Both, new Bound(10));
        for (uint i = 0; i < 70; i++)
        {
            device.Append(i);
        }

        uint local = device.Add(1);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.IsTrue(middle.Run(), middle.LastText);
        CollectionAssert.AreEqual(Enumerable.Range(0, 70).Select(i => Hex((uint)i)).ToList(), top.Values(middle.Name, "readings"));
        Assert.HasCount(1, top.Values(middle.Name, "config"));
        Assert.AreNotEqual(0u, local);

        top.Put(middle.Name, "config", "good", Value(5));
        top.Put(middle.Name, "config", "bad", Value(50));
        Assert.IsTrue(middle.Run(), middle.LastText);
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        StringAssert.Contains(device.Held(), "good=" + Hex(5));
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.IsTrue(middle.Run(), middle.LastText);
        ObjectView refused = top.Core.Objects.Get(middle.Name, "config", "bad");
        Assert.AreEqual("refused", refused.State);
        StringAssert.Contains(refused.Reason!, "above 10");
    }

    [TestMethod]
    public async Task A_refusal_travels_down_through_two_proxies()
    {
        await using Node top = await Node.Start(new SyncLimits { MaxObjects = 1 });
        await using Node middle = await Node.Start();
        await using Node site = await Node.Start();
        middle.PassTo(top, $"{site.Name}/d1.config=config", "config");
        site.PassTo(middle, "config", "d1.config");
        FieldDevice device = site.Device("d1", Both);
        foreach (string name in new[] { "a", "b" })
        {
            device.Put(name, 1);
            device.Sync();
            Assert.IsTrue(site.Run(), site.LastText);
            Assert.IsTrue(middle.Run(), middle.LastText);
        }

        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
        Assert.AreEqual($"a={Hex(1)} b={Hex(1)} refused(9) the quota of 1 objects is used up", device.Held());
        StringAssert.Contains(site.Core.Devices.Refusals("d1").Single().Reason, "upstream: the quota of 1 objects is used up");
    }

    [TestMethod]
    public async Task Proxies_in_a_circle_are_refused()
    {
        await using Node a = await Node.Start();
        await using Node b = await Node.Start();
        a.PassTo(b, "config@ring", "config@ring");
        b.PassTo(a, "config@ring", "config@ring");
        FieldDevice device = a.Device("d1", "readings,config@ring");
        device.Put("sampling", 1);
        device.Sync();
        Assert.IsTrue(a.Run(), a.LastText);
        Assert.IsFalse(b.Run());
        StringAssert.StartsWith(b.LastText, "LOOP: ");
        Assert.AreEqual(Status.Loop, a.Core.Devices.Refusals(b.Name).Single().Status);
        Assert.IsTrue(a.Run(), a.LastText);
        Assert.HasCount(1, b.Values(a.Name, "config"));
        Assert.HasCount(1, a.Values("d1", "config"));
    }

    [TestMethod]
    public async Task A_longer_circle_is_refused_where_it_closes()
    {
        await using Node a = await Node.Start();
        await using Node b = await Node.Start();
        await using Node c = await Node.Start();
        a.PassTo(b, "config@ring", "config@ring");
        b.PassTo(c, "config@ring", "config@ring");
        c.PassTo(a, "config@ring", "config@ring");
        Assert.IsTrue(a.Run(), a.LastText);
        Assert.IsTrue(b.Run(), b.LastText);
        Assert.IsFalse(c.Run());
        StringAssert.StartsWith(c.LastText, "LOOP: ");
    }

    [TestMethod]
    public async Task A_large_object_goes_up_and_down_in_parts()
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "config", Upstream);
        site.Device("d1", Both);
        byte[] large = new byte[100_000];
        new Random(5).NextBytes(large);
        site.Put("d1", "config", "up", large);
        up.Put(site.Name, "d1.config", "down", [.. large.Reverse()]);
        Assert.IsTrue(site.Run(), site.LastText);
        CollectionAssert.AreEqual(large, up.Core.Objects.Get(site.Name, "d1.config", "up").Row.Data);
        CollectionAssert.AreEqual(large.Reverse().ToArray(), site.Core.Objects.Get("d1", "config", "down").Row.Data);
    }
}

// SPEC 5.5 and 5.8: what goes down, in which portions, and what does not.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class FeedTests
{
    [TestMethod]
    public void A_window_or_a_limit_that_is_told_again_replaces_the_one_remembered()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => (c.WindowSize, c.Limit) = (1, 100));
        string Next(Action<CollectionElement>? shape = null)
        {
            CollectionElement request = device.Ask();
            shape?.Invoke(request);
            return string.Join(' ', device.Sync(request).Commands.Select(c => c.ServerId));
        }

        foreach (string id in (string[])["a", "b", "c", "d", "e", "f", "g", "h"])
        {
            bench.PutBytes("d1", id, 1, 2);
        }

        Assert.AreEqual("a", Next());
        Assert.AreEqual("b c", Next(c => c.WindowSize = 2));
        Assert.AreEqual("d e", Next());
        Assert.AreEqual("f", Next(c => c.Limit = 3));
        Assert.AreEqual("g", Next());
    }

    [TestMethod]
    public void Changes_go_down_in_order_as_Add_Change_and_Delete()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        device.Sync(device.Ask());
        bench.PutBytes("d1", "a", 2);
        bench.Core.Objects.Delete("d1", "config", "b");
        bench.PutBytes("d1", "c", 3);
        bench.PutBytes("d1", "a", 4);
        Assert.AreEqual("ok {Delete b} {Add c 03} {Change a 04}", device.Sync(device.Ask()).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void An_object_made_again_after_its_deletion_is_an_Add()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        bench.Core.Objects.Delete("d1", "config", "a");
        device.Sync(device.Ask());
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void Without_GetChanges_nothing_goes_down()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        Assert.IsNull(device.Exchange(device.Ask(getChanges: false)));
        CollectionElement request = device.Ask(getChanges: false);
        request.Commands.Add(TestDevice.Add("Ab1_1", 1));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(request).Line());
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(512)]
    public void A_window_bounds_the_objects_and_every_object_comes_once(int window)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.WindowSize = window);
        for (byte i = 0; i < 10; i++)
        {
            bench.PutBytes("d1", "o" + i, i);
        }

        List<string> got = [];
        int rounds = 0;
        CollectionElement answer;
        do
        {
            answer = device.Sync(device.Ask());
            Assert.IsLessThanOrEqualTo(window, answer.Commands.Count);
            got.AddRange(answer.Commands.Select(c => c.ServerId!));
            rounds++;
        }
        while (answer.MoreAvailable);

        Assert.AreEqual("o0 o1 o2 o3 o4 o5 o6 o7 o8 o9", string.Join(' ', got));
        Assert.AreEqual((10 + window - 1) / window, rounds);
    }

    [TestMethod]
    public void Limit_bounds_the_bytes_and_a_larger_object_goes_down_in_parts()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Limit = 5);
        bench.PutBytes("d1", "a", 1, 2, 3);
        bench.PutBytes("d1", "b", 4, 5);
        bench.PutBytes("d1", "c", new byte[9]);
        bench.PutBytes("d1", "d", 6);
        Assert.AreEqual("ok {Add a 010203} {Add b 0405} more", device.Sync(device.Ask()).Line());
        CollectionElement part = device.Sync(device.Ask());
        Assert.AreEqual("ok {Add c 0000000000} more", part.Line());
        Assert.IsTrue(PartRange.TryFind(part.Commands.Single().Options, out PartRange? range));
        Assert.AreEqual(new PartRange(0, null, 9, CrcSum.Of(new byte[9]), 3), range);
        Assert.AreEqual("ok {Add d 06}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void The_servers_own_bound_holds_where_the_device_gave_none()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxReply = 10_000 } });
        TestDevice device = Started(bench);
        for (byte i = 0; i < 4; i++)
        {
            bench.PutBytes("d1", "o" + i, new byte[6000]);
        }

        for (int i = 0; i < 4; i++)
        {
            CollectionElement answer = device.Sync(device.Ask());
            Assert.AreEqual(6000, answer.Commands.Single().Data!.Value.Length);
            Assert.AreEqual(i < 3, answer.MoreAvailable);
        }
    }

    [TestMethod]
    public void The_devices_own_writes_do_not_come_back()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Change("a", 2))).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void Own_writes_do_not_hide_an_object_that_the_application_changed_since()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        bench.PutBytes("d1", "Ab1_1", 2);
        Assert.AreEqual("ok {Change Ab1_1 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void After_starting_over_all_comes_also_own_writes_and_deletions()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 5)));
        bench.Core.Objects.Delete("d1", "config", "b");
        device.Sync(With(device, TestDevice.Delete("a")));
        device.Start();
        Assert.AreEqual("ok {Add Ab1_1 05} {Delete b} {Delete a}", device.Sync(device.Ask()).Line());
        Assert.AreEqual("ok [Add Ab1_2 Ab1_2]", device.Sync(With(device, TestDevice.Add("Ab1_2", 6))).Line());
    }

    [TestMethod]
    public void So_it_comes_after_starting_over_because_it_was_asked_to_as_Adds_whatever_the_device_had_seen()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        device.Sync(With(device, TestDevice.Change("b", 2)));
        device.SetKey("99zzzz");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.Start();
        Assert.AreEqual("ok {Add a 01} {Add b 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void A_write_of_the_same_value_is_no_change()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        ObjectView first = bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.AreEqual(first.Row.Seq, bench.PutBytes("d1", "a", 1).Row.Seq);
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 1))).Line());
        Assert.AreEqual(first.Row.Seq, bench.Objects("d1").Single().Row.Seq);
    }

    [TestMethod]
    public void The_class_stands_once_and_what_differs_stands_with_the_object()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.Put("d1", "a", """{"interval":5,"sensors":null}""", Bench.Sampling);
        bench.Put("d1", "b", """{"interval":6,"sensors":null}""");
        bench.PutBytes("d1", "c", 1, 1);
        bench.Put("d1", "d", """{"at":"2024-01-01T00:00:10Z","temperature":21.5}""", Bench.Reading);
        CollectionElement answer = device.Sync(device.Ask());
        string sampling = bench.Objects("d1")[0].Row.Class!;
        string reading = bench.Objects("d1")[3].Row.Class!;
        Assert.AreEqual($"ok class {sampling} {{Add a 0105}} {{Add b 0106}} {{Add c 0101}} {{Add d class {reading} 030ACC21}}", answer.Line());
    }

    [TestMethod]
    public void Tombstones_of_another_devices_deletion_reach_a_group()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site");
        TestDevice two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        one.Sync(With(one, TestDevice.Add("Ab1_1", 1)));
        two.Sync(two.Ask());
        one.Sync(With(one, TestDevice.Change("1-Ab1_1", 2)));
        Assert.AreEqual("ok {Change 1-Ab1_1 02}", two.Sync(two.Ask()).Line());
        one.Sync(With(one, TestDevice.Delete("1-Ab1_1")));
        Assert.AreEqual("ok {Delete 1-Ab1_1}", two.Sync(two.Ask()).Line());
    }
}

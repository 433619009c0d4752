// SPEC 2.3: Limit bounds the ApplicationData of the whole reply: structures, reasons and objects of all collections.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ReplyBudgetTests
{
    private const int Limit = 100;

    [TestMethod]
    public void Collections_share_the_limit_and_each_object_comes_once()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (int i = 0; i < 6; i++)
        {
            bench.PutBytes("d1", "a" + i, Filled(30));
            bench.Core.Objects.Put("d1", "other", "b" + i, new Server.Application.NewValue(null, Filled(40), null));
        }

        List<string> got = [];
        for (int round = 0; round < 6; round++)
        {
            SyncMessage reply = Exchange(device)!;
            Assert.IsLessThanOrEqualTo(Limit, Bytes(reply));
            got.AddRange(reply.Collections.SelectMany(c => c.Commands).Select(c => c.ServerId!));
            Assert.AreEqual(round < 4, reply.Collections.Exists(c => c.MoreAvailable), $"round {round}");
            if (round == 4)
            {
                break;
            }
        }

        // 3 + 3 of 30 bytes, a 40 beside neither; then two of 40 at a time
        Assert.AreEqual("a0 a1 a2 a3 a4 a5 b0 b1 b2 b3 b4 b5", string.Join(' ', got));
        Assert.IsNull(Exchange(device));
    }

    [TestMethod]
    public void The_first_object_of_a_reply_is_cut_to_what_the_structures_leave()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", Filled(Limit));
        bench.Core.Devices.Command("d1", "restart", []);
        SyncMessage reply = Exchange(device)!;
        int command = reply.Options.Single().Data!.Value.Length;
        SyncCommand part = reply.Collections[0].Commands.Single();
        Assert.AreEqual(Limit - command, part.Data!.Value.Length);
        Assert.IsTrue(PartRange.TryFind(part.Options, out PartRange? range));
        Assert.AreEqual(new PartRange(0, null, Limit, CrcSum.Of(Filled(Limit)), 1), range);
    }

    [TestMethod]
    public void With_a_key_that_is_not_known_comes_what_the_device_can_take_all_the_same()
    {
        const int Little = 20;
        using Bench bench = new();
        TestDevice device = Started(bench, Little);
        Queue(bench, 30);
        CollectionElement request = device.Ask();
        request.SyncKey = "9AbCdAbCd";
        SyncMessage message = new();
        message.Collections.Add(request);
        SyncMessage reply = device.Exchange(message)!;
        Assert.AreNotEqual(0, reply.Collections.Single().Status);
        Assert.IsGreaterThan(1, reply.Options.Count);
        Assert.IsLessThanOrEqualTo(Little, Bytes(reply));
    }

    [TestMethod]
    [DataRow(100, 20)]
    [DataRow(20, 100)]
    public void A_limit_told_in_the_very_request_counts_and_not_the_one_remembered(int remembered, int told)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Limit = remembered);
        Queue(bench, 30);
        CollectionElement request = device.Ask();
        request.Limit = told;
        int bytes = Bytes(device.Exchange(request)!);
        Assert.AreEqual(told > remembered, bytes > 20);
        Assert.IsLessThanOrEqualTo(told, bytes);
    }

    [TestMethod]
    [DataRow(60, 20)]
    [DataRow(20, null)]
    [DataRow(null, null)]
    public void With_a_key_that_is_not_known_the_least_limit_of_the_stores_counts_and_without_any_comes_one_structure(int? first, int? second)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        foreach ((string store, int? own) in (ReadOnlySpan<(string, int?)>)[("Ab1_", first), ("Cd2_", second)])
        {
            device.StoreId = store;
            device.Start(shape: c => c.Limit = own);
        }

        Queue(bench, 30);
        CollectionElement request = device.Ask();
        request.SyncKey = "9AbCdAbCd";
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreNotEqual(0, reply.Collections.Single().Status);
        Assert.AreEqual(first != null, reply.Options.Count > 1);
        Assert.IsTrue(first == null || Bytes(reply) <= 20);

        request = device.Ask();
        request.SyncKey = SyncKeys.Zero; // no store told any with it yet
        Assert.HasCount(8, device.Exchange(request)!.Options);
    }

    [TestMethod]
    public void A_kept_reply_leaves_a_new_command_to_the_next()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", Filled(Limit));
        SyncMessage lost = Exchange(device, take: false)!;
        Assert.AreEqual(Limit, Bytes(lost));
        bench.Core.Devices.Command("d1", "restart", []);
        SyncMessage again = Exchange(device)!;
        Assert.AreEqual(lost.Collections[0].SyncKey, again.Collections[0].SyncKey);
        Assert.AreEqual(Limit, Bytes(again));
        Assert.IsEmpty(again.Options);
        Assert.AreEqual("restart", Exchange(device)!.Options.Single().Class);
    }

    [TestMethod]
    public void What_is_kept_of_a_later_collection_counts_before_an_earlier_one_is_made_anew()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", Filled(10));
        bench.Core.Objects.Put("d1", "other", "b", new Server.Application.NewValue(null, Filled(90), null));
        SyncMessage first = new();
        first.Collections.AddRange([device.Ask(), device.Ask("other")]);
        first.Collections[1].GetChanges = false;
        first.Collections[1].Commands.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "b" });
        Assert.AreEqual(100, Bytes(device.Exchange(first)!));
        bench.PutBytes("d1", "a", Filled(60));
        SyncMessage again = null!;
        for (int i = 0; i < 4; i++)
        {
            again = device.Parse(device.Send(device.LastRequest))!; // the objects are given so and so often, then others in their place
            Assert.IsLessThanOrEqualTo(Limit, Bytes(again), $"{i}");
        }

        Assert.AreEqual("ok more", again.Collections[0].Line());
        again.Collections.ForEach(device.Take);
        Assert.AreEqual("ok {Add a", device.Exchange(Both(device))!.Collections[0].Line()[..9]);
    }

    [TestMethod]
    public void Reasons_take_a_quarter_and_what_is_refused_beyond_has_its_status_alone()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", Filled(Limit));
        CollectionElement request = device.Ask();
        for (int i = 0; i < 3; i++)
        {
            SyncCommand fetch = TestDevice.Fetch("a");
            fetch.Options.Add(new Structure("range", new byte[] { 0xFF, 0xFF }));
            request.Commands.Add(fetch);
        }

        SyncMessage message = new();
        message.Collections.Add(request);
        SyncMessage reply = device.Exchange(message)!;
        List<SyncCommand> refused = reply.Collections[0].Responses;
        Assert.AreEqual("4 24; 4 -; 4 -", string.Join("; ", refused.Select(r => $"{r.Status} {(r.Data is { } d ? d.Length.ToString() : "-")}")));
        Assert.AreEqual("the range cannot be read", Encoding.UTF8.GetString(refused[0].Data!.Value.Span));
        Assert.AreEqual(Limit, Bytes(reply));
    }

    [TestMethod]
    [DataRow(96, 10, true)]
    [DataRow(95, 10, false)]
    [DataRow(10, 96, true)] // the largest of the collections asked for
    public void A_reason_of_a_quarter_of_the_limit_just_fits(int limit, int other, bool fits)
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,other");
        device.Start(shape: c => c.Limit = limit);
        device.Start("other", c => c.Limit = other);
        bench.PutBytes("d1", "a", 1);
        SyncMessage message = Both(device);
        SyncCommand fetch = TestDevice.Fetch("a");
        fetch.Options.Add(new Structure("range", new byte[] { 0xFF, 0xFF }));
        message.Collections[0].Commands.Add(fetch);
        SyncCommand refused = device.Exchange(message)!.Collections[0].Responses.Single();
        Assert.AreEqual(Status.ProtocolError, refused.Status);
        Assert.AreEqual(fits ? 24 : 0, refused.Data?.Length ?? 0);
    }

    [TestMethod]
    [DataRow(Limit - 24, 24)]
    [DataRow(Limit - 23, 0)]
    public void A_reason_comes_where_the_rest_of_the_reply_leaves_it_just_enough(int before, int reason)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        bench.Core.Objects.Put("d1", "other", "b", new Server.Application.NewValue(null, Filled(before), null));
        SyncMessage message = Both(device);
        message.Collections[1].GetChanges = false;
        message.Collections[1].Commands.Add(TestDevice.Fetch("b"));
        SyncCommand bad = TestDevice.Fetch("a");
        bad.Options.Add(new Structure("range", new byte[] { 0xFF, 0xFF }));
        message.Collections[0].Commands.Add(bad);
        message.Collections.Reverse();
        SyncMessage reply = device.Exchange(message)!;
        Assert.AreEqual(before, reply.Collections[0].Responses.Single().Data!.Value.Length);
        SyncCommand refused = reply.Collections[1].Responses.Single();
        Assert.AreEqual((Status.ProtocolError, reason), (refused.Status, refused.Data?.Length ?? 0));
    }

    [TestMethod]
    public void What_is_kept_counts_once_and_leaves_the_rest_to_what_is_made_anew()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", Filled(10));
        bench.Core.Objects.Put("d1", "other", "b", new Server.Application.NewValue(null, Filled(40), null));
        SyncMessage first = Both(device);
        first.Collections[1].GetChanges = false;
        first.Collections[1].Commands.Add(TestDevice.Fetch("b"));
        first.Collections.Reverse(); // what is kept comes first
        Assert.AreEqual(50, Bytes(device.Exchange(first)!));
        bench.PutBytes("d1", "a", Filled(60));
        SyncMessage again = null!;
        for (int i = 0; i < 4; i++)
        {
            again = device.Parse(device.Send(device.LastRequest))!;
        }

        Assert.AreEqual($"ok {{Add a {Convert.ToHexString(Filled(60))}}}", again.Collections[1].Line());
        Assert.IsEmpty(again.Collections[1].Commands.Single().Options, "the whole of it");
        Assert.AreEqual(Limit, Bytes(again));
    }

    [TestMethod]
    public void The_reasons_of_an_outbox_count_although_it_has_no_limit_of_its_own()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "log,config");
        device.Start("log");
        device.Start(shape: c => c.Limit = Limit);
        bench.PutBytes("d1", "a", Filled(Limit));
        SyncMessage message = new();
        CollectionElement log = device.Ask("log", getChanges: false);
        for (int i = 0; i < 10; i++)
        {
            SyncCommand bad = TestDevice.Add("Ab1_" + (i + 1), 1);
            bad.Options.Add(new Structure("range", new byte[] { 0xFF, 0xFF }));
            log.Commands.Add(bad);
        }

        message.Collections.AddRange([log, device.Ask()]);
        SyncMessage reply = device.Exchange(message)!;
        Assert.AreEqual(10, reply.Collections[0].Responses.Count(r => r.Status == Status.ProtocolError));
        Assert.AreEqual(1, reply.Collections[0].Responses.Count(r => r.Data != null));
        Assert.AreEqual(Limit, Bytes(reply));
    }

    [TestMethod]
    public void A_structure_longer_than_the_limit_comes_alone()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, limit: 8);
        bench.PutBytes("d1", "a", Filled(4));
        bench.PutBytes("d1", "b", Filled(8));
        List<string> told = [];
        for (int round = 0; round < 4; round++)
        {
            SyncMessage reply = Exchange(device, new Structure("quota"))!;
            int bytes = Bytes(reply);
            Assert.IsTrue(bytes <= 8 || reply.Collections.TrueForAll(c => c.Commands.Count == 0), $"{bytes} bytes in round {round}");
            told.Add(reply.Options.Count + ":" + string.Join(',', reply.Collections[0].Commands.Select(c => $"{c.ServerId}{c.Data!.Value.Length}")));
        }

        // objects first, as they leave it no room
        Assert.AreEqual("0:a4 0:b4 1: 1:", string.Join(' ', told));
    }

    [TestMethod]
    public void Of_many_commands_a_reply_has_eight_in_the_order_of_their_ids()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, limit: 10_000);
        List<long> ids = Queue(bench, 12);
        SyncMessage reply = Exchange(device)!;
        CollectionAssert.AreEqual(ids[..8], reply.Options.Select(Id).ToArray());
        reply = Exchange(device, new Structure("result", RecordText.Pack(BuiltIn.Result, [new("id", $"{ids[0]}"), new("status", "1")])))!;
        CollectionAssert.AreEqual(ids[1..9], reply.Options.Select(Id).ToArray());
    }

    private static TestDevice Started(Bench bench, int limit = Limit)
    {
        TestDevice device = bench.Device(collections: "config,other");
        device.Start(shape: c => c.Limit = limit);
        device.Start("other", c => c.Limit = limit);
        return device;
    }

    private static List<long> Queue(Bench bench, int count) => [.. Enumerable.Range(0, count).Select(_ => bench.Core.Devices.Command("d1", "restart", []))];

    private static SyncMessage? Exchange(TestDevice device, Structure? option = null, bool take = true)
    {
        SyncMessage request = new();
        if (option != null)
        {
            request.Options.Add(option);
        }

        request.Collections.AddRange(Both(device).Collections);
        SyncMessage? reply = device.Exchange(request);
        foreach (CollectionElement collection in take && reply != null ? reply.Collections : [])
        {
            device.Take(collection);
        }

        return reply;
    }

    private static SyncMessage Both(TestDevice device)
    {
        SyncMessage request = new();
        request.Collections.AddRange([device.Ask(), device.Ask("other")]);
        return request;
    }

    private static int Bytes(SyncMessage reply)
    {
        return reply.Options.Sum(o => o.Data?.Length ?? 0)
            + reply.Collections.Sum(c => c.Commands.Concat(c.Responses).Sum(x => x.Data?.Length ?? 0));
    }

    private static long Id(Structure command)
    {
        return long.Parse(RecordText.Unpack(BuiltIn.Restart, command.Data!.Value)[0].Text, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static byte[] Filled(int count) => [.. Enumerable.Range(1, count).Select(i => (byte)i)];
}

// Requests whose answer is held: which are, what ends them, and that each is answered once. Nothing here waits for time to
// pass: a change, an alarm of the clock or another request ends what is held, or the test fails by its limit.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Waiting;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class HeldTests
{
    [TestMethod]
    public async Task What_changes_is_the_answer_to_the_request_that_waited()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        Task<SyncReply?> held = Hold(bench, device);
        bench.PutBytes("d1", "a", 1);
        Assert.AreEqual("ok {Add a 01}", Taken(device, await Answered(held)));

        held = Hold(bench, device);
        Assert.IsTrue((await Answered(held, () => bench.Clock.Ring()))!.IsEmpty, "acknowledged, nothing new");
        held = Hold(bench, device);
        bench.Core.Devices.Command("d1", "restart", []);
        Assert.AreEqual("restart", device.Parse((await Answered(held))!)!.Options.Single().Class);
        Assert.AreEqual(0, bench.Core.Held.Count);
    }

    [TestMethod]
    public async Task Nothing_is_due_when_the_time_is_over_and_the_same_bytes_are_held_again()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        byte[] before = TestDatabase.Written(bench.Folder);
        string key = device.Key();
        Task<SyncReply?> held = Hold(bench, device);
        CollectionAssert.AreEqual(before, TestDatabase.Written(bench.Folder), "held without a write");
        TimeSpan time = bench.Clock.Alarms.Single();
        Assert.IsTrue(time <= TimeSpan.FromSeconds(60) && time >= TimeSpan.FromSeconds(54), $"{time}: a tenth earlier at most");
        SyncReply over = (await Answered(held, () => bench.Clock.Ring()))!;
        CollectionAssert.AreEqual(EmptyReply.To(Fnv.Of(device.LastRequest, 0, device.LastRequest.Length)), over.Body);
        CollectionAssert.AreEqual(before, TestDatabase.Written(bench.Folder));

        // what a proxy that cuts costs: the same request once more
        held = bench.Core.Held.Answer(device.Identity, () => true, device.LastRequest, device.Format, default);
        await Until(bench, 1);
        bench.PutBytes("d1", "a", 1);
        Assert.AreEqual("ok {Add a 01}", Taken(device, await Answered(held)));
        Assert.AreNotEqual(key, device.Key());
    }

    [TestMethod]
    public async Task A_request_of_its_store_ends_the_one_held_and_one_of_another_store_does_not()
    {
        using Bench bench = new();
        TestDevice first = bench.Device(collections: "config,log");
        first.StoreId = "Ab1_";
        InStep(first);
        first.Start("log");
        TestDevice second = new(bench, "d1") { StoreId = "Cd2_" }; // another board with the same token
        InStep(second);
        Task<SyncReply?> one = Hold(bench, first);
        Task<SyncReply?> other = Hold(bench, second, 2);

        // the repeat of the held request, and then one with readings
        Task<SyncReply?> again = bench.Core.Held.Answer(first.Identity, () => true, first.LastRequest, first.Format, default);
        Assert.IsTrue((await Answered(one))!.IsEmpty);
        await Until(bench, 2);
        first.LastRequest = Bytes(first, first.Log(TestDevice.Add("Ab1_1", 1)), null);
        SyncReply? readings = await Answered(bench.Core.Held.Answer(first.Identity, () => true, first.LastRequest, first.Format, default));
        Assert.AreEqual("ok", Taken(first, readings));
        Assert.IsTrue((await Answered(again))!.IsEmpty);
        Assert.AreEqual(1, bench.Core.Held.Count, "that of the other store");

        bench.PutBytes("d1", "a", 1);
        Assert.AreEqual("ok {Add a 01}", Taken(second, await Answered(other)));
        Assert.AreEqual("ok {Add a 01}", first.Sync(first.Ask()).Line());
    }

    [TestMethod]
    public async Task A_change_between_the_look_and_the_holding_is_not_missed()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        ChangeOnce changing = new(() => bench.PutBytes("d1", "a", 1));
        using IDisposable heard = bench.Core.Store.Due.Subscribe(_ => changing.Heard.Release());
        await changing.Heard.WaitAsync(TimeSpan.FromMinutes(1)); // it listens
        bench.Core.Sync.Watcher = changing;
        device.LastRequest = Bytes(device, device.Ask(), 60);
        Assert.AreEqual("ok {Add a 01}", Taken(device, await Answered(bench.Core.Held.Answer(device.Identity, () => true, device.LastRequest, device.Format, default))));
        Assert.IsTrue(changing.Done);
    }

    [TestMethod]
    public async Task What_is_not_idle_is_answered_at_once()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,log");
        await AtOnce(device.Ask(), "key 0");
        InStep(device);
        bench.PutBytes("d1", "a", 1);
        await AtOnce(device.Ask(), "something is due");
        InStep(device);
        await AtOnce(AddTests.With(device, TestDevice.Change("a", 2)), "a change");
        CollectionElement unknown = device.Ask();
        unknown.SyncKey = "7wrong123";
        await AtOnce(unknown, "a key that is not known");
        Assert.AreEqual(0, bench.Core.Held.Count);

        async Task AtOnce(CollectionElement request, string why)
        {
            byte[] bytes = Bytes(device, request, 60);
            Assert.IsFalse((await Answered(bench.Core.Held.Answer(device.Identity, () => true, bytes, device.Format, default)))!.IsEmpty, why);
        }
    }

    [TestMethod]
    [DataRow(null, 9, 14, 10)]
    [DataRow(null, 10, 1, 0)]
    [DataRow(null, 300, 1, 0)]
    [DataRow(null, 301, 14, 300)]
    [DataRow(0, null, 14, 1)]
    [DataRow(5, null, 1, 0)]
    [DataRow(6, null, 14, 5)]
    [DataRow(1, 60, 4, 0)]
    public void A_time_out_of_range_is_told_with_the_nearest_that_is_in_it(int? minutes, int? seconds, int status, int limit)
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MostHold = 300 } });
        TestDevice device = InStep(bench.Device());
        byte[] before = TestDatabase.Written(bench.Folder);
        SyncMessage request = new() { Wait = minutes, Heartbeat = seconds };
        request.Collections.Add(AddTests.With(device, TestDevice.Change("a", 2)));
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual((status, limit), (reply.Status, reply.Limit ?? 0));
        Assert.AreEqual(status == 1 ? "a=02" : "", bench.Held("d1"));
        if (status == 14)
        {
            CollectionAssert.AreEqual(before, TestDatabase.Written(bench.Folder), "nothing is done");
        }
    }

    [TestMethod]
    [DataRow(30, 1, 1, 0, 30)] // a bound below a minute
    [DataRow(30, 2, 14, 1, 0)]
    [DataRow(300, 2, 1, 0, 120)]
    [DataRow(5, null, 1, 0, 10)] // no bound is below ten seconds
    public void A_time_in_minutes_is_held_as_seconds_up_to_the_bound(int most, int? minutes, int status, int limit, int seconds)
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MostHold = most } });
        TestDevice device = InStep(bench.Device());
        SyncMessage request = new() { Version = "1.0", Wait = minutes, Heartbeat = minutes == null ? 10 : null };
        request.Collections.Add(device.Ask());
        SyncReply reply = device.Send(MessagePrinter.Print(device.Format, request));
        Assert.AreEqual(seconds, reply.Hold?.Seconds ?? 0);
        Assert.AreEqual(status == 1, reply.IsEmpty);
        if (status != 1)
        {
            Assert.AreEqual((status, limit), (device.Parse(reply)!.Status, device.Parse(reply)!.Limit ?? 0));
        }
    }

    [TestMethod]
    public void An_idle_request_is_held_for_its_collections_and_its_store_and_without_a_time_or_a_collection_not_at_all()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,log");
        device.StoreId = "Ab1_";
        InStep(device);
        device.Start("log");
        device.Exchange(device.Ask("log"));
        SyncReply Answer(int? seconds, params CollectionElement[] collections)
        {
            SyncMessage message = new() { Version = "1.0", Heartbeat = seconds };
            message.Collections.AddRange(collections);
            SyncReply reply = device.Send(MessagePrinter.Print(device.Format, message));
            Assert.IsTrue(reply.IsEmpty);
            return reply;
        }

        using IStoreTransaction store = bench.Core.Store.BeginRead();
        int[] both = [.. store.ListKeyRows(device.Identity.Id, "config").Concat(store.ListKeyRows(device.Identity.Id, "log")).Select(r => r.Collection.Id)];
        int replica = store.FindReplica(device.Identity.Id, "Ab1_")!.Id;
        SyncReply held = Answer(60, device.Ask(), device.Ask("log"));
        CollectionAssert.AreEqual(both, held.Hold!.Collections);
        Assert.AreEqual((60, replica), (held.Hold.Seconds, held.Replica));
        Assert.IsNull(Answer(null, device.Ask()).Hold);
        Assert.IsNull(Answer(60).Hold);
        Assert.AreEqual(0, Answer(60).Replica);
    }

    [TestMethod]
    public async Task Who_watches_hears_of_a_request_when_it_begins_to_wait_and_when_it_is_answered_and_not_of_the_looks_between()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        Witness witness = new();
        bench.Core.Sync.Watcher = witness;
        byte[] bytes = device.LastRequest = Bytes(device, device.Ask(), 60);
        long now = bench.Clock.Now.ToUnixTimeMilliseconds();
        Assert.IsNotNull((await bench.Core.Sync.HandleAsync(device.Identity, bytes, device.Format)).Hold);
        Assert.AreEqual($"d1 idle 1 up {bytes.Length} down 5 at {now}", string.Join("; ", witness.Heard));

        SyncReply look = await bench.Core.Sync.HandleAsync(device.Identity, bytes, device.Format, held: true);
        Assert.AreEqual((60, true), (look.Hold!.Seconds, look.IsEmpty));
        Assert.HasCount(1, witness.Heard, "nothing has come of it");

        bench.PutBytes("d1", "a", 1);
        SyncReply answer = await bench.Core.Sync.HandleAsync(device.Identity, bytes, device.Format, held: true);
        Assert.IsNull(answer.Hold);
        Assert.AreEqual($"d1 config ok {{Add a 01}} 1 up {bytes.Length} down {answer.Body.Length} at {now}", witness.Heard[^1]);
        Assert.HasCount(2, witness.Heard);

        byte[] plain = Bytes(device, device.Ask(), null);
        await bench.Core.Sync.HandleAsync(device.Identity, plain, device.Format, held: true);
        Assert.HasCount(3, witness.Heard, "what is not held is told each time");
    }

    [TestMethod]
    [DataRow("2.0", Status.VersionNotSupported)]
    [DataRow(null, Status.ProtocolError)]
    public async Task Who_watches_hears_of_what_is_refused_before_it_is_read(string? version, int status)
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        Witness witness = new();
        bench.Core.Sync.Watcher = witness;
        SyncMessage message = new() { Version = version };
        message.Collections.Add(device.Ask());
        byte[] bytes = MessagePrinter.Print(device.Format, message);
        SyncReply reply = await bench.Core.Sync.HandleAsync(device.Identity, bytes, device.Format);
        Assert.AreEqual(status == Status.ProtocolError ? SyncOutcome.Malformed : SyncOutcome.Answered, reply.Outcome);
        Assert.AreEqual($"d1 unread {status} up 0 down {reply.Body.Length} at {bench.Clock.Now.ToUnixTimeMilliseconds()}", witness.Heard.Single());
        Assert.HasCount(status == Status.ProtocolError ? 1 : 0, bench.Core.Devices.Refusals("d1"), "another version is nobody's mistake");
    }

    [TestMethod]
    public void What_a_guard_refuses_gets_its_reason_and_is_not_done_and_who_watches_hears_of_the_status()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        Witness witness = new();
        bench.Core.Sync.Watcher = witness;
        bench.Core.Sync.Guard = new Gate(_ => new Structure("via", new byte[] { 7 }));
        CollectionElement request = device.Ask();
        request.Commands.Add(TestDevice.Change("a", 1));
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual((Status.Loop, 0, "via 07"), (reply.Status, reply.Collections.Count, string.Join("; ", reply.Options.Select(o => $"{o.Class} {Convert.ToHexString(o.Data!.Value.Span)}"))));
        Assert.AreEqual("", bench.Held("d1"));
        Assert.StartsWith($"d1  {Status.Loop} up {device.LastRequest.Length} ", witness.Heard.Single());
    }

    [TestMethod]
    public void What_a_message_tells_counts_in_its_own_answer_also_where_a_guard_has_looked_before()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        bench.Core.Sync.Guard = new Gate(store => store.ListCommands(device.Identity.Id, all: false).Count == 9 ? new Structure("via") : null);
        long id = bench.Core.Devices.Command("d1", "restart", []);
        SyncMessage reply = device.Exchange(device.Ask())!;
        reply.Collections.ForEach(device.Take);
        Assert.HasCount(1, reply.Options);
        SyncMessage told = new();
        told.Options.Add(new Structure("result", RecordText.Pack(BuiltIn.Result, [new("id", $"{id}"), new("status", "1")])));
        told.Collections.Add(device.Ask());
        Assert.IsNull(device.Exchange(told), "it waits for nothing any more");
    }

    [TestMethod]
    public void A_reply_tells_the_last_store_that_is_known_of_those_that_asked()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        InStep(device);
        CollectionElement strange = new() { Id = "elsewhere", SyncKey = "7wrong123" };
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        int replica = store.FindReplica(device.Identity.Id, "Ab1_")!.Id;
        int Told(params CollectionElement[] collections)
        {
            SyncMessage message = new() { Version = "1.0" };
            message.Collections.AddRange(collections);
            return device.Send(MessagePrinter.Print(device.Format, message)).Replica;
        }

        Assert.AreEqual(replica, Told(device.Ask(), strange));
        Assert.AreEqual(replica, Told(strange, device.Ask()));
        Assert.AreEqual(0, Told(strange));
    }

    [TestMethod]
    public void A_request_that_is_given_up_does_nothing_more_and_is_answered_when_it_comes_again()
    {
        using Bench bench = new();
        TestDevice device = InStep(bench.Device());
        byte[] bytes = device.LastRequest = Bytes(device, AddTests.With(device, TestDevice.Change("a", 2)), null);
        Assert.ThrowsExactly<OperationCanceledException>(() => bench.Core.Sync.Handle(device.Identity, bytes, device.Format, new CancellationToken(true)));
        Assert.AreEqual("", bench.Held("d1"));
        Assert.AreEqual("ok", Taken(device, device.Send(bytes)));
        Assert.AreEqual("a=02", bench.Held("d1"));
    }

    [TestMethod]
    public async Task A_device_revoked_while_it_waits_gets_no_answer()
    {
        using Bench bench = new();
        string token = bench.Core.Devices.Add("d1", "config");
        TestDevice device = InStep(new TestDevice(bench, "d1"));
        device.LastRequest = Bytes(device, device.Ask(), 60);
        Task<SyncReply?> held = bench.Core.Held.Answer(device.Identity, () => bench.Core.Devices.Authenticate(token) != null, device.LastRequest, device.Format, default);
        await Until(bench, 1);
        bench.Core.Devices.Revoke("d1");
        Assert.IsNull(await Answered(held));
    }

    [TestMethod]
    public async Task A_connection_that_ends_frees_its_place_and_beyond_the_bound_the_answer_is_at_once()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxHeld = 1 } });
        TestDevice device = InStep(bench.Device());
        TestDevice other = InStep(bench.Device("d2"));
        using CancellationTokenSource connection = new();
        device.LastRequest = Bytes(device, device.Ask(), 60);
        Task<SyncReply?> held = bench.Core.Held.Answer(device.Identity, () => true, device.LastRequest, device.Format, connection.Token);
        await Until(bench, 1);
        byte[] second = Bytes(other, other.Ask(), 60);
        Assert.IsTrue((await Answered(bench.Core.Held.Answer(other.Identity, () => true, second, other.Format, default)))!.IsEmpty);
        Assert.IsFalse(held.IsCompleted);

        // one that would keep much memory is not held either
        SyncMessage large = new() { Version = "1.0", Heartbeat = 60 };
        large.Options.Add(new Structure("unknown", new byte[5000]));
        large.Collections.Add(device.Ask());
        byte[] kept = MessagePrinter.Print(device.Format, large);
        await connection.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => held);
        Assert.AreEqual(0, bench.Core.Held.Count);
        Assert.IsEmpty(bench.Clock.Alarms);
        Assert.IsTrue((await Answered(bench.Core.Held.Answer(device.Identity, () => true, kept, device.Format, default)))!.IsEmpty);
        Task<SyncReply?> now = Hold(bench, other);
        bench.PutBytes("d2", "a", 1);
        Assert.AreEqual("ok {Add a 01}", Taken(other, await Answered(now)));
    }

    [TestMethod]
    public async Task A_change_of_a_group_answers_all_that_wait_for_it_once_and_a_stop_the_others()
    {
        const int Devices = 60;
        using Bench bench = new();
        List<(TestDevice Device, Task<SyncReply?> Held)> waiting = [];
        for (int i = 0; i < Devices; i++)
        {
            TestDevice device = bench.Device("d" + i, i % 2 == 0 ? "config@site" : "config");
            InStep(device);
            waiting.Add((device, Hold(bench, device, i + 1)));
        }

        Assert.IsGreaterThan(Devices / 2, bench.Clock.Alarms.Distinct().Count(), "those that came together do not leave together");
        bench.PutBytes("d0", "a", 1);
        foreach ((TestDevice device, Task<SyncReply?> held) in waiting.Where((_, i) => i % 2 == 0))
        {
            Assert.AreEqual("ok {Add a 01}", Taken(device, await Answered(held)));
        }

        Assert.AreEqual(Devices / 2, bench.Core.Held.Count);
        bench.Core.Held.EndAll();
        foreach ((_, Task<SyncReply?> held) in waiting.Where((_, i) => i % 2 == 1))
        {
            Assert.IsTrue((await Answered(held))!.IsEmpty);
        }

        TestDevice late = waiting[1].Device;
        Assert.IsTrue((await Answered(bench.Core.Held.Answer(late.Identity, () => true, late.LastRequest, late.Format, default)))!.IsEmpty, "no longer held");
        Assert.AreEqual(0, bench.Core.Held.Count);
    }

    [TestMethod]
    [TestCategory("Slow")]
    public async Task Of_many_that_are_woken_16_are_looked_at_at_once_and_each_is_answered()
    {
        using Bench bench = new();
        using ManualResetEventSlim goes = new();
        int inside = 0, most = 0;
        List<Task<SyncReply?>> waiting = [];
        for (int i = 0; i < 40; i++)
        {
            TestDevice device = InStep(bench.Device("d" + i, "config@site"));
            waiting.Add(bench.Core.Held.Answer(device.Identity, IsIn, Bytes(device, device.Ask(), 60), device.Format, default));
            await Until(bench, i + 1);
        }

        bench.PutBytes("d0", "a", 1);
        for (long until = Environment.TickCount64 + 60_000; Volatile.Read(ref inside) < 16; await Task.Delay(5))
        {
            Assert.IsLessThan(until, Environment.TickCount64, $"{inside} are looked at");
        }

        await Task.Delay(200); // a seventeenth would come now
        goes.Set();
        foreach (Task<SyncReply?> held in waiting)
        {
            Assert.IsFalse((await Answered(held))!.IsEmpty);
        }

        Assert.AreEqual(16, most);

        bool IsIn()
        {
            int now = Interlocked.Increment(ref inside);
            InterlockedMax(ref most, now);
            goes.Wait();
            Interlocked.Decrement(ref inside);
            return true;
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int before = Volatile.Read(ref most); value > before && Interlocked.CompareExchange(ref most, value, before) != before; before = Volatile.Read(ref most))
        {
        }
    }

    private static TestDevice InStep(TestDevice device)
    {
        if (device.Key() == SyncKeys.Zero)
        {
            device.Start();
        }

        device.Pull();
        return device;
    }

    private static byte[] Bytes(TestDevice device, CollectionElement collection, int? seconds)
    {
        SyncMessage message = new() { Version = "1.0", Heartbeat = seconds };
        message.Collections.Add(collection);
        return MessagePrinter.Print(device.Format, message);
    }

    // Sends an idle request, and waits until it is held.
    private static Task<SyncReply?> Hold(Bench bench, TestDevice device, int held = 1)
    {
        device.LastRequest = Bytes(device, device.Ask(), 60);
        Task<SyncReply?> answer = bench.Core.Held.Answer(device.Identity, () => true, device.LastRequest, device.Format, default);
        Until(bench, held).GetAwaiter().GetResult();
        Assert.IsFalse(answer.IsCompleted);
        return answer;
    }

    private static async Task Until(Bench bench, int held)
    {
        for (long until = Environment.TickCount64 + 60_000; bench.Core.Held.Count != held || bench.Clock.Alarms.Count != held;)
        {
            Assert.IsLessThan(until, Environment.TickCount64, $"{bench.Core.Held.Count} are held, not {held}.");
            await Task.Delay(5);
        }
    }

    private static async Task<SyncReply?> Answered(Task<SyncReply?> held, Action? by = null)
    {
        by?.Invoke();
        return await held.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private static string Taken(TestDevice device, SyncReply? reply)
    {
        Assert.IsNotNull(reply);
        CollectionElement answer = device.Parse(reply)!.Collections.Single();
        device.Take(answer); // its key names the request that waited
        return answer.Line();
    }

    private sealed class Gate(Func<IStoreTransaction, Structure?> refuses) : IMessageGuard
    {
        public Structure? Refuses(IStoreTransaction store, DeviceIdentity device, SyncMessage request) => refuses(store);
    }

    private sealed class Witness : ISyncWatcher
    {
        public List<string> Heard { get; } = [];

        public void Answered(DeviceIdentity device, SyncMessage? request, SyncMessage? reply, int status, int bytesUp, int bytesDown, long now, TimeSpan took)
        {
            string what = request == null ? "unread" : reply == null ? "idle" : string.Join("; ", reply.Collections.Select(c => $"{c.Id} {c.Line()}"));
            Heard.Add($"{device.Name} {what} {status} up {bytesUp} down {bytesDown} at {now}");
        }
    }

    private sealed class ChangeOnce(Action change) : ISyncWatcher
    {
        public SemaphoreSlim Heard { get; } = new(0);

        public bool Done { get; private set; }

        public void Answered(DeviceIdentity device, SyncMessage? request, SyncMessage? reply, int status, int bytesUp, int bytesDown, long now, TimeSpan took)
        {
            if (!Done)
            {
                Done = true;
                change();
                Assert.IsTrue(Heard.Wait(TimeSpan.FromMinutes(1)), "The change is told before the request is held.");
            }
        }
    }
}

// What a device tells of its losses is shown, and a count that rises is logged once. [SPEC 7.1, `status`]

using Microsoft.Extensions.Logging;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class LossTests
{
    [TestMethod]
    public void A_count_of_losses_that_rises_is_logged_once_and_shown()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        Lines log = new();
        SyncService service = new(bench.Core.Store, bench.Clock, log: log);
        Tell(service, device, dropped: 0, forked: 0);
        Assert.AreEqual("", bench.Core.Devices.Counts("d1")!.ToString());
        Tell(service, device, dropped: 3, forked: 0);
        Tell(service, device, dropped: 3, forked: 0);
        Tell(service, device, dropped: 3, forked: 1);
        Assert.AreEqual("Device d1 tells of more: dropped 3.|Device d1 tells of more: forked 1.", string.Join('|', log.All));
        Assert.AreEqual("dropped 3, forked 1", bench.Core.Devices.Counts("d1")!.ToString());
        Assert.IsNull(bench.Core.Devices.Counts(bench.Device("d2").Name));
    }

    [TestMethod]
    public void The_stores_of_a_device_are_listed_with_where_they_came_from()
    {
        using Bench bench = new();
        ReplicaTests.Started(bench, "Ab1_");
        bench.Clock.Now += TimeSpan.FromHours(1);
        TestDevice fork = new(bench, "d1") { StoreId = "Cd2_", CameFrom = "Ab1_" };
        fork.Start();
        List<ReplicaRow> stores = bench.Core.Devices.Stores("d1");
        Assert.AreEqual("Cd2_ Ab1_ it was one with Ab1_|Ab1_  the first", string.Join('|', stores.Select(s => $"{s.StoreId} {s.CameFrom} {s.Why}")));
        Assert.AreEqual(3_600_000, stores[0].FirstSeen - stores[1].LastSeen);
    }

    [TestMethod]
    public void One_more_store_is_logged_when_it_was_made_and_not_where_its_start_was_answered_otherwise()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        Lines log = new();
        SyncService service = new(bench.Core.Store, bench.Clock, log: log, incarnation: bench.Core.Incarnation);
        string Answer(string store, string? last = null)
        {
            SyncMessage message = new() { Version = "1.0" };
            device.StoreId = store;
            device.LastKey = last;
            device.Starts++;
            device.SetKey(SyncKeys.Zero);
            message.Collections.Add(device.Ask());
            device.LastRequest = MessagePrinter.Print(device.Format, message);
            CollectionElement answer = device.Parse(service.Handle(device.Identity, device.LastRequest, device.Format))!.Collections.Single();
            device.Take(answer);
            return answer.Line();
        }

        Assert.AreEqual("status 205", Answer("Ab1_", "7AbCdAbCd"), "a key of a time that the database has lost");
        Assert.AreEqual("", string.Join('|', log.All));
        Assert.AreEqual("ok; ok; ok", $"{Answer("Ab1_")}; {Answer("Ab1_")}; {Answer("Cd2_")}");
        service.Handle(device.Identity, device.LastRequest, device.Format); // the same start once more
        Assert.AreEqual("Device d1 has one more store in config: the first.|Device d1 has one more store in config: another store: a wiped flash, or another board with this token.", string.Join('|', log.All));
    }

    [TestMethod]
    public void A_collection_in_which_the_server_fails_is_logged_and_nothing_of_it_stays_and_the_others_are_served()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,plans");
        Lines log = new();
        bool fails = false;
        Incarnation incarnation = new(bench.Core.Store, bench.Clock, count => fails ? throw new InvalidOperationException("no number") : new byte[count]);
        SyncService service = new(bench.Core.Store, bench.Clock, log: log, incarnation: incarnation);
        string Answer(params CollectionElement[] collections)
        {
            SyncMessage message = new() { Version = "1.0" };
            message.Collections.AddRange(collections);
            device.LastRequest = MessagePrinter.Print(device.Format, message);
            SyncMessage reply = device.Parse(service.Handle(device.Identity, device.LastRequest, device.Format))!;
            reply.Collections.ForEach(device.Take);
            return string.Join("; ", reply.Collections.Select(c => $"{c.Id} {c.Line()}"));
        }

        Assert.AreEqual("plans ok", Answer(device.Ask("plans")));
        CollectionElement plans = device.Ask("plans");
        plans.Commands.Add(TestDevice.Change("a", 1));
        log.All.Clear();
        fails = true; // a start over needs a number for its epoch
        Assert.AreEqual("config status 5; plans ok", Answer(device.Ask(), plans));
        Assert.AreEqual("Collection config of d1 failed.", log.All.Single());
        Assert.AreEqual("a=01", bench.Held("d1", "plans"));
        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            Assert.IsEmpty(store.ListKeyRows(device.Identity.Id, "config"));
        }

        fails = false;
        Assert.AreEqual("config ok", Answer(device.Ask()));
    }

    private static void Tell(SyncService service, TestDevice device, int dropped, int forked)
    {
        SyncMessage request = new() { Version = "1.0" };
        byte[] status = RecordText.Pack(BuiltIn.DeviceStatus, [new("dropped", $"{dropped}"), new("forked", $"{forked}")]);
        request.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, status));
        service.Handle(device.Identity, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
    }

    internal sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            All.Add(formatter(state, exception));
        }
    }
}

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

    private static void Tell(SyncService service, TestDevice device, int dropped, int forked)
    {
        SyncMessage request = new() { Version = "1.0" };
        byte[] status = RecordText.Pack(BuiltIn.DeviceStatus, [new("dropped", $"{dropped}"), new("forked", $"{forked}")]);
        request.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, status));
        service.Handle(device.Identity, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
    }

    private sealed class Lines : ILogger
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

// Requests of many devices at once: each is done once, and those of a device in the order in which they were given.

using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class TogetherTests
{
    [TestMethod]
    public async Task A_devices_own_work_is_done_in_the_order_in_which_it_was_given()
    {
        using Bench bench = new();
        List<int>[] done = [[], [], []];
        Task<int>[] works = [.. Enumerable.Range(0, 300).Select(i => bench.Core.Store.Together(i % 3, () =>
        {
            using IStoreTransaction store = bench.Core.Store.BeginWrite();
            store.Refused(1 + (i % 3), new RefusalRow("", true, $"r{i}", 4, "", 1, i));
            store.Commit();
            done[i % 3].Add(i);
            return i;
        }))];
        CollectionAssert.AreEqual(Enumerable.Range(0, 300).ToArray(), await Task.WhenAll(works));
        for (int device = 0; device < 3; device++)
        {
            CollectionAssert.AreEqual(Enumerable.Range(0, 100).Select(i => (3 * i) + device).ToArray(), done[device]);
            using IStoreTransaction store = bench.Core.Store.BeginRead();
            Assert.HasCount(100, store.ListRefusals(1 + device, 1000));
        }
    }

    [TestMethod]
    public async Task Many_devices_at_once_get_what_each_would_get_alone()
    {
        using Bench bench = new();
        TestDevice[] devices = [.. Enumerable.Range(1, 30).Select(i => bench.Device("d" + i, "log,common@site"))];
        await Task.WhenAll(devices.Select(async device =>
        {
            device.StoreId = "Ab1_";
            for (int round = 0; round < 8; round++)
            {
                CollectionElement log = device.Log();
                CollectionElement common = device.Ask("common");
                if (round > 0)
                {
                    log.Commands.AddRange(Enumerable.Range(1 + (round * 5), 5).Select(i => TestDevice.Add("Ab1_" + i, (byte)i)));
                    common.Commands.Add(TestDevice.Change($"{device.Name}-{round}", (byte)round));
                }

                SyncMessage message = new() { Version = SyncService.Version };
                message.Collections.AddRange([log, common]);
                device.LastRequest = MessagePrinter.Print(MessageFormat.Wbxml, message);
                SyncReply reply = await bench.Core.Sync.HandleAsync(device.Identity, device.LastRequest, MessageFormat.Wbxml);
                SyncReply again = round == 3 ? await bench.Core.Sync.HandleAsync(device.Identity, device.LastRequest, MessageFormat.Wbxml) : reply;
                CollectionAssert.AreEqual(reply.Body, again.Body, "a repeated request gets the kept reply");
                foreach (CollectionElement answer in device.Parse(reply)!.Collections)
                {
                    Assert.AreEqual(Status.Success, answer.Status);
                    Assert.IsEmpty(answer.Responses);
                    device.Take(answer);
                }
            }
        }));
        foreach (TestDevice device in devices)
        {
            Assert.HasCount(35, bench.Objects(device.Name, "log"));
            Assert.HasCount(30 * 7, bench.Objects(device.Name, "common"));
        }

        // and each asks until it has what the others wrote
        HashSet<string> got = [.. devices[0].Pull("common").Select(c => c.ServerId!)];
        Assert.IsEmpty(devices[0].Pull("common"));
        Assert.IsFalse(got.Any(id => id.StartsWith("d1-", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task A_message_that_cannot_be_read_is_answered_and_noted()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        SyncReply reply = await bench.Core.Sync.HandleAsync(device.Identity, new byte[] { 1, 2, 3 }, MessageFormat.Wbxml);
        Assert.AreEqual(SyncOutcome.Malformed, reply.Outcome);
        Assert.AreEqual(Status.ProtocolError, bench.Core.Devices.Refusals("d1").Single().Status);
    }
}

// Requests held by several nodes on one database: what changes at one of them is heard at all, a node that dies takes nothing
// with it, and a connection for hearing that breaks is made again.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using Npgsql;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class HeldNodeTests
{
    private const int Devices = 20;

    [TestMethod]
    public async Task Devices_that_waited_at_a_node_that_died_wait_at_another_and_get_what_changed()
    {
        using Bench bench = new();
        List<TestDevice> devices = InStep(bench);
        ServerCore dying = new(TestDatabase.Open(bench.Folder, bench.Clock), bench.Options, bench.Clock);
        using CancellationTokenSource connections = new();
        List<Task<SyncReply?>> lost = devices.ConvertAll(d => Ask(dying, d, connections.Token));
        await Until(dying, Devices);
        await connections.CancelAsync(); // without an answer
        dying.Dispose();
        Assert.IsTrue(lost.TrueForAll(t => t.IsCanceled || t.IsFaulted || !t.IsCompleted));

        using ServerCore other = new(TestDatabase.Open(bench.Folder, bench.Clock), bench.Options, bench.Clock);
        List<Task<SyncReply?>> held = devices.ConvertAll(d => Ask(other, d, default));
        await Until(other, Devices);
        bench.PutBytes("d0", "a", 1); // at the node of the bench
        await AllGet(devices, held, "ok {Add a 01}");
    }

    [TestMethod]
    public async Task Changes_are_heard_again_after_the_connection_for_it_broke()
    {
        using Bench bench = new();
        List<TestDevice> devices = InStep(bench);
        using SemaphoreSlim everybody = new(0);
        using IDisposable hearing = bench.Core.Store.Due.Subscribe(note =>
        {
            if (note.To == DueTo.Everybody)
            {
                everybody.Release();
            }
        });
        Assert.IsTrue(await everybody.WaitAsync(TimeSpan.FromMinutes(1)), "it listens");
        List<Task<SyncReply?>> held = devices.ConvertAll(d => Ask(bench.Core, d, default));
        await Until(bench.Core, Devices);
        await using NpgsqlConnection connection = new(TestDatabase.ConnectionString(bench.Folder));
        await connection.OpenAsync();
        await using (NpgsqlCommand end = new("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'LISTEN \"nanosync_' || md5(current_schema()) || '\"'", connection))
        {
            Assert.AreEqual(1L, await end.ExecuteScalarAsync(), "one connection for all that wait");
        }

        bench.PutBytes("d0", "a", 1); // heard or not, they are told to look once it listens again
        Assert.IsTrue(await everybody.WaitAsync(TimeSpan.FromMinutes(1)), "it listens again");
        await AllGet(devices, held, "ok {Add a 01}");
        held = devices.ConvertAll(d => Ask(bench.Core, d, default));
        await Until(bench.Core, Devices);
        bench.PutBytes("d0", "a", 2);
        await AllGet(devices, held, "ok {Change a 02}");
    }

    private static List<TestDevice> InStep(Bench bench)
    {
        return [.. Enumerable.Range(0, Devices).Select(i =>
        {
            TestDevice device = bench.Device("d" + i, "config@site");
            device.Start();
            device.Pull();
            return device;
        })];
    }

    private static Task<SyncReply?> Ask(ServerCore core, TestDevice device, CancellationToken connection)
    {
        SyncMessage message = new() { Version = "1.0", Wait = 5 };
        message.Collections.Add(device.Ask());
        device.LastRequest = MessagePrinter.Print(device.Format, message);
        return core.Held.Answer(device.Identity, () => true, device.LastRequest, device.Format, connection);
    }

    private static async Task AllGet(List<TestDevice> devices, List<Task<SyncReply?>> held, string expected)
    {
        for (int i = 0; i < held.Count; i++)
        {
            SyncReply reply = (await held[i].WaitAsync(TimeSpan.FromMinutes(1)))!;
            CollectionElement answer = devices[i].Parse(reply)!.Collections.Single();
            devices[i].Take(answer);
            Assert.AreEqual(expected, answer.Line());
        }
    }

    private static async Task Until(ServerCore core, int held)
    {
        for (long until = Environment.TickCount64 + 60_000; core.Held.Count != held; await Task.Delay(5))
        {
            Assert.IsLessThan(until, Environment.TickCount64, $"{core.Held.Count} are held, not {held}.");
        }
    }
}

// The server ends before and after each commit; the device asks again with the same bytes.

using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class CrashTests
{
    private sealed class Killed : Exception;

    [TestMethod]
    public void Killed_at_any_step_the_same_bytes_bring_the_same_end()
    {
        string undisturbed = Life(0, out int steps, out _);
        Assert.IsGreaterThan(8, steps);
        for (int kill = 1; kill <= steps; kill++)
        {
            Assert.AreEqual(undisturbed, Life(kill, out _, out bool killed), "killed at step " + kill);
            Assert.IsTrue(killed);
        }
    }

    [TestMethod]
    public void One_collection_that_fails_does_not_stop_the_others()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,maps");
        device.Start();
        device.Start("maps");
        bench.PutBytes("d1", "a", 1);
        bench.Core.Dispose();
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={bench.Database};Pooling=False"))
        {
            // the kept reply of config is damaged
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE key_row SET reply = x'00' WHERE collection_id = (SELECT id FROM collection WHERE name = 'config')";
            command.ExecuteNonQuery();
        }

        bench.Restart();
        CollectionElement start = new() { Id = "config", SyncKey = "0", GetChanges = true };
        SyncMessage request = new() { Version = "1.0" };
        request.Collections.Add(start);
        Assert.AreEqual("status 5", device.Exchange(request)!.Collections.Single().Line());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(new CollectionElement { Id = "maps", SyncKey = device.Key("maps"), Commands = { TestDevice.Add("Ab1_1", 1) } }).Line());
    }

    // Three rounds with two collections; the process is killed at one step, and asked again.
    private static string Life(int kill, out int steps, out bool killed)
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,readings");
        bench.PutBytes("d1", "a", 1);
        int count = 0;
        bool done = false;
        void Reached(SyncStep step)
        {
            if (++count == kill && !done)
            {
                done = true;
                throw new Killed();
            }
        }

        List<string> lines = [];
        SyncMessage? Send(SyncMessage request)
        {
            request.Version = "1.0";
            byte[] bytes = MessagePrinter.Print(MessageFormat.Wbxml, request);
            while (true)
            {
                try
                {
                    SyncService service = new(bench.Core.Store, bench.Clock, reached: Reached);
                    return device.Parse(service.Handle(device.Identity, bytes, MessageFormat.Wbxml));
                }
                catch (Killed)
                {
                    bench.Restart();
                }
            }
        }

        for (int round = 0; round < 3; round++)
        {
            SyncMessage request = new();
            CollectionElement config = device.Ask();
            CollectionElement readings = device.Ask("readings", getChanges: false);
            readings.DeletesAsMoves = true;
            if (round > 0)
            {
                config.Commands.Add(round == 1 ? TestDevice.Add("Ab1_1", 1) : TestDevice.Change("Ab1_1", 2));
                readings.Commands.Add(TestDevice.Add("Ab1_" + (10 * round), 1));
                readings.Commands.Add(TestDevice.Add(null, 2));
            }

            request.Collections.AddRange([config, readings]);
            SyncMessage reply = Send(request)!;
            foreach (CollectionElement answer in reply.Collections)
            {
                device.SetKey(answer.SyncKey, answer.Id);
                (int n, _) = SyncKeys.Parse(answer.SyncKey); // the epoch behind it is another after a restart, and so are the tags
                lines.Add(n + " " + answer.Line());
            }
        }

        steps = count;
        killed = done;
        return string.Join("\n", lines) + "\n" + bench.Held("d1") + "\n" + bench.Held("d1", "readings");
    }
}

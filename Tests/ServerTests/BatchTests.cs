// One commit for many: syncs that wait at the same time share a transaction, are answered after it, and fail alone.

using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class BatchTests
{
    [TestMethod]
    public async Task What_waits_at_the_same_time_shares_a_commit()
    {
        using Bench bench = new();
        TestDevice[] devices = [.. Enumerable.Range(1, 40).Select(i => bench.Device("d" + i, "log"))];
        foreach (TestDevice device in devices)
        {
            device.StoreId = "Ab1_";
            device.Start("log", c => c.DeletesAsMoves = true);
        }

        int before = Commits(bench);
        Task<SyncReply>[] replies;
        using (bench.Core.Store.BeginWrite())
        {
            replies = [.. devices.Select(d => bench.Core.Sync.HandleAsync(d.Identity, Readings(d, 3), MessageFormat.Wbxml))];
            await Task.Delay(100);
            Assert.IsFalse(Array.Exists(replies, r => r.IsCompleted));
        }

        await Task.WhenAll(replies);
        Assert.IsLessThanOrEqualTo(devices.Length / 4, Commits(bench) - before); // one, unless this machine takes more than 50 ms for the 40
        foreach (TestDevice device in devices)
        {
            Assert.AreEqual("Ab1_1=01 Ab1_2=02 Ab1_3=03", bench.Held(device.Name, "log"));
        }
    }

    [TestMethod]
    public async Task One_that_fails_leaves_the_others()
    {
        using Bench bench = new();
        bench.Device();
        TestDatabase.Execute(bench.Folder, "CREATE TRIGGER refused BEFORE INSERT ON object WHEN NEW.server_id = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END");
        Task<int>[] works;
        int before = Commits(bench);
        using (bench.Core.Store.BeginWrite())
        {
            works = [Save(bench, "a"), Save(bench, "b", fails: true), Save(bench, "refused"), Save(bench, "c"), Save(bench, "d", commits: false), Save(bench, "e")];
        }

        await Task.WhenAll(works[0], works[3], works[4], works[5]);
        await Assert.ThrowsExactlyAsync<InvalidDataException>(() => works[1]);
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<StoreException>(() => works[2])).Message, "refused");
        Assert.AreEqual("a=01 c=01 e=01", bench.Held("d1"));
        Assert.AreEqual(1, Commits(bench) - before);
        bench.Restart();
        Assert.AreEqual("a=01 c=01 e=01", bench.Held("d1"));
    }

    [TestMethod]
    public async Task When_the_database_undoes_a_commit_all_in_it_are_told_so_and_the_next_ones_go_on()
    {
        using Bench bench = new();
        bench.Device();
        TestDatabase.Execute(bench.Folder, "CREATE TRIGGER undone BEFORE INSERT ON object WHEN NEW.server_id = 'undone' BEGIN SELECT RAISE(ROLLBACK, 'undone'); END");
        Task<int>[] works;
        using (bench.Core.Store.BeginWrite())
        {
            works = [Save(bench, "a"), Save(bench, "undone"), Save(bench, "b")];
        }

        foreach (Task<int> lost in works[..2])
        {
            StringAssert.Contains((await Assert.ThrowsExactlyAsync<StoreException>(() => lost)).Message, "undone");
        }

        await works[2];
        await Save(bench, "c");
        bench.Restart();
        Assert.AreEqual("b=01 c=01", bench.Held("d1"));
    }

    [TestMethod]
    public async Task Before_the_commit_nobody_is_answered_and_after_it_all_is_durable()
    {
        using Bench bench = new();
        bench.Device();
        string during = Path.Combine(bench.Folder, "during.db"), after = Path.Combine(bench.Folder, "after.db");
        List<Task<int>> works = [];
        bool answered = true;
        using (bench.Core.Store.BeginWrite())
        {
            works.AddRange([Save(bench, "a"), Save(bench, "b")]);
            works.Add(bench.Core.Store.Together(3, () =>
            {
                Thread.Sleep(50);
                answered = works.Exists(w => w.IsCompleted);
                Crash(bench, during); // what is on the disk if the power goes now
                return 0;
            }));
        }

        await Task.WhenAll(works);
        Crash(bench, after);
        Assert.IsFalse(answered);
        Assert.AreEqual("", Held(bench, during));
        Assert.AreEqual("a=01 b=01", Held(bench, after));
    }

    [TestMethod]
    public async Task When_the_writer_is_not_to_be_had_all_that_wait_are_told_so_at_once()
    {
        using Bench bench = new();
        bench.Device();
        Task<int>[] works;
        using (SqliteStore other = new(bench.Database, TimeSpan.FromSeconds(1), bench.Clock))
        {
            using IStoreTransaction held = other.BeginWrite(); // of another process
            works = [.. Enumerable.Range(0, 50).Select(i => Save(bench, "o" + i))];
            foreach (Task<int> work in works)
            {
                await Assert.ThrowsExactlyAsync<StoreBusyException>(() => work.WaitAsync(TimeSpan.FromSeconds(10)));
            }
        }

        await Save(bench, "a");
        Assert.AreEqual("a=01", bench.Held("d1"));
    }

    [TestMethod]
    public async Task Writers_of_other_threads_get_in_between_batches()
    {
        using Bench bench = new();
        bench.Device();
        using CancellationTokenSource end = new();
        Task flood = Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            while (!end.IsCancellationRequested)
            {
                await bench.Core.Store.Together(i, () =>
                {
                    Thread.Sleep(1);
                    return 0;
                });
            }
        }));
        for (int i = 0; i < 10; i++)
        {
            bench.PutBytes("d1", "o" + i, 1); // throws when it waits longer than the store's patience
        }

        await end.CancelAsync();
        await flood;
        Assert.HasCount(10, bench.Objects("d1"));
    }

    private static Task<int> Save(Bench bench, string id, bool fails = false, bool commits = true)
    {
        return bench.Core.Store.Together(1, () =>
        {
            using IStoreTransaction store = bench.Core.Store.BeginWrite();
            CollectionRow collection = store.FindCollection(1, "config")!;
            store.SaveObject(1, new ObjectRow { Id = id, Seq = ++collection.Seq, CreatedSeq = collection.Seq, Data = [1] });
            store.SaveCollection(collection);
            if (fails)
            {
                throw new InvalidDataException();
            }

            if (commits)
            {
                store.Commit();
            }

            return 0;
        });
    }

    private static byte[] Readings(TestDevice device, int count)
    {
        SyncMessage message = new() { Version = SyncService.Version };
        message.Collections.Add(device.Log([.. Enumerable.Range(1, count).Select(i => TestDevice.Add("Ab1_" + i, (byte)i))]));
        return MessagePrinter.Print(MessageFormat.Wbxml, message);
    }

    // Frames of the log that end a commit and are of its present round.
    private static int Commits(Bench bench)
    {
        byte[] log = TestDatabase.Written(bench.Folder);
        int page = (int)BinaryPrimitives.ReadUInt32BigEndian(log.AsSpan(8));
        ReadOnlySpan<byte> salt = log.AsSpan(16, 8);
        int commits = 0;
        for (int at = 32; at + 24 + page <= log.Length && log.AsSpan(at + 8, 8).SequenceEqual(salt); at += 24 + page)
        {
            commits += BinaryPrimitives.ReadUInt32BigEndian(log.AsSpan(at + 4)) != 0 ? 1 : 0;
        }

        return commits;
    }

    private static void Crash(Bench bench, string file)
    {
        foreach (string end in (string[])["", "-wal"])
        {
            using FileStream from = new(bench.Database + end, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using FileStream to = new(file + end, FileMode.CreateNew);
            from.CopyTo(to);
        }
    }

    private static string Held(Bench bench, string file)
    {
        using SqliteStore store = new(file, TimeSpan.FromSeconds(1), bench.Clock);
        using IStoreTransaction reading = store.BeginRead();
        return string.Join(' ', reading.ListObjects(1, 0, 100, false).Select(o => $"{o.Id}={Convert.ToHexString(o.Data!)}"));
    }
}

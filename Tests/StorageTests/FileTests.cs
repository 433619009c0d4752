using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Benchmarks;
using NanoSync.Storage;
using NanoSync.Virtual;

namespace NanoSync.StorageTests;

/// <summary>Real files, and what reads them besides the store.</summary>
[TestClass]
public sealed class FileTests
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "nanosync-" + Guid.NewGuid().ToString("n"));

    public required TestContext TestContext { get; init; }

    [TestCleanup]
    public void Cleanup()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, true);
        }
    }

    private void Write(CutVolume volume)
    {
        Directory.CreateDirectory(_folder);
        foreach (var (file, bytes) in volume.Files)
        {
            File.WriteAllBytes(Path.Combine(_folder, StoreFile.Name(file)), bytes);
        }
    }

    private static Life Lived(int seed)
    {
        var life = new Life(new CutVolume(), seed % 2 == 0 ? 120 : 0);
        life.Mount();
        var random = new Random(seed);
        for (int i = 0; i < 150; i++)
        {
            life.Step(random.Next(Life.StepKinds), random.Next(1000));
        }
        return life;
    }

    [TestMethod]
    public void A_store_lives_in_a_folder_and_is_there_after_a_restart()
    {
        Model? before = null;
        for (int run = 0; run < 4; run++)
        {
            var volume = new FileVolume(_folder);
            var store = Life.Make(volume);
            Assert.AreEqual(StoreError.None, store.Open());
            if (before != null)
            {
                var found = Life.Dump(store);
                Assert.IsTrue(before.Equals(found, out string difference), difference);
            }
            var payload = Life.Pattern(700, run);
            for (int i = 0; i < 40; i++)
            {
                Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [1, (byte)(i % 5)], 0, 2, 1, payload, i, i));
                Assert.AreEqual(StoreError.None, store.Append(Life.Dropping, 1, payload, 0, 30, out _));
            }
            Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [9], 0, 1, 1, payload, 0, 700));
            Assert.AreEqual(StoreError.None, store.Begin());
            Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, [8], 0, 1, 1, payload, 0, 90)); // never committed
            before = Life.Dump(store);
            volume.Shut(); // as a killed process leaves it: what was not committed does not count
        }
        var text = new StringWriter();
        Assert.AreEqual(StoreInspector.Whole, StoreInspector.Run(_folder, text), text.ToString());
    }

    [TestMethod]
    public void A_second_store_on_a_folder_is_told_and_the_first_goes_on()
    {
        FileVolume volume = new(_folder);
        FlashStore first = Life.Make(volume);
        Assert.AreEqual(StoreError.None, first.Open());
        foreach (FileVolume other in new[] { volume, new FileVolume(_folder) })
        {
            FlashStore second = Life.Make(other);
            Assert.AreEqual(StoreError.VolumeInUse, second.Open());
            Assert.AreEqual(StoreError.NotOpen, second.Append(Life.Dropping, 1, [1], 0, 1, out _));
            second.Close(); // was not open: gives nothing back
        }

        Assert.AreEqual(StoreError.None, first.Append(Life.Dropping, 1, [1], 0, 1, out uint id));
        first.Close();
        FlashStore next = Life.Make(new FileVolume(_folder));
        Assert.AreEqual(StoreError.None, next.Open());
        Assert.AreEqual(id + 1, next.NextId(Life.Dropping));
        next.Close();

        // a store that cannot be opened gives the folder back
        string way = Path.Combine(_folder, "way");
        File.WriteAllText(way, "a file in the way");
        FlashStore bad = Life.Make(new FileVolume(way));
        Assert.AreEqual(StoreError.VolumeUnreadable, bad.Open());
        File.Delete(way);
        Assert.AreEqual(StoreError.None, bad.Open());
        bad.Close();
    }

    [TestMethod]
    public void What_is_kept_lies_in_the_files_as_it_is()
    {
        FlashStore store = Life.Make(new FileVolume(_folder));
        Assert.AreEqual(StoreError.None, store.Open());
        byte[] payload = "nobody seals this"u8.ToArray();
        Assert.AreEqual(StoreError.None, store.Append(Life.Dropping, 1, payload, 0, payload.Length, out _));
        store.Close();
        Assert.IsTrue(Directory.GetFiles(_folder).Any(f => File.ReadAllBytes(f).AsSpan().IndexOf(payload) >= 0));
    }

    /// <summary>[SPEC 9.1] As the file system sees it: between two looks a file has grown at its end, come new or gone.</summary>
    [TestMethod]
    public void Files_are_appended_to_or_deleted_and_never_overwritten_truncated_or_renamed()
    {
        var random = new Random(7);
        var volume = new FileVolume(_folder);
        FlashStore store = Life.Make(volume);
        Assert.AreEqual(StoreError.None, store.Open());
        var renamed = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var end = new ManualResetEventSlim();
        using var watcher = new FileSystemWatcher(_folder) { NotifyFilter = NotifyFilters.FileName };
        watcher.Renamed += (_, e) => renamed.Enqueue($"{e.OldName} to {e.Name}");
        watcher.Error += (_, e) => renamed.Enqueue("not seen: " + e.GetException().Message);
        watcher.Created += (_, e) =>
        {
            if (e.Name == "end")
            {
                end.Set(); // events come in order: all before it are there
            }
        };
        watcher.EnableRaisingEvents = true;
        var before = new Dictionary<string, (byte[] Bytes, DateTime Written)>();
        int grown = 0, made = 0, gone = 0;
        for (int i = 0; i < 600; i++)
        {
            Step(store, random, i);
            if (i % 100 == 99)
            {
                volume.Shut(); // the next run goes on with other files
                store = Life.Make(volume);
                Assert.AreEqual(StoreError.None, store.Open());
            }

            var now = Directory.GetFiles(_folder).ToDictionary(f => f, f => (Bytes: File.ReadAllBytes(f), Written: File.GetLastWriteTimeUtc(f)));
            foreach ((string file, (byte[] bytes, DateTime written)) in now)
            {
                if (before.TryGetValue(file, out var old))
                {
                    Assert.IsGreaterThanOrEqualTo(old.Bytes.Length, bytes.Length, $"step {i}: {file} is shorter");
                    Assert.IsTrue(bytes.AsSpan(0, old.Bytes.Length).SequenceEqual(old.Bytes), $"step {i}: {file} is overwritten");
                    Assert.IsTrue(bytes.Length > old.Bytes.Length || written == old.Written, $"step {i}: {file} is written once more");
                    grown += bytes.Length > old.Bytes.Length ? 1 : 0;
                }
                else
                {
                    made++;
                }
            }

            gone += before.Keys.Count(f => !now.ContainsKey(f));
            before = now;
        }

        File.WriteAllText(Path.Combine(_folder, "end"), "");
        Assert.IsTrue(end.Wait(TimeSpan.FromSeconds(30)), "no event of the end");
        Assert.IsEmpty(renamed, string.Join(", ", renamed.Take(5)));
        Assert.IsTrue(grown > 100 && made > 20 && gone > 10, $"{grown} grown, {made} made, {gone} gone");
    }

    private static void Step(FlashStore store, Random random, int i)
    {
        byte[] payload = Life.Pattern(900, i);
        byte[] key = [1, (byte)random.Next(8)];
        var info = new ObjectInfo();
        StoreError error = random.Next(6) switch
        {
            0 => store.PutServer(Life.Keyed, key, 0, 2, 1, payload, 0, random.Next(200)),
            1 => store.PutServer(Life.Keyed, key, 0, 2, 1, payload, 0, 900), // in a file of its own
            2 => store.PutNamed(Life.Keyed, key, 0, 2, 1, payload, 0, random.Next(100)),
            3 => store.RemoveServer(Life.Keyed, key, 0, 2),
            4 => store.Append(Life.Dropping, 1, payload, 0, random.Next(120), out _),
            _ => store.NextPending(Life.Dropping, 0, info) == StoreError.None ? store.AckOutbox(Life.Dropping, info.Id) : StoreError.None,
        };
        Assert.IsTrue(error is StoreError.None or StoreError.NotFound or StoreError.QuotaFull, $"step {i}: {error}");
    }

    /// <summary>A board's driver says Ok to bytes that a full volume did not take: the length of the open file tells.</summary>
    [TestMethod]
    public void A_file_that_is_shorter_than_what_was_appended_closes_as_full()
    {
        var volume = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, volume.Open());
        uint file = StoreFile.Make(StoreFile.Large, 1, 7);
        string path = Path.Combine(_folder, StoreFile.Name(file));
        Assert.AreEqual(VolumeCode.Ok, volume.OpenAppend(0, file));
        Assert.AreEqual(VolumeCode.Ok, volume.Append(0, new byte[20_000], 0, 20_000));
        using (var other = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            other.SetLength(5_000); // as a driver that lost the rest
        }
        Assert.AreEqual(VolumeCode.Full, volume.Close(0));
        Assert.AreEqual("the volume is full", volume.LastFailure);
        Assert.AreEqual(VolumeCode.Ok, volume.OpenAppend(0, file));
        Assert.AreEqual(VolumeCode.Ok, volume.Append(0, new byte[20], 0, 20));
        Assert.AreEqual(VolumeCode.Ok, volume.Close(0));
        Assert.AreEqual(5_020, volume.Length(file));
        volume.Shut();
    }

    [TestMethod]
    public void Files_are_read_by_two_handles_and_what_was_appended_is_seen_by_both()
    {
        var volume = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, volume.Open());
        byte[] buffer = new byte[64];
        for (uint number = 1; number <= 3; number++)
        {
            uint file = StoreFile.Make(StoreFile.Main, 0, number);
            Assert.AreEqual(VolumeCode.NotFound, volume.Length(file));
            for (int length = 10; length <= 30; length += 10)
            {
                Assert.AreEqual(VolumeCode.Ok, volume.OpenAppend(1, file));
                Assert.AreEqual(VolumeCode.Ok, volume.Append(1, new byte[10], 0, 10));
                _ = volume.Read(file, 0, buffer, 0, 64); // a handle that was opened meanwhile knows the earlier length
                Assert.AreEqual(VolumeCode.Ok, volume.Close(1));
                Assert.AreEqual(length, volume.Read(file, 0, buffer, 0, 64));
                Assert.AreEqual(length, volume.Length(file));
            }
            Assert.AreEqual(30, volume.Length(StoreFile.Make(StoreFile.Main, 0, 1)));
            Assert.AreEqual(0, volume.Read(file, 30, buffer, 0, 64));
        }
        Assert.AreEqual(VolumeCode.Ok, volume.Delete(StoreFile.Make(StoreFile.Main, 0, 2)));
        Assert.AreEqual(VolumeCode.Ok, volume.Delete(StoreFile.Make(StoreFile.Main, 0, 2)));
        Assert.AreEqual(VolumeCode.NotFound, volume.Read(StoreFile.Make(StoreFile.Main, 0, 2), 0, buffer, 0, 64));
        volume.Shut();
    }

    /// <summary>An open costs a board a write of its flash and 1.8 KB: the handle that proved an append does the next one.</summary>
    [TestMethod]
    public void An_append_goes_on_with_the_handle_that_read_the_one_before()
    {
        var volume = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, volume.Open());
        uint file = StoreFile.Make(StoreFile.Outbox, 0, 1), other = StoreFile.Make(StoreFile.Main, 0, 1);
        byte[] buffer = new byte[64];
        Append(volume, file, 1);
        Assert.AreEqual(1, volume.Read(file, 0, buffer, 0, 64));
        string path = Path.Combine(_folder, StoreFile.Name(file));
        File.Move(path, path + ".aside"); // only the open handle knows the file now
        Append(volume, file, 2);
        Assert.AreEqual(2, new FileInfo(path + ".aside").Length);
        File.Move(path + ".aside", path);

        Assert.AreEqual(2, volume.Read(file, 0, buffer, 0, 64));
        CollectionAssert.AreEqual(new byte[] { 1, 2 }, buffer[..2]);
        Append(volume, other, 3); // whichever of the two was last: both are read and appended to
        Append(volume, file, 4);
        Assert.AreEqual(1, volume.Read(other, 0, buffer, 0, 64));
        Append(volume, other, 5);
        Assert.AreEqual(2, volume.Read(other, 0, buffer, 0, 64));
        Assert.AreEqual(3, volume.Read(file, 0, buffer, 0, 64));
        CollectionAssert.AreEqual(new byte[] { 1, 2, 4 }, buffer[..3]);
        volume.Shut();
        CollectionAssert.AreEqual(new byte[] { 1, 2, 4 }, File.ReadAllBytes(path));
    }

    /// <summary>A wake appends to what its mount has read: two opens less.</summary>
    [TestMethod]
    public void An_append_goes_on_with_the_handle_that_a_mount_has_read_with()
    {
        uint file = StoreFile.Make(StoreFile.Outbox, 0, 1);
        string path = Path.Combine(_folder, StoreFile.Name(file));
        var before = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, before.Open());
        Append(before, file, 1);
        before.Shut();

        var volume = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, volume.Open());
        Assert.AreEqual(1, volume.Read(file, 0, new byte[64], 0, 64));
        File.Move(path, path + ".aside"); // only the open handle knows the file now
        Append(volume, file, 2);
        volume.Shut();
        CollectionAssert.AreEqual(new byte[] { 1, 2 }, File.ReadAllBytes(path + ".aside"));
    }

    [TestMethod]
    public void The_files_that_were_read_last_stay_open_and_one_whose_length_was_asked_takes_no_place()
    {
        var volume = new FileVolume(_folder);
        Assert.AreEqual(VolumeCode.Ok, volume.Open());
        uint[] files = Enumerable.Range(1, 5).Select(n => StoreFile.Make(StoreFile.Main, 0, (uint)n)).ToArray();
        uint large = StoreFile.Make(StoreFile.Large, 1, 1);
        foreach (uint file in files.Append(large))
        {
            Append(volume, file, (byte)file);
        }

        byte[] buffer = new byte[8];
        int[] order = [0, 1, 2, 3, 0]; // four places, and the second one is the oldest
        foreach (int i in order)
        {
            Assert.AreEqual(1, volume.Read(files[i], 0, buffer, 0, 8));
        }

        Assert.AreEqual(1, volume.Length(large));
        Assert.AreEqual(1, volume.Read(files[4], 0, buffer, 0, 8)); // takes its place
        foreach (uint file in files)
        {
            File.Delete(Path.Combine(_folder, StoreFile.Name(file))); // an open handle does not mind
        }

        int[] open = [0, 2, 3, 4];
        foreach (int i in open)
        {
            Assert.AreEqual(1, volume.Read(files[i], 0, buffer, 0, 8), $"file {i}");
            Assert.AreEqual((byte)files[i], buffer[0]);
        }

        Assert.AreEqual(VolumeCode.NotFound, volume.Read(files[1], 0, buffer, 0, 8));
        volume.Shut();
    }

    private static void Append(FileVolume volume, uint file, byte value)
    {
        Assert.AreEqual(VolumeCode.Ok, volume.OpenAppend(0, file));
        Assert.AreEqual(VolumeCode.Ok, volume.Append(0, [value], 0, 1));
        Assert.AreEqual(VolumeCode.Ok, volume.Close(0));
    }

    [TestMethod]
    public void A_folder_that_cannot_be_used_is_said_so()
    {
        File.WriteAllText(_folder, "a file in the way");
        try
        {
            var store = Life.Make(new FileVolume(_folder));
            Assert.AreEqual(StoreError.VolumeUnreadable, store.Open());
            var text = new StringWriter();
            Assert.AreEqual(StoreInspector.NoStore, StoreInspector.Run(_folder, text));
        }
        finally
        {
            File.Delete(_folder);
        }
    }

    [TestMethod]
    public void The_inspector_agrees_with_the_store_and_finds_damage()
    {
        int refused = 0;
        int tails = 0;
        for (int seed = 1; seed <= 10; seed++)
        {
            var life = Lived(seed);
            Write(life.Volume);
            var text = new StringWriter();
            Assert.AreEqual(StoreInspector.Whole, StoreInspector.Run(_folder, text), text.ToString());
            string shown = text.ToString();
            tails += shown.Contains("  tail of ") ? 1 : 0;
            foreach (var thing in life.Now.Things.Where(t => t.Key.StartsWith(Life.Keyed + "/") && t.Value.Key.Length > 0))
            {
                Assert.Contains($"object \"{thing.Value.Key}\" of collection {Life.Keyed}", shown);
            }
            foreach (var thing in life.Now.Things.Values.Where(t => t.State == ObjectState.Refused))
            {
                Assert.MatchesRegex($"{(thing.Key.Length > 0 ? '"' + thing.Key + '"' : "without a key")} of collection [0-9]+, refused.*, status {thing.Status} \"{thing.Reason}\"", shown);
                refused++;
            }
            foreach (int outbox in new[] { Life.Strict, Life.Dropping })
            {
                int waiting = life.Now.Things.Count(t => t.Key.StartsWith(outbox + "/") && t.Value.Id > life.Now.Acked[outbox]);
                if (waiting > 0)
                {
                    Assert.Contains($"acknowledged up to {life.Now.Acked[outbox]}, {waiting} waiting", shown);
                }
            }
            string first = Directory.GetFiles(_folder, "m*.ns").Order().First();
            var bytes = File.ReadAllBytes(first);
            bytes[40] ^= 4;
            File.WriteAllBytes(first, bytes);
            text = new StringWriter();
            Assert.AreEqual(StoreInspector.Damaged, StoreInspector.Run(_folder, text, verbose: true), text.ToString());
            if (seed == 1)
            {
                TestContext.WriteLine(text.ToString());
            }
            Directory.Delete(_folder, true);
        }
        Assert.IsGreaterThan(10, refused);
        Assert.IsGreaterThan(0, tails);
    }

    [TestMethod]
    public void The_inspector_shows_a_segment_as_the_store_sees_it_while_its_tail_is_being_moved()
    {
        CutVolume volume = Lived(2).Volume;
        uint tail = volume.Files.Keys.First(f => (f & 0x80000000) != 0);
        Write(volume);
        string before = Shown();
        Assert.Contains("  tail of ", before);
        byte[] own = volume.Files[tail & 0x7FFFFFFF];
        volume.Files[tail & 0x7FFFFFFF] = [.. own, .. volume.Files[tail].AsSpan(8, 5)];
        Write(volume);
        Assert.AreEqual(before, Shown());
        volume.Files[tail & 0x7FFFFFFF] = [.. own, .. volume.Files[tail].AsSpan(8)]; // moved, not deleted yet
        Write(volume);
        Assert.AreEqual(before, Shown());
    }

    // Without the first line, which has the sum of the bytes.
    private string Shown()
    {
        var text = new StringWriter();
        Assert.AreEqual(StoreInspector.Whole, StoreInspector.Run(_folder, text), text.ToString());
        return text.ToString()[text.ToString().IndexOf('\n')..];
    }
}

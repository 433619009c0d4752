using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>
/// Flash that does not keep what it was given: every byte of every file flipped, every file cut short at every length, or
/// gone. What is lost is lost; but nothing wrong is shown, the store opens or says why not, and goes on.
/// </summary>
[TestClass]
public sealed class DamageTests
{
    public required TestContext TestContext { get; init; }

    private static Life Lived(int seed, int steps)
    {
        var life = new Life(new CutVolume());
        life.Mount();
        var random = new Random(seed);
        for (int i = 0; i < steps; i++)
        {
            life.Step(i < Life.StepKinds ? i : random.Next(Life.StepKinds), random.Next(1000));
        }
        return life;
    }

    // Payloads ever written, by identity and content, are all that may be shown: collected at every step of the life.
    private static (Life Life, HashSet<string> Ever) LivedAndSeen(int seed, int steps, int smallBytes)
    {
        var life = new Life(new CutVolume(), smallBytes);
        life.Mount();
        var random = new Random(seed);
        var ever = new HashSet<string>();
        for (int i = 0; i < steps; i++)
        {
            life.Step(i < Life.StepKinds ? i : random.Next(Life.StepKinds), random.Next(1000));
            foreach (var thing in life.Now.Things)
            {
                ever.Add(Shown(thing.Key[..1], thing.Value));
            }
            foreach (var value in life.Now.Values)
            {
                ever.Add("value " + value.Key + value.Value);
            }
        }
        return (life, ever);
    }

    private static string Shown(string collection, Thing thing) => $"{collection} {thing.Tag} {thing.Payload}";

    private static string Check(Life life, CutVolume damaged, HashSet<string> ever)
    {
        damaged.CallLimit = 200_000;
        var store = Life.Make(life.See(damaged));
        var error = store.Open();
        if (error != StoreError.None)
        {
            return error.ToString();
        }
        var info = new ObjectInfo();
        var payload = new byte[4096];
        for (int collection = Life.Strict; collection <= Life.Dropping; collection++)
        {
            uint after = 0;
            for (int guard = 0; ; guard++)
            {
                error = store.NextPending(collection, after, info);
                if (error != StoreError.None)
                {
                    Assert.AreEqual(StoreError.NotFound, error);
                    break;
                }
                Assert.IsLessThan(10_000, guard, "no end");
                after = collection == Life.Keyed ? info.Version : info.Id;
                Look(store, collection, info, payload, ever);
            }
            info.Reset();
            while (store.NextRefused(collection, info) == StoreError.None)
            {
                Look(store, collection, info, payload, ever);
            }
        }
        info.Reset();
        while (store.Next(Life.Keyed, info) == StoreError.None)
        {
            Look(store, Life.Keyed, info, payload, ever);
        }
        for (int slot = 0; slot < 4; slot++)
        {
            if (store.GetMeta(Life.Keyed, slot, payload, 0, out int count) == StoreError.None)
            {
                Assert.Contains("value " + Life.Keyed + "/" + slot + System.Text.Encoding.UTF8.GetString(payload, 0, count), ever);
            }
        }
        // It goes on: what is written now is there afterwards.
        error = store.Append(Life.Dropping, 1, payload, 0, 20, out uint id);
        Assert.AreEqual(StoreError.None, error);
        error = store.SetMeta(Life.Keyed, 0, payload, 0, 5);
        Assert.AreEqual(StoreError.None, error);
        var again = Life.Make(life.See(new CutVolume(damaged)));
        Assert.AreEqual(StoreError.None, again.Open());
        Assert.AreEqual(StoreError.None, again.FindLocal(Life.Dropping, id, info));
        Assert.AreEqual(store.FormatId, again.FormatId);
        return store.IsNew ? "new" : store.Health.Damaged > 0 ? "damage counted" : store.Health.TornTails > 0 ? "torn tail" : "nothing seen";
    }

    private static void Look(FlashStore store, int collection, ObjectInfo info, byte[] payload, HashSet<string> ever)
    {
        int read = store.Read(info, 0, payload, 0, info.Length);
        if (read < 0)
        {
            Assert.AreEqual(StoreError.Damaged, (StoreError)(-read));
            return;
        }
        uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, payload, 0, info.Length));
        string shown = $"{collection} {info.Tag} {info.Length}:{crc:x8}";
        if (!info.IsDelete)
        {
            Assert.Contains(shown, ever, "a wrong object: " + shown);
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    public void Every_97th_byte_flipped_never_shows_a_wrong_object(int smallBytes) => Flip(97, smallBytes);

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    public void Every_byte_flipped_never_shows_a_wrong_object(int smallBytes) => Flip(1, smallBytes);

    private void Flip(int stride, int smallBytes)
    {
        var (life, ever) = LivedAndSeen(5, 120, smallBytes);
        var outcomes = new SortedDictionary<string, int>();
        int flips = 0;
        foreach (var (file, bytes) in life.Volume.Files)
        {
            for (int at = 0; at < bytes.Length; at += stride)
            {
                var damaged = new CutVolume(life.Volume);
                damaged.Files[file][at] ^= (byte)(1 << (at % 8));
                Count(outcomes, () => Check(life, damaged, ever), $"{StoreFile.Name(file)} at {at}");
                flips++;
            }
        }
        TestContext.WriteLine($"{flips} flips in {life.Volume.Files.Count} files: " + string.Join(", ", outcomes.Select(o => $"{o.Value} {o.Key}")));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    public void Every_file_cut_short_at_every_97th_byte_or_gone_never_shows_a_wrong_object(int smallBytes) => Shorten(97, smallBytes);

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    public void Every_file_cut_short_anywhere_or_gone_never_shows_a_wrong_object(int smallBytes) => Shorten(1, smallBytes);

    private void Shorten(int stride, int smallBytes)
    {
        var (life, ever) = LivedAndSeen(6, 120, smallBytes);
        var outcomes = new SortedDictionary<string, int>();
        int cuts = 0;
        foreach (var (file, bytes) in life.Volume.Files)
        {
            for (int length = -1; length < bytes.Length; length += stride)
            {
                var damaged = new CutVolume(life.Volume);
                if (length < 0)
                {
                    damaged.Files.Remove(file);
                }
                else
                {
                    damaged.Files[file] = bytes[..length];
                }
                Count(outcomes, () => Check(life, damaged, ever), $"{StoreFile.Name(file)} cut to {length}");
                cuts++;
            }
        }
        TestContext.WriteLine($"{cuts} truncations: " + string.Join(", ", outcomes.Select(o => $"{o.Value} {o.Key}")));
    }

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    public void Noise_in_many_places_never_shows_a_wrong_object(int smallBytes)
    {
        var (life, ever) = LivedAndSeen(7, 150, smallBytes);
        var outcomes = new SortedDictionary<string, int>();
        var random = new Random(1);
        for (int run = 0; run < 3000; run++)
        {
            var damaged = new CutVolume(life.Volume);
            foreach (uint file in damaged.Files.Keys.ToList())
            {
                var bytes = damaged.Files[file];
                switch (random.Next(6))
                {
                    case 0:
                        random.NextBytes(bytes.AsSpan(random.Next(bytes.Length + 1)));
                        break;
                    case 1:
                        damaged.Files[file] = bytes[..random.Next(bytes.Length + 1)];
                        break;
                    case 2:
                        Array.Clear(bytes, random.Next(bytes.Length), 0);
                        Array.Fill(bytes, (byte)0xFF, bytes.Length / 2, bytes.Length / 4);
                        break;
                    case 3:
                        // A block of another file, as a file system gone wrong would show
                        var other = damaged.Files.Values.ElementAt(random.Next(damaged.Files.Count));
                        Array.Copy(other, 0, bytes, 0, Math.Min(other.Length, bytes.Length));
                        break;
                    case 4:
                        damaged.Files[file] = [.. bytes, .. bytes];
                        break;
                }
            }
            Count(outcomes, () => Check(life, damaged, ever), "run " + run);
        }
        TestContext.WriteLine("3000 runs: " + string.Join(", ", outcomes.Select(o => $"{o.Value} {o.Key}")));
    }

    private static void Count(SortedDictionary<string, int> outcomes, Func<string> check, string where)
    {
        string outcome;
        try
        {
            outcome = check();
        }
        catch (Exception failure)
        {
            throw new AssertFailedException($"{where}: {failure.Message}\n{failure.StackTrace}");
        }
        outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
    }

    [TestMethod]
    public void Ids_are_not_given_again_when_the_end_of_a_segment_is_lost()
    {
        var life = Lived(9, 200);
        var volume = life.Volume;
        uint next = life.Store.NextId(Life.Strict);
        Assert.AreEqual(StoreError.None, life.Store.AckOutbox(Life.Strict, next - 1));
        for (int i = 0; i < 5; i++)
        {
            Assert.AreEqual(StoreError.None, life.Store.Append(Life.Strict, 1, Life.Pattern(20, i), 0, 20, out next));
        }
        uint file = volume.Files.Keys.Last(f => StoreFile.Kind(f) == StoreFile.Outbox && StoreFile.Collection(f) == Life.Strict);
        volume.Files[file] = volume.Files[file][..^7];
        var store = Life.Make(volume);
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.AreEqual(StoreError.None, store.Append(Life.Strict, 1, new byte[4], 0, 4, out uint id));
        Assert.IsGreaterThan(next, id);
        Assert.AreEqual(0u, store.DroppedCount(Life.Strict));
    }

    [TestMethod]
    public void A_lost_main_log_begins_a_new_format_and_keeps_the_readings()
    {
        var life = Lived(10, 100);
        var before = Life.Dump(life.Store).Things.Where(t => t.Key.StartsWith(Life.Strict + "/") && !t.Value.Reason.Equals("aside")).ToList();
        foreach (uint file in life.Volume.Files.Keys.Where(f => StoreFile.Kind(f) == StoreFile.Main).ToList())
        {
            life.Volume.Files.Remove(file);
        }
        string id = life.Store.FormatId;
        var store = new FlashStore(life.Volume, new StoreOptions { QuotaBytes = 19456, SegmentBytes = 1024, BufferBytes = 256, Entropy = 12 });
        store.DeclareOutbox(Life.Strict, 4096, false);
        store.DeclareKeyed(Life.Keyed, 12);
        store.DeclareOutbox(Life.Dropping, 4096, true);
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.IsTrue(store.IsNew);
        Assert.AreNotEqual(id, store.FormatId);
        // Acknowledged ones come back as well, where their segment was still there; a large one of them without its payload.
        var info = new ObjectInfo();
        var payload = new byte[4096];
        foreach (var (_, thing) in before.Where(t => t.Value.Id > life.Now.Acked[Life.Strict]))
        {
            Assert.AreEqual(StoreError.None, store.FindLocal(Life.Strict, thing.Id, info));
            Assert.AreEqual(info.Length, store.Read(info, 0, payload, 0, info.Length));
            uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, payload, 0, info.Length));
            Assert.AreEqual(thing.Payload, $"{info.Length}:{crc:x8}");
        }
    }

    /// <summary>A read that fails once is no damage: what it hid would be missing, or an older value stand in its place.</summary>
    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    public void A_read_that_fails_at_Open_is_told_or_hides_nothing(int smallBytes)
    {
        int told = 0;
        for (int seed = 1; seed <= 6; seed++)
        {
            (Life life, _) = LivedAndSeen(seed, 150, smallBytes);
            Model whole = Life.Dump(Mounted(life, smallBytes, 0).Store);
            for (int at = 1; ; at++)
            {
                (FlashStore store, CutVolume files, StoreError error) = Mounted(life, smallBytes, at);
                if (files.Reads < at)
                {
                    break;
                }

                told += error != StoreError.None ? 1 : 0;
                if (error == StoreError.None)
                {
                    Assert.IsTrue(whole.Equals(Life.Dump(store), out string difference), $"seed {seed}, read {at}: {difference}");
                }
            }
        }

        Assert.IsGreaterThan(100, told);
    }

    /// <summary>A commit reads back what it wrote. When that read fails, the batch is there whole or not at all, at once and after a restart.</summary>
    [TestMethod]
    public void A_read_that_fails_at_a_commit_halves_no_batch_and_loses_nothing()
    {
        const int Objects = 6;
        int failed = 0;
        for (int at = 1; ; at++)
        {
            var volume = new CutVolume();
            FlashStore store = Keyed(volume);
            int[] held = [.. Enumerable.Range(0, Objects)];
            for (int i = 0; i < Objects; i++)
            {
                Assert.AreEqual(StoreError.None, Put(store, i, i, 60));
            }

            volume.ReadFailsAt = volume.Reads + at;
            StoreError error = StoreError.None;
            int[] wanted = held;
            for (int batch = 0; batch < 200 && error == StoreError.None; batch++)
            {
                held = wanted;
                wanted = (int[])held.Clone();
                error = store.Begin();
                for (int k = 0; k < 3 && error == StoreError.None; k++)
                {
                    int i = (batch + (k * 2)) % Objects;
                    wanted[i] = batch + 10;
                    error = Put(store, i, wanted[i], 60);
                }

                error = error == StoreError.None ? store.Commit() : error;
            }

            if (volume.Reads < volume.ReadFailsAt)
            {
                break;
            }

            failed += error != StoreError.None ? 1 : 0;
            _ = store.Abandon(); // where the commit was not reached
            for (int i = 0; i < 90; i++)
            {
                Assert.AreEqual(StoreError.None, store.SetMeta(2, 1, new byte[20], 0, 20), $"read {at}");
            }

            string before = string.Join(' ', held), after = string.Join(' ', wanted);
            foreach (FlashStore s in new[] { store, Keyed(new CutVolume(volume)) })
            {
                string shown = string.Join(' ', Enumerable.Range(0, Objects).Select(i => Shown(s, i)));
                Assert.IsTrue(shown == before || shown == after, $"read {at}: {shown}, not {before} or {after}");
            }
        }

        Assert.IsGreaterThan(20, failed);
    }

    /// <summary>An object that cannot be read is not taken for one that is not there: its deletion would be lost.</summary>
    [TestMethod]
    public void A_read_that_fails_while_an_object_is_looked_for_is_told()
    {
        var volume = new CutVolume();
        FlashStore store = Keyed(volume);
        Assert.AreEqual(StoreError.None, Put(store, 1, 4, 60));
        foreach (bool removes in (bool[])[true, false])
        {
            for (int i = 0; i < 60; i++)
            {
                Assert.AreEqual(StoreError.None, store.SetMeta(2, 1, new byte[20], 0, 20)); // the object lies far from what was read last
            }

            volume.ReadFailsAt = volume.Reads + 1;
            Assert.AreEqual(StoreError.VolumeFailed, removes ? store.RemoveServer(2, [1], 0, 1) : Put(store, 1, 5, 60));
            Assert.AreEqual(4, Shown(store, 1));
        }

        Assert.AreEqual(StoreError.None, Put(store, 1, 6, 60));
        Assert.AreEqual(6, Shown(store, 1));
        Assert.AreEqual(StoreError.None, store.RemoveServer(2, [1], 0, 1));
        Assert.AreEqual(0, store.Count(2));
    }

    [TestMethod]
    public void A_read_that_fails_at_a_commit_takes_no_large_payload_with_it()
    {
        for (int fill = 0; fill < 70; fill++)
        {
            for (int at = 1; at < 12; at++)
            {
                var volume = new CutVolume();
                FlashStore store = Keyed(volume);
                Assert.AreEqual(StoreError.None, store.Begin());
                Assert.AreEqual(StoreError.None, store.BeginPut(2, [0], 0, 1, 1));
                Assert.AreEqual(StoreError.None, store.WritePut(Life.Pattern(1500, 3), 0, 1500));
                Assert.AreEqual(StoreError.None, store.EndPut());
                Assert.AreEqual(StoreError.None, Put(store, 1, 4, 60));
                Assert.AreEqual(StoreError.None, store.Commit());
                for (int i = 0; i < fill; i++)
                {
                    Assert.AreEqual(StoreError.None, store.SetMeta(2, 1, new byte[20], 0, 20));
                }

                volume.ReadFailsAt = volume.Reads + at;
                StoreError error = store.Begin();
                error = error == StoreError.None ? Put(store, 0, 7, 60) : error;
                error = error == StoreError.None ? Put(store, 1, 8, 60) : error;
                error = error == StoreError.None ? store.Commit() : error;
                FlashStore next = Keyed(new CutVolume(volume));
                var info = new ObjectInfo();
                Assert.AreEqual(StoreError.None, next.FindKey(2, [0], 0, 1, info), $"fill {fill}, read {at}: {error}");
                var bytes = new byte[info.Length];
                Assert.AreEqual(info.Length, next.Read(info, 0, bytes, 0, bytes.Length));
                CollectionAssert.AreEqual(info.Length == 60 ? Life.Pattern(60, 7) : Life.Pattern(1500, 3), bytes);
                Assert.AreEqual(0, next.Health.Damaged);
            }
        }
    }

    /// <summary>
    /// What a commit acknowledges, or an append drops, is looked for in the outbox. Where that cannot be read, the outbox counts
    /// neither more readings than it has, nor does it pass over any.
    /// </summary>
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_read_that_fails_while_readings_are_counted_off_leaves_the_outbox_right(bool drops)
    {
        const int Readings = 60;
        int failed = 0;
        for (int at = 1; ; at++)
        {
            var volume = new CutVolume();
            FlashStore store = Outbox(volume, drops);
            for (uint i = 1; i <= Readings; i++)
            {
                Assert.AreEqual(StoreError.None, store.Append(0, 1, Life.Pattern(100, (int)i), 0, 100, out _));
            }

            uint next = store.NextId(0);
            var info = new ObjectInfo();
            Assert.AreEqual(StoreError.None, store.NextPending(0, 0, info));
            uint first = info.Id;
            volume.ReadFailsAt = volume.Reads + at;
            StoreError error;
            if (drops)
            {
                do
                {
                    error = store.Append(0, 1, Life.Pattern(100, (int)store.NextId(0)), 0, 100, out _);
                }
                while (error == StoreError.None && store.NextId(0) < 3 * Readings && volume.Reads < volume.ReadFailsAt);
            }
            else
            {
                error = store.AckOutbox(0, first + 25);
            }

            if (volume.Reads < volume.ReadFailsAt)
            {
                break;
            }

            failed++;
            foreach (FlashStore s in new[] { store, Outbox(new CutVolume(volume), drops) })
            {
                int found = 0;
                uint last = 0;
                while (s.NextPending(0, last, info) == StoreError.None)
                {
                    Assert.IsTrue(last == 0 || info.Id == last + 1, $"read {at}: {info.Id} behind {last}");
                    var bytes = new byte[100];
                    Assert.AreEqual(100, s.Read(info, 0, bytes, 0, 100));
                    CollectionAssert.AreEqual(Life.Pattern(100, (int)info.Id), bytes);
                    last = info.Id;
                    found++;
                }

                Assert.AreEqual(s.NextId(0) - 1, last, $"read {at}, {error}: the newest one is there");
                Assert.AreEqual(found, s.PendingCount(0), $"read {at}, {error}: counted and there");
                Assert.IsTrue(drops || found == next - 1 - first - 25 || (error != StoreError.None && found == next - first), $"read {at}, {error}: {found} wait");
            }
        }

        Assert.IsGreaterThan(drops ? 20 : 5, failed);
    }

    private static FlashStore Outbox(CutVolume volume, bool drops)
    {
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(0, 8192, drops));
        Assert.AreEqual(StoreError.None, store.Open());
        return store;
    }

    private static FlashStore Keyed(CutVolume volume)
    {
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(2, 100));
        Assert.AreEqual(StoreError.None, store.Open());
        return store;
    }

    private static StoreError Put(FlashStore store, int key, int value, int length) => store.PutServer(2, [(byte)key], 0, 1, 1, Life.Pattern(length, value), 0, length);

    private static int Shown(FlashStore store, int key)
    {
        var info = new ObjectInfo();
        Assert.AreEqual(StoreError.None, store.FindKey(2, [(byte)key], 0, 1, info), $"object {key}");
        var bytes = new byte[info.Length];
        Assert.AreEqual(info.Length, store.Read(info, 0, bytes, 0, bytes.Length));
        return Enumerable.Range(0, 300).Single(v => Life.Pattern(60, v).AsSpan().SequenceEqual(bytes));
    }

    private static (FlashStore Store, CutVolume Files, StoreError Error) Mounted(Life life, int smallBytes, int readFailsAt)
    {
        var files = new CutVolume(life.Volume) { ReadFailsAt = readFailsAt };
        FlashStore store = Life.Make(smallBytes > 0 ? new TailVolume(files, smallBytes) : files);
        StoreError error = store.Open();
        return (store, files, error);
    }

    [TestMethod]
    public void Files_of_a_later_version_are_left_alone()
    {
        var life = Lived(11, 60);
        foreach (var (file, bytes) in life.Volume.Files.Where(f => StoreFile.Kind(f.Key) == StoreFile.Main))
        {
            bytes[3]++;
            uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, bytes, 0, 28));
            BitConverter.TryWriteBytes(bytes.AsSpan(28), crc);
        }
        var copy = new CutVolume(life.Volume);
        var store = Life.Make(copy);
        Assert.AreEqual(StoreError.NewerFormat, store.Open());
        Assert.AreEqual(0, copy.Calls);
    }

    /// <summary>[SPEC 9.2] Headers are read while the files are mounted: what is torn is deleted when the last one is known.</summary>
    [TestMethod]
    public void One_segment_of_a_later_version_is_enough_to_leave_all_files_alone()
    {
        var life = Lived(11, 400);
        uint[] segments = life.Volume.Files.Keys.Where(f => StoreFile.Kind(f) <= StoreFile.Outbox).Order().ToArray();
        Assert.IsTrue(segments.Count(f => StoreFile.Kind(f) == StoreFile.Main) > 2 && segments.Any(f => StoreFile.Kind(f) == StoreFile.Outbox));
        foreach (uint newer in segments)
        {
            foreach (uint torn in segments.Where(f => f != newer))
            {
                var copy = new CutVolume(life.Volume);
                copy.Files[torn] = copy.Files[torn][..40];
                byte[] header = copy.Files[newer].ToArray();
                header[3]++;
                BitConverter.TryWriteBytes(header.AsSpan(28), Crc32.Finish(Crc32.Update(Crc32.Start, header, 0, 28)));
                copy.Files[newer] = header;
                Assert.AreEqual(StoreError.NewerFormat, Life.Make(copy).Open());
                Assert.AreEqual(0, copy.Calls, $"newer {newer:x8}, torn {torn:x8}");
            }
        }
    }
}

using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>No room, and failing calls: ordinary outcomes, after which everything is as it was and goes on.</summary>
[TestClass]
public sealed class FullTests
{
    public required TestContext TestContext { get; init; }

    [TestMethod]
    public void A_volume_filled_by_readings_can_be_emptied_by_acknowledging()
    {
        for (int capacity = 5000; capacity < 9000; capacity += 37)
        {
            var volume = new CutVolume { Capacity = capacity };
            var store = Life.Make(volume);
            Assert.AreEqual(StoreError.None, store.Open());
            uint last = 0;
            StoreError error;
            do
            {
                error = store.Append(Life.Strict, 1, new byte[60], 0, 60, out uint id);
                last = error == StoreError.None ? id : last;
            }
            while (error == StoreError.None);
            // Fill it to the last byte, as another user of the volume would
            volume.Capacity = volume.Used;
            error = store.AckOutbox(Life.Strict, last);
            if (error == StoreError.VolumeFull)
            {
                error = store.AckOutbox(Life.Strict, last);
            }
            Assert.AreEqual(StoreError.None, error, $"capacity {capacity}, {last} readings");
            Assert.AreEqual(0, store.PendingCount(Life.Strict));
            Assert.AreEqual(StoreError.None, store.Append(Life.Strict, 1, new byte[60], 0, 60, out _));
        }
    }

    /// <summary>As the engine does: a round that meets an error is given up, and the next one tries again.</summary>
    [TestMethod]
    public void A_batch_that_meets_a_full_volume_in_its_middle_gets_the_spare()
    {
        int met = 0;
        for (int fill = 0; fill < 40; fill++)
        {
            var volume = new CutVolume();
            var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
            Assert.AreEqual(StoreError.None, store.DeclareOutbox(1, 16384, false));
            Assert.AreEqual(StoreError.None, store.DeclareKeyed(2, 100));
            Assert.AreEqual(StoreError.None, store.Open());
            Assert.AreEqual(StoreError.None, store.Append(1, 1, new byte[60], 0, 60, out uint id));
            for (int i = 0; i < fill; i++)
            {
                Assert.AreEqual(StoreError.None, store.SetMeta(2, 1, new byte[40], 0, 40));
            }

            volume.Capacity = volume.Used + (fill % 4 * 16); // others take the rest
            StoreError error = Round(store, id);
            for (int round = 1; round < 3 && error != StoreError.None; round++)
            {
                met++;
                Assert.AreEqual(StoreError.VolumeFull, error);
                error = Round(store, id);
            }

            Assert.AreEqual(StoreError.None, error, $"fill {fill}");
            Assert.AreEqual(0, store.PendingCount(1));
        }

        Assert.IsGreaterThan(20, met);
    }

    private static StoreError Round(FlashStore store, uint acknowledged)
    {
        StoreError error = store.Begin();
        for (int i = 0; i < 8 && error == StoreError.None; i++)
        {
            error = store.PutServer(2, [1, (byte)i], 0, 2, 1, new byte[80], 0, 80);
        }

        error = error == StoreError.None ? store.AckOutbox(1, acknowledged) : error;
        if (error == StoreError.None)
        {
            return store.Commit();
        }

        store.Abandon();
        return error;
    }

    [TestMethod]
    public void Tidying_leaves_the_spare_to_those_who_need_it()
    {
        var volume = new CutVolume();
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(2, 100));
        Assert.AreEqual(StoreError.None, store.Open());
        for (int i = 0; i < 20; i++)
        {
            Assert.AreEqual(StoreError.None, store.PutServer(2, [1, (byte)i], 0, 2, 1, new byte[80], 0, 80));
        }

        for (int i = 0; i < 400; i++)
        {
            volume.Capacity = volume.Used + 84; // this value with a segment's header, and no object
            Assert.AreEqual(StoreError.None, store.SetMeta(2, 1, new byte[40], 0, 40), $"value {i}");
            Assert.IsTrue(volume.Files.Keys.Any(f => StoreFile.Kind(f) == StoreFile.Spare), $"value {i}");
            _ = store.Step();
            Assert.IsTrue(volume.Files.Keys.Any(f => StoreFile.Kind(f) == StoreFile.Spare), $"step {i}");
            volume.Capacity = int.MaxValue;
        }
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(120)]
    [DataRow(512)]
    public void A_life_on_a_volume_that_is_too_small_loses_nothing(int smallBytes) => LiveOnTooLittle(60, smallBytes);

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(0)]
    [DataRow(120)]
    [DataRow(512)]
    public void Many_lives_on_volumes_that_are_too_small_lose_nothing(int smallBytes) => LiveOnTooLittle(600, smallBytes);

    private void LiveOnTooLittle(int lives, int smallBytes)
    {
        var outcomes = new HashSet<StoreError>();
        int full = 0;
        for (int seed = 1; seed <= lives; seed++)
        {
            var life = new Life(new CutVolume { Capacity = 4000 + seed % 60 * 150 }, smallBytes);
            life.Mount();
            var random = new Random(seed);
            for (int i = 0; i < 150; i++)
            {
                int kind = random.Next(Life.StepKinds), arg = random.Next(1000);
                try
                {
                    life.Step(kind, arg);
                    life.CheckNow();
                }
                catch (Exception failure)
                {
                    throw new AssertFailedException($"seed {seed}, step {i}: {kind}/{arg}: {failure.Message}\n{failure.StackTrace}");
                }
            }
            full += life.Outcomes.Contains(StoreError.VolumeFull) ? 1 : 0;
            outcomes.UnionWith(life.Outcomes);
            life.Volume.Capacity = int.MaxValue;
            try
            {
                life.Mount();
                life.CheckNow();
                life.Afterlife();
                life.CheckNow();
            }
            catch (Exception failure)
            {
                throw new AssertFailedException($"seed {seed}, at its end: {failure.Message}\n{failure.StackTrace}");
            }
        }
        TestContext.WriteLine($"{full} of {lives} lives met a full volume; outcomes: {string.Join(", ", outcomes.Order())}");
        Assert.IsGreaterThan(lives / 3, full);
        Assert.Contains(StoreError.QuotaFull, outcomes);
    }

    [TestMethod]
    [DataRow(false, 0)]
    [DataRow(true, 0)]
    [DataRow(false, 120)]
    [DataRow(true, 120)]
    [DataRow(true, 512)]
    public void In_one_life_every_call_may_fail_and_the_store_says_what_is_true(bool closeLies, int smallBytes) => FailEveryCall(1, closeLies, smallBytes);

    [TestMethod]
    [TestCategory("Slow")]
    [DataRow(false, 0)]
    [DataRow(true, 0)]
    [DataRow(false, 120)]
    [DataRow(true, 120)]
    public void Every_call_may_fail_and_the_store_says_what_is_true(bool closeLies, int smallBytes) => FailEveryCall(12, closeLies, smallBytes);

    private void FailEveryCall(int lives, bool closeLies, int smallBytes)
    {
        int failures = 0;
        for (int seed = 1; seed <= lives; seed++)
        {
            var random = new Random(seed);
            var script = Enumerable.Range(0, 50).Select(_ => (Kind: random.Next(Life.StepKinds), Arg: random.Next(1000))).ToArray();
            var whole = new Life(new CutVolume(), smallBytes);
            whole.Mount();
            foreach (var (kind, arg) in script)
            {
                whole.Step(kind, arg);
            }
            for (int failAt = 5; failAt <= whole.Volume.Calls; failAt++)
            {
                var life = new Life(new CutVolume { FailAt = failAt, CloseLies = closeLies, CallLimit = 500_000 }, smallBytes);
                life.Mount();
                int step = 0;
                try
                {
                    for (; step < script.Length; step++)
                    {
                        life.Step(script[step].Kind, script[step].Arg);
                        if (life.Volume.FailAt != 0 && life.Volume.Calls >= failAt)
                        {
                            life.Volume.FailAt = 0;
                            failures++;
                        }
                        life.CheckAfterCut(); // without a restart
                    }
                    life.Mount();
                    life.CheckAfterCut();
                    life.Afterlife();
                    life.CheckNow();
                }
                catch (Exception failure)
                {
                    string what = step < script.Length ? $"step {step}: {script[step].Kind}/{script[step].Arg}" : "the end";
                    throw new AssertFailedException($"seed {seed}, calls fail from {failAt}, {what}: {failure.Message}\n{failure.StackTrace}");
                }
            }
        }
        TestContext.WriteLine($"{failures} failing calls");
    }

    [TestMethod]
    public void Ids_go_on_when_a_full_volume_took_all_readings()
    {
        var volume = new CutVolume();
        FlashStore store = Life.Make(volume);
        Assert.AreEqual(StoreError.None, store.Open());
        uint last = 0;
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(StoreError.None, store.Append(Life.Dropping, 1, Life.Pattern(20, i), 0, 20, out last));
        }
        volume.Capacity = volume.Used + 50; // room for the header of a segment, not for what comes
        Assert.AreEqual(StoreError.VolumeFull, store.Append(Life.Dropping, 1, Life.Pattern(200, 9), 0, 200, out _));
        Assert.AreEqual(0, store.PendingCount(Life.Dropping));
        volume.Capacity = int.MaxValue;
        store = Life.Make(volume);
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.AreEqual(StoreError.None, store.Append(Life.Dropping, 1, Life.Pattern(20, 5), 0, 20, out uint id));
        Assert.IsGreaterThan(last, id);
        Assert.AreEqual(3u, store.DroppedCount(Life.Dropping));
    }

    [TestMethod]
    public void At_95_percent_it_still_syncs_deletes_and_recovers()
    {
        var volume = new CutVolume();
        FlashStore Open()
        {
            var made = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 3 });
            Assert.AreEqual(StoreError.None, made.DeclareOutbox(Life.Strict, 8192, false));
            Assert.AreEqual(StoreError.None, made.DeclareKeyed(Life.Keyed, 600));
            Assert.AreEqual(StoreError.None, made.Open());
            return made;
        }
        var store = Open();
        var payload = Life.Pattern(120, 1);
        int room = store.BytesFree;
        int objects = 0;
        while (store.BytesFree > room / 20)
        {
            Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, BitConverter.GetBytes(objects++), 0, 4, 1, payload, 0, 120));
        }
        while (store.Append(Life.Strict, 1, payload, 0, 50, out _) == StoreError.None)
        {
        }
        var info = new ObjectInfo();
        var random = new Random(2);
        for (int round = 0; round < 400; round++)
        {
            Assert.AreEqual(StoreError.None, store.Begin());
            Assert.AreEqual(StoreError.None, store.NextPending(Life.Strict, 0, info));
            Assert.AreEqual(StoreError.None, store.AckOutbox(Life.Strict, info.Id));
            for (int i = 0; i < 3; i++)
            {
                Assert.AreEqual(StoreError.None, store.PutServer(Life.Keyed, BitConverter.GetBytes(random.Next(objects)), 0, 4, 1, payload, i, 110));
            }
            Assert.AreEqual(StoreError.None, store.SetMeta(Life.Keyed, 0, payload, 0, 16));
            Assert.AreEqual(StoreError.None, store.Commit());
            Assert.IsLessThanOrEqualTo(65536, volume.Used);
            _ = store.Append(Life.Strict, 1, payload, 0, 50, out _);
            if (round % 40 == 0)
            {
                store = Open();
            }
        }
        for (int i = 0; i < objects; i++)
        {
            Assert.AreEqual(StoreError.None, store.RemoveServer(Life.Keyed, BitConverter.GetBytes(i), 0, 4));
        }
        Assert.AreEqual(0, store.Count(Life.Keyed));
        Assert.IsGreaterThan(room * 9 / 10, store.BytesFree);
        Assert.AreEqual(0, Open().Count(Life.Keyed));
    }
}

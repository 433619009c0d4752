using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>Full volumes as a board has them (<see cref="BoardVolume"/>).</summary>
[TestClass]
public sealed class BoardVolumeTests
{
    private const int Outbox = 0;

    private static FlashStore Make(BoardVolume volume, int outboxBytes, bool drops, bool fresh = true)
    {
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = outboxBytes + 8 * 4096, Entropy = 5 });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(Outbox, outboxBytes, drops));
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.AreEqual(fresh, store.IsNew);
        return store;
    }

    // Appends payloads until one is refused; every reading told as done must be whole, now and after a restart.
    private static int Missing(BoardVolume volume, int bytes)
    {
        FlashStore store = Make(volume, 256 * 1024, false);
        byte[] payload = Life.Pattern(bytes, 1);
        uint last = 0;
        for (int i = 0; i < (bytes < 2_000 ? 1_500 : 100); i++)
        {
            if (store.Append(Outbox, 1, payload, 0, bytes, out uint id) == StoreError.None)
            {
                last = id;
            }
        }

        Assert.IsGreaterThan(0, volume.Lost, "the volume was never full");
        store = Make(volume, 256 * 1024, false, fresh: false);
        return (int)last - store.PendingCount(Outbox) + store.Health.Damaged;
    }

    [TestMethod]
    public void A_reading_told_as_done_is_whole_however_full_the_volume_was()
    {
        for (int blocks = 6; blocks < 40; blocks++)
        {
            foreach (int bytes in new[] { 20, 400, 2_000, 5_000, 9_000 })
            {
                var volume = new BoardVolume(blocks) { TakenByOthers = bytes < 2_000 ? blocks - 5 : 0 };
                Assert.AreEqual(0, Missing(volume, bytes), $"{blocks} blocks, payloads of {bytes}");
            }
        }
    }

    [TestMethod]
    public void A_volume_that_believes_its_driver_loses_payloads_told_as_done()
    {
        Assert.AreNotEqual(0, Missing(new BoardVolume(20) { ComparesLength = false }, 5_000), "the double does not bite");
    }

    [TestMethod]
    [DataRow(900, DisplayName = "a block each, by the quota")]
    [DataRow(2_000)]
    [DataRow(20)]
    public void A_dropping_outbox_drops_and_takes_new_readings_whatever_their_size(int bytes)
    {
        var volume = new BoardVolume(36); // 64 KB of outbox, 32 KB beside it, and a tenth
        FlashStore store = Make(volume, 64 * 1024, true);
        byte[] payload = Life.Pattern(bytes, 1);
        for (int i = 0; i < 4_000; i++)
        {
            Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, payload, 0, bytes, out _), $"reading {i}");
        }

        Assert.IsGreaterThan(0u, store.DroppedCount(Outbox));
        Assert.AreEqual(4_000, store.PendingCount(Outbox) + (int)store.DroppedCount(Outbox));
    }

    [TestMethod]
    public void A_dropping_outbox_on_a_volume_that_others_fill_drops_as_if_its_quota_were_full()
    {
        var volume = new BoardVolume(36);
        FlashStore store = Make(volume, 64 * 1024, true);
        byte[] payload = Life.Pattern(100, 1);
        for (int i = 0; i < 300; i++)
        {
            Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, payload, 0, 100, out _), $"reading {i}");
        }

        Assert.AreEqual(0u, store.DroppedCount(Outbox));
        volume.TakenByOthers = 36 - volume.Used;
        for (int i = 0; i < 300; i++)
        {
            Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, payload, 0, 100, out _), $"reading {i} on the full volume");
        }

        Assert.IsGreaterThan(0u, store.DroppedCount(Outbox));
        Assert.AreEqual(600, store.PendingCount(Outbox) + (int)store.DroppedCount(Outbox));
    }

    [TestMethod]
    public void A_reading_larger_than_what_the_volume_has_is_refused_and_not_tried_for_ever()
    {
        var volume = new BoardVolume(6);
        FlashStore store = Make(volume, 64 * 1024, true);
        Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, new byte[60], 0, 60, out _));
        Assert.AreEqual(StoreError.VolumeFull, store.Append(Outbox, 1, new byte[30_000], 0, 30_000, out _));
        Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, new byte[60], 0, 60, out _));
    }

    [TestMethod]
    public void Devices_on_a_volume_that_others_fill_can_acknowledge_and_go_on()
    {
        for (int blocks = 8; blocks < 36; blocks++)
        {
            var volume = new BoardVolume(blocks);
            FlashStore store = Make(volume, 64 * 1024, false);
            uint last = 0;
            while (store.Append(Outbox, 1, new byte[60], 0, 60, out uint id) == StoreError.None)
            {
                last = id;
            }

            volume.TakenByOthers += Math.Max(0, blocks - volume.Used);
            StoreError error = store.AckOutbox(Outbox, last);
            if (error == StoreError.VolumeFull)
            {
                error = store.AckOutbox(Outbox, last); // the spare bytes are given up
            }

            Assert.AreEqual(StoreError.None, error, $"{blocks} blocks, {last} readings");
            Assert.AreEqual(StoreError.None, store.Append(Outbox, 1, new byte[60], 0, 60, out _), $"{blocks} blocks");
        }
    }
}

using System.Reflection;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

[assembly: Parallelize(Scope = ExecutionScope.MethodLevel, Workers = 2)]

namespace NanoSync.StorageTests;

[TestClass]
public sealed class BasicTests
{
    private const int Readings = 1;
    private const int Config = 2;
    private readonly CutVolume _volume = new();

    private FlashStore Open(IVolume? volume = null, int entropy = 7, bool dropOldest = false, int outboxQuota = 16384, int setAsideBytes = 8192)
    {
        var store = new FlashStore(volume ?? _volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = (uint)entropy, SetAsideBytes = setAsideBytes });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(Readings, outboxQuota, dropOldest));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(Config, 100));
        Assert.AreEqual(StoreError.None, store.Open());
        return store;
    }

    // Blocks are small, so that several large readings fit.
    private static FlashStore OpenDropping(CutVolume volume)
    {
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, BlockBytes = 512, Entropy = 7 });
        Ok(store.DeclareOutbox(Readings, 8192, true));
        Ok(store.DeclareKeyed(Config, 100));
        Ok(store.Open());
        return store;
    }

    private static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Key(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] ReadAll(FlashStore store, ObjectInfo info, int slice = 100)
    {
        var bytes = new byte[info.Length];
        int at = 0;
        while (at < bytes.Length)
        {
            int read = store.Read(info, at, bytes, at, Math.Min(slice, bytes.Length - at));
            Assert.IsGreaterThan(0, read, $"read at {at}: {(StoreError)(-read)}");
            at += read;
        }
        return bytes;
    }

    private static void Ok(StoreError error) => Assert.AreEqual(StoreError.None, error);

    [TestMethod]
    [DataRow("_metaCount", "values: counted")]
    [DataRow("_asideCount", "kept aside: counted")]
    [DataRow("_largeBytes", "bytes of large files")]
    public void A_store_whose_count_is_wrong_says_so_at_its_next_commit(string field, string says)
    {
        var store = Open();
        Ok(store.SetMeta(Config, 1, Key("a"), 0, 1));
        var counted = typeof(FlashStore).GetField(field, System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!;
        counted.SetValue(store, (int)counted.GetValue(store)! - 1);
        var broken = Assert.ThrowsExactly<InvalidOperationException>(() => store.SetMeta(Config, 1, Key("b"), 0, 1));
        Assert.Contains(says, broken.Message);
    }

    [TestMethod]
    public void A_new_store_has_a_format_id_that_stays()
    {
        var store = Open();
        Assert.IsTrue(store.IsNew);
        Assert.MatchesRegex("^[0-9A-Za-z_-]{4}$", store.FormatId);
        var again = Open();
        Assert.IsFalse(again.IsNew);
        Assert.AreEqual(store.FormatId, again.FormatId);
        Assert.AreNotEqual(store.FormatId, Open(new CutVolume(), 8).FormatId);
    }

    [TestMethod]
    public void Readings_come_back_in_order_over_a_remount()
    {
        var store = Open();
        for (uint i = 1; i <= 200; i++)
        {
            Ok(store.Append(Readings, i, Bytes((int)i, (int)i), 0, (int)i % 60, out uint id));
            Assert.AreEqual(i, id);
        }
        foreach (var s in new[] { store, Open() })
        {
            var info = new ObjectInfo();
            uint after = 0;
            for (uint i = 1; i <= 200; i++)
            {
                Ok(s.NextPending(Readings, after, info));
                Assert.AreEqual(i, info.Id);
                Assert.AreEqual(i, info.Tag);
                CollectionAssert.AreEqual(Bytes((int)i, (int)i)[..((int)i % 60)], ReadAll(s, info));
                after = info.Id;
            }
            Assert.AreEqual(StoreError.NotFound, s.NextPending(Readings, after, info));
            Assert.AreEqual(200, s.PendingCount(Readings));
        }
    }

    [TestMethod]
    public void An_acknowledgement_and_a_key_come_with_one_commit()
    {
        var store = Open();
        for (int i = 0; i < 150; i++)
        {
            Ok(store.Append(Readings, 0, Bytes(40), 0, 40, out _));
        }
        Ok(store.Begin());
        Ok(store.AckOutbox(Readings, 120));
        Ok(store.SetMeta(Config, 3, Key("key-17"), 0, 6));
        Assert.AreEqual(150, store.PendingCount(Readings));
        Ok(store.Commit());
        foreach (var s in new[] { store, Open() })
        {
            Assert.AreEqual(30, s.PendingCount(Readings));
            var info = new ObjectInfo();
            Ok(s.NextPending(Readings, 0, info));
            Assert.AreEqual(121u, info.Id);
            var value = new byte[64];
            Ok(s.GetMeta(Config, 3, value, 0, out int count));
            Assert.AreEqual("key-17", Encoding.UTF8.GetString(value, 0, count));
            Assert.AreEqual(120u, s.AckedId(Readings));
        }
        Ok(store.AckOutbox(Readings, 150));
        store = Open();
        Ok(store.Append(Readings, 0, Bytes(4), 0, 4, out uint id));
        Assert.AreEqual(151u, id);
    }

    [TestMethod]
    public void Two_copies_of_a_store_give_no_id_to_two_objects()
    {
        HashSet<uint> given = [];
        for (int copy = 0; copy < 2; copy++)
        {
            CutVolume volume = new();
            Open(volume, 7).Close(); // one origin
            FlashStore store = Open(volume, 100 + copy); // two boards
            uint last = 0;
            for (int i = 0; i < 20; i++)
            {
                Ok(store.Add(Config, 5, Bytes(8), 0, 8, out uint id));
                Assert.IsGreaterThan(last, id);
                Assert.IsTrue(given.Add(id));
                last = id;
            }
        }
    }

    [TestMethod]
    public void A_local_object_is_named_changed_acknowledged_and_deleted()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 5, Bytes(30), 0, 30, out uint localId));
        Ok(store.NextPending(Config, 0, info));
        uint version = info.Version;
        Assert.AreEqual(0, info.KeyLength);
        Ok(store.Bind(Config, localId, version, Key("s1"), 0, 2));
        Assert.AreEqual(0, store.PendingCount(Config));
        Ok(store.FindLocal(Config, localId, info));
        Assert.AreEqual(2, info.KeyLength);
        Assert.AreEqual(ObjectState.Clean, info.State);
        Ok(store.Change(info, 6, Bytes(50, 2), 0, 50));
        Ok(store.FindKey(Config, Key("s1"), 0, 2, info));
        Assert.AreEqual(ObjectState.Pending, info.State);
        Assert.AreEqual(6u, info.Tag);
        uint changed = info.Version;
        Ok(store.Change(info, 7, Bytes(51, 3), 0, 51));
        Ok(store.AckChange(Config, Key("s1"), 0, 2, changed));
        Assert.AreEqual(1, store.PendingCount(Config));
        Ok(store.FindKey(Config, Key("s1"), 0, 2, info));
        CollectionAssert.AreEqual(Bytes(51, 3), ReadAll(store, info));
        Ok(store.AckChange(Config, Key("s1"), 0, 2, info.Version));
        Assert.AreEqual(0, store.PendingCount(Config));
        Ok(store.Delete(info));
        store = Open();
        Assert.AreEqual(1, store.PendingCount(Config));
        Ok(store.NextPending(Config, 0, info));
        Assert.AreEqual(ObjectState.PendingDelete, info.State);
        Ok(store.AckChange(Config, Key("s1"), 0, 2, info.Version));
        Assert.AreEqual(StoreError.NotFound, store.FindKey(Config, Key("s1"), 0, 2, info));
        Assert.AreEqual(0, store.Count(Config));
        Assert.AreEqual(0, Open().Count(Config));
    }

    [TestMethod]
    public void What_a_batch_names_is_found_by_its_local_id_until_the_batch_is_written()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 5, Bytes(30), 0, 30, out uint first));
        Ok(store.Add(Config, 5, Bytes(40, 2), 0, 40, out uint second));
        Ok(store.FindLocal(Config, second, info));
        foreach (bool written in new[] { false, true })
        {
            Ok(store.Begin());
            Ok(store.Bind(Config, second, info.Version, Key("s2"), 0, 2));
            Assert.AreEqual(second, store.BoundInBatch(Config, Key("s2"), 0, 2));
            Assert.AreEqual(0u, store.BoundInBatch(Config, Key("s1"), 0, 2));
            Assert.AreEqual(StoreError.NotFound, store.FindKey(Config, Key("s2"), 0, 2, info));
            Ok(store.FindLocal(Config, second, info));
            if (written)
            {
                Ok(store.Commit());
            }
            else
            {
                store.Abandon();
            }
            Assert.AreEqual(0u, store.BoundInBatch(Config, Key("s2"), 0, 2), "no batch is open");
            Assert.AreEqual(written ? StoreError.None : StoreError.NotFound, store.FindKey(Config, Key("s2"), 0, 2, info));
            Ok(store.FindLocal(Config, second, info));
        }
        CollectionAssert.AreEqual(Bytes(40, 2), ReadAll(store, info));
        CollectionAssert.AreEqual(Key("s2"), info.Key[..info.KeyLength]);
        Ok(store.FindLocal(Config, first, info));
        Assert.AreEqual(0, info.KeyLength);
    }

    [TestMethod]
    public void Naming_an_object_loses_nothing_that_is_pending_or_refused_under_that_name()
    {
        // the server's value came under a name that the store did not know for that of its own object, and was changed
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 5, Bytes(30), 0, 30, out uint localId));
        Ok(store.NextPending(Config, 0, info));
        uint added = info.Version;
        Ok(store.PutServer(Config, Key("s1"), 0, 2, 5, Bytes(20), 0, 20));
        Ok(store.FindKey(Config, Key("s1"), 0, 2, info));
        Ok(store.Change(info, 5, Bytes(40, 2), 0, 40));

        Ok(store.Bind(Config, localId, added, Key("s1"), 0, 2));
        store = Open();
        Assert.AreEqual(2, store.PendingCount(Config));
        Ok(store.NextPending(Config, 0, info));
        CollectionAssert.AreEqual(Bytes(40, 2), ReadAll(store, info)); // its turn comes first
        uint changed = info.Version;
        Ok(store.NextPending(Config, changed, info));
        added = info.Version;
        Assert.AreEqual(0, info.KeyLength);

        Ok(store.FindKey(Config, Key("s1"), 0, 2, info));
        Assert.AreEqual(changed, info.Version);
        Ok(store.Refuse(info, 6, null!, 0));
        Ok(store.Bind(Config, localId, added, Key("s1"), 0, 2));
        store = Open();
        Assert.AreEqual(0, store.PendingCount(Config));
        Ok(store.FindKey(Config, Key("s1"), 0, 2, info));
        Assert.AreEqual(ObjectState.Refused, info.State);
        CollectionAssert.AreEqual(Bytes(40, 2), ReadAll(store, info));
        Assert.AreEqual(StoreError.NotFound, store.FindLocal(Config, localId, info));
    }

    [TestMethod]
    public void What_was_named_and_could_not_be_taken_counts_as_seen_and_what_is_pending_or_written_in_the_batch_stays()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.PutServer(Config, Key("a"), 0, 1, 5, Bytes(30), 0, 30));
        Ok(store.PutNamed(Config, Key("b"), 0, 1, 5, Bytes(20), 0, 20));
        Ok(store.FindKey(Config, Key("b"), 0, 1, info));
        uint changed = info.Version;
        uint next = store.NextVersion;
        foreach (string key in new[] { "a", "b", "none" })
        {
            Ok(store.Confirm(Config, Key(key), 0, key.Length));
        }
        foreach (var s in new[] { store, Open() })
        {
            Ok(s.FindKey(Config, Key("a"), 0, 1, info));
            Assert.AreEqual((next, ObjectState.Clean), (info.Version, info.State));
            CollectionAssert.AreEqual(Bytes(30), ReadAll(s, info));
            Ok(s.FindKey(Config, Key("b"), 0, 1, info));
            Assert.AreEqual((changed, ObjectState.Pending), (info.Version, info.State));
            Assert.AreEqual(2, s.Count(Config));
        }
        Ok(store.Begin());
        Ok(store.PutServer(Config, Key("a"), 0, 1, 5, Bytes(10, 2), 0, 10));
        Ok(store.Confirm(Config, Key("a"), 0, 1));
        Ok(store.Commit());
        Ok(store.FindKey(Config, Key("a"), 0, 1, info));
        CollectionAssert.AreEqual(Bytes(10, 2), ReadAll(store, info));
        Assert.AreEqual(StoreError.NoCollection, store.Confirm(Readings, Key("a"), 0, 1));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_refused_object_that_is_named_after_all_is_tried_again_under_its_name(bool deleted)
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 5, Bytes(30), 0, 30, out uint localId));
        Ok(store.NextPending(Config, 0, info));
        uint sent = info.Version;
        if (deleted)
        {
            Ok(store.Delete(info));
            Ok(store.FindLocal(Config, localId, info));
        }
        else
        {
            Ok(store.Change(info, 6, Bytes(40, 2), 0, 40));
            Ok(store.FindLocal(Config, localId, info));
        }
        Ok(store.Refuse(info, 65535, Key("no"), 2));
        Ok(store.FindLocal(Config, localId, info));
        Assert.AreEqual((ObjectState.Refused, 65535, deleted), (info.State, info.Status, info.IsDelete));
        Ok(store.Bind(Config, localId, sent, Key("s1"), 0, 2)); // the answer to the first form came late
        foreach (var s in new[] { store, Open() })
        {
            Ok(s.NextPending(Config, 0, info));
            Assert.AreEqual((deleted ? ObjectState.PendingDelete : ObjectState.Pending, deleted, 2), (info.State, info.IsDelete, info.KeyLength));
            CollectionAssert.AreEqual(deleted ? [] : Bytes(40, 2), ReadAll(s, info));
            Assert.AreEqual((1, 0), (s.PendingCount(Config), s.RefusedCount(Config)));
        }
    }

    [TestMethod]
    public void A_refused_deletion_that_is_tried_again_is_a_deletion()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.PutServer(Config, Key("a"), 0, 1, 5, Bytes(30), 0, 30));
        Ok(store.FindKey(Config, Key("a"), 0, 1, info));
        Ok(store.Delete(info));
        Ok(store.NextPending(Config, 0, info));
        Ok(store.Refuse(info, 6, null!, 0));
        Assert.AreEqual(StoreError.NotFound, store.NextPending(Config, 0, info));
        info.Reset();
        Ok(store.NextRefused(Config, info));
        Assert.AreEqual(StoreError.NotFound, store.Change(info, 5, Bytes(3), 0, 3), "it is deleted");
        Assert.AreEqual(StoreError.NotFound, store.Delete(info));
        Ok(store.Retry(info));
        foreach (var s in new[] { store, Open() })
        {
            Ok(s.NextPending(Config, 0, info));
            Assert.AreEqual((ObjectState.PendingDelete, true), (info.State, info.IsDelete));
            Assert.AreEqual(StoreError.NotFound, s.Retry(info), "it is refused no more");
        }
    }

    [TestMethod]
    public void Where_no_more_objects_fit_each_way_in_says_so_and_those_that_are_there_are_written()
    {
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Ok(store.DeclareKeyed(Config, 2));
        Ok(store.Open());
        Ok(store.PutServer(Config, Key("a"), 0, 1, 1, Bytes(9), 0, 9));
        Ok(store.Begin());
        Ok(store.PutServer(Config, Key("b"), 0, 1, 1, Bytes(9), 0, 9));
        Ok(store.PutServer(Config, Key("b"), 0, 1, 1, Bytes(9, 2), 0, 9)); // written in the batch already: no other one
        Full();
        Ok(store.Commit());
        Full();
        Assert.AreEqual(StoreError.IndexFull, store.PutNamed(Config, Key("c"), 0, 1, 1, Bytes(9), 0, 9));
        Assert.AreEqual(StoreError.IndexFull, store.Add(Config, 1, Bytes(9), 0, 9, out _));
        Assert.AreEqual(StoreError.IndexFull, store.Add(Config, 1, Bytes(3000), 0, 3000, out _));
        Assert.AreEqual(0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        Ok(store.PutNamed(Config, Key("a"), 0, 1, 1, Bytes(9, 3), 0, 9));
        Ok(store.PutServer(Config, Key("b"), 0, 1, 1, Bytes(9, 4), 0, 9));
        Ok(store.RemoveServer(Config, Key("a"), 0, 1));
        Ok(store.PutNamed(Config, Key("c"), 0, 1, 1, Bytes(9), 0, 9));
        Assert.AreEqual(2, store.Count(Config));

        void Full()
        {
            bool alone = store.Begin() == StoreError.None;
            Assert.AreEqual(StoreError.IndexFull, store.PutServer(Config, Key("c"), 0, 1, 1, Bytes(9), 0, 9));
            Assert.AreEqual(StoreError.IndexFull, store.OpenPartial(Config, Key("c"), 0, 1, 1, 3000, 0, 0, out _));
            if (alone)
            {
                Ok(store.Abandon());
            }
        }
    }

    [TestMethod]
    public void A_collection_has_one_download_at_a_time_and_each_takes_the_place_of_the_one_before_it()
    {
        const int Maps = 5;
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Ok(store.DeclareKeyed(Config, 10));
        Ok(store.DeclareKeyed(Maps, 10));
        Ok(store.Open());
        var info = new ObjectInfo();
        Assert.AreEqual(StoreError.NotFound, store.FirstPartial(Config, info));
        foreach ((int collection, string key) in new[] { (Maps, "x"), (Config, "fw"), (Config, "map") })
        {
            Ok(store.Begin());
            Ok(store.OpenPartial(collection, Key(key), 0, key.Length, 4, 3000, 1, 7, out _));
            Ok(store.WritePartial(Bytes(700), 0, 700));
            Ok(store.ClosePartial(out bool complete));
            Assert.IsFalse(complete);
            Ok(store.Commit());
            Ok(store.FirstPartial(collection, info));
            Assert.AreEqual(key, Encoding.UTF8.GetString(info.Key, 0, info.KeyLength));
        }
        Ok(store.FirstPartial(Maps, info));
        Assert.AreEqual((1, 700, 3000), (info.KeyLength, info.Done, info.Length));
        Assert.AreEqual(StoreError.NotFound, store.FindPartial(Config, Key("fw"), 0, 2, info));
        Assert.AreEqual(2, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        Ok(store.DropPartial(Config, Key("map"), 0, 3));
        Assert.AreEqual(StoreError.NotFound, store.DropPartial(Config, Key("map"), 0, 3));
        Assert.AreEqual(StoreError.NotFound, store.FirstPartial(Config, info));
        Assert.AreEqual(1, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
    }

    [TestMethod]
    public void A_download_that_is_not_what_was_announced_is_dropped_and_one_that_is_keeps_the_objects_local_id()
    {
        var store = Open();
        var info = new ObjectInfo();
        byte[] payload = Bytes(3000);
        uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, payload, 0, 3000));
        Ok(store.Add(Config, 5, Bytes(30), 0, 30, out uint localId));
        Ok(store.NextPending(Config, 0, info));
        Ok(store.Bind(Config, localId, info.Version, Key("fw"), 0, 2));
        foreach (uint announced in new[] { crc + 1, crc })
        {
            Ok(store.Begin());
            Ok(store.OpenPartial(Config, Key("fw"), 0, 2, 4, 3000, announced, 7, out int done));
            Assert.AreEqual(0, done);
            Ok(store.WritePartial(payload, 0, 3000));
            Assert.AreEqual(StoreError.BadArgument, store.WritePartial(payload, 0, 1));
            Assert.AreEqual(announced == crc ? StoreError.None : StoreError.Damaged, store.ClosePartial(out bool complete));
            Assert.AreEqual(announced == crc, complete);
            Ok(store.Commit());
            Assert.AreEqual(StoreError.NotFound, store.FindPartial(Config, Key("fw"), 0, 2, info));
            Assert.AreEqual(complete ? 1 : 0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
            Ok(store.FindLocal(Config, localId, info));
            CollectionAssert.AreEqual(complete ? payload : Bytes(30), ReadAll(store, info));
        }
        Assert.AreEqual(1, store.Count(Config));
        Ok(Open().FindLocal(Config, localId, info));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_large_payload_replaces_the_object_that_it_was_begun_for_and_leaves_no_file_where_that_is_gone(bool named)
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 1, Bytes(9), 0, 9, out uint other));
        uint localId = 0;
        if (named)
        {
            Ok(store.PutServer(Config, Key("a"), 0, 1, 1, Bytes(9), 0, 9));
        }
        else
        {
            Ok(store.Add(Config, 1, Bytes(9), 0, 9, out localId));
        }
        foreach (bool gone in new[] { false, true })
        {
            Ok(named ? store.FindKey(Config, Key("a"), 0, 1, info) : store.FindLocal(Config, localId, info));
            Ok(store.BeginLarge(Config, 2, info));
            Ok(store.WriteLarge(Bytes(3000), 0, 3000));
            if (gone)
            {
                Ok(store.Drop(info));
            }
            Assert.AreEqual(gone ? StoreError.NotFound : StoreError.None, store.EndLarge(out _));
            Assert.AreEqual(gone ? 1 : 2, store.Count(Config));
            Assert.AreEqual(gone ? 0 : 1, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        }
        Ok(store.FindLocal(Config, other, info));
        CollectionAssert.AreEqual(Bytes(9), ReadAll(store, info));
        Assert.AreEqual(StoreError.NotBegun, store.EndLarge(out _));
    }

    [TestMethod]
    [DataRow("a", true)]
    [DataRow("b", false)]
    public void Of_two_things_that_a_batch_says_of_a_change_the_first_counts(string key, bool refusedFirst)
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.PutNamed(Config, Key(key), 0, 1, 1, Bytes(9), 0, 9));
        Ok(store.FindKey(Config, Key(key), 0, 1, info));
        Ok(store.Begin());
        if (refusedFirst)
        {
            Ok(store.Refuse(info, 6, null!, 0));
        }
        Ok(store.AckChange(Config, Key(key), 0, 1, info.Version));
        Ok(store.Refuse(info, 7, null!, 0));
        Ok(store.Commit());
        Ok(Open().FindKey(Config, Key(key), 0, 1, info));
        Assert.AreEqual(refusedFirst ? (ObjectState.Refused, 6) : (ObjectState.Clean, 0), (info.State, info.Status));
    }

    [TestMethod]
    public void Only_what_is_clean_is_sent_again_and_that_with_a_new_version()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.PutNamed(Config, Key("b"), 0, 1, 1, Bytes(9), 0, 9));
        Ok(store.FindKey(Config, Key("b"), 0, 1, info));
        Assert.AreEqual(StoreError.NotFound, store.SendAgain(info));
        Ok(store.PutServer(Config, Key("a"), 0, 1, 1, Bytes(30), 0, 30));
        Ok(store.FindKey(Config, Key("a"), 0, 1, info));
        uint before = info.Version;
        Ok(store.SendAgain(info));
        Assert.AreEqual(StoreError.NotFound, store.SendAgain(info));
        store = Open();
        Ok(store.FindKey(Config, Key("a"), 0, 1, info));
        Assert.AreEqual(ObjectState.Pending, info.State);
        Assert.IsGreaterThan(before, info.Version);
        CollectionAssert.AreEqual(Bytes(30), ReadAll(store, info));
    }

    [TestMethod]
    public void A_batch_that_is_abandoned_leaves_nothing()
    {
        var store = Open();
        Ok(store.PutServer(Config, Key("a"), 0, 1, 1, Bytes(20), 0, 20));
        Ok(store.Begin());
        for (int i = 0; i < 12; i++)
        {
            Ok(store.PutServer(Config, Key("b" + i), 0, Key("b" + i).Length, 1, Bytes(100), 0, 100));
        }
        Ok(store.RemoveServer(Config, Key("a"), 0, 1));
        Ok(store.Append(Readings, 1, Bytes(5), 0, 5, out _));
        Ok(store.Abandon());
        foreach (var s in new[] { store, Open() })
        {
            Assert.AreEqual(1, s.Count(Config));
            Ok(s.FindKey(Config, Key("a"), 0, 1, new ObjectInfo()));
            Assert.AreEqual(1, s.PendingCount(Readings));
        }
        Ok(store.PutServer(Config, Key("c"), 0, 1, 1, Bytes(20), 0, 20));
        Assert.AreEqual(2, Open().Count(Config));
    }

    [TestMethod]
    public void A_payload_in_slices_of_unknown_length()
    {
        var store = Open();
        var info = new ObjectInfo();
        var payload = Bytes(9000);
        Ok(store.Begin());
        Ok(store.BeginPut(Config, Key("big"), 0, 3, 9));
        for (int at = 0; at < payload.Length; at += 300)
        {
            Ok(store.WritePut(payload, at, 300));
        }
        Ok(store.EndPut());
        Ok(store.BeginPut(Config, Key("small"), 0, 5, 9));
        Ok(store.WritePut(payload, 0, 10));
        Ok(store.WritePut(payload, 10, 10));
        Ok(store.EndPut());
        Ok(store.BeginPut(Config, Key("gone"), 0, 4, 9));
        Ok(store.WritePut(payload, 0, 3000));
        store.AbandonPut();
        Ok(store.Commit());
        foreach (var s in new[] { store, Open() })
        {
            Ok(s.FindKey(Config, Key("big"), 0, 3, info));
            CollectionAssert.AreEqual(payload, ReadAll(s, info));
            Ok(s.FindKey(Config, Key("small"), 0, 5, info));
            CollectionAssert.AreEqual(payload[..20], ReadAll(s, info));
            Assert.AreEqual(StoreError.NotFound, s.FindKey(Config, Key("gone"), 0, 4, info));
        }
        Assert.AreEqual(1, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        Ok(store.RemoveServer(Config, Key("big"), 0, 3));
        Assert.AreEqual(0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
    }

    [TestMethod]
    public void A_download_goes_on_where_it_was_cut()
    {
        var payload = Bytes(5000);
        uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, payload, 0, payload.Length));
        var info = new ObjectInfo();
        for (int part = 0; part < 5; part++)
        {
            var store = Open();
            Ok(store.Begin());
            Ok(store.OpenPartial(Config, Key("fw"), 0, 2, 4, 5000, crc, 7, out int done));
            Assert.AreEqual(part * 1000, done);
            Ok(store.WritePartial(payload, done, 600));
            Ok(store.WritePartial(payload, done + 600, 400));
            Ok(store.ClosePartial(out bool complete));
            Assert.AreEqual(part == 4, complete);
            Ok(store.Commit());
            Assert.AreEqual(part == 4 ? StoreError.NotFound : StoreError.None, store.FindPartial(Config, Key("fw"), 0, 2, info));
        }
        var last = Open();
        Ok(last.FindKey(Config, Key("fw"), 0, 2, info));
        CollectionAssert.AreEqual(payload, ReadAll(last, info));
        Assert.AreEqual(ObjectState.Clean, info.State);
    }

    [TestMethod]
    public void Two_stores_begun_at_the_same_tick_are_two()
    {
        MethodInfo noise = typeof(FlashStore).GetMethod("Noise", BindingFlags.Static | BindingFlags.NonPublic)!;
        object[] tick = [DateTime.UtcNow.Ticks];
        Assert.HasCount(100, Enumerable.Range(0, 100).Select(_ => (uint)noise.Invoke(null, tick)!).Distinct().ToList());
        HashSet<string> ids = [];
        for (int i = 0; i < 20; i++)
        {
            FlashStore store = new(new MemoryVolume(65536, 64), new StoreOptions());
            Ok(store.DeclareKeyed(0, 4));
            Ok(store.Open());
            ids.Add(store.FormatId);
        }

        Assert.HasCount(20, ids);
    }

    [TestMethod]
    public void A_download_begun_by_an_older_version_is_begun_anew_and_costs_no_numbers()
    {
        byte[] payload = Bytes(5000);
        uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, payload, 0, payload.Length));
        FlashStore store = Open();
        Part(store, payload, crc, 0, 0, 2000); // as it was written before versions were told
        uint next = store.NextVersion;
        store = Open();
        Part(store, payload, crc, 0, 2000, 1000); // goes on where none is told now either
        Part(store, payload, crc, 3_000_000_000, 0, 1000); // and begins anew where one is
        store = Open();
        Part(store, payload, crc, 3_000_000_000, 1000, 3000);
        for (int i = 0; i < 400; i++)
        {
            Ok(store.PutServer(Config, Key("other"), 0, 5, 1, payload, 0, 200)); // the log turns over: the record is copied
        }

        store = Open();
        Part(store, payload, crc, 3_000_000_000, 4000, 1000);
        var info = new ObjectInfo();
        Ok(store.FindKey(Config, Key("fw"), 0, 2, info));
        CollectionAssert.AreEqual(payload, ReadAll(store, info));
        store = Open();
        Assert.IsLessThan(next + 500, store.NextVersion);
    }

    private static void Part(FlashStore store, byte[] payload, uint crc, uint version, int offset, int count)
    {
        Ok(store.Begin());
        Ok(store.OpenPartial(Config, Key("fw"), 0, 2, 4, payload.Length, crc, version, out int done));
        Assert.AreEqual(offset, done);
        Ok(store.WritePartial(payload, offset, count));
        Ok(store.ClosePartial(out _));
        Ok(store.Commit());
    }

    [TestMethod]
    public void A_large_reading_is_written_in_slices_and_goes_with_its_acknowledgement()
    {
        var store = Open();
        var payload = Bytes(8000);
        Ok(store.BeginLarge(Readings, 3, null));
        Ok(store.WriteLarge(payload, 0, 5000));
        Ok(store.Append(Readings, 1, payload, 0, 10, out uint first));
        Ok(store.WriteLarge(payload, 5000, 3000));
        Ok(store.EndLarge(out uint id));
        Assert.AreEqual(first + 1, id);
        store = Open();
        var info = new ObjectInfo();
        Ok(store.NextPending(Readings, first, info));
        CollectionAssert.AreEqual(payload, ReadAll(store, info));
        Ok(store.AckOutbox(Readings, id));
        Assert.AreEqual(0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
    }

    [TestMethod]
    public void A_refused_reading_is_kept_aside_and_can_be_tried_again()
    {
        var store = Open();
        for (int i = 0; i < 10; i++)
        {
            Ok(store.Append(Readings, 1, Bytes(20, i), 0, 20, out _));
        }
        Ok(store.Begin());
        Ok(store.SetAside(Readings, 4, 6, Key("bad value"), 0, 9));
        Ok(store.AckOutbox(Readings, 8));
        Ok(store.Commit());
        store = Open();
        Assert.AreEqual(2, store.PendingCount(Readings));
        Assert.AreEqual(1, store.RefusedCount(Readings));
        var info = new ObjectInfo();
        Ok(store.NextRefused(Readings, info));
        Assert.AreEqual(4u, info.Id);
        Assert.AreEqual(6, info.Status);
        Assert.AreEqual("bad value", Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength));
        Ok(store.Retry(info));
        Assert.AreEqual(3, store.PendingCount(Readings));
        var ids = new List<uint>();
        uint after = 0;
        while (store.NextPending(Readings, after, info) == StoreError.None)
        {
            ids.Add(info.Id);
            after = info.Id;
            CollectionAssert.AreEqual(Bytes(20, (int)info.Id - 1), ReadAll(store, info));
        }
        CollectionAssert.AreEqual(new List<uint> { 4, 9, 10 }, ids);
        Ok(store.FindLocal(Readings, 4, info));
        Ok(store.Drop(info));
        Assert.AreEqual(2, Open().Count(Readings));
    }

    [TestMethod]
    public void Refused_readings_take_so_many_bytes_and_what_is_not_kept_is_counted_over_restarts()
    {
        const int Record = 18 + 3 + 9 + 16 + 20; // head of an object, status and reason, a reading's record
        const int Most = 3 * Record + 10;
        var store = Open(setAsideBytes: Most);
        for (int i = 0; i < 8; i++)
        {
            Ok(store.Append(Readings, 1, Bytes(20, i), 0, 20, out _));
        }
        Ok(store.Append(Readings, 1, Bytes(600, 8), 0, 600, out _)); // 9: larger than the bound by itself
        Ok(store.Begin());
        for (uint id = 1; id <= 5; id++)
        {
            Ok(store.SetAside(Readings, id, 6, Key("bad value"), 0, 9));
        }
        Ok(store.AckOutbox(Readings, 5));
        Ok(store.Commit());
        Assert.AreEqual(3, store.RefusedCount(Readings), "three fit");
        Assert.AreEqual(2u, store.DroppedCount(Readings), "and two of the same batch are counted");

        store = Open(setAsideBytes: Most);
        Assert.AreEqual(2u, store.DroppedCount(Readings));
        Ok(store.Begin());
        for (uint id = 6; id <= 9; id++)
        {
            Ok(store.SetAside(Readings, id, 6, Key("bad value"), 0, 9));
        }
        Ok(store.AckOutbox(Readings, 9));
        Ok(store.Commit());
        store = Open(setAsideBytes: Most);
        var kept = new List<uint>();
        var info = new ObjectInfo();
        while (store.NextRefused(Readings, info) == StoreError.None)
        {
            kept.Add(info.Id);
        }
        kept.Sort();
        CollectionAssert.AreEqual(new List<uint> { 6, 7, 8 }, kept, "older ones made room");
        Assert.AreEqual(6u, store.DroppedCount(Readings));
        Assert.AreEqual(0, store.PendingCount(Readings));
    }

    [TestMethod]
    public void A_reading_dropped_while_its_answer_is_under_way_is_counted_once_whatever_is_acknowledged()
    {
        const uint Arrived = 7;
        var store = Open(dropOldest: true, outboxQuota: 8192);
        for (int i = 0; i < 300; i++)
        {
            Ok(store.Append(Readings, 1, Bytes(50), 0, 50, out _));
            if (i == 10)
            {
                Ok(store.AckOutbox(Readings, Arrived));
            }
        }
        uint dropped = store.DroppedCount(Readings);
        uint last = dropped + Arrived; // of those dropped
        Assert.IsGreaterThan(20u, dropped);
        foreach (uint upTo in new[] { Arrived + 1, Arrived + 2, last - 1, last, last + 1, last + 30, 300u })
        {
            var volume = new CutVolume(_volume);
            store = Open(volume, dropOldest: true, outboxQuota: 8192);
            Ok(store.AckOutbox(Readings, upTo));
            for (int look = 0; look < 2; look++)
            {
                Assert.AreEqual(upTo, store.AckedId(Readings));
                Assert.AreEqual(dropped, store.DroppedCount(Readings), $"acknowledged up to {upTo}");
                Assert.AreEqual(300 - (int)Math.Max(last, upTo), store.PendingCount(Readings), $"acknowledged up to {upTo}");
                store = Open(volume, dropOldest: true, outboxQuota: 8192);
            }
            Ok(store.AckOutbox(Readings, 300));
            Assert.AreEqual(dropped, store.DroppedCount(Readings), $"acknowledged up to {upTo}, then all");
            Ok(store.AckOutbox(Readings, upTo)); // an older answer takes nothing back
            Assert.AreEqual(300u, store.AckedId(Readings));
            Ok(store.Append(Readings, 1, Bytes(5), 0, 5, out uint id));
            Assert.AreEqual(301u, id);
        }
    }

    /// <summary>The index keeps a part of a hash: here a name and a value have the same, and the name ends in the value's number.</summary>
    [TestMethod]
    public void A_name_is_not_taken_for_a_value_whose_hash_looks_the_same()
    {
        const int Name = 0x40A4EF00, Value = 0; // of collection 1, found by trying
        foreach (bool nameFirst in new[] { true, false })
        {
            var volume = new CutVolume();
            var store = Open(volume);
            for (int round = 0; round < 3; round++)
            {
                Ok(store.SetMeta(Readings, nameFirst ? Name : Value, Bytes(3), 0, 3));
                Ok(store.SetMeta(Readings, nameFirst ? Value : Name, Bytes(3), 0, 3));
            }

            for (int look = 0; look < 2; look++)
            {
                byte[] value = new byte[64];
                Ok(store.GetMeta(Readings, Name, value, 0, out int count));
                Assert.AreEqual(3, count);
                Ok(store.GetMeta(Readings, Value, value, 0, out count));
                Assert.AreEqual(3, count);
                store = Open(volume);
            }
        }
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_large_reading_set_aside_keeps_its_payload_when_it_is_dropped_before_the_batch_ends(bool commits)
    {
        const int Large = 600;
        var store = OpenDropping(_volume);
        byte[] payload = Bytes(Large);
        Ok(store.Append(Readings, 1, payload, 0, Large, out uint refused));
        Ok(store.Begin());
        Ok(store.SetAside(Readings, refused, 6, Key("bad"), 0, 3));
        Ok(store.AckOutbox(Readings, refused));
        while (store.DroppedCount(Readings) == 0)
        {
            Ok(store.Append(Readings, 1, payload, 0, Large, out _));
        }

        uint dropped = store.DroppedCount(Readings);
        Ok(commits ? store.Commit() : store.Abandon());
        for (int look = 0; look < 2; look++)
        {
            Assert.AreEqual(commits ? 1 : 0, store.RefusedCount(Readings));
            Assert.AreEqual(commits ? dropped - 1 : dropped, store.DroppedCount(Readings));
            ObjectInfo info = new();
            if (commits)
            {
                Ok(store.NextRefused(Readings, info));
                Assert.AreEqual(refused, info.Id);
                CollectionAssert.AreEqual(payload, ReadAll(store, info));
            }

            store = OpenDropping(_volume);
            Assert.AreEqual(0, store.Health.Damaged);
        }

        int kept = store.PendingCount(Readings) + store.RefusedCount(Readings);
        Assert.AreEqual(kept, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large), "files of nobody");
    }

    /// <summary>A large payload is deleted behind its reading: one without it would be told as lost in flash, not as dropped.</summary>
    [TestMethod]
    public void A_cut_while_an_outbox_drops_leaves_no_reading_without_its_payload()
    {
        const int Large = 600, Small = 30, Every = 5;
        var full = new CutVolume();
        FlashStore first = OpenDropping(full);
        CutVolume before;
        int size, calls;
        do
        {
            before = new CutVolume(full);
            calls = full.Calls;
            size = first.NextId(Readings) % Every == 0 ? Small : Large;
            Ok(first.Append(Readings, 1, Bytes(size), 0, size, out _));
        }
        while (first.DroppedCount(Readings) == 0);
        calls = full.Calls - calls;
        Assert.IsGreaterThan(1u, first.DroppedCount(Readings));
        Assert.IsGreaterThan(4, calls);
        for (int at = 1; at <= calls; at++)
        {
            var volume = new CutVolume(before);
            FlashStore store = OpenDropping(volume);
            volume.CutAt = volume.Calls + at;
            Assert.ThrowsExactly<PowerCut>(() => store.Append(Readings, 1, Bytes(size), 0, size, out _));
            volume = new CutVolume(volume);
            store = OpenDropping(volume);
            ObjectInfo info = new();
            uint after = 0;
            int found = 0, large = 0;
            byte[] payload = new byte[Large];
            while (store.NextPending(Readings, after, info) == StoreError.None)
            {
                after = info.Id;
                Assert.AreEqual(info.Length, store.Read(info, 0, payload, 0, info.Length), $"cut at {at}, reading {after}");
                large += info.Length == Large ? 1 : 0;
                found++;
            }

            Assert.AreEqual(store.PendingCount(Readings), found, $"cut at {at}");
            Assert.AreEqual(found + (int)store.DroppedCount(Readings), (int)store.NextId(Readings) - 1, $"cut at {at}");
            Assert.AreEqual(large, volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large), $"cut at {at}: files of nobody");
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Of_refused_readings_the_newest_are_kept_in_their_number_and_the_others_are_counted(bool oneBatch)
    {
        var store = OpenWithPlaces(3);
        for (int i = 0; i < 8; i++)
        {
            Ok(store.Append(Readings, 1, Bytes(20, i), 0, 20, out _));
        }
        RefuseUpTo(store, 2);
        Ok(store.Begin());
        for (uint id = 3; id <= 6; id++)
        {
            Ok(store.SetAside(Readings, id, 6, Key("bad"), 0, 3));
            if (!oneBatch)
            {
                Ok(store.AckOutbox(Readings, id));
                Ok(store.Commit());
                Ok(store.Begin());
            }
        }
        Ok(store.AckOutbox(Readings, 6));
        Ok(store.Commit());
        // within a batch those before it make room, and what it has set aside itself does not
        CollectionAssert.AreEqual(oneBatch ? new List<uint> { 3, 4, 5 } : [4, 5, 6], Kept(store));
        Assert.AreEqual(3u, store.DroppedCount(Readings));
        store = OpenWithPlaces(3);
        CollectionAssert.AreEqual(oneBatch ? new List<uint> { 3, 4, 5 } : [4, 5, 6], Kept(store));
        Assert.AreEqual(3u, store.DroppedCount(Readings));
        Assert.AreEqual(2, store.PendingCount(Readings));
    }

    /// <summary>Two downloads may agree in key, length, check sum and version: each has the file of its collection.</summary>
    [TestMethod]
    public void A_part_goes_to_the_download_of_its_own_collection()
    {
        const int Other = 3;
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7 });
        Ok(store.DeclareKeyed(Config, 100));
        Ok(store.DeclareKeyed(Other, 100));
        Ok(store.Open());
        byte[] value = Bytes(2000);
        uint crc = Crc32.Finish(Crc32.Update(Crc32.Start, value, 0, value.Length));
        StoreError Part(int collection, int from, int count, out bool complete)
        {
            complete = false;
            StoreError error = store.OpenPartial(collection, Key("k"), 0, 1, 1, value.Length, crc, 5, out int done);
            if (error != StoreError.None)
            {
                return error;
            }

            Assert.AreEqual(from, done, $"collection {collection}");
            Ok(store.WritePartial(value, from, count));
            return store.ClosePartial(out complete);
        }

        Ok(store.Begin());
        Ok(Part(Other, 0, 700, out _));
        Ok(store.Commit());
        Ok(store.Begin());
        Ok(Part(Config, 0, 500, out _));
        Ok(Part(Other, 700, 100, out _));
        Assert.AreEqual(StoreError.BatchFull, Part(Config, 500, 100, out _)); // it comes with the next reply
        Ok(store.Commit());
        Ok(store.Begin());
        Ok(Part(Config, 500, 1500, out bool whole));
        Assert.IsTrue(whole);
        Ok(store.Commit());
        Ok(store.Begin());
        Ok(Part(Other, 800, 1200, out whole));
        Assert.IsTrue(whole);
        Ok(store.Commit());
        Ok(store.Begin());
        Ok(store.RemoveServer(Config, Key("k"), 0, 1));
        Ok(store.Commit());
        var info = new ObjectInfo();
        Ok(store.FindKey(Other, Key("k"), 0, 1, info));
        CollectionAssert.AreEqual(value, ReadAll(store, info));
    }

    private List<int> MainSegments()
    {
        return _volume.Files.Where(f => StoreFile.Kind(f.Key) == StoreFile.Main).OrderBy(f => f.Key).Select(f => f.Value.Length).ToList();
    }

    [TestMethod]
    public void Small_batches_fill_their_segments()
    {
        var store = Open();
        var segments = new SortedDictionary<uint, int>();
        for (int i = 0; i < 500; i++)
        {
            Ok(store.Begin());
            Ok(store.SetMeta(Config, i % 3, Bytes(20, i), 0, 20)); // 32 bytes
            Ok(store.Commit());
            foreach ((uint file, byte[] bytes) in _volume.Files.Where(f => StoreFile.Kind(f.Key) == StoreFile.Main))
            {
                segments[file] = bytes.Length;
            }
        }

        Assert.IsGreaterThan(5, segments.Count);
        foreach (int length in segments.Values.SkipLast(1).Skip(1)) // the first one begins with an End
        {
            Assert.AreEqual(2048, length); // 32 + 63 * 32
        }
    }

    /// <summary>However full the segment is: a batch of half of one fits, whole or not at all.</summary>
    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void A_batch_of_half_a_segment_fits_wherever_it_begins(bool commits)
    {
        int moved = 0;
        for (int fill = 0; fill < 64; fill++)
        {
            _volume.Files.Clear();
            var store = Open();
            for (int i = 0; i < fill; i++)
            {
                Ok(store.SetMeta(Config, 1, Bytes(20, i), 0, 20));
            }

            int segments = MainSegments().Count;
            Ok(store.Begin());
            for (int i = 0; i < 10; i++)
            {
                Ok(store.PutServer(Config, Key("k" + i), 0, 2, 1, Bytes(68, i), 0, 68)); // 92 bytes each
            }

            Ok(store.SetMeta(Config, 2, Bytes(20), 0, 20));
            bool goesOn = MainSegments().Count > segments;
            moved += goesOn ? 1 : 0;
            Ok(commits ? store.Commit() : store.Abandon());
            if (!commits)
            {
                Assert.AreEqual(segments, MainSegments().Count, $"fill {fill}");
            }

            Ok(store.SetMeta(Config, 3, Bytes(20, 3), 0, 20));
            foreach (FlashStore s in new[] { store, Open() })
            {
                var info = new ObjectInfo();
                for (int i = 0; i < 10; i++)
                {
                    Assert.AreEqual(commits ? StoreError.None : StoreError.NotFound, s.FindKey(Config, Key("k" + i), 0, 2, info), $"fill {fill}");
                    if (commits)
                    {
                        CollectionAssert.AreEqual(Bytes(68, i), ReadAll(s, info));
                    }
                }

                var value = new byte[64];
                Assert.AreEqual(commits ? StoreError.None : StoreError.NotFound, s.GetMeta(Config, 2, value, 0, out _));
                Ok(s.GetMeta(Config, 3, value, 0, out int count));
                CollectionAssert.AreEqual(Bytes(20, 3), value[..count]);
                Assert.AreEqual(0, s.Health.Damaged);
                Assert.IsTrue(s.Health.TornTails == 0 || (!commits && !goesOn), $"fill {fill}"); // the file has bytes of what was given up
            }
        }

        Assert.IsTrue(moved is > 20 and < 64, $"{moved} moved");
    }

    /// <summary>A wake reads the whole log: it stays short where little stands in it, however much room there is.</summary>
    [TestMethod]
    public void A_log_in_which_little_stands_stays_short()
    {
        var store = Open(); // 48 KB for the main log
        for (int i = 0; i < 20; i++)
        {
            Ok(store.PutServer(Config, Key("k" + (char)('a' + i)), 0, 2, 1, Bytes(68, i), 0, 68));
        }

        int most = 0;
        long before = store.Health.BytesWritten;
        for (int i = 0; i < 2000; i++)
        {
            Ok(store.SetMeta(Config, 1, Bytes(20, i), 0, 20));
            most = Math.Max(most, MainSegments().Sum());
        }

        int stands = 20 * 92 + 200; // objects; values and what the store keeps for itself
        Assert.IsLessThan(3 * stands + 2 * 2048, most); // a segment more while one is begun
        Assert.IsLessThan(2000 * 32 * 3 / 2, store.Health.BytesWritten - before); // what is copied is less than half of it
        Assert.AreEqual(20, Enumerable.Range(0, 20).Count(i => Open(new CutVolume(_volume)).FindKey(Config, Key("k" + (char)('a' + i)), 0, 2, new ObjectInfo()) == StoreError.None));
    }

    [TestMethod]
    public void A_batch_of_readings_is_one_at_a_time_and_bounded_by_its_segment()
    {
        var store = Open();
        Assert.AreEqual(StoreError.NotBegun, store.CommitAppend());
        Assert.AreEqual(StoreError.NotBegun, store.AbandonAppend());
        Assert.AreEqual(StoreError.NoCollection, store.BeginAppend(Config));
        Ok(store.BeginAppend(Readings));
        Assert.AreEqual(StoreError.Busy, store.BeginAppend(Readings));
        int taken = 0;
        StoreError error;
        while ((error = store.Append(Readings, 1, Bytes(200), 0, 200, out _)) == StoreError.None)
        {
            taken++;
        }
        Assert.AreEqual(StoreError.BatchFull, error);
        Assert.AreEqual((2048 - 32) / 216, taken);
        Ok(store.CommitAppend());
        foreach (var s in new[] { store, Open() })
        {
            Assert.AreEqual(taken, s.PendingCount(Readings));
        }
        Assert.AreEqual(StoreError.NotBegun, store.CommitAppend());
    }

    [TestMethod]
    public void A_large_reading_that_does_not_fit_leaves_no_file_and_the_next_one_is_taken()
    {
        var store = Open(outboxQuota: 8192);
        Ok(store.Append(Readings, 1, Bytes(4000), 0, 4000, out uint first));
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(StoreError.QuotaFull, store.Append(Readings, 1, Bytes(5000), 0, 5000, out uint none));
            Assert.AreEqual(0u, none);
            Assert.AreEqual(1, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        }
        Ok(store.AckOutbox(Readings, first));
        Assert.AreEqual(0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        Ok(store.Append(Readings, 1, Bytes(3500), 0, 3500, out uint second));
        Assert.AreEqual(first + 1, second);
        var info = new ObjectInfo();
        store = Open(outboxQuota: 8192);
        Ok(store.NextPending(Readings, 0, info));
        CollectionAssert.AreEqual(Bytes(3500), ReadAll(store, info));
    }

    [TestMethod]
    public void A_batch_given_up_drops_and_counts_no_refused_reading()
    {
        var store = OpenWithPlaces(2);
        for (int i = 0; i < 6; i++)
        {
            Ok(store.Append(Readings, 1, Bytes(20, i), 0, 20, out _));
        }
        RefuseUpTo(store, 2);
        for (int round = 0; round < 3; round++)
        {
            Ok(store.Begin());
            for (uint id = 3; id <= 5; id++)
            {
                Ok(store.SetAside(Readings, id, 6, Key("bad"), 0, 3));
            }
            if (round < 2)
            {
                Ok(store.Abandon());
                CollectionAssert.AreEqual(new List<uint> { 1, 2 }, Kept(store));
                Assert.AreEqual(0u, store.DroppedCount(Readings));
                Assert.AreEqual(4, store.PendingCount(Readings));
            }
        }
        Ok(store.AckOutbox(Readings, 5));
        Ok(store.Commit());
        CollectionAssert.AreEqual(new List<uint> { 3, 4 }, Kept(store));
        Assert.AreEqual(3u, store.DroppedCount(Readings));
        Assert.AreEqual(3u, OpenWithPlaces(2).DroppedCount(Readings));
    }

    [TestMethod]
    public void A_reading_refused_once_more_is_kept_once_with_its_last_reason()
    {
        var store = OpenWithPlaces(2);
        Ok(store.Append(Readings, 1, Bytes(20), 0, 20, out _));
        RefuseUpTo(store, 1);
        var info = new ObjectInfo();
        Ok(store.NextRefused(Readings, info));
        Ok(store.Retry(info));
        Assert.AreEqual(0, store.RefusedCount(Readings));
        Ok(store.SetAside(Readings, 1, 65535, Key("still bad, and more than 64 bytes of reason are cut at the sixty-fourth of them"), 0, 78));
        foreach (var s in new[] { store, OpenWithPlaces(2) })
        {
            info.Reset();
            Ok(s.NextRefused(Readings, info));
            Assert.AreEqual("1 65535 still bad, and more than 64 bytes of reason are cut at the sixty", $"{info.Id} {info.Status} {Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength)}");
            CollectionAssert.AreEqual(Bytes(20), ReadAll(s, info));
            Assert.AreEqual(1, s.RefusedCount(Readings));
            Assert.AreEqual(0, s.PendingCount(Readings));
            Assert.AreEqual(0u, s.DroppedCount(Readings));
        }
        Assert.AreEqual(StoreError.BadArgument, store.SetAside(Readings, 1, 65536, Key("x"), 0, 1));
        Assert.AreEqual(StoreError.BadArgument, store.SetAside(Readings, 1, -1, Key("x"), 0, 1));
        Assert.AreEqual(StoreError.NotFound, store.SetAside(Readings, 2, 6, Key("x"), 0, 1));
        Assert.AreEqual(StoreError.NotFound, store.SetAside(Readings, 0, 6, Key("x"), 0, 1));
    }

    private FlashStore OpenWithPlaces(int places)
    {
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7, SetAsideSlots = places });
        Ok(store.DeclareOutbox(Readings, 16384, false));
        Ok(store.DeclareKeyed(Config, 100));
        Ok(store.Open());
        return store;
    }

    private static void RefuseUpTo(FlashStore store, uint last)
    {
        Ok(store.Begin());
        for (uint id = 1; id <= last; id++)
        {
            Ok(store.SetAside(Readings, id, 6, Key("bad"), 0, 3));
        }
        Ok(store.AckOutbox(Readings, last));
        Ok(store.Commit());
    }

    private static List<uint> Kept(FlashStore store)
    {
        var kept = new List<uint>();
        var info = new ObjectInfo();
        while (store.NextRefused(Readings, info) == StoreError.None)
        {
            kept.Add(info.Id);
        }
        kept.Sort();
        return kept;
    }

    [TestMethod]
    [DataRow(300, DisplayName = "in the log")]
    [DataRow(3000, DisplayName = "in a file of its own")]
    public void A_batch_given_up_in_the_middle_of_a_payload_leaves_no_file_and_the_next_one_writes(int bytes)
    {
        var store = Open();
        for (int round = 0; round < 3; round++)
        {
            Ok(store.Begin());
            Ok(store.BeginPut(Config, Key("never"), 0, 5, 9));
            Ok(store.WritePut(Bytes(bytes), 0, bytes));
            Ok(store.Abandon());
            Assert.AreEqual(0, _volume.Files.Keys.Count(f => StoreFile.Kind(f) == StoreFile.Large));
        }
        Ok(store.Begin());
        Assert.AreEqual(StoreError.NotBegun, store.EndPut());
        Ok(store.BeginPut(Config, Key("big"), 0, 3, 9));
        Ok(store.WritePut(Bytes(2000), 0, 2000));
        Ok(store.EndPut());
        Ok(store.Commit());
        var info = new ObjectInfo();
        foreach (var s in new[] { store, Open() })
        {
            Assert.AreEqual(1, s.Count(Config));
            Ok(s.FindKey(Config, Key("big"), 0, 3, info));
            CollectionAssert.AreEqual(Bytes(2000), ReadAll(s, info));
        }
    }

    [TestMethod]
    public void Values_beyond_their_number_are_refused_and_those_there_are_still_written()
    {
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7, MetaSlots = 3 });
        Ok(store.DeclareOutbox(Readings, 16384, false));
        Ok(store.DeclareKeyed(Config, 100));
        Ok(store.Open());
        int most = 0;
        while (store.SetMeta(Config, most, Bytes(4, most), 0, 4) == StoreError.None)
        {
            most++;
        }
        Assert.IsGreaterThanOrEqualTo(3, most);
        Ok(store.Append(Readings, 1, Bytes(4), 0, 4, out uint id));
        Ok(store.AckOutbox(Readings, id)); // which has a place of its own
        for (int slot = 0; slot < most; slot++)
        {
            Ok(store.SetMeta(Config, slot, Bytes(5, slot), 0, 5));
        }
        Assert.AreEqual(StoreError.IndexFull, store.SetMeta(Config, 200, Bytes(4), 0, 4));
        Ok(store.Begin());
        Assert.AreEqual(StoreError.IndexFull, store.SetMeta(Config, 200, Bytes(4), 0, 4));
        Ok(store.SetMeta(Config, most - 1, Bytes(6, 9), 0, 6));
        Ok(store.Commit());
        byte[] value = new byte[64];
        for (int slot = 0; slot < most; slot++)
        {
            Ok(store.GetMeta(Config, slot, value, 0, out int count));
            CollectionAssert.AreEqual(slot == most - 1 ? Bytes(6, 9) : Bytes(5, slot), value[..count]);
        }
        Assert.AreEqual(StoreError.NotFound, store.GetMeta(Config, 200, value, 0, out _));
    }

    [TestMethod]
    public void A_value_written_several_times_in_a_batch_takes_one_place()
    {
        var store = new FlashStore(_volume, new StoreOptions { QuotaBytes = 65536, SegmentBytes = 2048, BufferBytes = 512, Entropy = 7, MetaSlots = 3 });
        Ok(store.DeclareKeyed(Config, 100));
        Ok(store.Open());
        Ok(store.Begin());
        for (int i = 0; i < 9; i++)
        {
            Ok(store.SetMeta(Config, i % 3, Bytes(4, i), 0, 4));
        }
        Assert.AreEqual(StoreError.IndexFull, store.SetMeta(Config, 3, Bytes(4), 0, 4));
        Ok(store.Commit());
        byte[] value = new byte[64];
        Ok(store.GetMeta(Config, 2, value, 0, out int count));
        CollectionAssert.AreEqual(Bytes(4, 8), value[..count]);
    }

    [TestMethod]
    public void A_large_reading_that_is_refused_is_not_kept_where_no_batch_could_begin_any_more()
    {
        var store = Open(setAsideBytes: 1 << 20);
        var payload = Bytes(6000);
        Ok(store.BeginLarge(Readings, 3, null));
        Ok(store.WriteLarge(payload, 0, 6000));
        Ok(store.EndLarge(out uint large));
        for (int i = 0; store.BytesFree > 5000; i++)
        {
            Ok(store.Begin());
            Ok(store.BeginPut(Config, Key("o" + i), 0, Key("o" + i).Length, 1));
            Ok(store.WritePut(payload, 0, 4000));
            Ok(store.EndPut());
            Ok(store.Commit());
        }
        Refuse(large);
        Assert.AreEqual(0, store.RefusedCount(Readings), "with it the objects would take what acknowledging needs");
        Assert.AreEqual(1u, store.DroppedCount(Readings), "and it is counted");
        Ok(store.Append(Readings, 1, payload, 0, 20, out uint small));
        Refuse(small);
        Assert.AreEqual(1, store.RefusedCount(Readings), "a small one is kept all the same");
        store = Open(setAsideBytes: 1 << 20);
        for (int i = 0; i < 50; i++)
        {
            Ok(store.Begin());
            Ok(store.SetMeta(Config, 1, payload, 0, 20));
            Ok(store.Commit());
        }

        void Refuse(uint id)
        {
            Ok(store.Begin());
            Ok(store.SetAside(Readings, id, 6, Key("bad value"), 0, 9));
            Ok(store.AckOutbox(Readings, id));
            Ok(store.Commit());
        }
    }

    [TestMethod]
    public void A_full_outbox_refuses_or_drops_the_oldest()
    {
        foreach (bool drop in new[] { false, true })
        {
            var volume = new CutVolume();
            var store = Open(volume, 3, drop, 8192);
            int appended = 0;
            StoreError error = StoreError.None;
            while (error == StoreError.None && appended < 1000)
            {
                error = store.Append(Readings, 1, Bytes(50), 0, 50, out _);
                appended += error == StoreError.None ? 1 : 0;
            }
            Assert.AreEqual(drop ? StoreError.None : StoreError.QuotaFull, error);
            Assert.AreEqual(appended, store.PendingCount(Readings) + (int)store.DroppedCount(Readings));
            var again = Open(volume, 3, drop, 8192);
            Assert.AreEqual(store.PendingCount(Readings), again.PendingCount(Readings));
            Assert.AreEqual(store.DroppedCount(Readings), again.DroppedCount(Readings));
            Assert.IsLessThanOrEqualTo(8192, volume.Files.Where(f => StoreFile.Kind(f.Key) == StoreFile.Outbox).Sum(f => f.Value.Length));
            Ok(again.AckOutbox(Readings, again.NextId(Readings) - 1));
            Assert.AreEqual(store.DroppedCount(Readings), again.DroppedCount(Readings));
            Ok(again.Append(Readings, 1, Bytes(50), 0, 50, out uint id));
            Assert.AreEqual((uint)appended + 1, id);
        }
    }

    [TestMethod]
    public void Rewriting_objects_for_ever_stays_within_the_quota()
    {
        var store = Open();
        var random = new Random(5);
        var expected = new Dictionary<string, byte[]>();
        for (int i = 0; i < 6000; i++)
        {
            string key = "k" + random.Next(60);
            var payload = Bytes(random.Next(1, 200), i);
            Ok(store.PutServer(Config, Key(key), 0, Key(key).Length, 1, payload, 0, payload.Length));
            expected[key] = payload;
            if (i % 1000 == 999)
            {
                store = Open();
            }
            Assert.IsLessThanOrEqualTo(65536 - 16384, _volume.Used, "bytes used");
        }
        var info = new ObjectInfo();
        foreach (var (key, payload) in expected)
        {
            Ok(store.FindKey(Config, Key(key), 0, Key(key).Length, info));
            CollectionAssert.AreEqual(payload, ReadAll(store, info));
        }
    }

    [TestMethod]
    public void Counters_outlive_every_record_that_used_them()
    {
        var store = Open();
        var info = new ObjectInfo();
        uint last = 0;
        uint version = 0;
        for (int i = 0; i < 20; i++)
        {
            Ok(store.Add(Config, 1, Bytes(20), 0, 20, out last));
            Ok(store.FindLocal(Config, last, info));
            version = info.Version;
            Ok(store.Drop(info));
        }
        for (int i = 0; i < 3000; i++)
        {
            Ok(store.PutServer(Config, Key("k" + i % 5), 0, 2, 1, Bytes(100), 0, 100)); // the log turns over
        }
        Assert.IsFalse(_volume.Files.ContainsKey(StoreFile.Make(StoreFile.Main, 0, 1)));
        store = Open();
        Ok(store.Add(Config, 1, Bytes(20), 0, 20, out uint next));
        Assert.IsGreaterThan(last, next);
        Ok(store.FindLocal(Config, next, info));
        Assert.AreEqual(version + 3001, info.Version); // every put from the server took one
    }

    [TestMethod]
    public void Counters_outlive_them_also_where_nothing_is_left_that_has_a_number()
    {
        var store = Open();
        var info = new ObjectInfo();
        Ok(store.Add(Config, 1, Bytes(20), 0, 20, out uint last));
        Ok(store.FindLocal(Config, last, info));
        Ok(store.Drop(info));
        uint large = AddLarge(store);
        for (int i = 0; i < 3000; i++)
        {
            Ok(store.SetMeta(Config, 3, Bytes(60), 0, 60)); // the log turns over; no number is taken
        }
        Assert.IsFalse(_volume.Files.ContainsKey(StoreFile.Make(StoreFile.Main, 0, 1)));
        (uint version, uint local) = (store.NextVersion, store.NextLocal);
        store = Open();
        Assert.AreEqual(version, store.NextVersion); // which only the headers know
        Assert.AreEqual(local, store.NextLocal);
        Assert.AreEqual(large + 1, AddLarge(store));
        Ok(store.Add(Config, 1, Bytes(20), 0, 20, out uint next));
        Assert.IsGreaterThan(last, next);
    }

    // The number of the file of a large object that is made and dropped.
    private uint AddLarge(FlashStore store)
    {
        ObjectInfo info = new();
        Ok(store.Add(Config, 1, Bytes(3000), 0, 3000, out uint id));
        uint number = _volume.Files.Keys.Single(f => StoreFile.Kind(f) == StoreFile.Large) & 0xFFFFFF;
        Ok(store.FindLocal(Config, id, info));
        Ok(store.Drop(info));
        return number;
    }

    [TestMethod]
    public void The_same_store_can_be_closed_and_opened_again()
    {
        var store = Open();
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 120; i++)
            {
                Ok(store.Append(Readings, 1, Bytes(40, i), 0, 40, out _));
            }
            Ok(store.Begin());
            Ok(store.PutServer(Config, Key("never"), 0, 5, 1, Bytes(10), 0, 10));
            store.Close();
            Assert.AreEqual(StoreError.NotOpen, store.Append(Readings, 1, Bytes(1), 0, 1, out _));
            Ok(store.Open());
            Assert.AreEqual(0, store.Count(Config));
            Assert.AreEqual(120, store.PendingCount(Readings));
            var info = new ObjectInfo();
            uint after = 0;
            int seen = 0;
            while (store.NextPending(Readings, after, info) == StoreError.None)
            {
                CollectionAssert.AreEqual(Bytes(40, seen), ReadAll(store, info));
                after = info.Id;
                seen++;
            }
            Assert.AreEqual(120, seen);
            Ok(store.AckOutbox(Readings, after));
        }
    }

    [TestMethod]
    public void Wrong_use_is_told_apart_from_bad_luck()
    {
        var options = new StoreOptions { QuotaBytes = 20000 };
        var store = new FlashStore(_volume, options);
        var info = new ObjectInfo();
        Assert.AreEqual(StoreError.NotOpen, store.Begin());
        Assert.AreEqual(StoreError.BadArgument, store.DeclareKeyed(16, 10));
        Assert.AreEqual(StoreError.BadArgument, store.DeclareOutbox(0, 100, true));
        Assert.AreEqual(StoreError.BadQuota, store.Open());
        store = Open();
        Assert.AreEqual(StoreError.AlreadyOpen, store.Open());
        Assert.AreEqual(StoreError.AlreadyOpen, store.DeclareKeyed(4, 10));
        Assert.AreEqual(StoreError.NoCollection, store.Append(Config, 1, Bytes(1), 0, 1, out _));
        Assert.AreEqual(StoreError.NoCollection, store.Add(Readings, 1, Bytes(1), 0, 1, out _));
        Assert.AreEqual(StoreError.NoCollection, store.NextPending(9, 0, info));
        Assert.AreEqual(StoreError.BadArgument, store.Append(Readings, 1, Bytes(4), 2, 3, out _));
        Assert.AreEqual(StoreError.BadArgument, store.AckOutbox(Readings, 1));
        Assert.AreEqual(StoreError.BadArgument, store.PutServer(Config, Bytes(65), 0, 65, 1, Bytes(1), 0, 1));
        Assert.AreEqual(StoreError.BadArgument, store.SetMeta(Config, 0, Bytes(65), 0, 65));
        Assert.AreEqual(StoreError.BadArgument, store.SetMeta(Config, 0, Bytes(65), 0, -1));
        Assert.AreEqual(StoreError.BadArgument, store.SetMeta(Config, -1, Bytes(1), 0, 1));
        Assert.AreEqual(StoreError.BadArgument, store.SetMeta(Config, 201, Bytes(1), 0, 1));
        Assert.AreEqual(StoreError.NoCollection, store.SetMeta(-1, 0, Bytes(1), 0, 1));
        Assert.AreEqual(StoreError.NoCollection, store.SetMeta(16, 0, Bytes(1), 0, 1));
        Ok(store.SetMeta(Config, 200, Bytes(64), 0, 64));
        Ok(store.SetMeta(Config, 200, Bytes(64), 0, 0));
        Assert.AreEqual(StoreError.BadArgument, store.Append(Readings, 1, null!, 0, 1, out _));
        Assert.AreEqual(StoreError.BadArgument, store.Append(Readings, 1, Bytes(4), -1, 3, out _));
        Assert.AreEqual(StoreError.BadArgument, store.Append(Readings, 1, Bytes(4), 1, -1, out _));
        foreach ((byte[]? payload, int offset, int count) in new[] { (null, 0, 1), (Bytes(4), -1, 3), (Bytes(4), 1, -1), (Bytes(4), 2, 3) })
        {
            Assert.AreEqual(StoreError.BadArgument, store.Add(Config, 1, payload!, offset, count, out _));
            Assert.AreEqual(StoreError.BadArgument, store.PutNamed(Config, payload!, offset, count, 1, Bytes(1), 0, 1));
        }
        Assert.AreEqual(StoreError.BadArgument, store.PutNamed(Config, Bytes(4), 0, 0, 1, Bytes(1), 0, 1));
        Ok(store.PutNamed(Config, Bytes(64), 0, 64, 1, Bytes(1), 0, 1));
        Ok(store.FindKey(Config, Bytes(64), 0, 64, info));
        Assert.AreEqual(StoreError.BadArgument, store.Refuse(info, -1, null!, 0));
        Assert.AreEqual(StoreError.BadArgument, store.Refuse(info, 65536, null!, 0));
        Ok(store.Drop(info));
        Assert.AreEqual(StoreError.NotBegun, store.Commit());
        Assert.AreEqual(StoreError.NotBegun, store.WritePut(Bytes(1), 0, 1));
        Assert.AreEqual(StoreError.NotBegun, store.EndLarge(out _));
        Ok(store.Begin());
        Assert.AreEqual(StoreError.Busy, store.Begin());
        Assert.AreEqual(StoreError.Busy, store.Add(Config, 1, Bytes(1), 0, 1, out _));
        Ok(store.BeginPut(Config, Key("a"), 0, 1, 1));
        Assert.AreEqual(StoreError.Busy, store.Commit());
        store.AbandonPut();
        Ok(store.Commit());
        Assert.AreEqual(StoreError.NotFound, store.FindKey(Config, Key("a"), 0, 1, info));
        for (int i = 0; i < 100; i++)
        {
            Ok(store.Add(Config, 1, Bytes(1), 0, 1, out _));
        }
        Assert.AreEqual(StoreError.IndexFull, store.Add(Config, 1, Bytes(1), 0, 1, out _));
        Assert.AreEqual(StoreError.QuotaFull, store.Append(Readings, 1, Bytes(20000), 0, 20000, out _));
    }
}

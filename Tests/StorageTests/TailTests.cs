using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>Tails [SPEC 9.10]: where the bytes of a segment lie, and what a cut or damage may leave. That a store loses nothing over them, CutTests, FullTests and DamageTests say.</summary>
[TestClass]
public sealed class TailTests
{
    private const int Small = 128;
    private const uint TailFlag = 0x80000000;

    private static readonly uint s_segment = StoreFile.Make(StoreFile.Outbox, 1, 1);
    private static readonly uint s_tail = s_segment | TailFlag;

    private readonly CutVolume _files = new();
    private readonly List<byte> _written = [];
    private TailVolume _volume;

    public TailTests() => _volume = new TailVolume(_files, Small);

    private static byte[] Header(uint file)
    {
        var header = new byte[Format.HeaderSize];
        Format.PutHeader(header, "form"u8.ToArray(), 7, file, 1, 0, 0);
        return header;
    }

    private int Append(uint file, byte[] bytes)
    {
        int code = _volume.OpenAppend(0, file);
        code = code == VolumeCode.Ok ? _volume.Append(0, bytes, 0, bytes.Length) : code;
        int closed = _volume.Close(0);
        if (code == VolumeCode.Ok && closed == VolumeCode.Ok && file == s_segment)
        {
            _written.AddRange(bytes);
        }
        return code == VolumeCode.Ok ? closed : code;
    }

    // A segment of 32 + 90 bytes, and a tail with so many appends of 30 bytes.
    private void Begin(int appends)
    {
        Assert.AreEqual(VolumeCode.Ok, Append(s_segment, [.. Header(s_segment), .. Life.Pattern(90, 1)]));
        for (int i = 0; i < appends; i++)
        {
            Assert.AreEqual(VolumeCode.Ok, Append(s_segment, Life.Pattern(30, 10 + i)));
        }
    }

    private void Restart()
    {
        _volume = new TailVolume(_files, Small);
        Assert.AreEqual(VolumeCode.Ok, _volume.Open());
        Assert.IsNotNull(_volume.List());
    }

    private void ReadsAs(IReadOnlyList<byte> expected)
    {
        Assert.AreEqual(expected.Count, _volume.Length(s_segment));
        for (int from = 0; from <= expected.Count; from += 7)
        {
            var buffer = new byte[expected.Count + 5];
            int read = _volume.Read(s_segment, from, buffer, 2, buffer.Length - 2);
            Assert.AreEqual(expected.Count - from, read);
            CollectionAssert.AreEqual(expected.Skip(from).ToArray(), buffer[2..(2 + read)]);
        }
    }

    [TestMethod]
    public void The_newest_bytes_lie_in_a_tail_and_the_segment_reads_as_one_file()
    {
        Begin(3);
        CollectionAssert.AreEqual(new[] { s_segment, s_tail }, _files.Files.Keys.ToArray());
        Assert.HasCount(122, _files.Files[s_segment]);
        CollectionAssert.AreEqual((byte[])[122, 0, 0, 0, 133, 255, 255, 255, .. _written.Skip(122)], _files.Files[s_tail]);
        ReadsAs(_written);
        Restart();
        CollectionAssert.AreEqual(new[] { s_segment }, _volume.List());
        ReadsAs(_written);
    }

    [TestMethod]
    public void A_full_tail_is_moved_into_its_segment_and_deleted()
    {
        Begin(5); // 8 + 4 * 30 bytes fit
        CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray());
        CollectionAssert.AreEqual(_written, _files.Files[s_segment]);
        Assert.AreEqual(VolumeCode.Ok, Append(s_segment, Life.Pattern(30, 9)));
        Assert.HasCount(38, _files.Files[s_tail]);
        ReadsAs(_written);
    }

    [TestMethod]
    public void What_is_longer_than_a_tail_goes_into_the_segment()
    {
        Begin(0);
        Assert.AreEqual(VolumeCode.Ok, Append(s_segment, Life.Pattern(121, 2)));
        CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray());
        ReadsAs(_written);
    }

    [TestMethod]
    public void A_move_that_was_cut_goes_on()
    {
        Begin(4);
        for (int got = 1; got < 120; got += 17)
        {
            _files.Files[s_segment] = [.. _written.Take(122 + got)];
            Restart();
            ReadsAs(_written);
        }
        Assert.AreEqual(VolumeCode.Ok, Append(s_segment, Life.Pattern(30, 3)));
        CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray());
        CollectionAssert.AreEqual(_written, _files.Files[s_segment]);
        ReadsAs(_written);
    }

    [TestMethod]
    public void A_tail_that_was_moved_or_is_empty_or_alone_is_deleted()
    {
        Begin(3);
        _files.Files[s_segment] = [.. _written, 1, 2, 3]; // the batch behind it may have been cut
        _written.AddRange([1, 2, 3]);
        Restart();
        ReadsAs(_written); // the first call that asks for the segment looks at its tail
        CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray());
        for (int length = 0; length <= 8; length++)
        {
            _files.Files[s_tail] = new byte[length];
            Restart();
            ReadsAs(_written);
            CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray(), $"{length} bytes");
        }
        _files.Files[s_tail] = new byte[50];
        _files.Files.Remove(s_segment);
        Restart();
        Assert.IsEmpty(_files.Files);
        Assert.AreEqual(VolumeCode.NotFound, _volume.Length(s_segment));
    }

    [TestMethod]
    public void A_segment_that_does_not_fit_its_tail_ends_in_a_byte_more_and_is_not_appended_to()
    {
        Begin(3);
        byte[] whole = [.. _written];
        _files.Files[s_segment] = whole[..100]; // it has lost 22 bytes
        Restart();
        ReadsAs([.. whole.Take(100), .. new byte[22], .. whole.Skip(122), 0]);
        Assert.AreEqual(VolumeCode.Failed, Append(s_segment, [1]));
        whole[130] ^= 1;
        _files.Files[s_segment] = whole[..140]; // other bytes than the tail's
        Restart();
        ReadsAs([.. _written, 0]);
        Assert.AreEqual(VolumeCode.Failed, Append(s_segment, [1]));
        Assert.AreEqual(VolumeCode.Ok, _volume.Delete(s_segment));
        Assert.IsEmpty(_files.Files);
    }

    [TestMethod]
    public void A_tail_whose_place_is_damaged_continues_its_segment()
    {
        Begin(3);
        for (int at = 0; at < 8; at++)
        {
            _files.Files[s_tail][at] ^= 0x10;
            Restart();
            ReadsAs(_written);
            _files.Files[s_tail][at] ^= 0x10;
        }
    }

    [TestMethod]
    public void The_tail_of_a_segment_is_moved_when_the_next_one_of_its_chain_begins()
    {
        Begin(2);
        uint other = StoreFile.Make(StoreFile.Main, 0, 1);
        uint next = s_segment + 1;
        Append(other, Header(other));
        CollectionAssert.AreEqual(new[] { other, s_segment, s_tail }, _files.Files.Keys.ToArray());
        Append(next, Header(next));
        CollectionAssert.AreEqual(new[] { other, s_segment, next }, _files.Files.Keys.ToArray());
        CollectionAssert.AreEqual(_written, _files.Files[s_segment]);
    }

    [TestMethod]
    public void More_chains_than_places_do_without_a_tail()
    {
        for (int round = 0; round < 3; round++)
        {
            for (int collection = 0; collection < 12; collection++)
            {
                uint file = StoreFile.Make(StoreFile.Outbox, collection, 1);
                byte[] bytes = Life.Pattern(100, collection);
                Assert.AreEqual(VolumeCode.Ok, Append(file, round == 0 ? [.. Header(file), .. bytes] : bytes));
                Assert.AreEqual(132 + 100 * round, _volume.Length(file));
            }
        }
        Restart();
        Assert.HasCount(12, _volume.List());
    }

    [TestMethod]
    public void A_tail_that_cannot_be_deleted_is_not_appended_to()
    {
        Begin(4);
        var stubborn = new Undeletable(_files, s_tail);
        _volume = new TailVolume(stubborn, Small);
        _volume.List();
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(VolumeCode.Ok, Append(s_segment, Life.Pattern(30, 50 + i)));
            ReadsAs(_written);
        }
        CollectionAssert.AreEqual(_written, _files.Files[s_segment]);
        Restart();
        ReadsAs(_written);
        CollectionAssert.AreEqual(new[] { s_segment }, _files.Files.Keys.ToArray());
    }

    [TestMethod]
    public void A_store_of_version_1_goes_on_without_tails_to_its_next_segment()
    {
        var life = new Life(_files);
        life.Mount();
        for (int i = 0; i < 12; i++)
        {
            life.Step(i % 3, i * 31);
        }
        foreach (var (file, bytes) in _files.Files.Where(f => StoreFile.Kind(f.Key) <= StoreFile.Outbox))
        {
            bytes[Format.HeaderVersion] = 1;
            BitConverter.TryWriteBytes(bytes.AsSpan(28), Crc32.Finish(Crc32.Update(Crc32.Start, bytes, 0, 28)));
        }
        FlashStore store = Life.Make(new TailVolume(_files, Small));
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.IsFalse(store.IsNew);
        Assert.AreEqual(0, store.Health.TornTails + store.Health.Damaged);
        uint first = 0, last = 0;
        int tails = 0;
        for (int i = 0; i < 60; i++)
        {
            Assert.AreEqual(StoreError.None, store.Append(Life.Strict, 1, Life.Pattern(20, i), 0, 20, out last));
            first = first == 0 ? last : first;
            foreach (uint file in _files.Files.Keys.Where(f => (f & TailFlag) != 0))
            {
                Assert.AreEqual(2, _files.Files[file ^ TailFlag][Format.HeaderVersion], StoreFile.Name(file));
                tails++;
            }
        }
        Assert.AreEqual(59u, last - first);
        Assert.IsGreaterThan(0, tails);
        store = Life.Make(new TailVolume(_files, Small));
        Assert.AreEqual(StoreError.None, store.Open());
        var info = new ObjectInfo();
        Assert.AreEqual(StoreError.None, store.FindLocal(Life.Strict, last, info));
    }

    // A file that cannot be deleted.
    private sealed class Undeletable(CutVolume files, uint file) : VolumeOver(files)
    {
        public override int Delete(uint other) => other == file ? VolumeCode.Failed : base.Delete(other);
    }
}

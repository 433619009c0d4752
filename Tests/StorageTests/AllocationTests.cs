using Microsoft.VisualStudio.TestTools.UnitTesting;
using NanoSync.Storage;

namespace NanoSync.StorageTests;

/// <summary>The paths a device takes all day allocate nothing; the index takes twelve bytes an object.</summary>
[TestClass]
public sealed class AllocationTests
{
    private const int Readings = 0;
    private const int Objects = 1;

    public required TestContext TestContext { get; init; }

    /// <summary>A volume that allocates nothing once it is made.</summary>
    private sealed class FixedVolume : IVolume
    {
        private readonly uint[] _files = new uint[200];
        private readonly int[] _lengths = new int[200];
        private readonly byte[][] _bytes = [.. Enumerable.Range(0, 200).Select(_ => new byte[8192])];
        private readonly int[] _lanes = new int[4];

        public int Lanes => 4;

        public int Open() => VolumeCode.Ok;

        public bool Acquire()
        {
            return true;
        }

        public void Release()
        {
        }

        public uint[] List() => [.. _files.Where(f => f != 0)];

        public int Length(uint file) => Find(file) is var at && at < 0 ? VolumeCode.NotFound : _lengths[at];

        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int at = Find(file);
            if (at < 0)
            {
                return VolumeCode.NotFound;
            }
            count = Math.Max(0, Math.Min(count, _lengths[at] - position));
            Array.Copy(_bytes[at], position, buffer, offset, count);
            return count;
        }

        public int OpenAppend(int lane, uint file)
        {
            int at = Find(file);
            if (at < 0)
            {
                at = Find(0);
                _files[at] = file;
                _lengths[at] = 0;
            }
            _lanes[lane] = at;
            return VolumeCode.Ok;
        }

        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            int at = _lanes[lane];
            Array.Copy(buffer, offset, _bytes[at], _lengths[at], count);
            _lengths[at] += count;
            return VolumeCode.Ok;
        }

        public int Close(int lane) => VolumeCode.Ok;

        public int Delete(uint file)
        {
            int at = Find(file);
            if (at >= 0)
            {
                _files[at] = 0;
            }
            return VolumeCode.Ok;
        }

        private int Find(uint file)
        {
            for (int i = 0; i < _files.Length; i++)
            {
                if (_files[i] == file)
                {
                    return i;
                }
            }
            return -1;
        }
    }

    private static FlashStore Make(IVolume volume, int objects)
    {
        var store = new FlashStore(volume, new StoreOptions { QuotaBytes = 160 * 1024, Entropy = 1 });
        store.DeclareOutbox(Readings, 32768, true);
        store.DeclareKeyed(Objects, objects);
        return store;
    }

    private static void Ok(StoreError error) => Assert.AreEqual(StoreError.None, error);

    [TestMethod]
    public void Putting_listing_reading_and_acknowledging_allocate_nothing()
    {
        var store = Make(new FixedVolume(), 200);
        Ok(store.Open());
        var payload = new byte[3000];
        var key = new byte[8];
        var info = new ObjectInfo();
        var read = new byte[3000];
        bool failed = false;
        long allocated = 0;
        for (int round = 0; round < 300; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                failed |= store.Append(Readings, 1, payload, 0, 20, out _) != StoreError.None;
            }
            failed |= store.Add(Objects, 1, payload, 0, 50, out uint localId) != StoreError.None;
            failed |= store.FindLocal(Objects, localId, info) != StoreError.None;
            failed |= store.Begin() != StoreError.None;
            uint after = 0;
            while (store.NextPending(Readings, after, info) == StoreError.None)
            {
                after = info.Id;
                failed |= store.Read(info, 0, read, 0, read.Length) != 20;
            }
            failed |= store.AckOutbox(Readings, after) != StoreError.None;
            key[1] = (byte)(round % 50);
            if (store.NextPending(Objects, 0, info) == StoreError.None)
            {
                key[2] = 1;
                failed |= store.Bind(Objects, info.Id, info.Version, key, 0, 8) != StoreError.None;
            }
            key[2] = 0;
            failed |= store.PutServer(Objects, key, 0, 8, 1, payload, 0, round % 5 == 0 ? 3000 : 100) != StoreError.None;
            failed |= store.SetMeta(Objects, 0, payload, 0, 12) != StoreError.None;
            failed |= store.Commit() != StoreError.None;
            store.Step();
            if (round > 50) // the runtime has compiled everything by then
            {
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }
        Assert.IsFalse(failed);
        Assert.AreEqual(0, allocated);
    }

    [TestMethod]
    public void An_object_costs_twelve_bytes_of_ram_and_a_reading_none()
    {
        static long Cost(int objects)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var store = Make(new MemoryVolume(1, 1), objects);
            store.Open(); // fails for want of room, after the index was made
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Cost(10);
        long difference = Cost(11_000) - Cost(1_000);
        TestContext.WriteLine($"{difference / 10_000.0} bytes an object");
        Assert.IsLessThanOrEqualTo(120_100, difference);
    }
}

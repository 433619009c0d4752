using System.Diagnostics;
using System.Globalization;
using System.Text;
using NanoSync.Storage;

namespace NanoSync.Benchmarks;

/// <summary>
/// What the flash store costs: bytes given to files per payload byte, the erases littlefs makes of them, and the time of a mount.
/// </summary>
public static class StoreBenchmark
{
    private const int Readings = 0;
    private const int Objects = 1;

    /// <summary>
    /// littlefs, estimated. A Close rewrites the last, partly filled block and fills new ones; a file of at most 512 bytes lies
    /// in the folder's own blocks instead; every Close and delete adds some 40 bytes there, in whole programs of 128, and a folder block is erased for
    /// each 2,048 bytes of that, half of it being taken up by what is current. Opening a file to read it, which is a commit on a board,
    /// is not in it: littlefs itself had 0.34 erases a reading where this rule has 0.24.
    /// </summary>
    private sealed class Littlefs(IVolume inner) : IVolume
    {
        private const int Block = 4096;
        private const int Inline = 512;
        private readonly uint[] _files = new uint[4];
        private readonly int[] _before = new int[4];
        private readonly int[] _appended = new int[4];
        private long _folderBytes;

        public long Bytes { get; private set; }
        public long DataBlocks { get; private set; }
        public long BytesRead { get; private set; }
        public long Reads { get; private set; }
        public double Erases => DataBlocks + (_folderBytes / 2048.0);
        public int Lanes => inner.Lanes;

        public void Reset() => (Bytes, DataBlocks, BytesRead, Reads, _folderBytes) = (0, 0, 0, 0, 0);

        public int Open() => inner.Open();

        public bool Acquire()
        {
            return true;
        }

        public void Release()
        {
        }

        public uint[] List() => inner.List();

        public int Length(uint file) => inner.Length(file);

        public int Read(uint file, int position, byte[] buffer, int offset, int count)
        {
            int read = inner.Read(file, position, buffer, offset, count);
            Reads++;
            BytesRead += Math.Max(read, 0);
            return read;
        }

        public int OpenAppend(int lane, uint file)
        {
            _files[lane] = file;
            _before[lane] = Math.Max(inner.Length(file), 0);
            _appended[lane] = 0;
            return inner.OpenAppend(lane, file);
        }

        public int Append(int lane, byte[] buffer, int offset, int count)
        {
            Bytes += count;
            _appended[lane] += count;
            return inner.Append(lane, buffer, offset, count);
        }

        public int Close(int lane)
        {
            int after = _before[lane] + _appended[lane];
            _folderBytes += Programs(40 + (after <= Inline ? after : 0));
            if (after > Inline)
            {
                int partly = _before[lane] <= Inline ? _before[lane] : _before[lane] % Block;
                DataBlocks += (partly + _appended[lane] + Block - 1) / Block;
            }
            return inner.Close(lane);
        }

        private static int Programs(int bytes) => (bytes + 127) / 128 * 128;

        public int Delete(uint file)
        {
            _folderBytes += Programs(40);
            return inner.Delete(file);
        }
    }

    /// <summary>Prints lines "name: value unit".</summary>
    public static void Run(TextWriter output)
    {
        Puts(output, 1);
        Puts(output, 20);
        Appends(output, 20);
        Year(output);
        Mount(output, 1000);
        Reclaim(output);
    }

    private static FlashStore Open(IVolume volume, int quota = 192 * 1024, int outbox = 64 * 1024, int objects = 2000)
    {
        var store = new FlashStore(new TailVolume(volume, FileVolume.LittlefsSmallBytes), new StoreOptions { QuotaBytes = quota, Entropy = 1 });
        Ok(store.DeclareOutbox(Readings, outbox, true));
        Ok(store.DeclareKeyed(Objects, objects));
        Ok(store.Open());
        return store;
    }

    private static void Ok(StoreError error)
    {
        if (error != StoreError.None)
        {
            throw new InvalidOperationException(error.ToString());
        }
    }

    private static void Line(TextWriter output, string name, double value, string unit) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {value:0.###} {unit}"));

    private static byte[] Key(int number) => Encoding.ASCII.GetBytes("obj-" + number.ToString(CultureInfo.InvariantCulture));

    private static void Written(TextWriter output, string name, Littlefs volume, double payloadBytes)
    {
        Line(output, $"store, {name}, bytes given to files per payload byte", volume.Bytes / payloadBytes, "");
        Line(output, $"store, {name}, littlefs erases of 4,096 B per 1,000 payload bytes (estimate)", volume.Erases / payloadBytes * 1000, "");
    }

    private static void Puts(TextWriter output, int batch)
    {
        const int Count = 20000, Size = 50, Distinct = 200;
        var volume = new Littlefs(new MemoryVolume(1 << 20, 500));
        var store = Open(volume);
        volume.Reset();
        var payload = new byte[Size];
        for (int i = 0; i < Count; i++)
        {
            if (batch > 1 && i % batch == 0)
            {
                Ok(store.Begin());
            }
            var key = Key(i % Distinct);
            Ok(store.PutServer(Objects, key, 0, key.Length, 1, payload, 0, Size));
            if (batch > 1 && i % batch == batch - 1)
            {
                Ok(store.Commit());
            }
        }
        Written(output, $"{(batch == 1 ? "single puts" : $"batches of {batch} puts")} of {Size} B", volume, (double)Count * Size);
    }

    private static void Appends(TextWriter output, int batch)
    {
        const int Count = 20000, Size = 20;
        var volume = new Littlefs(new MemoryVolume(1 << 20, 500));
        var store = Open(volume);
        volume.Reset();
        var payload = new byte[Size];
        for (int i = 0; i < Count; i += batch)
        {
            Ok(store.BeginAppend(Readings));
            for (int n = 0; n < batch; n++)
            {
                Ok(store.Append(Readings, 1, payload, 0, Size, out _));
            }
            Ok(store.CommitAppend());
            Ok(store.AckOutbox(Readings, store.NextId(Readings) - 1));
        }
        Written(output, $"batches of {batch} readings of {Size} B, acknowledged", volume, (double)Count * Size);
    }

    // A reading of 20 bytes each minute; each quarter of an hour a sync acknowledges them and keeps a key.
    private static void Year(TextWriter output)
    {
        const int Minutes = 365 * 24 * 60, Size = 20;
        var volume = new Littlefs(new MemoryVolume(1 << 20, 500));
        var store = Open(volume);
        volume.Reset();
        var payload = new byte[Size];
        for (int minute = 1; minute <= Minutes; minute++)
        {
            Ok(store.Append(Readings, 1, payload, 0, Size, out uint id));
            if (minute % 15 == 0)
            {
                Ok(store.Begin());
                Ok(store.AckOutbox(Readings, id));
                Ok(store.SetMeta(Readings, 0, payload, 0, 12));
                Ok(store.Commit());
            }
        }
        Written(output, "a year of one 20 B reading a minute, sync each 15 min", volume, (double)Minutes * Size);
        Line(output, "store, that year, files closed", store.Health.FilesClosed, "");
        Line(output, "store, that year, littlefs erases (estimate)", volume.Erases, "");
        const double Endurance = 256.0 / 4 * 100_000;
        Line(output, "store, at that rate, life of a 256 KB volume of 100,000 erases (estimate)", Endurance / volume.Erases, "years");
        Line(output, "store, the same by StoreHealth.LifeDays", store.Health.LifeDays(256 * 1024, 4096, 100_000, 365 * 86400) / 365.0, "years");
    }

    private static void Mount(TextWriter output, int count)
    {
        var payload = new byte[64];
        var memory = new MemoryVolume(1 << 20, 500);
        var store = Open(memory, 512 * 1024);
        for (int i = 0; i < count; i++)
        {
            var key = Key(i);
            Ok(store.PutServer(Objects, key, 0, key.Length, 1, payload, 0, payload.Length));
        }
        Measure(output, memory, $"{count} keyed objects of 64 B");
        memory = new MemoryVolume(1 << 20, 500);
        store = Open(memory, 512 * 1024);
        for (int i = 0; i < count; i++)
        {
            Ok(store.Append(Readings, 1, payload, 0, 20, out _));
        }
        Measure(output, memory, $"{count} readings of 20 B");
    }

    private static void Measure(TextWriter output, MemoryVolume memory, string name)
    {
        var volume = new Littlefs(memory);
        double best = double.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            volume.Reset();
            var watch = Stopwatch.StartNew();
            Open(volume, 512 * 1024);
            best = Math.Min(best, watch.Elapsed.TotalMilliseconds);
        }
        Line(output, $"store, mount with {name}", best, "ms");
        Line(output, $"store, mount with {name}, bytes read", volume.BytesRead, "B");
        Line(output, $"store, mount with {name}, reads", volume.Reads, "");
    }

    // The same objects over and over, at rising fill of what objects may take.
    private static void Reclaim(TextWriter output)
    {
        foreach (int percent in new[] { 25, 50, 75, 95 })
        {
            var volume = new Littlefs(new MemoryVolume(1 << 20, 500));
            var store = Open(volume, 128 * 1024, 32 * 1024);
            var payload = new byte[100];
            int room = store.BytesFree;
            int objects = 0;
            while (store.BytesFree > room * (100 - percent) / 100)
            {
                var key = Key(objects++);
                Ok(store.PutServer(Objects, key, 0, key.Length, 1, payload, 0, payload.Length));
            }
            volume.Reset();
            var random = new Random(1);
            const int Count = 5000;
            int longest = 0;
            for (int i = 0; i < Count; i++)
            {
                long before = volume.Bytes;
                var key = Key(random.Next(objects));
                Ok(store.PutServer(Objects, key, 0, key.Length, 1, payload, 0, payload.Length));
                longest = Math.Max(longest, (int)(volume.Bytes - before));
            }
            Line(output, $"store, rewriting 100 B objects at {percent} % fill, bytes given to files per payload byte", volume.Bytes / (Count * 100.0), "");
            Line(output, $"store, rewriting 100 B objects at {percent} % fill, most bytes written by one put", longest, "B");
        }
    }
}

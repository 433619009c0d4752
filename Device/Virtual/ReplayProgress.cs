// Which rows of a replayed file are in the outbox already, so that a killed replay goes on without losing or doubling one, and
// a file that has grown goes on behind what it was.
//
// Progress belongs to the content: it is kept with a hash of the rows that it is about, for the last eight files. Before each
// batch of rows it is made durable, with the batch and without; the batch appears whole or not at all. After a restart the
// batch is there exactly when a reading with its first id or a later one is pending or acknowledged.

using System.Buffers.Binary;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

/// <summary>The progress of one file in one store.</summary>
internal sealed class ReplayProgress
{
    private const int FirstSlot = 8; // to 15, of the outbox; the others are the engine's (SyncEngine.Slots.cs)
    private const int Files = 8;
    private const int BatchRows = 100; // 100 * about 40 bytes: within the half segment that a batch may take

    private readonly FlashStore _store;
    private readonly int _collection;
    private readonly List<CsvReading> _rows;
    private readonly ulong[] _hashes; // of the first n rows
    private readonly int _slot;

    // What stands in a slot: so many rows, the batch behind them begins with this id, and the hashes before and after it.
    private readonly record struct Entry(int Rows, uint Id, int Batch, ulong Before, ulong After)
    {
        public const int Bytes = 28;
    }

    /// <summary>Finds how far the file has come. The store is open.</summary>
    public ReplayProgress(FlashStore store, SyncCollection readings, List<CsvReading> rows)
    {
        _store = store;
        _collection = readings.Number;
        _rows = rows;
        _hashes = new ulong[rows.Count + 1];
        _hashes[0] = 14695981039346656037; // FNV-1a
        for (int i = 0; i < rows.Count; i++)
        {
            _hashes[i + 1] = Hash(Hash(_hashes[i], rows[i].At), (ulong)rows[i].Value);
        }

        uint oldest = uint.MaxValue;
        for (int slot = FirstSlot; slot < FirstSlot + Files; slot++)
        {
            Entry entry = Settled(slot);
            if (entry.Rows > Next && entry.Rows <= rows.Count && _hashes[entry.Rows] == entry.Before)
            {
                Next = entry.Rows;
                _slot = slot;
            }
            else if (Next == 0 && entry.Id < oldest)
            {
                oldest = entry.Id;
                _slot = slot;
            }
        }
    }

    /// <summary>Rows durable so far.</summary>
    public int Next { get; private set; }

    /// <summary>Appends the next rows as one batch.</summary>
    public StoreError Append(ObjectClass type, RecordWriter record)
    {
        int count = Math.Min(BatchRows, _rows.Count - Next);
        StoreError error = Write(_slot, new Entry(Next, _store.NextId(_collection), count, _hashes[Next], _hashes[Next + count]));
        if (error == StoreError.None)
        {
            error = _store.BeginAppend(_collection);
        }

        for (int i = 0; i < count && error == StoreError.None; i++)
        {
            record.Begin(type);
            record.Time(_rows[Next + i].At);
            record.Fixed(_rows[Next + i].Value);
            error = _store.Append(_collection, type.Hash, record.Buffer, 0, record.Length, out _);
            if (error != StoreError.None)
            {
                _store.AbandonAppend();
                return error;
            }
        }

        if (error == StoreError.None)
        {
            error = _store.CommitAppend();
        }

        if (error == StoreError.None)
        {
            Next += count;
        }

        return error;
    }

    // An entry without a batch that may still be missing: the ids of one that is would be another file's next.
    private Entry Settled(int slot)
    {
        var value = new byte[FlashStore.MaxMeta];
        if (_store.GetMeta(_collection, slot, value, 0, out int count) != StoreError.None || count != Entry.Bytes)
        {
            return default;
        }

        var entry = new Entry(
            BinaryPrimitives.ReadInt32LittleEndian(value), BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(4)), BinaryPrimitives.ReadInt32LittleEndian(value.AsSpan(8)),
            BinaryPrimitives.ReadUInt64LittleEndian(value.AsSpan(12)), BinaryPrimitives.ReadUInt64LittleEndian(value.AsSpan(20)));
        if (entry.Batch == 0)
        {
            return entry;
        }

        bool landed = _store.AckedId(_collection) >= entry.Id || _store.NextPending(_collection, entry.Id - 1, new ObjectInfo()) == StoreError.None;
        entry = landed ? new Entry(entry.Rows + entry.Batch, entry.Id, 0, entry.After, entry.After) : entry with { Batch = 0, After = entry.Before };
        StoreError error = Write(slot, entry);
        return error == StoreError.None ? entry : throw new UserError($"The progress of a replay could not be kept: {Explain.Store(error)}");
    }

    private StoreError Write(int slot, Entry entry)
    {
        var value = new byte[Entry.Bytes];
        BinaryPrimitives.WriteInt32LittleEndian(value, entry.Rows);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(4), entry.Id);
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(8), entry.Batch);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(12), entry.Before);
        BinaryPrimitives.WriteUInt64LittleEndian(value.AsSpan(20), entry.After);
        return _store.SetMeta(_collection, slot, value, 0, value.Length);
    }

    private static ulong Hash(ulong hash, ulong value)
    {
        for (int i = 0; i < 64; i += 8)
        {
            hash = (hash ^ ((value >> i) & 0xFF)) * 1099511628211;
        }

        return hash;
    }
}

// Which rows of a replayed file are in the outbox already, so that a killed replay goes on without losing or doubling one.
//
// Before each batch of rows, a value (first row, next id, rows) is made durable; the batch appears whole or not at all.
// After a restart the batch is there exactly when a reading with that id or a later one is pending or acknowledged.

using System.Buffers.Binary;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

internal static class ReplayProgress
{
    private const int Slot = 1; // slot 0 of the collection holds its sync key
    private const int BatchRows = 100; // 100 * about 40 bytes: within the half segment that a batch may take

    /// <summary>Rows durable so far.</summary>
    public static int Read(FlashStore store, SyncCollection readings)
    {
        var value = new byte[FlashStore.MaxMeta];
        if (store.GetMeta(readings.Number, Slot, value, 0, out int count) != StoreError.None || count != 12)
        {
            return 0;
        }

        int row = BinaryPrimitives.ReadInt32LittleEndian(value);
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(value.AsSpan(4));
        int rows = BinaryPrimitives.ReadInt32LittleEndian(value.AsSpan(8));
        bool landed = store.AckedId(readings.Number) >= id || store.NextPending(readings.Number, id - 1, new ObjectInfo()) == StoreError.None;
        return landed ? row + rows : row;
    }

    /// <summary>Appends the next rows as one batch.</summary>
    public static StoreError Append(FlashStore store, SyncCollection readings, ObjectClass type, List<CsvReading> rows, RecordWriter record, ref int next)
    {
        int count = Math.Min(BatchRows, rows.Count - next);
        var value = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(value, next);
        BinaryPrimitives.WriteUInt32LittleEndian(value.AsSpan(4), store.NextId(readings.Number));
        BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(8), count);
        StoreError error = store.SetMeta(readings.Number, Slot, value, 0, value.Length);
        if (error == StoreError.None)
        {
            error = store.BeginAppend(readings.Number);
        }

        for (int i = 0; i < count && error == StoreError.None; i++)
        {
            record.Begin(type);
            record.Time(rows[next + i].At);
            record.Fixed(rows[next + i].Value);
            error = store.Append(readings.Number, type.Hash, record.Buffer, 0, record.Length, out _);
            if (error != StoreError.None)
            {
                store.AbandonAppend();
                return error;
            }
        }

        if (error == StoreError.None)
        {
            error = store.CommitAppend();
        }

        if (error == StoreError.None)
        {
            next += count;
        }

        return error;
    }
}

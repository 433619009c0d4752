// Readings on their way to the server.

using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.App
{
    /// <summary>What an outbox does when it is full.</summary>
    public enum WhenFull
    {
        /// <summary>The oldest readings go and are counted.</summary>
        DropOldest = 0,

        /// <summary>The new reading is refused: Append returns QuotaFull.</summary>
        Refuse = 1,
    }

    /// <summary>A collection that goes to the server. May be used by any thread, also while a sync runs. [SPEC 3]</summary>
    public sealed class Outbox
    {
        private readonly FlashStore _store;
        private readonly SyncCollection _collection;
        private readonly RecordClass _type;

        internal Outbox(FlashStore store, SyncCollection collection, RecordClass type)
        {
            _store = store;
            _collection = collection;
            _type = type;
        }

        /// <summary>Keeps a reading. Durable when this returns None.</summary>
        /// <param name="value">A record of the outbox's class; another is an ArgumentException.</param>
        /// <returns>None; BadArgument: the record is in error, nothing is stored; QuotaFull, NotOpen, or what the flash met.</returns>
        public StoreError Append(Record value)
        {
            SyncDevice.CheckClass(value, _type);
            int length = value.Pack();
            if (length < 0)
            {
                return StoreError.BadArgument;
            }

            uint id;
            StoreError error = _store.Append(_collection.Number, _type.Class.Hash, value.Buffer, 0, length, out id);
            while (error == StoreError.ReclaimFirst && _store.Step())
            {
                error = _store.Append(_collection.Number, _type.Class.Hash, value.Buffer, 0, length, out id);
            }

            return error;
        }

        /// <summary>Readings that wait for the server.</summary>
        public int Pending
        {
            get { return _store.PendingCount(_collection.Number); }
        }

        /// <summary>Readings dropped unsent since the flash was formatted; the server is told.</summary>
        public uint Dropped
        {
            get { return _store.DroppedCount(_collection.Number); }
        }
    }
}

// Objects that both sides change, by their names.

using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.App
{
    /// <summary>Who wins when device and server changed an object, each without knowing of the other.</summary>
    public enum Winner
    {
        /// <summary>The server's form; the device's is kept there for a person.</summary>
        Server = 0,

        /// <summary>The device's form.</summary>
        Device = 1,
    }

    /// <summary>A collection that both sides change. Not for two threads at once. [SPEC 3]</summary>
    public sealed class TwoWay : Inbox
    {
        internal TwoWay(FlashStore store, SyncCollection collection, RecordClass type)
            : base(store, collection, type)
        {
        }

        /// <summary>Objects that wait for the server.</summary>
        public int Pending
        {
            get { return _store.PendingCount(_collection.Number); }
        }

        /// <summary>Adds or replaces an object. Durable when this returns None; the server gets it with the next sync.</summary>
        /// <param name="name">1 to 64 bytes of UTF-8.</param>
        /// <param name="value">A record of the collection's class; another is an ArgumentException.</param>
        /// <returns>None; BadArgument: the record is in error or the name too long, nothing changed; IndexFull, QuotaFull; Busy: a sync on another thread is just writing, repeat; NotOpen, or what the flash met.</returns>
        public StoreError Put(string name, Record value)
        {
            SyncDevice.CheckClass(value, _type);
            int length = value.Pack();
            if (length < 0)
            {
                return StoreError.BadArgument;
            }

            byte[] key = SyncDevice.KeyOf(name);
            StoreError error = _store.PutNamed(_collection.Number, key, 0, key.Length, _type.Class.Hash, value.Buffer, 0, length);
            while (error == StoreError.ReclaimFirst && _store.Step())
            {
                error = _store.PutNamed(_collection.Number, key, 0, key.Length, _type.Class.Hash, value.Buffer, 0, length);
            }

            return error;
        }

        /// <summary>Deletes an object here, and with the next sync on the server.</summary>
        /// <returns>None; NotFound; BadArgument: the name is not 1 to 64 bytes; Busy, NotOpen, or an error of the flash.</returns>
        public StoreError Delete(string name)
        {
            byte[] key = SyncDevice.KeyOf(name);
            StoreError error = _store.FindKey(_collection.Number, key, 0, key.Length, _info);
            return error == StoreError.None ? _store.Delete(_info) : error;
        }
    }
}

// Objects that come from the server, by their names.

using System.Text;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.App
{
    /// <summary>A collection that the server writes. Not for two threads at once. [SPEC 3]</summary>
    public class Inbox
    {
        internal readonly FlashStore _store;
        internal readonly SyncCollection _collection;
        internal readonly RecordClass _type;
        internal readonly ObjectInfo _info = new ObjectInfo();
        private readonly ObjectInfo _walk = new ObjectInfo();

        internal Inbox(FlashStore store, SyncCollection collection, RecordClass type)
        {
            _store = store;
            _collection = collection;
            _type = type;
        }

        /// <summary>Objects held, with those deleted here whose deletion the server has not confirmed.</summary>
        public int Count
        {
            get { return _store.Count(_collection.Number); }
        }

        /// <summary>Reads an object by its name.</summary>
        /// <param name="name">1 to 64 bytes of UTF-8.</param>
        /// <param name="value">Takes its values; a record of another class is an ArgumentException.</param>
        /// <returns>None; NotFound; BadArgument: the name is not 1 to 64 bytes, or the object is larger than the record; NotOpen; Damaged: what is stored is no object of the class; or an error of the flash.</returns>
        public StoreError Find(string name, Record value)
        {
            SyncDevice.CheckClass(value, _type);
            byte[] key = SyncDevice.KeyOf(name);
            StoreError error = _store.FindKey(_collection.Number, key, 0, key.Length, _info);
            return error == StoreError.None && _info.IsDelete ? StoreError.NotFound : error == StoreError.None ? Read(_info, value) : error;
        }

        /// <summary>Begins a walk over all objects; then call <see cref="Next"/> until it returns NotFound.</summary>
        public void First()
        {
            _walk.Reset();
        }

        /// <summary>Reads the next object of the walk, in no order. What changes meanwhile may come or not.</summary>
        /// <returns>As <see cref="Find"/>; after Damaged or BadArgument the walk goes on behind it.</returns>
        public StoreError Next(Record value)
        {
            SyncDevice.CheckClass(value, _type);
            StoreError error = _store.Next(_collection.Number, _walk);
            return error == StoreError.None ? Read(_walk, value) : error;
        }

        /// <summary>The name of the object that <see cref="Next"/> read last; null for one that the server has not named yet. Allocates.</summary>
        public string Name
        {
            get { return _walk.KeyLength == 0 ? null : Encoding.UTF8.GetString(_walk.Key, 0, _walk.KeyLength); }
        }

        private StoreError Read(ObjectInfo info, Record value)
        {
            value.Clear();
            if (info.Tag != _type.Class.Hash)
            {
                return StoreError.Damaged;
            }

            if (info.Length > value.Buffer.Length)
            {
                return StoreError.BadArgument;
            }

            int read = _store.Read(info, 0, value.Buffer, 0, info.Length);
            if (read != info.Length)
            {
                return read < 0 ? (StoreError)(-read) : StoreError.Damaged;
            }

            return value.Unpack(value.Buffer, 0, read) ? StoreError.None : StoreError.Damaged;
        }
    }
}

// Who this store is to the server: its store id, and the number of each start over. [SPEC 5.2, 5.4]

using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int StartAt = 1; // of the value with the key: `0` is followed by the number of the start over, 4 bytes,
        private const int LastKeyAt = 5; // and by the key held before, up to the first byte 0

        internal const int StoreIdsLength = 12;
        internal const int LaterStoreId = 4; // of SyncCollection.StoreIds, see SyncEngine.Slots.cs
        internal const int EarlierStoreId = 8;
        internal const int IdLength = 4;

        private static readonly byte[] s_storeClass = Encoding.UTF8.GetBytes("store");

        private readonly byte[] _storeId = new byte[IdLength];
        private uint _forked;

        /// <summary>The store id under which new objects go up. Another one than the store's format id once it was found to be one of two. Allocates.</summary>
        public string StoreId
        {
            get { return Encoding.UTF8.GetString(_storeId, 0, IdLength); }
        }

        /// <summary>How often this store was found to be one of two that went different ways.</summary>
        public uint Forked
        {
            get { return _forked; }
        }

        // Reads it from flash: at Open, and after a reply that could not be committed.
        internal void LoadStoreId()
        {
            int length;
            _forked = 0;
            if (_store.GetMeta(AnswerCollection, StoreIdSlot, _small, 0, out length) == StoreError.None && length == IdLength + 4)
            {
                System.Array.Copy(_small, _storeId, IdLength);
                _forked = Format.U32(_small, IdLength);
            }
            else
            {
                System.Array.Copy(_formatId, _storeId, IdLength);
            }
        }

        internal void LoadStoreIds(SyncCollection c)
        {
            int length;
            if (_store.GetMeta(c.Number, StoreIdsSlot, _small, 0, out length) == StoreError.None && length == StoreIdsLength)
            {
                if (c.StoreIds == null)
                {
                    c.StoreIds = new byte[StoreIdsLength];
                }

                System.Array.Copy(_small, c.StoreIds, StoreIdsLength);
            }
        }

        // [SPEC 5.4] Writes into the batch that objects with ids from this one on go up under another store id, after a start over.
        // It gives false for an error of the store. The store keeps two store ids: while objects wait under the one before the
        // last fork they go first, and nothing is done.
        private bool Fork(SyncCollection c, uint from)
        {
            bool drained = !WaitsBefore(c);
            Format.Put32(_small, 0, from);
            if (c.StoreIds != null && from < c.LaterFrom)
            {
                System.Array.Copy(c.StoreIds, LaterStoreId, _small, LaterStoreId, 2 * IdLength); // none of these went up under the later id yet
            }
            else if (drained)
            {
                if (c.StoreIds == null)
                {
                    System.Array.Copy(_formatId, 0, _small, EarlierStoreId, IdLength);
                }
                else
                {
                    System.Array.Copy(c.StoreIds, LaterStoreId, _small, EarlierStoreId, IdLength);
                }

                if (Format.BytesEqual(_small, EarlierStoreId, _storeId, 0, IdLength) && !MakeStoreId())
                {
                    return false;
                }

                System.Array.Copy(_storeId, 0, _small, LaterStoreId, IdLength);
            }
            else
            {
                return true;
            }

            _result.Store = _store.SetMeta(c.Number, StoreIdsSlot, _small, 0, StoreIdsLength);
            return _result.Store == StoreError.None && StartOver(c);
        }

        // True while an object waits that has to go up under the earlier store id.
        internal bool WaitsBefore(SyncCollection c)
        {
            uint at = 0;
            while (NextPending(c, at))
            {
                if (_info.KeyLength == 0 && _info.Id < c.LaterFrom)
                {
                    return true;
                }

                if (c.Kind == CollectionKind.Outbox)
                {
                    return false; // readings wait in the order of their ids
                }

                at = _info.Version;
            }

            return false;
        }

        private bool MakeStoreId()
        {
            byte[] value = new byte[IdLength + 4];
            Fnv.WriteTag(_store.NextRandom(), _storeId, 0);
            _forked++;
            System.Array.Copy(_storeId, value, IdLength);
            Format.Put32(value, IdLength, _forked);
            _result.Store = _store.SetMeta(AnswerCollection, StoreIdSlot, value, 0, value.Length);
            return _result.Store == StoreError.None;
        }

        // [SPEC 5.2] Writes key 0 into the batch; what is pending stays pending. The key held goes along, so that a server which
        // was put back meanwhile sees that it is of the time that it lost; an outbox has nothing to give back then.
        private bool StartOver(SyncCollection c)
        {
            int from = c.StartsOver ? LastKeyAt : 0;
            int length = c.Kind == CollectionKind.Outbox ? 0 : LengthOfText(c.Key, from);
            if (LastKeyAt + length > SyncCollection.KeySize)
            {
                length = 0; // no key of this server is as long, so there is nothing to tell
            }

            _newKey[0] = (byte)'0';
            System.Array.Clear(_newKey, StartAt, LastKeyAt - StartAt);
            System.Array.Copy(c.Key, from, _newKey, LastKeyAt, length);
            _result.Store = _store.SetMeta(c.Number, KeySlot, _newKey, 0, LastKeyAt + length);
            return _result.Store == StoreError.None;
        }

        private static int LengthOfText(byte[] bytes, int from)
        {
            int to = from;
            while (to < bytes.Length && bytes[to] != 0)
            {
                to++;
            }

            return to - from;
        }

        // The store id of the ClientId with this number, into the beginning of _clientId.
        private void PutStoreId(SyncCollection c, uint id)
        {
            if (c.StoreIds == null)
            {
                System.Array.Copy(_formatId, _clientId, IdLength);
            }
            else
            {
                System.Array.Copy(c.StoreIds, id >= c.LaterFrom ? LaterStoreId : EarlierStoreId, _clientId, 0, IdLength);
            }
        }

        // Each start over has a number of its own, durable before it is sent: the server tells a late request by it.
        private bool NumberStarts()
        {
            bool any = false;
            for (int i = 0; i < _count && _result.Store == StoreError.None; i++)
            {
                SyncCollection c = _collections[i];
                if (!c.StartsOver || c.Start != 0)
                {
                    continue;
                }

                if (!any)
                {
                    any = true;
                    _result.Store = _store.Begin();
                }

                if (_result.Store == StoreError.None)
                {
                    Format.Put32(c.Key, StartAt, _store.NextRandom());
                    _result.Store = _store.SetMeta(c.Number, KeySlot, c.Key, 0, LastKeyAt + LengthOfText(c.Key, LastKeyAt));
                }
            }

            if (any)
            {
                EndBatch();
            }

            for (int i = 0; i < _count && _result.Store != StoreError.None; i++)
            {
                LoadKey(_collections[i]);
            }

            return _result.Store == StoreError.None;
        }

        // Writes store(id, start, from, last, recovers). A store that was one of two gives from, one that held a key gives last, and one
        // that got Status 205 gives recovers.
        private void WriteStore(SyncCollection c)
        {
            bool forked = c.StoreIds != null;
            int last = LengthOfText(c.Key, LastKeyAt);
            _small[0] = (byte)(3 | (forked ? 4 : 0) | (last > 0 ? 8 : 0) | (c.Recovers ? 16 : 0));
            int length = PutVarint(forked ? PutText(1, c.StoreIds, LaterStoreId, IdLength) : PutText(1, _formatId, 0, IdLength), c.Start);
            if (forked)
            {
                length = PutText(length, c.StoreIds, EarlierStoreId, IdLength);
            }

            if (last > 0)
            {
                length = PutText(length, c.Key, LastKeyAt, last);
            }

            if (c.Recovers)
            {
                _small[length++] = 1;
            }

            WriteStructure(s_storeClass, _small, length);
        }

        private int PutText(int at, byte[] from, int offset, int length)
        {
            _small[at++] = (byte)length;
            System.Array.Copy(from, offset, _small, at, length);
            return at + length;
        }
    }
}

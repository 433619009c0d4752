// Who this store is to the server: its store id, and the number of each start over. [SPEC 5.2, 5.4]

using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int StartAt = 1; // of the value with the key: `0` is followed by the number of the start over, 4 bytes
        private const int StartLength = 5;

        private static readonly byte[] s_storeClass = Encoding.UTF8.GetBytes("store");

        // Each start over has a number of its own, durable before it is sent: the server tells a late request by it.
        private bool MintStarts()
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
                    if (_result.Store != StoreError.None)
                    {
                        return false;
                    }
                }

                uint start = _store.NextRandom();
                for (int at = 0; at < StartLength - StartAt; at++)
                {
                    c.Key[StartAt + at] = (byte)(start >> (8 * at));
                }

                _result.Store = _store.SetMeta(c.Number, KeySlot, c.Key, 0, StartLength);
            }

            if (any && _result.Store == StoreError.None)
            {
                _result.Store = _store.Commit();
            }
            else if (any)
            {
                _store.Abandon();
            }

            for (int i = 0; i < _count && _result.Store != StoreError.None; i++)
            {
                LoadKey(_collections[i]);
            }

            return _result.Store == StoreError.None;
        }

        // store(id, start), or store(id, start, from) of a store that was one of two
        private void WriteStore(SyncCollection c)
        {
            _small[0] = 3;
            int length = PutText(1, _formatId);
            length = PutVarint(length, c.Start);
            WriteStructure(s_storeClass, _small, length);
        }

        private int PutText(int at, byte[] text)
        {
            _small[at++] = (byte)text.Length;
            System.Array.Copy(text, 0, _small, at, text.Length);
            return at + text.Length;
        }
    }
}

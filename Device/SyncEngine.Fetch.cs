// One object asked for by its id: of a collection that is seldom synchronized whole, or whose copy here was dropped.
// The request for it asks for nothing else of that collection. [SPEC 2.3, Fetch]

using System;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private byte[] _fetchId; // made by the first Fetch: 76 bytes that most devices never need
        private int _fetchLength;
        private SyncCollection _fetchFrom; // null = nothing is asked for
        private int _fetchAnswer; // of the reply being read; 0 = none

        /// <summary>
        /// What became of the last <see cref="Fetch"/>: 0 not answered yet, 1 the object is in the store, 13 its first part is and
        /// the rest follows by itself, 7 not asked for as it was changed here, 8 the server does not have it, others as the
        /// server or this device refused it. [SPEC 2.4]
        /// </summary>
        public int FetchStatus;

        /// <summary>Asks for one object with the next message; a later call takes the place of one not answered yet. Not durable.</summary>
        /// <param name="collection">An inbox or a two-way collection.</param>
        /// <param name="id">The object's id on the server, 1 to 64 bytes.</param>
        /// <returns>False when collection or id is none of these.</returns>
        public bool Fetch(SyncCollection collection, byte[] id)
        {
            if (collection.Kind == CollectionKind.Outbox || id.Length < 1 || id.Length > Limits.Text)
            {
                return false;
            }

            if (_fetchId == null)
            {
                _fetchId = new byte[Limits.Text];
            }

            Array.Copy(id, _fetchId, id.Length);
            _fetchLength = id.Length;
            _fetchFrom = collection;
            FetchStatus = 0;
            return true;
        }

        // An object that was changed here is not overwritten, nor one that a database that went back does not have yet [SPEC 5.8]; a message with
        // key 0 carries no commands; and a large object under way is brought to its end first, as the store holds a part of one
        // object per collection.
        private bool IsFetching(SyncCollection c)
        {
            if (c != _fetchFrom || c.StartsOver || c.Recovers || _store.FirstPartial(c.Number, _info) == StoreError.None)
            {
                return false;
            }

            if (_store.FindKey(c.Number, _fetchId, 0, _fetchLength, _info) == StoreError.None && _info.State != ObjectState.Clean)
            {
                _fetchFrom = null;
                FetchStatus = Status.Conflict;
                return false;
            }

            return true;
        }

        private bool IsFetched(SyncCollection c)
        {
            if (c != _fetchFrom || _idLength != _fetchLength)
            {
                return false;
            }

            for (int i = 0; i < _idLength; i++)
            {
                if (_id[1 + i] != _fetchId[i])
                {
                    return false;
                }
            }

            return true;
        }

        // Called after the commit. 16 says that the object did not fit the reply; it is asked for again.
        private void EndFetch()
        {
            if (_fetchAnswer != 0 && _fetchAnswer != Status.Retry)
            {
                FetchStatus = _fetchAnswer;
                _fetchFrom = null;
            }
        }
    }
}

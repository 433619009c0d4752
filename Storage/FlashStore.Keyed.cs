using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Keyed objects: local changes, and what the server says about them.
    public sealed partial class FlashStore
    {
        private const uint LocalNoise = 0x3FF;

        private readonly int _inlineMax;                            // longest payload held in a log
        private readonly byte[] _key = new byte[Format.MaxKey];     // key of a record being written anew

        // ---- The device's own changes: durable when the call returns; Busy while a batch is open ----

        /// <summary>Adds an object made on the device. It is Pending until the server has named it (<see cref="Bind"/>).</summary>
        /// <param name="collection">A keyed collection.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="payload">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many; up to what the quota has room for.</param>
        /// <param name="localId">Its local id, never given before and never again under this format id.</param>
        /// <returns>None, Busy, QuotaFull, IndexFull, ReclaimFirst or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Add(int collection, uint tag, byte[] payload, int offset, int count, out uint localId)
        {
            localId = 0;
            StoreError error = CheckLocal(collection, payload, offset, count);
            if (error != StoreError.None)
            {
                return error;
            }
            return StoreLocal(collection, -1, tag, payload, offset, count, out localId);
        }

        /// <summary>
        /// Puts an object under a name of the device's choosing (a configuration): adds or changes it, Pending. The server knows
        /// it by that name.
        /// </summary>
        /// <param name="collection">A keyed collection.</param>
        /// <param name="key">The name.</param>
        /// <param name="keyOffset">Where it begins.</param>
        /// <param name="keyCount">Its bytes, 1 to 64.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="payload">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many; at most what a record holds.</param>
        /// <returns>None, Busy, QuotaFull, IndexFull, ReclaimFirst or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError PutNamed(int collection, byte[] key, int keyOffset, int keyCount, uint tag, byte[] payload, int offset, int count)
        {
            StoreError error = CheckLocal(collection, payload, offset, count);
            if (error == StoreError.None)
            {
                error = CheckKey(collection, key, keyOffset, keyCount);
            }
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            uint id;
            if (slot >= 0)
            {
                return StoreLocal(collection, slot, tag, payload, offset, count, out id);
            }
            if (_entries[collection] >= _limits[collection])
            {
                return StoreError.IndexFull;
            }
            if (count > _inlineMax)
            {
                return StoreError.BadArgument;
            }
            error = Enter(Format.ObjectKey + keyCount + count + Format.Crc, true, 0);
            if (error != StoreError.None)
            {
                return error;
            }
            StartObject(Format.Object, collection, 0, _nextVersion, tag, (int)ObjectState.Pending, key, keyOffset, keyCount);
            _main.Put(payload, offset, count);
            _main.EndRecord();
            _nextVersion++;
            return Leave();
        }

        /// <summary>Changes an object on the device: new payload, new version, Pending. A refused one is thereby tried again.</summary>
        /// <param name="info">The object, as found. Only its key or local id is used.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="payload">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Change(ObjectInfo info, uint tag, byte[] payload, int offset, int count)
        {
            StoreError error = CheckLocal(info.Collection, payload, offset, count);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindObject(info);
            if (slot < 0 || IsDeletion(slot))
            {
                return StoreError.NotFound;
            }
            uint id;
            return StoreLocal(info.Collection, slot, tag, payload, offset, count, out id);
        }

        /// <summary>
        /// Deletes an object on the device. It is PendingDelete until the server confirms it. One the server has not named yet
        /// keeps its payload, as the server may have to be given it first; see <see cref="Drop"/>.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Delete(ObjectInfo info)
        {
            StoreError error = CheckLocal(info.Collection, _probe, 0, 0);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindObject(info);
            if (slot < 0 || IsDeletion(slot))
            {
                return StoreError.NotFound;
            }
            return Rewrite(slot, (int)ObjectState.PendingDelete | Format.DeleteFlag, _nextVersion, info.Key, 0, 0, 0, null, 0, 0);
        }

        /// <summary>
        /// Removes an object, whatever its state, without telling anybody: a local object never sent, a refused one given up, a
        /// kept reading that was acknowledged. Nothing happens if the batch that is open has written it anew (refused again).
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Drop(ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            int slot = FindObject(info);
            if (slot < 0)
            {
                return StoreError.NotFound;
            }
            return _batch && IsTouched(HashOf(_probe, 0)) ? StoreError.None : PutGone(slot);
        }

        /// <summary>
        /// Makes a refused object, or a refused reading kept aside, Pending once more, with a new version, so that what is said
        /// about an earlier sending does not settle it. The reading keeps its id.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Retry(ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            int slot = FindObject(info);
            if (slot < 0 || _index.State(slot) != (int)ObjectState.Refused)
            {
                return StoreError.NotFound;
            }
            bool deletion = (_probe[Format.ObjectState] & Format.DeleteFlag) != 0;
            int state = deletion ? (int)ObjectState.PendingDelete | Format.DeleteFlag : (int)ObjectState.Pending;
            return Rewrite(slot, state, _nextVersion, info.Key, 0, 0, 0, null, 0, 0);
        }

        // ---- What the server says: within a batch, or each call a batch of its own ----

        /// <summary>Makes a clean object Pending once more, as it is, with a new version: the server has lost it. In the batch when one is open.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError SendAgain(ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            int slot = FindObject(info);
            if (slot < 0 || _index.State(slot) != (int)ObjectState.Clean)
            {
                return StoreError.NotFound;
            }
            return Rewrite(slot, (int)ObjectState.Pending, _nextVersion, info.Key, 0, 0, 0, null, 0, 0);
        }

        /// <summary>The object as the server has it; Clean afterwards, whatever it was before, with a new version.</summary>
        /// <param name="collection">A keyed collection.</param>
        /// <param name="key">The server's id.</param>
        /// <param name="keyOffset">Where it begins.</param>
        /// <param name="keyCount">Its bytes, 1 to 64.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="payload">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many.</param>
        /// <returns>None, BatchFull, QuotaFull, IndexFull, ReclaimFirst or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError PutServer(int collection, byte[] key, int keyOffset, int keyCount, uint tag, byte[] payload, int offset, int count)
        {
            StoreError error = StartPut(collection, key, keyOffset, keyCount, tag, count);
            if (error == StoreError.None)
            {
                error = ContinuePut(payload, offset, count);
            }
            if (error == StoreError.None)
            {
                return FinishPut();
            }
            DropPut();
            return error;
        }

        /// <summary>
        /// The server named an object whose new value could not be taken: the value held stays, with a new version if it is
        /// clean. Done as well when there is no such object.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Confirm(int collection, byte[] key, int keyOffset, int keyCount)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            if (slot < 0 || _index.State(slot) != (int)ObjectState.Clean || IsTouched(KeyHash(collection, key, keyOffset, keyCount, false)))
            {
                return StoreError.None;
            }
            return Rewrite(slot, (int)ObjectState.Clean, _nextVersion, key, keyOffset, keyCount, 0, null, 0, 0);
        }

        /// <summary>The server deleted the object. Done as well when it was not there.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError RemoveServer(int collection, byte[] key, int keyOffset, int keyCount)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            uint hash = KeyHash(collection, key, keyOffset, keyCount, false);
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            if (slot < 0 && !IsTouched(hash) && _readFault == VolumeCode.Ok)
            {
                return StoreError.None;
            }
            error = Enter(Format.ObjectKey + keyCount + Format.Crc, false, hash);
            if (error != StoreError.None)
            {
                return error;
            }
            StartObject(Format.Gone, collection, 0, 0, 0, 0, key, keyOffset, keyCount);
            _main.EndRecord();
            return Leave();
        }

        /// <summary>
        /// The server named an object made here: it gets its key, and is Clean if it has not changed since that version was
        /// sent; a deletion and a newer change stay pending. Done as well when the object is gone or has its key already.
        /// An object that is held under the key is replaced, but nothing pending or refused is lost: while a change is pending there, the
        /// object stays as it is and its turn comes behind that change [SPEC 5.4]; a refused one stays in its place.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Bind(int collection, uint localId, uint version, byte[] key, int keyOffset, int keyCount)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            int held = slot < 0 ? (int)ObjectState.Clean : _index.State(slot);
            slot = FindKeyless(collection, localId);
            uint keyHash = KeyHash(collection, key, keyOffset, keyCount, false);
            if (slot < 0 || IsTouched(IdHash(collection, localId)) || IsTouched(keyHash))
            {
                return StoreError.None;
            }
            uint now = Format.U32(_probe, Format.ObjectVersion);
            int state = _probe[Format.ObjectState];
            if (held == (int)ObjectState.Refused)
            {
                return now == version ? PutGone(slot) : StoreError.None;
            }
            if (held != (int)ObjectState.Clean)
            {
                return Rewrite(slot, state, _nextVersion, key, keyOffset, 0, 0, null, 0, 0);
            }
            if (now == version && (state & Format.DeleteFlag) == 0)
            {
                state = (int)ObjectState.Clean;
                now = _nextVersion;
            }
            else if ((state & Format.StateMask) == (int)ObjectState.Refused)
            {
                state = (state & Format.DeleteFlag) != 0 ? (int)ObjectState.PendingDelete | Format.DeleteFlag : (int)ObjectState.Pending;
            }
            error = Rewrite(slot, state, now, key, keyOffset, keyCount, 0, null, 0, 0);
            if (error == StoreError.None && _batch)
            {
                Touch(keyHash, localId);
            }
            return error;
        }

        /// <summary>
        /// The local id of the object that the open batch has given this key (<see cref="Bind"/>): until the batch is written it
        /// is found by that id alone. 0 = none.
        /// </summary>
        internal uint BoundInBatch(int collection, byte[] key, int keyOffset, int keyCount)
        {
            uint hash = KeyHash(collection, key, keyOffset, keyCount, false); // no lock: the batch is the caller's
            for (int i = 0; i < _touchedCount; i++)
            {
                if (_touched[i] == hash && _touchedLocal[i] != 0)
                {
                    return _touchedLocal[i];
                }
            }
            return 0;
        }

        /// <summary>
        /// The server has the change of this version: Clean with a new version, or gone if it was a deletion. Nothing happens
        /// if the object changed since.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError AckChange(int collection, byte[] key, int keyOffset, int keyCount, uint version)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            if (slot < 0 || IsTouched(KeyHash(collection, key, keyOffset, keyCount, false))
                || _index.Version(slot) != version || _index.State(slot) == (int)ObjectState.Clean)
            {
                return StoreError.None;
            }
            if (IsDeletion(slot))
            {
                return PutGone(slot);
            }
            return Rewrite(slot, (int)ObjectState.Clean, _nextVersion, key, keyOffset, keyCount, 0, null, 0, 0);
        }

        /// <summary>
        /// The server refused this version of an object, also one acknowledged before: kept, reported, not pending any more.
        /// Nothing happens if it changed since.
        /// </summary>
        /// <param name="info">Names collection, object (by its key, or by its local id while it has none) and the version that was refused.</param>
        /// <param name="status">The server's status, 0 to 65,535.</param>
        /// <param name="reason">Begins with why, in UTF-8; may be null.</param>
        /// <param name="reasonCount">Its bytes; more than 64 are cut.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Refuse(ObjectInfo info, int status, byte[] reason, int reasonCount)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            int collection = info.Collection;
            if (!IsKind(collection, KindKeyed))
            {
                return StoreError.NoCollection;
            }
            if (status < 0 || status > 65535)
            {
                return StoreError.BadArgument;
            }
            int slot;
            uint hash;
            if (info.KeyLength > 0)
            {
                slot = FindKey(collection, info.Key, 0, info.KeyLength, false);
                hash = KeyHash(collection, info.Key, 0, info.KeyLength, false);
            }
            else
            {
                slot = FindKeyless(collection, info.Id);
                hash = IdHash(collection, info.Id);
            }
            if (slot < 0 || IsTouched(hash) || _index.Version(slot) != info.Version)
            {
                return StoreError.None; // what was acknowledged since has another version as well
            }
            int state = (int)ObjectState.Refused | (IsDeletion(slot) ? Format.DeleteFlag : 0);
            return Rewrite(slot, state, info.Version, info.Key, 0, 0, status, reason, 0, reasonCount);
        }

        // ---- Within ----

        private StoreError CheckLocal(int collection, byte[] payload, int offset, int count)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (!IsKind(collection, KindKeyed))
            {
                return StoreError.NoCollection;
            }
            if (payload == null || offset < 0 || count < 0 || offset + count > payload.Length)
            {
                return StoreError.BadArgument;
            }
            return _batch ? StoreError.Busy : StoreError.None;
        }

        private StoreError CheckKey(int collection, byte[] key, int offset, int count)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (!IsKind(collection, KindKeyed))
            {
                return StoreError.NoCollection;
            }
            return key == null || offset < 0 || count < 1 || count > Format.MaxKey || offset + count > key.Length
                ? StoreError.BadArgument : StoreError.None;
        }

        // The entry an information is about, by its key or its id; the head is then in _probe.
        private int FindObject(ObjectInfo info)
        {
            if (info.Collection < 0 || info.Collection > MaxCollection)
            {
                return -1;
            }
            return info.KeyLength > 0
                ? FindKey(info.Collection, info.Key, 0, info.KeyLength, false)
                : FindLocalId(info.Collection, info.Id);
        }

        // Whether the entry in _probe is a deletion.
        private bool IsDeletion(int slot)
        {
            return _index.State(slot) == (int)ObjectState.PendingDelete || (_probe[Format.ObjectState] & Format.DeleteFlag) != 0;
        }

        private void StartObject(int kind, int collection, uint id, uint version, uint tag, int state, byte[] key, int keyOffset, int keyCount)
        {
            _main.StartRecord(kind, collection, id);
            _main.Put32(version);
            _main.Put32(tag);
            _main.Put8(state);
            _main.Put8(keyCount);
            _main.Put(key, keyOffset, keyCount);
        }

        // Stores a local object: a new one (slot -1) or a new payload for the one in _probe.
        private StoreError StoreLocal(int collection, int slot, uint tag, byte[] payload, int offset, int count, out uint localId)
        {
            localId = 0;
            if (count > _inlineMax)
            {
                StoreError error = StartLocal(collection, slot, tag);
                if (error == StoreError.None)
                {
                    error = ContinueLocal(payload, offset, count);
                    if (error == StoreError.None)
                    {
                        error = FinishLocal(out localId);
                    }
                    if (error != StoreError.None)
                    {
                        _local.Abandon();
                    }
                }
                return error;
            }
            return PutLocal(collection, slot, tag, payload, offset, count, 0, out localId);
        }

        // Writes the record of a local object. Its payload stands in the record; with largeLength it is in the file of _local, and the
        // record refers to it.
        private StoreError PutLocal(int collection, int slot, uint tag, byte[] payload, int offset, int count, int largeLength, out uint localId)
        {
            localId = 0;
            if (slot < 0 && _entries[collection] >= _limits[collection])
            {
                return StoreError.IndexFull;
            }
            int keyCount = 0;
            uint id = slot < 0 ? NextLocalId() : 0;
            if (slot >= 0)
            {
                keyCount = _probe[Format.ObjectKeyLength];
                id = Format.U32(_probe, Format.Id);
                Array.Copy(_probe, Format.ObjectKey, _key, 0, keyCount);
            }
            int need = Format.ObjectKey + keyCount + count + Format.Crc;
            StoreError error = Enter(need, true, 0);
            if (error != StoreError.None)
            {
                return error;
            }
            StartObject(Format.Object, collection, id, _nextVersion, tag, (int)ObjectState.Pending, _key, 0, keyCount);
            if (largeLength > 0)
            {
                _main.MarkLarge();
            }
            _main.Put(payload, offset, count);
            _main.EndRecord();
            _nextVersion++;
            if (slot < 0)
            {
                _nextLocal = id + 1;
            }
            error = Leave();
            localId = error == StoreError.None ? id : 0;
            return error;
        }

        // Rises by about 1,024, with low bits at random: two copies of a store do not give one id to two objects. 4 million
        // fit; the last thousand, which nobody reaches, come one by one.
        private uint NextLocalId()
        {
            uint next = (_nextLocal + LocalNoise) & ~LocalNoise;
            return next < _nextLocal ? _nextLocal : next | (NextRandom() & LocalNoise);
        }

        // Writes the record of an entry anew with another head. The payload is taken over, except by a deletion the server can
        // be told by key alone. keyCount 0 keeps the key.
        private StoreError Rewrite(int slot, int state, uint version, byte[] key, int keyOffset, int keyCount, int status, byte[] reason, int reasonOffset, int reasonCount)
        {
            if (!LoadEntry(slot))
            {
                return StoreError.Damaged;
            }
            if (reasonCount > Format.MaxReason)
            {
                reasonCount = Format.MaxReason;
            }
            byte[] source = _reader.Buffer;
            int at = _reader.Index;
            int size = _reader.Size;
            int collection = source[at + Format.Collection];
            uint id = Format.U32(source, at + Format.Id);
            uint tag = Format.U32(source, at + Format.ObjectTag);
            int flags = source[at] & Format.LargeFlag;
            int data = PayloadStart(source, at);
            int oldKey = source[at + Format.ObjectKeyLength];
            if (keyCount == 0)
            {
                keyCount = oldKey;
                Array.Copy(source, at + Format.ObjectKey, _key, 0, keyCount);
                key = _key;
                keyOffset = 0;
            }
            int count = at + size - Format.Crc - data;
            if (keyCount > 0 && (state & Format.StateMask) == (int)ObjectState.PendingDelete)
            {
                count = 0;
                flags = 0;
            }
            StoreError error = Enter(Format.MaxObjectHead + count + Format.Crc, false, HashOf(source, at));
            if (error != StoreError.None)
            {
                return error;
            }
            if (!LoadEntry(slot)) // Enter may have moved it, and used the buffer
            {
                EndIfAlone();
                return StoreError.Damaged;
            }
            at = _reader.Index;
            data = PayloadStart(source, at);
            StartObject(Format.Object | flags, collection, id, version, tag, state, key, keyOffset, keyCount);
            if ((state & Format.StateMask) == (int)ObjectState.Refused)
            {
                _main.Put16(status);
                _main.Put8(reasonCount);
                if (reasonCount > 0)
                {
                    _main.Put(reason, reasonOffset, reasonCount);
                }
            }
            _main.Put(source, data, count);
            _main.EndRecord();
            _nextVersion = Larger(_nextVersion, version + 1);
            return Leave();
        }

        private void EndIfAlone()
        {
            if (!_batch)
            {
                EndBatch(false);
            }
        }

        // A record that ends the entry in _probe.
        private StoreError PutGone(int slot)
        {
            int collection = _index.Collection(slot);
            int keyCount = _probe[Format.ObjectKeyLength];
            uint id = Format.U32(_probe, Format.Id);
            int state = _index.State(slot) == KeyedIndex.StatePartial ? KeyedIndex.StatePartial : 0;
            Array.Copy(_probe, Format.ObjectKey, _key, 0, keyCount);
            StoreError error = Enter(Format.ObjectKey + keyCount + Format.Crc, false, HashOf(_probe, 0));
            if (error != StoreError.None)
            {
                return error;
            }
            StartObject(Format.Gone, collection, keyCount > 0 ? 0 : id, 0, 0, state, _key, 0, keyCount);
            _main.EndRecord();
            return Leave();
        }

        // Where the payload of an object record begins: behind the key, and behind status and reason of a refused one.
        private static int PayloadStart(byte[] buffer, int at)
        {
            int data = at + Format.ObjectKey + buffer[at + Format.ObjectKeyLength];
            if ((buffer[at + Format.ObjectState] & Format.StateMask) == (int)ObjectState.Refused)
            {
                data += 3 + buffer[data + 2];
            }
            return data;
        }
    }
}

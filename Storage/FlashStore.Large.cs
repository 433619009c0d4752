using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Payloads in slices: one from the server within the batch, one of the device's own, and partial downloads. A payload
    // that outgrows a record moves to a file of its own, which reclaiming never copies.
    public sealed partial class FlashStore
    {
        private const int PutNone = 0;
        private const int PutInline = 1;    // the payload so far is in the record being built
        private const int PutFile = 2;      // the payload goes to _large; the record holds the head
        private const int PutPartial = 3;   // slices of a partial download go to _large

        private readonly LargeWriter _large;    // the batch's
        private readonly LargeWriter _local;    // the device's own
        private int _put;
        private int _putCollection;

        // The device's own large payload: what it is for
        private int _localCollection;
        private uint _localTag;
        private uint _localId;          // keyed: the object changed; 0 = a new one
        private int _localKeyLength;
        private readonly byte[] _localKey = new byte[Format.MaxKey];

        // The partial download whose running CRC32 is known
        private uint _partFile;
        private int _partLength;
        private uint _partRunning;
        private int _partTotal;
        private uint _partCrc;
        private uint _partVersion;
        private bool _partIsNew;        // begun in this batch
        private readonly byte[] _putKey = new byte[Format.MaxKey];
        private int _putKeyLength;
        private uint _putTag;

        private readonly byte[] _reference = new byte[Format.LargeRef]; // a large payload as a record names it; also an acknowledgement

        // ---- From the server, in a batch ----

        /// <summary>Begins an object from the server whose payload comes in slices and whose length need not be known. Needs an open batch.</summary>
        /// <param name="collection">A keyed collection.</param>
        /// <param name="key">The server's id.</param>
        /// <param name="keyOffset">Where it begins.</param>
        /// <param name="keyCount">Its bytes, 1 to 64.</param>
        /// <param name="tag">The caller's mark.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError BeginPut(int collection, byte[] key, int keyOffset, int keyCount, uint tag)
        {
            return _batch ? StartPut(collection, key, keyOffset, keyCount, tag, _inlineMax) : NotBegun();
        }

        /// <summary>Adds a slice.</summary>
        /// <returns>None, or why the object does not fit; it is then to be abandoned, the batch goes on.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError WritePut(byte[] payload, int offset, int count)
        {
            return _put == PutInline || _put == PutFile ? ContinuePut(payload, offset, count) : NotBegun();
        }

        /// <summary>Ends the object: part of the batch from now on.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError EndPut()
        {
            return _put == PutInline || _put == PutFile ? FinishPut() : NotBegun();
        }

        /// <summary>Gives the object up. The batch goes on without it.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal void AbandonPut()
        {
            DropPut();
        }

        private StoreError NotBegun()
        {
            return _open ? StoreError.NotBegun : StoreError.NotOpen;
        }

        private StoreError StartPut(int collection, byte[] key, int keyOffset, int keyCount, uint tag, int count)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            uint hash = KeyHash(collection, key, keyOffset, keyCount, false);
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            uint id = slot >= 0 ? Format.U32(_probe, Format.Id) : BoundInBatch(collection, key, keyOffset, keyCount);
            bool isNew = slot < 0 && !IsTouched(hash);
            if (isNew && _entries[collection] + _batchNew >= _limits[collection])
            {
                return StoreError.IndexFull;
            }
            int need = Format.ObjectKey + keyCount + Format.Crc + (count > _inlineMax ? Format.LargeRef : count);
            error = Enter(need, collection != EngineCollection, hash);
            if (error != StoreError.None)
            {
                return error;
            }
            if (isNew)
            {
                _batchNew++;
            }
            StartObject(Format.Object, collection, id, _nextVersion++, tag, (int)ObjectState.Clean, key, keyOffset, keyCount);
            _put = PutInline;
            _putCollection = collection;
            return StoreError.None;
        }

        private StoreError ContinuePut(byte[] payload, int offset, int count)
        {
            if (_put == PutInline)
            {
                int start = PayloadStart(_main.Buffer, _main.RecordStart) - _main.RecordStart;
                if (_main.RecordBytes - start + count <= _inlineMax)
                {
                    _main.Put(payload, offset, count);
                    return Map(_main.Fault);
                }
                StoreError error = Spill(start);
                if (error != StoreError.None)
                {
                    return error;
                }
            }
            if (!Fits(_main.BatchBytes + _batchGrowth + _large.Length + count))
            {
                return StoreError.QuotaFull;
            }
            return Map(_large.Append(payload, offset, count));
        }

        // Moves the payload so far from the record to a file.
        private StoreError Spill(int start)
        {
            if (_batchFileCount >= MaxBatchFiles)
            {
                return StoreError.BatchFull;
            }
            uint file = StoreFile.Make(StoreFile.Large, _putCollection, _nextLarge++);
            _large.Begin(file, 0, Crc32.Start);
            _put = PutFile;
            int count = _main.RecordBytes - start;
            int code = _large.Append(_main.Buffer, _main.RecordStart + start, count);
            _main.TakeBack(count);
            return Map(code);
        }

        private StoreError FinishPut()
        {
            if (_put == PutFile)
            {
                int code = _large.Close();
                if (code != VolumeCode.Ok)
                {
                    DropPut();
                    return Map(code);
                }
                _main.MarkLarge();
                _main.Put32(_large.File);
                _main.Put32((uint)_large.Length);
                _main.Put32(Crc32.Finish(_large.Running));
                _batchGrowth += _large.Length;
                _batchFiles[_batchFileCount++] = _large.File;
                _large.File = 0;
            }
            _put = PutNone;
            _main.EndRecord();
            return Leave();
        }

        private void DropPut()
        {
            if (_put == PutPartial)
            {
                _large.Close();
                _large.File = 0;
                _partFile = 0;
            }
            else if (_put != PutNone)
            {
                _main.CancelRecord();
                _large.Abandon();
            }
            else
            {
                return;
            }
            _put = PutNone;
            EndIfAlone();
        }

        // ---- A partial download ----

        /// <summary>
        /// Begins a large object that comes in several messages, or goes on with it. Needs an open batch. What is begun with
        /// another length, CRC32 or version starts over; one collection has at most one such download. The object of this key, if there
        /// is one, stays as it is until the new one is whole.
        /// </summary>
        /// <param name="collection">A keyed collection.</param>
        /// <param name="key">The server's id.</param>
        /// <param name="keyOffset">Where it begins.</param>
        /// <param name="keyCount">Its bytes, 1 to 64.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="total">Bytes of the whole.</param>
        /// <param name="crc">CRC32 of the whole.</param>
        /// <param name="version">The server's number of the value: two values of one length and CRC32 are told apart by it. 0 where there is none.</param>
        /// <param name="done">Bytes in flash: where to go on. The first time after Open these bytes are read for their CRC32.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError OpenPartial(int collection, byte[] key, int keyOffset, int keyCount, uint tag, int total, uint crc, uint version, out int done)
        {
            done = 0;
            if (!_batch)
            {
                return NotBegun();
            }
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            if (total < 1)
            {
                return StoreError.BadArgument;
            }
            if (_put != PutNone)
            {
                return StoreError.Busy;
            }
            uint hash = KeyHash(collection, key, keyOffset, keyCount, true);
            int slot = FindKey(collection, key, keyOffset, keyCount, true);
            if (slot >= 0)
            {
                if (IsTouched(hash))
                {
                    return StoreError.BatchFull; // given up or replaced in this batch: the index still has the old state
                }
                int at = Format.U16(_probe, Format.Size) - Format.Crc - Format.LargeRef;
                uint file = Format.U32(_probe, at);
                if (Format.U32(_probe, at + 4) == (uint)total && Format.U32(_probe, at + 8) == crc
                    && Format.U32(_probe, Format.ObjectTag) == tag && Format.U32(_probe, Format.ObjectVersion) == version)
                {
                    error = ResumePartial(file, total, crc);
                    _partVersion = version;
                    done = _partLength;
                    if (error == StoreError.None)
                    {
                        KeepPutKey(collection, key, keyOffset, keyCount, tag);
                    }
                    return error;
                }
            }
            else if (_partIsNew && StoreFile.Collection(_partFile) == collection && IsTouched(hash) && _partTotal == total && _partCrc == crc && _partVersion == version)
            {
                _large.Begin(_partFile, _partLength, _partRunning);
                KeepPutKey(collection, key, keyOffset, keyCount, tag);
                _put = PutPartial;
                done = _partLength;
                return StoreError.None;
            }
            if (_batchFileCount >= MaxBatchFiles || _partIsNew)
            {
                return StoreError.BatchFull;
            }
            if (FindKey(collection, key, keyOffset, keyCount, false) < 0 && _entries[collection] + _batchNew >= _limits[collection])
            {
                return StoreError.IndexFull;
            }
            error = DropOtherPartial(collection);
            if (error != StoreError.None)
            {
                return error;
            }
            if (!Fits(_main.BatchBytes + _batchGrowth + total))
            {
                return StoreError.QuotaFull;
            }
            error = Enter(Format.ObjectKey + keyCount + Format.LargeRef + Format.Crc, true, hash);
            if (error != StoreError.None)
            {
                return error;
            }
            _partFile = StoreFile.Make(StoreFile.Large, collection, _nextLarge++);
            _partLength = 0;
            _partRunning = Crc32.Start;
            _partTotal = total;
            _partCrc = crc;
            _partVersion = version;
            StartObject(Format.Object, collection, 0, version, tag, KeyedIndex.StatePartial, key, keyOffset, keyCount);
            _main.MarkLarge();
            PutReference(_partFile, total, crc);
            _main.EndRecord();
            _batchGrowth += total;
            _batchFiles[_batchFileCount++] = _partFile;
            _partIsNew = true;
            _large.Begin(_partFile, 0, Crc32.Start);
            error = Map(_large.Append(_probe, 0, 0)); // the file must exist when the record does
            KeepPutKey(collection, key, keyOffset, keyCount, tag);
            _put = PutPartial;
            return error;
        }

        /// <summary>Adds bytes to the partial download, from where OpenPartial said.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError WritePartial(byte[] payload, int offset, int count)
        {
            if (_put != PutPartial)
            {
                return NotBegun();
            }
            if (_large.Length + count > _partTotal)
            {
                return StoreError.BadArgument;
            }
            return Map(_large.Append(payload, offset, count));
        }

        /// <summary>
        /// Ends the slice: its bytes are durable, whatever becomes of the batch (the first slice's count once it is committed).
        /// With the last byte the whole is checked and becomes the object, Clean, when the batch is committed.
        /// </summary>
        /// <param name="complete">Whether the object is whole.</param>
        /// <returns>None; Damaged: the whole has not the CRC32 announced, the download is dropped and may be begun again; or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError ClosePartial(out bool complete)
        {
            complete = false;
            if (_put != PutPartial)
            {
                return NotBegun();
            }
            int code = _large.Close();
            _put = PutNone;
            _large.File = 0;
            if (code != VolumeCode.Ok)
            {
                _partFile = 0;
                return Map(code);
            }
            _partLength = _large.Length;
            _partRunning = _large.Running;
            if (_partLength < _partTotal)
            {
                return StoreError.None;
            }
            bool whole = Crc32.Finish(_partRunning) == _partCrc;
            uint hash = KeyHash(_putCollection, _putKey, 0, _putKeyLength, !whole);
            int slot = whole ? FindKey(_putCollection, _putKey, 0, _putKeyLength, false) : -1;
            uint id = slot >= 0 ? Format.U32(_probe, Format.Id) : 0;
            StoreError error = Enter(Format.ObjectKey + _putKeyLength + Format.LargeRef + Format.Crc, false, hash);
            if (error != StoreError.None)
            {
                return error;
            }
            if (!whole)
            {
                StartObject(Format.Gone, _putCollection, 0, 0, 0, KeyedIndex.StatePartial, _putKey, 0, _putKeyLength);
                _main.EndRecord();
                Leave();
                return StoreError.Damaged;
            }
            if (slot < 0)
            {
                _batchNew++;
            }
            StartObject(Format.Object, _putCollection, id, _nextVersion++, _putTag, (int)ObjectState.Clean, _putKey, 0, _putKeyLength);
            _main.MarkLarge();
            PutReference(_partFile, _partTotal, _partCrc);
            _main.EndRecord();
            complete = true;
            return Leave();
        }

        /// <summary>Ends what OpenPartial began without adding to it: not even what has all its bytes becomes the object.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError LeavePartial()
        {
            if (_put != PutPartial)
            {
                return NotBegun();
            }
            int code = _large.Close();
            _put = PutNone;
            _large.File = 0;
            return code == VolumeCode.Ok ? StoreError.None : Map(code);
        }

        private void KeepPutKey(int collection, byte[] key, int keyOffset, int keyCount, uint tag)
        {
            System.Array.Copy(key, keyOffset, _putKey, 0, keyCount);
            _putKeyLength = keyCount;
            _putCollection = collection;
            _putTag = tag;
        }

        private void PutReference(uint file, int length, uint crc)
        {
            _main.Put32(file);
            _main.Put32((uint)length);
            _main.Put32(crc);
        }

        private StoreError ResumePartial(uint file, int total, uint crc)
        {
            if (file != _partFile)
            {
                int length = LengthOf(file, -1);
                if (length < 0)
                {
                    return StoreError.VolumeFailed;
                }
                if (length > total)
                {
                    length = total;
                }
                uint running = Crc32.Start;
                int at = 0;
                while (at < length)
                {
                    int index = _reader.Load(file, at, 1);
                    if (index < 0)
                    {
                        return StoreError.VolumeFailed;
                    }
                    int count = _reader.Available(at);
                    if (count > length - at)
                    {
                        count = length - at;
                    }
                    running = Crc32.Update(running, _reader.Buffer, index, count);
                    at += count;
                }
                _partFile = file;
                _partLength = length;
                _partRunning = running;
            }
            _partTotal = total;
            _partCrc = crc;
            _large.Begin(file, _partLength, _partRunning);
            _put = PutPartial;
            return StoreError.None;
        }

        private StoreError DropOtherPartial(int collection)
        {
            if (_partials[collection] == 0)
            {
                return StoreError.None;
            }
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (_index.State(slot) == KeyedIndex.StatePartial && _index.Collection(slot) == collection && Probe(slot))
                {
                    return PutGone(slot);
                }
            }
            return StoreError.None;
        }

        /// <summary>Finds the partial download of a key; <see cref="ObjectInfo.Length"/> is the whole, <see cref="ObjectInfo.Done"/> what is in flash.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError FindPartial(int collection, byte[] key, int keyOffset, int keyCount, ObjectInfo info)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, true);
            return slot < 0 ? StoreError.NotFound : Fill(slot, info);
        }

        /// <summary>The partial download of a collection, if there is one.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError FirstPartial(int collection, ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            for (int slot = 0; slot < _index.Capacity && IsKind(collection, KindKeyed) && _partials[collection] > 0; slot++)
            {
                if (_index.State(slot) == KeyedIndex.StatePartial && _index.Collection(slot) == collection)
                {
                    return Fill(slot, info);
                }
            }
            return StoreError.NotFound;
        }

        /// <summary>Gives a partial download up and its flash free.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError DropPartial(int collection, byte[] key, int keyOffset, int keyCount)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, true);
            return slot < 0 ? StoreError.NotFound : PutGone(slot);
        }

        // ---- The device's own large payload; in slices: Pc/FlashStore.Slices.cs ----

        private StoreError StartLocal(int collection, int slot, uint tag)
        {
            if (_local.File != 0)
            {
                return StoreError.Busy;
            }
            _localCollection = collection;
            _localTag = tag;
            _localId = 0;
            _localKeyLength = 0;
            if (slot >= 0)
            {
                _localId = Format.U32(_probe, Format.Id);
                _localKeyLength = _probe[Format.ObjectKeyLength];
                System.Array.Copy(_probe, Format.ObjectKey, _localKey, 0, _localKeyLength);
            }
            _local.Begin(StoreFile.Make(StoreFile.Large, collection, _nextLarge++), 0, Crc32.Start);
            return StoreError.None;
        }

        private StoreError ContinueLocal(byte[] payload, int offset, int count)
        {
            StoreError error = StoreError.None;
            if (_kinds[_localCollection] == KindOutbox)
            {
                error = MakeOutboxRoom(_localCollection, Blocks(_local.Length + count) + _options.BufferBytes);
            }
            else if (!Fits(_local.Length + count))
            {
                error = StoreError.QuotaFull;
            }
            if (error == StoreError.None)
            {
                error = Map(_local.Append(payload, offset, count));
            }
            if (error != StoreError.None && _local.Length == 0)
            {
                _local.Abandon();
            }
            return error;
        }

        private StoreError FinishLocal(out uint id)
        {
            id = 0;
            bool outbox = _kinds[_localCollection] == KindOutbox;
            if (outbox ? _appendTo >= 0 && _appendTo != _localCollection : _batch)
            {
                return StoreError.Busy;
            }
            if (_local.Length == 0)
            {
                _local.Abandon();
                return StoreError.BadArgument;
            }
            StoreError error = Map(_local.Close());
            if (error == StoreError.None)
            {
                Format.Put32(_reference, 0, _local.File);
                Format.Put32(_reference, 4, (uint)_local.Length);
                Format.Put32(_reference, 8, Crc32.Finish(_local.Running));
                if (outbox)
                {
                    error = AppendRecord(_localCollection, _localTag, _reference, 0, Format.LargeRef, _local.Length, out id);
                }
                else
                {
                    int slot = -1;
                    if (_localKeyLength > 0)
                    {
                        slot = FindKey(_localCollection, _localKey, 0, _localKeyLength, false);
                    }
                    else if (_localId != 0)
                    {
                        slot = FindLocalId(_localCollection, _localId);
                    }
                    bool gone = slot < 0 && (_localKeyLength > 0 || _localId != 0);
                    error = gone ? StoreError.NotFound
                        : PutLocal(_localCollection, slot, _localTag, _reference, 0, Format.LargeRef, _local.Length, out id);
                }
            }
            if (error == StoreError.None)
            {
                _local.File = 0;
            }
            else if (error != StoreError.ReclaimFirst)
            {
                _local.Abandon();
            }
            return error;
        }
    }
}

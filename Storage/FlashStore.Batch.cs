using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Batches on the main log: what is written between Begin and Commit becomes durable by one Close.
    public sealed partial class FlashStore
    {
        private const int AckSlot = 255;
        private const int EngineCollection = MaxCollection; // the engine's answers: few, small, and needed when objects fill the store
        private const int LostSlot = 254; // of an outbox: refused readings that were not kept
        private const int MaxTouched = 128;
        private const int FirstTouched = 48; // more than a round of 20 objects each way touches
        private const int MaxBatchFiles = 16;

        private uint[] _touched = new uint[FirstTouched];               // hashes of what this batch has written
        private uint[] _touchedLocal = new uint[FirstTouched];          // and the local ids that got their keys in it
        private readonly uint[] _batchFiles = new uint[MaxBatchFiles];  // large files made in it
        private int _touchedCount;
        private int _batchFileCount;
        private int _batchNew;      // objects the batch adds, at most
        private int _batchAside;    // readings it sets aside, less those dropped for them
        private int _batchAsideBytes;
        private int _batchNewMeta;
        private int _batchGrowth;   // bytes of large files the batch adds
        private bool _batch;        // Begin was called
        private uint _keptFile;     // the tail before the batch, to go back to when it fails
        private int _keptLength;
        private bool _keptDirty;

        /// <summary>
        /// Begins a batch. Until <see cref="Commit"/> nothing of it is seen by any other call; local changes of keyed objects
        /// are refused as Busy meanwhile, appending to outboxes is not. May first reclaim space.
        /// </summary>
        /// <returns>None, NotOpen, Busy, QuotaFull or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Begin()
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (_batch)
            {
                return StoreError.Busy;
            }
            StoreError error = MakeRoom(_options.SegmentBytes, false);
            if (error == StoreError.None)
            {
                StartMain(Format.MinSize);
                _batch = true;
            }
            return error;
        }

        /// <summary>Makes the batch durable, whole.</summary>
        /// <returns>
        /// None. NotBegun; Busy while a payload is being written. VolumeFull (the store has then given its spare bytes up: try
        /// once more) and others: nothing of the batch happened, it is
        /// over, the store stays usable. After VolumeFailed, when what was written could not be read back, the store has read all its files
        /// anew: the batch is there whole, or not at all.
        /// </returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Commit()
        {
            if (!_batch)
            {
                return NotBegun();
            }
            if (_put != PutNone)
            {
                return StoreError.Busy;
            }
            int bytes = _main.BatchBytes;
            StoreError error = EndBatch(true);
            if (error == StoreError.None)
            {
                Pace(bytes);
            }
            return error;
        }

        /// <summary>Ends the batch as if it had never begun. Slices of a partial download stay.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError Abandon()
        {
            if (!_batch)
            {
                return NotBegun();
            }
            DropPut();
            EndBatch(false);
            return StoreError.None;
        }

        /// <summary>
        /// Keeps a small value of a collection (a sync key, a counter): in the batch when one is open, otherwise at once.
        /// </summary>
        /// <param name="collection">A declared collection.</param>
        /// <param name="slot">0 to 200, or that of the collection's name.</param>
        /// <param name="value">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many, 0 to <see cref="MaxMeta"/>.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError SetMeta(int collection, int slot, byte[] value, int offset, int count)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (collection < 0 || collection > MaxCollection || _kinds[collection] == KindNone)
            {
                return StoreError.NoCollection;
            }
            if (slot < 0 || (slot > 200 && slot < FirstName) || count < 0 || count > MaxMeta)
            {
                return StoreError.BadArgument;
            }
            return PutMeta(collection, slot, value, offset, count);
        }

        /// <summary>Reads a value as it was last committed.</summary>
        /// <param name="collection">A declared collection.</param>
        /// <param name="slot">0 to 200.</param>
        /// <param name="buffer">Takes up to <see cref="MaxMeta"/> bytes.</param>
        /// <param name="offset">Where to put them.</param>
        /// <param name="count">Bytes of the value; 0 when it was never set.</param>
        /// <returns>None, NotFound when it was never set, or Damaged.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError GetMeta(int collection, int slot, byte[] buffer, int offset, out int count)
        {
            count = 0;
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            int entry = FindMeta(collection, slot);
            if (entry < 0)
            {
                return StoreError.NotFound;
            }
            if (!LoadEntry(entry))
            {
                return StoreError.Damaged;
            }
            count = _reader.Size - Format.MinSize;
            Array.Copy(_reader.Buffer, _reader.Index + Format.Head, buffer, offset, count);
            return StoreError.None;
        }

        private StoreError PutMeta(int collection, int slot, byte[] value, int offset, int count)
        {
            uint hash = MetaHash(collection, slot);
            bool isNew = slot != LostSlot && slot != AckSlot && FindMeta(collection, slot) < 0 && !IsTouched(hash);
            if (isNew && _metaCount + _batchNewMeta >= _options.MetaSlots + _declaredValues + _ackSlots)
            {
                return StoreError.IndexFull;
            }
            StoreError error = Enter(Format.MinSize + count, false, hash);
            if (error != StoreError.None)
            {
                return error;
            }
            if (isNew)
            {
                _batchNewMeta++;
            }
            _main.StartRecord(Format.Meta, collection, (uint)slot);
            _main.Put(value, offset, count);
            _main.EndRecord();
            return Leave();
        }

        // Every change of the main log calls Enter, writes one record, and calls Leave. Where no batch is open, the change is a batch of
        // its own.
        private StoreError Enter(int need, bool grows, uint hash)
        {
            if (_put != PutNone)
            {
                return StoreError.Busy;
            }
            if (_readFault < 0)
            {
                _readFault = VolumeCode.Ok; // what was looked for may be there, and could not be read
                return StoreError.VolumeFailed;
            }
            if (_batch)
            {
                if (_main.Fault != VolumeCode.Ok)
                {
                    return Map(_main.Fault);
                }
                int half = _options.SegmentBytes / 2;
                if (_main.Length > half && _main.Written == 0
                    && (_main.BatchBytes + need > _options.BufferBytes || _main.Length + _main.BatchBytes + need > _options.SegmentBytes))
                {
                    MoveBatch();
                }
                if (_touchedCount + 2 > MaxTouched || _main.Length + _main.BatchBytes + need > _options.SegmentBytes)
                {
                    return StoreError.BatchFull;
                }
                if (grows && !Fits(_main.BatchBytes + _batchGrowth + need))
                {
                    return StoreError.QuotaFull;
                }
            }
            else
            {
                if (grows && !Fits(need))
                {
                    return StoreError.QuotaFull;
                }
                StoreError error = MakeRoom(need, grows);
                if (error != StoreError.None)
                {
                    return error;
                }
                StartMain(need);
            }
            Touch(hash, 0);
            return StoreError.None;
        }

        private void Touch(uint hash, uint localId)
        {
            if (_touchedCount == _touched.Length)
            {
                _touched = Longer(_touched);
                _touchedLocal = Longer(_touchedLocal);
            }
            _touched[_touchedCount] = hash;
            _touchedLocal[_touchedCount] = localId;
            _touchedCount++;
        }

        private static uint[] Longer(uint[] array)
        {
            uint[] longer = new uint[MaxTouched];
            Array.Copy(array, longer, array.Length);
            return longer;
        }

        private StoreError Leave()
        {
            if (_batch)
            {
                return Map(_main.Fault);
            }
            int bytes = _main.BatchBytes;
            StoreError error = EndBatch(true);
            if (error == StoreError.None)
            {
                Pace(bytes);
            }
            return error;
        }

        private bool IsTouched(uint hash)
        {
            for (int i = 0; i < _touchedCount; i++)
            {
                if (_touched[i] == hash)
                {
                    return true;
                }
            }
            return false;
        }

        private StoreError EndBatch(bool commit)
        {
            bool full = _main.Fault == VolumeCode.Full; // met in the middle of the batch, which is then given up
            StoreError error = FinishMain(commit, false);
            bool unread = _readFault < 0;
            if (full || error == StoreError.VolumeFull)
            {
                GiveSpare();
            }
            if (!unread && (!commit || error != StoreError.None))
            {
                for (int i = 0; i < _batchFileCount; i++)
                {
                    DeleteFile(_batchFiles[i]);
                }
                if (_partFile != 0 && _partIsNew)
                {
                    _partFile = 0;
                }
            }
            ResetBatch();
            if (unread)
            {
                Remount();
            }
            CheckInvariants();
            return error;
        }

        private void ResetBatch()
        {
            _batch = false;
            _put = PutNone;
            _touchedCount = 0;
            _batchFileCount = 0;
            _batchNew = 0;
            _batchNewMeta = 0;
            _batchAside = 0;
            _batchAsideBytes = 0;
            for (int i = 0; i <= MaxCollection; i++)
            {
                if (_outboxes[i] != null)
                {
                    _outboxes[i].BatchLost = 0;
                }
            }
            _batchGrowth = 0;
            _partIsNew = false;
        }

        private void AbandonAll()
        {
            if (_batch)
            {
                DropPut();
                EndBatch(false);
            }
            if (_appendTo >= 0)
            {
                EndAppend(false);
            }
            _local.Abandon();
        }

        // Begins writing to the newest segment, or to a new one.
        private void StartMain(int need)
        {
            _keptFile = _main.File;
            _keptLength = _main.Length;
            _keptDirty = _mainDirty;
            if (!_mainDirty && _main.Length + need <= _options.SegmentBytes)
            {
                _main.SetSegment(_main.File, _main.Length);
                return;
            }
            uint file = _main.File + 1;
            _main.SetSegment(file, 0);
            PutMainHeader(_main.Buffer, file);
            _main.CountHeader();
            _mainDirty = false;
        }

        private void PutMainHeader(byte[] buffer, uint file)
        {
            Format.PutHeader(buffer, _idBytes, _salt, file, _nextVersion, _nextLocal, _nextLarge);
        }

        // A batch begins in the newest segment, so that small ones fill it. One that outgrows the buffer may need half a segment: where so
        // much is not left it goes on in a new one, and the old one has got nothing of it.
        private void MoveBatch()
        {
            uint file = _main.File + 1;
            PutMainHeader(_reader.Buffer, file);
            _reader.Forget();
            _main.MoveBatch(file, _reader.Buffer);
            _mainDirty = false;
        }

        private StoreError FinishMain(bool commit, bool evenEmpty)
        {
            int before = _main.Length;
            int from = before == 0 ? Format.HeaderSize : before;
            if (commit && !_main.HasRecords && !evenEmpty)
            {
                commit = false;
            }
            bool wanted = commit;
            int code = VolumeCode.Ok;
            _readFault = VolumeCode.Ok;
            if (commit)
            {
                code = _main.Commit();
            }
            else
            {
                _main.Abandon();
            }
            uint file = _main.File;
            if (!wanted && _main.Written == 0)
            {
                KeepMain();
                return StoreError.None;
            }
            int length = code == VolumeCode.Ok && commit ? before + _main.Written : LengthOf(file, before);
            if (commit && code == VolumeCode.Ok)
            {
                _reader.ReadBack(_main, from);
            }
            int end = commit ? ScanCommitted(file, from, length) : from;
            if (end > from)
            {
                _mainBytes += length - before;
                _mainDirty = length != end;
                _main.SetSegment(file, end);
                SettleOutboxes();
                return StoreError.None;
            }
            if (end < 0)
            {
                return StoreError.VolumeFailed; // it may be there: the caller mounts anew
            }
            if (before == 0)
            {
                DeleteFile(file);
                KeepMain();
            }
            else
            {
                _mainBytes += length - before;
                _mainDirty = length != before;
                _main.SetSegment(file, before);
            }
            if (!wanted)
            {
                return StoreError.None;
            }
            return code == VolumeCode.Ok ? StoreError.VolumeFailed : Map(code);
        }

        private void KeepMain()
        {
            _main.SetSegment(_keptFile, _keptLength);
            _mainDirty = _keptDirty;
        }

        private int LengthOf(uint file, int otherwise)
        {
            int length = _volume.Length(file);
            if (length == VolumeCode.NotFound)
            {
                return 0;
            }
            return length < 0 ? otherwise : length;
        }
    }
}

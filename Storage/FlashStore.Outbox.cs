using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Outboxes: a chain of segments each, appended to at one end, deleted whole at the other. Nothing is ever copied.
    public sealed partial class FlashStore
    {
        private int _appendTo = -1;     // the outbox of the append batch; -1 = none
        private uint _appendNext;       // id of the next reading of the batch
        private uint _appendFirst;      // id the batch began with
        private int _appendLarge;       // bytes of large files in it
        private uint _found;            // the segment FindReading stopped in
        private uint _boundFile;        // the segment whose bound and length are known
        private uint _bound;            // its readings have ids below this one
        private int _boundLength;

        /// <summary>
        /// Appends a reading. Durable when the call returns, unless an append batch on this outbox is open. Allowed while a
        /// batch on the main log is open.
        /// </summary>
        /// <param name="collection">An outbox.</param>
        /// <param name="tag">The caller's mark, such as the hash of its class.</param>
        /// <param name="payload">The bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many; up to what the outbox's quota has room for.</param>
        /// <param name="id">Its id: 1 for the first, then one more each time; never used again. (After damage some are passed over.)</param>
        /// <returns>None; QuotaFull when the outbox is full and refuses; Busy; BatchFull; or an error of the volume.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Append(int collection, uint tag, byte[] payload, int offset, int count, out uint id)
        {
            id = 0;
            StoreError error = CheckOutbox(collection);
            if (error != StoreError.None)
            {
                return error;
            }
            if (payload == null || offset < 0 || count < 0 || offset + count > payload.Length)
            {
                return StoreError.BadArgument;
            }
            do
            {
                error = count <= _inlineMax
                    ? AppendRecord(collection, tag, payload, offset, count, 0, out id)
                    : AppendLarge(collection, tag, payload, offset, count, out id);
            }
            // When the volume is full, an outbox does what it does when its quota is full: it drops its oldest readings, or refuses the
            // new one. Others may fill the room at once, so this ends when nothing is left to drop.
            while (error == StoreError.VolumeFull && _outboxes[collection].Count > 0 && DropOldest(_outboxes[collection], collection) == StoreError.None);
            return error;
        }

        private StoreError AppendLarge(int collection, uint tag, byte[] payload, int offset, int count, out uint id)
        {
            id = 0;
            StoreError error = StartLocal(collection, -1, tag);
            if (error != StoreError.None)
            {
                return error;
            }
            error = ContinueLocal(payload, offset, count);
            if (error == StoreError.None)
            {
                error = FinishLocal(out id);
            }
            if (error != StoreError.None)
            {
                _local.Abandon();
            }
            return error;
        }

        /// <summary>Begins a batch of appends to one outbox: they become durable together at <see cref="CommitAppend"/>, by one Close.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError BeginAppend(int collection)
        {
            StoreError error = CheckOutbox(collection);
            if (error == StoreError.None)
            {
                error = _appendTo >= 0 ? StoreError.Busy : MakeOutboxRoom(collection, _options.BufferBytes);
            }
            if (error == StoreError.None)
            {
                StartOut(collection, _outboxes[collection].SegmentBytes / 2);
                _appendTo = collection;
            }
            return error;
        }

        /// <summary>Makes the appends durable. After an error none of them happened.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError CommitAppend()
        {
            return _appendTo < 0 ? NotBegun() : EndAppend(true);
        }

        /// <summary>Ends the batch of appends as if it had never begun.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError AbandonAppend()
        {
            if (_appendTo < 0)
            {
                return NotBegun();
            }
            EndAppend(false);
            return StoreError.None;
        }

        /// <summary>
        /// The server has every reading up to this id: they are dropped. In the batch when one is open, otherwise at once.
        /// Readings kept aside are not touched, see <see cref="Drop"/>.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError AckOutbox(int collection, uint upToId)
        {
            StoreError error = CheckOutbox(collection);
            if (error != StoreError.None)
            {
                return error;
            }
            OutboxChain outbox = _outboxes[collection];
            if (upToId >= outbox.NextId)
            {
                return StoreError.BadArgument;
            }
            if (upToId <= outbox.Acked)
            {
                return StoreError.None;
            }
            uint gap = outbox.Gap;
            if (gap > upToId - outbox.Acked)
            {
                gap = upToId - outbox.Acked;
            }
            Format.Put32(_reference, 0, upToId);
            Format.Put32(_reference, 4, outbox.Dropped + gap);
            return PutMeta(collection, AckSlot, _reference, 0, 8);
        }

        /// <summary>
        /// The server refused a reading: it is kept aside with the reason, and no longer pending. Acknowledge the readings up to
        /// it in the same batch. In the batch when one is open, otherwise at once.
        /// </summary>
        /// <param name="collection">An outbox.</param>
        /// <param name="id">The reading.</param>
        /// <param name="status">The server's status, 0 to 65,535.</param>
        /// <param name="reason">Why, UTF-8; may be null.</param>
        /// <param name="offset">Where it begins.</param>
        /// <param name="count">Its bytes; more than 64 are cut.</param>
        [MethodImpl(MethodImplOptions.Synchronized)]
        internal StoreError SetAside(int collection, uint id, int status, byte[] reason, int offset, int count)
        {
            StoreError error = CheckOutbox(collection);
            if (error != StoreError.None)
            {
                return error;
            }
            if (status < 0 || status > 65535)
            {
                return StoreError.BadArgument;
            }
            int slot = FindKeyless(collection, id);
            if (slot >= 0)
            {
                return Rewrite(slot, (int)ObjectState.Refused, 0, _key, 0, 0, status, reason, offset, count);
            }
            if (!LoadReading(collection, id))
            {
                return StoreError.NotFound;
            }
            int reasonBytes = count > Format.MaxReason ? Format.MaxReason : count;
            int bytes = Format.ObjectKey + 3 + reasonBytes + _reader.Size + LargeBytes(_reader.Buffer, _reader.Index, _reader.Size);
            // A reading's large file counts with the objects from now on. A small one may go into what is kept free for acknowledging,
            // by half a segment; beyond that no batch could begin any more.
            while (_asideCount + _batchAside >= _options.SetAsideSlots || _asideBytes + _batchAsideBytes + bytes > _options.SetAsideBytes
                || !Fits(_main.BatchBytes + _batchGrowth + _batchAsideBytes + bytes - _options.SegmentBytes / 2))
            {
                int oldest = bytes > _options.SetAsideBytes ? -1 : OldestAside();
                error = oldest < 0 ? CountLost(collection) : DropAside(oldest);
                if (error != StoreError.None || oldest < 0)
                {
                    return error; // no older one can make room: this one is not kept
                }
            }
            return CopyAside(collection, id, status, reason, offset, reasonBytes, bytes);
        }

        /// <summary>Readings that went unsent because the outbox was full, or were refused and no longer kept, since the store began. One that was under way when it was dropped is among them, though it may have arrived.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public uint DroppedCount(int collection)
        {
            return IsKind(collection, KindOutbox) ? _outboxes[collection].Dropped + _outboxes[collection].Gap + _outboxes[collection].Lost : 0;
        }

        /// <summary>The id up to which everything is acknowledged.</summary>
        public uint AckedId(int collection)
        {
            return IsKind(collection, KindOutbox) ? _outboxes[collection].Acked : 0;
        }

        /// <summary>The id the next reading will have, unless damage makes the store pass over some.</summary>
        public uint NextId(int collection)
        {
            return IsKind(collection, KindOutbox) ? _outboxes[collection].NextId : 0;
        }

        private StoreError CheckOutbox(int collection)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            return IsKind(collection, KindOutbox) ? StoreError.None : StoreError.NoCollection;
        }

        // ---- Appending ----

        private StoreError AppendRecord(int collection, uint tag, byte[] payload, int offset, int count, int largeLength, out uint id)
        {
            id = 0;
            if (_appendTo >= 0 && _appendTo != collection)
            {
                return StoreError.Busy;
            }
            OutboxChain outbox = _outboxes[collection];
            bool alone = _appendTo < 0;
            int need = Format.ReadingData + count + Format.Crc;
            StoreError error = MakeOutboxRoom(collection, need + Blocks(largeLength) + (alone ? Format.HeaderSize : _out.BatchBytes + _appendLarge));
            if (error != StoreError.None)
            {
                return error;
            }
            if (alone)
            {
                StartOut(collection, need);
            }
            else if (_out.Length + _out.BatchBytes + need > outbox.SegmentBytes)
            {
                return StoreError.BatchFull;
            }
            _out.StartRecord(Format.Reading, collection, _appendNext);
            if (largeLength > 0)
            {
                _out.MarkLarge();
            }
            _out.Put32(tag);
            _out.Put(payload, offset, count);
            _out.EndRecord();
            id = _appendNext++;
            _appendLarge += Blocks(largeLength);
            if (alone)
            {
                _appendTo = collection;
                error = EndAppend(true);
            }
            else
            {
                error = Map(_out.Fault);
            }
            if (error != StoreError.None)
            {
                id = 0;
            }
            return error;
        }

        private void StartOut(int collection, int need)
        {
            OutboxChain outbox = _outboxes[collection];
            _appendLarge = 0;
            if (outbox.Head != 0 && !outbox.Dirty && outbox.TailLength + need <= outbox.SegmentBytes
                && outbox.TailLarge < outbox.SegmentBytes)
            {
                _appendNext = outbox.NextId;
                _appendFirst = _appendNext;
                _out.SetSegment(outbox.Tail, outbox.TailLength);
                return;
            }
            uint passed = outbox.PassIds ? (uint)SkippedIds : 0;
            _appendNext = outbox.NextId + passed;
            _appendFirst = _appendNext;
            uint file = StoreFile.Make(StoreFile.Outbox, collection, StoreFile.Number(outbox.Tail) + 1);
            _out.SetSegment(file, 0);
            Format.PutHeader(_out.Buffer, _idBytes, _salt, file, _appendNext, passed, 0);
            _out.CountHeader();
        }

        private StoreError EndAppend(bool commit)
        {
            int collection = _appendTo;
            _appendTo = -1;
            bool filled = _out.HasRecords;
            bool begun = _out.Length == 0; // a new segment: the one before it may go now. Otherwise nothing new is acknowledged
            StoreError error = FinishOut(collection, commit && filled);
            if (_readFault < 0)
            {
                Remount();
            }
            if (error == StoreError.None && commit && filled && begun)
            {
                TrimOutbox(_outboxes[collection], collection);
            }
            CheckInvariants();
            return error;
        }

        private StoreError FinishOut(int collection, bool commit)
        {
            OutboxChain outbox = _outboxes[collection];
            uint file = _out.File;
            int before = _out.Length;
            int from = before == 0 ? Format.HeaderSize : before;
            int code = VolumeCode.Ok;
            _readFault = VolumeCode.Ok;
            if (commit)
            {
                code = _out.Commit();
            }
            else
            {
                _out.Abandon();
            }
            if (!commit && _out.Written == 0)
            {
                return StoreError.None;
            }
            int length = commit && code == VolumeCode.Ok ? before + _out.Written : LengthOf(file, before);
            if (before == 0)
            {
                outbox.TailLarge = 0;
            }
            if (commit && code == VolumeCode.Ok)
            {
                _reader.ReadBack(_out, from);
            }
            int end = commit ? ScanCommitted(file, from, length) : from;
            if (end > from)
            {
                if (before == 0)
                {
                    uint passed = outbox.PassIds ? (uint)SkippedIds : 0;
                    if (outbox.Head == 0)
                    {
                        outbox.Head = file;
                        outbox.HeadFirst = _appendFirst - passed;
                    }
                    outbox.PassIds = false;
                    _boundFile = 0; // the segment that was the last one has a bound now
                }
                outbox.Tail = file;
                outbox.TailLength = end;
                outbox.Dirty = end != length;
                outbox.Bytes += length - before;
                return StoreError.None;
            }
            if (end < 0)
            {
                return StoreError.VolumeFailed; // it may be there: the caller mounts anew
            }
            if (before == 0)
            {
                DeleteFile(file);
            }
            else
            {
                outbox.Bytes += length - before;
                outbox.Dirty = length != before;
            }
            if (!commit)
            {
                return StoreError.None;
            }
            return code == VolumeCode.Ok ? StoreError.VolumeFailed : Map(code);
        }

        // ---- Room ----

        private StoreError MakeOutboxRoom(int collection, int need)
        {
            OutboxChain outbox = _outboxes[collection];
            if (need > outbox.Quota - Format.HeaderSize)
            {
                return StoreError.QuotaFull;
            }
            while (outbox.Bytes + need > outbox.Quota)
            {
                StoreError error = DropOldest(outbox, collection);
                if (error != StoreError.None)
                {
                    return error;
                }
            }
            return StoreError.None;
        }

        private StoreError DropOldest(OutboxChain outbox, int collection)
        {
            if (!outbox.DropOldest || outbox.Head == 0 || _appendTo == collection)
            {
                return StoreError.QuotaFull;
            }
            StoreError error = outbox.Head == outbox.Tail ? BeginSegment(collection) : StoreError.None;
            return error == StoreError.None ? DropHead(outbox, collection) : error;
        }

        // What a large file of so many bytes takes of the volume.
        private int Blocks(int bytes)
        {
            int block = _options.BlockBytes;
            return (bytes + block - 1) / block * block;
        }

        // Begins an empty segment behind the only one, so that the only one can be deleted. The new header keeps the next id, which must
        // not be given again.
        private StoreError BeginSegment(int collection)
        {
            OutboxChain outbox = _outboxes[collection];
            bool dirty = outbox.Dirty;
            outbox.Dirty = true;
            StartOut(collection, 0);
            StoreError error = FinishOut(collection, true);
            if (error != StoreError.None)
            {
                outbox.Dirty = dirty;
            }
            return error;
        }

        // Drops the oldest segment with all its readings, sent or not, and behind it their large files: after a cut between them Open
        // deletes these as nobody's.
        private StoreError DropHead(OutboxChain outbox, int collection)
        {
            uint bound = IdBound(outbox, outbox.Head);
            uint[] large = new uint[outbox.SegmentBytes / _inlineMax + 2]; // all that a segment takes, and a 0 that ends them
            if (bound > 0 && bound != uint.MaxValue)
            {
                _readFault = VolumeCode.Ok;
                DiscountReadings(outbox, collection, Larger(outbox.Counted, outbox.Acked), bound - 1, outbox.Head, large);
                if (_readFault < 0)
                {
                    return Remount();
                }
            }
            StoreError error = DeleteHead(outbox, bound);
            for (int i = 0; error == StoreError.None && large[i] != 0; i++)
            {
                DeleteFile(large[i]);
            }
            return error;
        }

        private StoreError DeleteHead(OutboxChain outbox, uint bound)
        {
            uint file = outbox.Head;
            int length = LengthOf(file, 0);
            int code = DeleteFile(file);
            _boundFile = 0;
            if (code != VolumeCode.Ok)
            {
                return Map(code);
            }
            outbox.Bytes = outbox.Bytes > length ? outbox.Bytes - length : 0; // one whose tail is stuck seems longer by a byte than it was
            outbox.HeadFirst = bound;
            outbox.Head = file == outbox.Tail ? 0 : file + 1;
            int at = outbox.Head == 0 ? -1 : _reader.Load(outbox.Head, 0, Format.HeaderSize);
            if (at >= 0 && Format.IsHeader(_reader.Buffer, at, outbox.Head))
            {
                outbox.HeadFirst = Format.U32(_reader.Buffer, at + Format.HeaderFirst) - Format.U32(_reader.Buffer, at + Format.HeaderSecond);
            }
            else if (outbox.Head != 0 && FindReading(outbox, outbox.Head, 0, 0))
            {
                outbox.HeadFirst = Format.U32(_reader.Buffer, _reader.Index + Format.Id);
            }
            return StoreError.None;
        }

        // Deletes the segments that hold nothing unacknowledged. The newest one stays until it is half full.
        private void TrimOutbox(OutboxChain outbox, int collection)
        {
            while (outbox.Head != 0)
            {
                uint bound = IdBound(outbox, outbox.Head);
                if (outbox.Acked + 1 < bound)
                {
                    return;
                }
                if (outbox.Head == outbox.Tail && (outbox.TailLength < outbox.SegmentBytes / 2 || _appendTo == collection))
                {
                    return;
                }
                if (DeleteHead(outbox, bound) != StoreError.None)
                {
                    return;
                }
            }
        }

        // After a commit on the main log: takes the readings that it acknowledged off.
        private void SettleOutboxes()
        {
            for (int i = 0; i <= MaxCollection; i++)
            {
                OutboxChain outbox = _outboxes[i];
                if (outbox != null && outbox.Acked > outbox.Counted)
                {
                    DiscountReadings(outbox, i, outbox.Counted, outbox.Acked, outbox.Tail, null);
                    outbox.Counted = outbox.Acked;
                    TrimOutbox(outbox, i);
                }
            }
        }

        // Takes readings above one id, up to another and to a segment, off the count, and deletes their large files, or tells them to a
        // caller who does so.
        private void DiscountReadings(OutboxChain outbox, int collection, uint after, uint upTo, uint lastFile, uint[] large)
        {
            int count = 0;
            uint file = outbox.Head;
            int at = 0;
            uint tail = outbox.Tail;
            int tailLength = outbox.TailLength;
            while (FindReading(outbox, file, at, after))
            {
                byte[] buffer = _reader.Buffer;
                int index = _reader.Index;
                after = Format.U32(buffer, index + Format.Id);
                if (after > upTo || _found > lastFile)
                {
                    outbox.StartFile = _found;
                    outbox.StartAt = _reader.At;
                    return;
                }
                outbox.Count--;
                file = _found;
                at = _reader.At + _reader.Size;
                if ((buffer[index] & Format.LargeFlag) != 0)
                {
                    int reference = index + _reader.Size - Format.Crc - Format.LargeRef;
                    uint payload = Format.U32(buffer, reference);
                    outbox.Bytes -= Blocks((int)Format.U32(buffer, reference + 4));
                    if (FindKeyless(collection, after) >= 0 || IsTouched(IdHash(collection, after)))
                    {
                        continue; // kept aside with it, or in the batch that is open
                    }
                    if (large == null || count == large.Length - 1) // more only by a batch of appends, or where buffers were smaller once
                    {
                        DeleteFile(payload);
                    }
                    else
                    {
                        large[count++] = payload;
                    }
                }
            }
            outbox.StartFile = tail;
            outbox.StartAt = tailLength;
        }

        // ---- Finding ----

        // The bound of the ids in this segment: the first id of the next segment. Readings with higher ids were begun here and never
        // finished.
        private uint IdBound(OutboxChain outbox, uint file)
        {
            if (file == outbox.Tail)
            {
                return outbox.NextId;
            }
            if (file == _boundFile)
            {
                return _bound;
            }
            _boundFile = file;
            _bound = uint.MaxValue;
            _boundLength = _volume.Length(file); // not by LengthOf: the deepest point of a sync is here, and each call is 200 bytes
            int at = _reader.Load(file + 1, 0, Format.HeaderSize);
            bool unread = NoteFault(_boundLength) | NoteFault(_reader.Code);
            if (_boundLength < 0)
            {
                _boundLength = 0;
            }
            if (at >= 0 && Format.IsHeader(_reader.Buffer, at, file + 1))
            {
                _bound = Format.U32(_reader.Buffer, at + Format.HeaderFirst) - Format.U32(_reader.Buffer, at + Format.HeaderSecond);
            }
            if (_bound == uint.MaxValue)
            {
                // The next header is damaged: the marks in the segment itself tell where its last whole batch ends.
                _bound = FirstBehind(outbox, file);
                _boundLength = EndOfBatches(file, _boundLength);
            }
            if (unread)
            {
                _boundFile = 0; // to be looked at again
            }
            return _bound;
        }

        // The first id that a later segment's header vouches for.
        private uint FirstBehind(OutboxChain outbox, uint file)
        {
            for (uint next = file + 2; next <= outbox.Tail; next++)
            {
                int at = _reader.Load(next, 0, Format.HeaderSize);
                if (at >= 0 && Format.IsHeader(_reader.Buffer, at, next))
                {
                    return Format.U32(_reader.Buffer, at + Format.HeaderFirst) - Format.U32(_reader.Buffer, at + Format.HeaderSecond);
                }
            }
            return outbox.NextId;
        }

        private int EndOfBatches(uint file, int length)
        {
            int end = Format.HeaderSize;
            int at = end;
            while (_reader.Find(file, at, length))
            {
                at = _reader.At + _reader.Size;
                if ((_reader.Buffer[_reader.Index] & Format.LastFlag) != 0)
                {
                    end = at;
                }
            }
            return end;
        }

        // Finds the first reading with an id above this one, from a place on. It is then in the reader, its segment in _found.
        private bool FindReading(OutboxChain outbox, uint file, int at, uint after)
        {
            if (file == outbox.Head && at == 0 && after >= outbox.Counted && outbox.StartFile >= file)
            {
                file = outbox.StartFile; // what lies before is acknowledged
                at = outbox.StartAt;
            }
            if (outbox.Head == 0 || file < outbox.Head)
            {
                file = outbox.Head;
                at = 0;
            }
            while (file != 0 && file <= outbox.Tail)
            {
                uint bound = IdBound(outbox, file);
                if (after + 1 < bound)
                {
                    int length = file == outbox.Tail ? outbox.TailLength : _boundLength;
                    if (at < Format.HeaderSize)
                    {
                        at = Format.HeaderSize;
                    }
                    while (_reader.Find(file, at, length))
                    {
                        at = _reader.At + _reader.Size;
                        if ((_reader.Buffer[_reader.Index] & Format.KindMask) != Format.Reading)
                        {
                            continue;
                        }
                        uint id = Format.U32(_reader.Buffer, _reader.Index + Format.Id);
                        if (id >= bound)
                        {
                            break;
                        }
                        if (id > after)
                        {
                            _found = file;
                            return true;
                        }
                    }
                    NoteFault(_reader.Code);
                }
                file++;
                at = 0;
            }
            return false;
        }

        // ---- Kept aside ----

        private StoreError CopyAside(int collection, uint id, int status, byte[] reason, int offset, int count, int bytes)
        {
            if (!LoadReading(collection, id))
            {
                return StoreError.NotFound;
            }
            StoreError error = Enter(Format.ObjectKey + 3 + count + _reader.Size, false, IdHash(collection, id));
            if (error != StoreError.None)
            {
                return error;
            }
            if (!LoadReading(collection, id)) // Enter may have used the buffer
            {
                EndIfAlone();
                return StoreError.NotFound;
            }
            byte[] source = _reader.Buffer;
            int at = _reader.Index;
            int data = at + Format.ReadingData;
            StartObject(Format.Object | (source[at] & Format.LargeFlag), collection, id, 0, Format.U32(source, at + Format.ReadingTag),
                (int)ObjectState.Refused, _key, 0, 0);
            _main.Put16(status);
            _main.Put8(count);
            if (count > 0)
            {
                _main.Put(reason, offset, count);
            }
            _main.Put(source, data, at + _reader.Size - Format.Crc - data);
            _main.EndRecord();
            if (_batch)
            {
                _batchAside++;
                _batchAsideBytes += bytes;
            }
            return Leave();
        }

        private bool LoadReading(int collection, uint id)
        {
            OutboxChain outbox = _outboxes[collection];
            return id > 0 && FindReading(outbox, outbox.Head, 0, id - 1) && Format.U32(_reader.Buffer, _reader.Index + Format.Id) == id;
        }

        // The refused reading with the lowest id, of all outboxes, that is not of this batch; -1 = there is none.
        private int OldestAside()
        {
            int oldest = -1;
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (_index.IsUsed(slot) && _index.State(slot) < KeyedIndex.StatePartial && _kinds[_index.Collection(slot)] == KindOutbox
                    && !IsTouched(IdHash(_index.Collection(slot), _index.Version(slot)))
                    && (oldest < 0 || _index.Version(slot) < _index.Version(oldest)))
                {
                    oldest = slot;
                }
            }
            return oldest >= 0 && Probe(oldest) ? oldest : -1;
        }

        private StoreError DropAside(int slot)
        {
            int size = Format.U16(_probe, Format.Size);
            int large = LargeBytes(_probe, 0, size);
            _health.Note(0, 0, _index.Version(slot), 0);
            StoreError error = CountLost(_index.Collection(slot));
            if (error == StoreError.None && Probe(slot))
            {
                error = PutGone(slot);
            }
            if (error == StoreError.None && _batch)
            {
                _batchAside--;
                _batchAsideBytes -= size + large;
            }
            return error;
        }

        // The reading is counted before it is dropped. So a power cut between the two counts a reading that is still there, and never
        // forgets one that is gone.
        private StoreError CountLost(int collection)
        {
            _health.RefusedDropped++;
            OutboxChain outbox = _outboxes[collection];
            if (_batch)
            {
                outbox.BatchLost++;
            }
            Format.Put32(_reference, 0, outbox.Lost + (_batch ? outbox.BatchLost : 1));
            return PutMeta(collection, LostSlot, _reference, 0, 4);
        }

        // Bytes of the large payload that a record names.
        private static int LargeBytes(byte[] buffer, int at, int size)
        {
            return (buffer[at] & Format.LargeFlag) != 0 ? (int)Format.U32(buffer, at + size - Format.Crc - Format.LargeRef + 4) : 0;
        }
    }
}

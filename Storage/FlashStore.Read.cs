using System;
using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Finding, listing and reading. Nothing here writes.
    public sealed partial class FlashStore
    {
        private const int NoLimit = int.MaxValue / 2;

        /// <summary>Finds a keyed object by the server's id. A deleted one is found too: look at its state.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError FindKey(int collection, byte[] key, int keyOffset, int keyCount, ObjectInfo info)
        {
            StoreError error = CheckKey(collection, key, keyOffset, keyCount);
            if (error != StoreError.None)
            {
                return error;
            }
            int slot = FindKey(collection, key, keyOffset, keyCount, false);
            return slot < 0 ? StoreError.NotFound : Fill(slot, info);
        }

        /// <summary>
        /// Finds an object by the id the device gave it: keyed objects made here, also after the server named them (then it
        /// reads flash for each object made here), and readings, pending or kept aside.
        /// </summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError FindLocal(int collection, uint id, ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (collection < 0 || collection > MaxCollection || _kinds[collection] == KindNone)
            {
                return StoreError.NoCollection;
            }
            int slot = id == 0 ? -1 : FindLocalId(collection, id);
            if (slot >= 0)
            {
                return Fill(slot, info);
            }
            OutboxChain outbox = _outboxes[collection];
            if (outbox == null || id <= outbox.Acked || !LoadReading(collection, id))
            {
                return StoreError.NotFound;
            }
            FillReading(collection, info);
            return StoreError.None;
        }

        /// <summary>
        /// The next object that waits for the server. Outbox: in the order of ids, those retried among them. Keyed: in the order
        /// of versions. Stands on its own: any id or version may be given, at any time.
        /// </summary>
        /// <param name="collection">A declared collection.</param>
        /// <param name="after">Id or version of the one before; 0 to begin.</param>
        /// <param name="info">Is filled. The same one as in the call before saves a search.</param>
        /// <returns>None; NotFound at the end; Damaged when flash lost this one since Open (its id or version is filled in, go on behind it; the next Open drops it).</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError NextPending(int collection, uint after, ObjectInfo info)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (collection < 0 || collection > MaxCollection || _kinds[collection] == KindNone)
            {
                return StoreError.NoCollection;
            }
            int slot = _pending[collection] > 0 ? NextWaiting(collection, after) : -1;
            if (_kinds[collection] == KindOutbox)
            {
                uint limit = slot < 0 ? uint.MaxValue : _index.Version(slot);
                OutboxChain outbox = _outboxes[collection];
                uint file = outbox.Head;
                int at = 0;
                if (info.Collection == collection && info.Slot < 0 && info.Id == after && info.RecordFile >= outbox.Head)
                {
                    file = info.RecordFile;
                    at = info.RecordOffset + info.RecordSize;
                }
                if (after < outbox.Acked)
                {
                    after = outbox.Acked;
                }
                while (FindReading(outbox, file, at, after))
                {
                    after = Format.U32(_reader.Buffer, _reader.Index + Format.Id);
                    if (after >= limit)
                    {
                        break;
                    }
                    file = _found;
                    at = _reader.At + _reader.Size;
                    if (_entries[collection] == 0 || FindKeyless(collection, after) < 0)
                    {
                        FillReading(collection, info);
                        return StoreError.None;
                    }
                }
            }
            return slot < 0 ? StoreError.NotFound : Fill(slot, info);
        }

        /// <summary>The version that the next change of any keyed object gets: what is put from now on has this one or a higher one.</summary>
        internal uint NextVersion
        {
            get { return _nextVersion; }
        }

        /// <summary>An id that no local object has reached: all made from now on have this one or a higher one.</summary>
        internal uint NextLocal
        {
            get { return _nextLocal; }
        }

        /// <summary>The next object of a keyed collection, pending, refused or clean, without deleted ones; in no order. Begin with a reset info.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError Next(int collection, ObjectInfo info)
        {
            return NextSlot(collection, info, false);
        }

        /// <summary>The next refused object, or reading kept aside; deletions included. In no order. Begin with a reset info.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public StoreError NextRefused(int collection, ObjectInfo info)
        {
            return NextSlot(collection, info, true);
        }

        /// <summary>Reads payload bytes.</summary>
        /// <param name="info">The object, as found.</param>
        /// <param name="position">From 0.</param>
        /// <param name="buffer">Takes the bytes.</param>
        /// <param name="offset">Where to put them.</param>
        /// <param name="count">How many are wanted.</param>
        /// <returns>
        /// Bytes read, fewer than wanted only at the end of the payload; or a negative <see cref="StoreError"/>: Stale when the
        /// object went away or was moved (find it again), Damaged when bytes are missing or, a large payload being read in
        /// order, its last slice completes a wrong CRC32.
        /// </returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Read(ObjectInfo info, int position, byte[] buffer, int offset, int count)
        {
            if (!_open)
            {
                return -(int)StoreError.NotOpen;
            }
            if (info.RecordFile == 0 || position < 0 || count < 0 || offset < 0 || offset + count > buffer.Length)
            {
                return -(int)StoreError.BadArgument;
            }
            if (count > info.Done - position)
            {
                count = info.Done - position;
            }
            if (count <= 0)
            {
                return 0;
            }
            return info.DataFile != 0
                ? ReadLargeFile(info, position, buffer, offset, count)
                : ReadInline(info, position, buffer, offset, count);
        }

        /// <summary>Objects of a keyed collection, deleted ones the server has not confirmed included; unacknowledged readings of an outbox, with those kept aside.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int Count(int collection)
        {
            if (collection < 0 || collection > MaxCollection)
            {
                return 0;
            }
            return _entries[collection] + (_outboxes[collection] == null ? 0 : _outboxes[collection].Count);
        }

        /// <summary>Objects that wait for the server.</summary>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public int PendingCount(int collection)
        {
            if (collection < 0 || collection > MaxCollection)
            {
                return 0;
            }
            return _pending[collection] + (_outboxes[collection] == null ? 0 : _outboxes[collection].Count);
        }

        /// <summary>Objects the server refused, kept until they are changed, retried or dropped.</summary>
        public int RefusedCount(int collection)
        {
            return collection < 0 || collection > MaxCollection ? 0 : _refused[collection];
        }

        // ---- Within ----

        // Brings the whole record of an entry into the reader.
        private bool LoadEntry(int slot)
        {
            if (_reader.LoadRecord(SegmentFile(_index.Segment(slot)), _index.Offset(slot), NoLimit))
            {
                return true;
            }
            _health.Note(SegmentFile(_index.Segment(slot)), _index.Offset(slot), 0, _reader.Code);
            return false;
        }

        private int NextWaiting(int collection, uint after)
        {
            int best = -1;
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                int state = _index.State(slot);
                if ((state == (int)ObjectState.Pending || state == (int)ObjectState.PendingDelete)
                    && _index.Collection(slot) == collection && _index.Version(slot) > after
                    && (best < 0 || _index.Version(slot) < _index.Version(best)))
                {
                    best = slot;
                }
            }
            return best;
        }

        private StoreError NextSlot(int collection, ObjectInfo info, bool refused)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }
            if (collection < 0 || collection > MaxCollection || _kinds[collection] == KindNone)
            {
                return StoreError.NoCollection;
            }
            if (_entries[collection] == 0)
            {
                return StoreError.NotFound; // the index is shared: a walk that finds nothing costs more than a sync
            }
            int slot = info.Collection == collection ? info.Slot + 1 : 0;
            for (; slot < _index.Capacity; slot++)
            {
                int state = _index.State(slot);
                if (!_index.IsUsed(slot) || state >= KeyedIndex.StatePartial || _index.Collection(slot) != collection
                    || (refused ? state != (int)ObjectState.Refused : state == (int)ObjectState.PendingDelete))
                {
                    continue;
                }
                StoreError error = Fill(slot, info);
                if (error != StoreError.None || refused || !info.IsDelete)
                {
                    return error;
                }
            }
            return StoreError.NotFound;
        }

        private StoreError Fill(int slot, ObjectInfo info)
        {
            info.Slot = slot; // also when it is damaged, so that an enumeration goes on behind it
            info.Collection = _index.Collection(slot);
            if (!LoadEntry(slot))
            {
                info.Version = _index.Version(slot);
                info.Id = _kinds[info.Collection] == KindOutbox ? info.Version : 0;
                info.KeyLength = 0;
                info.RecordFile = 0;
                return StoreError.Damaged;
            }
            byte[] buffer = _reader.Buffer;
            int at = _reader.Index;
            info.Id = Format.U32(buffer, at + Format.Id);
            info.Version = Format.U32(buffer, at + Format.ObjectVersion);
            info.Tag = Format.U32(buffer, at + Format.ObjectTag);
            info.State = (ObjectState)(buffer[at + Format.ObjectState] & Format.StateMask);
            info.IsDelete = (buffer[at + Format.ObjectState] & Format.DeleteFlag) != 0;
            info.KeyLength = buffer[at + Format.ObjectKeyLength];
            Array.Copy(buffer, at + Format.ObjectKey, info.Key, 0, info.KeyLength);
            info.Status = 0;
            info.ReasonLength = 0;
            int data = PayloadStart(buffer, at);
            if (info.State == ObjectState.Refused)
            {
                int refused = at + Format.ObjectKey + info.KeyLength;
                info.Status = Format.U16(buffer, refused);
                info.ReasonLength = buffer[refused + 2];
                Array.Copy(buffer, refused + 3, info.Reason, 0, info.ReasonLength);
            }
            FillPayload(info, buffer, at, data);
            return StoreError.None;
        }

        private void FillReading(int collection, ObjectInfo info)
        {
            byte[] buffer = _reader.Buffer;
            int at = _reader.Index;
            info.Slot = -1;
            info.Collection = collection;
            info.Id = Format.U32(buffer, at + Format.Id);
            info.Version = 0;
            info.Tag = Format.U32(buffer, at + Format.ReadingTag);
            info.State = ObjectState.Pending;
            info.IsDelete = false;
            info.KeyLength = 0;
            info.Status = 0;
            info.ReasonLength = 0;
            FillPayload(info, buffer, at, at + Format.ReadingData);
            info.RecordFile = _found;
        }

        private void FillPayload(ObjectInfo info, byte[] buffer, int at, int data)
        {
            info.RecordFile = info.Slot < 0 ? _found : SegmentFile(_index.Segment(info.Slot));
            info.RecordOffset = _reader.At;
            info.RecordSize = _reader.Size;
            info.ReadNext = 0;
            info.ReadCrc = Crc32.Start;
            if ((buffer[at] & Format.LargeFlag) == 0)
            {
                info.DataFile = 0;
                info.DataOffset = data - at;
                info.Length = at + _reader.Size - Format.Crc - data;
                info.Done = info.Length;
                info.Crc = 0;
                return;
            }
            int reference = at + _reader.Size - Format.Crc - Format.LargeRef;
            info.DataFile = Format.U32(buffer, reference);
            info.Length = (int)Format.U32(buffer, reference + 4);
            info.Crc = Format.U32(buffer, reference + 8);
            info.Done = info.Length;
            if (info.State == ObjectState.Partial)
            {
                int length = LengthOf(info.DataFile, 0);
                info.Done = length < info.Length ? length : info.Length;
            }
        }

        private int ReadInline(ObjectInfo info, int position, byte[] buffer, int offset, int count)
        {
            // The whole record is checked with the first slice; later ones come from the buffer if it still holds it.
            int index = position == 0
                ? (_reader.LoadRecord(info.RecordFile, info.RecordOffset, NoLimit) && _reader.Size == info.RecordSize ? _reader.Index : -1)
                : _reader.Load(info.RecordFile, info.RecordOffset, info.RecordSize);
            if (index < 0)
            {
                if (_reader.Code == VolumeCode.NotFound)
                {
                    return -(int)StoreError.Stale;
                }
                _health.Note(info.RecordFile, info.RecordOffset, info.Id, _reader.Code);
                return -(int)StoreError.Damaged;
            }
            Array.Copy(_reader.Buffer, index + info.DataOffset + position, buffer, offset, count);
            return count;
        }

        // Whether an information still says where its object lies.
        private bool IsCurrent(ObjectInfo info)
        {
            if (info.Slot < 0)
            {
                return _outboxes[info.Collection] != null && info.Id > _outboxes[info.Collection].Acked;
            }
            return _index.IsUsed(info.Slot) && _index.Offset(info.Slot) == info.RecordOffset
                && SegmentFile(_index.Segment(info.Slot)) == info.RecordFile;
        }

        private int ReadLargeFile(ObjectInfo info, int position, byte[] buffer, int offset, int count)
        {
            int read = _volume.Read(info.DataFile, position, buffer, offset, count);
            if (read < count)
            {
                if (read == VolumeCode.NotFound && !IsCurrent(info))
                {
                    return -(int)StoreError.Stale;
                }
                _health.Note(info.DataFile, position, info.Id, read < 0 ? read : 0);
                return -(int)(read < 0 && read != VolumeCode.NotFound ? StoreError.VolumeFailed : StoreError.Damaged);
            }
            if (position == 0)
            {
                info.ReadCrc = Crc32.Start;
                info.ReadNext = 0;
            }
            if (position == info.ReadNext)
            {
                info.ReadCrc = Crc32.Update(info.ReadCrc, buffer, offset, count);
                info.ReadNext += count;
                if (info.ReadNext == info.Length && Crc32.Finish(info.ReadCrc) != info.Crc)
                {
                    _health.Note(info.DataFile, position, info.Id, 0);
                    return -(int)StoreError.Damaged;
                }
            }
            return count;
        }
    }
}

// Turns committed records into entries of the index: at the mount, after a commit, and where reclaiming has moved them. The index
// changes nowhere else.

namespace NanoSync.Storage
{
    public sealed partial class FlashStore
    {
        /// <summary>
        /// Applies every whole batch between two places of a segment.
        /// </summary>
        /// <returns>Where the last whole batch ends; negative when the volume failed.</returns>
        private int ScanCommitted(uint file, int from, int length)
        {
            int end = from;
            int at = from;
            int damaged = 0;
            int damagedAt = 0;
            _readFault = VolumeCode.Ok;
            while (_reader.Find(file, at, length))
            {
                if (_reader.Skipped > 0)
                {
                    damaged++;
                    damagedAt = at;
                }
                int first = _reader.At;
                at = _reader.At + _reader.Size;
                if ((_reader.Buffer[_reader.Index] & Format.LastFlag) == 0)
                {
                    continue;
                }
                if (first == end)
                {
                    Apply(file);
                }
                else
                {
                    Replay(file, end, at);
                }
                end = at;
                if (damaged > 0)
                {
                    // Only what lies before a later whole batch is damage; at the end it is a batch that was never finished.
                    _health.Damaged += damaged;
                    _health.Note(file, damagedAt, 0, 0);
                    damaged = 0;
                }
            }
            NoteFault(_reader.Code);
            return _readFault < 0 ? _readFault : end; // a record that could not be read was taken for none
        }

        private void Replay(uint file, int from, int to)
        {
            while (_reader.Find(file, from, to))
            {
                from = _reader.At + _reader.Size;
                Apply(file);
            }
            _readFault |= _reader.Code;
        }

        private void Apply(uint file)
        {
            byte[] buffer = _reader.Buffer;
            int at = _reader.Index;
            int collection = buffer[at + Format.Collection];
            int kind = buffer[at] & Format.KindMask;
            if (collection > MaxCollection)
            {
                _health.Undeclared++;
                return;
            }
            if (_mounting && _kinds[collection] == KindNone && kind != Format.End)
            {
                _health.Undeclared++; // and kept: another firmware may declare it again
            }
            switch (kind)
            {
                case Format.Reading:
                    ApplyReading(buffer, at, collection);
                    break;
                case Format.Object:
                case Format.Gone:
                    ApplyObject(file, buffer, at, collection);
                    break;
                case Format.Meta:
                    ApplyMeta(file, buffer, at, collection);
                    break;
            }
        }

        private void ApplyReading(byte[] buffer, int at, int collection)
        {
            OutboxChain outbox = _outboxes[collection];
            if (outbox == null)
            {
                return;
            }
            uint id = Format.U32(buffer, at + Format.Id);
            if (_firstSeen == 0)
            {
                _firstSeen = id;
            }
            outbox.NextId = Larger(outbox.NextId, id + 1);
            if (id <= outbox.Acked)
            {
                return;
            }
            outbox.Count++;
            if ((buffer[at] & Format.LargeFlag) != 0)
            {
                int reference = at + _reader.Size - Format.Crc - Format.LargeRef;
                outbox.Bytes += Blocks((int)Format.U32(buffer, reference + 4));
                outbox.TailLarge += (int)Format.U32(buffer, reference + 4);
                if (_mounting && !ClaimLarge(_files, Format.U32(buffer, reference), (int)Format.U32(buffer, reference + 4)))
                {
                    _health.Damaged++;
                    _health.Note(Format.U32(buffer, reference), 0, id, 0);
                }
            }
        }

        private void ApplyObject(uint file, byte[] buffer, int at, int collection)
        {
            int size = _reader.Size;
            int keyLength = buffer[at + Format.ObjectKeyLength];
            if (size < Format.ObjectKey + keyLength + Format.Crc || keyLength > Format.MaxKey)
            {
                _health.Damaged++;
                return;
            }
            int state = buffer[at + Format.ObjectState] & Format.StateMask;
            bool partial = state == KeyedIndex.StatePartial;
            bool large = (buffer[at] & Format.LargeFlag) != 0;
            uint id = Format.U32(buffer, at + Format.Id);
            uint largeFile = large ? Format.U32(buffer, at + size - Format.Crc - Format.LargeRef) : 0;
            if (keyLength > 0)
            {
                int old = FindKey(collection, buffer, at + Format.ObjectKey, keyLength, partial);
                if (old >= 0)
                {
                    RemoveEntry(old, KeyHash(collection, buffer, at + Format.ObjectKey, keyLength, partial), largeFile);
                }
                if (!partial && large && _partials[collection] > 0)
                {
                    // A finished download: the object takes over the file of the partial one.
                    old = FindKey(collection, buffer, at + Format.ObjectKey, keyLength, true);
                    if (old >= 0 && ProbeLargeFile() == largeFile)
                    {
                        RemoveEntry(old, KeyHash(collection, buffer, at + Format.ObjectKey, keyLength, true), largeFile);
                    }
                }
            }
            if (id != 0 && !partial)
            {
                int old = FindKeyless(collection, id);
                if (old >= 0)
                {
                    RemoveEntry(old, IdHash(collection, id), largeFile);
                }
            }
            if (!partial) // the version of a partial one is the server's
            {
                _nextVersion = Larger(_nextVersion, Format.U32(buffer, at + Format.ObjectVersion) + 1);
            }
            if (_kinds[collection] == KindKeyed)
            {
                _nextLocal = Larger(_nextLocal, id + 1);
            }
            if (large)
            {
                _nextLarge = Larger(_nextLarge, StoreFile.Number(largeFile) + 1);
            }
            if ((buffer[at] & Format.KindMask) == Format.Gone)
            {
                return;
            }
            int slot = AddEntry(HashOf(buffer, at));
            if (slot < 0)
            {
                return;
            }
            uint version = _kinds[collection] == KindOutbox ? id : Format.U32(buffer, at + Format.ObjectVersion);
            _index.Set(slot, (int)(file & 0xFF), _reader.At, state, collection, id != 0, version, large);
            Tally(collection, state, 1, size, large ? (int)Format.U32(buffer, at + size - Format.Crc - Format.LargeRef + 4) : 0);
        }

        private void ApplyMeta(uint file, byte[] buffer, int at, int collection)
        {
            int number = (int)Format.U32(buffer, at + Format.Id);
            if (number == AckSlot && _outboxes[collection] != null && _reader.Size == Format.MinSize + 8)
            {
                _outboxes[collection].Acked = Format.U32(buffer, at + Format.Head);
                _outboxes[collection].Dropped = Format.U32(buffer, at + Format.Head + 4);
            }
            if (number == LostSlot && _outboxes[collection] != null && _reader.Size == Format.MinSize + 4)
            {
                _outboxes[collection].Lost = Format.U32(buffer, at + Format.Head);
            }
            bool isName = number >= FirstName; // its bytes never change; of another value the entry has the size as well
            int slot = FindMeta(collection, number);
            if (slot < 0)
            {
                slot = AddEntry(MetaHash(collection, number));
                if (slot < 0)
                {
                    return;
                }
                Tally(collection, KeyedIndex.StateMeta, 1, _reader.Size, 0);
            }
            else if (!isName)
            {
                _liveBytes += _reader.Size - (int)(_index.Version(slot) >> 8);
            }
            uint entry = (uint)(isName ? number : number | _reader.Size << 8);
            _index.Set(slot, (int)(file & 0xFF), _reader.At, KeyedIndex.StateMeta, collection, false, entry, false);
        }

        // While the store is opened there is always room; whether too much is there is told at the end (FitIndex).
        private int AddEntry(uint hash)
        {
            int slot = _index.Add(hash);
            return slot < 0 && _mounting && _index.Grow(16) ? _index.Add(hash) : slot;
        }

        // Takes an entry out. Its record's head is in _probe. Its large file goes too, unless the new record names it.
        private void RemoveEntry(int slot, uint hash, uint keepFile)
        {
            int size = Format.U16(_probe, Format.Size);
            int large = 0;
            if (_index.IsLarge(slot))
            {
                large = (int)Format.U32(_probe, size - Format.Crc - Format.LargeRef + 4);
                uint file = ProbeLargeFile();
                if (!_mounting && file != keepFile)
                {
                    if (file == _partFile)
                    {
                        _partFile = 0;
                    }
                    DeleteFile(file);
                }
            }
            Tally(_index.Collection(slot), _index.State(slot), -1, -size, -large);
            _index.Remove(slot, hash);
        }

        private void Tally(int collection, int state, int one, int size, int large)
        {
            _liveBytes += size;
            _largeBytes += large;
            switch (state)
            {
                case KeyedIndex.StateMeta:
                    _metaCount += _kinds[collection] == KindNone ? 0 : one;
                    return;
                case KeyedIndex.StatePartial:
                    _partials[collection] = (ushort)(_partials[collection] + one);
                    return;
                case (int)ObjectState.Pending:
                case (int)ObjectState.PendingDelete:
                    _pending[collection] = (ushort)(_pending[collection] + one);
                    break;
                case (int)ObjectState.Refused:
                    _refused[collection] = (ushort)(_refused[collection] + one);
                    break;
            }
            _entries[collection] = (ushort)(_entries[collection] + one);
            if (_kinds[collection] == KindOutbox)
            {
                _asideCount += one;
                _asideBytes += size + large;
            }
        }
    }
}

using System;

namespace NanoSync.Storage
{
    // Reading the store's files at Open, and putting committed records into the index, whoever committed them.
    public sealed partial class FlashStore
    {
        private const string IdDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

        private uint[] _files;      // while an outbox is mounted: large files not yet claimed
        private uint _firstSeen;    // id of the first reading of the segment being mounted

        private StoreError Mount(uint[] files, int[] names, out bool moved)
        {
            moved = false;
            StoreError error = ReadHeaders(files);
            if (error != StoreError.None)
            {
                return error;
            }
            for (int i = 0; i < files.Length && error == StoreError.None; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Main)
                {
                    error = MountMain(files[i]);
                }
            }
            if (error == StoreError.None)
            {
                error = BindNames(names, out moved);
            }
            if (moved)
            {
                return error;
            }
            if (error == StoreError.None)
            {
                error = Fit();
            }
            if (error == StoreError.None && _head != 0)
            {
                MarkLargeOfIndex(files);
            }
            for (int i = 0; i < files.Length && error == StoreError.None; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Outbox)
                {
                    error = MountOutbox(files, files[i]);
                }
            }
            if (error != StoreError.None)
            {
                return error;
            }
            FinishOutboxes();
            DeleteOrphans(files);
            if (_head == 0)
            {
                error = BeginNew(files);
            }
            if (error == StoreError.None)
            {
                MakeSpare();
            }
            return error;
        }

        // Format id, salt and counters. A main segment's are the store's; an outbox's salt serves when the main log is lost.
        private StoreError ReadHeaders(uint[] files)
        {
            bool main = false;
            for (int i = 0; i < files.Length; i++)
            {
                uint file = files[i];
                int kind = StoreFile.Kind(file);
                if (kind == StoreFile.Large)
                {
                    _nextLarge = Larger(_nextLarge, StoreFile.Number(file) + 1);
                }
                if (kind != StoreFile.Main && kind != StoreFile.Outbox)
                {
                    continue;
                }
                int at = _reader.Load(file, 0, Format.HeaderSize);
                if (at < 0)
                {
                    if (_reader.Code != VolumeCode.Ok)
                    {
                        _health.Note(file, 0, 0, _reader.Code);
                        return StoreError.VolumeFailed;
                    }
                    continue;
                }
                byte[] buffer = _reader.Buffer;
                if (!Format.IsHeader(buffer, at, file))
                {
                    continue;
                }
                if (buffer[at + Format.HeaderVersion] != Format.Version)
                {
                    _health.Note(file, Format.HeaderVersion, 0, 0);
                    return StoreError.NewerFormat;
                }
                if (kind == StoreFile.Main)
                {
                    if (!main)
                    {
                        main = true;
                        _salt = Format.U32(buffer, at + Format.HeaderSalt);
                        _formatId = ReadId(buffer, at + Format.HeaderFormatId);
                        Array.Copy(buffer, at + Format.HeaderFormatId, _idBytes, 0, 4);
                    }
                    _nextVersion = Larger(_nextVersion, Format.U32(buffer, at + Format.HeaderFirst));
                    _nextLocal = Larger(_nextLocal, Format.U32(buffer, at + Format.HeaderSecond));
                    _nextLarge = Larger(_nextLarge, Format.U32(buffer, at + Format.HeaderThird));
                }
                else if (!main && _salt == 0)
                {
                    _salt = Format.U32(buffer, at + Format.HeaderSalt);
                }
            }
            SetSalt();
            return StoreError.None;
        }

        private void SetSalt()
        {
            _reader.Salt = _salt;
            _main.Salt = _salt;
            _out.Salt = _salt;
        }

        private StoreError MountMain(uint file)
        {
            if (_formatId.Length == 0)
            {
                // No header of the main log can be read: the first segment torn while it was written, or all of them lost.
                return DeleteTorn(file);
            }
            int length = _volume.Length(file);
            int at = _reader.Load(file, 0, Format.HeaderSize);
            bool headed = at >= 0 && Format.IsHeader(_reader.Buffer, at, file);
            uint head = _head;
            if (_head == 0)
            {
                _head = file;
            }
            int end = length < 0 ? length : ScanCommitted(file, Format.HeaderSize, length);
            if (end < 0)
            {
                _health.Note(file, 0, 0, end);
                return StoreError.VolumeFailed;
            }
            if (end <= Format.HeaderSize)
            {
                _head = head;
                return DeleteTorn(file);
            }
            if (!headed)
            {
                _health.Damaged++;
                _health.Note(file, 0, 0, 0);
            }
            if (StoreFile.Number(file) - StoreFile.Number(_head) >= MaxSegments)
            {
                _health.Note(file, 0, 0, 0);
                return StoreError.Damaged;
            }
            _mainBytes += length;
            _mainDirty = end != length || !headed;
            if (end != length)
            {
                _health.TornTails++;
                _health.Note(file, end, 0, 0);
            }
            _main.Turn(file, end);
            return StoreError.None;
        }

        private StoreError MountOutbox(uint[] files, uint file)
        {
            OutboxChain outbox = _outboxes[StoreFile.Collection(file)];
            if (outbox == null)
            {
                _health.Undeclared++;
                KeepLargeOf(files, StoreFile.Collection(file));
                return StoreError.None;
            }
            int length = _volume.Length(file);
            int at = _reader.Load(file, 0, Format.HeaderSize);
            bool headed = at >= 0 && Format.IsHeader(_reader.Buffer, at, file)
                && Format.U32(_reader.Buffer, at + Format.HeaderSalt) == _salt;
            uint first = headed ? Format.U32(_reader.Buffer, at + Format.HeaderFirst) : 0;
            uint passed = headed ? Format.U32(_reader.Buffer, at + Format.HeaderSecond) : 0;
            int damaged = _health.Damaged;
            int count = outbox.Count;
            uint next = outbox.NextId;
            _files = files;
            _firstSeen = 0;
            outbox.TailLarge = 0;
            int end = length < 0 ? length : ScanCommitted(file, Format.HeaderSize, length);
            _files = null;
            if (end < 0)
            {
                _health.Note(file, 0, 0, end);
                return StoreError.VolumeFailed;
            }
            if (end <= Format.HeaderSize)
            {
                outbox.Count = count;
                outbox.NextId = next;
                if (length > Format.HeaderSize || headed)
                {
                    outbox.PassIds = true;
                }
                return DeleteTorn(file);
            }
            if (!headed)
            {
                _health.Damaged++;
                _health.Note(file, 0, 0, 0);
            }
            if (outbox.Head == 0)
            {
                outbox.Head = file;
                outbox.HeadFirst = headed ? first - passed : _firstSeen;
            }
            outbox.Bytes += length;
            outbox.Tail = file;
            outbox.TailLength = end;
            outbox.Dirty = end != length || !headed;
            outbox.PassIds = outbox.Dirty || damaged != _health.Damaged;
            if (end != length)
            {
                _health.TornTails++;
                _health.Note(file, end, 0, 0);
            }
            return StoreError.None;
        }

        // A file whose first batch never ended: nothing in it counts.
        private StoreError DeleteTorn(uint file)
        {
            _health.TornTails++;
            _health.Note(file, 0, 0, 0);
            return Map(DeleteFile(file));
        }

        private int DeleteFile(uint file)
        {
            _reader.Forget();
            int code = _volume.Delete(file);
            _health.FilesDeleted++;
            if (code != VolumeCode.Ok)
            {
                _health.Note(file, 0, 0, code);
            }
            return code;
        }

        private void FinishOutboxes()
        {
            for (int i = 0; i <= MaxCollection; i++)
            {
                OutboxChain outbox = _outboxes[i];
                if (outbox != null)
                {
                    outbox.NextId = Larger(outbox.NextId, outbox.Acked + 1);
                    outbox.Counted = outbox.Acked;
                    if (outbox.Head == 0)
                    {
                        outbox.HeadFirst = outbox.NextId;
                    }
                }
            }
        }

        private void DeleteOrphans(uint[] files)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Large)
                {
                    _health.Orphans++;
                    DeleteFile(files[i]);
                }
            }
        }

        // Takes a large file off the list of those nobody names. False when it is not there in full.
        private bool ClaimLarge(uint[] files, uint file, int atLeast)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (files[i] == file)
                {
                    if (_volume.Length(file) < atLeast)
                    {
                        return false;
                    }
                    files[i] = 0;
                    return true;
                }
            }
            return false;
        }

        private void KeepLargeOf(uint[] files, int collection)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Large && StoreFile.Collection(files[i]) == collection)
                {
                    files[i] = 0;
                }
            }
        }

        private void MarkLargeOfIndex(uint[] files)
        {
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (!_index.IsUsed(slot) || !_index.IsLarge(slot) || !Probe(slot))
                {
                    continue;
                }
                int size = Format.U16(_probe, Format.Size);
                int at = size - Format.Crc - Format.LargeRef;
                uint file = Format.U32(_probe, at);
                int length = _index.State(slot) == KeyedIndex.StatePartial ? 0 : (int)Format.U32(_probe, at + 4);
                if (!ClaimLarge(files, file, length))
                {
                    _health.Damaged++;
                    _health.Note(file, 0, Format.U32(_probe, Format.Id), 0);
                    RemoveEntry(slot, HashOf(_probe, 0), 0);
                }
            }
        }

        private StoreError BeginNew(uint[] files)
        {
            uint number = 0;
            uint noise = _options.Entropy;
            for (int i = 0; i < files.Length; i++)
            {
                noise = (noise ^ files[i]) * 0x01000193;
                if (StoreFile.Kind(files[i]) == StoreFile.Main)
                {
                    number = StoreFile.Number(files[i]);
                }
            }
            if (_options.Entropy == 0)
            {
                noise ^= Noise(DateTime.UtcNow.Ticks);
            }
            Format.Put32(_probe, 0, noise);
            uint mixed = Crc32.Finish(Crc32.Update(Crc32.Start, _probe, 0, 4));
            for (int i = 0; i < 4; i++)
            {
                _idBytes[i] = (byte)IdDigits[(int)(mixed >> (6 * i)) & 0x3F];
            }
            _formatId = ReadId(_idBytes, 0);
            if (_salt == 0)
            {
                _salt = mixed * 0x9E3779B1 | 1;
            }
            SetSalt();
            _isNew = true;
            _head = StoreFile.Make(StoreFile.Main, 0, number + 1);
            _main.Turn(_head, 0);
            Format.PutHeader(_main.Buffer, _idBytes, _salt, _head, _nextVersion, _nextLocal, _nextLarge);
            _main.CountHeader();
            int code = _main.Commit();
            int end = code == VolumeCode.Ok ? ScanCommitted(_head, Format.HeaderSize, _main.Written) : 0;
            if (end <= Format.HeaderSize)
            {
                _volume.Delete(_head);
                return code == VolumeCode.Ok ? StoreError.VolumeFailed : Map(code);
            }
            _mainBytes = end;
            _main.Turn(_head, end);
            return StoreError.None;
        }

        private static string ReadId(byte[] buffer, int at)
        {
            char[] id = new char[4];
            for (int i = 0; i < 4; i++)
            {
                id[i] = (char)buffer[at + i];
            }
            return new string(id);
        }

        private static uint Larger(uint a, uint b)
        {
            return a > b ? a : b;
        }

        // ---- Committed records ----

        /// <summary>
        /// Applies every whole batch between two places of a segment. The one way into the index.
        /// </summary>
        /// <returns>Where the last whole batch ends; negative when the volume failed.</returns>
        private int ScanCommitted(uint file, int from, int length)
        {
            int end = from;
            int at = from;
            int damaged = 0;
            int damagedAt = 0;
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
            return _reader.Code == VolumeCode.Ok || _reader.Code == VolumeCode.NotFound ? end : _reader.Code;
        }

        private void Replay(uint file, int from, int to)
        {
            while (_reader.Find(file, from, to))
            {
                from = _reader.At + _reader.Size;
                Apply(file);
            }
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
            int slot = Enlist(HashOf(buffer, at));
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
            uint hash = MetaHash(collection, number);
            int slot = FindMeta(collection, number);
            if (slot >= 0)
            {
                Probe(slot);
                RemoveEntry(slot, hash, 0);
            }
            if (number == AckSlot && _outboxes[collection] != null && _reader.Size == Format.MinSize + 8)
            {
                _outboxes[collection].Acked = Format.U32(buffer, at + Format.Head);
                _outboxes[collection].Dropped = Format.U32(buffer, at + Format.Head + 4);
            }
            if (number == LostSlot && _outboxes[collection] != null && _reader.Size == Format.MinSize + 4)
            {
                _outboxes[collection].Lost = Format.U32(buffer, at + Format.Head);
            }
            slot = Enlist(hash);
            if (slot < 0)
            {
                return;
            }
            _index.Set(slot, (int)(file & 0xFF), _reader.At, KeyedIndex.StateMeta, collection, false, (uint)number, false);
            Tally(collection, KeyedIndex.StateMeta, 1, _reader.Size, 0);
        }

        // While the store is opened there is always room; whether too much is there is told at the end (Fit).
        private int Enlist(uint hash)
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

        // ---- Finding ----

        private uint KeyHash(int collection, byte[] key, int offset, int count, bool partial)
        {
            uint seed = Crc32.Start ^ ((uint)collection * 0x01000193);
            uint hash = Crc32.Update(seed, key, offset, count);
            return partial ? ~hash : hash;
        }

        private static uint IdHash(int collection, uint id)
        {
            uint hash = (id + ((uint)collection << 24)) * 0x9E3779B1;
            return hash ^ (hash >> 15);
        }

        private static uint MetaHash(int collection, int number)
        {
            return IdHash(collection, (uint)number ^ 0x5A0000);
        }

        // The hash of a record of the main log.
        private uint HashOf(byte[] buffer, int at)
        {
            int collection = buffer[at + Format.Collection];
            uint id = Format.U32(buffer, at + Format.Id);
            if ((buffer[at] & Format.KindMask) == Format.Meta)
            {
                return MetaHash(collection, (int)id);
            }
            int keyLength = buffer[at + Format.ObjectKeyLength];
            if (keyLength == 0)
            {
                return IdHash(collection, id);
            }
            bool partial = (buffer[at + Format.ObjectState] & Format.StateMask) == KeyedIndex.StatePartial;
            return KeyHash(collection, buffer, at + Format.ObjectKey, keyLength, partial);
        }

        // Reads the head of an entry's record into _probe.
        private bool Probe(int slot)
        {
            int read = _volume.Read(SegmentFile(_index.Segment(slot)), _index.Offset(slot), _probe, 0, ProbeSize);
            if (read >= Format.MinSize)
            {
                int size = Format.U16(_probe, Format.Size);
                if (size >= Format.MinSize && (!_index.IsLarge(slot) || size <= ProbeSize))
                {
                    return true;
                }
            }
            _health.Note(SegmentFile(_index.Segment(slot)), _index.Offset(slot), 0, read < 0 ? read : 0);
            return false;
        }

        private uint ProbeLargeFile()
        {
            return Format.U32(_probe, Format.U16(_probe, Format.Size) - Format.Crc - Format.LargeRef);
        }

        // The entry of a key; its head is then in _probe.
        private int FindKey(int collection, byte[] key, int offset, int count, bool partial)
        {
            uint hash = KeyHash(collection, key, offset, count, partial);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                int state = _index.State(slot);
                if (_index.Collection(slot) == collection && state != KeyedIndex.StateMeta
                    && (state == KeyedIndex.StatePartial) == partial && Probe(slot)
                    && _probe[Format.ObjectKeyLength] == count
                    && Format.BytesEqual(_probe, Format.ObjectKey, key, offset, count))
                {
                    return slot;
                }
            }
            return -1;
        }

        // The entry of an object without a key; its head is then in _probe.
        private int FindKeyless(int collection, uint id)
        {
            uint hash = IdHash(collection, id);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                if (_index.Collection(slot) == collection && _index.State(slot) < KeyedIndex.StatePartial && _index.IsLocal(slot)
                    && Probe(slot) && _probe[Format.ObjectKeyLength] == 0 && Format.U32(_probe, Format.Id) == id)
                {
                    return slot;
                }
            }
            return -1;
        }

        private int FindMeta(int collection, int number)
        {
            uint hash = MetaHash(collection, number);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                if (_index.State(slot) == KeyedIndex.StateMeta && _index.Collection(slot) == collection
                    && _index.Version(slot) == (uint)number)
                {
                    return slot;
                }
            }
            return -1;
        }

        // The entry of a local id, whether the server has named the object or not. The second way reads flash for every
        // object that was made on the device.
        private int FindLocalId(int collection, uint id)
        {
            int slot = FindKeyless(collection, id);
            for (int i = 0; slot < 0 && i < _index.Capacity; i++)
            {
                if (_index.IsUsed(i) && _index.Collection(i) == collection && _index.IsLocal(i)
                    && _index.State(i) < KeyedIndex.StatePartial && Probe(i) && Format.U32(_probe, Format.Id) == id)
                {
                    slot = i;
                }
            }
            return slot;
        }
    }
}

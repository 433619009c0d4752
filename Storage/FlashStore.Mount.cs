using System;

namespace NanoSync.Storage
{
    // Reading the store's files at Open.
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
                error = FitIndex();
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
                if (buffer[at + Format.HeaderVersion] > Format.Version)
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
            _main.SetSegment(file, end);
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
            outbox.NextId = Larger(outbox.NextId, first); // all that the segment tells of it when its readings were dropped
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
            _main.SetSegment(_head, 0);
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
            _main.SetSegment(_head, end);
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
    }
}

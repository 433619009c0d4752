using System;

namespace NanoSync.Storage
{
    // Reading the store's files at Open.
    public sealed partial class FlashStore
    {
        private const string IdDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";

        private const uint Torn = 0x80000000; // in the list of files: to be deleted when all others are known

        private uint[] _files;      // while an outbox is mounted: large files not yet claimed
        private uint _firstSeen;    // id of the first reading of the segment being mounted

        private StoreError Mount(uint[] files, int[] names, out bool moved)
        {
            moved = false;
            StoreError error = FindSalt(files);
            for (int i = 0; i < files.Length && error == StoreError.None; i++)
            {
                int kind = StoreFile.Kind(files[i]);
                if (kind == StoreFile.Main)
                {
                    error = MountMain(files, i);
                }
                else if (kind == StoreFile.Large)
                {
                    _nextLarge = Larger(_nextLarge, StoreFile.Number(files[i]) + 1);
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
                error = MarkLargeOfIndex(files);
            }
            for (int i = 0; i < files.Length && error == StoreError.None; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Outbox)
                {
                    error = MountOutbox(files, i);
                }
            }
            if (error == StoreError.None)
            {
                FinishOutboxes();
                error = DeleteOrphans(files);
            }
            if (error == StoreError.None && _head == 0)
            {
                error = BeginNew(files);
            }
            if (error == StoreError.None)
            {
                MakeSpare();
            }
            return error;
        }

        // The format id and the salt: of the first main segment whose header can be read, which mostly is the first file. An outbox's salt
        // serves when the main log is lost.
        private StoreError FindSalt(uint[] files)
        {
            for (int i = 0; i < files.Length && _formatId.Length == 0; i++)
            {
                bool headed;
                int kind = StoreFile.Kind(files[i]);
                if (kind != StoreFile.Main && (kind != StoreFile.Outbox || _salt != 0))
                {
                    continue;
                }
                StoreError error = ReadHeader(files[i], out headed);
                if (error != StoreError.None)
                {
                    return error;
                }
                if (headed)
                {
                    _salt = Format.U32(_reader.Buffer, Format.HeaderSalt);
                    if (kind == StoreFile.Main)
                    {
                        _formatId = ReadId(_reader.Buffer, Format.HeaderFormatId);
                        Array.Copy(_reader.Buffer, Format.HeaderFormatId, _idBytes, 0, 4);
                    }
                }
            }
            SetSalt();
            return StoreError.None;
        }

        // Brings the beginning of a segment into the reader's buffer.
        private StoreError ReadHeader(uint file, out bool headed)
        {
            headed = _reader.Load(file, 0, Format.HeaderSize) == 0 && Format.IsHeader(_reader.Buffer, 0, file);
            if (_reader.Code != VolumeCode.Ok)
            {
                _health.Note(file, 0, 0, _reader.Code);
                return StoreError.VolumeFailed;
            }
            if (headed && _reader.Buffer[Format.HeaderVersion] > Format.Version)
            {
                _health.Note(file, Format.HeaderVersion, 0, 0);
                return StoreError.NewerFormat;
            }
            return StoreError.None;
        }

        private void SetSalt()
        {
            _reader.Salt = _salt;
            _main.Salt = _salt;
            _out.Salt = _salt;
        }

        private StoreError MountMain(uint[] files, int place)
        {
            uint file = files[place];
            if (_formatId.Length == 0)
            {
                // No header of the main log can be read: the first segment torn while it was written, or all of them lost.
                int none;
                return ScanSegment(files, place, 0, false, out none);
            }
            int length = _volume.Length(file);
            bool headed;
            StoreError error = ReadHeader(file, out headed);
            if (error != StoreError.None)
            {
                return error;
            }
            if (headed)
            {
                _nextVersion = Larger(_nextVersion, Format.U32(_reader.Buffer, Format.HeaderFirst));
                _nextLocal = Larger(_nextLocal, Format.U32(_reader.Buffer, Format.HeaderSecond));
                _nextLarge = Larger(_nextLarge, Format.U32(_reader.Buffer, Format.HeaderThird));
            }
            uint head = _head;
            if (_head == 0)
            {
                _head = file;
            }
            int end;
            error = ScanSegment(files, place, length, headed, out end);
            if (end <= 0)
            {
                _head = head;
                return error;
            }
            if (StoreFile.Number(file) - StoreFile.Number(_head) >= MaxSegments)
            {
                _health.Note(file, 0, 0, 0);
                return StoreError.Damaged;
            }
            _mainBytes += length;
            _mainDirty = end != length || !headed;
            _main.SetSegment(file, end);
            return StoreError.None;
        }

        private StoreError MountOutbox(uint[] files, int place)
        {
            uint file = files[place];
            int length = _volume.Length(file);
            bool headed;
            StoreError error = ReadHeader(file, out headed);
            if (error != StoreError.None)
            {
                return error;
            }
            OutboxChain outbox = _outboxes[StoreFile.Collection(file)];
            if (outbox == null)
            {
                _health.Undeclared++;
                KeepLargeOf(files, StoreFile.Collection(file));
                return StoreError.None;
            }
            headed = headed && Format.U32(_reader.Buffer, Format.HeaderSalt) == _salt;
            uint first = headed ? Format.U32(_reader.Buffer, Format.HeaderFirst) : 0;
            uint passed = headed ? Format.U32(_reader.Buffer, Format.HeaderSecond) : 0;
            int damaged = _health.Damaged;
            int count = outbox.Count;
            uint next = outbox.NextId;
            _files = files;
            _firstSeen = 0;
            outbox.TailLarge = 0;
            int end;
            error = ScanSegment(files, place, length, headed, out end);
            _files = null;
            if (end <= 0)
            {
                outbox.Count = count;
                outbox.NextId = next;
                outbox.PassIds |= length > Format.HeaderSize || headed;
                return error;
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
            return StoreError.None;
        }

        // Applies what a segment has; end is 0 where nothing in it counts, because its first batch never ended.
        private StoreError ScanSegment(uint[] files, int place, int length, bool headed, out int end)
        {
            uint file = files[place];
            end = length < 0 ? length : ScanCommitted(file, Format.HeaderSize, length);
            if (end < 0)
            {
                _health.Note(file, 0, 0, end);
                return StoreError.VolumeFailed;
            }
            if (end <= Format.HeaderSize)
            {
                end = 0;
                files[place] |= Torn;
            }
            else if (!headed)
            {
                _health.Damaged++;
                _health.Note(file, 0, 0, 0);
            }
            if (end != length || end == 0)
            {
                _health.TornTails++;
                _health.Note(file, end, 0, 0);
            }
            return StoreError.None;
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

        // No file is deleted before all are known to be of a version that this store knows.
        private StoreError DeleteOrphans(uint[] files)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (StoreFile.Kind(files[i]) == StoreFile.Large)
                {
                    _health.Orphans++;
                    DeleteFile(files[i]);
                }
                else if ((files[i] & Torn) != 0)
                {
                    int code = DeleteFile(files[i] ^ Torn);
                    if (code != VolumeCode.Ok)
                    {
                        return Map(code);
                    }
                }
            }
            return StoreError.None;
        }

        // Takes a large file off the list of those nobody names. False when it is not there in full.
        private bool ClaimLarge(uint[] files, uint file, int atLeast)
        {
            for (int i = 0; i < files.Length; i++)
            {
                if (files[i] == file)
                {
                    int length = _volume.Length(file);
                    if (length >= 0 && length < atLeast) // below 0: it could not be read now, and is not to be deleted for that
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

        private StoreError MarkLargeOfIndex(uint[] files)
        {
            _readFault = VolumeCode.Ok;
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
            return _readFault < 0 ? StoreError.VolumeFailed : StoreError.None;
        }

        private StoreError BeginNew(uint[] files)
        {
            uint number = 0;
            uint noise = _options.Entropy;
            for (int i = 0; i < files.Length; i++)
            {
                noise = (noise ^ files[i]) * 0x01000193;
                if (StoreFile.Kind(files[i] & ~Torn) == StoreFile.Main)
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
            PutMainHeader(_main.Buffer, _head);
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

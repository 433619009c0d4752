using System.Runtime.CompilerServices;

namespace NanoSync.Storage
{
    // Space. The oldest segment of the main log is copied forward record by record, as far as its records are still the
    // newest of their objects, and deleted. In that order a record that deletes another always outlives it.
    public sealed partial class FlashStore
    {
        private const int PutSteps = 8;     // most steps within one put; then the caller is asked to call Step
        private const int AllSteps = 2000;  // more than a full turn of the largest log

        private bool _hasSpare;     // a file of a segment's size, given up when the volume is full
        private int _spareAt;       // files deleted when the spare was last missed
        private int _reclaimAt;     // how far the oldest segment is copied

        /// <summary>
        /// Does one bounded step of tidying if there is need: call it when idle, until it returns false. Copies about
        /// StoreOptions.StepBytes at most.
        /// </summary>
        /// <returns>Whether another step is wanted now.</returns>
        [MethodImpl(MethodImplOptions.Synchronized)]
        public bool Step()
        {
            if (!_open || _batch || _put != PutNone)
            {
                return false;
            }
            if (!_hasSpare && _health.FilesDeleted != _spareAt)
            {
                MakeSpare();
            }
            if (!WantsReclaim())
            {
                return false;
            }
            return ReclaimStep() == StoreError.None && WantsReclaim();
        }

        /// <summary>Bytes that objects of keyed collections may still add, before QuotaFull.</summary>
        public int BytesFree
        {
            get
            {
                int free = ObjectQuota - _liveBytes - _largeBytes;
                return free > 0 ? free : 0;
            }
        }

        // What objects may take. Four segments are kept: one as the spare, one for reclaim to copy to, two so that a turn of
        // the log always gains and there is room to acknowledge and delete.
        private int ObjectQuota
        {
            get { return _mainQuota - 4 * _options.SegmentBytes; }
        }

        // What the log and its large files may take before reclaim must go first.
        private int FileQuota
        {
            get { return _mainQuota - 2 * _options.SegmentBytes; }
        }

        // Puts bytes aside on the volume, so that acknowledging and reclaiming stay possible when others, or the outboxes, have
        // filled it: without them a full volume could never be emptied.
        private void MakeSpare()
        {
            uint file = StoreFile.Make(StoreFile.Spare, 0, 1);
            int length = LengthOf(file, 0);
            if (length != _options.SegmentBytes)
            {
                if (length > 0)
                {
                    DeleteFile(file);
                }
                length = 0;
                int code = _volume.OpenAppend(0, file);
                bool opened = code == VolumeCode.Ok;
                while (code == VolumeCode.Ok && length < _options.SegmentBytes)
                {
                    int count = _options.SegmentBytes - length;
                    if (count > _options.BufferBytes)
                    {
                        count = _options.BufferBytes;
                    }
                    code = _volume.Append(0, _main.Buffer, 0, count);
                    length += count;
                }
                if (opened)
                {
                    int closed = _volume.Close(0);
                    code = code == VolumeCode.Ok ? closed : code;
                    _health.FilesClosed++;
                    _health.BytesWritten += length;
                }
                if (code != VolumeCode.Ok)
                {
                    DeleteFile(file);
                    _spareAt = _health.FilesDeleted;
                    return;
                }
            }
            _hasSpare = true;
        }

        // Where a batch cannot be written, or room be made for one; not for tidying, which can wait.
        private void GiveSpare()
        {
            if (_hasSpare)
            {
                _hasSpare = false;
                DeleteFile(StoreFile.Make(StoreFile.Spare, 0, 1));
                _spareAt = _health.FilesDeleted;
            }
        }

        private bool Fits(int more)
        {
            return _liveBytes + _largeBytes + more <= ObjectQuota;
        }

        private int MainSegments
        {
            get { return (int)(StoreFile.Number(_main.File) - StoreFile.Number(_head)) + 1; }
        }

        // Whether only the segments that are kept are left, or the log is long beside what stands in it, while there is something to gain.
        // A wake from deep sleep opens and reads each segment. What is copied for that is less than half of what is written.
        private bool WantsReclaim()
        {
            if (MainSegments >= MaxSegments - 20)
            {
                return true;
            }
            return (_mainBytes + _largeBytes > ObjectQuota || _mainBytes > 3 * _liveBytes + _options.SegmentBytes)
                && _mainBytes - _liveBytes > _options.SegmentBytes / 2;
        }

        // After a commit: when room becomes scarce, copy some, in proportion to what was written, so that no single call ever
        // has much to do.
        private void Pace(int written)
        {
            int copied = 0;
            while (copied < 8 * written && WantsReclaim())
            {
                if (ReclaimStep() != StoreError.None)
                {
                    return;
                }
                copied += _options.StepBytes;
            }
        }

        private StoreError MakeRoom(int need, bool bounded)
        {
            int steps = bounded ? PutSteps : AllSteps;
            int limit = FileQuota;
            while (_mainBytes + _largeBytes + need + Format.HeaderSize > limit || MainSegments >= MaxSegments - 2)
            {
                if (steps-- == 0)
                {
                    return bounded ? StoreError.ReclaimFirst : StoreError.QuotaFull;
                }
                StoreError error = ReclaimStep();
                if (error != StoreError.None)
                {
                    if (error == StoreError.VolumeFull)
                    {
                        GiveSpare();
                    }
                    return error;
                }
            }
            return StoreError.None;
        }

        private StoreError ReclaimStep()
        {
            uint file = _head;
            bool alone = file == _main.File;
            int length = LengthOf(file, -1);
            if (length < 0)
            {
                return StoreError.VolumeFailed;
            }
            if (alone)
            {
                _mainDirty = true; // begin another segment to copy to
            }
            StartMain(Format.MinSize);
            int at = _reclaimAt < Format.HeaderSize ? Format.HeaderSize : _reclaimAt;
            int copied = 0;
            bool more = true;
            while (copied < _options.StepBytes && (more = _reader.Find(file, at, length)))
            {
                if (IsLive(file))
                {
                    if (_main.Length + _main.BatchBytes + _reader.Size > _options.SegmentBytes)
                    {
                        if (copied > 0)
                        {
                            break; // the next step goes on in a new segment
                        }
                        StartMain(_options.SegmentBytes);
                    }
                    byte[] buffer = _reader.Buffer;
                    int index = _reader.Index;
                    _main.StartRecord(buffer[index] & ~Format.LastFlag, buffer[index + Format.Collection], Format.U32(buffer, index + Format.Id));
                    _main.Put(buffer, index + Format.Head, _reader.Size - Format.MinSize);
                    _main.EndRecord();
                    copied += _reader.Size;
                }
                at = _reader.At + _reader.Size;
            }
            if (_reader.Code != VolumeCode.Ok && _reader.Code != VolumeCode.NotFound)
            {
                FinishMain(false, false);
                return StoreError.VolumeFailed;
            }
            StoreError error = FinishMain(copied > 0 || alone, alone);
            if (error != StoreError.None)
            {
                return _readFault < 0 ? Remount() : error;
            }
            _health.BytesReclaimed += copied;
            _reclaimAt = at;
            if (!more || at + Format.MinSize > length)
            {
                int code = DeleteFile(file);
                if (code != VolumeCode.Ok)
                {
                    return Map(code);
                }
                _mainBytes -= length;
                _head = file + 1;
                _reclaimAt = 0;
            }
            return StoreError.None;
        }

        // Whether the record the reader stands on is the newest of its object.
        private bool IsLive(uint file)
        {
            int kind = _reader.Buffer[_reader.Index] & Format.KindMask;
            if (kind != Format.Object && kind != Format.Meta)
            {
                return false;
            }
            uint hash = HashOf(_reader.Buffer, _reader.Index);
            for (int slot = _index.First(hash); slot >= 0; slot = _index.After(slot, hash))
            {
                if (_index.Segment(slot) == (int)(file & 0xFF) && _index.Offset(slot) == _reader.At)
                {
                    return true;
                }
            }
            return false;
        }
    }
}

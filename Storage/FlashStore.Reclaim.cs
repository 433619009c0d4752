namespace NanoSync.Storage
{
    // Space. The oldest segment of the main log is copied forward record by record, as far as its records are still the
    // newest of their objects, and deleted. In that order a record that deletes another always outlives it.
    public sealed partial class FlashStore
    {
        private const int PutSteps = 8;     // most steps within one put; then the caller is asked to call Step
        private const int AllSteps = 2000;  // more than a full turn of the largest log

        private int _reclaimAt;     // how far the oldest segment is copied

        /// <summary>
        /// Does one bounded step of tidying if there is need: call it when idle, until it returns false. Copies about
        /// StoreOptions.StepBytes at most.
        /// </summary>
        /// <returns>Whether another step is wanted now.</returns>
        public bool Step()
        {
            lock (_gate)
            {
                if (!_open || _batch || _put != PutNone || !WantsReclaim(2 * _options.SegmentBytes))
                {
                    return false;
                }
                return ReclaimStep() == StoreError.None && WantsReclaim(2 * _options.SegmentBytes);
            }
        }

        /// <summary>Bytes of all the store's files, as far as the store counts them.</summary>
        public int BytesUsed
        {
            get
            {
                int bytes = _mainBytes + _largeBytes;
                for (int i = 0; i <= MaxCollection; i++)
                {
                    if (_outboxes[i] != null)
                    {
                        bytes += _outboxes[i].Bytes;
                    }
                }
                return bytes;
            }
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

        // What objects may take: three segments are kept for reclaiming, acknowledging and deleting.
        private int ObjectQuota
        {
            get { return _mainQuota - 3 * _options.SegmentBytes; }
        }

        private bool Fits(int more)
        {
            return _liveBytes + _largeBytes + more <= ObjectQuota;
        }

        private int MainSegments
        {
            get { return (int)(StoreFile.Number(_main.File) - StoreFile.Number(_head)) + 1; }
        }

        // Whether less than this is free below the last segment, which is reclaim's own, while there is something to gain.
        private bool WantsReclaim(int room)
        {
            if (MainSegments >= MaxSegments - 20)
            {
                return true;
            }
            return _mainBytes + _largeBytes + room > _mainQuota - _options.SegmentBytes
                && _mainBytes - _liveBytes > _options.SegmentBytes / 2;
        }

        // After a commit: when room becomes scarce, copy some, in proportion to what was written, so that no single call ever
        // has much to do.
        private void Pace(int written)
        {
            int copied = 0;
            while (copied < 8 * written && WantsReclaim(2 * _options.SegmentBytes))
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
            int limit = _mainQuota - _options.SegmentBytes;
            while (_mainBytes + _largeBytes + need + Format.HeaderSize > limit || MainSegments >= MaxSegments - 2)
            {
                if (steps-- == 0)
                {
                    return bounded ? StoreError.ReclaimFirst : StoreError.QuotaFull;
                }
                StoreError error = ReclaimStep();
                if (error != StoreError.None)
                {
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
            StartMain(_options.StepBytes + _options.BufferBytes);
            int at = _reclaimAt < Format.HeaderSize ? Format.HeaderSize : _reclaimAt;
            int copied = 0;
            bool more = true;
            while (copied < _options.StepBytes && (more = _reader.Find(file, at, length)))
            {
                at = _reader.At + _reader.Size;
                if (IsLive(file))
                {
                    byte[] buffer = _reader.Buffer;
                    int index = _reader.Index;
                    _main.StartRecord(buffer[index] & ~Format.LastFlag, buffer[index + Format.Collection], Format.U32(buffer, index + Format.Id));
                    _main.Put(buffer, index + Format.Head, _reader.Size - Format.MinSize);
                    _main.EndRecord();
                    copied += _reader.Size;
                }
            }
            if (_reader.Code != VolumeCode.Ok && _reader.Code != VolumeCode.NotFound)
            {
                FinishMain(false, false);
                return StoreError.VolumeFailed;
            }
            StoreError error = FinishMain(copied > 0 || alone, alone);
            if (error != StoreError.None)
            {
                return error;
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

namespace NanoSync.Storage
{
    /// <summary>
    /// Appends one batch of records to a segment: opened at the first full buffer or at the end, closed once. The last record
    /// of a batch carries a mark; records without one behind them never happened. A batch that fails leaves the segment
    /// dirty, and the next one begins a new segment, so nothing is ever appended to what was not finished.
    /// </summary>
    internal sealed class LogWriter
    {
        internal readonly byte[] Buffer;

        private readonly IVolume _volume;
        private readonly StoreHealth _health;
        private readonly int _lane;
        private int _used;      // bytes in the buffer
        private int _record;    // start of the record being built, -1 = none
        private int _last;      // start of the last finished record, not sealed yet, -1 = none
        private bool _open;

        internal LogWriter(IVolume volume, StoreHealth health, int lane, int size)
        {
            _volume = volume;
            _health = health;
            _lane = lane;
            Buffer = new byte[size];
            Reset();
        }

        /// <summary>Seeds every CRC32.</summary>
        internal uint Salt;

        /// <summary>The segment written to.</summary>
        internal uint File;

        /// <summary>Bytes of it that are whole batches: where the batch begins.</summary>
        internal int Length;

        /// <summary>Bytes of the batch that the file has been given.</summary>
        internal int Written;

        /// <summary>Bytes that the file was given last; they stand at the beginning of <see cref="Buffer"/>.</summary>
        internal int Given;

        /// <summary>The first failure of the volume within the batch; Ok when there was none.</summary>
        internal int Fault;

        /// <summary>Bytes of the batch so far.</summary>
        internal int BatchBytes
        {
            get { return Written + _used; }
        }

        /// <summary>Whether the batch has a finished record.</summary>
        internal bool HasRecords;

        /// <summary>Turns to a segment. A length of 0 makes a new file, whose header the caller puts into the buffer with <see cref="CountHeader"/>.</summary>
        internal void SetSegment(uint file, int length)
        {
            File = file;
            Length = length;
            Reset();
        }

        internal void CountHeader()
        {
            _used = Format.HeaderSize;
        }

        /// <summary>
        /// Turns to a new segment with a batch of which the file has got nothing yet. Its records get other CRC32s, since those hold
        /// the place.
        /// </summary>
        internal void MoveBatch(uint file, byte[] header)
        {
            File = file;
            Length = 0;
            Give(header, Format.HeaderSize);
            int at = 0;
            while (at < _used)
            {
                _last = at;
                at += Format.U16(Buffer, at + Format.Size);
                Seal(0);
            }
        }

        internal void StartRecord(int kind, int collection, uint id)
        {
            Seal(0);
            if (_used + Format.MinSize > Buffer.Length)
            {
                Flush();
            }
            _record = _used;
            Buffer[_record] = (byte)kind;
            Buffer[_record + Format.Collection] = (byte)collection;
            Format.Put32(Buffer, _record + Format.Id, id);
            _used += Format.Head;
        }

        /// <summary>Marks the record being built as one whose payload is a file of its own.</summary>
        internal void MarkLarge()
        {
            Buffer[_record] |= Format.LargeFlag;
        }

        /// <summary>Makes room for bytes of the record being built.</summary>
        /// <returns>False when the record would be larger than the buffer.</returns>
        internal bool MakeRoom(int count)
        {
            if (_used + count + Format.Crc <= Buffer.Length)
            {
                return true;
            }
            if (_record > 0)
            {
                Flush();
            }
            return _used + count + Format.Crc <= Buffer.Length;
        }

        internal bool Put(byte[] source, int offset, int count)
        {
            if (!MakeRoom(count))
            {
                return false;
            }
            System.Array.Copy(source, offset, Buffer, _used, count);
            _used += count;
            return true;
        }

        internal void Put32(uint value)
        {
            if (MakeRoom(4))
            {
                Format.Put32(Buffer, _used, value);
                _used += 4;
            }
        }

        internal void Put16(int value)
        {
            if (MakeRoom(2))
            {
                Format.Put16(Buffer, _used, value);
                _used += 2;
            }
        }

        internal void Put8(int value)
        {
            if (MakeRoom(1))
            {
                Buffer[_used++] = (byte)value;
            }
        }

        /// <summary>Bytes of the record being built, its head included.</summary>
        internal int RecordBytes
        {
            get { return _used - _record; }
        }

        /// <summary>Where the record being built begins in <see cref="Buffer"/>.</summary>
        internal int RecordStart
        {
            get { return _record; }
        }

        /// <summary>Takes back the last bytes of the record being built.</summary>
        internal void TakeBack(int count)
        {
            _used -= count;
        }

        internal void EndRecord()
        {
            MakeRoom(0);
            Format.Put16(Buffer, _record + Format.Size, _used + Format.Crc - _record);
            _used += Format.Crc;
            _last = _record;
            _record = -1;
            HasRecords = true;
        }

        internal void CancelRecord()
        {
            if (_record >= 0)
            {
                _used = _record;
                _record = -1;
            }
        }

        /// <summary>Ends the batch: marks its last record, writes and closes.</summary>
        /// <returns>What the volume said. The bytes decide: the caller scans them.</returns>
        internal int Commit()
        {
            CancelRecord();
            if (_last < 0)
            {
                StartRecord(Format.End, 0, 0);
                EndRecord();
            }
            Seal(Format.LastFlag);
            Give(Buffer, _used); // not Flush: the deepest point of a sync is here
            _used = 0;
            if (Fault != VolumeCode.Ok)
            {
                Abandon();
                return Fault;
            }
            return CloseLane();
        }

        /// <summary>Ends the batch without its mark. Bytes that the file has already got do not count.</summary>
        internal void Abandon()
        {
            _record = -1;
            _last = -1;
            _used = 0;
            if (_open)
            {
                CloseLane();
            }
        }

        private int CloseLane()
        {
            _open = false;
            int code = _volume.Close(_lane);
            _health.FilesClosed++;
            if (code != VolumeCode.Ok)
            {
                Fail(code);
            }
            return code;
        }

        private void Seal(int flag)
        {
            if (_last < 0)
            {
                return;
            }
            Buffer[_last] |= (byte)flag;
            int size = Format.U16(Buffer, _last + Format.Size);
            uint crc = Crc32.Update(Format.Seed(Salt, File, Length + Written + _last), Buffer, _last, size - Format.Crc);
            Format.Put32(Buffer, _last + size - Format.Crc, Crc32.Finish(crc));
            _last = -1;
        }

        // Gives the file everything but the record being built, which moves to the front.
        private void Flush()
        {
            int count = _record >= 0 ? _record : _used;
            Give(Buffer, count);
            int rest = _used - count;
            if (rest > 0)
            {
                System.Array.Copy(Buffer, count, Buffer, 0, rest);
            }
            _used = rest;
            if (_record >= 0)
            {
                _record = 0;
            }
        }

        private void Give(byte[] bytes, int count)
        {
            if (Fault == VolumeCode.Ok && !_open)
            {
                int code = _volume.OpenAppend(_lane, File);
                if (code == VolumeCode.Ok)
                {
                    _open = true;
                }
                else
                {
                    Fail(code);
                }
            }
            if (Fault == VolumeCode.Ok)
            {
                int code = _volume.Append(_lane, bytes, 0, count);
                _health.BytesWritten += count;
                if (code != VolumeCode.Ok)
                {
                    Fail(code);
                }
            }
            Written += count;
            Given = count;
        }

        private void Fail(int code)
        {
            if (Fault == VolumeCode.Ok)
            {
                Fault = code;
            }
            _health.Note(File, Length + Written, 0, code);
        }

        private void Reset()
        {
            _used = 0;
            _record = -1;
            _last = -1;
            Written = 0;
            HasRecords = false;
            Fault = VolumeCode.Ok;
        }
    }
}

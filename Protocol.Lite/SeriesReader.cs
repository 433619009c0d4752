// Turns a series back into the packed records it was made of, byte for byte. [SPEC 6.5]

using System;

namespace NanoSync.Protocol
{
    /// <summary>
    /// Begin, then Next until it is false; afterwards Error says whether the series was sound. Whatever the bytes say, nothing
    /// outside the series is touched, nothing is thrown, each Next consumes a byte or more, and no more than
    /// <see cref="Series.MaxRecords"/> records of <see cref="Series.MaxRecord"/> bytes come out.
    /// </summary>
    public sealed class SeriesReader : Series
    {
        private readonly RecordWriter _record = new RecordWriter(MaxRecord);

        /// <summary>None, or BadRecord.</summary>
        public SyncError Error;

        /// <summary>Where the current record begins.</summary>
        public int Offset;

        /// <summary>Bytes of the current record.</summary>
        public int Length;

        /// <summary>Holds the current record: valid until the next call.</summary>
        public byte[] Record;

        /// <summary>Starts reading a series, which must stay as it is until the last Next.</summary>
        public void Begin(ObjectClass type, byte[] series, int offset, int count)
        {
            Start(type, series, offset, count);
            Error = type.Count == 0 ? SyncError.BadRecord : SyncError.None;
        }

        /// <summary>Goes to the next record; false at the end or on an error. A series of no records is an error.</summary>
        public bool Next()
        {
            if (Error != SyncError.None || (_pos == _end && Count > 0))
            {
                return false;
            }

            if (Count == MaxRecords || !TakeRecord())
            {
                Error = SyncError.BadRecord;
                return false;
            }

            Count++;
            return true;
        }

        private bool TakeRecord()
        {
            int bytes = (_class.Count + 8) >> 3;
            if (bytes > _end - _pos)
            {
                return false;
            }

            long map = 0; // 33 bits at most
            for (int i = 0; i < bytes; i++)
            {
                map |= (long)_buffer[_pos++] << (i << 3);
            }

            return (map & 1) != 0 ? map == 1 && TakeWhole() : Count > 0 && TakeDifferences(map >> 1);
        }

        private bool TakeWhole()
        {
            int count = TakeCount();
            if (count < 0 || !Keep(_pos, count))
            {
                return false;
            }

            Record = _buffer;
            Offset = _pos;
            Length = count;
            _pos += count;
            return true;
        }

        private bool TakeDifferences(long map)
        {
            if ((map & ~(long)_present) != 0)
            {
                return false; // a difference to a field that is absent, or that the class does not have
            }

            _record.Begin(_class);
            int last = _class.Count;
            for (int field = 0; field < last; field++, map >>= 1)
            {
                if ((_present >> field & 1) == 0)
                {
                    _record.None();
                }
                else if (!TakeField(field, (map & 1) != 0))
                {
                    return false;
                }
            }

            Record = _record.Buffer;
            Offset = 0;
            Length = _record.Length;
            return _record.End();
        }

        private bool TakeField(int field, bool told)
        {
            FieldType type = (FieldType)_class.Types[field];
            if (IsNumber(type))
            {
                long value = _values[field];
                long before = value;
                if (told)
                {
                    if (!TakeVarint())
                    {
                        return false;
                    }

                    value += (long)((ulong)_number >> 1) ^ -(_number & 1);
                }

                if (type == FieldType.Time)
                {
                    value += _steps[field];
                    _steps[field] = value - before;
                }

                _values[field] = value;
                _record.Value(value);
                return true;
            }

            if (told)
            {
                int count = type == FieldType.Float ? 4 : type == FieldType.Double ? 8 : TakeCount();
                if (count < 0 || count > _end - _pos || count > MaxRecord)
                {
                    return false;
                }

                _values[field] = ((long)_pos << 16) | (long)count;
                _pos += count;
            }

            _record.Packed(_buffer, (int)(_values[field] >> 16), (int)(_values[field] & 0xFFFF));
            return true;
        }

        // The length of what follows; below 0 when it does not lie in the series.
        private int TakeCount()
        {
            return TakeVarint() && _number >= 0 && _number <= _end - _pos ? (int)_number : -1;
        }

        private long _number;

        private bool TakeVarint()
        {
            long value = 0;
            for (int shift = 0; shift < 70 && _pos < _end; shift += 7)
            {
                byte b = _buffer[_pos++];
                if ((shift == 63 && b > 1) || (b == 0 && shift > 0))
                {
                    return false;
                }

                value |= (long)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    _number = value;
                    return true;
                }
            }

            return false;
        }
    }
}

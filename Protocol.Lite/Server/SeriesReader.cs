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
        private readonly byte[] _record = new byte[MaxRecord];
        private int _length; // of it

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

            if (Count == MaxRecords || !ReadRecord())
            {
                Error = SyncError.BadRecord;
                return false;
            }

            Count++;
            return true;
        }

        private bool ReadRecord()
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

            return (map & 1) != 0 ? map == 1 && ReadWhole() : Count > 0 && ReadDifferences(map >> 1);
        }

        private bool ReadWhole()
        {
            int count = ReadCount();
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

        private bool ReadDifferences(long map)
        {
            if ((map & ~(long)_present) != 0)
            {
                return false; // a difference to a field that is absent, or that the class does not have
            }

            int presence = (_class.Count + 7) >> 3;
            for (int i = 0; i < presence; i++)
            {
                _record[i] = (byte)(_present >> (i << 3));
            }

            _length = presence;
            for (int field = 0; field < _class.Count; field++, map >>= 1)
            {
                if ((_present >> field & 1) != 0 && !ReadField(field, (map & 1) != 0))
                {
                    return false;
                }
            }

            Record = _record;
            Offset = 0;
            Length = _length;
            return true;
        }

        private bool ReadField(int field, bool told)
        {
            FieldType type = _class.TypeOf(field);
            if (IsNumber(type))
            {
                long value = _values[field];
                long before = value;
                if (told)
                {
                    if (!ReadVarint())
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
                return PutNumber(type, value);
            }

            bool counted = type == FieldType.Text || type == FieldType.Bytes;
            if (told)
            {
                int bytes = type == FieldType.Float ? 4 : type == FieldType.Double ? 8 : ReadCount();
                if (bytes < 0 || bytes > _end - _pos || bytes > MaxRecord)
                {
                    return false;
                }

                _values[field] = ((long)_pos << 16) | (long)bytes;
                _pos += bytes;
            }

            int count = (int)(_values[field] & 0xFFFF);
            if ((counted && !PutVarint((ulong)count)) || count > MaxRecord - _length)
            {
                return false;
            }

            Array.Copy(_buffer, (int)(_values[field] >> 16), _record, _length, count);
            _length += count;
            return true;
        }

        // A number as the packed record has it; false when it is out of its type's range, or the record is full. [SPEC 6.1]
        private bool PutNumber(FieldType type, long value)
        {
            if (type == FieldType.Bool)
            {
                return (ulong)value <= 1 && PutVarint((ulong)value);
            }

            if (type == FieldType.Time)
            {
                return (ulong)value <= uint.MaxValue && PutVarint((uint)((uint)value - RecordReader.Epoch));
            }

            return PutVarint(type == FieldType.UInt ? (ulong)value : (ulong)((value << 1) ^ (value >> 63)));
        }

        private bool PutVarint(ulong value)
        {
            while (value >= 0x80 && _length < MaxRecord)
            {
                _record[_length++] = (byte)(value | 0x80);
                value >>= 7;
            }

            if (_length == MaxRecord)
            {
                return false;
            }

            _record[_length++] = (byte)value;
            return true;
        }

        // The length of what follows; below 0 when it does not lie in the series.
        private int ReadCount()
        {
            return ReadVarint() && _number >= 0 && _number <= _end - _pos ? (int)_number : -1;
        }

        private long _number;

        private bool ReadVarint()
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

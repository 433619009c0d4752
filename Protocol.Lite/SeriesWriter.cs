// Turns packed records, one after another, into one series. [SPEC 6.5]

using System;

namespace NanoSync.Protocol
{
    /// <summary>
    /// Begin, then Add for each record until it is false; the series is then in the buffer given, from where it was to begin.
    /// Allocates 16 bytes a field at the first series of a class with more fields than any before, and nothing else. About 550
    /// bytes on the heap of a board with five fields, 1,000 with all 32.
    /// </summary>
    public sealed class SeriesWriter : Series
    {
        private int _start;

        /// <summary>Starts a series.</summary>
        /// <param name="type">Class of all records; one with fields.</param>
        /// <param name="buffer">Takes the series; leave it alone until the last Add.</param>
        /// <param name="offset">Where the series is to begin.</param>
        /// <param name="size">Most bytes that the series may have.</param>
        public void Begin(ObjectClass type, byte[] buffer, int offset, int size)
        {
            Start(type, buffer, offset, size);
            _start = offset;
        }

        /// <summary>Bytes of the series.</summary>
        public int Length
        {
            get { return _pos - _start; }
        }

        /// <summary>Where in the buffer the first record lies as it is: all there is to send when it stays alone.</summary>
        public int FirstOffset
        {
            get { return _start + MapBytes + (FirstLength < 0x80 ? 1 : 2); }
        }

        /// <summary>Bytes of the first record.</summary>
        public int FirstLength
        {
            get
            {
                int at = _start + MapBytes;
                return _buffer[at] < 0x80 ? _buffer[at] : (_buffer[at] & 0x7F) | (_buffer[at + 1] << 7);
            }
        }

        /// <summary>
        /// Adds a record. False: it does not fit the class, or there is no room for it; the series is as it was and takes no more.
        /// </summary>
        public bool Add(byte[] record, int offset, int count)
        {
            int start = _pos;
            if (Count == MaxRecords || count > MaxRecord || !Put(record, offset, count))
            {
                _pos = start;
                _end = start; // what is known of the record before may be half of this one
                return false;
            }

            Count++;
            return true;
        }

        private int MapBytes
        {
            get { return (_class.Count + 8) >> 3; }
        }

        private bool Put(byte[] record, int offset, int count)
        {
            int map = MapBytes;
            if (map > _end - _pos)
            {
                return false;
            }

            _fields.Begin(_class, record, offset, count);
            if (_fields.Error != SyncError.None || _class.Count == 0)
            {
                return false;
            }

            int at = _pos;
            Array.Clear(_buffer, at, map);
            _pos += map;
            if (Count > 0 && PresenceOf(record, offset) == _present)
            {
                return PutDifferences(at, record);
            }

            _buffer[at] = 1;
            if (!PutVarint(count) || !PutBytes(record, offset, count))
            {
                return false;
            }

            return Keep(_pos - count, count);
        }

        private bool PutDifferences(int map, byte[] record)
        {
            RecordReader fields = _fields;
            byte[] types = _class.Types;
            long[] values = _values;
            while (fields.Next())
            {
                int field = fields.Field;
                FieldType type = (FieldType)types[field];
                if (IsNumber(type))
                {
                    long value = fields.Value;
                    long difference = value - values[field];
                    values[field] = value;
                    if (type == FieldType.Time)
                    {
                        long step = difference;
                        difference -= _steps[field];
                        _steps[field] = step;
                    }

                    if (difference == 0)
                    {
                        continue;
                    }

                    if (!PutVarint((difference << 1) ^ (difference >> 63)))
                    {
                        return false;
                    }
                }
                else
                {
                    int count = fields.Count;
                    if (IsSame(values[field], record, fields.Offset, count))
                    {
                        continue;
                    }

                    if ((type == FieldType.Text || type == FieldType.Bytes) && !PutVarint(count))
                    {
                        return false;
                    }

                    values[field] = ((long)_pos << 16) | (long)count;
                    if (!PutBytes(record, fields.Offset, count))
                    {
                        return false;
                    }
                }

                field++;
                _buffer[map + (field >> 3)] |= (byte)(1 << (field & 7));
            }

            return fields.Error == SyncError.None;
        }

        private bool IsSame(long place, byte[] record, int offset, int count)
        {
            if ((int)(place & 0xFFFF) != count)
            {
                return false;
            }

            int at = (int)(place >> 16);
            for (int i = 0; i < count; i++)
            {
                if (_buffer[at + i] != record[offset + i])
                {
                    return false;
                }
            }

            return true;
        }

        private bool PutVarint(long bits)
        {
            ulong value = (ulong)bits;
            byte[] buffer = _buffer;
            int at = _pos;
            int end = _end;
            while (at < end)
            {
                if (value < 0x80)
                {
                    buffer[at] = (byte)value;
                    _pos = at + 1;
                    return true;
                }

                buffer[at++] = (byte)(value | 0x80);
                value >>= 7;
            }

            return false;
        }

        private bool PutBytes(byte[] bytes, int offset, int count)
        {
            if (count > _end - _pos)
            {
                return false;
            }

            Array.Copy(bytes, offset, _buffer, _pos, count);
            _pos += count;
            return true;
        }
    }
}

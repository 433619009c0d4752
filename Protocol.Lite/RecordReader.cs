// Unpacks the fields of one object after another, where they lie. [SPEC 6.1]

using System;
using System.Text;

namespace NanoSync.Protocol
{
    /// <summary>
    /// Reads a record: Begin, then Next until it is false; afterwards Error says whether the record was sound. Each field
    /// is checked as it is read: nothing outside the record is touched, whatever its bytes say.
    /// </summary>
    public sealed class RecordReader
    {
        /// <summary>2024-01-01 in seconds since 1970-01-01 UTC.</summary>
        public const uint Epoch = 1704067200;

        private byte[] _types;
        private byte[] _record;
        private uint _left; // presence of the fields not read yet, the next one lowest
        private int _fields;
        private int _pos;
        private int _end;

        /// <summary>The number of the current field.</summary>
        public int Field;

        /// <summary>Value of an int, uint (as its 64 bits), fixed-point (in steps), bool (0, 1) or time (seconds since 1970) field.</summary>
        public long Value;

        /// <summary>Value of a float or double field.</summary>
        public double Number;

        /// <summary>Where a text or bytes field begins in the array given.</summary>
        public int Offset;

        /// <summary>Bytes of a text or bytes field.</summary>
        public int Count;

        /// <summary>None, or BadRecord when the bytes do not fit the class.</summary>
        public SyncError Error;

        /// <summary>Starts reading.</summary>
        public void Begin(ObjectClass type, byte[] record, int offset, int count)
        {
            int fields = type.Count;
            int pos = offset + ((fields + 7) >> 3);
            _types = type.Types;
            _fields = fields;
            _record = record;
            _end = offset + count;
            _pos = pos;
            Field = -1;
            Error = SyncError.None;
            if (pos > _end)
            {
                Fail();
                return;
            }

            uint left = 0;
            while (pos > offset)
            {
                left = (left << 8) | record[--pos];
            }

            _left = left;
            if (fields < 32 && left >> fields != 0)
            {
                Fail(); // a bit for a field that the class does not have
            }
        }

        /// <summary>Goes to the next field present; false at the end or on an error.</summary>
        public bool Next()
        {
            uint left = _left;
            int field = Field + 1;
            if (left == 0)
            {
                return Finish();
            }

            while ((left & 1) == 0)
            {
                left >>= 1;
                field++;
            }

            _left = left >> 1;
            Field = field;
            switch ((FieldType)_types[field])
            {
                case FieldType.Int:
                case FieldType.Fixed:
                    if (!Varint())
                    {
                        return false;
                    }

                    long zigzag = Value;
                    Value = (long)((ulong)zigzag >> 1) ^ -(zigzag & 1);
                    return true;
                case FieldType.UInt:
                    return Varint();
                case FieldType.Time:
                    if (!Varint() || (ulong)Value > uint.MaxValue)
                    {
                        return Fail();
                    }

                    Value = (uint)((uint)Value + Epoch);
                    return true;
                case FieldType.Bool:
                    return Varint() && ((ulong)Value <= 1 || Fail());
                case FieldType.Float:
                    if (!Fixed(4))
                    {
                        return false;
                    }

                    Number = BitConverter.ToSingle(_record, Offset);
                    return true;
                case FieldType.Double:
                    if (!Fixed(8))
                    {
                        return false;
                    }

                    Number = BitConverter.ToDouble(_record, Offset);
                    return true;
                default:
                    return Varint() && Fixed(Value < 0 || Value > _end - _pos ? -1 : (int)Value);
            }
        }

        /// <summary>The current text field. Allocates.</summary>
        public string Text()
        {
            return Encoding.UTF8.GetString(_record, Offset, Count);
        }

        // After the last field. An error is told here once more.
        private bool Finish()
        {
            if (Error == SyncError.None)
            {
                Field = _fields;
                if (_pos != _end)
                {
                    Error = SyncError.BadRecord;
                }
            }

            return false;
        }

        private bool Fail()
        {
            Error = SyncError.BadRecord;
            _left = 0;
            return false;
        }

        private bool Fixed(int count)
        {
            if (count < 0 || count > _end - _pos)
            {
                return Fail();
            }

            Offset = _pos;
            Count = count;
            _pos += count;
            return true;
        }

        private bool Varint()
        {
            byte[] record = _record;
            int pos = _pos;
            int end = _end;
            if (pos < end)
            {
                int b = record[pos++];
                if (b < 0x80)
                {
                    _pos = pos;
                    Value = b;
                    return true;
                }

                if (pos < end && record[pos] < 0x80 && record[pos] != 0)
                {
                    Value = (b & 0x7F) | (record[pos] << 7);
                    _pos = pos + 1;
                    return true;
                }

                long value = b & 0x7F;
                for (int shift = 7; pos < end && shift < 70; shift += 7)
                {
                    b = record[pos++];
                    if (b < 0x80)
                    {
                        if (b == 0 || (shift == 63 && b > 1))
                        {
                            break; // a byte more than it takes: each record has one form only; or more than 64 bits
                        }

                        _pos = pos;
                        Value = value | ((long)b << shift);
                        return true;
                    }

                    value |= (long)(b & 0x7F) << shift;
                }
            }

            Value = 0;
            return Fail();
        }
    }
}

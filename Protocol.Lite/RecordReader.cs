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

        private ObjectClass _class;
        private byte[] _record;
        private int _start;
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
            _class = type;
            _record = record;
            _start = offset;
            _end = offset + count;
            _pos = offset + ((type.Count + 7) >> 3);
            Field = -1;
            Error = SyncError.None;
            if (_pos > _end)
            {
                Error = SyncError.BadRecord;
            }
            else if ((type.Count & 7) != 0 && record[_pos - 1] >> (type.Count & 7) != 0)
            {
                Error = SyncError.BadRecord; // a bit for a field that the class does not have
            }
        }

        /// <summary>Goes to the next field present; false at the end or on an error.</summary>
        public bool Next()
        {
            if (Error != SyncError.None)
            {
                return false;
            }

            int count = _class.Count;
            int field = Field + 1;
            while (field < count && (_record[_start + (field >> 3)] & (1 << (field & 7))) == 0)
            {
                field++;
            }

            Field = field;
            if (field >= count)
            {
                Field = count;
                if (_pos != _end)
                {
                    Error = SyncError.BadRecord;
                }

                return false;
            }

            switch (_class.TypeOf(field))
            {
                case FieldType.Int:
                case FieldType.Fixed:
                    Varint();
                    Value = (long)((ulong)Value >> 1) ^ -(Value & 1);
                    break;
                case FieldType.UInt:
                    Varint();
                    break;
                case FieldType.Time:
                    Varint();
                    if ((ulong)Value > 0xFFFFFFFF)
                    {
                        Error = SyncError.BadRecord;
                    }

                    Value = (uint)((uint)Value + Epoch);
                    break;
                case FieldType.Bool:
                    if (Fixed(1))
                    {
                        Value = _record[Offset];
                        if (Value > 1)
                        {
                            Error = SyncError.BadRecord;
                        }
                    }

                    break;
                case FieldType.Float:
                    if (Fixed(4))
                    {
                        Number = BitConverter.ToSingle(_record, Offset);
                    }

                    break;
                case FieldType.Double:
                    if (Fixed(8))
                    {
                        Number = BitConverter.ToDouble(_record, Offset);
                    }

                    break;
                default:
                    Varint();
                    if (Error == SyncError.None)
                    {
                        Fixed(Value < 0 || Value > _end - _pos ? -1 : (int)Value);
                    }

                    break;
            }

            return Error == SyncError.None;
        }

        /// <summary>The current text field. Allocates.</summary>
        public string Text()
        {
            return Encoding.UTF8.GetString(_record, Offset, Count);
        }

        private bool Fixed(int count)
        {
            if (count < 0 || count > _end - _pos)
            {
                Error = SyncError.BadRecord;
                return false;
            }

            Offset = _pos;
            Count = count;
            _pos += count;
            return true;
        }

        private void Varint()
        {
            long value = 0;
            int shift = 0;
            while (_pos < _end && shift < 70)
            {
                byte b = _record[_pos++];
                if ((shift == 63 && b > 1) || (b == 0 && shift > 0))
                {
                    break; // more than 64 bits; a byte more than it takes: each record has one form only
                }

                value |= (long)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    Value = value;
                    return;
                }

                shift += 7;
            }

            Error = SyncError.BadRecord;
            Value = 0;
        }
    }
}

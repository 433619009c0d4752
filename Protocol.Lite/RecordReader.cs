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

        private const int MoreThanFour = 1 << 28; // what four bytes of a varint cannot hold

        private byte[] _types;
        private int _count;
        private byte[] _record;
        private uint _present; // bit 0: the field after the current one; 0 after an error
        private int _pos;
        private int _end;
        private int _last; // where four bytes can be read without looking

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
            _count = fields;
            _record = record;
            _present = 0;
            _pos = pos;
            _end = offset + count;
            _last = record.Length - 4;
            Field = -1;
            Error = SyncError.None;
            if (pos > offset + count)
            {
                Error = SyncError.BadRecord;
                return;
            }

            uint present = 0;
            while (pos > offset)
            {
                present = (present << 8) | record[--pos];
            }

            if (fields < ObjectClass.MaxFields && present >> fields != 0)
            {
                Error = SyncError.BadRecord; // a bit for a field that the class does not have
                return;
            }

            _present = present;
        }

        /// <summary>Goes to the next field present; false at the end or on an error.</summary>
        public bool Next()
        {
            int field = Field + 1;
            uint present = _present;
            while ((present & 1) == 0)
            {
                if (present == 0)
                {
                    return End();
                }

                present >>= 1;
                field++;
            }

            _present = present >> 1;
            Field = field;
            byte type = _types[field];
            byte[] record = _record;
            int pos = _pos;
            if (pos > _last)
            {
                return Read(type);
            }

            // All but bool, float and double begin with a varint. Up to four bytes, 28 bits, here, wherever the array has that
            // many: one that runs over the record's end is found after it.
            int bits = record[pos++];
            if (bits >= 0x80)
            {
                bits = (bits & 0x7F) | (record[pos++] << 7);
                if (bits >= 0x4000)
                {
                    bits = (bits & 0x3FFF) | (record[pos++] << 14);
                    if (bits >= 0x200000)
                    {
                        bits = (bits & 0x1FFFFF) | (record[pos++] << 21);
                    }
                }
            }

            if (bits >= MoreThanFour || pos > _end)
            {
                return Read(type);
            }

            if (type == (byte)FieldType.UInt)
            {
                Value = bits;
            }
            else if (type == (byte)FieldType.Fixed || type == (byte)FieldType.Int)
            {
                Value = (bits >> 1) ^ -(bits & 1);
            }
            else if (type == (byte)FieldType.Time)
            {
                Value = (uint)bits + Epoch;
            }
            else
            {
                return Read(type);
            }

            _pos = pos;
            return true;
        }

        // Reads the current field, whatever it is.
        private bool Read(byte type)
        {
            switch ((FieldType)type)
            {
                case FieldType.Bool:
                    if (!ReadSlice(1))
                    {
                        return false;
                    }

                    Value = _record[Offset];
                    return Value <= 1 || Bad();

                case FieldType.Float:
                    if (!ReadSlice(4))
                    {
                        return false;
                    }

                    Number = BitConverter.ToSingle(_record, Offset);
                    return true;

                case FieldType.Double:
                    if (!ReadSlice(8))
                    {
                        return false;
                    }

                    Number = BitConverter.ToDouble(_record, Offset);
                    return true;
            }

            long value;
            if (!Varint(out value))
            {
                return false;
            }

            Value = value;
            switch ((FieldType)type)
            {
                case FieldType.UInt:
                    return true;

                case FieldType.Int:
                case FieldType.Fixed:
                    Value = (long)((ulong)value >> 1) ^ -(value & 1);
                    return true;

                case FieldType.Time:
                    Value = (uint)((uint)value + Epoch);
                    return (ulong)value <= 0xFFFFFFFF || Bad();

                default:
                    return ReadSlice(value < 0 || value > _end - _pos ? -1 : (int)value);
            }
        }

        /// <summary>The current text field. Allocates.</summary>
        public string Text()
        {
            return Encoding.UTF8.GetString(_record, Offset, Count);
        }

        private bool ReadSlice(int count)
        {
            if (count < 0 || count > _end - _pos)
            {
                return Bad();
            }

            Offset = _pos;
            Count = count;
            _pos += count;
            return true;
        }

        private bool Varint(out long value)
        {
            byte[] record = _record;
            int pos = _pos;
            int end = _end;
            value = 0;
            long bits = 0;
            for (int shift = 0; pos < end && shift < 70; shift += 7)
            {
                byte b = record[pos++];
                if (b < 0x80)
                {
                    _pos = pos;
                    value = bits | ((long)b << shift);
                    return shift < 63 || b <= 1 || Bad(); // more than 64 bits
                }

                bits |= (long)(b & 0x7F) << shift;
            }

            return Bad();
        }

        // No field is left, or an error came before.
        private bool End()
        {
            if (Error == SyncError.None)
            {
                Field = _count;
                Error = _pos == _end ? SyncError.None : SyncError.BadRecord;
            }

            return false;
        }

        private bool Bad()
        {
            Error = SyncError.BadRecord;
            _present = 0;
            return false;
        }
    }
}

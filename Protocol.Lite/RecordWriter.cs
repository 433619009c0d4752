// Packs the fields of one object after another into one fixed buffer. [SPEC 6.1]

using System;
using System.Text;

namespace NanoSync.Protocol
{
    /// <summary>
    /// Writes one record after another: Begin, then a call per field in the order declared (None for an absent one; fields
    /// left out at the end are absent), then End. An error is kept until the next Begin.
    /// </summary>
    public sealed class RecordWriter
    {
        private static readonly byte[] s_none = new byte[ObjectClass.MaxFields + 1]; // after an error no field has a type

        private readonly byte[] _buffer;
        private byte[] _types = s_none; // of the class
        private int _field;
        private int _length;

        /// <summary>What went wrong since Begin: WriterMisuse (wrong type or one field too many) or DataTooLong (buffer full).</summary>
        public SyncError Error;

        /// <summary>Makes a writer of records of at most <paramref name="size"/> bytes.</summary>
        public RecordWriter(int size)
        {
            _buffer = new byte[size];
        }

        /// <summary>Holds the record, from 0.</summary>
        public byte[] Buffer
        {
            get { return _buffer; }
        }

        /// <summary>Bytes of the record. Asking for it ends the record, as <see cref="End"/> does.</summary>
        public int Length
        {
            get
            {
                if (_types[_field] != 0)
                {
                    End();
                }

                return _length;
            }
        }

        /// <summary>Fields written or left out so far: the number of the next one.</summary>
        public int Field
        {
            get { return _field; }
        }

        /// <summary>Starts a record.</summary>
        public void Begin(ObjectClass type)
        {
            int fields = type.Count;
            _types = type.Types;
            _field = 0;
            _length = 0;
            Error = SyncError.None;
            if ((fields + 7) >> 3 > _buffer.Length)
            {
                Refuse(SyncError.DataTooLong);
                return;
            }

            // all fields are present: the few that are not take that back
            for (; fields >= 8; fields -= 8)
            {
                _buffer[_length++] = 0xFF;
            }

            if (fields > 0)
            {
                _buffer[_length++] = (byte)((1 << fields) - 1);
            }
        }

        /// <summary>Ends the record; false when it could not be written.</summary>
        public bool End()
        {
            while (_types[_field] != 0)
            {
                None();
            }

            return Error == SyncError.None;
        }

        /// <summary>The next field is absent.</summary>
        public void None()
        {
            int field = _field;
            if (_types[field] == 0)
            {
                Refuse(SyncError.WriterMisuse);
                return;
            }

            _buffer[field >> 3] &= (byte)~(1 << (field & 7));
            _field = field + 1;
        }

        /// <summary>Writes a bool.</summary>
        public void Bool(bool value)
        {
            if (BeginField(FieldType.Bool, 1))
            {
                _buffer[_length++] = value ? (byte)1 : (byte)0;
            }
        }

        /// <summary>Writes a signed integer.</summary>
        public void Int(long value)
        {
            Number((byte)FieldType.Int, (ulong)((value << 1) ^ (value >> 63)));
        }

        /// <summary>Writes an unsigned integer.</summary>
        public void UInt(ulong value)
        {
            Number((byte)FieldType.UInt, value);
        }

        /// <summary>Writes a fixed-point number, counted in its smallest step: 21.53 with two digits is 2153.</summary>
        public void Fixed(long steps)
        {
            Number((byte)FieldType.Fixed, (ulong)((steps << 1) ^ (steps >> 63)));
        }

        /// <summary>Writes a 32-bit floating-point number.</summary>
        public void Float(float value)
        {
            if (BeginField(FieldType.Float, 4))
            {
                LittleEndian(FloatBits(value), 4);
            }
        }

        /// <summary>Writes a 64-bit floating-point number.</summary>
        public void Double(double value)
        {
            if (BeginField(FieldType.Double, 8))
            {
                LittleEndian(BitConverter.DoubleToInt64Bits(value), 8);
            }
        }

        /// <summary>Writes a text. Allocates its UTF-8 bytes; use the other form on paths that must not.</summary>
        public void Text(string value)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(value);
            Text(bytes, 0, bytes.Length);
        }

        /// <summary>Writes a text given in UTF-8.</summary>
        public void Text(byte[] utf8, int offset, int count)
        {
            if (BeginField(FieldType.Text, count))
            {
                Counted(utf8, offset, count);
            }
        }

        /// <summary>Writes bytes.</summary>
        public void Bytes(byte[] bytes, int offset, int count)
        {
            if (BeginField(FieldType.Bytes, count))
            {
                Counted(bytes, offset, count);
            }
        }

        /// <summary>Writes a time given in seconds since 1970-01-01 UTC.</summary>
        public void Time(uint unixSeconds)
        {
            Number((byte)FieldType.Time, unchecked(unixSeconds - RecordReader.Epoch));
        }

        // The first error counts; no field follows it.
        private void Refuse(SyncError error)
        {
            if (Error == SyncError.None)
            {
                Error = error;
            }

            _types = s_none;
        }

        private void Number(byte type, ulong value)
        {
            int field = _field;
            if (_types[field] != type)
            {
                Refuse(SyncError.WriterMisuse);
                return;
            }

            byte[] buffer = _buffer;
            _field = field + 1;
            int at = _length;
            if (at + 10 > buffer.Length)
            {
                Varint(value); // it may not fit
                return;
            }

            while (value >= 0x80)
            {
                buffer[at++] = (byte)(value | 0x80);
                value >>= 7;
            }

            buffer[at] = (byte)value;
            _length = at + 1;
        }

        private bool BeginField(FieldType type, int bytes)
        {
            if (_types[_field] != (byte)type)
            {
                Refuse(SyncError.WriterMisuse);
                return false;
            }

            if (_length + bytes > _buffer.Length)
            {
                Refuse(SyncError.DataTooLong);
                return false;
            }

            _field++;
            return true;
        }

        private void Varint(ulong value)
        {
            while (_length < _buffer.Length)
            {
                if (value < 0x80)
                {
                    _buffer[_length++] = (byte)value;
                    return;
                }

                _buffer[_length++] = (byte)(value | 0x80);
                value >>= 7;
            }

            Refuse(SyncError.DataTooLong);
        }

        private void Counted(byte[] bytes, int offset, int count)
        {
            Varint((ulong)count);
            if (_length + count > _buffer.Length)
            {
                Refuse(SyncError.DataTooLong);
                return;
            }

            Array.Copy(bytes, offset, _buffer, _length, count);
            _length += count;
        }

        private void LittleEndian(long value, int count)
        {
            for (; count > 0; count--)
            {
                _buffer[_length++] = (byte)value;
                value >>= 8;
            }
        }

        // The board has no allocation-free way from float to bits; through double it is exact.
        private static long FloatBits(float value)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            long sign = (bits >> 32) & 0x80000000L;
            int exponent = (int)(bits >> 52) & 0x7FF;
            long fraction = bits & 0xFFFFFFFFFFFFFL;
            if (exponent == 0x7FF)
            {
                return sign | 0x7F800000L | (fraction >> 29);
            }

            int small = exponent - 896; // 1023 - 127: the exponent's bias in a float
            if (small > 0)
            {
                return sign | ((long)small << 23) | (fraction >> 29);
            }

            // below 2^-126 a float has no hidden bit; below 2^-149 nothing is left
            return small < -23 ? sign : sign | ((fraction | 0x10000000000000L) >> (30 - small));
        }
    }
}

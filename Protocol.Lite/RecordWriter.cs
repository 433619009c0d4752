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
        private readonly byte[] _buffer;
        private byte[] _types;
        private int _count; // fields of the class; 0 after an error: no field is taken then
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

        /// <summary>Bytes of the record.</summary>
        public int Length
        {
            get { return _length; }
        }

        /// <summary>Fields written or left out so far: the number of the next one.</summary>
        public int Field
        {
            get { return _field; }
        }

        /// <summary>Starts a record.</summary>
        public void Begin(ObjectClass type)
        {
            _types = type.Types;
            _count = type.Count;
            _field = 0;
            Error = SyncError.None;
            _length = (_count + 7) >> 3;
            if (_length > _buffer.Length)
            {
                _length = 0;
                Fail(SyncError.DataTooLong);
                return;
            }

            // all fields present, until one is left out: that is seldom
            int map = 0;
            int left = _count;
            for (; left >= 8; left -= 8)
            {
                _buffer[map++] = 0xFF;
            }

            if (left > 0)
            {
                _buffer[map] = (byte)((1 << left) - 1);
            }
        }

        /// <summary>Ends the record; false when it could not be written.</summary>
        public bool End()
        {
            for (int field = _field; field < _count; field++)
            {
                LeaveOut(field);
            }

            return Error == SyncError.None;
        }

        /// <summary>The next field is absent.</summary>
        public void None()
        {
            if (_field >= _count)
            {
                Fail(SyncError.WriterMisuse);
                return;
            }

            LeaveOut(_field++);
        }

        /// <summary>Writes a bool.</summary>
        public void Bool(bool value)
        {
            Put(FieldType.Bool, value ? 1 : 0);
        }

        /// <summary>Writes a signed integer.</summary>
        public void Int(long value)
        {
            Put(FieldType.Int, (value << 1) ^ (value >> 63));
        }

        /// <summary>Writes an unsigned integer.</summary>
        public void UInt(ulong value)
        {
            Put(FieldType.UInt, (long)value);
        }

        /// <summary>Writes a fixed-point number, counted in its smallest step: 21.53 with two digits is 2153.</summary>
        public void Fixed(long steps)
        {
            Put(FieldType.Fixed, (steps << 1) ^ (steps >> 63));
        }

        /// <summary>Writes a 32-bit floating-point number.</summary>
        public void Float(float value)
        {
            if (Take(FieldType.Float, 4))
            {
                LittleEndian(FloatBits(value), 4);
            }
        }

        /// <summary>Writes a 64-bit floating-point number.</summary>
        public void Double(double value)
        {
            if (Take(FieldType.Double, 8))
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
            Counted(FieldType.Text, utf8, offset, count);
        }

        /// <summary>Writes bytes.</summary>
        public void Bytes(byte[] bytes, int offset, int count)
        {
            Counted(FieldType.Bytes, bytes, offset, count);
        }

        /// <summary>Writes a time given in seconds since 1970-01-01 UTC.</summary>
        public void Time(uint unixSeconds)
        {
            Put(FieldType.Time, unchecked(unixSeconds - RecordReader.Epoch));
        }

        /// <summary>Writes a bool, int, uint, fixed-point or time as <see cref="RecordReader.Value"/> gives it; WriterMisuse when it is out of range.</summary>
        public void Value(long value)
        {
            FieldType type = _field < _count ? (FieldType)_types[_field] : 0;
            switch (type)
            {
                case FieldType.Int:
                case FieldType.Fixed:
                    Put(type, (value << 1) ^ (value >> 63));
                    return;
                case FieldType.UInt:
                    Put(type, value);
                    return;
                case FieldType.Time:
                    if ((ulong)value <= uint.MaxValue)
                    {
                        Put(type, (uint)((uint)value - RecordReader.Epoch));
                        return;
                    }

                    break;
                case FieldType.Bool:
                    if ((ulong)value <= 1)
                    {
                        Put(type, value);
                        return;
                    }

                    break;
            }

            Fail(SyncError.WriterMisuse);
        }

        /// <summary>
        /// Writes a float, double, text or bytes from the bytes at <see cref="RecordReader.Offset"/>; WriterMisuse when their
        /// number does not suit the type.
        /// </summary>
        public void Packed(byte[] bytes, int offset, int count)
        {
            FieldType type = _field < _count ? (FieldType)_types[_field] : 0;
            if (type == FieldType.Text || type == FieldType.Bytes)
            {
                Counted(type, bytes, offset, count);
            }
            else if (count != (type == FieldType.Float ? 4 : type == FieldType.Double ? 8 : -1))
            {
                Fail(SyncError.WriterMisuse);
            }
            else if (Take(type, count))
            {
                Array.Copy(bytes, offset, _buffer, _length, count);
                _length += count;
            }
        }

        // The first error stays.
        private void Fail(SyncError error)
        {
            _count = 0;
            if (Error == SyncError.None)
            {
                Error = error;
            }
        }

        private void LeaveOut(int field)
        {
            _buffer[field >> 3] &= (byte)~(1 << (field & 7));
        }

        private bool Take(FieldType type, int bytes)
        {
            if (_field >= _count || _types[_field] != (byte)type)
            {
                Fail(SyncError.WriterMisuse);
                return false;
            }

            if (_length + bytes > _buffer.Length)
            {
                Fail(SyncError.DataTooLong);
                return false;
            }

            _field++;
            return true;
        }

        // A field that is a varint, or begins with one.
        private void Put(FieldType type, long bits)
        {
            int field = _field;
            if (field >= _count || _types[field] != (byte)type)
            {
                Fail(SyncError.WriterMisuse);
                return;
            }

            byte[] buffer = _buffer;
            int at = _length;
            ulong value = (ulong)bits;
            if (at + 10 > buffer.Length && at + VarintBytes(value) > buffer.Length)
            {
                Fail(SyncError.DataTooLong);
                return;
            }

            while (value >= 0x80)
            {
                buffer[at++] = (byte)(value | 0x80);
                value >>= 7;
            }

            buffer[at++] = (byte)value;
            _length = at;
            _field = field + 1;
        }

        private void Counted(FieldType type, byte[] bytes, int offset, int count)
        {
            Put(type, count);
            if (_count > 0 && _length + count > _buffer.Length)
            {
                Fail(SyncError.DataTooLong);
            }

            if (_count > 0)
            {
                Array.Copy(bytes, offset, _buffer, _length, count);
                _length += count;
            }
        }

        private static int VarintBytes(ulong value)
        {
            int bytes = 1;
            while (value >= 0x80)
            {
                value >>= 7;
                bytes++;
            }

            return bytes;
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

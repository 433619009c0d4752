// One object as an application sees it: a value a field, written and read by handle, in any order.

using System;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.App
{
    /// <summary>
    /// The values of one object. A field that was not written is absent. Make one and use it again and again; not for two
    /// threads at once. A handle of another class or of another type is an ArgumentException that names the field. [SPEC 6.1]
    /// </summary>
    public sealed class Record
    {
        private readonly RecordClass _type;
        private readonly long[] _values; // of a text or bytes: where they begin in _texts << 32, how many
        private readonly byte[] _texts; // null: the class has neither
        private readonly RecordWriter _writer; // holds the packed form
        private readonly RecordReader _reader = new RecordReader();
        private uint _present;
        private int _used; // of _texts

        /// <summary>Makes a record without a value.</summary>
        /// <param name="type">Its class; complete from now on.</param>
        /// <param name="bytes">Most bytes of its packed form, at least 16. Costs as many of memory, once more when the class has texts or bytes, and 8 for each field.</param>
        public Record(RecordClass type, int bytes)
        {
            if (type == null || bytes < 16)
            {
                throw new ArgumentException("A record has a class and at least 16 bytes.");
            }

            _type = type;
            _values = new long[type.Class.Count];
            _writer = new RecordWriter(bytes);
            for (int i = 0; i < _values.Length; i++)
            {
                FieldType field = type.Class.TypeOf(i);
                if (field == FieldType.Text || field == FieldType.Bytes)
                {
                    _texts = new byte[bytes];
                    break;
                }
            }

            _writer.Begin(type.Class); // the class is complete: no field comes later
        }

        /// <summary>
        /// DataTooLong: a text or bytes did not fit since <see cref="Clear"/>. BadRecord: what was read is no object of the class.
        /// Such a record is refused wherever it is given.
        /// </summary>
        public SyncError Error;

        /// <summary>Makes all fields absent.</summary>
        public void Clear()
        {
            _present = 0;
            _used = 0;
            Error = SyncError.None;
        }

        /// <summary>Whether a field has a value.</summary>
        public bool Has(int field)
        {
            int index = field - _type.First;
            if (index < 0 || index >= _values.Length)
            {
                throw Mistake(index, 0);
            }

            return (_present & (1u << index)) != 0;
        }

        /// <summary>Makes a field absent.</summary>
        public void Remove(int field)
        {
            if (Has(field))
            {
                _present &= ~(1u << (field - _type.First));
            }
        }

        /// <summary>Writes a bool.</summary>
        public void Bool(int field, bool value)
        {
            Set(field, FieldType.Bool, value ? 1 : 0);
        }

        /// <summary>The value of a bool; false when it is absent.</summary>
        public bool Bool(int field)
        {
            return Get(field, FieldType.Bool) != 0;
        }

        /// <summary>Writes a signed integer.</summary>
        public void Int(int field, long value)
        {
            Set(field, FieldType.Int, value);
        }

        /// <summary>The value of a signed integer; 0 when it is absent.</summary>
        public long Int(int field)
        {
            return Get(field, FieldType.Int);
        }

        /// <summary>Writes an unsigned integer.</summary>
        public void UInt(int field, ulong value)
        {
            Set(field, FieldType.UInt, (long)value);
        }

        /// <summary>The value of an unsigned integer; 0 when it is absent.</summary>
        public ulong UInt(int field)
        {
            return (ulong)Get(field, FieldType.UInt);
        }

        /// <summary>Writes a fixed-point number in its smallest step: 21.53 with two digits is 2153.</summary>
        public void Fixed(int field, long steps)
        {
            Set(field, FieldType.Fixed, steps);
        }

        /// <summary>The value of a fixed-point number in its smallest step; 0 when it is absent.</summary>
        public long Fixed(int field)
        {
            return Get(field, FieldType.Fixed);
        }

        /// <summary>Writes a 32-bit floating-point number.</summary>
        public void Float(int field, float value)
        {
            Set(field, FieldType.Float, BitConverter.DoubleToInt64Bits(value));
        }

        /// <summary>The value of a 32-bit floating-point number; 0 when it is absent.</summary>
        public float Float(int field)
        {
            return (float)BitConverter.Int64BitsToDouble(Get(field, FieldType.Float));
        }

        /// <summary>Writes a 64-bit floating-point number.</summary>
        public void Double(int field, double value)
        {
            Set(field, FieldType.Double, BitConverter.DoubleToInt64Bits(value));
        }

        /// <summary>The value of a 64-bit floating-point number; 0 when it is absent.</summary>
        public double Double(int field)
        {
            return BitConverter.Int64BitsToDouble(Get(field, FieldType.Double));
        }

        /// <summary>Writes a time in seconds since 1970-01-01 UTC.</summary>
        public void Time(int field, uint unixSeconds)
        {
            Set(field, FieldType.Time, unixSeconds);
        }

        /// <summary>The value of a time in seconds since 1970-01-01 UTC; 0 when it is absent.</summary>
        public uint Time(int field)
        {
            return (uint)Get(field, FieldType.Time);
        }

        /// <summary>Writes a text; null makes the field absent. Allocates its UTF-8 bytes. One that does not fit is an <see cref="Error"/>.</summary>
        public void Text(int field, string value)
        {
            byte[] utf8 = value == null ? null : Encoding.UTF8.GetBytes(value);
            Keep(Index(field, FieldType.Text), utf8, 0, utf8 == null ? 0 : utf8.Length);
        }

        /// <summary>The value of a text, allocated; null when it is absent.</summary>
        public string Text(int field)
        {
            int index = Index(field, FieldType.Text);
            long value = _values[index];
            return (_present & (1u << index)) == 0 ? null : Encoding.UTF8.GetString(_texts, (int)(value >> 32), (int)value);
        }

        /// <summary>Writes bytes; null makes the field absent. Such that do not fit are an <see cref="Error"/>.</summary>
        public void Bytes(int field, byte[] value, int offset, int count)
        {
            Keep(Index(field, FieldType.Bytes), value, offset, count);
        }

        /// <summary>The value of bytes, a copy; null when it is absent.</summary>
        public byte[] Bytes(int field)
        {
            int index = Index(field, FieldType.Bytes);
            if ((_present & (1u << index)) == 0)
            {
                return null;
            }

            byte[] copy = new byte[(int)_values[index]];
            Array.Copy(_texts, (int)(_values[index] >> 32), copy, 0, copy.Length);
            return copy;
        }

        internal RecordClass Type
        {
            get { return _type; }
        }

        // Holds the packed form once Pack was called; for who fills it before Unpack.
        internal byte[] Buffer
        {
            get { return _writer.Buffer; }
        }

        // The packed form in Buffer: its bytes, or -1 when it cannot be.
        internal int Pack()
        {
            if (Error != SyncError.None)
            {
                return -1;
            }

            ObjectClass type = _type.Class;
            _writer.Begin(type);
            for (int i = 0; i < _values.Length; i++)
            {
                long value = _values[i];
                if ((_present & (1u << i)) == 0)
                {
                    _writer.None();
                    continue;
                }

                switch (type.TypeOf(i))
                {
                    case FieldType.Bool:
                        _writer.Bool(value != 0);
                        break;
                    case FieldType.Int:
                        _writer.Int(value);
                        break;
                    case FieldType.UInt:
                        _writer.UInt((ulong)value);
                        break;
                    case FieldType.Fixed:
                        _writer.Fixed(value);
                        break;
                    case FieldType.Float:
                        _writer.Float((float)BitConverter.Int64BitsToDouble(value));
                        break;
                    case FieldType.Double:
                        _writer.Double(BitConverter.Int64BitsToDouble(value));
                        break;
                    case FieldType.Text:
                        _writer.Text(_texts, (int)(value >> 32), (int)value);
                        break;
                    case FieldType.Bytes:
                        _writer.Bytes(_texts, (int)(value >> 32), (int)value);
                        break;
                    default:
                        _writer.Time((uint)value);
                        break;
                }
            }

            if (_writer.Error != SyncError.None)
            {
                Error = _writer.Error;
                return -1;
            }

            return _writer.Length;
        }

        // Takes the values of a packed form; false, and Error says so, when it is not of this class.
        internal bool Unpack(byte[] packed, int offset, int count)
        {
            Clear();
            _reader.Begin(_type.Class, packed, offset, count);
            while (_reader.Next())
            {
                int i = _reader.Field;
                FieldType field = _type.Class.TypeOf(i);
                if (field == FieldType.Text || field == FieldType.Bytes)
                {
                    Keep(i, packed, _reader.Offset, _reader.Count);
                    continue;
                }

                _values[i] = field == FieldType.Float || field == FieldType.Double ? BitConverter.DoubleToInt64Bits(_reader.Number) : _reader.Value;
                _present |= 1u << i;
            }

            if (_reader.Error != SyncError.None)
            {
                Clear();
                Error = _reader.Error;
            }

            return Error == SyncError.None;
        }

        private void Set(int field, FieldType type, long value)
        {
            int index = Index(field, type);
            _values[index] = value;
            _present |= 1u << index;
        }

        private long Get(int field, FieldType type)
        {
            int index = Index(field, type);
            return (_present & (1u << index)) == 0 ? 0 : _values[index];
        }

        private void Keep(int index, byte[] value, int offset, int count)
        {
            _present &= ~(1u << index);
            if (value == null)
            {
                return;
            }

            if (_used + count > _texts.Length)
            {
                Compact();
            }

            if (_used + count > _texts.Length)
            {
                Error = SyncError.DataTooLong;
                return;
            }

            Array.Copy(value, offset, _texts, _used, count);
            _values[index] = ((long)_used << 32) | (uint)count;
            _used += count;
            _present |= 1u << index;
        }

        // What was written over left a hole: the texts that are left move together, the first in _texts first.
        private void Compact()
        {
            int from = 0;
            _used = 0;
            while (true)
            {
                int next = -1;
                int at = _texts.Length;
                for (int i = 0; i < _values.Length; i++)
                {
                    FieldType type = _type.Class.TypeOf(i);
                    int begins = (int)(_values[i] >> 32);
                    if ((type == FieldType.Text || type == FieldType.Bytes) && (_present & (1u << i)) != 0 && (int)_values[i] > 0 && begins >= from && begins < at)
                    {
                        next = i;
                        at = begins;
                    }
                }

                if (next < 0)
                {
                    return;
                }

                int count = (int)_values[next];
                Array.Copy(_texts, at, _texts, _used, count);
                _values[next] = ((long)_used << 32) | (uint)count;
                _used += count;
                from = at + count;
            }
        }

        private int Index(int field, FieldType type)
        {
            int index = field - _type.First;
            if (index < 0 || index >= _values.Length || _type.Class.TypeOf(index) != type)
            {
                throw Mistake(index, type);
            }

            return index;
        }

        private Exception Mistake(int index, FieldType type)
        {
            if (index < 0 || index >= _values.Length)
            {
                return new ArgumentException("The handle is of a field of another class than " + _type.Class.Name + ".");
            }

            string definition = _type.Class.Definition; // name(field:type,field:type)
            string field = definition.Substring(_type.Class.Name.Length + 1).Split(',')[index].Split(':')[0];
            return new ArgumentException("The field " + field + " of class " + _type.Class.Name + " is of type " + (char)_type.Class.TypeOf(index) + ", not " + (char)type + " [SPEC 6.1].");
        }
    }
}

// What an object is made of: a name and typed fields in order, declared in one statement:
//   new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity")

using System.Text;

namespace NanoSync.Protocol
{
    /// <summary>Types of fields; the values are the codes of a definition. [SPEC 6.1]</summary>
    public enum FieldType
    {
        /// <summary>One byte, 0 or 1.</summary>
        Bool = 'b',

        /// <summary>64-bit signed.</summary>
        Int = 'i',

        /// <summary>64-bit unsigned.</summary>
        UInt = 'u',

        /// <summary>64-bit signed, counted in 10^-digits.</summary>
        Fixed = 'f',

        /// <summary>32-bit IEEE 754.</summary>
        Float = 's',

        /// <summary>64-bit IEEE 754.</summary>
        Double = 'd',

        /// <summary>UTF-8.</summary>
        Text = 't',

        /// <summary>Bytes.</summary>
        Bytes = 'x',

        /// <summary>Whole seconds, UTC, 1970 to 2106.</summary>
        Time = 'c',
    }

    /// <summary>A class of objects. Complete once its definition, hash or wire name was asked for. [SPEC 6.2]</summary>
    public sealed class ObjectClass
    {
        /// <summary>Most fields of a class.</summary>
        public const int MaxFields = 32;

        /// <summary>Most bytes of a definition.</summary>
        public const int MaxDefinition = 1024;

        /// <summary>Most characters of a name.</summary>
        public const int MaxName = 32;

        private readonly string _name;
        private string _definition; // without the closing bracket
        private byte[] _types = new byte[4]; // a 0 follows the last: codecs find the end without counting
        private byte[] _digits = new byte[4];
        private int _count;
        private uint _hash;
        private byte[] _wireName;

        /// <summary>Begins a class.</summary>
        /// <param name="name">1 to 32 of A-Z a-z 0-9 _ -</param>
        public ObjectClass(string name)
        {
            _name = name;
            _definition = name + "(";
        }

        /// <summary>The class's name.</summary>
        public string Name
        {
            get { return _name; }
        }

        /// <summary>Fields declared. 0: an object is one long payload.</summary>
        public int Count
        {
            get { return _count; }
        }

        /// <summary>The definition, as it travels.</summary>
        public string Definition
        {
            get { return _definition + ")"; }
        }

        /// <summary>Check sum of the definition; the store's tag of objects of this class.</summary>
        public uint Hash
        {
            get
            {
                if (_wireName == null)
                {
                    byte[] definition = Encoding.UTF8.GetBytes(Definition);
                    _hash = Fnv.Of(definition, 0, definition.Length);
                    byte[] wireName = new byte[_name.Length + 5];
                    Encoding.UTF8.GetBytes(_name, 0, _name.Length, wireName, 0);
                    wireName[_name.Length] = (byte)'#';
                    Fnv.WriteTag(_hash, wireName, _name.Length + 1);
                    _wireName = wireName;
                }

                return _hash;
            }
        }

        /// <summary>name#hash in UTF-8, as it travels.</summary>
        public byte[] WireName
        {
            get
            {
                uint made = Hash; // asking for it makes both
                return made == _hash ? _wireName : null;
            }
        }

        /// <summary>Adds a bool.</summary>
        public ObjectClass Bool(string field)
        {
            return Declare(field, FieldType.Bool, 0);
        }

        /// <summary>Adds a signed integer.</summary>
        public ObjectClass Int(string field)
        {
            return Declare(field, FieldType.Int, 0);
        }

        /// <summary>Adds an unsigned integer.</summary>
        public ObjectClass UInt(string field)
        {
            return Declare(field, FieldType.UInt, 0);
        }

        /// <summary>Adds a fixed-point number with 0 to 9 digits behind the point.</summary>
        public ObjectClass Fixed(string field, int digits)
        {
            return Declare(field, FieldType.Fixed, digits);
        }

        /// <summary>Adds a 32-bit floating-point number.</summary>
        public ObjectClass Float(string field)
        {
            return Declare(field, FieldType.Float, 0);
        }

        /// <summary>Adds a 64-bit floating-point number.</summary>
        public ObjectClass Double(string field)
        {
            return Declare(field, FieldType.Double, 0);
        }

        /// <summary>Adds a text.</summary>
        public ObjectClass Text(string field)
        {
            return Declare(field, FieldType.Text, 0);
        }

        /// <summary>Adds bytes.</summary>
        public ObjectClass Bytes(string field)
        {
            return Declare(field, FieldType.Bytes, 0);
        }

        /// <summary>Adds a time in whole seconds.</summary>
        public ObjectClass Time(string field)
        {
            return Declare(field, FieldType.Time, 0);
        }

        /// <summary>The types of the fields, then a 0.</summary>
        internal byte[] Types
        {
            get { return _types; }
        }

        /// <summary>The type of a field.</summary>
        public FieldType TypeOf(int field)
        {
            return (FieldType)_types[field];
        }

        /// <summary>Digits behind the point of a fixed-point field.</summary>
        public int DigitsOf(int field)
        {
            return _digits[field];
        }

        /// <summary>The name of a field.</summary>
        public string FieldName(int field)
        {
            int start = _name.Length + 1;
            for (; field > 0; field--)
            {
                start = _definition.IndexOf(',', start) + 1;
            }

            return _definition.Substring(start, _definition.IndexOf(':', start) - start);
        }

        /// <summary>The number of the field of this name; -1 when there is none.</summary>
        public int FindField(string name)
        {
            for (int i = 0; i < _count; i++)
            {
                if (FieldName(i) == name)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Reads a definition. Null when it is none (<see cref="SyncError.BadClass"/>).</summary>
        public static ObjectClass Parse(byte[] definition, int offset, int count)
        {
            if (count < 3 || count > MaxDefinition)
            {
                return null;
            }

            for (int i = 0; i < count; i++)
            {
                if (definition[offset + i] <= ' ' || definition[offset + i] >= 0x7F)
                {
                    return null;
                }
            }

            string text = Encoding.UTF8.GetString(definition, offset, count);
            int open = text.IndexOf('(');
            if (open < 1 || text.IndexOf(')') != count - 1 || !IsName(text.Substring(0, open)))
            {
                return null;
            }

            ObjectClass made = new ObjectClass(text.Substring(0, open));
            int at = open + 1;
            while (at < count - 1)
            {
                int stop = text.IndexOf(',', at);
                if (stop < 0)
                {
                    stop = count - 1;
                }

                int colon = text.IndexOf(':', at);
                if (colon < 0 || colon + 2 > stop || !IsName(text.Substring(at, colon - at)) || made._count == MaxFields)
                {
                    return null;
                }

                FieldType type = (FieldType)text[colon + 1];
                int digits = 0;
                if (type == FieldType.Fixed)
                {
                    digits = colon + 3 == stop ? text[colon + 2] - '0' : -1;
                }

                if ("biufsdtxc".IndexOf(text[colon + 1]) < 0 || digits < 0 || digits > 9 || (type != FieldType.Fixed && colon + 2 != stop)
                    || made.FindField(text.Substring(at, colon - at)) >= 0)
                {
                    return null;
                }

                made.Declare(text.Substring(at, colon - at), type, digits);
                at = stop + 1;
            }

            // "a(b:i,)" would come out otherwise than it went in
            return made.Definition == text ? made : null;
        }

        private static bool IsName(string name)
        {
            if (name.Length < 1 || name.Length > MaxName)
            {
                return false;
            }

            for (int i = 0; i < name.Length; i++)
            {
                char c = name[i];
                if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
                {
                    return false;
                }
            }

            return true;
        }

        private ObjectClass Declare(string field, FieldType type, int digits)
        {
            if (_count == MaxFields)
            {
                throw new System.InvalidOperationException("A class has at most 32 fields.");
            }

            if (_count + 1 == _types.Length)
            {
                byte[] types = new byte[_types.Length + 4];
                byte[] scales = new byte[_types.Length + 4];
                System.Array.Copy(_types, types, _count);
                System.Array.Copy(_digits, scales, _count);
                _types = types;
                _digits = scales;
            }

            _types[_count] = (byte)type;
            _digits[_count] = (byte)digits;
            _definition += (_count == 0 ? "" : ",") + field + ":" + (char)type + (type == FieldType.Fixed ? digits.ToString() : "");
            _count++;
            _wireName = null;
            return this;
        }
    }
}

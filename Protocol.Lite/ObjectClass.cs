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

        private ObjectClass Declare(string field, FieldType type, int digits)
        {
            if (_count == MaxFields)
            {
                throw new System.InvalidOperationException("A class has at most 32 fields.");
            }

            if (_count + 1 == _types.Length)
            {
                byte[] types = new byte[_types.Length + 4];
                System.Array.Copy(_types, types, _count);
                _types = types;
            }

            _types[_count] = (byte)type;
            _definition += (_count == 0 ? "" : ",") + field + ":" + (char)type + (type == FieldType.Fixed ? digits.ToString() : "");
            _count++;
            _wireName = null;
            return this;
        }
    }
}

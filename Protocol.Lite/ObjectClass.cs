// What an object is made of: a name and typed fields in order, declared in one statement:
//   new ObjectClass("reading").Time("at").Fixed("temperature", 2).UInt("humidity")

using System;
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

    /// <summary>A class of objects. Complete once its hash or wire name was asked for, or a record of it was begun. [SPEC 6.2]</summary>
    public sealed class ObjectClass
    {
        /// <summary>Most fields of a class.</summary>
        public const int MaxFields = 32;

        /// <summary>Most bytes of a definition.</summary>
        public const int MaxDefinition = 1024;

        private const string TypeCodes = "biufsdtxc";

        private readonly string _name;
        private string _definition; // without the closing bracket
        private byte[] _types = new byte[4]; // a 0 follows the last: codecs find the end without counting
        private int _count;
        private uint _hash;
        private byte[] _wireName;

        /// <summary>Begins a class.</summary>
        /// <param name="name">1 to 32 of A-Z a-z 0-9 _ -; any other is an ArgumentException.</param>
        public ObjectClass(string name)
        {
            if (!Naming.IsClass(name))
            {
                throw new ArgumentException("The name of a class is 1 to 32 of A-Z a-z 0-9 _ - : not \"" + name + "\".");
            }

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
                    Complete();
                }

                return _hash;
            }
        }

        /// <summary>name#hash in UTF-8, as it travels.</summary>
        public byte[] WireName
        {
            get
            {
                if (_wireName == null)
                {
                    Complete();
                }

                return _wireName;
            }
        }

        /// <summary>Adds a bool.</summary>
        public ObjectClass Bool(string field)
        {
            return Field(field, FieldType.Bool, 0);
        }

        /// <summary>Adds a signed integer.</summary>
        public ObjectClass Int(string field)
        {
            return Field(field, FieldType.Int, 0);
        }

        /// <summary>Adds an unsigned integer.</summary>
        public ObjectClass UInt(string field)
        {
            return Field(field, FieldType.UInt, 0);
        }

        /// <summary>Adds a fixed-point number with 0 to 9 digits behind the point.</summary>
        public ObjectClass Fixed(string field, int digits)
        {
            return Field(field, FieldType.Fixed, digits);
        }

        /// <summary>Adds a 32-bit floating-point number.</summary>
        public ObjectClass Float(string field)
        {
            return Field(field, FieldType.Float, 0);
        }

        /// <summary>Adds a 64-bit floating-point number.</summary>
        public ObjectClass Double(string field)
        {
            return Field(field, FieldType.Double, 0);
        }

        /// <summary>Adds a text.</summary>
        public ObjectClass Text(string field)
        {
            return Field(field, FieldType.Text, 0);
        }

        /// <summary>Adds bytes.</summary>
        public ObjectClass Bytes(string field)
        {
            return Field(field, FieldType.Bytes, 0);
        }

        /// <summary>Adds a time in whole seconds.</summary>
        public ObjectClass Time(string field)
        {
            return Field(field, FieldType.Time, 0);
        }

        /// <summary>The types of the fields, then a 0.</summary>
        internal byte[] Types
        {
            get
            {
                if (_wireName == null)
                {
                    Complete(); // a record begun has no place for a field declared later
                }

                return _types;
            }
        }

        /// <summary>The type of a field.</summary>
        public FieldType TypeOf(int field)
        {
            return (FieldType)_types[field];
        }

        /// <summary>
        /// Adds a field of any type. ArgumentException when <see cref="Refuses"/> says so; InvalidOperationException once the
        /// class is in use, as its hash would change.
        /// </summary>
        /// <param name="field">Its name, 1 to 32 of A-Z a-z 0-9 _ -</param>
        /// <param name="type">Its type.</param>
        /// <param name="digits">Of a fixed-point number the digits behind the point, 0 to 9; 0 of all others.</param>
        public ObjectClass Field(string field, FieldType type, int digits)
        {
            string mistake = Refuses(field, type, digits);
            if (mistake != null)
            {
                throw new ArgumentException(mistake);
            }

            if (_wireName != null)
            {
                throw new InvalidOperationException("The class " + _name + " is in use: its fields are declared before.");
            }

            if (_count + 1 == _types.Length)
            {
                byte[] types = new byte[_types.Length + 4];
                Array.Copy(_types, types, _count);
                _types = types;
            }

            _types[_count] = (byte)type;
            _definition += Part(field, type, digits);
            _count++;
            return this;
        }

        /// <summary>Why a field cannot be added, as a sentence; null when it can. Definitions that come from a peer are read by the same rule.</summary>
        public string Refuses(string field, FieldType type, int digits)
        {
            if (!Naming.IsClass(field))
            {
                return "The name of a field is 1 to 32 of A-Z a-z 0-9 _ - : not \"" + field + "\" (class " + _name + ").";
            }

            if (TypeCodes.IndexOf((char)type) < 0)
            {
                return "There is no type " + (int)type + " (field " + field + ").";
            }

            if (digits < 0 || digits > 9 || (digits != 0 && type != FieldType.Fixed))
            {
                return "A fixed-point number has 0 to 9 digits behind the point, others have none: not " + digits + " (field " + field + ").";
            }

            if (Has(field))
            {
                return "The class " + _name + " has a field " + field + " already.";
            }

            if (_count == MaxFields)
            {
                return "A class has at most 32 fields (class " + _name + ").";
            }

            return _definition.Length + Part(field, type, digits).Length + 1 > MaxDefinition
                ? "The definition of a class has at most 1,024 bytes (class " + _name + ", field " + field + ")." : null;
        }

        private void Complete()
        {
            byte[] definition = Encoding.UTF8.GetBytes(Definition);
            _hash = Fnv.Of(definition, 0, definition.Length);
            byte[] wireName = new byte[_name.Length + 5];
            Encoding.UTF8.GetBytes(_name, 0, _name.Length, wireName, 0);
            wireName[_name.Length] = (byte)'#';
            Fnv.WriteTag(_hash, wireName, _name.Length + 1);
            _wireName = wireName;
        }

        // Character by character: what looks for a string asks the PC's culture what is equal.
        private bool Has(string field)
        {
            int at = _name.Length;
            for (int i = 0; i < _count; i++)
            {
                int colon = _definition.IndexOf(':', at);
                if (_definition.Substring(at + 1, colon - at - 1) == field)
                {
                    return true;
                }

                at = _definition.IndexOf(',', colon);
            }

            return false;
        }

        private string Part(string field, FieldType type, int digits)
        {
            return (_count == 0 ? "" : ",") + field + ":" + (char)type + (type == FieldType.Fixed ? digits.ToString() : "");
        }
    }
}

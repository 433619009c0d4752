// A class of objects whose fields have handles: what Record is filled and read by.

using NanoSync.Protocol;

namespace NanoSync.App
{
    /// <summary>
    /// Declares a class, a field a call. Each call returns the field's handle, for <see cref="Record"/>. A name that cannot be
    /// is an ArgumentException, a field declared once a record was made an InvalidOperationException. [SPEC 6.1, 6.2]
    /// </summary>
    public sealed class RecordClass
    {
        private static int s_made;

        internal readonly ObjectClass Class;
        internal readonly int First; // handle of field 0: a handle of another class is told apart

        /// <summary>Begins a class.</summary>
        /// <param name="name">1 to 32 of A-Z a-z 0-9 _ -</param>
        public RecordClass(string name)
        {
            Class = new ObjectClass(name);
            First = ++s_made * ObjectClass.MaxFields;
        }

        /// <summary>Adds a bool.</summary>
        public int Bool(string field)
        {
            return Add(field, FieldType.Bool, 0);
        }

        /// <summary>Adds a signed integer of 64 bits.</summary>
        public int Int(string field)
        {
            return Add(field, FieldType.Int, 0);
        }

        /// <summary>Adds an unsigned integer of 64 bits.</summary>
        public int UInt(string field)
        {
            return Add(field, FieldType.UInt, 0);
        }

        /// <summary>Adds a fixed-point number with 0 to 9 digits behind the point; its values are counted in its smallest step.</summary>
        public int Fixed(string field, int digits)
        {
            return Add(field, FieldType.Fixed, digits);
        }

        /// <summary>Adds a 32-bit floating-point number.</summary>
        public int Float(string field)
        {
            return Add(field, FieldType.Float, 0);
        }

        /// <summary>Adds a 64-bit floating-point number.</summary>
        public int Double(string field)
        {
            return Add(field, FieldType.Double, 0);
        }

        /// <summary>Adds a text.</summary>
        public int Text(string field)
        {
            return Add(field, FieldType.Text, 0);
        }

        /// <summary>Adds bytes.</summary>
        public int Bytes(string field)
        {
            return Add(field, FieldType.Bytes, 0);
        }

        /// <summary>Adds a time in whole seconds since 1970-01-01 UTC.</summary>
        public int Time(string field)
        {
            return Add(field, FieldType.Time, 0);
        }

        private int Add(string field, FieldType type, int digits)
        {
            Class.Field(field, type, digits);
            return First + Class.Count - 1;
        }
    }
}

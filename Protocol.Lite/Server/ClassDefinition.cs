// A class as a server sees it: read from its definition, with fields that have names. A device declares its classes and
// counts their fields; it carries none of this.

using System.Text;

namespace NanoSync.Protocol
{
    /// <summary>Reads definitions, and finds their fields by name. [SPEC 6.2]</summary>
    public static class ClassDefinition
    {
        /// <summary>Reads a definition. Null when it is none.</summary>
        public static ObjectClass Parse(byte[] definition, int offset, int count)
        {
            if (count < 3 || count > ObjectClass.MaxDefinition)
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
            if (open < 1 || text.IndexOf(')') != count - 1 || !Naming.IsClass(text.Substring(0, open)))
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
                if (colon < 0 || colon + 2 > stop
                    || !AddField(made, text.Substring(at, colon - at), text.Substring(colon + 1, stop - colon - 1)))
                {
                    return null;
                }

                at = stop + 1;
            }

            // "a(b:i,)" would come out otherwise than it went in
            return made.Definition == text ? made : null;
        }

        /// <summary>The name of a field.</summary>
        public static string FieldName(this ObjectClass type, int field)
        {
            string definition = type.Definition;
            int start = StartOf(type, field, definition);
            return definition.Substring(start, definition.IndexOf(':', start) - start);
        }

        /// <summary>The number of the field of this name; -1 when there is none.</summary>
        public static int FindField(this ObjectClass type, string name)
        {
            for (int i = 0; i < type.Count; i++)
            {
                if (FieldName(type, i) == name)
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>Digits behind the point of a fixed-point field; 0 of all other types.</summary>
        public static int DigitsOf(this ObjectClass type, int field)
        {
            if (type.TypeOf(field) != FieldType.Fixed)
            {
                return 0;
            }

            string definition = type.Definition;
            return definition[definition.IndexOf(':', StartOf(type, field, definition)) + 2] - '0';
        }

        private static int StartOf(ObjectClass type, int field, string definition)
        {
            int start = type.Name.Length + 1;
            for (; field > 0; field--)
            {
                start = definition.IndexOf(',', start) + 1;
            }

            return start;
        }

        // code: the type's letter, and for a fixed-point number its digits
        private static bool AddField(ObjectClass made, string name, string code)
        {
            FieldType type = (FieldType)code[0];
            bool isFixed = type == FieldType.Fixed;
            if (code.Length != (isFixed ? 2 : 1))
            {
                return false;
            }

            int digits = isFixed ? code[1] - '0' : 0;
            if (made.Refuses(name, type, digits) != null)
            {
                return false;
            }

            made.Field(name, type, digits);
            return true;
        }
    }
}

namespace NanoSync.Storage
{
    /// <summary>
    /// Numbers and names of the store's files [SPEC 9.1]. A number holds kind (4 bits), collection (4 bits) and a running
    /// number (24 bits), so that sorting the numbers sorts the files of a chain by age. The name is a letter for the kind
    /// and seven hexadecimal digits: "m0000001.ns".
    /// </summary>
    public static class StoreFile
    {
        /// <summary>A segment of the main log.</summary>
        public const int Main = 1;

        /// <summary>A segment of an outbox.</summary>
        public const int Outbox = 2;

        /// <summary>One large payload.</summary>
        public const int Large = 3;

        /// <summary>Bytes kept aside, given up when the volume is full.</summary>
        public const int Spare = 4;

        /// <summary>The application's diary. The store leaves it alone. [SPEC 7.3]</summary>
        public const int Diary = 5;

        private const string Letters = "?mobsd???01"; // 9 and 10: tails [SPEC 9.10]
        private const string Digits = "0123456789abcdef";

        /// <summary>Length of every name.</summary>
        public const int NameLength = 11;

        /// <summary>Makes the number of a file.</summary>
        public static uint Make(int kind, int collection, uint number)
        {
            return ((uint)kind << 28) | ((uint)collection << 24) | (number & 0xFFFFFF);
        }

        /// <summary>The kind: <see cref="Main"/>, <see cref="Outbox"/>, <see cref="Large"/>, <see cref="Spare"/> or <see cref="Diary"/>; 9 and 10 are tails of the first two [SPEC 9.10].</summary>
        public static int Kind(uint file)
        {
            return (int)(file >> 28);
        }

        /// <summary>The collection of an outbox segment.</summary>
        public static int Collection(uint file)
        {
            return (int)(file >> 24) & 0xF;
        }

        /// <summary>The running number.</summary>
        public static uint Number(uint file)
        {
            return file & 0xFFFFFF;
        }

        /// <summary>The file's name.</summary>
        public static string Name(uint file)
        {
            char[] name = new char[NameLength];
            int kind = Kind(file);
            name[0] = kind < Letters.Length ? Letters[kind] : '?';
            for (int i = 0; i < 7; i++)
            {
                name[7 - i] = Digits[(int)(file >> (4 * i)) & 0xF];
            }
            name[8] = '.';
            name[9] = 'n';
            name[10] = 's';
            return new string(name);
        }

        /// <summary>The number for a name; 0 when it is not the name of a file of the store.</summary>
        /// <param name="path">A name, or a path that ends in one.</param>
        public static uint Parse(string path)
        {
            int start = path.Length - NameLength;
            if (start < 0 || path.Substring(path.Length - 3) != ".ns")
            {
                return 0;
            }
            if (start > 0 && path[start - 1] != '/' && path[start - 1] != '\\')
            {
                return 0;
            }
            int kind = Letters.IndexOf(path[start]);
            if (kind <= 0)
            {
                return 0;
            }
            uint file = (uint)kind;
            for (int i = 1; i <= 7; i++)
            {
                int digit = Digits.IndexOf(path[start + i]);
                if (digit < 0)
                {
                    return 0;
                }
                file = (file << 4) | (uint)digit;
            }
            return file;
        }
    }
}

// FNV-1a, 32 bit: one xor and one product a byte, no table. It tells requests and classes apart; it protects nothing.

namespace NanoSync.Protocol
{
    /// <summary>The check sum of keys and classes. [SPEC 5.3, 6.2]</summary>
    public static class Fnv
    {
        /// <summary>The check sum of no bytes.</summary>
        public const uint Start = 2166136261;

        private const uint Prime = 16777619;
        private const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        /// <summary>Goes on over more bytes.</summary>
        public static uint Add(uint hash, byte[] bytes, int offset, int count)
        {
            // eight at a time: half the instructions a byte, on a board that interprets each of them
            int end = offset + count;
            for (; offset + 8 <= end; offset += 8)
            {
                hash = (((((((((((((((hash
                    ^ bytes[offset]) * Prime)
                    ^ bytes[offset + 1]) * Prime)
                    ^ bytes[offset + 2]) * Prime)
                    ^ bytes[offset + 3]) * Prime)
                    ^ bytes[offset + 4]) * Prime)
                    ^ bytes[offset + 5]) * Prime)
                    ^ bytes[offset + 6]) * Prime)
                    ^ bytes[offset + 7]) * Prime;
            }

            for (; offset < end; offset++)
            {
                hash = (hash ^ bytes[offset]) * Prime;
            }

            return hash;
        }

        /// <summary>The check sum of these bytes.</summary>
        public static uint Of(byte[] bytes, int offset, int count)
        {
            return Add(Start, bytes, offset, count);
        }

        /// <summary>Writes the low 24 bits as 4 characters.</summary>
        public static void WriteTag(uint hash, byte[] buffer, int offset)
        {
            for (int shift = 18; shift >= 0; shift -= 6)
            {
                buffer[offset++] = (byte)Digits[(int)(hash >> shift) & 63];
            }
        }

        /// <summary>True when the 4 bytes at <paramref name="offset"/> are the tag of this check sum.</summary>
        public static bool HasTag(uint hash, byte[] buffer, int offset)
        {
            for (int shift = 18; shift >= 0; shift -= 6)
            {
                if (buffer[offset++] != (byte)Digits[(int)(hash >> shift) & 63])
                {
                    return false;
                }
            }

            return true;
        }
    }
}

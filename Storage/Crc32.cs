namespace NanoSync.Storage
{
    /// <summary>
    /// CRC32 (IEEE 802.3, reflected, as in zip and PNG), whole or running. One table of 256 words: 1 KB of heap once.
    /// A table of 16 would save 960 bytes and double the instructions per byte, and mounting is mostly this loop.
    /// </summary>
    public static class Crc32
    {
        /// <summary>The running value before the first byte.</summary>
        public const uint Start = 0xFFFFFFFF;

        private static readonly uint[] s_table = MakeTable();

        /// <summary>Takes in bytes.</summary>
        /// <param name="running"><see cref="Start"/>, or what the call before returned.</param>
        /// <param name="buffer">Holds the bytes.</param>
        /// <param name="offset">Where they begin.</param>
        /// <param name="count">How many.</param>
        /// <returns>The running value; <see cref="Finish"/> makes the CRC32 of it.</returns>
        public static uint Update(uint running, byte[] buffer, int offset, int count)
        {
            uint[] table = s_table;
            int end = offset + count;
            int i = offset;
            while (i + 4 <= end) // four a turn: a fifth fewer instructions than one
            {
                running = table[(running ^ buffer[i]) & 0xFF] ^ (running >> 8);
                running = table[(running ^ buffer[i + 1]) & 0xFF] ^ (running >> 8);
                running = table[(running ^ buffer[i + 2]) & 0xFF] ^ (running >> 8);
                running = table[(running ^ buffer[i + 3]) & 0xFF] ^ (running >> 8);
                i += 4;
            }
            for (; i < end; i++)
            {
                running = table[(running ^ buffer[i]) & 0xFF] ^ (running >> 8);
            }
            return running;
        }

        /// <summary>The CRC32 of the bytes taken in.</summary>
        public static uint Finish(uint running)
        {
            return ~running;
        }

        private static uint[] MakeTable()
        {
            uint[] table = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                uint value = i;
                for (int bit = 0; bit < 8; bit++)
                {
                    value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
                }
                table[i] = value;
            }
            return table;
        }
    }
}

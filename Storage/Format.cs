namespace NanoSync.Storage
{
    /// <summary>The bytes of segments and records [SPEC 9.2, 9.3]: offsets, kinds, and how a number is laid down (low byte first).</summary>
    internal static class Format
    {
        internal const byte Version = 2;
        internal const byte WithTails = 2;      // first version whose segments have tails

        // Segment header
        internal const int HeaderSize = 32;
        internal const int HeaderVersion = 3;
        internal const int HeaderFormatId = 4;
        internal const int HeaderSalt = 8;
        internal const int HeaderFile = 12;
        internal const int HeaderFirst = 16;    // main: next version. outbox: first id
        internal const int HeaderSecond = 20;   // main: next local id. outbox: ids passed over before the first
        internal const int HeaderThird = 24;    // main: next large file
        internal const int HeaderCrc = 28;

        // Record
        internal const int Kind = 0;
        internal const int Collection = 1;
        internal const int Size = 2;
        internal const int Id = 4;
        internal const int Head = 8;
        internal const int Crc = 4;             // bytes of the CRC32 behind every record
        internal const int MinSize = Head + Crc;

        internal const int Reading = 1;
        internal const int Object = 2;
        internal const int Gone = 3;
        internal const int Meta = 4;
        internal const int End = 5;
        internal const int KindMask = 0x0F;
        internal const int ReservedMask = 0x30;
        internal const int LargeFlag = 0x40;
        internal const int LastFlag = 0x80;

        internal const int ReadingTag = 8;
        internal const int ReadingData = 12;

        internal const int ObjectVersion = 8;
        internal const int ObjectTag = 12;
        internal const int ObjectState = 16;
        internal const int ObjectKeyLength = 17;
        internal const int ObjectKey = 18;
        internal const int StateMask = 0x07;
        internal const int DeleteFlag = 0x10;

        internal const int LargeRef = 12;       // file number, length, CRC32
        internal const int MaxKey = 64;
        internal const int MaxReason = 64;
        internal const int MaxMeta = 64;

        // Everything of an object record before an inline payload: 18 + key + 2 status + 1 + reason
        internal const int MaxObjectHead = ObjectKey + MaxKey + 3 + MaxReason;

        internal static uint U32(byte[] buffer, int at)
        {
            return (uint)(buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24));
        }

        internal static int U16(byte[] buffer, int at)
        {
            return buffer[at] | (buffer[at + 1] << 8);
        }

        internal static void Put32(byte[] buffer, int at, uint value)
        {
            buffer[at] = (byte)value;
            buffer[at + 1] = (byte)(value >> 8);
            buffer[at + 2] = (byte)(value >> 16);
            buffer[at + 3] = (byte)(value >> 24);
        }

        internal static void Put16(byte[] buffer, int at, int value)
        {
            buffer[at] = (byte)value;
            buffer[at + 1] = (byte)(value >> 8);
        }

        /// <summary>
        /// What the CRC32 of a record starts from. It depends on store, file and place, so that a payload which happens to
        /// contain the bytes of a record, or a block of another file, never passes for a record here.
        /// </summary>
        internal static uint Seed(uint salt, uint file, int offset)
        {
            return salt ^ (file * 0x9E3779B1) ^ ((uint)offset * 0x85EBCA6B);
        }

        internal static bool BytesEqual(byte[] a, int aOffset, byte[] b, int bOffset, int count)
        {
            int end = aOffset + count;
            for (; aOffset + 8 <= end; aOffset += 8, bOffset += 8) // two calls of the platform for eight turns: half the time
            {
                if (System.BitConverter.ToInt64(a, aOffset) != System.BitConverter.ToInt64(b, bOffset))
                {
                    return false;
                }
            }
            while (aOffset < end)
            {
                if (a[aOffset++] != b[bOffset++])
                {
                    return false;
                }
            }
            return true;
        }

        /// <summary>Writes a segment header.</summary>
        internal static void PutHeader(byte[] buffer, byte[] formatId, uint salt, uint file, uint first, uint second, uint third)
        {
            buffer[0] = (byte)'N';
            buffer[1] = (byte)'S';
            buffer[2] = (byte)'F';
            buffer[HeaderVersion] = Version;
            System.Array.Copy(formatId, 0, buffer, HeaderFormatId, 4);
            Put32(buffer, HeaderSalt, salt);
            Put32(buffer, HeaderFile, file);
            Put32(buffer, HeaderFirst, first);
            Put32(buffer, HeaderSecond, second);
            Put32(buffer, HeaderThird, third);
            Put32(buffer, HeaderCrc, Crc32.Finish(Crc32.Update(Crc32.Start, buffer, 0, HeaderCrc)));
        }

        /// <summary>Whether the bytes are the header of this file; of any version, which the caller looks at.</summary>
        internal static bool IsHeader(byte[] buffer, int at, uint file)
        {
            return buffer[at] == (byte)'N'
                && buffer[at + 1] == (byte)'S'
                && buffer[at + 2] == (byte)'F'
                && U32(buffer, at + HeaderFile) == file
                && U32(buffer, at + HeaderCrc) == Crc32.Finish(Crc32.Update(Crc32.Start, buffer, at, HeaderCrc));
        }
    }
}

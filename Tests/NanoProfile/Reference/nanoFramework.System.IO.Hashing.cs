// nanoFramework.System.IO.Hashing.dll as a board has it: package nanoFramework.System.IO.Hashing.
// Declarations only, see README.md. Nothing may be added that nanoFramework does not have.

using System;

namespace System.IO.Hashing
{
    public class Crc32
    {
        public extern Crc32();
        public extern uint GetCurrentHashAsUInt32();
        public extern void Append(byte a);
        public extern void Append(byte[] a);
        public extern void Append(SpanByte a);
        public extern void Reset();
        public static extern uint HashToUInt32(SpanByte a);
    }
}

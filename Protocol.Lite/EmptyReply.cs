// The empty reply [SPEC 2.3]: nothing for you. It proves that it comes from the server and answers this request, as a box
// on the way may well answer without bytes.

namespace NanoSync.Protocol
{
    /// <summary>The 5 bytes `+` and the 4 characters of the request's check sum. No message begins with `+`.</summary>
    public static class EmptyReply
    {
        /// <summary>Its bytes.</summary>
        public const int Size = 5;

        /// <summary>Its first byte.</summary>
        public const byte Mark = (byte)'+';

        /// <summary>Makes the empty reply to a request of this check sum.</summary>
        public static byte[] To(uint hash)
        {
            byte[] reply = new byte[Size];
            reply[0] = Mark;
            Fnv.WriteTag(hash, reply, 1);
            return reply;
        }

        /// <summary>True when these bytes are the empty reply to a request of this check sum.</summary>
        public static bool Is(uint hash, byte[] bytes, int count)
        {
            return count == Size && bytes[0] == Mark && Fnv.HasTag(hash, bytes, 1);
        }
    }
}

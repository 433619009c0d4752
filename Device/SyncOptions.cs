// What an engine is built with. Every number is a bound of memory or of bytes on the wire, fixed before the first sync.

using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>Sizes and bounds of a <see cref="SyncEngine"/>.</summary>
    public sealed class SyncOptions
    {
        /// <summary>Bytes of each of the two buffers (message out, message in). Default 512. Larger = fewer writes and reads; never changes what is stored.</summary>
        public int BufferBytes = 512;

        /// <summary>Most objects per collection in a message, each way, 1 to 512. Default 20. Larger = fewer rounds, more to repeat after a cut.</summary>
        public int Window = 20;

        /// <summary>
        /// Most bytes of objects and structures that the server may send in a reply. Default 1,024. With what surrounds them
        /// they must fit one batch of the store, half a segment.
        /// </summary>
        public int ReplyBytes = 1024;

        /// <summary>Most bytes of a request, once it has one object. Default 4,096.</summary>
        public int RequestBytes = 4096;

        /// <summary>Largest object that is gathered in memory and shown to the application before it is kept. Default 256.</summary>
        public int ObjectBytes = 256;

        /// <summary>Largest object taken at all. Default 65,536.</summary>
        public int MaxObjectBytes = 65536;

        /// <summary>Refusals of the device waiting to be told to the server, over all collections, half of them of one reply. Default 32; never fewer than two for each collection and two more. 12 bytes of memory each.</summary>
        public int Answers = 32;

        /// <summary>
        /// Consecutive readings of an outbox as series: a quarter of the bytes, for 1 KB of memory and some 1,500 instructions a
        /// reading. Default true: a server that does not take them apart says so, and gets plain Adds. A series has at most
        /// BufferBytes, its readings at most ObjectBytes each. Not used in the text form.
        /// </summary>
        public bool Series = true;

        /// <summary>
        /// Rounds to wait for a reply that comes later (mail, files) before the request is sent anew; each further time twice
        /// as many. Default 8: an hourly device waits a working day at first. 1 to 1,000.
        /// </summary>
        public int ReplyRounds = 8;

        /// <summary>Another encoding of messages than the binary form, such as the text form for debugging; null = the binary form.</summary>
        public MessageWriter Writer;

        /// <summary>Its reader.</summary>
        public MessageReader Reader;
    }
}

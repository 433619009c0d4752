// What an engine is built with. Every number is a bound of memory or of bytes on the wire, fixed before the first sync.

using System;
using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>Sizes and bounds of a <see cref="SyncEngine"/>.</summary>
    public sealed class SyncOptions
    {
        private const int AnswerBytes = 3 + Limits.Text; // a refusal: verb, status, reason
        private const int CommandBytes = 1 + 5 + 65 + 65 + 3 + 65 + 5; // the longest command, `refused` [SPEC 7.1]
        private const int Most = 999999999; // as a message tells numbers [SPEC 2.2]

        /// <summary>Bytes of each of the two buffers (message out, message in), 67 to 1 MB. Default 512. Larger = fewer writes and reads; never changes what is stored.</summary>
        public int BufferBytes = 512;

        /// <summary>Most objects per collection in a message, each way, 1 to 512. Default 20. Larger = fewer rounds, more to repeat after a cut.</summary>
        public int Window = 20;

        /// <summary>
        /// Most bytes of objects and structures that the server may send in a reply, at least 1. Default 1,024. With what surrounds them
        /// they must fit one batch of the store, half a segment.
        /// </summary>
        public int ReplyBytes = 1024;

        /// <summary>Most bytes of a request, once it has one object; at least 1. Default 4,096.</summary>
        public int RequestBytes = 4096;

        /// <summary>Largest object that is gathered in memory and shown to the application before it is kept, at least 209: a command of the server has as many. Default 256.</summary>
        public int ObjectBytes = 256;

        /// <summary>Largest object taken at all, at least ObjectBytes. Default 65,536.</summary>
        public int MaxObjectBytes = 65536;

        /// <summary>Refusals of the device waiting to be told to the server, over all collections, half of them of one reply. Default 32; never fewer than two for each collection and two more, at most 50,000. 12 bytes of memory each.</summary>
        public int Answers = 32;

        /// <summary>
        /// Consecutive readings of an outbox as series: a quarter of the bytes, for 1 KB of memory and some 800 instructions a
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

        /// <summary>
        /// Looks at each option; the engine does when it is made. Below these bounds it would come to a message that it can
        /// neither read nor write, and repeat it for ever.
        /// </summary>
        /// <exception cref="ArgumentException">An option is out of its bounds, or one of Writer and Reader is missing; it says which.</exception>
        public void Check()
        {
            Check("BufferBytes", BufferBytes, AnswerBytes, 1 << 20);
            Check("Window", Window, 1, Limits.Window);
            Check("ReplyBytes", ReplyBytes, 1, Most);
            Check("RequestBytes", RequestBytes, 1, Most);
            Check("ObjectBytes", ObjectBytes, CommandBytes, Most);
            Check("MaxObjectBytes", MaxObjectBytes, ObjectBytes, Most);
            Check("Answers", Answers, 0, 50000);
            Check("ReplyRounds", ReplyRounds, 1, 1000);
            if ((Writer == null) != (Reader == null))
            {
                throw new ArgumentException("Writer, Reader: both or none");
            }
        }

        private static void Check(string option, int value, int least, int most)
        {
            if (value < least || value > most)
            {
                throw new ArgumentException(option + ": " + least.ToString() + " to " + most.ToString() + ", not " + value.ToString());
            }
        }
    }
}

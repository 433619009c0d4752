// WBXML 1.3 as this protocol uses it; the counterpart of WbxmlReader. [SPEC 3]

using System;

namespace NanoSync.Protocol
{
    /// <summary>Writes the binary form. See <see cref="MessageWriter"/>.</summary>
    public sealed class WbxmlWriter : MessageWriter
    {
        /// <summary>Media type of the binary form.</summary>
        public const string MediaType = "application/vnd.nanosync+wbxml";

        /// <summary>Makes a writer with a buffer of <paramref name="size"/> bytes, 64 or more. Larger = fewer writes to the sink.</summary>
        public WbxmlWriter(int size)
            : base(size)
        {
        }

        /// <inheritdoc/>
        public override string ContentType
        {
            get { return MediaType; }
        }

        /// <inheritdoc/>
        protected override void WriteHeader()
        {
            _buffer[0] = 0x03; // WBXML 1.3
            _buffer[1] = 0x01; // public id unknown
            _buffer[2] = 0x6A; // UTF-8
            _buffer[3] = 0x00; // no string table
            _count = 4;
        }

        /// <inheritdoc/>
        protected override void WriteOpen(byte tag)
        {
            Put((byte)(tag | WbxmlReader.Content));
        }

        /// <inheritdoc/>
        protected override void WriteClose(byte tag)
        {
            Put(WbxmlReader.EndToken);
        }

        /// <inheritdoc/>
        protected override void WriteEmpty(byte tag)
        {
            Put(tag);
        }

        /// <inheritdoc/>
        protected override void WriteValue(byte tag, byte[] text, int offset, int count)
        {
            Room(2);
            _buffer[_count++] = (byte)(tag | WbxmlReader.Content);
            _buffer[_count++] = WbxmlReader.StrI;
            Put(text, offset, count);
            Room(2);
            _buffer[_count++] = 0;
            _buffer[_count++] = WbxmlReader.EndToken;
        }

        /// <inheritdoc/>
        protected override void WriteNumber(byte tag, int value)
        {
            Room(14); // 2 + 10 digits + 2
            _buffer[_count++] = (byte)(tag | WbxmlReader.Content);
            _buffer[_count++] = WbxmlReader.StrI;
            PutDigits(value);
            _buffer[_count++] = 0;
            _buffer[_count++] = WbxmlReader.EndToken;
        }

        /// <inheritdoc/>
        protected override void WriteDataStart(int length)
        {
            Room(7); // tag + OPAQUE + at most 5 of mb_uint32
            byte[] buffer = _buffer;
            int at = _count;
            buffer[at] = Tags.ApplicationData | WbxmlReader.Content;
            buffer[at + 1] = WbxmlReader.Opaque;
            at += 2;
            if (length >= 0x80)
            {
                int shift = 7;
                while (length >> shift >= 0x80)
                {
                    shift += 7;
                }

                for (; shift > 0; shift -= 7)
                {
                    buffer[at++] = (byte)((length >> shift) | 0x80);
                }
            }

            buffer[at] = (byte)(length & 0x7F);
            _count = at + 1;
            if (_countsOnly)
            {
                Skip(length);
            }
        }

        /// <inheritdoc/>
        protected override void WriteData(byte[] bytes, int offset, int count)
        {
            Put(bytes, offset, count);
        }

        /// <inheritdoc/>
        protected override void WriteDataEnd()
        {
            Put(WbxmlReader.EndToken);
        }

        /// <inheritdoc/>
        protected override bool WriteShort(byte[] bytes, int offset, int count)
        {
            byte[] buffer = _buffer;
            int at = _count;
            if (count >= 0x80 || _countsOnly || at + count + 4 > buffer.Length)
            {
                return false;
            }

            buffer[at] = Tags.ApplicationData | WbxmlReader.Content;
            buffer[at + 1] = WbxmlReader.Opaque;
            buffer[at + 2] = (byte)count;
            at += 3;
            Array.Copy(bytes, offset, buffer, at, count);
            at += count;
            buffer[at] = WbxmlReader.EndToken;
            _count = at + 1;
            return true;
        }

        private void Put(byte token)
        {
            int at = _count;
            if (at == _buffer.Length)
            {
                Flush();
                at = 0;
            }

            _buffer[at] = token;
            _count = at + 1;
        }
    }
}

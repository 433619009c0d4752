// The text form: XML in namespace AirSync:, the same elements, ApplicationData in base64. [SPEC 4]

namespace NanoSync.Protocol
{
    /// <summary>Writes the text form. See <see cref="MessageWriter"/>.</summary>
    public sealed class XmlWriter : MessageWriter
    {
        /// <summary>Media type of the text form.</summary>
        public const string MediaType = "application/vnd.nanosync+xml";

        internal const string Namespace = "AirSync:";
        private const string Base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        private static readonly byte[] s_base64 = Ascii(Base64Digits);

        private bool _root; // the next element is the root
        private int _bits; // base64: bytes of the current group
        private int _bitBytes; // how many, 0-2

        /// <summary>Makes a writer with a buffer of <paramref name="size"/> bytes, 64 or more. Larger = fewer writes to the sink.</summary>
        public XmlWriter(int size)
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
            PutAscii("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
            _root = true;
        }

        /// <inheritdoc/>
        protected override void WriteOpen(byte tag)
        {
            PutTag("<", tag, _root ? " xmlns=\"" + Namespace + "\">" : ">");
            _root = false;
        }

        /// <inheritdoc/>
        protected override void WriteClose(byte tag)
        {
            PutTag("</", tag, ">");
        }

        /// <inheritdoc/>
        protected override void WriteEmpty(byte tag)
        {
            PutTag("<", tag, _root ? " xmlns=\"" + Namespace + "\"/>" : "/>");
            _root = false;
        }

        /// <inheritdoc/>
        protected override void WriteValue(byte tag, byte[] text, int offset, int count)
        {
            PutTag("<", tag, ">");
            for (int i = 0; i < count; i++)
            {
                byte c = text[offset + i];
                if (c == '&')
                {
                    PutAscii("&amp;");
                }
                else if (c == '<')
                {
                    PutAscii("&lt;");
                }
                else if (c == '>')
                {
                    PutAscii("&gt;");
                }
                else
                {
                    Room(1);
                    _buffer[_count++] = c;
                }
            }

            PutTag("</", tag, ">");
        }

        /// <inheritdoc/>
        protected override void WriteNumber(byte tag, int value)
        {
            PutTag("<", tag, ">");
            Room(10);
            PutDigits(value);
            PutTag("</", tag, ">");
        }

        /// <inheritdoc/>
        protected override void WriteDataStart(int length)
        {
            PutTag("<", Tags.ApplicationData, ">");
            _bitBytes = 0;
            if (_countsOnly)
            {
                Skip((length + 2) / 3 * 4);
            }
        }

        /// <inheritdoc/>
        protected override void WriteData(byte[] bytes, int offset, int count)
        {
            for (int end = offset + count; offset < end; offset++)
            {
                _bits = (_bits << 8) | bytes[offset];
                if (++_bitBytes == 3)
                {
                    PutGroup(4);
                }
            }
        }

        /// <inheritdoc/>
        protected override void WriteDataEnd()
        {
            if (_bitBytes != 0 && !_countsOnly)
            {
                int digits = _bitBytes + 1;
                _bits <<= 8 * (3 - _bitBytes);
                PutGroup(digits);
            }

            PutTag("</", Tags.ApplicationData, ">");
        }

        private static byte[] Ascii(string text)
        {
            byte[] bytes = new byte[text.Length];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)text[i];
            }

            return bytes;
        }

        private void PutGroup(int digits)
        {
            Room(4);
            _buffer[_count++] = s_base64[(_bits >> 18) & 63];
            _buffer[_count++] = s_base64[(_bits >> 12) & 63];
            _buffer[_count++] = digits > 2 ? s_base64[(_bits >> 6) & 63] : (byte)'=';
            _buffer[_count++] = digits > 3 ? s_base64[_bits & 63] : (byte)'=';
            _bits = 0;
            _bitBytes = 0;
        }

        private void PutTag(string before, byte tag, string after)
        {
            PutAscii(before);
            PutAscii(TagNames.Of(tag));
            PutAscii(after);
        }

        private void PutAscii(string text)
        {
            for (int i = 0; i < text.Length; i++)
            {
                Room(1);
                _buffer[_count++] = (byte)text[i];
            }
        }
    }
}

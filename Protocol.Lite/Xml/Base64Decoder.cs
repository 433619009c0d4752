// ApplicationData as text: base64, decoded as it comes. The text form has it, and the binary form may (SPEC 3.4).

namespace NanoSync.Protocol
{
    /// <summary>Decodes the base64 of one ApplicationData after another into slices of at most 48 bytes.</summary>
    public sealed class Base64Decoder
    {
        private const int Size = 48; // 16 groups

        private readonly byte[] _bytes = new byte[Size];
        private int _bits; // the last bits are those not yet given out, up to 18
        private int _group; // characters of the current group, 0-3; +8 after the first '='
        private int _total;

        /// <summary>None, BadBase64 or DataTooLong: what the last call found.</summary>
        public SyncError Error;

        /// <summary>True when the open ApplicationData has base64.</summary>
        public bool Begun
        {
            get { return _total > 0 || _group != 0; }
        }

        /// <summary>Forgets what was begun.</summary>
        public void Reset()
        {
            _group = 0;
            _total = 0;
        }

        /// <summary>
        /// Decodes up to <paramref name="stop"/>, the terminator's offset or the end of the input, or until a slice is full.
        /// White space is skipped. The slice goes to the reader's Data; DataCount is 0 when there is none yet.
        /// </summary>
        /// <returns>Where the next byte to decode is.</returns>
        public int Decode(MessageReader reader, byte[] input, int pos, int stop)
        {
            int made = 0;
            Error = SyncError.None;
            while (pos < stop && made <= Size - 3 && Error == SyncError.None)
            {
                made = DecodeDigit(input[pos++], made);
            }

            _total += made;
            if (reader.MaxData != 0 && (_total < 0 || _total > reader.MaxData) && Error == SyncError.None)
            {
                Error = SyncError.DataTooLong;
            }

            reader.Data = _bytes;
            reader.DataOffset = 0;
            reader.DataCount = made;
            return pos;
        }

        /// <summary>Ends one ApplicationData; false when its last group was cut: "YQ" without its "==".</summary>
        public bool End()
        {
            bool whole = (_group & 3) == 0;
            Reset();
            return whole;
        }

        private int DecodeDigit(byte c, int made)
        {
            int value = ValueOf(c);
            if (value >= 0 && _group < 4)
            {
                _bits = (_bits << 6) | value;
                if (++_group == 4)
                {
                    _group = 0;
                    _bytes[made++] = (byte)(_bits >> 16);
                    _bytes[made++] = (byte)(_bits >> 8);
                    _bytes[made++] = (byte)_bits;
                }
            }
            else if (c == '=' && _group == 2)
            {
                _bytes[made++] = (byte)(_bits >> 4); // 2 characters are 1 byte
                _group = 8 + 3;
            }
            else if (c == '=' && _group == 3)
            {
                _bytes[made++] = (byte)(_bits >> 10); // 3 characters are 2 bytes
                _bytes[made++] = (byte)(_bits >> 2);
                _group = 8 + 4;
            }
            else if (c == '=' && _group == 8 + 3)
            {
                _group = 8 + 4; // closed: only white space may follow
            }
            else if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            {
                Error = SyncError.BadBase64;
            }

            return made;
        }

        private static int ValueOf(byte c)
        {
            if (c >= 'A' && c <= 'Z')
            {
                return c - 'A';
            }

            if (c >= 'a' && c <= 'z')
            {
                return c - 'a' + 26;
            }

            if (c >= '0' && c <= '9')
            {
                return c - '0' + 52;
            }

            return c == '+' ? 62 : c == '/' ? 63 : -1;
        }
    }
}

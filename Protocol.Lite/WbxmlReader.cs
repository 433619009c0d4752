// WBXML 1.3 as this protocol uses it: code page 0, tags without attributes, END, STR_I, OPAQUE. [SPEC 3]

namespace NanoSync.Protocol
{
    /// <summary>
    /// Reads the binary form, ApplicationData in OPAQUE alone: the form that a server answers in. See <see cref="MessageReader"/>
    /// for the contract.
    /// </summary>
    public class WbxmlReader : MessageReader
    {
        internal const byte SwitchPage = 0x00;
        internal const byte EndToken = 0x01;
        internal const byte StrI = 0x03;
        internal const byte Opaque = 0xC3;
        internal const byte Content = 0x40; // tag bit: content and END follow

        // states; 0-3 are the bytes of the header
        private const int Body = 4;
        private const int Page = 5; // after SWITCH_PAGE
        private const int InText = 6; // inside STR_I of a value
        private const int TextData = 7; // inside STR_I of ApplicationData
        private const int Length = 8; // mb_uint32 of OPAQUE
        private const int Bytes = 9; // inside OPAQUE
        private const int EmptyEnd = 10; // after an element without content: its end is the next item

        private int _state;
        private int _left; // OPAQUE: length read so far, then bytes to come

        /// <summary>Makes a reader with its buffers.</summary>
        public WbxmlReader()
        {
            Reset();
        }

        /// <inheritdoc/>
        public override void Reset()
        {
            base.Reset();
            _state = 0;
            _left = 0;
        }

        /// <inheritdoc/>
        public override Item Read()
        {
            // most items begin and end with a token
            if (_state == Body && _pos < _end)
            {
                Item item = ReadToken();
                if (item != Item.NeedMore)
                {
                    return item;
                }
            }

            return ReadOn();
        }

        private Item ReadOn()
        {
            if (Error != SyncError.None)
            {
                return Item.Error;
            }

            if (_state == EmptyEnd)
            {
                _state = Body;
                return Shut();
            }

            while (_pos < _end)
            {
                Item item;
                int state = _state;
                if (state == Body)
                {
                    item = ReadToken();
                }
                else if (state == Bytes)
                {
                    item = ReadBytes();
                }
                else if (state == Length)
                {
                    item = ReadLength(_input[_pos++]);
                }
                else if (state == InText)
                {
                    item = ReadText();
                }
                else if (state == TextData)
                {
                    item = ReadTextData();
                }
                else if (state == Page)
                {
                    // only page 0 exists here
                    item = _input[_pos++] == 0 ? Item.NeedMore : Fail(SyncError.TokenNotAllowed);
                    _state = Body;
                }
                else
                {
                    item = ReadHeader(_input[_pos++]);
                }

                if (item != Item.NeedMore)
                {
                    return item;
                }
            }

            return AtEnd() ? Item.EndOfMessage : Item.NeedMore;
        }

        private Item ReadHeader(byte b)
        {
            // version 1.3, unknown public id, UTF-8, no string table
            int expected = _state == 0 ? 0x03 : _state == 1 ? 0x01 : _state == 2 ? 0x6A : 0x00;
            if (b != expected)
            {
                return Fail(SyncError.BadHeader);
            }

            _state++;
            return Item.NeedMore;
        }

        private Item ReadToken()
        {
            int pos = _pos;
            byte b = _input[pos];
            _pos = pos + 1;
            if (b == EndToken)
            {
                return _depth == 0 ? Fail(AtEnd() ? SyncError.TrailingBytes : SyncError.TokenNotAllowed) : Shut();
            }

            if (b < 0x80 && (b & 0x3F) >= 5)
            {
                if (_depth == 0 && AtEnd())
                {
                    return Fail(SyncError.TrailingBytes);
                }

                SyncError error = _scope >= Scopes.Value ? SyncError.NotInGrammar : Open(b & 0x3F);
                if (error != SyncError.None)
                {
                    return Fail(error);
                }

                if (_scope >= Scopes.Value)
                {
                    return b < Content ? Shut() : _scope == Scopes.Data ? ReadShortData() : Item.NeedMore;
                }

                if (b < Content)
                {
                    _state = EmptyEnd;
                }

                return Item.Start;
            }

            if (b == Opaque || b == StrI)
            {
                if (_scope == Scopes.Data && DataLength == -1)
                {
                    // one STR_I or one OPAQUE, so that a length given is the length of all; -2 = text, not known before its end
                    _state = b == StrI ? TextData : Length;
                    DataLength = -2;
                }
                else if (_scope == Scopes.Value)
                {
                    _state = b == StrI ? InText : Length;
                }
                else
                {
                    return Fail(SyncError.BadText);
                }

                _left = 0;
                return Item.NeedMore;
            }

            if (b == SwitchPage)
            {
                _state = Page;
                return Item.NeedMore;
            }

            return Fail(SyncError.TokenNotAllowed);
        }

        // Most ApplicationData is an OPAQUE of less than 128 bytes whose head lies in one feed: three steps in one.
        private Item ReadShortData()
        {
            byte[] input = _input;
            int pos = _pos;
            if (pos + 2 >= _end || input[pos] != Opaque)
            {
                return Item.NeedMore;
            }

            int length = input[pos + 1];
            if (length == 0 || length >= 0x80)
            {
                return Item.NeedMore;
            }

            _pos = pos + 2;
            _left = length;
            _state = Bytes;
            DataLength = length;
            return MaxData == 0 || length <= MaxData ? ReadBytes() : Fail(SyncError.DataTooLong);
        }

        private Item ReadText()
        {
            // ids are short: looking at each byte once is the least work
            byte[] input = _input;
            int from = _pos;
            int pos = from;
            int end = _end;
            int all = 0;
            byte b;
            while (pos < end && (b = input[pos]) >= 0x20)
            {
                all |= b;
                pos++;
            }

            _pos = pos;
            _wide |= all >= 0x80;
            if (!AddText(from, pos - from))
            {
                return Fail(SyncError.TextTooLong);
            }

            if (_pos < _end)
            {
                if (_input[_pos++] != 0)
                {
                    return Fail(SyncError.BadText);
                }

                _state = Body;
            }

            return Item.NeedMore;
        }

        private Item ReadLength(byte b)
        {
            if (_left > 0x00FFFFFF)
            {
                return Fail(SyncError.BadLength); // 24 bits read and 7 more would pass 31
            }

            _left = (_left << 7) | (b & 0x7F);
            if (b >= 0x80)
            {
                return Item.NeedMore;
            }

            _state = _left == 0 ? Body : Bytes;
            if (_scope == Scopes.Value)
            {
                return TextLength + _left > Limits.Text ? Fail(SyncError.TextTooLong) : Item.NeedMore;
            }

            DataLength = _left;
            return MaxData == 0 || _left <= MaxData ? Item.NeedMore : Fail(SyncError.DataTooLong);
        }

        private Item ReadBytes()
        {
            int from = _pos;
            int count = _end - from;
            if (count >= _left)
            {
                count = _left;
                _state = Body;
            }

            _left -= count;
            _pos = from + count;
            if (_scope == Scopes.Data)
            {
                Data = _input;
                DataOffset = from;
                DataCount = count;
                return Item.Data;
            }

            AddText(from, count); // fits: ReadLength saw to it
            _wide = true; // no writer of ours makes such values
            for (int i = from; i < _pos; i++)
            {
                if (_input[i] < 0x20)
                {
                    return Fail(SyncError.BadText, Position - _pos + i);
                }
            }

            return Item.NeedMore;
        }

        /// <summary>Reads on in an STR_I of ApplicationData, its closing NUL included.</summary>
        protected virtual Item ReadTextData()
        {
            return Fail(SyncError.BadText);
        }

        /// <summary>Takes the NUL that closes such an STR_I.</summary>
        protected void EndText()
        {
            _pos++;
            _state = Body;
        }
    }
}

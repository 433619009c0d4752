// WBXML 1.3 as this protocol uses it: code page 0, tags without attributes, END, STR_I, OPAQUE. [SPEC 3]

namespace NanoSync.Protocol
{
    /// <summary>Reads the binary form. See <see cref="MessageReader"/> for the contract.</summary>
    public sealed class WbxmlReader : MessageReader
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
        private const int Base64 = 7; // inside STR_I of ApplicationData
        private const int Length = 8; // mb_uint32 of OPAQUE
        private const int Bytes = 9; // inside OPAQUE

        private int _state;
        private int _left; // OPAQUE: length read so far, then bytes to come
        private bool _pendingEnd; // an empty element: its end is the next item

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
            _pendingEnd = false;
        }

        /// <inheritdoc/>
        public override Item Read()
        {
            if (Error != SyncError.None)
            {
                return Item.Error;
            }

            if (_pendingEnd)
            {
                _pendingEnd = false;
                return Shut();
            }

            while (_pos < _end)
            {
                Item item;
                switch (_state)
                {
                    case Body:
                        byte b = _input[_pos++];
                        item = b == EndToken && _depth > 0 ? Shut() : ReadToken(b);
                        break;
                    case InText:
                        item = ReadText();
                        break;
                    case Bytes:
                        item = ReadBytes();
                        break;
                    case Length:
                        item = ReadLength(_input[_pos++]);
                        break;
                    case Base64:
                        item = ReadBase64();
                        break;
                    case Page:
                        // only page 0 exists here
                        item = _input[_pos++] == 0 ? Item.NeedMore : Fail(SyncError.TokenNotAllowed);
                        _state = Body;
                        break;
                    default:
                        item = ReadHeader(_input[_pos++]);
                        break;
                }

                if (item != Item.NeedMore)
                {
                    return item;
                }
            }

            return AtEnd() && !_pendingEnd ? Item.EndOfMessage : Item.NeedMore;
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

        private Item ReadToken(byte b)
        {
            if (b == EndToken)
            {
                return Fail(AtEnd() ? SyncError.TrailingBytes : SyncError.TokenNotAllowed); // Read closes what is open
            }

            if (b == StrI || b == Opaque)
            {
                if (_scope == Scopes.Value)
                {
                    _state = b == StrI ? InText : Length;
                }
                else if (_scope == Scopes.Data && DataLength == -1)
                {
                    // one STR_I or one OPAQUE, so that a length given is the length of all; -2 = text, not known before its end
                    _state = b == StrI ? Base64 : Length;
                    DataLength = -2;
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

            if (b >= 0x80 || (b & 0x3F) < 5)
            {
                return Fail(SyncError.TokenNotAllowed);
            }

            if (_depth == 0 && AtEnd())
            {
                return Fail(SyncError.TrailingBytes);
            }

            SyncError error = _scope >= Scopes.Value ? SyncError.NotInGrammar : Open(b & 0x3F);
            if (error != SyncError.None)
            {
                return Fail(error);
            }

            bool empty = (b & Content) == 0;
            if (_scope >= Scopes.Value)
            {
                return empty ? Shut() : _scope == Scopes.Data && _end - _pos > 2 && _input[_pos] == Opaque ? ReadShort() : Item.NeedMore;
            }

            _pendingEnd = empty;
            return Item.Start;
        }

        // ApplicationData of 1 to 127 bytes that begin in this input, as those of most objects do: straight to the bytes.
        private Item ReadShort()
        {
            int length = _input[_pos + 1];
            if (length == 0 || length >= 0x80 || !CountData(length))
            {
                return Item.NeedMore; // byte by byte, which also finds the fault
            }

            _pos += 2;
            DataLength = length;
            _left = length;
            _state = Bytes;
            return ReadBytes();
        }

        private Item ReadText()
        {
            // ids are short: looking at each byte once is the least work
            int from = _pos;
            while (_pos < _end && _input[_pos] >= 0x20)
            {
                _pos++;
            }

            if (!AddText(from, _pos - from))
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
            return CountData(_left) ? Item.NeedMore : Fail(SyncError.DataTooLong);
        }

        private Item ReadBytes()
        {
            int from = _pos;
            int left = _left;
            int count = _end - from;
            if (count >= left)
            {
                count = left;
                _state = Body;
            }

            _left = left - count;
            _pos = from + count;
            if (_scope == Scopes.Value)
            {
                AddText(from, count); // fits: ReadLength saw to it
                for (int i = from; i < _pos; i++)
                {
                    if (_input[i] < 0x20)
                    {
                        return Fail(SyncError.BadText, Position - _pos + i);
                    }
                }

                return Item.NeedMore;
            }

            Data = _input;
            DataOffset = from;
            DataCount = count;
            return Item.Data;
        }

        private Item ReadBase64()
        {
            int stop = _pos;
            while (stop < _end && _input[stop] != 0)
            {
                stop++;
            }

            Item item = DecodeBase64(stop);
            if (item == Item.NeedMore && _pos < _end)
            {
                _pos++; // the NUL
                _state = Body;
            }

            return item;
        }
    }
}

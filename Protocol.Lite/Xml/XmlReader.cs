// The text form, read by a device: a byte-wise state machine over the XML that this protocol uses. [SPEC 4]
// (The server reads XML with the platform's parser; this one must fit a board.)

namespace NanoSync.Protocol
{
    /// <summary>Reads the text form. See <see cref="MessageReader"/> for the contract.</summary>
    public sealed class XmlReader : MessageReader
    {
        private const int NameSize = 32; // the longest field name; the longest element name is 15

        // Where in the text the next byte stands.
        private const int Content = 0; // between tags
        private const int TagOpen = 1; // after '<'
        private const int StartName = 2;
        private const int EndName = 3;
        private const int InTag = 4; // after the name of a start tag
        private const int AttributeName = 5;
        private const int AttributeEquals = 6; // after '=', before the quote
        private const int AttributeValue = 7;
        private const int EmptyTag = 8; // after '/' in a start tag
        private const int EndSpace = 9; // after the name of an end tag
        private const int AttributeGap = 10; // between the name and '='
        private const int Entity = 11; // after '&'
        private const int Instruction = 12; // inside <? ?>
        private const int Bang = 13; // after "<!"
        private const int Comment = 14;
        private const int DocType = 15;
        private const int CData = 16;

        private static readonly byte[] s_namespace = Ascii(XmlWriter.Namespace);

        private readonly Base64Decoder _base64 = new Base64Decoder();
        private readonly byte[] _name = new byte[NameSize]; // element, attribute or entity name; markup after "<!"
        private int _nameLength;
        private int _state;
        private int _last; // comments, instructions, CDATA: the two bytes before this one
        private byte _quote; // around the value being read, or just read; 0 = none
        private bool _isNamespace; // the attribute being read is xmlns
        private int _matched; // bytes of the namespace that agree; -1 = it differs
        private bool _hasFields; // the open ApplicationData holds fields: no base64
        private bool _field; // inside a field element of ApplicationData
        private byte _pendingEmpty; // 1 = the element just opened is empty: its end is the next item
        private int _bom; // bytes of a byte order mark seen
        private uint _fieldHash; // of the name in the field's start tag, to compare with its end tag

        /// <summary>Makes a reader with its buffers.</summary>
        public XmlReader()
        {
            Reset();
        }

        /// <summary>Bytes of the field's name when the item is <see cref="Item.Field"/>.</summary>
        public override byte[] FieldName
        {
            get { return _name; }
        }

        /// <inheritdoc/>
        public override int FieldNameLength
        {
            get { return _nameLength; }
        }

        /// <inheritdoc/>
        public override void Reset()
        {
            base.Reset();
            _base64.Reset();
            _state = Content;
            _matched = -1;
            _field = false;
            _pendingEmpty = 0;
            _bom = 0;
            _quote = 0;
            _nameLength = 0;
        }

        /// <inheritdoc/>
        public override Item Read()
        {
            if (Error != SyncError.None)
            {
                return Item.Error;
            }

            if (_pendingEmpty != 0)
            {
                _pendingEmpty = 0;
                return Shut();
            }

            while (_pos < _end)
            {
                Item item;
                if (_state == Content && _scope == Scopes.Data && !_field && !_hasFields)
                {
                    item = ReadBase64();
                }
                else
                {
                    byte c = _input[_pos++];
                    item = c < 0x20 && !IsSpace(c) && _state != Content && _state != CData ? Fail(SyncError.BadText) : _state == Content || _state == CData ? ReadContent(c) : _state < Entity ? ReadTag(c) : ReadOther(c);
                }

                if (item != Item.NeedMore)
                {
                    return item;
                }
            }

            return AtEnd() && _state == Content ? Item.EndOfMessage : Item.NeedMore;
        }

        /// <inheritdoc/>
        public override Item Finish()
        {
            // what was begun after the root, a comment say, is whole or no part of the message
            return AtEnd() && _state != Content && Error == SyncError.None ? Fail(SyncError.TrailingBytes) : base.Finish();
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

        private Item ReadBase64()
        {
            int stop = _pos;
            while (stop < _end && _input[stop] != '<')
            {
                stop++;
            }

            _pos = _base64.Decode(this, _input, _pos, stop);
            if (_base64.Error != SyncError.None)
            {
                return Fail(_base64.Error);
            }

            if (DataCount > 0)
            {
                return Item.Data;
            }

            if (_pos < _end)
            {
                _pos++;
                _state = TagOpen;
            }

            return Item.NeedMore;
        }

        /// <inheritdoc/>
        protected override Item EndData()
        {
            return _base64.End() ? Item.DataEnd : Fail(SyncError.BadBase64);
        }

        private Item ReadContent(byte c)
        {
            if (_state == CData)
            {
                // "]]>" ends; the two brackets were taken as text and are taken back
                if (c == '>' && _last == ((']' << 8) | ']'))
                {
                    TextLength -= 2;
                    _state = Content;
                    return Item.NeedMore;
                }

                _last = ((_last << 8) | c) & 0xFFFF;
            }
            else if (c == '<')
            {
                _state = TagOpen;
                return Item.NeedMore;
            }
            else if (c == '&' && _depth > 0)
            {
                _state = Entity;
                _nameLength = 0;
                return Item.NeedMore;
            }

            return ReadTextByte(c);
        }

        private Item ReadTextByte(byte c)
        {
            if (_field || _scope == Scopes.Value)
            {
                if (c < 0x20)
                {
                    return Fail(SyncError.BadText);
                }

                if (c == '>' && _state == Content && TextLength > 1 && Text[TextLength - 1] == ']' && Text[TextLength - 2] == ']')
                {
                    return Fail(SyncError.BadXml); // ]]> outside of a CDATA section
                }

                if (TextLength == Limits.Text)
                {
                    return Fail(SyncError.TextTooLong);
                }

                Text[TextLength++] = c;
                _wide |= c >= 0x80;
                return Item.NeedMore;
            }

            if (IsSpace(c))
            {
                return Item.NeedMore;
            }

            if (_depth == 0)
            {
                // a byte order mark may stand first: EF BB BF
                if (!AtEnd() && _bom < 3 && c == (_bom == 0 ? 0xEF : _bom == 1 ? 0xBB : 0xBF) && Position == _bom + 1)
                {
                    _bom++;
                    return Item.NeedMore;
                }

                return Fail(AtEnd() ? SyncError.TrailingBytes : SyncError.BadHeader);
            }

            return Fail(SyncError.BadText);
        }

        // Everything between '<' and '>' of an element.
        private Item ReadTag(byte c)
        {
            switch (_state)
            {
                case TagOpen:
                    _nameLength = 0;
                    _last = 0;
                    if (c == '/')
                    {
                        _state = EndName;
                        return Item.NeedMore;
                    }

                    if (c == '?')
                    {
                        _state = Instruction;
                        return Item.NeedMore;
                    }

                    if (c == '!')
                    {
                        _state = Bang;
                        return Item.NeedMore;
                    }

                    _state = StartName;
                    return AddName(c);

                case StartName:
                    if (c == '>' || c == '/' || IsSpace(c))
                    {
                        Item opened = OpenElement();
                        return opened != Item.NeedMore ? opened : AfterName(c);
                    }

                    return AddName(c);

                case InTag:
                    if (c == '>' || c == '/' || IsSpace(c))
                    {
                        _quote = 0;
                        return AfterName(c);
                    }

                    if (_field || _quote != 0)
                    {
                        return Fail(SyncError.BadXml); // a field has no attributes: its name is still needed; others stand apart
                    }

                    _state = AttributeName;
                    _nameLength = 0;
                    return AddName(c);

                case AttributeName:
                    if (c != '=' && !IsSpace(c))
                    {
                        return c == '>' || c == '/' || c == '<' ? Fail(SyncError.BadXml) : AddName(c);
                    }

                    _isNamespace = NameIs("xmlns");
                    _state = c == '=' ? AttributeEquals : AttributeGap;
                    return Item.NeedMore;

                case AttributeGap:
                    if (c == '=')
                    {
                        _state = AttributeEquals;
                        return Item.NeedMore;
                    }

                    return IsSpace(c) ? Item.NeedMore : Fail(SyncError.BadXml);

                case AttributeEquals:
                    if (IsSpace(c))
                    {
                        return Item.NeedMore;
                    }

                    if (c != '"' && c != '\'')
                    {
                        return Fail(SyncError.BadXml);
                    }

                    _quote = c;
                    _state = AttributeValue;
                    if (_isNamespace)
                    {
                        _matched = 0;
                    }

                    return Item.NeedMore;

                case AttributeValue:
                    return ReadAttributeValue(c);

                case EmptyTag:
                    return c == '>' ? TagDone(true) : Fail(SyncError.BadXml);

                case EndName:
                    if (c != '>' && !IsSpace(c))
                    {
                        return AddName(c);
                    }

                    if (c != '>')
                    {
                        _state = EndSpace;
                        return Item.NeedMore;
                    }

                    return CloseElement();

                default: // EndSpace
                    return c == '>' ? CloseElement() : IsSpace(c) ? Item.NeedMore : Fail(SyncError.BadXml);
            }
        }

        private Item ReadAttributeValue(byte c)
        {
            if (c == _quote)
            {
                if (_isNamespace && _matched != s_namespace.Length)
                {
                    return Fail(SyncError.BadNamespace);
                }

                _state = InTag;
            }
            else if (c == '<')
            {
                return Fail(SyncError.BadXml);
            }
            else if (_isNamespace && _matched >= 0)
            {
                _matched = _matched < s_namespace.Length && s_namespace[_matched] == c ? _matched + 1 : -1;
            }

            return Item.NeedMore;
        }

        // Entities, instructions, comments, DOCTYPE.
        private Item ReadOther(byte c)
        {
            switch (_state)
            {
                case Entity:
                    return c == ';' ? ReadEntity() : _nameLength < 8 ? AddName(c) : Fail(SyncError.BadXml);

                case Instruction:
                    if (_nameLength >= 0 && (_depth > 0 || AtEnd()))
                    {
                        // the target is a name; what stands before the root is not looked at
                        if ((c == '?' || IsSpace(c)) && _nameLength > 0)
                        {
                            _nameLength = -1;
                        }
                        else if (!IsNameCharacter(c))
                        {
                            return Fail(SyncError.BadXml);
                        }
                        else
                        {
                            _nameLength++;
                        }
                    }

                    if (c == '>' && _last == '?')
                    {
                        _state = Content;
                    }

                    _last = c;
                    return Item.NeedMore;

                case Comment:
                    if (c == '>' && _last == (('-' << 8) | '-'))
                    {
                        _state = Content;
                    }
                    else if (_last == (('-' << 8) | '-') && (_depth > 0 || AtEnd()))
                    {
                        return Fail(SyncError.BadXml); // "--" ends a comment
                    }

                    _last = ((_last << 8) | c) & 0xFFFF;
                    return Item.NeedMore;

                case DocType:
                    if (c == '[')
                    {
                        return Fail(SyncError.BadXml); // an internal subset could define entities
                    }

                    if (c == '>')
                    {
                        _state = Content;
                    }

                    return Item.NeedMore;

                default: // Bang
                    AddName(c);
                    if (_nameLength == 2 && NameIs("--"))
                    {
                        _state = Comment;
                    }
                    else if (_nameLength == 7)
                    {
                        if (NameIs("[CDATA[") && _depth > 0)
                        {
                            _state = CData;
                        }
                        else if (NameIs("DOCTYPE") && _depth == 0 && !AtEnd())
                        {
                            _state = DocType;
                        }
                        else
                        {
                            return Fail(SyncError.BadXml);
                        }
                    }

                    return Item.NeedMore;
            }
        }

        private Item AfterName(byte c)
        {
            if (c == '>')
            {
                return TagDone(false);
            }

            _state = c == '/' ? EmptyTag : InTag;
            return Item.NeedMore;
        }

        private Item OpenElement()
        {
            if (_scope == Scopes.Data)
            {
                if (_field || _base64.Begun)
                {
                    return Fail(SyncError.NotInGrammar);
                }

                _hasFields = true;
                _field = true;
                _fieldHash = Fnv.Of(_name, 0, _nameLength);
                TextLength = 0;
                return Item.NeedMore;
            }

            if (AtEnd())
            {
                return Fail(SyncError.TrailingBytes);
            }

            if (_scope == Scopes.Value)
            {
                return Fail(SyncError.NotInGrammar);
            }

            int tag = Find();
            SyncError error = tag == 0 ? SyncError.UnknownTag : Open(tag);
            _hasFields = false;
            return error == SyncError.None ? Item.NeedMore : Fail(error);
        }

        private Item TagDone(bool empty)
        {
            _state = Content;
            if (_depth == 1 && _matched != s_namespace.Length)
            {
                return Fail(SyncError.BadNamespace); // the root did not declare it
            }

            if (_field)
            {
                return empty ? FieldDone() : Item.NeedMore;
            }

            if (_scope >= Scopes.Value)
            {
                return empty ? Shut() : Item.NeedMore;
            }

            _pendingEmpty = empty ? (byte)1 : (byte)0;
            return Item.Start;
        }

        private Item CloseElement()
        {
            _state = Content;
            if (_field)
            {
                return Fnv.Of(_name, 0, _nameLength) == _fieldHash ? FieldDone() : Fail(SyncError.BadXml);
            }

            if (AtEnd())
            {
                return Fail(SyncError.TrailingBytes);
            }

            if (_depth == 0 || !NameIs(TagNames.Of(OpenTag(0))))
            {
                return Fail(SyncError.BadXml);
            }

            return Shut();
        }

        private Item FieldDone()
        {
            _field = false;
            return Item.Field;
        }

        private Item ReadEntity()
        {
            _state = Content;
            int c = NameIs("amp") ? '&' : NameIs("lt") ? '<' : NameIs("gt") ? '>' : NameIs("quot") ? '"' : NameIs("apos") ? '\'' : CharacterReference();
            if (c <= 0)
            {
                return Fail(SyncError.BadXml);
            }

            if (c < 0x80)
            {
                return ReadTextByte((byte)c);
            }

            // UTF-8 in 2 to 4 bytes
            Item item = Item.NeedMore;
            int shift = c < 0x800 ? 6 : c < 0x10000 ? 12 : 18;
            byte first = (byte)((shift == 6 ? 0xC0 : shift == 12 ? 0xE0 : 0xF0) | (c >> shift));
            item = ReadTextByte(first);
            while (shift > 0 && item == Item.NeedMore)
            {
                shift -= 6;
                item = ReadTextByte((byte)(0x80 | ((c >> shift) & 0x3F)));
            }

            return item;
        }

        private int CharacterReference()
        {
            if (_nameLength < 2 || _name[0] != '#')
            {
                return 0;
            }

            bool hex = _name[1] == 'x';
            int value = 0;
            for (int i = hex ? 2 : 1; i < _nameLength; i++)
            {
                int c = _name[i];
                int digit = c >= '0' && c <= '9' ? c - '0' : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
                if (digit >= (hex ? 16 : 10))
                {
                    return 0;
                }

                value = value * (hex ? 16 : 10) + digit;
                if (value > 0x10FFFF)
                {
                    return 0;
                }
            }

            return value >= 0xD800 && value <= 0xDFFF ? 0 : value;
        }

        private Item AddName(byte c)
        {
            if (_nameLength == NameSize)
            {
                return Fail(_state == StartName || _state == EndName ? SyncError.UnknownTag : SyncError.BadXml);
            }

            _name[_nameLength++] = c;
            return Item.NeedMore;
        }

        private int Find()
        {
            for (int tag = 5; tag < Tags.End; tag++)
            {
                string name = TagNames.Of(tag);
                if (name != null && NameIs(name))
                {
                    return tag;
                }
            }

            return 0;
        }

        private bool NameIs(string name)
        {
            if (name.Length != _nameLength)
            {
                return false;
            }

            for (int i = 0; i < _nameLength; i++)
            {
                if (name[i] != _name[i])
                {
                    return false;
                }
            }

            return true;
        }

        // Of ASCII; all others may be part of a name.
        private bool IsNameCharacter(byte c)
        {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0x80
                || (_nameLength > 0 && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
        }

        private static bool IsSpace(byte c)
        {
            return c == ' ' || c == '\n' || c == '\r' || c == '\t';
        }
    }
}

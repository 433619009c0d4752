// The text form, read with the platform's parser. [SPEC 4]
//
// Nothing is ever resolved or expanded: a DOCTYPE is skipped when it has no internal subset and refused when it has one,
// before the parser sees a byte; only the five predefined entities and character references remain.

using System.Buffers;
using System.Text;
using System.Text.Unicode;
using System.Xml;
using NanoSync.Protocol;
using Platform = System.Xml.XmlReader;

namespace NanoSync.Server.Formats;

/// <summary>Reads a whole message in the text form. It is opened over all bytes, so Feed has no part in it.</summary>
public sealed class XmlMessageReader : MessageReader
{
    private const string Namespace = "AirSync:";

    private static readonly XmlReaderSettings s_settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, // it is in the prolog, which the parser does not see
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = false, // values keep their white space
        CheckCharacters = true,
        CloseInput = true,
    };

    private static readonly SearchValues<byte> s_controls = SearchValues.Create(Enumerable.Range(0, 0x20).Except([9, 10, 13]).Select(c => (byte)c).ToArray());

    private readonly ReadOnlyMemory<byte> _message;
    private readonly int _start; // of the root element, where the parser begins
    private readonly Platform _xml;
    private readonly StringBuilder _data = new(); // base64 so far
    private readonly Base64Decoder _base64 = new();
    private bool _decoding; // the base64 of the element just ended is being given out
    private bool _pendingEnd; // an empty element: its end is the next item
    private bool _hasFields; // the open ApplicationData holds fields
    private string? _field; // the open field
    private byte[] _fieldName = [];

    /// <summary>Opens a message.</summary>
    public XmlMessageReader(ReadOnlyMemory<byte> message)
    {
        _message = message;
        Reset();
        int start = message.Span.StartsWith("\uFEFF"u8) ? 3 : 0;
        CheckUtf8(message.Span);
        int control = message.Span.IndexOfAny(s_controls);
        if (control >= 0 && Error == SyncError.None)
        {
            Fail(SyncError.BadText, control);
        }

        _start = Error == SyncError.None ? PastProlog(message.Span, start) : message.Length;
        ArraySegment<byte> bytes = MessageFormat.Segment(message[_start..]);
        MemoryStream stream = new(bytes.Array!, bytes.Offset, bytes.Count, false);
        _xml = Platform.Create(new StreamReader(stream, Encoding.UTF8, false), s_settings);
    }

    /// <summary>The whole text of the current field; <see cref="MessageReader.Text"/> holds its first 64 bytes.</summary>
    public string FieldText { get; private set; } = "";

    /// <inheritdoc/>
    public override byte[] FieldName => _fieldName;

    /// <inheritdoc/>
    public override int FieldNameLength => _fieldName.Length;

    /// <inheritdoc/>
    public override Item Read()
    {
        if (Error != SyncError.None)
        {
            return Item.Error;
        }

        Item item;
        try
        {
            item = ReadItem();
        }
        catch (XmlException e)
        {
            // the parser's complaint about a cut message and about a bad one differ only in where it stopped
            int at = OffsetOf(e.LineNumber, e.LinePosition);
            bool cut = at >= _message.Length;
            bool text = at < _message.Length && _message.Span[at] != (byte)'<';
            item = Fail(AtEnd() ? SyncError.TrailingBytes : cut ? SyncError.Truncated
                : _depth == 0 && at == _start && text ? SyncError.BadHeader : SyncError.BadXml);
            ErrorOffset = at;
            return item;
        }

        if (item == Item.Error && _xml is IXmlLineInfo line)
        {
            ErrorOffset = OffsetOf(line.LineNumber, line.LinePosition);
        }

        return item;
    }

    private void CheckUtf8(ReadOnlySpan<byte> message)
    {
        if (Utf8.IsValid(message))
        {
            return;
        }

        int at = 0;
        OperationStatus status;
        while ((status = Rune.DecodeFromUtf8(message[at..], out _, out int length)) == OperationStatus.Done)
        {
            at += length;
        }

        Fail(status == OperationStatus.NeedMoreData ? SyncError.Truncated : SyncError.BadText, at);
        ErrorOffset = at;
    }

    // Where the root element begins. The prolog is white space, comments, instructions (the XML declaration is one: whatever
    // encoding it names, the bytes are UTF-8) and a DOCTYPE, all passed over unread.
    private int PastProlog(ReadOnlySpan<byte> xml, int at)
    {
        while (at < xml.Length)
        {
            ReadOnlySpan<byte> rest = xml[at..];
            if (rest[0] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                at++;
            }
            else if (rest.StartsWith("<?"u8))
            {
                at += 2 + PastEnd(rest[2..], "?>"u8);
            }
            else if (rest.StartsWith("<!--"u8))
            {
                at += 4 + PastEnd(rest[4..], "-->"u8);
            }
            else if (rest.StartsWith("<!DOCTYPE"u8))
            {
                int end = rest.IndexOfAny((byte)'[', (byte)'>');
                if (end >= 0 && rest[end] == '[')
                {
                    Fail(SyncError.BadXml, at + end);
                    return xml.Length;
                }

                at = end < 0 ? xml.Length : at + end + 1;
            }
            else
            {
                return at;
            }
        }

        return at;
    }

    private static int PastEnd(ReadOnlySpan<byte> text, ReadOnlySpan<byte> end)
    {
        int at = text.IndexOf(end);
        return at < 0 ? text.Length : at + end.Length;
    }

    private Item ReadItem()
    {
        if (_decoding)
        {
            _pos = _base64.Decode(this, _input, _pos, _end);
            if (_base64.Error != SyncError.None)
            {
                return Fail(_base64.Error);
            }

            if (DataCount > 0)
            {
                return Item.Data;
            }

            _decoding = false;
            return Shut();
        }

        if (_pendingEnd)
        {
            _pendingEnd = false;
            return Shut();
        }

        while (_xml.Read())
        {
            Item item = Item.NeedMore;
            switch (_xml.NodeType)
            {
                case XmlNodeType.Element:
                    item = OpenElement();
                    break;
                case XmlNodeType.EndElement:
                    item = CloseElement();
                    break;
                case XmlNodeType.Text:
                case XmlNodeType.CDATA:
                case XmlNodeType.SignificantWhitespace:
                case XmlNodeType.Whitespace:
                    item = AppendText(_xml.Value, _xml.NodeType == XmlNodeType.Text || _xml.NodeType == XmlNodeType.CDATA);
                    break;
            }

            if (item != Item.NeedMore)
            {
                return item;
            }
        }

        return AtEnd() ? Item.EndOfMessage : Fail(SyncError.BadHeader);
    }

    private Item OpenElement()
    {
        if (_xml.Prefix.Length != 0)
        {
            return Fail(SyncError.UnknownTag);
        }

        if (_xml.NamespaceURI != Namespace)
        {
            return Fail(SyncError.BadNamespace);
        }

        string name = _xml.LocalName;
        bool empty = _xml.IsEmptyElement;
        if (_scope == Scopes.Data)
        {
            if (_field != null || _data.Length > 0)
            {
                return Fail(SyncError.NotInGrammar);
            }

            if (_xml.HasAttributes)
            {
                return Fail(SyncError.BadXml);
            }

            _hasFields = true;
            _field = name;
            _fieldName = Encoding.UTF8.GetBytes(name);
            FieldText = "";
            TextLength = 0;
            return empty ? FieldDone() : Item.NeedMore;
        }

        if (_scope == Scopes.Value)
        {
            return Fail(SyncError.NotInGrammar);
        }

        int tag = Find(name);
        SyncError error = tag == 0 ? SyncError.UnknownTag : Open(tag);
        if (error != SyncError.None)
        {
            return Fail(error);
        }

        _data.Clear();
        _hasFields = false;
        if (_scope >= Scopes.Value)
        {
            return empty ? Shut() : Item.NeedMore;
        }

        _pendingEnd = empty;
        return Item.Start;
    }

    private Item CloseElement()
    {
        if (_field != null)
        {
            return FieldDone();
        }

        if (_scope == Scopes.Data && !_hasFields)
        {
            byte[] text = Encoding.UTF8.GetBytes(_data.ToString());
            _data.Clear();
            _input = text;
            _pos = 0;
            _end = text.Length;
            _decoding = true;
            return ReadItem();
        }

        return Shut();
    }

    /// <inheritdoc/>
    protected override Item EndData() => _base64.End() ? Item.DataEnd : Fail(SyncError.BadBase64);

    private bool AddByte(byte value)
    {
        if (TextLength == Limits.Text)
        {
            return false;
        }

        Text[TextLength++] = value;
        return true;
    }

    private Item FieldDone()
    {
        _field = null;
        FieldText = _data.ToString();
        _data.Clear();
        foreach (byte b in Encoding.UTF8.GetBytes(FieldText))
        {
            if (!AddByte(b))
            {
                break;
            }
        }

        return Item.Field;
    }

    private Item AppendText(string text, bool marked)
    {
        if (_scope == Scopes.Value)
        {
            foreach (byte b in Encoding.UTF8.GetBytes(text))
            {
                if (b < 0x20)
                {
                    return Fail(SyncError.BadText);
                }

                if (!AddByte(b))
                {
                    return Fail(SyncError.TextTooLong);
                }
            }

            return Item.NeedMore;
        }

        if (_scope == Scopes.Data && (_field != null || !_hasFields))
        {
            if (_field == null && _xml.NodeType == XmlNodeType.CDATA)
            {
                return Fail(SyncError.BadText); // base64 is plain characters
            }

            if (_field != null || marked)
            {
                _data.Append(text);
            }

            return Item.NeedMore;
        }

        return string.IsNullOrWhiteSpace(text) && _xml.NodeType != XmlNodeType.CDATA ? Item.NeedMore : Fail(SyncError.BadText);
    }

    private static int Find(string name)
    {
        for (int tag = 5; tag < Tags.End; tag++)
        {
            if (TagNames.Of(tag) == name)
            {
                return tag;
            }
        }

        return 0;
    }

    // The parser counts lines and characters; people who look for the fault in a file count bytes.
    private int OffsetOf(int line, int column)
    {
        ReadOnlySpan<byte> bytes = _message.Span;
        int at = _start;
        for (; line > 1 && at < bytes.Length; line--)
        {
            while (at < bytes.Length && bytes[at] != '\n' && bytes[at] != '\r')
            {
                at++;
            }

            at += at + 1 < bytes.Length && bytes[at] == '\r' && bytes[at + 1] == '\n' ? 2 : 1;
        }

        for (; column > 1 && at < bytes.Length; column--)
        {
            // a lead byte of four stands for two characters of the parser
            column -= bytes[at] >= 0xF0 ? 1 : 0;
            at++;
            while (at < bytes.Length && (bytes[at] & 0xC0) == 0x80)
            {
                at++;
            }
        }

        return Math.Min(at, bytes.Length);
    }
}

// The two encodings of the message, as the engine sees them: something that opens a reader and makes a writer.

using System.Runtime.InteropServices;
using NanoSync.Protocol;

namespace NanoSync.Server.Formats;

/// <summary>An encoding of the message. [SPEC 3, 4]</summary>
public abstract class MessageFormat
{
    private const int WriterBuffer = 4096;

    /// <summary>The binary form.</summary>
    public static readonly MessageFormat Wbxml = new WbxmlFormat();

    /// <summary>The text form.</summary>
    public static readonly MessageFormat Xml = new XmlFormat();

    /// <summary>Media type of the encoding.</summary>
    public abstract string MediaType { get; }

    /// <summary>Opens a reader over a whole message; it gives items until EndOfMessage or Error.</summary>
    public abstract MessageReader Open(ReadOnlyMemory<byte> message);

    /// <summary>Makes a writer.</summary>
    public abstract MessageWriter NewWriter();

    /// <summary>The encoding of a media type, parameters ignored; null when there is none.</summary>
    public static MessageFormat? Find(string? contentType)
    {
        ReadOnlySpan<char> type = contentType.AsSpan();
        int semicolon = type.IndexOf(';');
        type = (semicolon < 0 ? type : type[..semicolon]).Trim();
        return type.Equals(Wbxml.MediaType, StringComparison.OrdinalIgnoreCase) ? Wbxml
            : type.Equals(Xml.MediaType, StringComparison.OrdinalIgnoreCase) ? Xml
            : null;
    }

    /// <summary>The encoding of a message that came without a media type: the binary one if its first byte says so, else none. [SPEC 8.1]</summary>
    public static MessageFormat? Tell(ReadOnlySpan<byte> message)
    {
        const byte Version = 0x03; // WBXML 1.3; no text begins with it
        return message.Length > 0 && message[0] == Version ? Wbxml : null;
    }

    /// <summary>The encoding that a message's first bytes show: WBXML starts with its version, XML with text.</summary>
    public static MessageFormat Guess(ReadOnlySpan<byte> message)
    {
        return message.Length > 0 && message[0] is (byte)'<' or 0xEF or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' ? Xml : Wbxml;
    }

    /// <summary>The array behind a message, without copying where there is one.</summary>
    internal static ArraySegment<byte> Segment(ReadOnlyMemory<byte> message)
    {
        return MemoryMarshal.TryGetArray(message, out ArraySegment<byte> segment) ? segment : new ArraySegment<byte>(message.ToArray());
    }

    private sealed class WbxmlFormat : MessageFormat
    {
        public override string MediaType => WbxmlWriter.MediaType;

        public override MessageReader Open(ReadOnlyMemory<byte> message)
        {
            ArraySegment<byte> bytes = Segment(message);
            Base64WbxmlReader reader = new();
            reader.Feed(bytes.Array, bytes.Offset, bytes.Count);
            return reader;
        }

        public override MessageWriter NewWriter() => new WbxmlWriter(WriterBuffer);
    }

    private sealed class XmlFormat : MessageFormat
    {
        public override string MediaType => XmlWriter.MediaType;

        public override MessageReader Open(ReadOnlyMemory<byte> message) => new XmlMessageReader(message);

        public override MessageWriter NewWriter() => new XmlWriter(WriterBuffer);
    }
}

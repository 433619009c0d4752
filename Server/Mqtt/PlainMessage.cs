// The bytes of a message over a broker that is trusted [SPEC 8.6]: a head with the device's token, then the message.

using System.Buffers.Binary;
using System.Text;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Mqtt;

/// <summary>A request taken apart.</summary>
internal sealed record PlainMessage(MessageFormat Format, uint Number, string Token, ReadOnlyMemory<byte> Body)
{
    /// <summary>Bytes before the token.</summary>
    public const int HeadLength = 10;

    /// <summary>Most bytes around the message itself.</summary>
    public const int MostAround = HeadLength + byte.MaxValue;

    private const byte Version = 2;
    private const byte Request = 1;
    private const byte Reply = 2;
    private const byte Refused = 4;

    /// <summary>Takes a request apart; null when it is none.</summary>
    public static PlainMessage? Parse(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> b = bytes.Span;
        if (b.Length < HeadLength || b[0] != 'N' || b[1] != 'S' || b[2] != Version || b[3] != Request || b[4] is not (1 or 2) || b[9] == 0)
        {
            return null;
        }

        int end = HeadLength + b[9];
        return end > b.Length ? null
            : new PlainMessage(b[4] == 1 ? MessageFormat.Wbxml : MessageFormat.Xml, BinaryPrimitives.ReadUInt32BigEndian(b[5..]),
                Encoding.Latin1.GetString(b[HeadLength..end]), bytes[end..]);
    }

    /// <summary>The reply to it.</summary>
    public byte[] ToReply(ReadOnlyMemory<byte> body)
    {
        return [.. Head(Reply), .. body.Span];
    }

    /// <summary>Says that it was not taken.</summary>
    /// <param name="status">As over HTTP.</param>
    /// <param name="retryAfter">Seconds after which it may be; 0 = not said.</param>
    public byte[] ToRefusal(int status, int retryAfter)
    {
        byte[] bytes = [.. Head(Refused), 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(HeadLength), (ushort)status);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(HeadLength + 2), retryAfter);
        return bytes;
    }

    private byte[] Head(byte kind)
    {
        byte[] head = [(byte)'N', (byte)'S', Version, kind, (byte)(Format == MessageFormat.Wbxml ? 1 : 2), 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(5), Number);
        return head;
    }
}

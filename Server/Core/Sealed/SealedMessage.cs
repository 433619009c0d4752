// The bytes of a sealed message [SPEC 8.2]. Nothing here knows a database, a mail or a file.

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Sealed;

/// <summary>Which way a sealed message goes.</summary>
public enum SealedKind
{
    /// <summary>From the device.</summary>
    Request = 1,

    /// <summary>To the device.</summary>
    Reply = 2,

    /// <summary>To the device: its number was used by another request of this store; the body says from which number to go on.</summary>
    GoOn = 3,
}

/// <summary>A message with who sent it and the proof; not verified by being parsed.</summary>
public sealed class SealedMessage
{
    /// <summary>Media type of the bytes.</summary>
    public const string MediaType = "application/vnd.nanosync.sealed";

    private const int StoreLength = 4;
    private const int HeadBeforeName = 14; // "NS", version, kind, form, store 4, number 4, length
    private const int MacLength = 32;
    private const byte Version = 1;

    private static readonly byte[] s_label = "NanoSync sealed"u8.ToArray();

    private readonly byte[] _mac;

    private SealedMessage(SealedKind kind, MessageFormat format, string store, uint number, string device, ReadOnlyMemory<byte> body, byte[] mac)
    {
        (Kind, Format, Store, Number, Device, Body, _mac) = (kind, format, store, number, device, body, mac);
    }

    /// <summary>Which way it goes.</summary>
    public SealedKind Kind { get; }

    /// <summary>Encoding of the message.</summary>
    public MessageFormat Format { get; }

    /// <summary>Format id of the device's store.</summary>
    public string Store { get; }

    /// <summary>Number of the request.</summary>
    public uint Number { get; }

    /// <summary>The device's name.</summary>
    public string Device { get; }

    /// <summary>The message.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The key of a device, from its token.</summary>
    public static byte[] KeyOf(string token)
    {
        return HMACSHA256.HashData(Encoding.UTF8.GetBytes(token), s_label);
    }

    /// <summary>Seals a message.</summary>
    public static SealedMessage Seal(SealedKind kind, MessageFormat format, string store, uint number, string device, ReadOnlyMemory<byte> body, byte[] key)
    {
        return new SealedMessage(kind, format, store, number, device, body, Mac(kind, format, store, number, device, body.Span, key));
    }

    /// <summary>A message whose proof stands beside it.</summary>
    /// <param name="format">Its encoding.</param>
    /// <param name="device">The text of X-NanoSync-Device.</param>
    /// <param name="number">The text of X-NanoSync-Number.</param>
    /// <param name="mac">The text of X-NanoSync-HMAC.</param>
    /// <param name="body">The message.</param>
    /// <returns>null when one of the texts is not what it should be.</returns>
    public static SealedMessage? Detached(MessageFormat format, string? device, string? number, string? mac, ReadOnlyMemory<byte> body)
    {
        string[] parts = (number ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        byte[] bytes = new byte[MacLength];
        return device != null && IsName(device) && parts.Length == 2 && IsStore(parts[0])
            && uint.TryParse(parts[1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out uint n) && n > 0
            && Convert.TryFromBase64String(mac ?? "", bytes, out int length) && length == MacLength
            ? new SealedMessage(SealedKind.Request, format, parts[0], n, device, body, bytes) : null;
    }

    /// <summary>Whether bytes begin as a sealed message does.</summary>
    public static bool Looks(ReadOnlySpan<byte> bytes)
    {
        return bytes.Length > 2 && bytes[0] == 'N' && bytes[1] == 'S' && bytes[2] == Version;
    }

    /// <summary>Takes a sealed message apart; null when it is none.</summary>
    public static SealedMessage? Parse(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> b = bytes.Span;
        if (!Looks(b) || b.Length < HeadBeforeName + 1 + MacLength || b[3] is not (1 or 2 or 3) || b[4] is not (1 or 2))
        {
            return null;
        }

        int end = HeadBeforeName + b[13];
        if (end + MacLength > b.Length)
        {
            return null;
        }

        string store = Encoding.Latin1.GetString(b.Slice(5, StoreLength));
        string device = Encoding.Latin1.GetString(b[HeadBeforeName..end]);
        uint number = BinaryPrimitives.ReadUInt32BigEndian(b[9..]);
        return !IsStore(store) || !IsName(device) || number == 0 ? null
            : new SealedMessage((SealedKind)b[3], b[4] == 1 ? MessageFormat.Wbxml : MessageFormat.Xml, store, number, device,
                bytes[end..^MacLength], b[^MacLength..].ToArray());
    }

    /// <summary>The bytes.</summary>
    public byte[] ToBytes()
    {
        return [.. Head(Kind, Format, Store, Number, Device), .. Body.Span, .. _mac];
    }

    /// <summary>The proof.</summary>
    public ReadOnlyMemory<byte> Proof => _mac;

    /// <summary>The value of X-NanoSync-HMAC.</summary>
    public string MacText => Convert.ToBase64String(_mac);

    /// <summary>Whether the proof is right for a key.</summary>
    public bool IsFrom(byte[] key)
    {
        return CryptographicOperations.FixedTimeEquals(_mac, Mac(Kind, Format, Store, Number, Device, Body.Span, key));
    }

    private static byte[] Mac(SealedKind kind, MessageFormat format, string store, uint number, string device, ReadOnlySpan<byte> body, byte[] key)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Head(kind, format, store, number, device));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }

    private static byte[] Head(SealedKind kind, MessageFormat format, string store, uint number, string device)
    {
        byte[] head = new byte[HeadBeforeName + device.Length];
        head[0] = (byte)'N';
        head[1] = (byte)'S';
        head[2] = Version;
        head[3] = (byte)kind;
        head[4] = (byte)(format == MessageFormat.Wbxml ? 1 : 2);
        Encoding.Latin1.GetBytes(store, head.AsSpan(5));
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(9), number);
        head[13] = (byte)device.Length;
        Encoding.Latin1.GetBytes(device, head.AsSpan(HeadBeforeName));
        return head;
    }

    private static bool IsStore(string store)
    {
        return store.Length == StoreLength && store.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
    }

    private static bool IsName(string name)
    {
        return name.Length is > 0 and <= Limits.Text && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');
    }
}

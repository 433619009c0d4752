// Check sums over objects.

using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace NanoSync.Server.Engine;

/// <summary>Tells values of objects apart: 64 bits of SHA-256 over class and bytes; 0 stands for a deletion.</summary>
public static class ContentSum
{
    /// <summary>The sum.</summary>
    public static long Of(string? type, ReadOnlySpan<byte> data)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(type ?? ""));
        hash.AppendData([0]);
        hash.AppendData(data);
        Span<byte> sum = stackalloc byte[32];
        hash.GetHashAndReset(sum);
        long value = BinaryPrimitives.ReadInt64LittleEndian(sum);
        return value == 0 ? 1 : value;
    }
}

/// <summary>CRC32 (IEEE), the check sum of an object that travels in parts. [SPEC 7.2]</summary>
public static class CrcSum
{
    /// <summary>The check sum.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Crc32.HashToUInt32(data);
}

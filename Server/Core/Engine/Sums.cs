// Check sums over objects.

using System.Buffers.Binary;
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
    private static readonly uint[] s_table = MakeTable();

    /// <summary>The check sum.</summary>
    public static uint Of(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc = s_table[(crc ^ b) & 0xFF] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xEDB88320 : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}

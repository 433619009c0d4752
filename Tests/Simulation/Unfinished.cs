// Mutation NoRecovery: as if mounting took records that were written and never finished for a batch. [SPEC 9.3]

using System.Buffers.Binary;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>Breaks rule 4 of SPEC 9.3 from outside: the mark that ends a batch is set on what a cut left behind.</summary>
internal static class Unfinished
{
    private const int HeaderSize = 32;
    private const int Salt = 8;
    private const int Size = 2;
    private const int MinSize = 12;
    private const int CrcSize = 4;
    private const byte LastFlag = 0x80;
    private const uint Large = 3; // the kind of file that holds no records

    /// <summary>Marks the last record of every segment as the last of a batch.</summary>
    public static void Finish(CutVolume volume)
    {
        foreach ((uint file, byte[] bytes) in volume.Files)
        {
            int last = file >> 28 >= Large || bytes.Length < HeaderSize ? -1 : LastRecord(file, bytes);
            if (last >= 0 && (bytes[last] & LastFlag) == 0)
            {
                bytes[last] |= LastFlag;
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(last + SizeOf(bytes, last) - CrcSize), CrcOf(file, bytes, last));
            }
        }
    }

    private static int LastRecord(uint file, byte[] bytes)
    {
        int found = -1;
        for (int at = HeaderSize; at + MinSize <= bytes.Length;)
        {
            int size = SizeOf(bytes, at);
            bool sound = size >= MinSize && at + size <= bytes.Length
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + size - CrcSize)) == CrcOf(file, bytes, at);
            found = sound ? at : found;
            at += sound ? size : 1;
        }

        return found;
    }

    private static int SizeOf(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + Size));

    private static uint CrcOf(uint file, byte[] bytes, int at)
    {
        uint start = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(Salt)) ^ (file * 0x9E3779B1) ^ ((uint)at * 0x85EBCA6B);
        return Crc32.Finish(Crc32.Update(start, bytes, at, SizeOf(bytes, at) - CrcSize));
    }
}

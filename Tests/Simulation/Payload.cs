using NanoSync.Protocol;

namespace NanoSync.Simulation;

/// <summary>What an object is to meet.</summary>
public enum Fate
{
    /// <summary>Taken by both sides.</summary>
    Good = 0,

    /// <summary>The device's application refuses it.</summary>
    DeviceRefuses = 1,

    /// <summary>Not a record of its class: the server refuses it once it knows the class.</summary>
    ServerRefuses = 2,
}

/// <summary>
/// The objects of the simulation: thing(n:u,fate:u,pad:x). Every value written by anyone has an n of its own, so that what
/// became of each write can be asked of both sides.
/// </summary>
public static class Payload
{
    public static readonly ObjectClass First = new ObjectClass("thing").UInt("n").UInt("fate").Bytes("pad");
    public static readonly ObjectClass Second = new ObjectClass("thing").UInt("n").UInt("fate").Bytes("pad").Text("note");
    public static readonly ObjectClass Alien = new ObjectClass("alien").UInt("n").UInt("fate").Bytes("pad");

    public static byte[] Make(uint serial, Fate fate, int pad, ObjectClass type)
    {
        RecordWriter writer = new(pad + 40);
        writer.Begin(type);
        writer.UInt(serial);
        writer.UInt((ulong)fate);
        byte[] bytes = new byte[pad];
        for (int i = 0; i < pad; i++)
        {
            bytes[i] = (byte)((serial * 31) + (i * 7) + (i >> 8));
        }

        writer.Bytes(bytes, 0, pad);
        int length = writer.Length;
        byte[] record = new byte[length + (fate == Fate.ServerRefuses ? 1 : 0)]; // bytes after the last value: not a record
        Array.Copy(writer.Buffer, record, length);
        return record;
    }

    /// <summary>The n; 0 = not one of ours.</summary>
    public static uint Serial(ReadOnlySpan<byte> record)
    {
        ulong value = 0;
        for (int i = 1, shift = 0; i < record.Length && shift < 35; i++, shift += 7)
        {
            value |= (ulong)(record[i] & 0x7F) << shift;
            if (record[i] < 0x80)
            {
                return (uint)value;
            }
        }

        return 0;
    }

    public static Fate FateOf(ReadOnlySpan<byte> record)
    {
        for (int i = 1; i < record.Length - 1; i++)
        {
            if (record[i] < 0x80)
            {
                return (Fate)record[i + 1];
            }
        }

        return Fate.Good;
    }

    public static string Describe(byte[] bytes)
    {
        bool text = bytes.Length > 0 && Array.TrueForAll(bytes, b => b >= 0x20 && b < 0x7F);
        return bytes.Length == 0 ? "" : text ? System.Text.Encoding.ASCII.GetString(bytes)
            : bytes[0] == 7 ? $"#{Serial(bytes)}{(FateOf(bytes) == Fate.Good ? "" : " " + FateOf(bytes))} {bytes.Length}b"
            : Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 12)));
    }
}

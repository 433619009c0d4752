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

    public static readonly ObjectClass Stamped = new ObjectClass("stamped").Time("at").UInt("n").UInt("fate").Bytes("pad");

    private const int StampedMap = 0xE; // n, fate and pad are there: the map's other bit is the time's

    /// <summary>A reading that says when it was taken; 0 = it does not.</summary>
    public static byte[] Stamp(uint at, uint serial, Fate fate, int pad)
    {
        RecordWriter writer = new(pad + 48);
        writer.Begin(Stamped);
        if (at != 0)
        {
            writer.Time(at);
        }

        byte[] rest = Make(serial, fate, pad, First);
        return [(byte)(at == 0 ? StampedMap : StampedMap | 1), .. writer.Buffer.AsSpan(1, writer.Length - 1), .. rest.AsSpan(1)];
    }

    /// <summary>When a reading was taken; 0 = it does not say.</summary>
    public static uint StampOf(ReadOnlySpan<byte> record)
    {
        if (record.Length < 2 || record[0] != (StampedMap | 1))
        {
            return 0;
        }

        byte[] bytes = record.ToArray();
        RecordReader reader = new();
        reader.Begin(Stamped, bytes, 0, bytes.Length);
        return reader.Next() ? (uint)reader.Value : 0;
    }

    // Where n begins.
    private static int Start(ReadOnlySpan<byte> record)
    {
        int at = 1;
        if (record.Length > 0 && record[0] == (StampedMap | 1))
        {
            while (at < record.Length && record[at++] >= 0x80)
            {
            }
        }

        return at;
    }

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
        for (int i = Start(record), shift = 0; i < record.Length && shift < 35; i++, shift += 7)
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
        for (int i = Start(record); i < record.Length - 1; i++)
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
            : bytes[0] is 7 or StampedMap or (StampedMap | 1) ? $"#{Serial(bytes)}{(FateOf(bytes) == Fate.Good ? "" : " " + FateOf(bytes))} {bytes.Length}b"
            : Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 12)));
    }
}

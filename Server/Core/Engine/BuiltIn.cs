// The built-in classes of embedded structures. [SPEC 7]

using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>Classes that both sides have.</summary>
public static class BuiltIn
{
#pragma warning disable CS1591 // SPEC 7.1 says what they are
    public static readonly ObjectClass Time = new ObjectClass("time").Time("now").UInt("ms");
    public static readonly ObjectClass Quota = new ObjectClass("quota").UInt("objects").UInt("maxObjects").UInt("maxObject").UInt("maxMessage");
    public static readonly ObjectClass DeviceStatus = StatusRecord.MakeClass();
    public static readonly ObjectClass Restart = new ObjectClass("restart").UInt("id").UInt("mark");
    public static readonly ObjectClass Interval = new ObjectClass("interval").UInt("id").UInt("seconds").UInt("mark");
    public static readonly ObjectClass StartOver = new ObjectClass("start-over").UInt("id").Text("collection").UInt("mark");
    public static readonly ObjectClass SendStatus = new ObjectClass("send-status").UInt("id").UInt("mark");
    public static readonly ObjectClass SendDiary = new ObjectClass("send-diary").UInt("id").UInt("mark");
    public static readonly ObjectClass Result = new ObjectClass("result").UInt("id").UInt("status").Text("reason").UInt("mark").UInt("highest");
    public static readonly ObjectClass Range = new ObjectClass("range").UInt("offset").UInt("count").UInt("total").UInt("crc").UInt("version");
    public static readonly ObjectClass Store = new ObjectClass("store").Text("id").UInt("start").Text("from").Text("last").UInt("recovers");
    public static readonly ObjectClass Last = new ObjectClass("last").UInt("change");
    public static readonly ObjectClass Via = new ObjectClass("via").Text("way");
    public static readonly ObjectClass Refused = new ObjectClass("refused").UInt("id").Text("collection").Text("object").UInt("status").Text("reason").UInt("mark");
#pragma warning restore CS1591

    /// <summary>Name of the structure that holds a device's diary: bytes, no fields.</summary>
    public const string Diary = "diary";

    /// <summary>What stands before name#hash in a structure that asks for a definition or gives one.</summary>
    public const string DefinitionPrefix = "def:";

    /// <summary>Commands that can be queued for a device.</summary>
    public static readonly ObjectClass[] Commands = [Restart, Interval, StartOver, SendStatus, SendDiary];
}

/// <summary>A range as it travels; what is absent is null. [SPEC 7.2]</summary>
public sealed record PartRange(long? Offset, long? Count, long? Total, uint? Crc, long? Version = null)
{
    /// <summary>The range among these structures. False when there is one that cannot be read.</summary>
    public static bool TryFind(List<Structure> options, out PartRange? range)
    {
        range = null;
        foreach (Structure structure in options)
        {
            if (structure.Class != BuiltIn.Range.Name || structure.Data is not { } data)
            {
                continue;
            }

            long?[] values = new long?[5];
            RecordReader reader = new();
            byte[] bytes = data.ToArray();
            reader.Begin(BuiltIn.Range, bytes, 0, bytes.Length);
            while (reader.Next())
            {
                if (reader.Value < 0 || reader.Value > (reader.Field >= 3 ? uint.MaxValue : int.MaxValue))
                {
                    return false;
                }

                values[reader.Field] = reader.Value;
            }

            if (reader.Error != SyncError.None)
            {
                return false;
            }

            range = new PartRange(values[0], values[1], values[2], (uint?)values[3], values[4]);
        }

        return true;
    }

    /// <summary>The range as a structure.</summary>
    public Structure ToStructure()
    {
        RecordWriter writer = new(64);
        writer.Begin(BuiltIn.Range);
        Put(writer, Offset);
        Put(writer, Count);
        Put(writer, Total);
        Put(writer, Crc);
        Put(writer, Version);
        return new Structure(BuiltIn.Range.Name, writer.Buffer.AsMemory(0, writer.Length));
    }

    private static void Put(RecordWriter writer, long? value)
    {
        if (value is { } given)
        {
            writer.UInt((ulong)given);
        }
        else
        {
            writer.None();
        }
    }
}

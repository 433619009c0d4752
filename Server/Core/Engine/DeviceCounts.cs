// What a device tells of its losses, in the structure `status`: for lists, and once in the log when a count rises. [SPEC 7.1]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>Counts since a store was made.</summary>
/// <param name="Refused">Objects and readings kept aside because the server did not take them.</param>
/// <param name="Dropped">Readings that went unsent.</param>
/// <param name="Damaged">Damaged places in flash.</param>
/// <param name="Forked">Times that its store was found to be one of two.</param>
public sealed record DeviceCounts(long Refused, long Dropped, long Damaged, long Forked)
{
    /// <summary>Those of a status; null when they cannot be read. What is absent is 0.</summary>
    public static DeviceCounts? Of(ReadOnlySpan<byte> status)
    {
        Dictionary<int, long> values = [];
        byte[] bytes = status.ToArray();
        RecordReader reader = new();
        reader.Begin(BuiltIn.DeviceStatus, bytes, 0, bytes.Length);
        while (reader.Next())
        {
            values[reader.Field] = reader.Value;
        }

        long Get(string name) => values.GetValueOrDefault(BuiltIn.DeviceStatus.FindField(name));
        return reader.Error == SyncError.None ? new DeviceCounts(Get("refused"), Get("dropped"), Get("damaged"), Get("forked")) : null;
    }

    /// <summary>What is above 0, in words; "" when nothing is.</summary>
    public override string ToString() => InWords(new DeviceCounts(0, 0, 0, 0));

    /// <summary>What is above an earlier count, in words; "" when nothing is.</summary>
    public string InWords(DeviceCounts before)
    {
        (string What, long Now, long Before)[] all =
            [("refused", Refused, before.Refused), ("dropped", Dropped, before.Dropped), ("damaged", Damaged, before.Damaged), ("forked", Forked, before.Forked)];
        return string.Join(", ", all.Where(c => c.Now > c.Before).Select(c => $"{c.What} {c.Now}"));
    }
}

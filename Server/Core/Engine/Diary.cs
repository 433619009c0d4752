// A device's diary: its bytes as they came, entry by entry, and a line for a person of each. [SPEC 7.3]

using System.Buffers.Binary;
using System.Globalization;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Server.Engine;

/// <summary>The bytes are no diary, or one of a version that this program does not know.</summary>
public sealed class DiaryException(string message) : Exception(message);

/// <summary>What an entry is about. A number beyond these is of a later firmware.</summary>
public enum DiaryKind
{
    /// <summary>The device started.</summary>
    Start = 1,

    /// <summary>Rounds of the sync.</summary>
    Round = 2,

    /// <summary>Errors of the store outside a round.</summary>
    Flash = 3,

    /// <summary>No network came up.</summary>
    Network = 4,

    /// <summary>The clock was corrected.</summary>
    Clock = 5,
}

/// <summary>One entry: the same thing <see cref="Times"/> times, its last at <see cref="Time"/>. Sums end at their field's highest value.</summary>
/// <param name="Number">Counts up by one; a gap is what was lost.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Failed">True when it went wrong.</param>
/// <param name="Times">How often.</param>
/// <param name="Time">Seconds since 1970-01-01 UTC; 0 = the clock was not set.</param>
/// <param name="Uptime">Seconds since the start, at the last.</param>
/// <param name="Carrier">What the carrier met.</param>
/// <param name="Http">The HTTP status, or 0.</param>
/// <param name="Message">What was wrong with the message.</param>
/// <param name="Store">What the store met.</param>
/// <param name="Status">The message's or collection's status; of a start why the run before ended.</param>
/// <param name="ObjectsUp">Objects sent.</param>
/// <param name="ObjectsDown">Objects received.</param>
/// <param name="RefusedUp">Objects that the server refused.</param>
/// <param name="RefusedDown">Objects that the device refused.</param>
/// <param name="BytesUp">Bytes of the requests.</param>
/// <param name="BytesDown">Bytes of the replies.</param>
/// <param name="HeapKilobytes">Free heap in units of 1,024 bytes; 0 = not known.</param>
public sealed record DiaryEntry(
    uint Number, DiaryKind Kind, bool Failed, int Times, uint Time, uint Uptime, CarrierError Carrier, int Http, SyncError Message, StoreError Store, int Status,
    int ObjectsUp, int ObjectsDown, int RefusedUp, int RefusedDown, int BytesUp, int BytesDown, int HeapKilobytes)
{
    /// <summary>Why the run before ended, as the firmware's boot record numbers it.</summary>
    public string Reason => Status switch
    {
        0 => "power or reset",
        1 => "command",
        2 => "watchdog",
        3 => "offline",
        4 => "crash",
        _ => "reason " + Status.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Of a clock that was corrected: by how many seconds the last time, positive = put forward.</summary>
    public int Correction { get; init; }

    /// <summary>What happened, in words.</summary>
    public string What
    {
        get
        {
            string what = Kind switch
            {
                DiaryKind.Start => "start after " + Reason,
                DiaryKind.Round => Failed ? "round failed" : "round",
                DiaryKind.Flash => "flash",
                DiaryKind.Network => "no network",
                DiaryKind.Clock => string.Create(CultureInfo.InvariantCulture, $"clock corrected by {Correction} s"),
                _ => "kind " + ((int)Kind).ToString(CultureInfo.InvariantCulture),
            };
            return Times == 1 ? what : string.Create(CultureInfo.InvariantCulture, $"{what} x{Times}");
        }
    }

    /// <summary>What went wrong, by number and name; empty when nothing did.</summary>
    public string Why
    {
        get
        {
            List<string> why = [];
            Add(why, "carrier", Carrier);
            if (Http is not (0 or 200))
            {
                why.Add("HTTP " + Http.ToString(CultureInfo.InvariantCulture));
            }

            Add(why, "message", Message);
            Add(why, "store", Store);
            if (Kind != DiaryKind.Start && Status != 0)
            {
                why.Add("sync status " + Status.ToString(CultureInfo.InvariantCulture));
            }

            return string.Join(", ", why);
        }
    }

    /// <summary>One line: number, time, uptime, what, why, how much.</summary>
    public override string ToString()
    {
        string time = Time == 0 ? "clock not set" : DateTimeOffset.FromUnixTimeSeconds(Time).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string line = string.Create(CultureInfo.InvariantCulture, $"#{Number}  {time,-20}  up {TimeSpan.FromSeconds(Uptime):d\\.hh\\:mm\\:ss}  {What}");
        if (Why.Length > 0)
        {
            line += ": " + Why;
        }

        if (Kind == DiaryKind.Round)
        {
            line += string.Create(CultureInfo.InvariantCulture, $"; up {ObjectsUp} ({BytesUp} B), down {ObjectsDown} ({BytesDown} B)");
            line += RefusedUp + RefusedDown > 0 ? string.Create(CultureInfo.InvariantCulture, $", refused {RefusedUp} up, {RefusedDown} down") : "";
        }

        return HeapKilobytes == 0 ? line : string.Create(CultureInfo.InvariantCulture, $"{line}; heap {HeapKilobytes} KB");
    }

    private static void Add<T>(List<string> why, string what, T error)
        where T : struct, Enum
    {
        int number = Convert.ToInt32(error, CultureInfo.InvariantCulture);
        if (number != 0)
        {
            why.Add(string.Create(CultureInfo.InvariantCulture, $"{what} NS{number}{(Enum.IsDefined(error) ? " " + error : "")}"));
        }
    }
}

/// <summary>A diary, read.</summary>
/// <param name="Entries">By number.</param>
/// <param name="Damaged">Places that hold no entry: writes that were cut, or bytes that changed.</param>
public sealed record Diary(IReadOnlyList<DiaryEntry> Entries, int Damaged)
{
    /// <summary>Bytes of an entry.</summary>
    public const int EntryBytes = 40;

    private const byte Mark = 0xD0; // + version
    private const int Version = 1;

    /// <summary>Reads one. What is damaged is passed over and counted.</summary>
    /// <exception cref="DiaryException">Not one entry in bytes that are no diary, or are one of another version.</exception>
    public static Diary Parse(ReadOnlySpan<byte> bytes)
    {
        List<DiaryEntry> entries = [];
        int damaged = 0;
        for (int at = 0; at < bytes.Length; at += EntryBytes)
        {
            ReadOnlySpan<byte> entry = bytes[at..Math.Min(at + EntryBytes, bytes.Length)];
            if (entry.Length == EntryBytes && entry[0] == Mark + Version && U16(entry, 38) == (CrcSum.Of(entry[..38]) & 0xFFFF))
            {
                entries.Add(Read(entry));
            }
            else
            {
                damaged++;
            }
        }

        if (entries.Count == 0 && bytes.Length > 0)
        {
            int version = bytes[0] - Mark;
            throw new DiaryException(version is > Version and < 16
                ? $"The diary is of version {version}; this program reads version {Version}. Its bytes are kept as they came."
                : $"These {bytes.Length} bytes are no diary: no entry in them is whole.");
        }

        entries.Sort((a, b) => a.Number.CompareTo(b.Number));
        return new Diary(entries, damaged);
    }

    /// <summary>True for what is worth keeping: a diary, or one of a later version.</summary>
    public static bool IsOne(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0 && bytes[0] is > Mark + Version and < Mark + 16)
        {
            return true;
        }

        try
        {
            return Parse(bytes).Entries.Count > 0;
        }
        catch (DiaryException)
        {
            return false;
        }
    }

    private static DiaryEntry Read(ReadOnlySpan<byte> e)
    {
        bool clock = (e[1] & 15) == (int)DiaryKind.Clock; // its seconds stand where others have objects
        return new DiaryEntry(
            BinaryPrimitives.ReadUInt32LittleEndian(e[4..]), (DiaryKind)(e[1] & 15), e[1] >> 4 == (int)RoundOutcome.Failed, U16(e, 2),
            BinaryPrimitives.ReadUInt32LittleEndian(e[8..]), BinaryPrimitives.ReadUInt32LittleEndian(e[12..]),
            (CarrierError)U16(e, 16), U16(e, 18), (SyncError)U16(e, 20), (StoreError)U16(e, 22), U16(e, 24),
            clock ? 0 : U16(e, 26), clock ? 0 : U16(e, 28), e[30], e[31], U16(e, 32), U16(e, 34), U16(e, 36))
        {
            Correction = clock ? BinaryPrimitives.ReadInt32LittleEndian(e[26..]) : 0,
        };
    }

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}

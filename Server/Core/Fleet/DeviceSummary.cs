// What is shown of a device in a list of many. The names are those of REST and of the command line.

using System.ComponentModel;

namespace NanoSync.Server.Fleet;

/// <summary>What may be wrong with a device. The number is its bit in the rank: the worst is the highest.</summary>
public enum Problem
{
    /// <summary>It was enrolled, and never came.</summary>
    NeverSeen = 0,

    /// <summary>Its clock was more than two minutes off within the last day.</summary>
    ClockOff = 1,

    /// <summary>Its flash wears out before long.</summary>
    FlashWorn = 2,

    /// <summary>Its battery is low.</summary>
    BatteryLow = 3,

    /// <summary>Its flash is almost full.</summary>
    FlashLow = 4,

    /// <summary>It found damaged places in its flash within the last day.</summary>
    Damaged = 5,

    /// <summary>It does not take what it is to have.</summary>
    ConfigRefused = 6,

    /// <summary>Objects of its were refused within the last day.</summary>
    Refusing = 7,

    /// <summary>It dropped readings within the last day.</summary>
    Dropping = 8,

    /// <summary>Several stores sync with its token within the last day.</summary>
    Forked = 9,

    /// <summary>It should have come.</summary>
    Overdue = 10,
}

/// <summary>A filter by what is wrong.</summary>
public enum FleetState
{
    /// <summary>Nothing is wrong.</summary>
    Ok,

    /// <summary>Something is wrong.</summary>
    Problem,

    /// <summary>Kept out.</summary>
    Revoked,
}

/// <summary>An order of devices.</summary>
public enum FleetSort
{
    /// <summary>Worst first, then by name.</summary>
    Worst,

    /// <summary>By name.</summary>
    Name,

    /// <summary>The one that was not there for longest first.</summary>
    LastSync,

    /// <summary>The lowest battery first.</summary>
    Battery,

    /// <summary>The weakest signal first.</summary>
    Signal,

    /// <summary>The fullest flash first.</summary>
    FlashLeft,

    /// <summary>Most dropped first.</summary>
    Dropped,

    /// <summary>Most waiting first.</summary>
    PendingDown,

    /// <summary>Most waiting on the device first, those that do not tell last.</summary>
    PendingUp,

    /// <summary>The flash that wears out first first, those that do not tell last.</summary>
    FlashLife,
}

#pragma warning disable CS1591 // each is described for OpenAPI
/// <summary>A device in a list.</summary>
public sealed record DeviceSummary
{
    [Description("The device's name.")]
    public required string Name { get; init; }

    [Description("Its group; null = none.")]
    public string? Group { get; init; }

    [Description("What is wrong, worst first; empty = nothing.")]
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    [Description("When it was enrolled.")]
    public DateTimeOffset Created { get; init; }

    [Description("Since when it is kept out; null = it is not.")]
    public DateTimeOffset? Revoked { get; init; }

    [Description("When it last synced; null = never.")]
    public DateTimeOffset? LastSync { get; init; }

    [Description("Seconds between its syncs: as an operator set it (every), else the larger of what it was told and of what was seen; null = not known yet.")]
    public long? Interval { get; init; }

    [Description("When it is expected next, a quarter of the interval for its jitter included. It is overdue when one interval more, at least two minutes, has passed.")]
    public DateTimeOffset? DueAt { get; init; }

    [Description("True when it should have come.")]
    public bool Overdue { get; init; }

    [Description("Its firmware, as it told.")]
    public string? Firmware { get; init; }

    [Description("Volts.")]
    public double? Battery { get; init; }

    [Description("dBm.")]
    public long? Signal { get; init; }

    [Description("Bytes of heap that are free.")]
    public long? FreeHeap { get; init; }

    [Description("Bytes of flash that are free.")]
    public long? FlashLeft { get; init; }

    [Description("Days until its flash is worn out if it goes on as it did, as it told; null = it did not tell.")]
    public long? FlashLife { get; init; }

    [Description("Seconds since its start, when it told.")]
    public long? Uptime { get; init; }

    [Description("Why it started last.")]
    public string? Reset { get; init; }

    [Description("When it told of its status last.")]
    public DateTimeOffset? StatusTime { get; init; }

    [Description("Objects that wait on the device, readings among them: as it told with its last status, less what came since; null = it did not tell.")]
    public long? PendingUp { get; init; }

    [Description("Of a device that does not tell pendingUp: true when its last request was as full as it may be, so that more is waiting.")]
    public bool MoreUp { get; init; }

    [Description("Objects of the server that the device has not yet, counted up to 1000.")]
    public int PendingDown { get; init; }

    [Description("Commands that wait for the device.")]
    public int Commands { get; init; }

    [Description("Readings that went unsent, since its store was made.")]
    public long Dropped { get; init; }

    [Description("Damaged places in its flash, since its store was made.")]
    public long Damaged { get; init; }

    [Description("Objects of its kept aside because the server did not take them, since its store was made.")]
    public long Refused { get; init; }

    [Description("Times its store was found to be one of two.")]
    public long Forked { get; init; }

    [Description("Seconds by which its clock was last corrected.")]
    public long? ClockError { get; init; }

    [Description("Stores that synced with its token within the last day.")]
    public int Stores { get; init; }

    [Description("none: the server has nothing for it; applied: it has all; waiting: some is to come; refused: it does not take some.")]
    public ConfigState Configuration { get; init; }

    [Description("Objects that it does not take as they are now.")]
    public int ConfigRefused { get; init; }

    [Description("The last error in words; null = none.")]
    public string? LastError { get; init; }

    [Description("When that was.")]
    public DateTimeOffset? LastErrorTime { get; init; }
}

/// <summary>How far what the device is to have has come.</summary>
public enum ConfigState
{
    None,
    Applied,
    Waiting,
    Refused,
}
#pragma warning restore CS1591

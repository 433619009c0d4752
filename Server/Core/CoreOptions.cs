using NanoSync.Server.Engine;

namespace NanoSync.Server;

/// <summary>What the rules can be set to.</summary>
public record CoreOptions
{
    /// <summary>Bounds of messages and objects.</summary>
    public SyncLimits Limits { get; init; } = new();

    /// <summary>When something counts as wrong with a device: batteryLow, flashLow, flashLife, clockOff, holdHours.</summary>
    public Fleet.FleetLimits Fleet { get; init; } = new();

    /// <summary>What becomes an alert, and who is told.</summary>
    public Alerts.AlertOptions Alerts { get; init; } = new();

    /// <summary>For how long changes are kept for those who follow them.</summary>
    public TimeSpan KeepChanges { get; init; } = TimeSpan.FromHours(72);

    /// <summary>Sealed messages (mail, files) taken of a device within an hour; more are refused, and come again.</summary>
    public int SealedPerHour { get; init; } = 600;

    /// <summary>How long readings are kept; none = for ever.</summary>
    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];

    /// <summary>How long losers of conflicts, refusals and finished commands are kept, of which the newest 1,000 of each device are; null = as long as they are among these.</summary>
    public TimeSpan? KeepNotes { get; init; }

    /// <summary>Requests a second that a device may make on average; 0 = no bound.</summary>
    public double RatePerSecond { get; init; } = 50;

    /// <summary>Requests that a device may make at once after a pause.</summary>
    public int RateBurst { get; init; } = 200;

    /// <summary>How long the history of edits is kept; null = the newest 100 of each object, however old.</summary>
    public TimeSpan? KeepHistory { get; init; } = TimeSpan.FromDays(365);
}

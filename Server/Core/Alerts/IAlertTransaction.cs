// Alerts and their deliveries in the server's database.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Alerts;

/// <summary>Something wrong.</summary>
public sealed record AlertRow
{
    /// <summary>Its number.</summary>
    public long Id { get; init; }

    /// <summary>The device; 0 = none.</summary>
    public int Device { get; init; }

    /// <summary>The device's name, or what it is about.</summary>
    public required string Subject { get; init; }

    /// <summary>What is wrong, as a problem of the fleet is called; or proxyAway.</summary>
    public required string Kind { get; init; }

    /// <summary>In words.</summary>
    public required string Text { get; init; }

    /// <summary>When it was first seen, milliseconds since 1970, as the others.</summary>
    public long Began { get; init; }

    /// <summary>When it had lasted for long enough; null = not yet, and nobody is told.</summary>
    public long? Opened { get; init; }

    /// <summary>Since when it is seen no more; null = it is.</summary>
    public long? Ended { get; init; }

    /// <summary>When that had lasted for long enough.</summary>
    public long? Closed { get; init; }

    /// <summary>When somebody said that he knows.</summary>
    public long? Acknowledged { get; init; }

    /// <summary>Who.</summary>
    public string? AcknowledgedBy { get; init; }

    /// <summary>What he said.</summary>
    public string? Note { get; init; }
}

/// <summary>Somebody to be told.</summary>
public sealed record DeliveryRow(long Id, long Alert, string Subject, string Channel, string Event, long Made, int Tries, long NextTry, long? Done, string? Error);

/// <summary>What became of an alert. The numbers are those in the database.</summary>
public enum AlertEvent
{
    /// <summary>It had lasted for long enough.</summary>
    Opened = 0,

    /// <summary>It was away for long enough.</summary>
    Closed = 1,

    /// <summary>Somebody said that he knows.</summary>
    Acknowledged = 2,
}

/// <summary>Which alerts.</summary>
public enum AlertState
{
    /// <summary>Opened and not closed.</summary>
    Open,

    /// <summary>Closed.</summary>
    Closed,

    /// <summary>Both.</summary>
    All,
}

/// <summary>Alerts in the database.</summary>
public interface IAlertTransaction : IStoreTransaction
{
    /// <summary>What is wrong with a subject, not closed.</summary>
    List<AlertRow> ListLiveAlerts(int device, string subject);

    /// <summary>Makes an alert.</summary>
    void AddAlert(AlertRow row);

    /// <summary>Says since when an alert's cause is seen no more; null = it is again.</summary>
    void EndAlert(long id, long? ended);

    /// <summary>Alerts that have lasted until a time and are not opened.</summary>
    List<AlertRow> ListLasting(long began, int most);

    /// <summary>Alerts whose cause was not seen since a time and that are not closed.</summary>
    List<AlertRow> ListOver(long ended, int most);

    /// <summary>True when something is to be done at these times.</summary>
    bool HasAlertWork(long began, long ended);

    /// <summary>Opens an alert, which is a change; false when another server did.</summary>
    bool OpenAlert(long id, long now);

    /// <summary>Closes an alert, which is a change; one that was never opened is removed. False when that was so, or another server closed it.</summary>
    bool CloseAlert(long id, long now);

    /// <summary>True when somebody was told of this since a time.</summary>
    bool WasAlerted(string subject, string kind, long since);

    /// <summary>Makes a delivery.</summary>
    void AddDelivery(DeliveryRow row);

    /// <summary>Deliveries due, of each subject and channel the first one that is not done.</summary>
    List<DeliveryRow> ListDue(long now, int most);

    /// <summary>Keeps what became of a delivery.</summary>
    void SaveDelivery(DeliveryRow row);

    /// <summary>The deliveries of an alert.</summary>
    List<DeliveryRow> ListDeliveries(long alert);

    /// <summary>An alert.</summary>
    AlertRow? FindAlert(long id);

    /// <summary>Alerts that were opened, newest first.</summary>
    List<AlertRow> ListAlerts(AlertState state, string? device, string? group, long before, int count);

    /// <summary>Notes that somebody knows, which is a change.</summary>
    void AcknowledgeAlert(long id, string by, string? note, long now);
}

// Alerts and their deliveries.

using System.Data.Common;
using NanoSync.Server.Alerts;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IAlertTransaction
{
    private const string AlertColumns = "a.id, a.device_id, a.subject, a.kind, a.text, a.began, a.opened, a.ended, a.closed, a.acknowledged, a.acknowledged_by, a.note";
    private const string DeliveryColumns = "id, alert_id, subject, channel, event, made, tries, next_try, done, error";

    /// <inheritdoc/>
    public List<AlertRow> ListLiveAlerts(int device, string subject)
    {
        return All($"SELECT {AlertColumns} FROM alert a WHERE a.device_id = @device AND a.subject = @subject AND a.closed IS NULL ORDER BY a.id", ReadAlert,
            ("device", device), ("subject", subject));
    }

    /// <inheritdoc/>
    public void AddAlert(AlertRow row)
    {
        Run("INSERT INTO alert (id, device_id, subject, kind, text, began) VALUES (@id, @device, @subject, @kind, @text, @began)",
            ("id", Next("alert")), ("device", row.Device), ("subject", row.Subject), ("kind", row.Kind), ("text", row.Text), ("began", row.Began));
    }

    /// <inheritdoc/>
    public void EndAlert(long id, long? ended) => Run("UPDATE alert SET ended = @ended WHERE id = @id", ("ended", ended), ("id", id));

    /// <inheritdoc/>
    public List<AlertRow> ListLasting(long began, int most)
    {
        return All($"SELECT {AlertColumns} FROM alert a WHERE a.closed IS NULL AND a.opened IS NULL AND a.ended IS NULL AND a.began <= @began ORDER BY a.id LIMIT @most", ReadAlert,
            ("began", began), ("most", most));
    }

    /// <inheritdoc/>
    public List<AlertRow> ListOver(long ended, int most)
    {
        return All($"SELECT {AlertColumns} FROM alert a WHERE a.closed IS NULL AND a.ended <= @ended ORDER BY a.id LIMIT @most", ReadAlert, ("ended", ended), ("most", most));
    }

    /// <inheritdoc/>
    public bool HasAlertWork(long began, long ended)
    {
        return Number("SELECT COUNT(*) FROM (SELECT 1 FROM alert WHERE closed IS NULL AND ((opened IS NULL AND ended IS NULL AND began <= @began) OR ended <= @ended) LIMIT 1) AS work",
            ("began", began), ("ended", ended)) > 0;
    }

    /// <inheritdoc/>
    public bool OpenAlert(long id, long now)
    {
        bool opened = Run("UPDATE alert SET opened = @now WHERE id = @id AND opened IS NULL", ("now", now), ("id", id)) > 0;
        if (opened)
        {
            NoteAlert(id, AlertEvent.Opened);
        }

        return opened;
    }

    /// <inheritdoc/>
    public bool CloseAlert(long id, long now)
    {
        Run("DELETE FROM alert WHERE id = @id AND opened IS NULL", ("id", id));
        bool closed = Run("UPDATE alert SET closed = @now WHERE id = @id AND closed IS NULL", ("now", now), ("id", id)) > 0;
        if (closed)
        {
            NoteAlert(id, AlertEvent.Closed);
        }

        return closed;
    }

    /// <inheritdoc/>
    public bool WasAlerted(string subject, string kind, long since)
    {
        return Number("SELECT COUNT(*) FROM alert_delivery d JOIN alert a ON a.id = d.alert_id WHERE a.subject = @subject AND a.kind = @kind AND d.made > @since",
            ("subject", subject), ("kind", kind), ("since", since)) > 0;
    }

    /// <inheritdoc/>
    public void AddDelivery(DeliveryRow row)
    {
        Run("INSERT INTO alert_delivery (id, alert_id, subject, channel, event, made, next_try) VALUES (@id, @alert, @subject, @channel, @event, @made, @next)",
            ("id", Next("alert_delivery")), ("alert", row.Alert), ("subject", row.Subject), ("channel", row.Channel), ("event", row.Event), ("made", row.Made), ("next", row.NextTry));
    }

    /// <inheritdoc/>
    public List<DeliveryRow> ListDue(long now, int most)
    {
        return All($"SELECT {DeliveryColumns} FROM alert_delivery d WHERE d.done IS NULL AND d.next_try <= @now AND NOT EXISTS "
            + "(SELECT 1 FROM alert_delivery e WHERE e.done IS NULL AND e.subject = d.subject AND e.channel = d.channel AND e.id < d.id) ORDER BY d.id LIMIT @most", ReadDelivery,
            ("now", now), ("most", most));
    }

    /// <inheritdoc/>
    public void SaveDelivery(DeliveryRow row)
    {
        Run("UPDATE alert_delivery SET tries = @tries, next_try = @next, done = @done, error = @error WHERE id = @id",
            ("tries", row.Tries), ("next", row.NextTry), ("done", row.Done), ("error", row.Error), ("id", row.Id));
    }

    /// <inheritdoc/>
    public List<DeliveryRow> ListDeliveries(long alert)
    {
        return All($"SELECT {DeliveryColumns} FROM alert_delivery WHERE alert_id = @alert ORDER BY id", ReadDelivery, ("alert", alert));
    }

    /// <inheritdoc/>
    public AlertRow? FindAlert(long id) => One($"SELECT {AlertColumns} FROM alert a WHERE a.id = @id AND a.opened IS NOT NULL", ReadAlert, ("id", id));

    /// <inheritdoc/>
    public List<AlertRow> ListAlerts(AlertState state, string? device, string? group, long before, int count)
    {
        return All($"SELECT {AlertColumns} FROM alert a LEFT JOIN device_place p ON p.device_id = a.device_id WHERE a.opened IS NOT NULL AND a.id < @before "
            + "AND (@state = 2 OR (@state = 0 AND a.closed IS NULL) OR (@state = 1 AND a.closed IS NOT NULL)) AND (@device = '' OR a.subject = @device) "
            + "AND (@place = '' OR p.place = @place) ORDER BY a.id DESC LIMIT @count", ReadAlert,
            ("before", before), ("state", (int)state), ("device", device ?? ""), ("place", group ?? ""), ("count", count));
    }

    /// <inheritdoc/>
    public void AcknowledgeAlert(long id, string by, string? note, long now)
    {
        Run("UPDATE alert SET acknowledged = @now, acknowledged_by = @by, note = @note WHERE id = @id", ("now", now), ("by", by), ("note", note), ("id", id));
        NoteAlert(id, AlertEvent.Acknowledged);
    }

    private void NoteAlert(long id, AlertEvent what)
    {
        Run("INSERT INTO change (kind, device_id, alert_id, alert_event) SELECT 2, device_id, id, @what FROM alert WHERE id = @id", ("what", (int)what), ("id", id));
    }

    private static AlertRow ReadAlert(DbDataReader r)
    {
        return new AlertRow
        {
            Id = r.GetInt64(0),
            Device = r.GetInt32(1),
            Subject = r.GetString(2),
            Kind = r.GetString(3),
            Text = r.GetString(4),
            Began = r.GetInt64(5),
            Opened = Long(r, 6),
            Ended = Long(r, 7),
            Closed = Long(r, 8),
            Acknowledged = Long(r, 9),
            AcknowledgedBy = Text(r, 10),
            Note = Text(r, 11),
        };
    }

    private static DeliveryRow ReadDelivery(DbDataReader r)
    {
        return new DeliveryRow(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetInt32(6), r.GetInt64(7), Long(r, 8), Text(r, 9));
    }
}

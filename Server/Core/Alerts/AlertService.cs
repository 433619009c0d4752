// Tells somebody what is wrong. A problem of a device's line is seen when the line is made; it becomes an alert
// when it has lasted, and is over when it has been away for as long, so that one that comes and goes is one alert. Within
// the quiet time nobody is told of the same problem again.
//
// Deliveries are kept in the database in the same transaction, are tried again until they are taken, and those of one subject go
// in their order: "closed" never overtakes "opened". A receiver may get one twice, when the answer to the first was lost; its
// number tells.

using System.Globalization;
using System.Text.Json;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;

namespace NanoSync.Server.Alerts;

/// <summary>What becomes an alert, and who is told.</summary>
public sealed record AlertOptions
{
    /// <summary>Problems that become alerts, proxyAway and brokerAway.</summary>
    public IReadOnlyList<string> Kinds { get; init; } = [.. Enum.GetValues<Problem>().Where(p => p != Problem.NeverSeen).Reverse().Select(NameOf), AlertService.ProxyAway, AlertService.BrokerAway];

    /// <summary>How long a problem lasts before it is an alert.</summary>
    public TimeSpan After { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long it is away before the alert is closed.</summary>
    public TimeSpan Clear { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Of the same problem of the same device nobody is told again within this.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Where alerts are posted; null = nowhere.</summary>
    public Uri? Webhook { get; init; }

    /// <summary>The key of the signature.</summary>
    public string WebhookSecret { get; init; } = "";

    /// <summary>Addresses that alerts are mailed to, by the mail server that is set; null = none.</summary>
    public string? Mail { get; init; }

    /// <summary>The name of a problem.</summary>
    public static string NameOf(Problem problem) => JsonNamingPolicy.CamelCase.ConvertName(problem.ToString());
}

/// <summary>Alerts.</summary>
public sealed class AlertService(IServerStore store, TimeProvider clock, AlertOptions options, IReadOnlyList<IAlertChannel> channels)
{
    /// <summary>The kind of an alert of a proxy's target.</summary>
    public const string ProxyAway = "proxyAway";

    /// <summary>The kind of an alert that no node has the broker.</summary>
    public const string BrokerAway = "brokerAway";

    private const int Step = 200; // alerts looked at in a transaction
    private const int MostTries = 48; // with an hour between the later ones: two days
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Says what is wrong with a subject now; in the transaction that found it.</summary>
    public void See(IStoreTransaction transaction, int device, string subject, IReadOnlyCollection<(string Kind, string Text)> wrong, long now)
    {
        IAlertTransaction alerts = (IAlertTransaction)transaction;
        List<AlertRow> live = alerts.ListLiveAlerts(device, subject);
        foreach ((string kind, string text) in wrong.Where(w => options.Kinds.Contains(w.Kind)))
        {
            AlertRow? known = live.Find(a => a.Kind == kind);
            if (known == null)
            {
                alerts.AddAlert(new AlertRow { Device = device, Subject = subject, Kind = kind, Text = text, Began = now });
            }
            else if (known.Ended != null)
            {
                alerts.EndAlert(known.Id, null);
            }
        }

        foreach (AlertRow over in live.Where(a => a.Ended == null && !wrong.Any(w => w.Kind == a.Kind && options.Kinds.Contains(w.Kind))))
        {
            alerts.EndAlert(over.Id, now);
        }
    }

    /// <summary>Opens what has lasted and closes what is over; true when there is more to do.</summary>
    public bool Turn()
    {
        long now = Now, began = now - (long)options.After.TotalMilliseconds, ended = now - (long)options.Clear.TotalMilliseconds;
        using (IAlertTransaction reading = Read())
        {
            if (!reading.HasAlertWork(began, ended))
            {
                return false;
            }
        }

        using IAlertTransaction alerts = (IAlertTransaction)store.BeginWrite();
        List<AlertRow> lasting = alerts.ListLasting(began, Step), over = alerts.ListOver(ended, Step);
        foreach (AlertRow alert in lasting)
        {
            if (alerts.OpenAlert(alert.Id, now) && !alerts.WasAlerted(alert.Subject, alert.Kind, now - (long)options.Quiet.TotalMilliseconds))
            {
                Tell(alerts, alert, "opened", now);
            }
        }

        foreach (AlertRow alert in over)
        {
            if (alerts.CloseAlert(alert.Id, now) && alerts.ListDeliveries(alert.Id).Count > 0)
            {
                Tell(alerts, alert, "closed", now); // where nobody was told that it began, nobody is told that it ended
            }
        }

        alerts.Commit();
        return lasting.Count == Step || over.Count == Step;
    }

    /// <summary>Delivers what is due, by one process at a time; how many were taken.</summary>
    public async Task<int> Deliver(CancellationToken cancellation = default)
    {
        List<DeliveryRow> due = Due();
        if (due.Count == 0)
        {
            return 0;
        }

        using IStoreLock? turn = store.TryLock("alerts");
        if (turn == null)
        {
            return 0;
        }

        int taken = 0;
        foreach (DeliveryRow delivery in Due())
        {
            string? error = await Send(delivery, cancellation);
            long now = Now;
            int tries = delivery.Tries + 1;
            TimeSpan pause = TimeSpan.FromSeconds(Math.Min(s_first.TotalSeconds * Math.Pow(2, tries - 1), s_longest.TotalSeconds));
            using IAlertTransaction alerts = (IAlertTransaction)store.BeginWrite();
            alerts.SaveDelivery(delivery with
            {
                Tries = tries,
                NextTry = now + (long)pause.TotalMilliseconds,
                Done = error == null || tries >= MostTries ? now : null,
                Error = error,
            });
            alerts.Commit();
            taken += error == null ? 1 : 0;
        }

        return taken;
    }

    /// <summary>Alerts that were opened, newest first, with their deliveries.</summary>
    public List<(AlertRow Alert, List<DeliveryRow> Deliveries)> List(AlertState state = AlertState.Open, string? device = null, string? group = null, long before = long.MaxValue, int count = 100)
    {
        using IAlertTransaction alerts = Read();
        return alerts.ListAlerts(state, device, group, before, count).ConvertAll(a => (a, alerts.ListDeliveries(a.Id)));
    }

    /// <summary>Notes that somebody knows of an alert.</summary>
    public void Acknowledge(long id, string by, string? note)
    {
        if (note?.Length > 1000)
        {
            throw new RefusedException(Refusal.BadInput, "note is at most 1000 characters.") { Code = "out_of_range", Field = "note" };
        }

        using IAlertTransaction alerts = (IAlertTransaction)store.BeginWrite();
        if (alerts.FindAlert(id) == null)
        {
            throw new RefusedException(Refusal.NotFound, string.Create(CultureInfo.InvariantCulture, $"There is no alert {id}."));
        }

        alerts.AcknowledgeAlert(id, by, note, Now);
        alerts.Commit();
    }

    private IAlertTransaction Read() => (IAlertTransaction)store.BeginRead();

    private List<DeliveryRow> Due()
    {
        using IAlertTransaction alerts = Read();
        return alerts.ListDue(Now, 50);
    }

    private void Tell(IAlertTransaction alerts, AlertRow alert, string what, long now)
    {
        foreach (IAlertChannel channel in channels)
        {
            alerts.AddDelivery(new DeliveryRow(0, alert.Id, alert.Subject, channel.Name, what, now, 0, now, null, null));
        }
    }

    // null = taken; else why not
    private async Task<string?> Send(DeliveryRow delivery, CancellationToken cancellation)
    {
        AlertRow? alert;
        using (IAlertTransaction alerts = Read())
        {
            alert = alerts.FindAlert(delivery.Alert);
        }

        if (alert == null)
        {
            return null;
        }

        IAlertChannel? channel = channels.FirstOrDefault(c => c.Name == delivery.Channel);
        return channel == null ? null : await channel.Send(delivery, alert, Now, cancellation); // none = no longer wanted
    }
}

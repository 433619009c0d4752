namespace NanoSync.Server.Alerts;

/// <summary>A way in which somebody is told of alerts: a webhook, mail.</summary>
public interface IAlertChannel
{
    /// <summary>Its name, which is kept with each delivery.</summary>
    string Name { get; }

    /// <summary>Tells of an alert.</summary>
    /// <param name="delivery">Which event of it.</param>
    /// <param name="alert">The alert.</param>
    /// <param name="now">The time, in ms since 1970.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null when it was taken, else why not: it is tried again.</returns>
    Task<string?> Send(DeliveryRow delivery, AlertRow alert, long now, CancellationToken cancellation);
}

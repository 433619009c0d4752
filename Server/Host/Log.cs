// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Host;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Warning, "PostgreSQL runs with {Settings} off: when its machine crashes, what devices were told is kept may be lost or damaged.")]
    public static partial void DatabaseCareless(this ILogger log, string settings);

    [LoggerMessage(LogLevel.Error, "Alerts could not be told.")]
    public static partial void AlertsNotTold(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Error, "Groups' values could not be brought to their members.")]
    public static partial void GroupsNotTurned(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Error, "The fleet could not be brought up to date.")]
    public static partial void FleetNotTurned(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Information, "Retention removed {Readings} readings, {Deleted} deleted objects, {Notes} notes, and forgot the keys of {Stores} stores.")]
    public static partial void Removed(this ILogger log, long readings, long deleted, long notes, long stores);

    [LoggerMessage(LogLevel.Warning, "The clock says {Now:O}, more than a day after the last look of retention: unless it goes back, what is too old is removed from {Until:O} on.")]
    public static partial void ClockWentAhead(this ILogger log, DateTimeOffset now, DateTimeOffset until);

    [LoggerMessage(LogLevel.Warning, "Retention goes on in an hour: {Message}")]
    public static partial void RetentionWaits(this ILogger log, string message);

    [LoggerMessage(LogLevel.Error, "Retention failed; it goes on in an hour.")]
    public static partial void RetentionFailed(this ILogger log, Exception e);
}

// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Proxy;

internal static partial class Log
{
    [LoggerMessage("Proxy {Target}, {Collection}: {Outcome}")]
    public static partial void Outcome(this ILogger log, LogLevel level, string target, string collection, string outcome);

    [LoggerMessage(LogLevel.Error, "Upstreams could not be looked at; it is tried again.")]
    public static partial void NotLooked(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Warning, "Proxy: {Message}")]
    public static partial void Waits(this ILogger log, string message);

    [LoggerMessage(LogLevel.Error, "Nothing is passed on; it is tried again.")]
    public static partial void NothingPassedOn(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Error, "Proxy {Target} failed.")]
    public static partial void Failed(this ILogger log, Exception e, string target);
}

// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Information, "Device {Device} has one more store in {Collection}: {Why}.")]
    public static partial void OneMoreStore(this ILogger log, string device, string collection, string? why);

    [LoggerMessage(LogLevel.Error, "Collection {Collection} of {Device} failed.")]
    public static partial void CollectionFailed(this ILogger log, Exception e, string collection, string device);

    [LoggerMessage(LogLevel.Warning, "Device {Device} tells of more: {Counts}.")]
    public static partial void TellsOfMore(this ILogger log, string device, string counts);
}

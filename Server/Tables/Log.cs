// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Tables;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "Typed tables are not filled: {Message} It is tried again.")]
    public static partial void NotFilled(this ILogger log, string message);
}

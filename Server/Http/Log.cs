// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Http;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "{Message} Requests are answered with 503, {Count} so far.")]
    public static partial void TroubleBegan(this ILogger log, string message, int count);

    [LoggerMessage(LogLevel.Warning, "The database takes what it is given again; {Count} requests were answered with 503.")]
    public static partial void TroubleOver(this ILogger log, int count);

    [LoggerMessage(LogLevel.Information, "The certificate was read anew: {Subject}, until {Until:u}.")]
    public static partial void CertificateRead(this ILogger log, string subject, DateTime until);

    [LoggerMessage(LogLevel.Error, "The certificate {File} has changed and cannot be used: {Message} The one before goes on.")]
    public static partial void CertificateUnusable(this ILogger log, string file, string message);
}

// The log lines of this part.

using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Mail;

internal static partial class Log
{
    [LoggerMessage("Mail {Uid}: {Outcome} {Why}")]
    public static partial void Outcome(this ILogger log, LogLevel level, uint uid, string outcome, string why);

    [LoggerMessage(LogLevel.Warning, "Mail: {Error} Next try in {Seconds} s.")]
    public static partial void MailboxAway(this ILogger log, string error, int seconds);

    [LoggerMessage(LogLevel.Warning, "Mail {Uid}: left for later: {Why} Next try in {Minutes} min.")]
    public static partial void LeftForLater(this ILogger log, uint uid, string why, int minutes);

    [LoggerMessage(LogLevel.Warning, "Mail {Uid}: {Device} asks for an answer to {Asked}; it goes to {Address} as before. To change that: device mail")]
    public static partial void AnotherAddress(this ILogger log, uint uid, string device, string asked, string address);

    [LoggerMessage(LogLevel.Information, "Mail: another server on this database reads the mailbox; this one does when that one has ended.")]
    public static partial void AnotherReads(this ILogger log);

    [LoggerMessage(LogLevel.Error, "The mailbox is not read; it is tried again.")]
    public static partial void NotRead(this ILogger log, Exception e);
}

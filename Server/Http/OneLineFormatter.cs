// Log lines on the console: one line each, whatever a device, an upstream or a mail server put into it.

using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Http;

/// <summary>Writes a log entry as one line without control characters.</summary>
public sealed class OneLineFormatter() : ConsoleFormatter(FormatName)
{
    /// <summary>Its name among the formatters.</summary>
    public const string FormatName = "one-line";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string level = entry.LogLevel switch
        {
            LogLevel.Critical => "crit",
            LogLevel.Error => "fail",
            LogLevel.Warning => "warn",
            LogLevel.Information => "info",
            _ => "dbug",
        };
        string text = entry.Formatter(entry.State, entry.Exception) + (entry.Exception == null ? "" : " " + entry.Exception);
        text = text.ReplaceLineEndings(" ");
        textWriter.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss} {level}: {entry.Category} {Terminal.Clean(text)}"));
    }
}

// alert list, acknowledge: the same as REST has.

using System.CommandLine;
using System.Globalization;
using NanoSync.Server.Alerts;
using NanoSync.Server.Formats;
using Spectre.Console;

namespace NanoSync.Server.Cli;

internal static class AlertCommands
{
    public static Command Make(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time)
    {
        Option<AlertState> state = new("--state") { Description = "open (default), closed or all." };
        Option<string?> device = new("--device") { Description = "Only of this device.", HelpName = "DEVICE" };
        Option<string?> group = new("--group") { Description = "Only of devices of this group.", HelpName = "GROUP" };
        Option<long?> before = new("--before") { Description = "Only alerts below this number.", HelpName = "N" };
        Option<int> limit = new("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 1000 };
        Command list = new("list", "Show alerts, newest first.") { state, device, group, before, limit };
        list.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["number", "about", "what", "since", "closed", "known to", "told", "text"]);
            foreach ((AlertRow a, List<DeliveryRow> deliveries) in core.Alerts.List(parsed.GetValue(state), parsed.GetValue(device), parsed.GetValue(group), parsed.GetValue(before) ?? long.MaxValue, Math.Clamp(parsed.GetValue(limit), 1, 100_000)))
            {
                row(table, [a.Id.ToString(CultureInfo.InvariantCulture), a.Subject, a.Kind, time(a.Began), a.Closed is { } closed ? time(closed) : "", a.AcknowledgedBy ?? "",
                    string.Join(' ', deliveries.Select(d => $"{d.Channel}:{(d.Error == null && d.Done != null ? d.Event : d.Error ?? "waiting")}")), a.Text]);
            }

            AnsiConsole.Write(table);
        }));

        Argument<long> id = new("NUMBER") { Description = "The alert's number." };
        Option<string?> note = new("--note") { Description = "What one has to say of it.", HelpName = "TEXT" };
        Command acknowledge = new("acknowledge", "Say that one knows of an alert.") { id, note };
        acknowledge.SetAction(parsed => with(parsed, core => core.Alerts.Acknowledge(parsed.GetValue(id), "cli " + Terminal.User, parsed.GetValue(note))));
        return new Command("alert", "What was wrong for long enough to tell somebody.") { list, acknowledge };
    }
}

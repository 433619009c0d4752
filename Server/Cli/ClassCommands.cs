// class list, describe, forget, notes: the classes of what is in collections, and what is said of their fields.

using System.CommandLine;
using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Readings;
using Spectre.Console;

namespace NanoSync.Server.Cli;

internal static class ClassCommands
{
    public static Command Make(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time)
    {
        Option<string?> collection = new("--collection") { Description = "Only of this collection; of any when left out.", HelpName = "NAME" };
        Option<string?> device = new("--device") { Description = "Only of this device.", HelpName = "DEVICE" };
        Option<string?> group = new("--group") { Description = "Only of devices of this group.", HelpName = "GROUP" };
        Command list = new("list", "Show the classes of what is in collections, a line a field.") { collection, device, group };
        list.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["collection", "class", "field", "type", "label", "unit", "least", "most"]);
            ILookup<(string, string), FieldNote> notes = core.Notes.List().ToLookup(n => (n.Class, n.Field));
            foreach (ClassView c in core.Readings.Classes(new ReadingQuery { Collection = parsed.GetValue(collection), Device = parsed.GetValue(device), Group = parsed.GetValue(group) }))
            {
                for (int i = 0; i < c.Class.Count; i++)
                {
                    FieldNote? note = notes[(c.WireName[..^5], c.Class.FieldName(i))].FirstOrDefault();
                    string digits = c.Class.TypeOf(i) == FieldType.Fixed ? c.Class.DigitsOf(i).ToString(CultureInfo.InvariantCulture) : "";
                    row(table, [c.Collection, c.WireName, c.Class.FieldName(i), c.Class.TypeOf(i).ToString().ToLowerInvariant() + digits, .. Cells(note)]);
                }
            }

            AnsiConsole.Write(table);
        }));

        Argument<string> name = new("CLASS") { Description = "The name of the class, without its hash." };
        Argument<string> field = new("FIELD") { Description = "The name of the field." };
        Option<string?> label = new("--label") { Description = "What to call it.", HelpName = "TEXT" };
        Option<string?> unit = new("--unit") { Description = "Its unit, such as s or V.", HelpName = "TEXT" };
        Option<double?> least = new("--least") { Description = "The least that is taken of who writes it here.", HelpName = "N" };
        Option<double?> most = new("--most") { Description = "The most.", HelpName = "N" };
        Command describe = new("describe", "Say what a field is called, its unit and its range, instead of what was said before.") { name, field, label, unit, least, most };
        describe.SetAction(parsed => with(parsed, core =>
            core.Notes.Set(parsed.GetValue(name)!, parsed.GetValue(field)!, parsed.GetValue(label), parsed.GetValue(unit), parsed.GetValue(least), parsed.GetValue(most), "cli " + Formats.Terminal.User)));
        Command forget = new("forget", "Say nothing of a field any more.") { name, field };
        forget.SetAction(parsed => with(parsed, core => core.Notes.Drop(parsed.GetValue(name)!, parsed.GetValue(field)!)));
        Command notes = new("notes", "Show what is said of fields.");
        notes.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["class", "field", "label", "unit", "least", "most", "time", "who"]);
            foreach (FieldNote n in core.Notes.List())
            {
                row(table, [n.Class, n.Field, .. Cells(n), time(n.Time), n.Who]);
            }

            AnsiConsole.Write(table);
        }));
        return new Command("class", "See the classes of objects, and say what their fields mean.") { list, describe, forget, notes };
    }

    private static string[] Cells(FieldNote? note)
    {
        return [note?.Label ?? "", note?.Unit ?? "", note?.Least?.ToString(CultureInfo.InvariantCulture) ?? "", note?.Most?.ToString(CultureInfo.InvariantCulture) ?? ""];
    }
}

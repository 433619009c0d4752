// group list, show, get, put, delete, devices, continue, abort, history, restore: the same as REST has.

using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using NanoSync.Server.Application;
using NanoSync.Server.Formats;
using NanoSync.Server.Groups;
using NanoSync.Server.Http;
using Spectre.Console;

namespace NanoSync.Server.Cli;

internal static class GroupCommands
{
    private static readonly Argument<string> s_group = new("GROUP") { Description = "The group." };
    private static readonly Argument<string> s_collection = new("COLLECTION") { Description = "What each member calls the collection." };
    private static readonly Argument<string> s_id = new("ID") { Description = "The object's id." };

    private static readonly Option<int?> s_first = new("--first") { Description = "To so many devices first, those that were there last, and to the others when all of those have applied it.", HelpName = "N" };
    private static readonly Option<string?> s_devices = new("--devices") { Description = "To these devices first, comma-separated.", HelpName = "NAMES" };

    private static string By => "cli " + Terminal.User;

    public static Command Make(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time, Func<ParseResult, NewValue> value,
        Argument<string?> json, Option<string?> type, Option<string?> from)
    {
        Command list = new("list", "Show groups.");
        list.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["group", "devices", "values", "staged"]);
            foreach ((string name, int devices, int values, int staged) in core.Groups.Groups())
            {
                row(table, [name, Number(devices), Number(values), Number(staged)]);
            }

            AnsiConsole.Write(table);
        }));

        Command show = new("show", "Show what the members of a group are to have, and how many are how far.") { s_group };
        show.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["collection", "id", "version", "class", "changed", "by", "value", "devices"]);
            foreach (GroupValueView view in core.Groups.List(parsed.GetValue(s_group)!))
            {
                row(table, [view.Row.Collection, view.Row.ObjectId, Number(view.Row.Version), view.Row.Class ?? "", time(view.Row.Time), view.Row.Who, ValueOf(view), Stand(view)]);
            }

            AnsiConsole.Write(table);
        }));

        Command get = new("get", "Show one of a group's values.") { s_group, s_collection, s_id };
        get.SetAction(parsed => with(parsed, core => Say(core.Groups.Get(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!))));

        Command put = new("put", "Say what each member of a group is to have of an object.") { s_group, s_collection, s_id, json, type, from, VersionMatch.Option, s_first, s_devices };
        put.SetAction(parsed => with(parsed, core => Finish(core,
            core.Groups.Put(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!, value(parsed), parsed.GetValue(VersionMatch.Option), First(parsed), By))));

        Command delete = new("delete", "Want nothing of the members any more: each keeps what it has.") { s_group, s_collection, s_id, VersionMatch.Option };
        delete.SetAction(parsed => with(parsed, core => core.Groups.Delete(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!, parsed.GetValue(VersionMatch.Option), By)));

        Option<MemberState?> state = new("--state") { Description = "Only those that stand so." };
        Command devices = new("devices", "Show how each member stands to a value, and who left and keeps it.") { s_group, s_collection, s_id, state };
        devices.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["device", "state", "first", "why", "left"]);
            foreach (GroupMember member in core.Groups.Members(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!))
            {
                if (parsed.GetValue(state) is not { } wanted || wanted == member.State)
                {
                    row(table, [member.Name, GroupCounts.NameOf(member.State), member.IsFirst ? "first" : "", member.Reason ?? "", member.LeftAt is { } left ? time(left) : ""]);
                }
            }

            AnsiConsole.Write(table);
        }));

        Command go = new("continue", "Let a staged edit go to all members, whether its first devices took it or not.") { s_group, s_collection, s_id };
        go.SetAction(parsed => with(parsed, core => Finish(core, core.Groups.Continue(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!, By))));

        Command abort = new("abort", "Take a staged edit back: its first devices get what they had.") { s_group, s_collection, s_id };
        abort.SetAction(parsed => with(parsed, core =>
        {
            if (core.Groups.Abort(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!, By) is { } view)
            {
                Finish(core, view);
            }
            else
            {
                Console.WriteLine("Taken back; the group had no value before.");
            }
        }));

        Command history = new("history", "Show who changed a group's value, and what it was before, newest first.") { s_group, s_collection, s_id };
        history.SetAction(parsed => with(parsed, core =>
            AnsiConsole.Write(Edits(core.Groups.History(parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!), newTable, row, time))));

        Argument<long> version = Version();
        Command restore = new("restore", "Say what an earlier version said, as a new edit.") { s_group, s_collection, s_id, version, VersionMatch.Option, s_first, s_devices };
        restore.SetAction(parsed => with(parsed, core => Finish(core, core.Groups.Restore(
            parsed.GetValue(s_group)!, parsed.GetValue(s_collection)!, parsed.GetValue(s_id)!, parsed.GetValue(version), parsed.GetValue(VersionMatch.Option), First(parsed), By))));
        return new Command("group", "What the members of a group are to have.") { list, show, get, put, delete, devices, go, abort, history, restore };
    }

    /// <summary>The verbs of a device's objects that have to do with edits: history, restore, follow.</summary>
    public static Command[] OfObjects(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time,
        Argument<string> device, Argument<string> collection, Argument<string> id)
    {
        Command history = new("history", "Show who changed an object, and what it was before, newest first.") { device, collection, id };
        history.SetAction(parsed => with(parsed, core =>
            AnsiConsole.Write(Edits(core.Objects.History(parsed.GetValue(device)!, parsed.GetValue(collection)!, parsed.GetValue(id)!), newTable, row, time))));
        Argument<long> version = Version();
        Command restore = new("restore", "Write what an earlier version was, as a new edit.") { device, collection, id, version, VersionMatch.Option };
        restore.SetAction(parsed => with(parsed, core =>
        {
            (string name, string place, string which) = (parsed.GetValue(device)!, parsed.GetValue(collection)!, parsed.GetValue(id)!);
            Console.WriteLine(ObjectJson.Of(VersionMatch.Edit(core, parsed, name, place, which,
                match => core.Objects.Restore(name, place, which, parsed.GetValue(version), match, By))).ToJsonString());
        }));
        Command follow = new("follow", "Give up a device's own value: it gets its group's.") { device, collection, id };
        follow.SetAction(parsed => with(parsed, core => core.Groups.Follow(parsed.GetValue(device)!, parsed.GetValue(collection)!, parsed.GetValue(id)!)));
        return [history, restore, follow];
    }

    private static Argument<long> Version() => new("VERSION") { Description = "Number of the version in the history." };

    private static FirstDevices? First(ParseResult parsed)
    {
        (int? count, string? names) = (parsed.GetValue(s_first), parsed.GetValue(s_devices));
        return count != null && names != null ? throw new RefusedException(Refusal.BadInput, "--first and --devices say two things: give one of them.")
            : names != null ? new FirstDevices(null, Names.Split(names, "--devices")) : count != null ? new FirstDevices(count, null) : null;
    }

    // Without a server that runs beside this, nobody else brings it to the members.
    private static void Finish(ServerCore core, GroupValueView view)
    {
        while (core.Groups.Turn())
        {
        }

        Say(core.Groups.Get(view.Row.Group, view.Row.Collection, view.Row.ObjectId));
    }

    private static void Say(GroupValueView view)
    {
        Console.WriteLine(Terminal.Clean($"{view.Row.Group} {view.Row.Collection}/{view.Row.ObjectId} version {view.Row.Version} by {view.Row.Who}: {ValueOf(view)}"));
        Console.WriteLine(Terminal.Clean(Stand(view)));
    }

    private static string Stand(GroupValueView view)
    {
        return view.Row.Stage switch
        {
            Stage.First => $"first to {string.Join(", ", view.First.Take(5).Select(f => f.Name))}{(view.First.Count > 5 ? " and others" : "")}: {view.Counts.Text}",
            Stage.Stopped => $"stopped, {view.Row.StopReason}: {view.Counts.Text}",
            _ => view.Counts.Text,
        };
    }

    private static string ValueOf(GroupValueView view) => Shown(view.Class, view.Row.Data, view.Row.Data.Length);

    private static Table Edits(List<EditView> edits, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time)
    {
        Table table = newTable(["version", "time", "who", "how", "old", "new"]);
        foreach (EditView edit in edits)
        {
            row(table, [Number(edit.Row.Version), time(edit.Row.Time), edit.Row.Who, edit.Row.Note, Shown(edit.OldClass, edit.Row.Old.Data, edit.Row.Old.Size), Shown(edit.Class, edit.Row.New.Data, edit.Row.New.Size)]);
        }

        return table;
    }

    private static string Shown(Protocol.ObjectClass? type, byte[]? data, int size)
    {
        (JsonNode? value, string? bytes) = ObjectRoutes.Shown(type, data);
        return size < 0 ? "-" : value?.ToJsonString() ?? bytes ?? $"{size} bytes";
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}

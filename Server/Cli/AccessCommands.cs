// token add, renew, list, revoke; session link; audit. The same words as REST has.

using System.CommandLine;
using System.Globalization;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using Spectre.Console;

namespace NanoSync.Server.Cli;

internal static class AccessCommands
{
    public static Command Token(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time)
    {
        Argument<string> name = new("NAME") { Description = "The token's name: A-Z a-z 0-9 . _ -" };
        Option<Role> role = new("--role") { Description = "read: see; configure: write objects and give commands, too; administer: enrol, revoke, make tokens, too.", Required = true };
        Option<int?> days = new("--days") { Description = "Its life; without it, until it is revoked, and of one that is renewed as long as before.", HelpName = "N" };
        Command add = new("add", "Make a token for REST; it is shown once.") { name, role, days };
        add.SetAction(parsed => with(parsed, core =>
        {
            Console.WriteLine(core.Access.Add(parsed.GetValue(name)!, parsed.GetValue(role), parsed.GetValue(days), "cli"));
            Console.Error.WriteLine("This token is not kept, only its check sum.");
        }));

        Command renew = new("renew", "Give a token another secret, shown once; the one before ends at once.") { name, days };
        renew.SetAction(parsed => with(parsed, core =>
        {
            Console.WriteLine(core.Access.Renew(parsed.GetValue(name)!, parsed.GetValue(days), "cli"));
            Console.Error.WriteLine("This token is not kept, only its check sum.");
        }));

        Command list = new("list", "Show tokens, those that ended too.");
        list.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["token", "role", "made", "by", "ends", "last used", "state"]);
            foreach (AccessTokenRow t in core.Access.List())
            {
                row(table, [t.Name, t.Role.ToString().ToLowerInvariant(), time(t.Created), t.CreatedBy, t.Expires is { } end ? time(end) : "", t.LastUsed is { } used ? time(used) : "never",
                    t.Revoked is { } revoked ? "revoked " + time(revoked) : t.Expires <= core.Clock.GetUtcNow().ToUnixTimeMilliseconds() ? "ended" : ""]);
            }

            AnsiConsole.Write(table);
        }));

        Command revoke = new("revoke", "End a token and all that signed in with it.") { name };
        revoke.SetAction(parsed => with(parsed, core =>
        {
            core.Access.Revoke(parsed.GetValue(name)!);
        }));
        return new Command("token", "Make and end tokens of REST.") { add, renew, list, revoke };
    }

    public static Command Session(Func<ParseResult, Action<ServerCore>, int> with, Func<ParseResult, ServerOptions> options)
    {
        Argument<string> name = new("TOKEN") { Description = "Whose: a token's name.", DefaultValueFactory = _ => AccessService.Admin, Arity = ArgumentArity.ZeroOrOne };
        Option<string?> url = new("--url") { Description = "The server's address as the browser has it; default: that of urls.", HelpName = "URL" };
        Command link = new("link", "A link that signs a browser in, once, within a quarter of an hour.") { name, url };
        link.SetAction(parsed => with(parsed, core =>
        {
            ServerOptions set = options(parsed);
            string given = parsed.GetValue(name)!;
            string address = (parsed.GetValue(url) ?? set.Urls.Split(';')[0]).TrimEnd('/');
            (string code, _) = core.Access.Link(given);
            Console.WriteLine($"{address}/#link={code}");
        }));
        return new Command("session", "Sign a browser in.") { link };
    }

    public static Command Audit(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time)
    {
        Option<int> count = new("--limit") { Description = "How many at most.", HelpName = "N", DefaultValueFactory = _ => 100 };
        Option<long?> before = new("--before") { Description = "Only entries below this number.", HelpName = "N" };
        Command audit = new("audit", "Show who changed what, newest first.") { before, count };
        audit.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["number", "time", "who", "action", "target", "detail"]);
            foreach (AuditRow a in core.Access.Log(parsed.GetValue(before) ?? long.MaxValue, Math.Clamp(parsed.GetValue(count), 1, 100_000)))
            {
                row(table, [a.Id.ToString(CultureInfo.InvariantCulture), time(a.Time), a.Who, a.Action, a.Target, a.Detail]);
            }

            AnsiConsole.Write(table);
        }));
        return audit;
    }
}

// proxy add, list, remove, map, retry. The exchanges are made by the server that runs on the data folder.

using System.CommandLine;
using System.Globalization;
using NanoSync.Server.Application;
using NanoSync.Server.Proxy;
using Spectre.Console;

namespace NanoSync.Server.Cli;

internal static class ProxyCommands
{
    public static Command Make(Func<ParseResult, Action<ServerCore>, int> with, Func<string[], Table> newTable, Action<Table, string[]> row, Func<long, string> time, Func<ParseResult, ServerOptions> options)
    {
        Argument<string> name = new("NAME") { Description = "The target's name here." };
        Option<string> url = Text("--url", "URL", "http://host:port of a NanoSync server; for --kind http the URL of an object, with {device}, {collection} and {id}.");
        Option<string> collections = Text("--collections", "NAMES",
            "Comma-separated: NAME@GROUP, DEVICE/NAME, or NAME of every device; =UPSTREAM is the name there (default: NAME, or {device}.NAME).");
        Option<string> token = Text("--token", "TOKEN", "The token that the upstream gave for this server as a device.");
        Option<string> direction = Text("--direction", "WAY", "both (default), up or down.");
        Option<string> kind = Text("--kind", "KIND", "nanosync (default) or http: PUT and DELETE of objects as JSON, upwards only.");
        Option<string> conflict = Text("--conflict", "WINNER", "upstream (default) or device.");
        Option<string> every = Text("--every", "SECONDS", "Between exchanges; 10 by default.");
        url.Required = true;
        collections.Required = true;
        Command add = new("add", "Pass collections on to another server.") { name, url, collections, token, direction, kind, conflict, every };
        add.SetAction(parsed => with(parsed, core =>
        {
            Dictionary<string, Option<string>> given = new()
            {
                ["url"] = url, ["collections"] = collections, ["token"] = token, ["direction"] = direction, ["kind"] = kind, ["conflict"] = conflict, ["every"] = every,
            };
            ProxyTarget target = ProxyTarget.Parse(parsed.GetValue(name)!, key => given.TryGetValue(key, out Option<string>? option) ? parsed.GetValue(option) : null);
            Proxy(core, options(parsed)).Add(target);
            Console.WriteLine($"{target.Name}: {target.Collections}, {target.Direction.ToString().ToLowerInvariant()}, {target.Url}. The running server takes it up within seconds.");
        }));

        Command list = new("list", "Show targets and how far their collections are.");
        list.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["target", "url", "collection", "upstream", "waiting", "refused", "last in step", "state"]);
            List<(RouteRow Route, string Collection, long Waiting, int Refused)> routes = Proxy(core, options(parsed)).Routes();
            foreach (ProxyTarget target in Proxy(core, options(parsed)).Targets())
            {
                if (!routes.Exists(r => r.Route.Target == target.Name))
                {
                    row(table, [target.Name, target.Url, target.Collections, "", "", "", "never", Proxy(core, options(parsed)).WhyNotStarted(target)]);
                }

                foreach ((RouteRow route, string collection, long waiting, int refused) in routes.Where(r => r.Route.Target == target.Name))
                {
                    row(table, [target.Name, target.Url, collection, route.Upstream, waiting.ToString(CultureInfo.InvariantCulture),
                        refused.ToString(CultureInfo.InvariantCulture), route.Done is { } done ? time(done) : "never",
                        route.Outcome.Length > 0 ? route.Outcome : Proxy(core, options(parsed)).WhyNotStarted(target)]);
                }
            }

            AnsiConsole.Write(table);
        }));

        Command remove = new("remove", "End passing on to a target; its associations stay.") { name };
        remove.SetAction(parsed => with(parsed, core => Proxy(core, options(parsed)).Remove(parsed.GetValue(name)!)));

        Argument<string?> some = new("NAME") { Description = "The target; all when left out.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> device = new("--device") { Description = "Only objects of this device.", HelpName = "DEVICE" };
        Command map = new("map", "Show which object is which: the device's, this server's, the upstream's.") { some, device };
        map.SetAction(parsed => with(parsed, core =>
        {
            Table table = newTable(["target", "device", "device object", "collection", "object", "upstream collection", "upstream object", "state"]);
            foreach (Association a in Proxy(core, options(parsed)).Map(parsed.GetValue(some), parsed.GetValue(device)))
            {
                row(table, [a.Target, a.Device ?? "", a.ClientId ?? "", a.Collection, a.OwnId, a.Upstream, a.UpstreamId ?? "", StateOf(a)]);
            }

            AnsiConsole.Write(table);
        }));

        Argument<string?> id = new("ID") { Description = "This server's object; all when left out.", Arity = ArgumentArity.ZeroOrOne };
        Command retry = new("retry", "Send again what the upstream refused.") { name, id };
        retry.SetAction(parsed => with(parsed, core => Console.WriteLine($"{Proxy(core, options(parsed)).Retry(parsed.GetValue(name)!, parsed.GetValue(id))} to be sent again")));

        return new Command("proxy", "Pass collections on to other servers.") { add, list, remove, map, retry };
    }

    /// <summary>An association's state in words.</summary>
    public static string StateOf(Association a)
    {
        return a.State switch
        {
            MapState.InStep => "in step",
            MapState.Sending => "sending",
            MapState.Retry => "to be sent again",
            MapState.Deleted => "deleted",
            _ => $"refused ({a.Status}) {a.Reason}",
        };
    }

    private static ProxyService Proxy(ServerCore core, ServerOptions options) => new(core, options.Proxies);

    private static Option<string> Text(string name, string help, string description)
    {
        return new Option<string>(name) { HelpName = help, Description = description };
    }
}

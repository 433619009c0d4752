// Load on a server: syncs and readings a second, latencies, processor, memory, bytes of database a reading.
//
//   dotnet run -c Release --project Tests/Load -- --devices 128 --seconds 20 --peer
//   dotnet run -c Release --project Tests/Load -- table --seconds 20
//   dotnet run -c Release --project Tests/Load -- --devices 10000 --wait
//   dotnet run -c Release --project Tests/Load -- export --readings 10000000
//   dotnet run -c Release --project Tests/Load -- fleet --devices 20000
//   dotnet run -c Release --project Tests/Load -- --devices 128 --database "Host=...;Database=..." --nodes 2
//
// Absolute figures belong to the machine and to the generator on it; --peer measures in the same minutes what the same
// inserts cost without a server, and what a plain JSON endpoint does with them.

using System.CommandLine;
using System.Globalization;
using NanoSync.Load;
using NanoSync.ServerTests;
using Spectre.Console;

Option<int> devices = new("--devices") { Description = "Devices, each with a connection of its own.", DefaultValueFactory = _ => 128 };
Option<int> seconds = new("--seconds") { Description = "Seconds that each part is measured, after 5 s to run in.", DefaultValueFactory = _ => 20 };
Option<int> readings = new("--readings") { Description = "Readings a sync, at most 512.", DefaultValueFactory = _ => 20 };
Option<int> bytes = new("--bytes") { Description = "Bytes a reading, 8 or more.", DefaultValueFactory = _ => 12 };
Option<bool> peer = new("--peer") { Description = "Also measure the bare loop and a plain JSON endpoint." };
Option<string?> database = new("--database") { Description = "A PostgreSQL database to use instead of a SQLite file, as the server's setting names it. Devices and readings stay in it." };
Option<int> nodes = new("--nodes") { Description = "Servers on that database, 1 to 8.", DefaultValueFactory = _ => 1 };
Option<bool> wait = new("--wait") { Description = "Devices that wait until something is due, instead: memory of each, and wake-ups a second. On SQLite." };
RootCommand root = new("Load on a NanoSync server of its own.") { devices, seconds, readings, bytes, peer, database, nodes, wait };
root.SetAction(async parsed =>
{
    LoadOptions options = new(parsed.GetValue(devices), parsed.GetValue(seconds), parsed.GetValue(readings), parsed.GetValue(bytes), parsed.GetValue(database), parsed.GetValue(nodes));
    if (options.Devices is < 1 or > 20_000 || options.Seconds is < 1 or > 3_600 || options.Readings is < 1 or > 512 || options.Bytes is < 8 or > 4_096
        || options.Nodes is < 1 or > 8 || (options.Nodes > 1 && options.Database == null))
    {
        Console.Error.WriteLine("--devices is 1 to 20000, --seconds 1 to 3600, --readings 1 to 512, --bytes 8 to 4096, --nodes 1 to 8, more than one with --database.");
        return 2;
    }

    if (parsed.GetValue(wait))
    {
        Console.WriteLine(await WaitLoad.Run(options, Console.Error.WriteLine));
        return 0;
    }

    List<Row> rows = [];
    if (parsed.GetValue(peer))
    {
        rows.Add(Peers.Bare(options, 1, Console.Error.WriteLine));
        rows.Add(Peers.Bare(options, 8, Console.Error.WriteLine));
        rows.Add(await ServerLoad.RunPeer(options, Console.Error.WriteLine));
    }

    rows.Add(await ServerLoad.Run(options, Console.Error.WriteLine));
    Print(options, rows);
    return rows.Exists(r => r.Errors > 0) ? 1 : 0;
});
Command table = new("table", "All of docs/scale.md's table: the bare loop and the JSON endpoint, SQLite, and PostgreSQL of its own with one node and with two. Needs PostgreSQL's server.") { seconds };
table.SetAction(async parsed =>
{
    LoadOptions options = new(128, parsed.GetValue(seconds), 20, 12, null, 1);
    List<Row> rows = [Peers.Bare(options, 1, Console.Error.WriteLine), Peers.Bare(options, 8, Console.Error.WriteLine), await ServerLoad.RunPeer(options, Console.Error.WriteLine)];
    foreach (int count in (int[])[16, 128, 1000])
    {
        rows.Add(await ServerLoad.Run(options with { Devices = count }, Console.Error.WriteLine));
    }

    using PostgresCluster cluster = new("max_connections = 200", "shared_buffers = 512MB", "max_wal_size = 4GB");
    for (int servers = 1; servers <= 2; servers++)
    {
        foreach (int count in (int[])[128, 1000])
        {
            rows.Add(await ServerLoad.Run(options with { Devices = count, Database = cluster.ConnectionString, Nodes = servers }, Console.Error.WriteLine));
        }
    }

    Print(options, rows);
    return rows.Exists(r => r.Errors > 0) ? 1 : 0;
});
root.Add(table);
Argument<string> folder = new("FOLDER");
Command jsonPeer = new("json-peer") { folder };
jsonPeer.Hidden = true;
jsonPeer.SetAction(async parsed => await Peers.Serve(parsed.GetValue(folder)!));
root.Add(jsonPeer);
Option<long> exported = new("--readings") { Description = "How many; a tenth of them is measured first.", DefaultValueFactory = _ => 10_000_000 };
Command export = new("export", "Readings out as CSV and NDJSON: how fast, and the server's largest memory. On SQLite, on Linux.") { exported };
export.SetAction(async parsed => Console.WriteLine(await ExportLoad.Run(parsed.GetValue(exported), Console.Error.WriteLine)));
root.Add(export);
Option<int> members = new("--devices") { Description = "How many.", DefaultValueFactory = _ => 20_000 };
Command fleet = new("fleet", "The lists of an operator with many devices of one group. On SQLite.") { members };
fleet.SetAction(async parsed => Console.WriteLine(await FleetLoad.Run(parsed.GetValue(members), Console.Error.WriteLine)));
root.Add(fleet);
return await root.Parse(args).InvokeAsync();

static void Print(LoadOptions options, List<Row> rows)
{
    Table drawn = new Table().Border(TableBorder.Markdown).AddColumns("", "devices", "syncs/s", "readings/s", "p50 ms", "p95", "p99", "errors", "");
    foreach (Row row in rows)
    {
        string F(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        drawn.AddRow(row.What, row.Devices == 0 ? "-" : F(row.Devices, "0"), F(row.Syncs, "0"), F(row.Readings, "0"), F(row.P50, "0.0"), F(row.P95, "0.0"), F(row.P99, "0.0"), F(row.Errors, "0"), row.Detail.EscapeMarkup());
    }

    AnsiConsole.Profile.Width = 240;
    AnsiConsole.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{options.Readings} readings of {options.Bytes} bytes a sync, {options.Seconds} s"));
    AnsiConsole.Write(drawn);
}

// The server under load: devices of its own, enrolled before it starts, over real HTTP.

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using NanoSync.Server;
using Npgsql;

namespace NanoSync.Load;

internal static class ServerLoad
{
    private static readonly TimeSpan s_runIn = TimeSpan.FromSeconds(5); // until what is used often is compiled well

    /// <summary>Measures the server, in a folder of its own or on a PostgreSQL database.</summary>
    public static async Task<Row> Run(LoadOptions options, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        List<Child> nodes = [];
        try
        {
            string[] tokens = Enrol(folder, options);
            long before = await Size(folder, options);
            Dictionary<string, string> environment = new() { ["NANOSYNC_RATE"] = "0", ["NANOSYNC_DATA"] = folder };
            if (options.Database != null)
            {
                environment["NANOSYNC_DATABASE"] = options.Database;
            }

            while (nodes.Count < options.Nodes)
            {
                nodes.Add(await Child.Start(typeof(ServerData).Assembly.Location, ["serve", "--port", "0"], environment));
            }

            using HttpClient http = Client(options.Devices);
            LoadDevice[] devices = [.. tokens.Select((token, i) => new LoadDevice(http, nodes[i % nodes.Count].Url, token, i, options))];
            progress($"{options.Devices} devices get their first key");
            await Task.WhenAll(devices.Select(d => d.Start(CancellationToken.None)));
            string what = options.Database == null ? "NanoSync, SQLite" : string.Create(CultureInfo.InvariantCulture, $"NanoSync, PostgreSQL, nodes: {nodes.Count}");
            Row row = await Measure(devices, nodes, options, what, progress);
            await Task.WhenAll(nodes.Select(n => n.Stop()));
            long bytes = await Size(folder, options) - before;
            long readings = devices.Sum(d => (long)d.Latencies.Count) * options.Readings;
            string size = string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / Math.Max(1, readings):0.0} bytes of database a reading; {row.Detail}");
            return row with { Detail = size };
        }
        finally
        {
            nodes.ForEach(n => n.Dispose());
            Directory.Delete(folder, true);
        }
    }

    /// <summary>Measures a plain endpoint: JSON in, one row a reading, one commit a request.</summary>
    public static async Task<Row> RunPeer(LoadOptions options, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        try
        {
            using Child server = await Child.Start(typeof(ServerLoad).Assembly.Location, ["json-peer", folder], new Dictionary<string, string>());
            using HttpClient http = Client(options.Devices);
            JsonDevice[] devices = [.. Enumerable.Range(0, options.Devices).Select(i => new JsonDevice(http, server.Url, i, options))];
            Row row = await Measure(devices, [server], options, "JSON to one row a reading", progress);
            await server.Stop();
            return row;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task<Row> Measure(IReadOnlyList<ILoad> devices, IReadOnlyList<Child> servers, LoadOptions options, string what, Action<string> progress)
    {
        using (CancellationTokenSource runIn = new(s_runIn))
        {
            await Task.WhenAll(devices.Select(d => d.Run(runIn.Token)));
        }

        foreach (ILoad device in devices)
        {
            device.Errors.Clear();
        }

        int[] before = [.. devices.Select(d => d.Latencies.Count)];
        foreach (Child server in servers)
        {
            server.Mark();
        }

        TimeSpan own = Process.GetCurrentProcess().TotalProcessorTime;
        long began = Stopwatch.GetTimestamp();
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(options.Seconds));
        Task all = Task.WhenAll(devices.Select(d => d.Run(end.Token)));
        while (await Task.WhenAny(all, Task.Delay(1000)) != all)
        {
            Look();
            progress($"{what}: {devices.Sum(d => d.Latencies.Count) - before.Sum()} syncs in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, {Memory() >> 20} MiB");
        }

        await all;
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        long memory = servers.Sum(s => s.Memory());
        float[] latencies = [.. devices.SelectMany((d, i) => d.Latencies.Skip(before[i]))];
        string[] errors = [.. devices.SelectMany(d => d.Errors)];
        string detail = string.Create(
            CultureInfo.InvariantCulture,
            $"server {servers.Sum(s => s.Used().TotalSeconds) / seconds:0.00} cores, {servers.Sum(s => s.MemoryAtMark) >> 20} MiB at the start, {memory >> 20} at the end, {Memory() >> 20} at most; generator {(Process.GetCurrentProcess().TotalProcessorTime - own).TotalSeconds / seconds:0.00} cores");
        if (errors.Length > 0)
        {
            detail += "; first error: " + errors[0];
        }

        return Row.Of(what, options.Devices, latencies, errors.Length, seconds, options.Readings, detail);

        long Memory() => servers.Sum(s => s.PeakMemory);

        void Look()
        {
            foreach (Child server in servers)
            {
                server.Look();
            }
        }
    }

    private static string[] Enrol(string folder, LoadOptions options)
    {
        using ServerCore core = ServerData.Open(new ServerOptions { Data = folder, Database = options.Database });
        string run = DateTime.UtcNow.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture); // devices of an earlier run stay in a database that is given
        return [.. Enumerable.Range(0, options.Devices).Select(i => core.Devices.Add(string.Create(CultureInfo.InvariantCulture, $"load{run}-{i}"), "readings"))];
    }

    // Bytes of the database, what was deleted in it included.
    private static async Task<long> Size(string folder, LoadOptions options)
    {
        if (options.Database == null)
        {
            return Directory.EnumerateFiles(folder, "*.db*").Sum(f => new FileInfo(f).Length);
        }

        await using NpgsqlConnection connection = new(options.Database);
        await connection.OpenAsync();
        await using NpgsqlCommand command = new("SELECT pg_database_size(current_database())", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static HttpClient Client(int connections)
    {
        return new HttpClient(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = connections,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        })
        {
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    // A device that posts its readings as JSON.
    private sealed class JsonDevice(HttpClient http, Uri server, int number, LoadOptions options) : ILoad
    {
        private long _next = 1;

        public List<float> Latencies { get; } = [];

        public List<string> Errors { get; } = [];

        public async Task Run(CancellationToken end)
        {
            Uri url = new(server, "/readings/" + number.ToString(CultureInfo.InvariantCulture));
            while (!end.IsCancellationRequested)
            {
                long began = Stopwatch.GetTimestamp();
                try
                {
                    long next = _next;
                    byte[] json = JsonSerializer.SerializeToUtf8Bytes(Enumerable.Range(0, options.Readings).Select(i => new { id = next + i, value = next + i, more = 0 }));
                    using ByteArrayContent content = new(json);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/json", Encoding.UTF8.WebName);
                    using HttpResponseMessage response = await http.PostAsync(url, content, end);
                    response.EnsureSuccessStatusCode();
                    _next += options.Readings;
                    Latencies.Add((float)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                }
                catch (OperationCanceledException) when (end.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
                {
                    Errors.Add(e.Message);
                }
            }
        }
    }
}

/// <summary>Something that syncs until told to end.</summary>
internal interface ILoad
{
    /// <summary>Milliseconds of each sync that was answered.</summary>
    List<float> Latencies { get; }

    /// <summary>What was not, in words.</summary>
    List<string> Errors { get; }

    /// <summary>Syncs until told to end.</summary>
    Task Run(CancellationToken end);
}

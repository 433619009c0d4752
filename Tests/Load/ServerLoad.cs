// The server under load: devices of its own, enrolled before it starts, over real HTTP.

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using NanoSync.Server;

namespace NanoSync.Load;

internal static class ServerLoad
{
    private static readonly TimeSpan s_runIn = TimeSpan.FromSeconds(2);

    /// <summary>Measures the server on a database in a folder of its own.</summary>
    public static async Task<Row> Run(LoadOptions options, string? database, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        try
        {
            string[] tokens = Enrol(folder, options.Devices);
            Dictionary<string, string> environment = new() { ["NANOSYNC_RATE"] = "0", ["NANOSYNC_DATA"] = folder };
            if (database != null)
            {
                environment["NANOSYNC_DATABASE"] = database;
            }

            using Child server = await Child.Start(typeof(ServerCore).Assembly.Location, ["serve", "--port", "0"], environment);
            using HttpClient http = Client(options.Devices);
            LoadDevice[] devices = [.. tokens.Select((token, i) => new LoadDevice(http, server.Url, token, i, options))];
            progress($"{options.Devices} devices get their first key");
            await Task.WhenAll(devices.Select(d => d.Start(CancellationToken.None)));
            Row row = await Measure(devices, server, options, "NanoSync", progress);
            await server.Stop();
            long bytes = Directory.EnumerateFiles(folder, "*.db*").Sum(f => new FileInfo(f).Length);
            long readings = devices.Sum(d => (long)d.Latencies.Count) * options.Readings;
            string size = string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / Math.Max(1, readings):0.0} bytes of database a reading; {row.Detail}");
            return row with { Detail = size };
        }
        finally
        {
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
            Row row = await Measure(devices, server, options, "JSON to one row a reading", progress);
            await server.Stop();
            return row;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task<Row> Measure(IReadOnlyList<ILoad> devices, Child server, LoadOptions options, string what, Action<string> progress)
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
        server.Mark();
        TimeSpan own = Process.GetCurrentProcess().TotalProcessorTime;
        long began = Stopwatch.GetTimestamp();
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(options.Seconds));
        Task all = Task.WhenAll(devices.Select(d => d.Run(end.Token)));
        while (await Task.WhenAny(all, Task.Delay(1000)) != all)
        {
            server.Look();
            progress($"{what}: {devices.Sum(d => d.Latencies.Count) - before.Sum()} syncs in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s, {server.PeakMemory >> 20} MiB");
        }

        await all;
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        server.Look();
        float[] latencies = [.. devices.SelectMany((d, i) => d.Latencies.Skip(before[i]))];
        string[] errors = [.. devices.SelectMany(d => d.Errors)];
        string detail = string.Create(
            CultureInfo.InvariantCulture,
            $"server {server.Used().TotalSeconds / seconds:0.00} cores, {server.PeakMemory >> 20} MiB; generator {(Process.GetCurrentProcess().TotalProcessorTime - own).TotalSeconds / seconds:0.00} cores");
        if (errors.Length > 0)
        {
            detail += "; first error: " + errors[0];
        }

        return Row.Of(what, latencies, errors.Length, seconds, options.Readings, detail);
    }

    private static string[] Enrol(string folder, int devices)
    {
        using ServerCore core = ServerCore.Open(new ServerOptions { Data = folder });
        return [.. Enumerable.Range(0, devices).Select(i => core.Devices.Add(string.Create(CultureInfo.InvariantCulture, $"load{i}"), "readings"))];
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

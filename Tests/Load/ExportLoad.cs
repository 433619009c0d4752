// Readings out: how fast, and that memory does not grow with how many there are. A tenth of them, then all, each format by a
// server of its own, whose largest working set is what the kernel says of it at its end.

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using NanoSync.Server;

namespace NanoSync.Load;

internal static class ExportLoad
{
    private const int Devices = 100;

    /// <summary>Measures; the table in Markdown.</summary>
    public static async Task<string> Run(long readings, Action<string> progress)
    {
        List<string> rows = ["| readings | format | MB | s | readings/s | peak MiB, before | peak MiB, after |", "|---|---|---|---|---|---|---|"];
        foreach (long count in (long[])[readings / 10, readings])
        {
            string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
            try
            {
                using (ServerCore core = ServerData.Open(new ServerOptions { Data = folder }))
                {
                    Fill.Readings(core, Devices, count, progress);
                }

                foreach (string format in (string[])["csv", "ndjson"])
                {
                    progress($"{count} readings as {format}");
                    rows.Add(await Export(folder, format, count));
                }
            }
            finally
            {
                Directory.Delete(folder, true);
            }
        }

        return string.Join('\n', rows);
    }

    private static async Task<string> Export(string folder, string format, long count)
    {
        Dictionary<string, string> environment = new() { ["NANOSYNC_DATA"] = folder };
        using Child server = await Child.Start(typeof(ServerData).Assembly.Location, ["serve", "--port", "0"], environment);
        using HttpClient http = new() { BaseAddress = server.Url, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fill.Token(folder));
        using (HttpResponseMessage few = await http.GetAsync($"/v1/readings?device=board0000&format={format}&to=2026-01-01T02:00:00Z")) // compiles the way
        {
            few.EnsureSuccessStatusCode();
            await few.Content.ReadAsByteArrayAsync();
        }

        long before = server.KernelPeak(), bytes = 0, lines = 0, began = Stopwatch.GetTimestamp();
        await using (Stream stream = await http.GetStreamAsync("/v1/readings?format=" + format))
        {
            byte[] buffer = new byte[256 << 10];
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
            {
                bytes += read;
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
            }
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        long after = server.KernelPeak();
        await server.Stop();
        long head = format == "csv" ? 1 : 0;
        return lines == count + head
            ? string.Create(CultureInfo.InvariantCulture, $"| {count:#,0} | {format} | {bytes / 1e6:#,0} | {seconds:0.0} | {count / seconds:#,0} | {before / 1048576.0:0} | {after / 1048576.0:0} |")
            : throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{count} readings are there, {lines - head} came as {format}."));
    }
}

// The lists of an operator who has many devices, all of one group: each asked for 21 times over HTTP, one after the other.

using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Server;

namespace NanoSync.Load;

internal static class FleetLoad
{
    private const int Times = 21;
    private const string Value = "/v1/groups/north/collections/config/objects/sampling";

    /// <summary>Measures; the table in Markdown.</summary>
    public static async Task<string> Run(int devices, Action<string> progress)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-load-").FullName;
        try
        {
            using (ServerCore core = ServerData.Open(new ServerOptions { Data = folder }))
            {
                Fill.Fleet(core, devices, "north", progress);
            }

            Dictionary<string, string> environment = new() { ["NANOSYNC_DATA"] = folder };
            using Child server = await Child.Start(typeof(ServerData).Assembly.Location, ["serve", "--port", "0"], environment);
            using HttpClient http = new() { BaseAddress = server.Url, Timeout = Timeout.InfiniteTimeSpan }; // that it takes long is what is to be seen
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Fill.Token(folder));
            long began = Stopwatch.GetTimestamp();
            using (StringContent value = new("""{"interval":60,"sensors":null}""", Encoding.UTF8, "application/json"))
            using (HttpResponseMessage put = await http.PutAsync(Value + "?class=sampling(interval:u,sensors:t)", value))
            {
                put.EnsureSuccessStatusCode();
            }

            double answered = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            progress("the group's value goes to its members");
            string last = $"/v1/devices/{Fill.NameOf(devices - 1)}/collections/config/objects/sampling";
            while ((await http.GetAsync(last)).StatusCode == System.Net.HttpStatusCode.NotFound)
            {
                await Task.Delay(100);
            }

            double brought = Stopwatch.GetElapsedTime(began).TotalSeconds;
            for (int waiting = 0; waiting < devices; await Task.Delay(500))
            {
                waiting = (int)JsonNode.Parse(await http.GetStringAsync("/v1/fleet"))!["configuration"]!["waiting"]!;
                progress($"{waiting} lines are up to date");
            }

            List<string> rows =
            [
                string.Create(CultureInfo.InvariantCulture, $"{devices:#,0} devices, all of one group; its value was taken after {answered:0} ms, and lay ready for each member after {brought:0} s.\n"),
                "| | rows | KB | median ms | most ms |", "|---|---|---|---|---|",
            ];
            string middle = (devices / 2).ToString(CultureInfo.InvariantCulture);
            foreach ((string what, string path, string counted) in ((string, string, string)[])[
                ("worst first", "/v1/devices?limit=100", "devices"), ("a page of the middle", "/v1/devices?limit=100&skip=" + middle, "devices"),
                ("1,000 a page", "/v1/devices?limit=1000", "devices"),
                ("found by text", "/v1/devices?text=board01", "devices"), ("those with a low battery", "/v1/devices?problem=batteryLow", "devices"),
                ("those that wait for their configuration", "/v1/devices?configuration=waiting", "devices"), ("of a group, lowest battery first", "/v1/devices?group=north&sort=battery", "devices"),
                ("the fleet's counts", "/v1/fleet", "problems"), ("the group's values, each counted over its members", "/v1/groups/north", ""),
                ("members that wait for one", Value + "/devices?state=waiting&limit=100", "devices"), ("one device in full", "/v1/devices/" + Fill.NameOf(devices / 2), "rounds")])
            {
                rows.Add(await Measure(http, what, path, counted));
                progress(rows[^1]);
            }

            await server.Stop();
            return string.Join('\n', rows);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task<string> Measure(HttpClient http, string what, string path, string counted)
    {
        List<double> took = [];
        byte[] answer = [];
        for (int i = 0; i <= Times; i++)
        {
            long began = Stopwatch.GetTimestamp();
            answer = await http.GetByteArrayAsync(path);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        took.RemoveAt(0); // compiles the way
        took.Sort();
        JsonNode json = JsonNode.Parse(answer)!;
        int rows = (counted.Length == 0 ? json : json[counted]) switch { JsonArray list => list.Count, JsonObject members => members.Count, _ => 0 };
        return string.Create(CultureInfo.InvariantCulture, $"| {what} | {rows} | {answer.Length / 1024.0:0} | {took[Times / 2]:0.0} | {took[^1]:0.0} |");
    }
}

// What a server counts, as Prometheus and an OTLP collector see it.

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class MetricsTests
{
    [TestMethod]
    public async Task Prometheus_sees_syncs_readings_commits_and_no_device()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-metrics-").FullName;
        try
        {
            await using EmbeddedServer server = await EmbeddedServer.Start(folder);
            string token = server.Enrol("observed-device", "observed-log");
            using HttpClient http = new() { BaseAddress = new Uri(server.Url) };
            Assert.AreEqual(HttpStatusCode.Unauthorized, (await http.GetAsync("/metrics")).StatusCode);
            Assert.AreEqual(HttpStatusCode.Unauthorized, (await Get(http, token)).Status, "a device is no operator");

            (_, string before) = await Get(http, server.AdminToken);
            string key = "0";
            for (int round = 0; round < 3; round++)
            {
                SyncMessage message = new() { Version = "1.0" };
                CollectionElement log = new() { Id = "observed-log", SyncKey = key, DeletesAsMoves = true };
                log.Commands.AddRange(Enumerable.Range(1, round * 5).Select(i => TestDevice.Add("Ab1_" + i, (byte)i)));
                message.Collections.Add(log);
                key = MessageParser.Parse(MessageFormat.Wbxml, await Post(http, token, MessagePrinter.Print(MessageFormat.Wbxml, message))).Collections[0].SyncKey;
            }

            (_, string after) = await Get(http, server.AdminToken);
            Assert.IsGreaterThanOrEqualTo(3.0, Value(after, "nanosync_syncs", "result=\"answered\"") - Value(before, "nanosync_syncs", "result=\"answered\""));
            Assert.IsGreaterThanOrEqualTo(10.0, Value(after, "nanosync_readings", "") - Value(before, "nanosync_readings", ""));
            Assert.IsGreaterThanOrEqualTo(1.0, Value(after, "nanosync_collections", "key=\"startover\"") - Value(before, "nanosync_collections", "key=\"startover\""));
            Assert.IsGreaterThanOrEqualTo(1.0, Value(after, "nanosync_commit_size_count", "") - Value(before, "nanosync_commit_size_count", ""));
            Assert.IsGreaterThan(0.0, Value(after, "nanosync_bytes", "direction=\"up\"") - Value(before, "nanosync_bytes", "direction=\"up\""));
            Assert.DoesNotContain("observed", after);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [TestMethod]
    public void Repeated_requests_conflicts_refusals_and_forks_are_told_apart()
    {
        ConcurrentDictionary<string, long> counted = new();
        using MeterListener listener = new();
        AsyncLocal<bool> mine = new() { Value = true }; // tests beside this one count, too
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (mine.Value && value != 0)
            {
                counted.AddOrUpdate(instrument.Name + (tags.Length > 0 ? " " + tags[0].Value : ""), value, (_, old) => old + value);
            }
        });
        listener.Start();

        using Bench bench = new();
        TestDevice device = ReadingTests.Started(bench, "log,config");
        device.Start();
        device.Lose(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2)));
        device.SyncAgain();
        device.Sync(device.Log(TestDevice.Add("Ab1_2", 9), TestDevice.Add("Ab1_3", 3)));
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        bench.PutBytes("d1", "a", 2);
        device.Sync(AddTests.With(device, TestDevice.Change("a", 3)));
        Assert.IsNull(device.Exchange(device.Ask()));
        SyncMessage waiting = new() { Heartbeat = 60 };
        waiting.Collections.Add(device.Ask());
        Assert.IsNull(device.Exchange(waiting));
        SyncMessage other = new() { Version = "2.0" };
        other.Collections.Add(device.Ask());
        Assert.AreEqual(Status.VersionNotSupported, device.Exchange(other)!.Status);
        device.SetKey("9abcdefgh", "config");
        device.Sync(device.Ask());
        Assert.IsNotNull(device.Send([1, 2, 3]));

        Assert.AreEqual(2, counted["collections startover"]);
        Assert.AreEqual(1, counted["collections lost"]);
        Assert.AreEqual(1, counted["collections wentback"]);
        Assert.AreEqual(2, counted["readings"]);
        Assert.AreEqual(1, counted["refusals 204"]);
        Assert.AreEqual(1, counted["refusals 7"]);
        Assert.AreEqual(1, counted["conflicts"]);
        Assert.AreEqual(1, counted["syncs malformed"]);
        Assert.AreEqual(1, counted["syncs empty"]);
        Assert.AreEqual(1, counted["syncs held"]);
        Assert.AreEqual(1, counted["syncs refused"]);
        Assert.IsGreaterThan(0, counted["syncs answered"]);
    }

    [TestMethod]
    public async Task A_collector_gets_metrics_and_traces_by_OTLP()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-otlp-").FullName;
        ConcurrentDictionary<string, string> got = new();
        using HttpListener collector = new();
        string address = $"http://127.0.0.1:{FreePort()}";
        collector.Prefixes.Add(address + "/");
        collector.Start();
        Task listening = Task.Run(async () =>
        {
            while (collector.IsListening)
            {
                try
                {
                    HttpListenerContext context = await collector.GetContextAsync();
                    using MemoryStream body = new();
                    await context.Request.InputStream.CopyToAsync(body);
                    got.AddOrUpdate(context.Request.Url!.AbsolutePath, Encoding.Latin1.GetString(body.ToArray()), (_, old) => old + Encoding.Latin1.GetString(body.ToArray()));
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        });
        try
        {
            await using (EmbeddedServer server = await EmbeddedServer.Start(folder, options: new ServerOptions { RatePerSecond = 0, Otlp = new Uri(address) }))
            {
                string token = server.Enrol("observed-device", "observed-log");
                using HttpClient http = new() { BaseAddress = new Uri(server.Url) };
                SyncMessage message = new() { Version = "1.0" };
                message.Collections.Add(new CollectionElement { Id = "observed-log", SyncKey = "0" });
                await Post(http, token, MessagePrinter.Print(MessageFormat.Wbxml, message));
            }

            // what was not sent yet goes when the server ends
            StringAssert.Contains(got["/v1/metrics"], "nanosync.syncs");
            StringAssert.Contains(got["/v1/traces"], "batch");
            Assert.DoesNotContain("observed", got["/v1/metrics"] + got["/v1/traces"]);
        }
        finally
        {
            collector.Close();
            await listening;
            Directory.Delete(folder, true);
        }
    }

    private static int FreePort()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static double Value(string metrics, string name, string label)
    {
        return Regex.Matches(metrics, $@"(?m)^{name}(?:_total)?(\{{[^}}]*\}})? (\S+)$").Where(m => m.Groups[1].Value.Contains(label, StringComparison.Ordinal))
            .Sum(m => double.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<(HttpStatusCode Status, string Body)> Get(HttpClient http, string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/metrics");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<byte[]> Post(HttpClient http, string token, byte[] message)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/sync") { Content = new ByteArrayContent(message) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(WbxmlWriter.MediaType);
        using HttpResponseMessage response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsByteArrayAsync();
    }
}

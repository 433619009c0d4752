// Readings taken out through REST, and followed as they come.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class ReadingsOutTests
{
    private const string Weather = "weather(at:c,temperature:f2,note:t)";
    private static readonly ObjectClass s_weather = ClassCatalog.Parse(Weather)!;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Readings_come_as_json_ndjson_and_csv_by_time_device_group_class_and_field()
    {
        await using OpsServer ops = await OpsServer.Start();
        foreach (string device in (string[])["a", "b"])
        {
            ops.Server.Enrol(device);
            Log(ops, device, Enumerable.Range(0, 4).Select(i => (At(i * 600), 2000L + i, i == 2 ? "x,\"y\"" : null)).ToArray());
        }

        ops.Core.Fleet.Place("b", "north", null);
        JsonArray all = (await ops.Get("/v1/readings?collection=readings")).AsArray();
        Assert.AreEqual("a20 a20.01 a20.02 a20.03 b20 b20.01 b20.02 b20.03", string.Join(' ', all.Select(r => $"{r!["device"]}{decimal.Parse(r["value"]!["temperature"]!.ToString(), CultureInfo.InvariantCulture):0.##}".Replace(',', '.'))));
        Assert.AreEqual("2026-03-01T10:00:00.000Z", all[0]!["at"]!.GetValue<string>());
        Assert.HasCount(4, (await ops.Get("/v1/readings?group=north")).AsArray());
        Assert.HasCount(4, (await ops.Get("/v1/readings?device=a&class=weather")).AsArray());
        Assert.HasCount(0, (await ops.Get("/v1/readings?class=wea")).AsArray());
        Assert.HasCount(2, (await ops.Get("/v1/readings?device=a&from=2026-03-01T10:10:00Z&to=2026-03-01T10:30:00Z")).AsArray());
        Assert.AreEqual("""{"note":null}""", (await ops.Get("/v1/readings?device=a&fields=note"))[0]!["value"]!.ToJsonString());

        string csv = await ops.Client.GetStringAsync("/v1/readings?device=a&format=csv", TestContext.CancellationToken);
        string[] lines = csv.Split("\r\n");
        Assert.AreEqual("device,collection,id,time,received,class,at,temperature,note", lines[0]);
        StringAssert.EndsWith(lines[3], ",2026-03-01T10:20:00Z,20.02,\"x,\"\"y\"\"\"");
        Assert.HasCount(6, lines);
        string[] nd = (await ops.Client.GetStringAsync("/v1/readings?format=ndjson", TestContext.CancellationToken)).Split('\n');
        Assert.HasCount(9, nd);
        Assert.AreEqual("b", JsonNode.Parse(nd[7])!["device"]!.GetValue<string>());

        JsonNode classes = await ops.Get("/v1/classes?device=a");
        Assert.AreEqual("readings weather at:time temperature:fixed note:text", $"{classes[0]!["collection"]} {classes[0]!["name"]} {string.Join(' ', classes[0]!["fields"]!.AsArray().Select(f => f!["name"] + ":" + f["type"]))}");
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, "/v1/readings?device=nobody");
        Assert.AreEqual("from", (await ops.Refused(HttpStatusCode.BadRequest, "missing_field", HttpMethod.Get, "/v1/readings?bucket=60"))["field"]!.GetValue<string>());
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Get, "/v1/readings?bucket=1&from=2020-01-01T00:00:00Z");
        await ops.Refused(HttpStatusCode.BadRequest, "wrong_type", HttpMethod.Get, "/v1/readings?format=xml");
    }

    [TestMethod]
    public async Task The_first_time_is_within_and_the_last_is_not_in_each_format_and_spans_are_bounded()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        Log(ops, "a", [(At(-1), 1000, null), (At(0), 1001, null), (At(59), 1002, null), (At(60), 1003, null)]);
        const string Within = "/v1/readings?from=2026-03-01T10:00:00Z&to=2026-03-01T10:01:00Z";
        Assert.AreEqual("10.01 10.02", string.Join(' ', (await ops.Get(Within)).AsArray().Select(r => r!["value"]!["temperature"]!.ToString())));
        string[] csv = (await ops.Client.GetStringAsync(Within + "&format=csv", TestContext.CancellationToken)).TrimEnd().Split("\r\n");
        Assert.AreEqual("10.01 10.02", string.Join(' ', csv.Skip(1).Select(l => l.Split(',')[7])));
        string[] lines = (await ops.Client.GetStringAsync(Within + "&format=ndjson", TestContext.CancellationToken)).TrimEnd().Split('\n');
        Assert.AreEqual("10.01 10.02", string.Join(' ', lines.Select(l => JsonNode.Parse(l)!["value"]!["temperature"]!.ToString())));
        Assert.AreEqual("[]", (await ops.Get("/v1/readings?from=2026-03-01T10:01:01Z")).ToJsonString(), "none is a list, too");
        Assert.AreEqual("device,collection,id,time,received,class,at,temperature,note\r\n", await ops.Client.GetStringAsync("/v1/readings?from=2026-03-01T10:01:01Z&format=csv", TestContext.CancellationToken));

        const string From = "/v1/readings?bucket=1&from=2026-03-01T10:00:00Z&to=";
        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Get, From + "2026-03-01T15:33:20Z")).Status, "20,000 spans");
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Get, From + "2026-03-01T15:33:21Z");
    }

    [TestMethod]
    public async Task Who_follows_one_outbox_of_two_is_told_of_that_alone()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("a", "readings,events");
        Log(ops, "a", [(At(0), 1000, null)]);
        CollectionElement start = new() { Id = "events", SyncKey = "0", DeletesAsMoves = true };
        CollectionElement event1 = new() { Id = "events", SyncKey = ops.Sync("a", start)!.SyncKey, DeletesAsMoves = true };
        event1.Commands.Add(TestDevice.Add("bbbb1", 7));
        Assert.AreEqual("ok", ops.Sync("a", event1)!.Line());
        ops.Core.Fleet.Flush(look: true);
        // beside each other, since each waits for what would come too much
        (string, string)[] queries = [("?collection=readings", "readings"), ("?collection=events", "events"), ("", "events readings"), ("?collection=-", "")];
        await Task.WhenAll(queries.Select(async q =>
        {
            (string query, string expected) = q;
            (_, List<(string Event, JsonNode Data)> told) = await Following.Follow(ops.Client, query, "0", 1 << 16, TestContext.CancellationToken);
            Assert.AreEqual(expected, string.Join(' ', told.Where(t => t.Event == "object").Select(t => t.Data["collection"]!.GetValue<string>()).Order(StringComparer.Ordinal)), query);
        }));
    }

    [TestMethod]
    public async Task Buckets_have_least_mean_and_most_also_of_readings_that_came_late()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        Log(ops, "a", [(At(0), 1000, null), (At(30), 1100, null), (At(90), 3000, null), (At(59), 1500, null)]);
        JsonArray buckets = (await ops.Get("/v1/readings?bucket=60&from=2026-03-01T10:00:00Z")).AsArray();
        Assert.AreEqual(
            """10:00:00 3 {"temperature":{"min":10,"mean":12,"max":15}} 10:01:00 1 {"temperature":{"min":30,"mean":30,"max":30}}""",
            string.Join(' ', buckets.Select(b => $"{b!["at"]!.GetValue<string>()[11..19]} {b["count"]} {b["value"]!.ToJsonString()}")));
        string csv = await ops.Client.GetStringAsync("/v1/readings?bucket=60&from=2026-03-01T10:00:00Z&format=csv&fields=temperature", TestContext.CancellationToken);
        Assert.AreEqual("device,collection,time,count,temperature.min,temperature.mean,temperature.max\r\na,readings,2026-03-01T10:00:00.000Z,3,10,12,15\r\na,readings,2026-03-01T10:01:00.000Z,1,30,30,30\r\n", csv);
    }

    [TestMethod]
    public async Task An_export_of_many_readings_takes_no_more_memory_than_one_of_few()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        const int Count = 400_000;
        Log(ops, "a", [(At(0), 2000, null)]);
        using (IStoreTransaction store = ops.Core.Store.BeginWrite())
        {
            int device = ops.Core.Devices.Get("a").Id;
            CollectionRow collection = store.FindCollection(device, "readings")!;
            ReplicaRow replica = store.ListReplicas(device)[0];
            byte[] record = Record(At(0), 2000, null);
            for (int i = 0; i < Count; i += 1000)
            {
                store.AppendReadings(collection.Id, new LogRun(device, replica.Id, new ReadingId("ZZZZ", i), collection.Seq + 1, ClassCatalog.WireName(s_weather), ops.Clock.Now.ToUnixTimeMilliseconds()),
                    [.. Enumerable.Repeat(record, 1000)]);
                collection.Seq += 1000;
            }

            collection.Live += Count;
            store.SaveCollection(collection);
            store.Commit();
        }

        GC.Collect();
        long before = GC.GetTotalMemory(true), most = 0, bytes = 0;
        Stopwatch watch = Stopwatch.StartNew();
        await using (Stream stream = await ops.Client.GetStreamAsync("/v1/readings?format=ndjson", TestContext.CancellationToken))
        {
            byte[] buffer = new byte[64 << 10];
            int read, turns = 0;
            while ((read = await stream.ReadAsync(buffer, TestContext.CancellationToken)) > 0)
            {
                bytes += read;
                if (turns++ % 200 == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(true) - before); // what is reachable
                }
            }
        }

        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Count} readings, {bytes >> 20} MB as NDJSON in {watch.Elapsed.TotalSeconds:0.0} s; {most >> 10} KB reachable at most above the beginning"));
        Assert.IsGreaterThan(Count * 100L, bytes);
        Assert.IsLessThan(8L << 20, most);
    }

    [TestMethod]
    public async Task Who_is_cut_a_hundred_times_is_told_everything_once_by_either_of_two_servers()
    {
        await using OpsServer ops = await OpsServer.Start();
        foreach (string device in (string[])["a", "b", "c"])
        {
            ops.Server.Enrol(device);
            Log(ops, device, [(At(0), 1, null)]);
        }

        await using NanoSync.Server.EmbeddedServer second = await ops.Another();
        using HttpClient other = new() { BaseAddress = new Uri(second.Url) };
        other.DefaultRequestHeaders.Authorization = ops.Client.DefaultRequestHeaders.Authorization;
        const int Rounds = 120, Each = 7;
        Dictionary<string, int> logged = new() { ["a"] = 1, ["b"] = 1, ["c"] = 1 };
        Task writing = Task.Run(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                foreach (string device in logged.Keys.ToArray())
                {
                    Log(ops, device, [.. Enumerable.Range(0, Each).Select(i => (At(0), (long)i, (string?)null))], logged[device]);
                    logged[device] += Each;
                }
            }
        }, TestContext.CancellationToken);

        Random random = new(7);
        List<string> told = [];
        string? cursor = "0";
        int cuts = 0;
        Stopwatch limit = Stopwatch.StartNew();
        while ((cuts < 100 || !writing.IsCompleted || told.Count < 3 * (1 + (Rounds * Each))) && limit.Elapsed < TimeSpan.FromMinutes(3))
        {
            cursor = await Follow(random.Next(2) == 0 ? ops.Client : other, cursor, random.Next(1, 12_000), told);
            cuts++;
        }

        await writing;
        await Follow(ops.Client, cursor, 4000, told); // nothing more comes
        TestContext.WriteLine($"{cuts} cuts, {told.Count} readings told");
        Assert.IsGreaterThanOrEqualTo(100, cuts);
        CollectionAssert.AllItemsAreUnique(told);
        foreach (string device in logged.Keys)
        {
            Assert.AreEqual(string.Join(' ', Enumerable.Range(1, 1 + (Rounds * Each)).Select(i => device + i)), string.Join(' ', told.Where(t => t[0] == device[0])), "all, in order");
        }
    }

    [TestMethod]
    public async Task A_cursor_of_a_time_that_the_database_has_lost_or_keeps_no_longer_is_gone()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        Log(ops, "a", [(At(0), 1, null)]);
        ops.Core.Fleet.Flush();
        List<string> told = [];
        string? cursor = await Follow(ops.Client, "0", 2000, told);
        Assert.HasCount(1, told);
        string number = cursor!.Split('.')[0];
        await ops.Refused(HttpStatusCode.Gone, "cursor_gone", HttpMethod.Get, $"/v1/changes?after={number}.none");
        await ops.Refused(HttpStatusCode.Gone, "cursor_gone", HttpMethod.Get, "/v1/changes?after=99999");
        await ops.Refused(HttpStatusCode.BadRequest, "wrong_type", HttpMethod.Get, "/v1/changes?after=yesterday");
        ops.Clock.Now += TimeSpan.FromHours(73);
        Log(ops, "a", [(At(0), 1, null)], 1);
        ops.Core.Fleet.Flush();
        while (ops.Core.Fleet.Prune(TimeSpan.FromHours(72), long.MaxValue))
        {
        }

        await ops.Refused(HttpStatusCode.Gone, "cursor_gone", HttpMethod.Get, "/v1/changes?after=1");
        told.Clear();
        await Follow(ops.Client, "0", 2000, told);
        Assert.AreEqual("a2", string.Join(' ', told), "what is kept");
    }

    [TestMethod]
    public async Task Objects_deletions_and_lines_of_devices_are_told_too()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        ops.Server.Enrol("b");
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CancellationToken);
        end.CancelAfter(TimeSpan.FromSeconds(60));
        using HttpResponseMessage response = await ops.Client.GetAsync("/v1/changes?device=a", HttpCompletionOption.ResponseHeadersRead, end.Token);
        Assert.AreEqual("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync(end.Token));
        foreach (string device in (string[])["b", "a"])
        {
            string objects = $"/v1/devices/{device}/collections/config/objects/x";
            await ops.Send(HttpMethod.Put, objects + "?class=" + Uri.EscapeDataString(Bench.Sampling), """{"interval":5,"sensors":null}""");
        }

        List<string> got = [];
        bool deleted = false;
        string name = "";
        while (!(got.Contains("object deleted") && got.Contains("device waiting")))
        {
            string line = (await lines.ReadLineAsync(end.Token))!;
            name = line.StartsWith("event: ", StringComparison.Ordinal) ? line[7..] : name;
            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                JsonNode data = JsonNode.Parse(line[6..])!;
                Assert.AreEqual("a", (data["to"] ?? data["name"])!.GetValue<string>());
                got.Add(name == "device" ? "device " + data["configuration"] : data["deleted"] != null ? "object deleted" : "object " + data["value"]!["interval"]);
            }

            if (!deleted && got.Contains("object 5"))
            {
                deleted = true;
                await ops.Send(HttpMethod.Delete, "/v1/devices/a/collections/config/objects/x");
            }
        }

        Assert.Contains("object 5", got);
    }

    // Reads a number of bytes and hangs up; where to go on.
    private async Task<string?> Follow(HttpClient client, string? cursor, int bytes, List<string> told)
    {
        (cursor, List<(string Event, JsonNode Data)> events) = await Following.Follow(client, "?collection=readings", cursor, bytes, TestContext.CancellationToken);
        told.AddRange(events.Where(e => e.Event == "object").Select(e => $"{e.Data["device"]}{e.Data["seq"]}"));
        return cursor;
    }

    private static uint At(int seconds) => (uint)(new DateTimeOffset(2026, 3, 1, 10, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() + seconds);

    private static byte[] Record(uint at, long temperature, string? note)
    {
        RecordWriter writer = new(64);
        writer.Begin(s_weather);
        writer.Time(at);
        writer.Fixed(temperature);
        if (note == null)
        {
            writer.None();
        }
        else
        {
            writer.Text(note);
        }

        Assert.IsTrue(writer.End());
        return writer.Buffer[..writer.Length];
    }

    // Readings of a device as its outbox sends them, numbered from a number on.
    private static void Log(OpsServer ops, string device, (uint At, long Temperature, string? Note)[] readings, int first = 0)
    {
        string wire = ClassCatalog.WireName(s_weather);
        SyncMessage definition = new() { Version = "1.0" };
        string store = device + device + device + device;
        CollectionElement start = new() { Id = "readings", SyncKey = "0", DeletesAsMoves = true, Class = wire };
        start.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", store), new("start", $"{first + 1}")])));
        string key = ops.Sync(device, start)!.SyncKey;
        if (first == 0)
        {
            using IStoreTransaction transaction = ops.Core.Store.BeginWrite();
            transaction.SaveClass(ops.Core.Devices.Get(device).Id, wire, s_weather.Definition, 1);
            transaction.Commit();
        }

        CollectionElement add = new() { Id = "readings", SyncKey = key, DeletesAsMoves = true, Class = wire };
        for (int i = 0; i < readings.Length; i++)
        {
            add.Commands.Add(TestDevice.Add(string.Create(CultureInfo.InvariantCulture, $"{store}{first + i}"), Record(readings[i].At, readings[i].Temperature, readings[i].Note)));
        }

        CollectionElement reply = ops.Sync(device, add)!;
        Assert.AreEqual("ok", reply.Line());
    }
}

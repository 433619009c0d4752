// Devices that come, many at once or by a code; two tokens for a while; another board in the same place; devices that go.

using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class EnrolTests
{
    private const string ClaimType = "application/vnd.nanosync.claim";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_table_of_devices_is_enrolled_as_a_whole_with_a_token_and_a_file_each()
    {
        await using OpsServer ops = await OpsServer.Start();
        JsonArray enrolled = (JsonArray)(await Csv(ops, HttpStatusCode.Created, "", "\uFEFFname,group,board,note,every,collections\r\nb1,north,ESP32_REV3,\"roof, left\",600,\r\n\r\nb2,,,,,\"log,config@site\"\r\n"))!;
        Assert.AreEqual("b1 b2", string.Join(' ', enrolled.Select(e => (string?)e!["name"])));
        JsonNode b1 = await ops.Get("/v1/devices/b1"), b2 = await ops.Get("/v1/devices/b2");
        Assert.AreEqual("north 600 ESP32_REV3 roof, left config,readings", $"{b1["summary"]!["group"]} {b1["summary"]!["interval"]} {b1["board"]} {b1["note"]} {string.Join(',', b1["collections"]!.AsArray().Select(c => (string?)c))}");
        Assert.AreEqual("config@site,log", string.Join(',', b2["collections"]!.AsArray().Select(c => (string?)c)));
        string token = (string)enrolled[0]!["token"]!;
        Assert.AreEqual($"# b1: roof, left\n# NANOSYNC_DEVICE=THIS_FILE board-configs/flash.sh ESP32_REV3 PORT\nNANOSYNC_TOKEN={token}\n", (string?)enrolled[0]!["file"]);
        Assert.AreEqual("b1", ops.Core.Devices.Authenticate(token)?.Name);
        Assert.AreEqual("b2", ops.Core.Devices.Authenticate((string)enrolled[1]!["token"]!)?.Name);

        // a spreadsheet of a country with decimal commas; and JSON says the same
        Assert.AreEqual("b3", (string?)(await Csv(ops, HttpStatusCode.Created, "", "name;group\nb3;south\n"))![0]!["name"]);
        (HttpStatusCode status, JsonNode? body) = await ops.Send(HttpMethod.Post, "/v1/devices/enrol", """{"devices":[{"name":"b4","group":"south","note":"x"},{"name":"b5"}]}""");
        Assert.AreEqual(HttpStatusCode.Created, status, body?.ToJsonString());
        Assert.AreEqual(2, (await ops.Get("/v1/devices?group=south"))["total"]!.GetValue<int>());
    }

    [TestMethod]
    [DataRow("name,group\nok1,\nno name,\nd1,\nok2,a b\nok1,\n", "line 3: A device's name is|line 4: There is a device d1 already|line 5: A group's name is|line 6: ok1 stands here twice")]
    [DataRow("name,every,board,sealed\nx1,soon,,\nx2,,no/folder,\nx3,,,maybe\nx4,-1,,\n", "line 2: every is a number|line 4: sealed is yes or no|line 5: every is a number")]
    [DataRow("name,every,board\nx1,99999999999,\nx2,,no/folder\n", "line 2: every is a number from 0|line 3: board is a folder")]
    [DataRow("name\nx1,extra\n\"x2\nx3\n", "line 2: 2 cells, where the head has 1|line 3: its quotes do not pair")]
    [DataRow("device,group\nx1,\n", "The first line names the columns")]
    [DataRow("name,colour\nx1,\n", "The first line names the columns")]
    [DataRow("name,name\nx1,x2\n", "The first line names the columns")]
    [DataRow("", "The first line names the columns")]
    [DataRow("name\n", "1 to 5000 devices")]
    public async Task Each_bad_line_is_named_and_nobody_is_enrolled(string csv, string expected)
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        JsonNode problem = (await Csv(ops, HttpStatusCode.BadRequest, "", csv))!;
        foreach (string part in expected.Split('|'))
        {
            StringAssert.Contains((string?)problem["detail"], part);
        }

        Assert.AreEqual("devices", (string?)problem["field"]);
        Assert.AreEqual(expected.Split('|').Count(p => p.StartsWith("line", StringComparison.Ordinal)), ((string)problem["detail"]!).Split("\nline ").Length - 1, (string?)problem["detail"]);
        Assert.AreEqual("d1", string.Join(' ', ops.Core.Devices.List().Select(d => d.Name)));
    }

    [TestMethod]
    public async Task A_code_gives_the_same_token_until_it_is_used_and_none_after()
    {
        await using OpsServer ops = await OpsServer.Start();
        JsonNode enrolled = (await Csv(ops, HttpStatusCode.Created, "?claimDays=7", "name\nb1\n"))![0]!;
        string code = (string)enrolled["claim"]!;
        Assert.IsNull(enrolled["token"]);
        StringAssert.Matches(code, new("^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$"));
        Assert.AreEqual(ops.Clock.Now.AddDays(7), enrolled["claimExpires"]!.GetValue<DateTimeOffset>());
        StringAssert.Contains((string?)enrolled["file"], $"NANOSYNC_CLAIM={code}\n");

        (HttpStatusCode status, string answer) = await Claim(ops, code);
        Assert.AreEqual(HttpStatusCode.OK, status);
        string[] lines = answer.Split('\n');
        Assert.AreEqual(("b1", 43, "", 3), (lines[0], lines[1].Length, lines[2], lines.Length));
        Assert.AreEqual((status, answer), await Claim(ops, code), "the reply was lost");
        Assert.AreEqual((status, answer), await Claim(ops, code.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal).Replace('0', 'o').Replace('1', 'l')), "as a person types it");
        Assert.IsNull((await ops.Get("/v1/devices/b1"))["claim"]!["used"]);

        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, lines[1]));
        Assert.AreEqual((HttpStatusCode.Forbidden, "This code was used, or has ended.\n"), await Claim(ops, code), "the token was used");
        Assert.IsNotNull((await ops.Get("/v1/devices/b1"))["claim"]!["used"]);
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, lines[1]));
        JsonNode audit = (await ops.Get("/v1/audit"))["entries"]!;
        Assert.IsTrue(audit.AsArray().Any(a => (string?)a!["who"] == "code" && (string?)a["action"] == "claim" && (string?)a["target"] == "b1"));
        Assert.IsFalse(audit.ToJsonString().Contains(code, StringComparison.Ordinal));
    }

    [TestMethod]
    public async Task A_code_ends_with_its_time_a_newer_one_another_token_and_its_device()
    {
        await using OpsServer ops = await OpsServer.Start();
        string code = "";
        string[] why = ["too old", "newer", "rotated", "revoked", "deleted"];
        foreach (string reason in why)
        {
            ops.Core.Devices.Add(reason.Replace(' ', '-'));
            string device = reason.Replace(' ', '-');
            (code, _) = ops.Core.Enrolment.MakeClaim(device, 1);
            Assert.AreEqual(HttpStatusCode.OK, (await Claim(ops, code)).Status);
            string expected = "There is no such code.\n";
            switch (reason)
            {
                case "too old":
                    ops.Clock.Now += TimeSpan.FromDays(1);
                    expected = "This code was used, or has ended.\n";
                    break;
                case "newer":
                    ops.Core.Enrolment.MakeClaim(device);
                    break;
                case "rotated":
                    ops.Core.Devices.Rotate(device);
                    break;
                case "revoked":
                    ops.Core.Devices.Revoke(device);
                    expected = "This code was used, or has ended.\n";
                    break;
                default:
                    ops.Core.Enrolment.Delete(device, data: false);
                    break;
            }

            Assert.AreEqual((HttpStatusCode.Forbidden, expected), await Claim(ops, code), reason);
        }

        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/devices/revoked/claim");
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Post, "/v1/devices/newer/claim?days=0");
        ops.Core.Devices.Add("post", isSealed: true);
        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/devices/post/claim");
    }

    [TestMethod]
    public async Task A_device_that_has_a_token_keeps_it_until_the_one_of_the_code_is_used()
    {
        await using OpsServer ops = await OpsServer.Start();
        string old = ops.Core.Devices.Add("b1");
        JsonNode made = (await ops.Send(HttpMethod.Post, "/v1/devices/b1/claim")).Body!;
        string token = (await Claim(ops, (string)made["claim"]!)).Answer.Split('\n')[1];
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, old));
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, token));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, old));
    }

    [TestMethod]
    public async Task What_is_no_code_is_refused_and_who_guesses_waits_while_others_do_not()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("b1");
        string code = ops.Core.Enrolment.MakeClaim("b1").Code;
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Claim(ops, "")).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Claim(ops, "ABCD-EFGH")).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Claim(ops, "ABCD-EFGH-JKMN-PQRU")).Status, "there is no U");
        Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, (await Claim(ops, new string('A', 1000))).Status);
        int wrong = 0;
        long began = Stopwatch.GetTimestamp();
        while ((await Claim(ops, "ABCD-EFGH-JKMN-PQRS")).Status == HttpStatusCode.Forbidden)
        {
            wrong++;
            Assert.IsLessThan(100, wrong);
        }

        Assert.IsGreaterThanOrEqualTo(20, wrong);
        Assert.IsLessThanOrEqualTo(20 + (int)(Stopwatch.GetElapsedTime(began).TotalSeconds / 5), wrong, "one more in five seconds");
        Assert.AreEqual(HttpStatusCode.TooManyRequests, (await Claim(ops, code)).Status, "nor is it told whether one was right");
        while ((await Claim(ops, code)).Status != HttpStatusCode.OK)
        {
            Assert.IsLessThan(20, Stopwatch.GetElapsedTime(began).TotalSeconds);
            await Task.Delay(250, TestContext.CancellationToken);
        }

        for (int i = 0; i < 30; i++)
        {
            Assert.AreEqual(HttpStatusCode.OK, (await Claim(ops, code)).Status, "what is right is not counted");
        }
    }

    [TestMethod]
    public async Task Of_a_code_nothing_is_kept_that_gives_its_token()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("b1");
        string code = ops.Core.Enrolment.MakeClaim("b1").Code, bare = ClaimCode.Read(code)!;
        string token = (await Claim(ops, code)).Answer.Split('\n')[1];
        ClaimRow Kept()
        {
            using IStoreTransaction store = ops.Core.Store.BeginRead();
            return ((IEnrolTransaction)store).FindClaim(ClaimCode.HashOf(bare))!;
        }

        ClaimRow row = Kept();
        Assert.AreEqual(32, row.Salt.Length);
        Assert.AreEqual(token, Convert.ToBase64String(System.Security.Cryptography.HMACSHA256.HashData(row.Salt, Encoding.ASCII.GetBytes(bare))).TrimEnd('=').Replace('+', '-').Replace('/', '_'));
        string written = Encoding.Latin1.GetString(TestDatabase.Written(ops.Folder));
        Assert.IsFalse(written.Contains(code, StringComparison.Ordinal) || written.Contains(bare, StringComparison.Ordinal) || written.Contains(token, StringComparison.Ordinal));
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, token));
        Assert.IsEmpty(Kept().Salt);
    }

    [TestMethod]
    public async Task Two_tokens_are_taken_for_a_while()
    {
        await using OpsServer ops = await OpsServer.Start();
        string first = ops.Core.Devices.Add("b1");
        string second = (string)(await ops.Send(HttpMethod.Post, "/v1/devices/b1/rotate?overlap=2")).Body!["token"]!;
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, first));
        string third = (string)(await ops.Send(HttpMethod.Post, "/v1/devices/b1/rotate?overlap=2")).Body!["token"]!;
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, second), "one that nobody used is no second one");
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, first));
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, third));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, first), "the new one was used");

        string fourth = ops.Core.Devices.Rotate("b1", overlap: 2);
        ops.Clock.Now += TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(1);
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, third));
        ops.Clock.Now += TimeSpan.FromMilliseconds(1);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, third), "its time is over");
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, fourth));

        string fifth = ops.Core.Devices.Rotate("b1");
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, fourth), "without overlap at once");
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, fifth));
        string sixth = ops.Core.Devices.Rotate("b1", overlap: 2);
        ops.Core.Devices.Revoke("b1");
        Assert.AreEqual((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (await Sync(ops, fifth), await Sync(ops, sixth)), "revoked is revoked");
        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/devices/b1/rotate?readmit=true&overlap=2");
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Post, "/v1/devices/b1/rotate?overlap=721");
    }

    [TestMethod]
    public async Task Another_board_takes_the_place_of_a_device_with_its_readings_and_its_configuration()
    {
        await using OpsServer ops = await OpsServer.Start();
        string old = ops.Core.Devices.Add("b1");
        Fill(ops, "b1", "AAAA", 3);
        ops.Core.Objects.Put("b1", "config", "sampling", ObjectJson.Parse(Encoding.UTF8.GetBytes("""{"interval":7,"sensors":null}"""), Bench.Sampling));
        Assert.AreEqual(1, (await ops.Get("/v1/devices/b1"))["stores"]!.AsArray().Count);
        ops.Core.Devices.Revoke("b1");

        JsonNode replaced = (await ops.Send(HttpMethod.Post, "/v1/devices/b1/replace?claimDays=3")).Body!;
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, old));
        string token = (await Claim(ops, (string)replaced["claim"]!)).Answer.Split('\n')[1];
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, old), "not beside the new one either");
        Assert.AreEqual(HttpStatusCode.OK, await Sync(ops, token));

        JsonNode b1 = await ops.Get("/v1/devices/b1");
        Assert.IsEmpty(b1["stores"]!.AsArray(), "the old board's store is forgotten: no fork");
        Fill(ops, "b1", "BBBB", 2);
        Assert.AreEqual(5, await Readings(ops, "b1"));
        b1 = await ops.Get("/v1/devices/b1");
        Assert.AreEqual(1, b1["stores"]!.AsArray().Count);
        Assert.IsFalse(b1["summary"]!["problems"]!.AsArray().Any(p => (string?)p == "forked"), b1["summary"]!.ToJsonString());
        CollectionElement config = ops.Sync("b1", new CollectionElement { Id = "config", SyncKey = ops.StartSync("b1", "config", store: "BBBB"), GetChanges = true })!;
        Assert.AreEqual("sampling", config.Commands.Single().ServerId ?? config.Commands.Single().ClientId);
    }

    [TestMethod]
    public async Task A_deleted_device_is_out_and_off_the_lists_and_what_it_sent_is_kept()
    {
        await using OpsServer ops = await OpsServer.Start();
        string token = ops.Core.Devices.Add("b1");
        ops.Core.Fleet.Place("b1", "north", null);
        ops.Core.Devices.Add("b2");
        Fill(ops, "b1", "AAAA", 3);
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Post, "/v1/devices/b1/delete", """{"data":false}""")).Status);
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Sync(ops, token));
        Assert.AreEqual("b2", string.Join(' ', (await ops.Get("/v1/devices"))["devices"]!.AsArray().Select(d => (string?)d!["name"])));
        Assert.AreEqual(1, (await ops.Get("/v1/fleet"))["all"]!.GetValue<int>());
        Assert.IsEmpty((await ops.Get("/v1/fleet"))["groups"]!.AsObject());
        StringAssert.Contains((string?)(await ops.Refused(HttpStatusCode.Gone, "gone", HttpMethod.Get, "/v1/devices/b1"))["detail"], "device replace b1");
        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/devices", """{"name":"b1"}""");
        await ops.Refused(HttpStatusCode.Conflict, "conflict", HttpMethod.Post, "/v1/devices/b1/rotate?readmit=true");
        Assert.AreEqual(3, await Readings(ops, "b1"));

        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Post, "/v1/devices/b1/replace")).Status);
        Assert.AreEqual(2, (await ops.Get("/v1/devices"))["total"]!.GetValue<int>(), "it is back");
        Assert.AreEqual(3, await Readings(ops, "b1"));
    }

    // As on PostgreSQL, where the line is made in a transaction of its own.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_line_that_was_made_while_its_device_was_deleted_is_not_listed_and_goes_when_it_is_due(bool due)
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Core.Devices.Add("b1");
        Fill(ops, "b1", "AAAA", 3);
        await ops.Get("/v1/devices");
        ops.Core.Fleet.Place("b1", "north", 3600);
        await ops.Get("/v1/devices");
        FleetFacts facts;
        using (IStoreTransaction reading = ops.Core.Store.BeginRead())
        {
            facts = ((IFleetTransaction)reading).FindFacts(reading.FindDevice("b1")!.Id, 1)!;
        }

        ops.Core.Enrolment.Delete("b1", data: false);
        using (IStoreTransaction late = ops.Core.Store.BeginWrite())
        {
            ((IFleetTransaction)late).SaveFleet(facts.Before with { NextCheck = due ? 0 : facts.Before.NextCheck }, "b1");
            late.Commit();
        }

        Assert.IsEmpty((await ops.Get("/v1/devices"))["devices"]!.AsArray());
        Assert.AreEqual(0, (await ops.Get("/v1/fleet"))["all"]!.GetValue<int>());
        using IStoreTransaction after = ops.Core.Store.BeginWrite();
        Assert.AreEqual(!due, ((IFleetTransaction)after).RemoveLine(facts.Before.Device), "it was still there");
    }

    [TestMethod]
    public async Task A_device_deleted_with_its_data_leaves_nothing_of_its_own_and_takes_nothing_of_others()
    {
        await using OpsServer ops = await OpsServer.Start();
        foreach (string device in (string[])["b1", "b2"])
        {
            ops.Core.Devices.Add(device, "readings,config,log@site");
            Fill(ops, device, device + "AA", 30);
            string key = ops.StartSync(device, "log", outbox: true, store: device + "AA");
            ops.Sync(device, Adds("log", key, device, 1));
            using (IStoreTransaction store = ops.Core.Store.BeginWrite())
            {
                ObjectClass reading = ClassCatalog.Parse(Bench.Reading)!;
                store.SaveClass(ops.Core.Devices.Get(device).Id, ClassCatalog.WireName(reading), reading.Definition, 1);
                store.Commit();
            }

            ops.Core.Objects.Put(device, "config", "sampling", ObjectJson.Parse(Encoding.UTF8.GetBytes("""{"interval":7,"sensors":null}"""), Bench.Sampling));
        }

        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Post, "/v1/devices/b1/delete", """{"data":true}""")).Status);
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, "/v1/devices/b1");
        Assert.AreEqual(30, await Readings(ops, "b2"));
        Assert.AreEqual(1, (await ops.Get("/v1/devices/b2/collections/config/objects")).AsArray().Count);
        JsonArray log = (await ops.Get("/v1/readings?collection=log")).AsArray();
        Assert.AreEqual(2, log.Count, "what it wrote into a collection of a group stays");
        Assert.IsTrue(log.All(r => r!["value"]?["temperature"] != null), "and can be read: " + log.ToJsonString());

        // the name is free, and nothing is found under it
        ops.Core.Devices.Add("b1");
        Assert.AreEqual(0, await Readings(ops, "b1"));
        Assert.IsEmpty((await ops.Get("/v1/devices/b1"))["stores"]!.AsArray());
        await ops.Refused(HttpStatusCode.BadRequest, "missing_field", HttpMethod.Post, "/v1/devices/b1/delete", "{}");
        await ops.Refused(HttpStatusCode.BadRequest, "wrong_type", HttpMethod.Post, "/v1/devices/enrol", """{"devices":[null]}""");
    }

    private static CollectionElement Adds(string collection, string key, string prefix, int count)
    {
        ObjectClass reading = ClassCatalog.Parse(Bench.Reading)!;
        CollectionElement adds = new() { Id = collection, SyncKey = key, DeletesAsMoves = true, Class = ClassCatalog.WireName(reading) };
        for (int i = 0; i < count; i++)
        {
            adds.Commands.Add(new SyncCommand { Tag = Tags.Add, ClientId = $"{prefix}AA{i + 1}", Data = RecordText.Pack(reading, [new("temperature", "21.5")]) });
        }

        return adds;
    }

    private static void Fill(OpsServer ops, string device, string store, int count)
    {
        string key = ops.StartSync(device, "readings", outbox: true, store: store);
        ops.Sync(device, Adds("readings", key, store[..2], count));
    }

    private static async Task<int> Readings(OpsServer ops, string? device, string collection = "readings")
    {
        return (await ops.Get($"/v1/readings?collection={collection}&format=json{(device == null ? "" : "&device=" + device)}")).AsArray().Count;
    }

    private static async Task<JsonNode?> Csv(OpsServer ops, HttpStatusCode expected, string query, string csv)
    {
        using StringContent content = new(csv, Encoding.UTF8, "text/csv");
        using HttpResponseMessage response = await ops.Client.PostAsync("/v1/devices/enrol" + query, content);
        string body = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(expected, response.StatusCode, body);
        return JsonNode.Parse(body);
    }

    private async Task<(HttpStatusCode Status, string Answer)> Claim(OpsServer ops, string code)
    {
        using HttpClient client = ops.Open(null);
        using ByteArrayContent content = new(Encoding.ASCII.GetBytes(code));
        content.Headers.ContentType = new(ClaimType);
        using HttpResponseMessage response = await client.PostAsync("/sync", content, TestContext.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.CancellationToken));
    }

    private async Task<HttpStatusCode> Sync(OpsServer ops, string token)
    {
        using HttpClient client = ops.Open(token);
        using ByteArrayContent content = new(MessagePrinter.Print(MessageFormat.Wbxml, new SyncMessage { Version = "1.0" }));
        content.Headers.ContentType = new(WbxmlWriter.MediaType);
        using HttpResponseMessage response = await client.PostAsync("/sync", content, TestContext.CancellationToken);
        return response.StatusCode;
    }
}

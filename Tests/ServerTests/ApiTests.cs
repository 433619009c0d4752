// The application's REST: objects as JSON by their class, ETags, devices, commands, refusals.

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class ApiTests
{
    private const string Objects = "/v1/devices/d1/collections/config/objects";
    private static readonly string s_all = Uri.EscapeDataString("all(b:b,i:i,u:u,f:f2,s:s,d:d,t:t,x:x,c:c)");

    private string _folder = "";
    private EmbeddedServer _server = null!;
    private HttpClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-api-").FullName;
        _server = await EmbeddedServer.Start(_folder);
        _server.Enrol("d1");
        _client = new HttpClient { BaseAddress = new Uri(_server.Url) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _server.AdminToken);
    }

    [TestCleanup]
    public async Task Stop()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    private static string All(int u) => $$"""{"b":null,"i":null,"u":{{u}},"f":null,"s":null,"d":null,"t":null,"x":null,"c":null}""";

    [TestMethod]
    public async Task Objects_are_made_changed_read_and_deleted()
    {
        string type = Uri.EscapeDataString(Bench.Sampling);
        (HttpStatusCode status, JsonNode? made, string? tag) = await Send(HttpMethod.Put, Objects + "/sampling?class=" + type, """{"interval":5,"sensors":"load"}""");
        Assert.AreEqual(HttpStatusCode.Created, status);
        Assert.AreEqual("\"1\"", tag);
        Assert.AreEqual("waiting", made!["state"]!.GetValue<string>());

        (status, JsonNode? changed, tag) = await Send(HttpMethod.Put, Objects + "/sampling", """{"interval":6,"sensors":null}""");
        Assert.AreEqual(HttpStatusCode.OK, status);
        Assert.AreEqual("\"2\"", tag);
        Assert.AreEqual("""{"interval":6,"sensors":null}""", changed!["value"]!.ToJsonString());

        (_, JsonNode? list, _) = await Send(HttpMethod.Get, Objects);
        Assert.AreEqual("sampling", list!.AsArray().Single()!["id"]!.GetValue<string>());
        Assert.AreEqual(HttpStatusCode.NoContent, (await Send(HttpMethod.Delete, Objects + "/sampling")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, Objects + "/sampling")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Delete, Objects + "/sampling")).Status);
        (_, list, _) = await Send(HttpMethod.Get, Objects + "?deleted=true&after=2");
        Assert.IsTrue(list!.AsArray().Single()!["deleted"]!.GetValue<bool>());
    }

    [TestMethod]
    public async Task Every_type_of_field_comes_back_as_it_went_in()
    {
        string json = """{"b":true,"i":-9223372036854775808,"u":18446744073709551615,"f":-21.50,"s":1.5,"d":0.1,"t":"\u00e4\u20ac\u0027","x":"AAEC","c":"2026-03-01T12:00:00Z"}""";
        (HttpStatusCode status, JsonNode? made, _) = await Send(HttpMethod.Put, Objects + "/a?class=" + s_all, json);
        Assert.AreEqual(HttpStatusCode.Created, status, made?.ToJsonString());
        Assert.AreEqual(JsonNode.Parse(json)!.ToJsonString(), made!["value"]!.ToJsonString());
        (status, made, _) = await Send(HttpMethod.Put, Objects + "/b?class=all", """{"d":"NaN","s":"-Infinity","t":null,"b":null,"i":null,"u":null,"f":null,"x":null,"c":null}""");
        string shown = made!["value"]!.ToJsonString();
        Assert.AreEqual("""{"b":null,"i":null,"u":null,"f":null,"s":"-Infinity","d":"NaN","t":null,"x":null,"c":null}""", shown);
        (status, _, string? tag) = await Send(HttpMethod.Put, Objects + "/b", shown);
        Assert.AreEqual("\"2\"", tag, "what is shown packs to the same bytes");
    }

    [TestMethod]
    [DataRow("""{"u":-1}""", "u does not take -1")]
    [DataRow("""{"u":1.5}""", "whole number")]
    [DataRow("""{"u":18446744073709551616}""", "whole number")]
    [DataRow("""{"f":1.234}""", "at most 2 digits")]
    [DataRow("""{"b":1}""", "true or false")]
    [DataRow("""{"c":"yesterday"}""", "ISO 8601")]
    [DataRow("""{"c":"1969-12-31T23:59:59Z"}""", "ISO 8601")]
    [DataRow("""{"c":"2110-01-01T00:00:00Z"}""", "ISO 8601")]
    [DataRow("""{"c":"2106-02-07T06:28:16Z"}""", "ISO 8601")]
    [DataRow("""{"c":"01.03.2026"}""", "ISO 8601")]
    [DataRow("""{"c":"10/5/2026"}""", "ISO 8601")]
    [DataRow("""{"c":"12:30"}""", "ISO 8601")]
    [DataRow("""{"c":"2026-03-01T12"}""", "ISO 8601")]
    [DataRow("""{"x":"%%"}""", "base64")]
    [DataRow("""{"nothing":1}""", "no field nothing")]
    [DataRow("""{"b":null,"i":null,"u":1,"f":null,"s":null,"d":null,"t":null,"x":null}""", "c is missing")]
    [DataRow("""{"b":null,"i":null,"u":1,"f":null,"s":null,"d":null,"t":null,"x":null,"c":null,"nothing":null}""", "no field nothing")]
    [DataRow("""{"b":null,"i":null,"u":1,"f":null,"s":null,"d":null,"t":null,"x":null,"c":null,"u":null}""", "u is given twice")]
    [DataRow("""{"u":"1"}""", "u is a number")]
    [DataRow("""{"t":1}""", "t is a text")]
    [DataRow("""{"t":{}}""", "neither text")]
    [DataRow("""{"u":1,"u":2}""", "twice")]
    [DataRow("[1]", "not an object")]
    [DataRow("{", "Not JSON")]
    public async Task A_bad_value_is_refused_with_the_reason(string json, string reason)
    {
        (HttpStatusCode status, JsonNode? answer, _) = await Send(HttpMethod.Put, Objects + "/a?class=" + s_all, json);
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        StringAssert.Contains(answer!["detail"]!.GetValue<string>(), reason);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, Objects + "/a")).Status);
    }

    [TestMethod]
    [DataRow("GET", Objects + "?after=abc", null, "after is a number from 0 to")]
    [DataRow("GET", Objects + "?after=-1", null, "after is a number from 0 to")]
    [DataRow("GET", Objects + "?limit=0", null, "limit is a number from 1 to 10000")]
    [DataRow("GET", Objects + "?limit=99999999999999999999", null, "limit is a number from 1 to 10000")]
    [DataRow("GET", Objects + "?deleted=maybe", null, "deleted is true or false")]
    [DataRow("POST", "/v1/devices/d1/rotate?readmit=maybe", null, "readmit is true or false")]
    [DataRow("POST", "/v1/devices", """{"name":"a","name":"b"}""", "name is given twice")]
    [DataRow("POST", "/v1/devices/d1/commands", """{"type":"restart","type":"restart"}""", "type is given twice")]
    public async Task A_bad_query_or_a_member_given_twice_is_refused_with_its_name(string method, string path, string? json, string reason)
    {
        (HttpStatusCode status, JsonNode? answer, _) = await Send(new HttpMethod(method), path, json);
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        StringAssert.Contains(answer!["detail"]!.GetValue<string>(), reason);
    }

    [TestMethod]
    public async Task If_Match_and_If_None_Match_hold()
    {
        await Send(HttpMethod.Put, Objects + "/a?class=" + s_all, All(1));
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await Send(HttpMethod.Put, Objects + "/b", All(2), ifMatch: "*")).Status, "there is none");
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Delete, Objects + "/b", ifMatch: "*")).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Send(HttpMethod.Put, Objects + "/b", All(2), ifMatch: "\"0\"")).Status, "no object has this number");
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await Send(HttpMethod.Put, Objects + "/a", All(2), ifMatch: "\"9\"")).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await Send(HttpMethod.Put, Objects + "/a", All(2), ifMatch: "\"1\"")).Status);
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await Send(HttpMethod.Delete, Objects + "/a", ifMatch: "\"1\"")).Status);
        using HttpRequestMessage request = new(HttpMethod.Put, Objects + "/a") { Content = new StringContent(All(3), Encoding.UTF8, "application/json") };
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await _client.SendAsync(request, TestContext.CancellationToken)).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await Send(HttpMethod.Put, Objects + "/a", All(3), ifMatch: "*")).Status, "whatever it is");
        Assert.AreEqual(HttpStatusCode.NoContent, (await Send(HttpMethod.Delete, Objects + "/a", ifMatch: "*")).Status);
    }

    [TestMethod]
    public async Task Bytes_and_envelopes_are_taken_too_and_ids_are_made_where_none_is_given()
    {
        using ByteArrayContent bytes = new([1, 2, 3]);
        bytes.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        HttpResponseMessage response = await _client.PutAsync(Objects + "/map", bytes, TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.Created, response.StatusCode);
        using HttpRequestMessage get = new(HttpMethod.Get, Objects + "/map");
        get.Headers.Accept.ParseAdd("application/octet-stream");
        CollectionAssert.AreEqual((byte[])[1, 2, 3], await (await _client.SendAsync(get, TestContext.CancellationToken)).Content.ReadAsByteArrayAsync(TestContext.CancellationToken));

        (_, JsonNode? made, _) = await Send(HttpMethod.Post, Objects, """{"class":"thing#0000","data":"BAU="}""");
        StringAssert.Matches(made!["id"]!.GetValue<string>(), new System.Text.RegularExpressions.Regex("^s[A-Za-z0-9_-]{4}2$"));
        Assert.AreEqual("BAU=", made["data"]!.GetValue<string>());
        (_, made, _) = await Send(HttpMethod.Put, Objects + "/" + Uri.EscapeDataString("\u00e4/b c"), """{"class":"sampling(interval:u,sensors:t)","value":{"interval":1,"sensors":null}}""");
        Assert.AreEqual("\u00e4/b c", made!["id"]!.GetValue<string>());
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Send(HttpMethod.Put, Objects + "/" + new string('x', 65), "{}")).Status);
    }

    [TestMethod]
    public async Task Without_the_admin_token_401()
    {
        foreach (string? token in (string?[])[null, "wrong", _server.Enrol("d2")])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, _server.Url + "/v1/devices");
            request.Headers.Authorization = token == null ? null : new AuthenticationHeaderValue("Bearer", token);
            using HttpClient client = new();
            Assert.AreEqual(HttpStatusCode.Unauthorized, (await client.SendAsync(request, TestContext.CancellationToken)).StatusCode);
        }
    }

    [TestMethod]
    public async Task Devices_are_enrolled_shown_and_revoked()
    {
        (HttpStatusCode status, JsonNode? made, _) = await Send(HttpMethod.Post, "/v1/devices", """{"name":"pump.7","collections":"a,b@site"}""");
        Assert.AreEqual(HttpStatusCode.Created, status);
        string token = made!["token"]!.GetValue<string>();
        Assert.IsNotNull(_server.Core.Devices.Authenticate(token));
        Assert.AreEqual(HttpStatusCode.Conflict, (await Send(HttpMethod.Post, "/v1/devices", """{"name":"pump.7"}""")).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Send(HttpMethod.Post, "/v1/devices", """{"name":"a b"}""")).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Send(HttpMethod.Post, "/v1/devices", "[]")).Status);
        (_, JsonNode? list, _) = await Send(HttpMethod.Get, "/v1/devices");
        Assert.AreEqual("d1 pump.7", string.Join(' ', list!["devices"]!.AsArray().Select(d => d!["name"]!.GetValue<string>())));
        Assert.AreEqual("""["a","b@site"]""", (await Send(HttpMethod.Get, "/v1/devices/pump.7")).Body!["collections"]!.ToJsonString());
        (_, made, _) = await Send(HttpMethod.Post, "/v1/devices/pump.7/rotate");
        Assert.IsNull(_server.Core.Devices.Authenticate(token));
        Assert.AreEqual(HttpStatusCode.NoContent, (await Send(HttpMethod.Delete, "/v1/devices/pump.7")).Status);
        Assert.IsNull(_server.Core.Devices.Authenticate(made!["token"]!.GetValue<string>()));
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Delete, "/v1/devices/never")).Status);
    }

    [TestMethod]
    public async Task What_a_device_refused_is_seen_and_sent_again_on_request()
    {
        await Send(HttpMethod.Put, Objects + "/sampling?class=" + Uri.EscapeDataString(Bench.Sampling), """{"interval":5,"sensors":""}""");
        DeviceIdentity device = new(_server.Core.Devices.Get("d1").Id, "d1");
        string key = Sync(device, new CollectionElement { Id = "config", SyncKey = "0", GetChanges = true })!.SyncKey;
        key = Sync(device, new CollectionElement { Id = "config", SyncKey = key, GetChanges = true })!.SyncKey;
        CollectionElement refusing = new() { Id = "config", SyncKey = key, GetChanges = true };
        refusing.Responses.Add(TestDevice.Refuse(Tags.Add, "sampling", Status.BadObject, "interval below 1"));
        Sync(device, refusing);

        (_, JsonNode? seen, _) = await Send(HttpMethod.Get, Objects + "/sampling");
        Assert.AreEqual("refused interval below 1", seen!["state"]!.GetValue<string>() + " " + seen["reason"]!.GetValue<string>());
        (_, JsonNode? refusals, _) = await Send(HttpMethod.Get, "/v1/devices/d1/refusals");
        Assert.AreEqual("d1 6 interval below 1", $"{refusals![0]!["by"]} {refusals[0]!["status"]} {refusals[0]!["reason"]}");
        (_, JsonNode? retried, _) = await Send(HttpMethod.Post, Objects + "/sampling/retry");
        Assert.AreEqual(1, retried!["count"]!.GetValue<int>());
        (_, seen, _) = await Send(HttpMethod.Get, Objects + "/sampling");
        Assert.AreEqual("waiting", seen!["state"]!.GetValue<string>());
    }

    [TestMethod]
    public async Task Commands_are_queued_and_their_results_seen()
    {
        (HttpStatusCode status, JsonNode? queued, _) = await Send(HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"interval","seconds":60}""");
        Assert.AreEqual(HttpStatusCode.Accepted, status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Send(HttpMethod.Post, "/v1/devices/d1/commands", """{"class":"explode"}""")).Status);
        (_, JsonNode? list, _) = await Send(HttpMethod.Get, "/v1/devices/d1/commands");
        Assert.AreEqual(queued!["id"]!.ToJsonString(), list!.AsArray().Single()!["id"]!.ToJsonString());
        (_, JsonNode? device, _) = await Send(HttpMethod.Get, "/v1/devices/d1");
        Assert.AreEqual("{}", device!["told"]!.ToJsonString());
    }

    [TestMethod]
    [DataRow(null, """[{"id":"a","loser":"device","deleted":false,"value":{"interval":2,"sensors":"d"}}]""")]
    [DataRow(0, """[{"id":"a","loser":"server","deleted":false,"value":{"interval":9,"sensors":"s"}}]""")]
    public async Task The_loser_of_a_conflict_is_listed_with_what_it_held(int? rule, string listed)
    {
        const string Conflicts = "/v1/devices/d1/collections/config/conflicts";
        Assert.AreEqual("[]", (await Send(HttpMethod.Get, Conflicts)).Body!.ToJsonString());
        string key = await HasOne(rule);
        await Send(HttpMethod.Put, Objects + "/a", """{"interval":9,"sensors":"s"}""");
        CollectionElement change = new() { Id = "config", SyncKey = key };
        change.Commands.Add(TestDevice.Change("a", 3, 2, 1, (byte)'d'));
        Sync(D1, change);
        JsonArray losers = (await Send(HttpMethod.Get, Conflicts)).Body!.AsArray();
        IsNow(losers.Single()!["time"]);
        Assert.StartsWith("sampling#", losers[0]!["class"]!.GetValue<string>());
        losers[0]!.AsObject().Remove("time");
        losers[0]!.AsObject().Remove("class");
        Assert.AreEqual(listed, losers.ToJsonString());
    }

    [TestMethod]
    public async Task A_deletion_that_lost_is_listed_without_content()
    {
        string key = await HasOne(null);
        await Send(HttpMethod.Put, Objects + "/a", """{"interval":9,"sensors":"s"}""");
        CollectionElement delete = new() { Id = "config", SyncKey = key };
        delete.Commands.Add(TestDevice.Delete("a"));
        Sync(D1, delete);
        JsonObject loser = (await Send(HttpMethod.Get, "/v1/devices/d1/collections/config/conflicts")).Body!.AsArray().Single()!.AsObject();
        Assert.AreEqual("a device true False False", $"{loser["id"]} {loser["loser"]} {loser["deleted"]} {loser.ContainsKey("value")} {loser.ContainsKey("data")}");
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, "/v1/devices/d2/collections/config/conflicts")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Get, "/v1/devices/d1/collections/elsewhere/conflicts")).Status);
    }

    [TestMethod]
    public async Task What_a_device_told_is_shown_field_by_field()
    {
        SyncMessage request = new() { Version = "1.0" };
        request.Options.Add(new Structure("status", RecordText.Pack(BuiltIn.DeviceStatus,
            [new("battery", "3.71"), new("signal", "-67"), new("freeHeap", "81000"), new("flashLeft", "120000"), new("firmware", "1.2"), new("reset", "watchdog"), new("refused", "3"), new("uptime", "4000")])));
        _server.Core.Sync.Handle(D1, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
        JsonNode told = (await Send(HttpMethod.Get, "/v1/devices/d1")).Body!["told"]!;
        Assert.AreEqual("""{"battery":"3.71","signal":"-67","freeHeap":"81000","flashLeft":"120000","firmware":"1.2","reset":"watchdog","refused":"3","uptime":"4000"}""",
            told["status"]!["value"]!.ToJsonString());
        IsNow(told["status"]!["time"]);

        request.Options[0] = new Structure("status", RecordText.Pack(BuiltIn.DeviceStatus, [new("battery", "3.60")])); // the last one counts
        _server.Core.Sync.Handle(D1, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
        told = (await Send(HttpMethod.Get, "/v1/devices/d1")).Body!["told"]!;
        Assert.AreEqual("""{"battery":"3.60"}""", told["status"]!["value"]!.ToJsonString());
    }

    [TestMethod]
    public async Task A_copy_is_dropped_fetched_and_sent_again_on_request()
    {
        string key = await HasOne(null);
        CollectionElement Ask() => new() { Id = "config", SyncKey = key, GetChanges = true };
        Assert.AreEqual(HttpStatusCode.NoContent, (await Send(HttpMethod.Post, Objects + "/a/fetch")).Status);
        CollectionElement reply = Sync(D1, Ask())!;
        Assert.AreEqual("ok {Fetch a}", reply.Line());
        key = reply.SyncKey;
        Assert.AreEqual(HttpStatusCode.NoContent, (await Send(HttpMethod.Post, Objects + "/a/drop")).Status);
        reply = Sync(D1, Ask())!;
        Assert.AreEqual("ok {SoftDelete a}", reply.Line());
        key = reply.SyncKey;
        Assert.AreEqual("dropped", (await Send(HttpMethod.Get, Objects + "/a")).Body!["state"]!.GetValue<string>());
        Assert.AreEqual(1, (await Send(HttpMethod.Post, Objects + "/a/retry")).Body!["count"]!.GetValue<int>());
        Assert.AreEqual("Add a", Sync(D1, Ask())!.Commands.Single() is { } again ? TagNames.Of(again.Tag) + " " + again.ServerId : "");
        Assert.AreEqual(0, (await Send(HttpMethod.Post, Objects + "/a/retry")).Body!["count"]!.GetValue<int>());
        foreach (string verb in (string[])["fetch", "drop", "retry"])
        {
            Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Post, Objects + "/z/" + verb)).Status, verb);
            Assert.AreEqual(HttpStatusCode.NotFound, (await Send(HttpMethod.Post, Objects.Replace("d1", "d2", StringComparison.Ordinal) + "/a/" + verb)).Status, verb);
        }
    }

    private DeviceIdentity D1 => new(_server.Core.Devices.Get("d1").Id, "d1");

    private static void IsNow(JsonNode? time)
    {
        Assert.IsLessThan(TimeSpan.FromMinutes(10), (DateTimeOffset.UtcNow - DateTimeOffset.Parse(time!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture)).Duration());
    }

    // The device holds a = {1,""}; the key it has for its next request.
    private async Task<string> HasOne(int? rule)
    {
        await Send(HttpMethod.Put, Objects + "/a?class=" + Uri.EscapeDataString(Bench.Sampling), """{"interval":1,"sensors":""}""");
        string key = Sync(D1, new CollectionElement { Id = "config", SyncKey = "0", GetChanges = true, Conflict = rule })!.SyncKey;
        return Sync(D1, new CollectionElement { Id = "config", SyncKey = key, GetChanges = true })!.SyncKey;
    }

    private CollectionElement? Sync(DeviceIdentity device, CollectionElement collection)
    {
        SyncMessage request = new() { Version = "1.0" };
        request.Collections.Add(collection);
        SyncReply reply = _server.Core.Sync.Handle(device, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
        return reply.IsEmpty ? null : MessageParser.Parse(MessageFormat.Wbxml, reply.Body).Collections.Single();
    }

    private async Task<(HttpStatusCode Status, JsonNode? Body, string? Tag)> Send(HttpMethod method, string path, string? json = null, string? ifMatch = null)
    {
        using HttpRequestMessage request = new(method, path);
        if (json != null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (ifMatch != null)
        {
            request.Headers.IfMatch.ParseAdd(ifMatch);
        }

        HttpResponseMessage response = await _client.SendAsync(request, TestContext.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.CancellationToken);
        return (response.StatusCode, body.Length == 0 ? null : JsonNode.Parse(body), response.Headers.ETag?.ToString());
    }
}

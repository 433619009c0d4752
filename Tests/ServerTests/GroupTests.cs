// What groups are to have: real devices, engine and store, that take it or say why not.

using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Access;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Groups;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class GroupTests
{
    private const string Sampling = "sampling(interval:u,sensors:t)";
    private const string Value = "/v1/groups/north/collections/config/objects/sampling";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Each_member_gets_the_value_who_joins_gets_it_later_and_who_leaves_keeps_it_and_is_told_so()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b", "c", "d");
        Join(ops, "a", "b");
        await Put(ops, 15, type: Sampling);
        Sync(boards);
        Assert.AreEqual("15 15 - -", Held(boards));
        Assert.AreEqual("2 applied", await Text(ops));

        ops.Core.Fleet.Place("c", "north", null);
        ops.Core.Groups.Turn();
        Assert.AreEqual("2 applied, 1 waiting", await Text(ops));
        Sync(boards);
        Assert.AreEqual("15 15 15 -", Held(boards));

        ops.Core.Fleet.Place("a", "south", null);
        ops.Core.Groups.Turn();
        Assert.AreEqual("2 applied, 1 left and keep it", await Text(ops));
        JsonNode left = (await ops.Get(Value + "/devices?state=left"))["devices"]!.AsArray().Single()!;
        Assert.AreEqual("a", left["name"]!.GetValue<string>());
        Assert.IsNotNull(left["leftAt"]);
        await Put(ops, 20);
        Sync(boards);
        Assert.AreEqual("15 20 20 -", Held(boards), "who left is not written to");

        ops.Core.Fleet.Place("a", "north", null);
        ops.Core.Groups.Turn();
        Sync(boards);
        Assert.AreEqual("20 20 20 -", Held(boards));
        Assert.AreEqual("3 applied", await Text(ops));

        // of what was written for it and is not there any more, nothing is told
        ops.Core.Fleet.Place("a", "", null);
        ops.Core.Groups.Turn();
        Write(ops, "a", 7);
        Assert.AreEqual("2 applied", await Text(ops));
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Delete, Value)).Status);
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, Value);
        Assert.HasCount(0, (await ops.Get("/v1/groups/north")).AsArray());
        Sync(boards);
        Assert.AreEqual("7 20 20 -", Held(boards), "a value that is taken away leaves what it wrote");
    }

    [TestMethod]
    public async Task A_device_that_was_given_a_value_of_its_own_keeps_it_until_it_is_to_follow_again()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b");
        Join(ops, "a", "b");
        await Put(ops, 15, type: Sampling);
        Sync(boards);
        (HttpStatusCode status, JsonNode? own) = await ops.Send(HttpMethod.Put, "/v1/devices/a/collections/config/objects/sampling", Json(30));
        Assert.AreEqual((HttpStatusCode.OK, "north", true), (status, own!["group"]!.GetValue<string>(), own["overrides"]!.GetValue<bool>()));
        Sync(boards);
        Assert.AreEqual("1 applied, 1 with a value of their own", await Text(ops));
        await Put(ops, 16);
        Sync(boards);
        Assert.AreEqual("30 16", Held(boards));
        JsonNode counts = (await ops.Get(Value))["counts"]!;
        Assert.AreEqual("2 1", $"{counts["devices"]} {counts["expected"]}");

        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Post, "/v1/devices/a/collections/config/objects/sampling/follow")).Status);
        Sync(boards);
        Assert.AreEqual("16 16", Held(boards));
        Assert.AreEqual("2 applied", await Text(ops));
        JsonNode follows = await ops.Get("/v1/devices/a/collections/config/objects/sampling");
        Assert.AreEqual("north false", $"{follows["group"]} {follows["overrides"]}");

        // a device without the object, as an operator wants it
        await ops.Send(HttpMethod.Delete, "/v1/devices/b/collections/config/objects/sampling");
        await Put(ops, 17);
        Sync(boards);
        Assert.AreEqual("17 -", Held(boards));
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Post, "/v1/devices/a/collections/config/objects/other/follow");
    }

    [TestMethod]
    public async Task Who_applied_it_who_waits_and_who_refuses_it_and_why_is_counted()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = [.. Boards(ops, "a1", "a2", "w1"), .. new[] { "r1", "r2" }.Select(n => new Board(ops.Core, n, 10)), new Board(ops.Core, "s1", 20)];
        ops.Server.Enrol("gone");
        ops.Core.Devices.Revoke("gone");
        ops.Core.Devices.Add("shares", "config@site");
        ops.Core.Devices.Add("without", "readings");
        Join(ops, "a1", "a2", "w1", "r1", "r2", "s1", "gone", "shares", "without");
        Sync(boards);
        await Put(ops, 5, type: Sampling);
        Sync([boards[0], boards[1], boards[3], boards[4]]);
        JsonNode view = await ops.Get(Value);
        Assert.AreEqual("2 applied, 2 waiting, 2 refused: interval below 10, 1 revoked, 2 without such a collection", view["counts"]!["text"]!.GetValue<string>());
        Assert.AreEqual("9 6", $"{view["counts"]!["devices"]} {view["counts"]!["expected"]}");
        Assert.AreEqual("""{"reason":"interval below 10","count":2,"devices":["r1","r2"]}""", view["counts"]!["reasons"]![0]!.ToJsonString());
        Assert.AreEqual("r1 interval below 10, r2 interval below 10", await Members(ops, "refused"));
        Assert.AreEqual("shares it shares config with other devices, without it has no collection config that takes objects", await Members(ops, "without"));
        Assert.AreEqual("s1 , w1 ", await Members(ops, "waiting"));
        Sync(boards);
        Assert.AreEqual("3 applied, 3 refused: 2 interval below 10; 1 interval below 20, 1 revoked, 2 without such a collection", await Text(ops));

        // what the device changes itself is not what it was to have, and goes with the next edit
        boards[0].Change(8);
        Sync(boards);
        StringAssert.StartsWith(await Text(ops), "2 applied, 3 refused: 2 interval below 10; 1 interval below 20, 1 changed by the device");
        await Put(ops, 12);
        Sync(boards);
        StringAssert.StartsWith(await Text(ops), "5 applied, 1 refused: interval below 20");
        Assert.AreEqual("12 12 12 12 12 -", Held(boards));
        JsonNode group = (await ops.Get("/v1/groups")).AsArray().Single(g => g!["name"]!.GetValue<string>() == "north")!;
        Assert.AreEqual("9 1 0", $"{group["devices"]} {group["values"]} {group["staged"]}");
    }

    [TestMethod]
    public async Task An_edit_from_an_older_version_is_refused_and_writes_nothing()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a");
        Join(ops, "a");
        JsonNode first = await Put(ops, 15, type: Sampling);
        Assert.AreEqual(1, first["version"]!.GetValue<int>());
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(ops.Client, HttpMethod.Put, Value, Json(16), ("If-Match", "\"1\""))).Status);
        foreach ((string name, string tag) in ((string, string)[])[("If-Match", "\"1\""), ("If-None-Match", "*")])
        {
            (HttpStatusCode status, JsonNode? problem) = await OpsServer.Send(ops.Client, HttpMethod.Put, Value, Json(99), (name, tag));
            Assert.AreEqual((HttpStatusCode.PreconditionFailed, "changed_since"), (status, problem!["code"]!.GetValue<string>()));
            StringAssert.Contains(problem["detail"]!.GetValue<string>(), "admin: its number is 2");
        }

        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await OpsServer.Send(ops.Client, HttpMethod.Post, Value + "/restore", """{"version":1}""", ("If-Match", "\"1\""))).Status);
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await OpsServer.Send(ops.Client, HttpMethod.Delete, Value, null, ("If-Match", "\"1\""))).Status);
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await OpsServer.Send(ops.Client, HttpMethod.Put, Value.Replace("sampling", "other", StringComparison.Ordinal) + "?class=sampling", Json(1), ("If-Match", "*"))).Status);
        Sync(boards);
        Assert.AreEqual("16", Held(boards));
        Assert.HasCount(2, (await ops.Get(Value + "/history")).AsArray());
    }

    [TestMethod]
    public async Task What_cannot_be_taken_is_refused_with_its_field_and_changes_nothing()
    {
        const string Whole = """{"interval":5,"sensors":null}""", Own = "/v1/devices/own/collections/config/objects/";
        (string Method, string Path, string? Json, int Status, string Code, string? Field)[] bad =
        [
            ("PUT", Value, """{"interval":"5","sensors":null}""", 400, "wrong_type", "interval"),
            ("PUT", Value, """{"interval":-5,"sensors":null}""", 400, "wrong_type", "interval"),
            ("PUT", Value, """{"interval":5}""", 400, "missing_field", "sensors"),
            ("PUT", Value, """{"interval":5,"sensors":null,"colour":1}""", 400, "unknown_field", "colour"),
            ("PUT", Value, """{"interval":5,"sensors":[]}""", 400, "wrong_type", "sensors"),
            ("PUT", Value, "5", 400, "bad_input", null),
            ("PUT", Value + "?class=nothing", Whole, 404, "not_found", "class"),
            ("PUT", Value + "?class=x(", Whole, 400, "bad_input", "class"),
            ("PUT", Value + "?first=0", Whole, 400, "out_of_range", "first"),
            ("PUT", Value + "?first=x", Whole, 400, "wrong_type", "first"),
            ("PUT", Value + "?devices=nobody", Whole, 404, "not_found", "devices"),
            ("PUT", Value + "?devices=out", Whole, 409, "conflict", "devices"),
            ("PUT", Value + "?devices=own", Whole, 409, "conflict", "devices"),
            ("PUT", Value + "?devices=a&first=1", Whole, 400, "bad_input", "devices"),
            ("PUT", Value + "?devices=a,,b", Whole, 400, "bad_input", null),
            ("PUT", Value + "?stage=1", Whole, 400, "unknown_parameter", "stage"),
            ("PUT", "/v1/groups/nowhere/collections/config/objects/sampling", Whole, 404, "not_found", "group"),
            ("PUT", "/v1/groups/north/collections/confg/objects/sampling?class=sampling(interval:u,sensors:t)", Whole, 404, "not_found", "collection"),
            ("PUT", "/v1/groups/north/collections/log/objects/sampling?class=sampling(interval:u,sensors:t)", Whole, 404, "not_found", "collection"),
            ("GET", "/v1/groups/nowhere", null, 404, "not_found", "group"),
            ("GET", "/v1/groups/north/collections/config/objects/other", null, 404, "not_found", null),
            ("GET", Value + "/devices?state=happy", null, 400, "wrong_type", "state"),
            ("GET", Value + "/history?limit=101", null, 400, "out_of_range", "limit"),
            ("POST", Value + "/restore", """{"version":9}""", 404, "not_found", "version"),
            ("POST", Value + "/restore", """{"version":"1"}""", 400, "wrong_type", "version"),
            ("POST", Value + "/restore", "{}", 400, "missing_field", "version"),
            ("POST", Value + "/continue", null, 409, "not_staged", null),
            ("POST", Value + "/abort", null, 409, "not_staged", null),
            ("POST", Own + "sampling/restore", """{"version":77}""", 404, "not_found", "version"),
            ("GET", Own + "nothing/history", null, 404, "not_found", null),
        ];
        await using OpsServer ops = await OpsServer.Start();
        Boards(ops, "a", "b", "out", "own");
        ops.Core.Devices.Grant("a", "log");
        ops.StartSync("a", "log", outbox: true);
        Join(ops, "a", "b", "out", "own");
        ops.Core.Devices.Revoke("out");
        await Put(ops, 15, type: Sampling);
        Write(ops, "own", 30);
        foreach ((string method, string path, string? json, int status, string code, string? field) in bad)
        {
            JsonNode problem = await ops.Refused((HttpStatusCode)status, code, new HttpMethod(method), path, json);
            Assert.AreEqual(field, problem["field"]?.GetValue<string>(), path + problem.ToJsonString());
            JsonNode view = await ops.Get(Value);
            Assert.AreEqual("1 15", $"{view["version"]} {view["value"]!["interval"]}");
            Assert.AreEqual("2 waiting, 1 with a value of their own, 1 revoked", view["counts"]!["text"]!.GetValue<string>());
            Assert.HasCount(1, (await ops.Get("/v1/groups/north")).AsArray());
        }
    }

    [TestMethod]
    public async Task The_history_says_who_changed_what_and_an_earlier_version_is_written_again_as_a_new_edit()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b");
        Join(ops, "a");
        using HttpClient anna = ops.Open(ops.Core.Access.Add("anna", Role.Configure, null, "test")), reader = ops.Open(ops.Core.Access.Add("rita", Role.Read, null, "test"));
        await Put(ops, 15, type: Sampling);
        ops.Clock.Now += TimeSpan.FromMinutes(1);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(anna, HttpMethod.Put, Value, Json(20))).Status);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(reader, HttpMethod.Put, Value, Json(21))).Status);
        Assert.AreEqual(HttpStatusCode.Forbidden, (await OpsServer.Send(reader, HttpMethod.Post, Value + "/restore", """{"version":1}""")).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(anna, HttpMethod.Post, Value + "/restore", """{"version":1}""")).Status);
        Sync(boards);
        Assert.AreEqual("15 -", Held(boards));
        Assert.AreEqual("3 anna restored 1: 20 -> 15 | 2 anna : 15 -> 20 | 1 admin :  -> 15", await History(ops, Value));
        JsonNode newest = (await ops.Get(Value + "/history?limit=1")).AsArray().Single()!;
        Assert.AreEqual("2026-03-01T12:01:00.000Z", newest["time"]!.GetValue<string>());
        string device = "/v1/devices/a/collections/config/objects/sampling";
        Assert.AreEqual("3 anna group north, version 3: 20 -> 15 | 2 anna group north, version 2: 15 -> 20 | 1 admin group north, version 1:  -> 15", await History(ops, device), "the same of the member");

        // taken away, and back
        await ops.Send(HttpMethod.Delete, Value);
        (HttpStatusCode status, JsonNode? back) = await OpsServer.Send(anna, HttpMethod.Post, Value + "/restore", """{"version":2}""");
        Assert.AreEqual((HttpStatusCode.OK, 5L), (status, back!["version"]!.GetValue<long>()));
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Post, Value + "/restore", """{"version":4}""");
        StringAssert.StartsWith(await History(ops, Value), "5 anna restored 2:  -> 20 | 4 admin deleted: 15 -> ");

        // of a device that is in no group
        device = "/v1/devices/b/collections/config/objects/sampling";
        Write(ops, "b", 40, Sampling);
        await OpsServer.Send(anna, HttpMethod.Put, device, Json(41));
        Assert.AreEqual(HttpStatusCode.PreconditionFailed, (await OpsServer.Send(anna, HttpMethod.Post, device + "/restore", """{"version":1}""", ("If-Match", "\"1\""))).Status);
        await OpsServer.Send(anna, HttpMethod.Delete, device);
        Assert.AreEqual("3 anna deleted: 41 ->  | 2 anna : 40 -> 41 | 1 application :  -> 40", await History(ops, device), "a deleted one's, too");
        Assert.AreEqual(HttpStatusCode.OK, (await OpsServer.Send(anna, HttpMethod.Post, device + "/restore", """{"version":2}""")).Status);
        Sync(boards);
        Assert.AreEqual("20 41", Held(boards));
    }

    [TestMethod]
    public async Task Of_an_object_the_newest_hundred_edits_are_kept_those_of_the_last_days_and_of_a_large_value_its_size()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("a");
        for (uint i = 1; i <= 103; i++)
        {
            Write(ops, "a", i, i == 1 ? Sampling : null);
        }

        JsonArray kept = (await ops.Get("/v1/devices/a/collections/config/objects/sampling/history")).AsArray();
        Assert.AreEqual("100 103 4", $"{kept.Count} {kept[0]!["version"]} {kept[^1]!["version"]}");
        ops.Core.Objects.Put("a", "readings", "map", new NewValue(null, new byte[EditValue.MostKept + 1], null));
        ops.Core.Objects.Put("a", "readings", "map", new NewValue(null, new byte[3], null));
        JsonArray map = (await ops.Get("/v1/devices/a/collections/readings/objects/map/history")).AsArray();
        Assert.AreEqual("65537  3", $"{map[0]!["oldSize"]} {map[0]!["oldData"]} {map[0]!["size"]}");
        await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", HttpMethod.Post, "/v1/devices/a/collections/readings/objects/map/restore", $$"""{"version":{{map[1]!["version"]}}}""");

        ops.Clock.Now += TimeSpan.FromDays(20);
        Write(ops, "a", 500);
        ops.Clock.Now += TimeSpan.FromDays(20);
        RetentionPass? pass = await new Retention(ops.Core.Store, ops.Clock, [], null, TimeSpan.FromDays(30)).Pass(TimeSpan.Zero, TestContext.CancellationToken);
        Assert.AreEqual(101, pass!.Notes);
        Assert.HasCount(1, (await ops.Get("/v1/devices/a/collections/config/objects/sampling/history")).AsArray());
    }

    [TestMethod]
    public async Task What_a_device_has_while_it_has_not_taken_a_newer_value_is_told()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board board = new(ops.Core, "a", 10);
        string path = "/v1/devices/a/collections/config/objects/sampling";
        async Task<string> Has() => (await ops.Get(path)) is var o ? $"{o["state"]} {o["value"]!["interval"]} has {o["onDevice"]?["interval"]}" : "";
        Write(ops, "a", 15, Sampling);
        Assert.AreEqual("waiting 15 has ", await Has());
        board.Sync();
        Assert.AreEqual("applied 15 has ", await Has());
        Write(ops, "a", 16);
        Assert.AreEqual("waiting 16 has 15", await Has());
        Write(ops, "a", 17);
        Assert.AreEqual("waiting 17 has 15", await Has(), "16 never went");
        board.Sync();
        Write(ops, "a", 3);
        board.Sync();
        Assert.AreEqual("refused 3 has 17", await Has());
        Write(ops, "a", 4);
        board.Sync();
        Assert.AreEqual("refused 4 has 17", await Has(), "nor did it take 3");
        Write(ops, "a", 18);
        board.Sync();
        board.Change(30);
        board.Sync();
        Assert.AreEqual("received 30 has ", await Has());
        Write(ops, "a", 5);
        board.Sync();
        Assert.AreEqual("refused 5 has 30", await Has(), "its own");
        board.Change(31); // against the server's, which wins
        board.Sync();
        Assert.AreEqual("refused 5 has ", await Has(), "31 or 30: that is not known");
        ops.Core.Objects.Delete("a", "config", "sampling");
        Write(ops, "a", 6, Sampling);
        Assert.AreEqual("waiting 6 has ", await Has(), "it may have deleted it or not");
    }

    [TestMethod]
    public async Task A_staged_edit_goes_on_when_its_first_devices_applied_it_also_after_a_restart_and_at_another_server()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b", "c", "d");
        Join(ops, "a", "b", "c", "d");
        await Put(ops, 15, type: Sampling);
        Sync(boards);
        ops.Clock.Now += TimeSpan.FromMinutes(1);
        boards[1].Sync();
        Write(ops, "d", 15); // the same value, its own from now on
        JsonNode staged = await Put(ops, 20, "?first=2");
        Assert.AreEqual("first a b", $"{staged["stage"]} {string.Join(' ', staged["first"]!.AsArray().Select(f => f!["name"]!.GetValue<string>()))}", "those that were there last: b, and by name a");
        string[] first = [.. staged["first"]!.AsArray().Select(f => f!["name"]!.GetValue<string>())];
        Assert.AreEqual("15", staged["before"]!["interval"]!.ToString());
        Assert.AreEqual("2 waiting, 1 with a value of their own, 1 held until the first have applied it", await Text(ops));
        await ops.Refused(HttpStatusCode.Conflict, "staged", HttpMethod.Put, Value, Json(21));
        await ops.Refused(HttpStatusCode.Conflict, "staged", HttpMethod.Post, Value + "/restore", """{"version":1}""");
        await ops.Refused(HttpStatusCode.Conflict, "staged", HttpMethod.Delete, Value);
        Assert.AreEqual(1, (await ops.Get("/v1/groups")).AsArray().Single()!["staged"]!.GetValue<int>());

        Sync(boards.Where(b => b.Name == first[0]));
        ops.Core.Groups.Turn();
        Assert.AreEqual("1 applied, 1 waiting, 1 with a value of their own, 1 held until the first have applied it", await Text(ops), "not before all of them");
        Sync(boards.Where(b => !first.Contains(b.Name)));
        Assert.AreEqual("20 15 15 15", Held(boards), "of the others none has it");
        ops.Core.Devices.Add("late", "config");
        ops.Core.Fleet.Place("late", "north", null);
        ops.Core.Groups.Turn();
        Board late = new(ops.Core, "late", 0);
        late.Sync();
        Assert.AreEqual("15", late.Held(), "who joins meanwhile has what the others have");

        // nothing of it is in the memory of a server: another one, and this one started anew, go on where it stood
        await using EmbeddedServer other = await ops.Another();
        Board last = boards.Single(b => b.Name == first[1]);
        last.Move(other.Core);
        last.Sync();
        while (other.Core.Groups.Turn())
        {
        }

        Assert.AreEqual("2 applied, 2 waiting, 1 with a value of their own", await Text(ops));
        Sync([.. boards, late]);
        Assert.AreEqual("20 20 20 15", Held(boards));
        Assert.AreEqual("20", late.Held());
        Assert.AreEqual("4 applied, 1 with a value of their own", await Text(ops));
        string[] history = (await History(ops, Value)).Split(" | ");
        StringAssert.StartsWith(history[0], "2 server applied by the first, goes to all: 20 -> 20");
        StringAssert.StartsWith(history[1], "2 admin first to ");
    }

    [TestMethod]
    public async Task A_staged_edit_that_one_refuses_is_stopped_and_taken_back_or_continued_as_one_wants()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = [.. Boards(ops, "a"), new Board(ops.Core, "b", 10), .. Boards(ops, "c")];
        Join(ops, "a", "b", "c");
        await Put(ops, 15, type: Sampling);
        Sync(boards);
        await Put(ops, 5, "?devices=a,b");
        Sync(boards);
        ops.Core.Groups.Turn();
        JsonNode stopped = await ops.Get(Value);
        Assert.AreEqual("stopped b refused it: interval below 10", $"{stopped["stage"]} {stopped["why"]}");
        Assert.AreEqual("1 applied, 1 refused: interval below 10, 1 held until the first have applied it", await Text(ops));
        ops.Core.Groups.Turn();
        Sync(boards);
        Assert.AreEqual("5 15 15", Held(boards));
        await ops.Refused(HttpStatusCode.Conflict, "staged", HttpMethod.Put, Value, Json(6));

        (HttpStatusCode status, JsonNode? back) = await ops.Send(HttpMethod.Post, Value + "/abort");
        Assert.AreEqual((HttpStatusCode.OK, "all", 3L, "15"), (status, back!["stage"]!.GetValue<string>(), back["version"]!.GetValue<long>(), back["value"]!["interval"]!.ToString()));
        ops.Core.Groups.Turn();
        Sync(boards);
        Assert.AreEqual("15 15 15", Held(boards));
        Assert.AreEqual("3 applied", await Text(ops));
        StringAssert.StartsWith(await History(ops, Value), "3 admin aborted 2: 5 -> 15 | 2 server stopped: b refused it: interval below 10: 5 -> 5 | 2 admin first to a, b: 15 -> 5");

        await Put(ops, 6, "?devices=b");
        Sync(boards);
        ops.Core.Groups.Turn();
        Assert.AreEqual("stopped", (await ops.Get(Value))["stage"]!.GetValue<string>());
        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Post, Value + "/continue")).Status);
        Sync(boards);
        Assert.AreEqual("6 15 6", Held(boards));
        Assert.AreEqual("2 applied, 1 refused: interval below 10", await Text(ops));
        await Put(ops, 12);
        Sync(boards);
        Assert.AreEqual("12 12 12", Held(boards), "and then another edit");
    }

    [TestMethod]
    public async Task Aborted_the_first_devices_have_what_each_had_before_its_own_included_or_nothing()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b", "c");
        boards[0].Change(40);
        Sync(boards);
        Join(ops, "a", "b", "c");
        await Put(ops, 15, "?devices=a,b,c", Sampling);
        Sync(boards.Take(2));
        Assert.AreEqual("15 15 -", Held(boards));
        Write(ops, "b", 50); // somebody's own, since
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Post, Value + "/abort")).Status);
        await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, Value);
        ops.Core.Groups.Turn();
        Sync(boards);
        Assert.AreEqual("40 50 -", Held(boards));
        Assert.AreEqual("3 application :  -> 50", (await History(ops, "/v1/devices/b/collections/config/objects/sampling")).Split(" | ")[0].Replace("2 application : 15", "3 application : ", StringComparison.Ordinal));
        StringAssert.StartsWith(await History(ops, "/v1/devices/a/collections/config/objects/sampling"), "3 admin group north, version 1 aborted: 15 -> 40 | 2 admin group north, version 1: 40 -> 15");
    }

    [TestMethod]
    public async Task First_devices_that_can_show_nothing_any_more_stop_it_rather_than_let_it_go_on()
    {
        await using OpsServer ops = await OpsServer.Start();
        Board[] boards = Boards(ops, "a", "b");
        Join(ops, "a", "b");
        await Put(ops, 15, type: Sampling);
        Sync(boards);
        await Put(ops, 20, "?devices=a");
        ops.Core.Devices.Revoke("a");
        ops.Core.Groups.Turn();
        JsonNode view = await ops.Get(Value);
        Assert.AreEqual("stopped none of the first devices can show it any more", $"{view["stage"]} {view["why"]}");
        boards[1].Sync();
        Assert.AreEqual("15", boards[1].Held());
    }

    [TestMethod]
    public async Task One_server_at_a_time_brings_what_is_left_to_the_members()
    {
        await using OpsServer ops = await OpsServer.Start();
        await using EmbeddedServer other = await ops.Another();
        Boards(ops, "a", "b");
        Join(ops, "a");
        await Put(ops, 15, type: Sampling);
        string path = "/v1/devices/b/collections/config/objects/sampling";
        IDisposable? held;
        while ((held = ops.Core.Store.TryLock("groups")) == null)
        {
            await Task.Delay(10, TestContext.CancellationToken); // the job of one of them has it
        }

        using (held)
        {
            Join(ops, "b");
            Assert.IsFalse(ops.Core.Groups.TurnAlone());
            Assert.IsFalse(other.Core.Groups.TurnAlone());
            await ops.Refused(HttpStatusCode.NotFound, "not_found", HttpMethod.Get, path);
        }

        for (int i = 0; (await ops.Send(HttpMethod.Get, path)).Status != HttpStatusCode.OK; i++)
        {
            Assert.IsLessThan(600, i, "nobody brought it");
            await Task.Delay(100, TestContext.CancellationToken); // by itself: nobody asks for it
        }

        Assert.HasCount(1, (await ops.Get(path + "/history")).AsArray());
    }

    [TestMethod]
    public async Task A_group_of_thousands_is_written_in_steps_and_each_once()
    {
        await using OpsServer ops = await OpsServer.Start();
        using (IStoreTransaction store = ops.Core.Store.BeginWrite())
        {
            for (int i = 0; i < 450; i++)
            {
                int device = store.AddDevice(string.Create(CultureInfo.InvariantCulture, $"d{i:0000}"), BitConverter.GetBytes(i), 1);
                store.Grant(device, "config", null);
                ((Server.Fleet.IFleetTransaction)store).SetPlace(device, "north", null);
            }

            store.Commit();
        }

        await Put(ops, 15, type: Sampling);
        await using EmbeddedServer other = await ops.Another();
        Parallel.ForEach((ServerCore[])[ops.Core, other.Core], core =>
        {
            while (core.Groups.Turn())
            {
            }
        });
        Assert.AreEqual("450 waiting", await Text(ops));
        foreach (string device in (string[])["d0000", "d0199", "d0200", "d0449"])
        {
            Assert.AreEqual("1 15", (await ops.Get($"/v1/devices/{device}/collections/config/objects/sampling")) is var o ? $"{o["seq"]} {o["value"]!["interval"]}" : "");
        }

        Assert.AreEqual("d0100", (await ops.Get(Value + "/devices?skip=100&limit=1"))["devices"]!.AsArray().Single()!["name"]!.GetValue<string>());
    }

    private static Board[] Boards(OpsServer ops, params string[] names) => [.. names.Select(n => new Board(ops.Core, n, 0))];

    private static void Join(OpsServer ops, params string[] devices)
    {
        foreach (string device in devices)
        {
            ops.Core.Fleet.Place(device, "north", null);
        }
    }

    private static void Sync(IEnumerable<Board> boards)
    {
        foreach (Board board in boards)
        {
            board.Sync();
        }
    }

    private static string Held(IEnumerable<Board> boards) => string.Join(' ', boards.Select(b => b.Held()));

    private static string Json(uint interval) => string.Create(CultureInfo.InvariantCulture, $$"""{"interval":{{interval}},"sensors":null}""");

    private static async Task<JsonNode> Put(OpsServer ops, uint interval, string query = "", string? type = null)
    {
        string path = Value + query + (type == null ? "" : (query.Length == 0 ? "?" : "&") + "class=" + type);
        (HttpStatusCode status, JsonNode? body) = await ops.Send(HttpMethod.Put, path, Json(interval));
        Assert.IsTrue(status is HttpStatusCode.OK or HttpStatusCode.Created, body?.ToJsonString());
        return body!;
    }

    // As an operator does on the machine of the server.
    private static void Write(OpsServer ops, string device, uint interval, string? type = null)
    {
        ops.Core.Objects.Put(device, "config", "sampling", ObjectJson.Parse(Encoding.UTF8.GetBytes(Json(interval)), type));
    }

    private static async Task<string> Text(OpsServer ops) => (await ops.Get(Value))["counts"]!["text"]!.GetValue<string>();

    private static async Task<string> Members(OpsServer ops, string state)
    {
        return string.Join(", ", (await ops.Get($"{Value}/devices?state={state}"))["devices"]!.AsArray().Select(d => $"{d!["name"]} {d["reason"]}"));
    }

    private static async Task<string> History(OpsServer ops, string path)
    {
        return string.Join(" | ", (await ops.Get(path + "/history")).AsArray().Select(e => $"{e!["version"]} {e["who"]} {e["note"]}: {e["oldValue"]?["interval"]} -> {e["value"]?["interval"]}"));
    }

    /// <summary>A device that takes intervals from a least one on.</summary>
    private sealed class Board : IObjectHandler
    {
        private static readonly ObjectClass s_sampling = ClassCatalog.Parse(Sampling)!;

        private readonly MemoryVolume _volume = new(64 * 1024, 64);
        private readonly uint _least;
        private FlashStore _store = null!;
        private SyncEngine _engine = null!;
        private SyncCollection _config = null!;

        public Board(ServerCore core, string name, uint least)
        {
            Name = name;
            _least = least;
            if (!core.Devices.List().Exists(d => d.Name == name))
            {
                core.Devices.Add(name, "readings,config");
            }

            Move(core);
        }

        public string Name { get; }

        /// <summary>Starts, and syncs with this server from now on.</summary>
        public void Move(ServerCore core)
        {
            _store = new FlashStore(_volume, new StoreOptions());
            _engine = new SyncEngine(_store, new CoreCarrier(core, Name), new SyncOptions());
            _config = _engine.AddTwoWay("config", s_sampling, 16, this, false);
            Assert.AreEqual(StoreError.None, _engine.Open());
        }

        public void Sync()
        {
            for (int i = 0; i < 20; i++)
            {
                RoundOutcome outcome = _engine.Round().Outcome;
                if (outcome != RoundOutcome.More)
                {
                    Assert.AreEqual(RoundOutcome.InStep, outcome);
                    Assert.AreEqual(RoundOutcome.InStep, _engine.Round().Outcome, "with it goes what the last reply became");
                    return;
                }
            }

            Assert.Fail("not in step");
        }

        /// <summary>Changes the interval here.</summary>
        public void Change(uint interval)
        {
            RecordWriter record = new(32);
            record.Begin(s_sampling);
            record.UInt(interval);
            record.None();
            Assert.IsTrue(record.End());
            Assert.AreEqual(StoreError.None, _store.PutNamed(_config.Number, "sampling"u8.ToArray(), 0, 8, s_sampling.Hash, record.Buffer, 0, record.Length));
        }

        /// <summary>The interval that it has; - = none.</summary>
        public string Held()
        {
            ObjectInfo info = new();
            if (_store.FindKey(_config.Number, "sampling"u8.ToArray(), 0, 8, info) != StoreError.None)
            {
                return "-";
            }

            byte[] bytes = new byte[info.Length];
            Assert.AreEqual(bytes.Length, _store.Read(info, 0, bytes, 0, bytes.Length));
            return Interval(bytes, 0, bytes.Length).ToString(CultureInfo.InvariantCulture);
        }

        public string Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
        {
            return Interval(record, offset, count) < _least ? $"interval below {_least}" : null!;
        }

        public string CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes) => "too large";

        public void Changed(SyncCollection collection)
        {
        }

        private static long Interval(byte[] record, int offset, int count)
        {
            RecordReader reader = new();
            reader.Begin(s_sampling, record, offset, count);
            Assert.IsTrue(reader.Next());
            return reader.Value;
        }
    }
}

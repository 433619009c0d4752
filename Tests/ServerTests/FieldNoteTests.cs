// What an operator says of the fields of a class: shown where the fields are, and obeyed by everybody who writes through the server.

using System.Net;
using System.Text.Json.Nodes;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class FieldNoteTests
{
    private const string Objects = "/v1/devices/d1/collections/config/objects";

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task A_value_beyond_the_range_that_is_said_is_refused_however_it_is_written()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        ops.Core.Fleet.Place("d1", "north", null);
        string type = "?class=" + Uri.EscapeDataString(Bench.Sampling), inGroup = "/v1/groups/north/collections/config/objects/g";
        Assert.AreEqual(HttpStatusCode.Created, (await ops.Send(HttpMethod.Put, Objects + "/a" + type, """{"interval":5,"sensors":null}""")).Status);
        Assert.AreEqual(HttpStatusCode.Created, (await ops.Send(HttpMethod.Put, inGroup + type, """{"interval":5,"sensors":null}""")).Status);
        long seq = ops.Core.Objects.Get("d1", "config", "a").Row.Seq;

        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Put, "/v1/classes/sampling/fields/interval", """{"label":"Interval","unit":"s","least":10,"most":3600}""")).Status);
        foreach ((HttpMethod method, string path, string body) in ((HttpMethod, string, string)[])[
            (HttpMethod.Put, Objects + "/a", """{"interval":9,"sensors":null}"""),
            (HttpMethod.Put, Objects + "/a", """{"interval":3601,"sensors":null}"""),
            (HttpMethod.Post, Objects + type, """{"interval":9,"sensors":null}"""),
            (HttpMethod.Post, Objects + "/a/restore", $$"""{"version":{{seq}}}"""),
            (HttpMethod.Put, inGroup, """{"interval":9,"sensors":null}"""),
            (HttpMethod.Post, inGroup + "/restore", """{"version":1}""")])
        {
            JsonNode refused = await ops.Refused(HttpStatusCode.BadRequest, "out_of_range", method, path, body);
            StringAssert.Contains(refused["detail"]!.GetValue<string>(), "interval is 10 to 3600 s, not ");
            Assert.AreEqual("interval", refused["field"]!.GetValue<string>());
        }

        RefusedException bytes = Assert.ThrowsExactly<RefusedException>(() => ops.Core.Objects.Put("d1", "config", "b",
            new NewValue(null, RecordText.Pack(ClassCatalog.Parse(Bench.Sampling)!, [new("interval", "9")]), Bench.Sampling)), "as bytes, too");
        Assert.AreEqual("out_of_range", bytes.Code);
        Assert.AreEqual(seq, ops.Core.Objects.Get("d1", "config", "a").Row.Seq, "nothing was written");
        foreach (int fits in (int[])[10, 3600])
        {
            Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Put, Objects + "/a", $$"""{"interval":{{fits}},"sensors":null}""")).Status);
        }

        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Put, Objects + "/a", """{"interval":null,"sensors":"x"}""")).Status, "one that is absent is in no range");
        Assert.AreEqual(HttpStatusCode.NoContent, (await ops.Send(HttpMethod.Delete, "/v1/classes/sampling/fields/interval")).Status);
        Assert.AreEqual(HttpStatusCode.OK, (await ops.Send(HttpMethod.Put, Objects + "/a", """{"interval":9,"sensors":null}""")).Status);
        Assert.AreEqual(HttpStatusCode.NotFound, (await ops.Send(HttpMethod.Delete, "/v1/classes/sampling/fields/interval")).Status);
    }

    [TestMethod]
    public async Task What_a_device_sends_is_taken_beyond_the_range_too_and_units_stand_in_the_head_of_an_export()
    {
        await using OpsServer ops = await OpsServer.Start();
        ops.Server.Enrol("d1");
        ops.Core.Notes.Set("weather", "temperature", null, "\u00b0C", 0, 10, "test");
        ops.Core.Notes.Set("other", "temperature", null, "K", null, null, "test");
        Protocol.ObjectClass weather = new Protocol.ObjectClass("weather").Time("at").Fixed("temperature", 2);
        CollectionElement collection = new() { Id = "readings", SyncKey = ops.StartSync("d1", "readings", outbox: true), DeletesAsMoves = true, Class = ClassCatalog.WireName(weather) };
        SyncCommand add = TestDevice.Add("AAAA1", RecordText.Pack(weather, [new("at", "2026-01-01T00:00:00Z"), new("temperature", "21.50")]));
        collection.Commands.Add(add);
        ops.Sync("d1", collection);
        using (IStoreTransaction store = ops.Core.Store.BeginWrite())
        {
            store.SaveClass(ops.Core.Devices.Get("d1").Id, ClassCatalog.WireName(weather), weather.Definition, 1);
            store.Commit();
        }

        string csv = await ops.Client.GetStringAsync("/v1/readings?format=csv&units=true&class=weather", TestContext.CancellationToken);
        StringAssert.StartsWith(csv, "device,collection,id,time,received,class,at,temperature (\u00b0C)");
        StringAssert.Contains(csv, "21.50");
        StringAssert.StartsWith(await ops.Client.GetStringAsync("/v1/readings?format=csv&units=true", TestContext.CancellationToken), "device,collection,id,time,received,class,at,temperature\r\n", "of two units none is named");
        StringAssert.StartsWith(await ops.Client.GetStringAsync("/v1/readings?format=csv&class=weather", TestContext.CancellationToken), "device,collection,id,time,received,class,at,temperature\r\n", "who does not ask has the names that he knows");
        StringAssert.Contains(await ops.Client.GetStringAsync("/v1/readings?format=csv&units=true&class=weather&bucket=3600&from=2026-01-01T00:00:00Z", TestContext.CancellationToken), "temperature.mean (\u00b0C)");
        JsonNode field = (await ops.Get("/v1/classes"))[0]!["fields"]!.AsArray().Single(f => f!["name"]!.GetValue<string>() == "temperature")!;
        Assert.AreEqual("\u00b0C 0 10", $"{field["unit"]} {field["least"]} {field["most"]}");
        Assert.AreEqual("other.temperature weather.temperature", string.Join(' ', (await ops.Get("/v1/fields")).AsArray().Select(n => $"{n!["class"]}.{n["field"]}")));
    }

    [TestMethod]
    [DataRow("a b", "x", """{"unit":"s"}""", "class")]
    [DataRow("a", "x y", """{"unit":"s"}""", "field")]
    [DataRow("a", "x", """{}""", "label")]
    [DataRow("a", "x", """{"least":2,"most":1}""", "least")]
    [DataRow("a", "x", """{"unit":"12345678901234567"}""", "unit")]
    [DataRow("a", "x", """{"label":"a\u0007"}""", "label")]
    [DataRow("a", "x", """{"least":"low"}""", "least")]
    public async Task What_is_no_name_unit_or_range_is_refused_with_its_field(string type, string field, string body, string wrong)
    {
        await using OpsServer ops = await OpsServer.Start();
        (HttpStatusCode status, JsonNode? answer) = await ops.Send(HttpMethod.Put, $"/v1/classes/{Uri.EscapeDataString(type)}/fields/{Uri.EscapeDataString(field)}", body);
        Assert.AreEqual((HttpStatusCode.BadRequest, wrong), (status, answer!["field"]!.GetValue<string>()), answer.ToJsonString());
    }
}

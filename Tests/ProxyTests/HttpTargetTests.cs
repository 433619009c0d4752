using System.Text.Json.Nodes;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;
using static NanoSync.ProxyTests.FieldDevice;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class HttpTargetTests
{
    [TestMethod]
    public async Task Objects_are_put_as_JSON_changed_under_their_ETag_and_deleted()
    {
        await using ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "config");
        FieldDevice device = site.Device("d1", "readings,config");
        Learn(site);
        device.Put("sampling", 7);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        JsonNode thing = JsonNode.Parse(things.Bodies["/things/d1/config/sampling"])!;
        Assert.AreEqual(7, (int)thing["value"]!["value"]!);

        device.Change("sampling", 8);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Association map = site.Proxy.Map().Single();
        Assert.AreEqual(things.Url + "/things/d1/config/sampling", map.UpstreamId);
        Assert.AreEqual(MapState.InStep, map.State);
        CollectionAssert.AreEqual(new[] { "PUT if-none-match *", "PUT if-match \"1\"" }, things.Requests);

        device.Delete("sampling");
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.IsEmpty(things.Bodies);
        Assert.AreEqual(MapState.Deleted, site.Proxy.Map().Single().State);
    }

    [TestMethod]
    public async Task A_redirect_is_not_followed()
    {
        await using ThingServer elsewhere = await ThingServer.Start();
        await using ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "config");
        things.SendsOnTo = elsewhere.Url;
        FieldDevice device = site.Device("d1", "readings,config");
        Learn(site);
        device.Put("sampling", 7);
        device.Sync();
        site.Run();
        Assert.AreNotEqual(0, things.Asked);
        Assert.AreEqual(0, elsewhere.Asked, "the token stays with the URL that was given");
        things.SendsOnTo = null;
        Assert.IsTrue(site.Run() || site.Run(), site.LastText);
        Assert.HasCount(1, things.Bodies);
    }

    [TestMethod]
    public async Task A_lost_answer_and_a_kill_before_it_is_kept_double_nothing()
    {
        foreach (ProxyStep step in new[] { ProxyStep.Exchanged, ProxyStep.BeforeApplied, ProxyStep.Applied })
        {
            await using ThingServer things = await ThingServer.Start();
            await using Node site = await Node.Start();
            things.PassFrom(site, "readings");
            FieldDevice device = site.Device("d1", "readings,config");
            for (uint i = 0; i < 10; i++)
            {
                device.Append(i);
            }

            device.Sync();
            for (int kill = 0; kill < 5; kill++)
            {
                site.KillAt = step;
                site.KillAfter = 1;
                Assert.ThrowsExactly<KilledException>(() => site.Run());
                await site.Restart();
            }

            site.KillAt = null;
            Assert.IsTrue(site.Run(), site.LastText);
            Assert.HasCount(10, things.Bodies);
            Assert.IsTrue(things.Written.Values.All(n => n == 1), string.Join(' ', things.Written));
        }
    }

    [TestMethod]
    public async Task Failures_are_tried_again_in_order_and_refusals_are_passed_over()
    {
        await using ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "config");
        FieldDevice device = site.Device("d1", "readings,config");
        device.Put("a", 1);
        device.Put("b", 2);
        device.Put("c", 3);
        device.Sync();

        things.Fail = path => path.EndsWith("/b", StringComparison.Ordinal) ? (503, "busy") : null;
        Assert.IsFalse(site.Run());
        StringAssert.Contains(site.LastText, "HTTP 503: busy");
        Assert.HasCount(1, things.Bodies);

        things.Fail = path => path.EndsWith("/b", StringComparison.Ordinal) ? (422, "value out of range") : null;
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(2, things.Bodies);
        Association refused = site.Proxy.Map().Single(a => a.State == MapState.Refused);
        Assert.AreEqual("b", refused.OwnId);
        StringAssert.Contains(refused.Reason, "value out of range");
        device.Sync();
        StringAssert.Contains(device.Held(), "refused(6) HTTP 422: value out of range");

        things.Fail = _ => null;
        Assert.AreEqual(1, site.Proxy.Retry("things", null));
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(3, things.Bodies);
    }

    [TestMethod]
    public async Task An_object_that_others_changed_there_is_overwritten_knowingly()
    {
        await using ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "config");
        FieldDevice device = site.Device("d1", "readings,config");
        Learn(site);
        device.Put("sampling", 1);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        things.Change("/things/d1/config/sampling", "{}");
        device.Change("sampling", 2);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.AreEqual(2, (int)JsonNode.Parse(things.Bodies["/things/d1/config/sampling"])!["value"]!["value"]!);
    }

    [TestMethod]
    public async Task The_server_away_loses_nothing()
    {
        ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "readings");
        FieldDevice device = site.Device("d1", "readings,config");
        await things.DisposeAsync();
        for (uint i = 0; i < 40; i++)
        {
            device.Append(i);
            if (i % 10 == 0)
            {
                device.Sync();
                Assert.IsFalse(site.Run());
            }
        }

        device.Sync();
        await using ThingServer again = await ThingServer.Start(things.Port);
        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(40, again.Bodies);
    }

    [TestMethod]
    public void Targets_that_cannot_work_are_refused_with_the_reason()
    {
        (string Key, string Value, string Reason)[] cases =
        [
            ("url", "ftp://host", "http"),
            ("url", "http://host/things", "{id}"),
            ("collections", "", "collections"),
            ("direction", "sideways", "direction"),
            ("direction", "both", "up only"),
            ("conflict", "nobody", "conflict"),
            ("every", "0", "every"),
            ("url", "http://{id}.host/things", "behind its host"),
            ("url", "http://host{id}", "behind its host"),
            ("url", "http://u:{id}@host/things/{id}", "behind its host"),
            ("url", "http://host/a/../{id}", "."),
            ("url", "http://host/%2e%2E/{id}", "."),
            ("url", "http://host/#{id}", "#"),
            ("name", "..", "name"),
            ("name", "-t", "name"),
        ];
        foreach ((string key, string value, string reason) in cases)
        {
            Dictionary<string, string> settings = new() { ["url"] = "http://host/{id}", ["collections"] = "config", ["kind"] = "http", ["direction"] = "up", [key] = value };
            RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => ProxyTarget.Parse(settings.GetValueOrDefault("name", "t"), settings.GetValueOrDefault), value);
            StringAssert.Contains(refused.Message, reason);
        }
    }

    [TestMethod]
    public async Task An_id_of_a_device_never_leads_out_of_the_template()
    {
        await using ThingServer things = await ThingServer.Start();
        await using Node site = await Node.Start();
        things.PassFrom(site, "config");
        string[] inside = ["a/b", "..a", "50%", "?x", "#x", "\r\nX: y", "\u2025"];
        string[] climbing = // also for a server that decodes before it splits, or decodes twice
            ["..", ".", "../../../admin", "..\\..\\admin", "a/../../b", "a/..", "%2e%2e", "%252e%252e", "..%2fadmin", "..;", "a/..;x/b"];
        site.Device("d1", "readings,config");
        int d1 = site.Core.Devices.Get("d1").Id;
        using (IStoreTransaction store = site.Core.Store.BeginWrite())
        {
            CollectionRow collection = store.FindCollection(d1, "config")!;
            foreach (string id in (string[])[.. climbing, .. inside])
            {
                collection.Live++;
                store.SaveObject(collection.Id, new ObjectRow { Id = id, Seq = ++collection.Seq, CreatedSeq = collection.Seq, Writer = d1, Data = [1] });
            }

            store.SaveCollection(collection);
            store.Commit();
        }

        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(inside.Length, things.Paths);
        Assert.IsTrue(things.Paths.TrueForAll(p => p.StartsWith("/things/d1/config/", StringComparison.Ordinal) && p.Split('/').Length == 5), string.Join(' ', things.Paths));
        Association[] refused = [.. site.Proxy.Map().Where(a => a.State == MapState.Refused)];
        Assert.AreEqual(string.Join(' ', climbing.Order(StringComparer.Ordinal)), string.Join(' ', refused.Select(a => a.OwnId).Order(StringComparer.Ordinal)));
        Assert.IsTrue(Array.TrueForAll(refused, a => a.Reason == "an id that has no URL" && a.UpstreamId == null));

        foreach (string id in climbing)
        {
            site.Core.Objects.Delete("d1", "config", id);
        }

        Assert.IsTrue(site.Run(), site.LastText);
        Assert.HasCount(inside.Length, things.Paths, "nothing is deleted above the template either");
    }

    // The class's definition, as a device gives it when asked or the application with its first value.
    private static void Learn(Node site)
    {
        site.Core.Objects.Put("d1", "config", "first", new NewValue(null, Value(0), Setting.Definition));
        site.Core.Objects.Delete("d1", "config", "first");
    }
}

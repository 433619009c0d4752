// Names and ids in URLs: the object that is named is the one that is meant, or the request is refused.

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class PathTests
{
    private string _folder = "";
    private EmbeddedServer _server = null!;
    private HttpClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    private static string Value => """{"class":"thing#0000","data":"BAU="}""";

    [TestInitialize]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-path-").FullName;
        _server = await EmbeddedServer.Start(_folder);
        _server.Enrol("objects", "objects,config");
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

    [TestMethod]
    public async Task An_id_is_found_by_its_place_whatever_device_and_collection_are_called()
    {
        const string Objects = "/v1/devices/objects/collections/objects/objects/";
        foreach (string id in (string[])["first", "second", "objects", "retry"])
        {
            Assert.AreEqual(201, await Send(HttpMethod.Put, Objects + id, Value), id);
        }

        Assert.AreEqual("first second objects retry", Ids("objects"));
        Assert.AreEqual(400, await Send(HttpMethod.Delete, Objects + "second?x=/objects/first"), "an unknown parameter");
        Assert.AreEqual(204, await Send(HttpMethod.Delete, Objects + "second?"));
        Assert.AreEqual("first objects retry", Ids("objects"));
        Assert.AreEqual(200, await Send(HttpMethod.Post, Objects + "objects/retry"));
        Assert.AreEqual(204, await Send(HttpMethod.Post, Objects + "objects/drop"));
        Assert.AreEqual(204, await Send(HttpMethod.Post, Objects + "first/fetch"));
        Assert.AreEqual(404, await Send(HttpMethod.Post, Objects + "second/fetch"));
    }

    [TestMethod]
    [DataRow("objects/x/../y")]
    [DataRow("objects/x/%2e%2e/y")]
    [DataRow("objects/x/%2E./y")]
    [DataRow("objects/./y")]
    [DataRow("../config/objects/y")]
    [DataRow("objects/../../../../devices/objects/collections/config/objects/y")]
    public async Task Dot_segments_are_refused_and_touch_nothing(string path)
    {
        Put("x");
        Put("y");
        foreach (string method in (string[])["DELETE", "PUT", "GET"])
        {
            StringAssert.Matches(await Raw(method, "/v1/devices/objects/collections/config/" + path), new("^HTTP/1.1 (400|404) "));
        }

        Assert.AreEqual("x y", Ids("config"));
    }

    [TestMethod]
    public async Task Segments_that_stand_no_longer_where_they_stood_are_refused()
    {
        Put("x");
        StringAssert.StartsWith(await Raw("DELETE", "/v1/devices/objects/collections/config/objects//x"), "HTTP/1.1 404 ");
        StringAssert.StartsWith(await Raw("DELETE", "/v1/devices/objects/collections/config/objects/x%"), "HTTP/1.1 400 ");
        StringAssert.StartsWith(await Raw("DELETE", "/v1/devices/objects/collections/config/objects/%ed%a0%80"), "HTTP/1.1 400 ");
        StringAssert.StartsWith(await Raw("DELETE", $"{_server.Url}/v1/devices/objects/collections/config/objects/y"), "HTTP/1.1 404 ");
        Assert.AreEqual("x", Ids("config"));
        StringAssert.StartsWith(await Raw("DELETE", $"{_server.Url}/v1/devices/objects/collections/config/objects/x"), "HTTP/1.1 204 ");
        Assert.AreEqual("", Ids("config"));
    }

    [TestMethod]
    [DataRow("\U0001F321 7")]
    [DataRow("a/b%2Fc?d#e")]
    [DataRow("\u00e4\u20ac")]
    [DataRow("...")]
    public async Task An_id_of_any_text_is_made_read_changed_and_deleted(string id)
    {
        string url = "/v1/devices/objects/collections/config/objects/" + Uri.EscapeDataString(id);
        Assert.AreEqual(201, await Send(HttpMethod.Put, url, Value));
        Assert.AreEqual(id, Ids("config"));
        Assert.AreEqual(200, await Send(HttpMethod.Put, url, """{"class":"thing#0000","data":"BAY="}"""));
        Assert.AreEqual(200, await Send(HttpMethod.Get, url));
        Assert.AreEqual(204, await Send(HttpMethod.Delete, url));
        Assert.AreEqual("", Ids("config"));
    }

    [TestMethod]
    public void What_a_device_calls_an_object_is_changed_and_deleted_whatever_it_is()
    {
        DeviceIdentity device = new(_server.Core.Devices.Get("objects").Id, "objects");
        foreach (string id in (string[])["..", "-x", "a\nb"])
        {
            using (IStoreTransaction store = _server.Core.Store.BeginWrite())
            {
                CollectionRow collection = store.FindCollection(device.Id, "config")!;
                store.SaveObject(collection.Id, new ObjectRow { Id = id, Seq = ++collection.Seq, CreatedSeq = collection.Seq, Writer = device.Id, Data = [1] });
                collection.Live++;
                store.SaveCollection(collection);
                store.Commit();
            }

            _server.Core.Objects.Put("objects", "config", id, new NewValue(null, [2], null));
            _server.Core.Objects.Delete("objects", "config", id);
        }
    }

    [TestMethod]
    [DataRow(".")]
    [DataRow("..")]
    [DataRow("-x")]
    [DataRow("a\u0007b")]
    [DataRow("")]
    public void A_new_object_gets_no_id_that_a_path_or_a_command_line_takes_for_something_else(string id)
    {
        RefusedException refused = Assert.ThrowsExactly<RefusedException>(() => Put(id));
        StringAssert.Contains(refused.Message, "An object's id is");
    }

    [TestMethod]
    [DataRow(".", "a")]
    [DataRow("..", "a")]
    [DataRow("-d", "a")]
    [DataRow("d/e", "a")]
    [DataRow("d", ".")]
    [DataRow("d", "-a")]
    [DataRow("d", "a@..")]
    [DataRow("d", "a@-g")]
    [DataRow("d", "r,,b")]
    [DataRow("d", "r,b b")]
    [DataRow("d", "a,")]
    [DataRow("d", "")]
    [DataRow("d", "a@b@c")]
    public void Names_that_a_path_or_a_command_line_takes_for_something_else_are_refused(string device, string collections)
    {
        Assert.ThrowsExactly<RefusedException>(() => _server.Core.Devices.Add(device, collections));
        Assert.HasCount(1, _server.Core.Devices.List());
        if (device == "d")
        {
            Assert.ThrowsExactly<RefusedException>(() => _server.Core.Devices.Grant("objects", collections));
        }
    }

    [TestMethod]
    [DataRow("PUT", "/v1/devices/objects/collections/config/objects/a?class=s(t:t)", """{"t":"\ud800"}""")]
    [DataRow("PUT", "/v1/devices/objects/collections/config/objects/a?class=s(t:t)", """{"\udc00":"x"}""")]
    [DataRow("PUT", "/v1/devices/objects/collections/config/objects/a", """{"class":"\ud800","data":"BAU="}""")]
    [DataRow("POST", "/v1/devices", """{"name":"\ud800"}""")]
    [DataRow("POST", "/v1/devices", """{"name":"n","collections":["\ud800"]}""")]
    [DataRow("POST", "/v1/devices/objects/commands", """{"class":"interval","seconds":"\udfff"}""")]
    [DataRow("POST", "/v1/devices/objects/commands", """{"class":"\udfff"}""")]
    public async Task Half_of_a_surrogate_pair_is_no_text(string method, string path, string json)
    {
        StringAssert.Contains(await Refused(new HttpMethod(method), path, json), "not Unicode");
    }

    [TestMethod]
    public async Task Collections_are_a_text_or_a_list_and_what_is_neither_is_an_error()
    {
        Assert.AreEqual(201, await Send(HttpMethod.Post, "/v1/devices", """{"name":"one","collections":["readings","c@site"]}"""));
        Assert.AreEqual("c@site,readings", _server.Core.Devices.Get("one").Collections);
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":"two","collections":[1]}"""), "list of texts");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":"two","collections":["a,b"]}"""), "each one name");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":"two","collections":{}}"""), "collections is a text");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":2}"""), "name is not a text");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":"two","colections":"a"}"""), "There is no colections");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices", """{"name":"two","sealed":"yes"}"""), "true or false");
        StringAssert.Contains(await Refused(HttpMethod.Post, "/v1/devices/objects/commands", """{"class":7}"""), "class is not a text");
        Assert.HasCount(2, _server.Core.Devices.List());
    }

    [TestMethod]
    public async Task A_revoked_device_gets_no_token_unless_it_is_let_in_again()
    {
        _server.Core.Devices.Revoke("objects");
        Assert.AreEqual(409, await Send(HttpMethod.Post, "/v1/devices/objects/rotate"));
        Assert.IsNotNull(_server.Core.Devices.Get("objects").Revoked);
        Assert.AreEqual(200, await Send(HttpMethod.Post, "/v1/devices/objects/rotate?readmit=true"));
        Assert.IsNull(_server.Core.Devices.Get("objects").Revoked);
    }

    private void Put(string id)
    {
        _server.Core.Objects.Put("objects", "config", id, new NewValue(null, [1], null));
    }

    private string Ids(string collection) => string.Join(' ', _server.Core.Objects.List("objects", collection).Select(o => o.Row.Id));

    private async Task<int> Send(HttpMethod method, string path, string? json = null)
    {
        using HttpRequestMessage request = new(method, path) { Content = json == null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        return (int)(await _client.SendAsync(request, TestContext.CancellationToken)).StatusCode;
    }

    private async Task<string> Refused(HttpMethod method, string path, string json)
    {
        using HttpRequestMessage request = new(method, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        HttpResponseMessage response = await _client.SendAsync(request, TestContext.CancellationToken);
        string body = await response.Content.ReadAsStringAsync(TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode, body);
        return JsonNode.Parse(body)!["detail"]!.GetValue<string>();
    }

    // HttpClient resolves dot segments by itself; others do not
    private async Task<string> Raw(string method, string target)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync("127.0.0.1", new Uri(_server.Url).Port, TestContext.CancellationToken);
        string head = $"{method} {target} HTTP/1.1\r\nHost: {new Uri(_server.Url).Authority}\r\nAuthorization: Bearer {_server.AdminToken}\r\nContent-Length: {(method == "PUT" ? Value.Length : 0)}\r\nConnection: close\r\n\r\n{(method == "PUT" ? Value : "")}";
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.CancellationToken);
        using StreamReader reader = new(tcp.GetStream());
        return await reader.ReadToEndAsync(TestContext.CancellationToken);
    }
}

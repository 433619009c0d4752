// SPEC 8: the HTTP carrier over real sockets.

using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class HttpTests
{
    private static readonly ServerOptions s_options = new() { RatePerSecond = 0, Patience = TimeSpan.FromSeconds(1), Limits = new SyncLimits { MaxMessage = 4096 } };

    private string _folder = "";
    private EmbeddedServer _server = null!;
    private HttpClient _client = null!;
    private string _token = "";

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-http-").FullName;
        await Start(s_options);
    }

    [TestCleanup]
    public async Task Stop()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_request_is_answered_in_its_own_form(bool xml)
    {
        MessageFormat format = xml ? MessageFormat.Xml : MessageFormat.Wbxml;
        byte[] request = Request(format);
        HttpResponseMessage response = await Post(request, format.MediaType);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(format.MediaType, response.Content.Headers.ContentType!.ToString());
        byte[] body = await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken);
        Assert.AreEqual(body.Length, response.Content.Headers.ContentLength);
        StringAssert.StartsWith(MessageParser.Parse(format, body).Collections.Single().SyncKey, "1");
    }

    [TestMethod]
    public async Task The_empty_reply_is_200_and_5_bytes_that_name_the_request()
    {
        CollectionElement first = await First();
        byte[] request = Request(MessageFormat.Wbxml, first.SyncKey);
        HttpResponseMessage response = await Post(request, WbxmlWriter.MediaType);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.AreEqual(5, response.Content.Headers.ContentLength);
        byte[] reply = await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken);
        Assert.IsTrue(EmptyReply.Is(Fnv.Of(request, 0, request.Length), reply, reply.Length));
        Assert.IsFalse(EmptyReply.Is(Fnv.Of(request, 1, request.Length - 1), reply, reply.Length));
    }

    [TestMethod]
    public async Task Headers_of_a_reply_take_at_most_130_bytes()
    {
        string head = Head(await Raw(Request(MessageFormat.Wbxml)));
        StringAssert.StartsWith(head, "HTTP/1.1 200 OK\r\n");
        StringAssert.Contains(head, "Content-Length: ");
        Assert.IsFalse(head.Contains("Server:", StringComparison.OrdinalIgnoreCase) || head.Contains("chunked", StringComparison.OrdinalIgnoreCase), head);
        Assert.IsLessThanOrEqualTo(130, head.Length, head);
        TestContext.WriteLine($"{head.Length} bytes of headers:\n{head}");
    }

    [TestMethod]
    public async Task Without_a_right_token_401()
    {
        byte[] request = Request(MessageFormat.Wbxml);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await Post(request, WbxmlWriter.MediaType, "wrong")).StatusCode);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await Post(request, WbxmlWriter.MediaType, "")).StatusCode);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await Post(request, WbxmlWriter.MediaType, _server.AdminToken)).StatusCode);
    }

    [TestMethod]
    public async Task A_revoked_token_is_out_and_a_rotated_one_in()
    {
        byte[] request = Request(MessageFormat.Wbxml);
        _server.Core.Devices.Revoke("d1");
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await Post(request, WbxmlWriter.MediaType)).StatusCode);
        string rotated = _server.Core.Devices.Rotate("d1", readmit: true);
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await Post(request, WbxmlWriter.MediaType)).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await Post(request, WbxmlWriter.MediaType, rotated)).StatusCode);
    }

    [TestMethod]
    public void The_token_is_32_bytes_and_only_its_check_sum_is_kept()
    {
        Assert.AreEqual(43, _token.Length);
        foreach (string file in Directory.GetFiles(_folder, "nanosync.db*"))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.AreEqual(-1, bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(_token)), file);
        }
    }

    [TestMethod]
    public async Task Another_media_type_415()
    {
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, (await Post(Request(MessageFormat.Wbxml), "application/json")).StatusCode);
        Assert.AreEqual(HttpStatusCode.OK, (await Post(Request(MessageFormat.Xml), XmlWriter.MediaType + "; charset=utf-8")).StatusCode);
    }

    [TestMethod]
    public async Task A_binary_message_without_a_media_type_is_answered_without_one()
    {
        using HttpResponseMessage response = await Post(Request(MessageFormat.Wbxml), null);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        Assert.IsNull(response.Content.Headers.ContentType);
        Assert.AreEqual(0x03, (await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken))[0]);
        using HttpResponseMessage cut = await Post(Request(MessageFormat.Wbxml)[..^1], null);
        Assert.AreEqual(HttpStatusCode.BadRequest, cut.StatusCode);
        Assert.IsNull(cut.Content.Headers.ContentType);
    }

    [TestMethod]
    public async Task The_head_of_a_reply_without_a_media_type_has_at_most_100_bytes()
    {
        byte[] body = Request(MessageFormat.Wbxml);
        using TcpClient client = new("127.0.0.1", new Uri(_server.Url).Port);
        NetworkStream stream = client.GetStream();
        byte[] head = Encoding.ASCII.GetBytes($"POST /sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_token}\r\nContent-Length: {body.Length}\r\n\r\n");
        await stream.WriteAsync((byte[])[.. head, .. body], TestContext.CancellationToken);
        List<byte> reply = [];
        byte[] one = new byte[1];
        while (!Encoding.ASCII.GetString([.. reply]).EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, TestContext.CancellationToken) == 1)
        {
            reply.Add(one[0]);
        }

        string text = Encoding.ASCII.GetString([.. reply]);
        Assert.StartsWith("HTTP/1.1 200 OK", text);
        Assert.IsLessThanOrEqualTo(100, text.Length, text);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("<Sync xmlns='AirSync:'/>")]
    [DataRow("garbage")]
    public async Task What_comes_without_a_media_type_and_is_not_the_binary_form_415_and_says_so(string body)
    {
        using HttpResponseMessage response = await Post(Encoding.UTF8.GetBytes(body), null);
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        StringAssert.Contains(await response.Content.ReadAsStringAsync(TestContext.CancellationToken), "first byte is 03");
    }

    [TestMethod]
    public async Task Too_large_413_with_and_without_a_length()
    {
        Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, (await Post(new byte[4097], WbxmlWriter.MediaType)).StatusCode);
        using HttpRequestMessage chunked = New(new byte[100_000], WbxmlWriter.MediaType, _token);
        chunked.Headers.TransferEncodingChunked = true;
        Assert.AreEqual(HttpStatusCode.RequestEntityTooLarge, (await _client.SendAsync(chunked, TestContext.CancellationToken)).StatusCode);
        byte[] fits = [.. Encoding.UTF8.GetBytes(new string(' ', 4096 - 200)), .. Request(MessageFormat.Xml).AsSpan(38)];
        Assert.AreEqual(HttpStatusCode.OK, (await Post(fits, XmlWriter.MediaType)).StatusCode);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Malformed_400_with_a_message_that_says_Status_4(bool xml)
    {
        MessageFormat format = xml ? MessageFormat.Xml : MessageFormat.Wbxml;
        HttpResponseMessage response = await Post([1, 2, 3], format.MediaType);
        Assert.AreEqual(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.AreEqual(Status.ProtocolError, MessageParser.Parse(format, await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken)).Status);
        Assert.AreEqual(HttpStatusCode.BadRequest, (await Post([], format.MediaType)).StatusCode);
    }

    [TestMethod]
    public async Task Too_often_429_with_Retry_After()
    {
        await Restart(s_options with { RatePerSecond = 0.2, RateBurst = 3 });
        byte[] request = Request(MessageFormat.Wbxml);
        for (int i = 0; i < 3; i++)
        {
            Assert.AreEqual(HttpStatusCode.OK, (await Post(request, WbxmlWriter.MediaType)).StatusCode);
        }

        HttpResponseMessage response = await Post(request, WbxmlWriter.MediaType);
        Assert.AreEqual(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.IsTrue(response.Headers.RetryAfter!.Delta is { TotalSeconds: >= 1 and <= 5 });
        string other = _server.Enrol("d2");
        Assert.AreEqual(HttpStatusCode.OK, (await Post(request, WbxmlWriter.MediaType, other)).StatusCode, "another device is not held up");
    }

    [TestMethod]
    public async Task A_database_that_stays_locked_503_with_Retry_After_and_then_all_is_well()
    {
        CollectionElement first = await First();
        byte[] adding = Request(MessageFormat.Wbxml, first.SyncKey, TestDevice.Add("Ab1_1", 1));
        using (SqliteStore other = new(Path.Combine(_folder, "nanosync.db"), TimeSpan.FromSeconds(1), TimeProvider.System))
        using (IStoreTransaction held = other.BeginWrite())
        {
            HttpResponseMessage busy = await Post(adding, WbxmlWriter.MediaType);
            Assert.AreEqual(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
            Assert.IsNotNull(busy.Headers.RetryAfter);
        }

        Assert.AreEqual(HttpStatusCode.OK, (await Post(adding, WbxmlWriter.MediaType)).StatusCode);
        Assert.HasCount(1, _server.Core.Objects.List("d1", "config"));
    }

    [TestMethod]
    public async Task A_request_that_breaks_off_applies_nothing()
    {
        CollectionElement first = await First();
        byte[] adding = Request(MessageFormat.Wbxml, first.SyncKey, TestDevice.Add("Ab1_1", 1));
        for (int cut = 0; cut < adding.Length; cut += 7)
        {
            using TcpClient tcp = new();
            await tcp.ConnectAsync("127.0.0.1", new Uri(_server.Url).Port, TestContext.CancellationToken);
            await tcp.GetStream().WriteAsync(RawRequest(adding)[..^(adding.Length - cut)], TestContext.CancellationToken);
            tcp.Client.LingerState = new LingerOption(true, 0);
        }

        HttpResponseMessage cutLength = await Post(adding[..^3], WbxmlWriter.MediaType);
        Assert.AreEqual(HttpStatusCode.BadRequest, cutLength.StatusCode);
        Assert.IsEmpty(_server.Core.Objects.List("d1", "config"));
        Assert.AreEqual(HttpStatusCode.OK, (await Post(adding, WbxmlWriter.MediaType)).StatusCode);
    }

    [TestMethod]
    public async Task Many_devices_at_once_each_get_their_own()
    {
        string[] tokens = [.. Enumerable.Range(0, 8).Select(i => _server.Enrol("m" + i))];
        await Task.WhenAll(tokens.Select(async (token, device) =>
        {
            string key = "0";
            for (int round = 0; round < 10; round++)
            {
                byte[] request = key == "0" ? Request(MessageFormat.Wbxml) : Request(MessageFormat.Wbxml, key, TestDevice.Add("Ab1_" + round, (byte)device, (byte)round));
                HttpResponseMessage response = await Post(request, WbxmlWriter.MediaType, token);
                Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
                key = MessageParser.Parse(MessageFormat.Wbxml, await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken)).Collections.Single().SyncKey;
            }
        }));
        for (int device = 0; device < 8; device++)
        {
            Assert.IsTrue(_server.Core.Objects.List("m" + device, "config") is { Count: 9 } objects && objects.TrueForAll(o => o.Row.Data![0] == device));
        }
    }

    [TestMethod]
    public async Task Two_devices_of_a_group_writing_at_once_lose_nothing()
    {
        string[] tokens = [_server.Enrol("g1", "config@site"), _server.Enrol("g2", "config@site")];
        string[] keys = ["0", "0"];
        HashSet<string>[] seen = [[], []];
        async Task<bool> Round(int device, params SyncCommand[] commands)
        {
            HttpResponseMessage response = await Post(Request(MessageFormat.Wbxml, keys[device], commands), WbxmlWriter.MediaType, tokens[device]);
            byte[] body = await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken);
            if (body[0] == EmptyReply.Mark)
            {
                return false;
            }

            CollectionElement answer = MessageParser.Parse(MessageFormat.Wbxml, body).Collections.Single();
            keys[device] = answer.SyncKey;
            seen[device].UnionWith(answer.Commands.Concat(answer.Responses).Select(c => c.ServerId!));
            return true;
        }

        await Task.WhenAll(Enumerable.Range(0, 2).Select(async device =>
        {
            await Round(device);
            for (int i = 0; i < 20; i++)
            {
                await Round(device, TestDevice.Add("Ab1_" + i, 1));
            }
        }));
        for (int device = 0; device < 2; device++)
        {
            while (await Round(device))
            {
            }

            Assert.HasCount(40, seen[device]);
        }
    }

    [TestMethod]
    public async Task Health_is_told()
    {
        Assert.AreEqual("ok", await _client.GetStringAsync(_server.Url + "/health", TestContext.CancellationToken));
        Assert.AreEqual(HttpStatusCode.NotFound, (await _client.GetAsync(_server.Url + "/nothing", TestContext.CancellationToken)).StatusCode);
        Assert.AreEqual(HttpStatusCode.MethodNotAllowed, (await _client.GetAsync(_server.Url + "/sync", TestContext.CancellationToken)).StatusCode);
    }

    [TestMethod]
    public async Task The_embedded_server_goes_on_where_it_was()
    {
        CollectionElement first = await First();
        await Restart(s_options);
        HttpResponseMessage response = await Post(Request(MessageFormat.Wbxml, first.SyncKey), WbxmlWriter.MediaType);
        Assert.AreEqual(EmptyReply.Size, response.Content.Headers.ContentLength);
    }

    [TestMethod]
    public async Task A_port_in_use_is_a_clear_error()
    {
        string other = Path.Combine(_folder, "other");
        StartupException thrown = await Assert.ThrowsExactlyAsync<StartupException>(() => EmbeddedServer.Start(other, new Uri(_server.Url).Port));
        Assert.IsTrue(thrown.PortTaken);
    }

    private async Task Restart(ServerOptions options)
    {
        await _server.DisposeAsync();
        _client.Dispose();
        string token = _token;
        await Start(options, enrol: false);
        _token = token;
    }

    private async Task Start(ServerOptions options, bool enrol = true)
    {
        _server = await EmbeddedServer.Start(_folder, options: options);
        _client = new HttpClient();
        _token = enrol ? _server.Enrol("d1") : "";
    }

    [TestMethod]
    public async Task A_held_answer_comes_with_the_change_and_a_connection_that_ends_frees_its_place()
    {
        await Restart(s_options with { RatePerSecond = 0.001, RateBurst = 4 });
        byte[] waiting = await Waiting(); // two requests
        using (TcpClient gone = new())
        {
            await gone.ConnectAsync("127.0.0.1", new Uri(_server.Url).Port, TestContext.CancellationToken);
            await gone.GetStream().WriteAsync(RawRequest(waiting), TestContext.CancellationToken);
            await UntilHeld(1);
        }

        await UntilHeld(0);
        Task<HttpResponseMessage> held = Post(waiting, WbxmlWriter.MediaType);
        await UntilHeld(1);
        _server.Core.Objects.Put("d1", "config", "a", new Server.Application.NewValue(null, [1], null));
        HttpResponseMessage response = await held;
        CollectionElement answer = MessageParser.Parse(MessageFormat.Wbxml, await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken)).Collections.Single();
        Assert.AreEqual("ok {Add a 01}", answer.Line());
        Assert.IsTrue(Fnv.HasTag(Fnv.Of(waiting, 0, waiting.Length), Encoding.ASCII.GetBytes(answer.SyncKey), answer.SyncKey.Length - 4), "the request that waited is the one answered");
        Assert.AreEqual(HttpStatusCode.TooManyRequests, (await Post(waiting, WbxmlWriter.MediaType)).StatusCode, "four requests were counted, held or not");
    }

    [TestMethod]
    public async Task A_token_revoked_while_its_request_is_held_is_401_and_a_server_that_stops_answers()
    {
        byte[] waiting = await Waiting();
        Task<HttpResponseMessage> held = Post(waiting, WbxmlWriter.MediaType);
        await UntilHeld(1);
        _server.Core.Devices.Revoke("d1");
        Assert.AreEqual(HttpStatusCode.Unauthorized, (await held).StatusCode);

        _token = _server.Core.Devices.Rotate("d1", readmit: true);
        held = Post(waiting, WbxmlWriter.MediaType);
        await UntilHeld(1);
        Task stopped = _server.DisposeAsync().AsTask();
        HttpResponseMessage response = await held;
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        CollectionAssert.AreEqual(EmptyReply.To(Fnv.Of(waiting, 0, waiting.Length)), await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken));
        await stopped;
        await Start(s_options);
    }

    // A request of a device in step that waits for an hour.
    private async Task<byte[]> Waiting()
    {
        CollectionElement first = await First();
        HttpResponseMessage second = await Post(Request(MessageFormat.Wbxml, first.SyncKey), WbxmlWriter.MediaType);
        Assert.AreEqual(HttpStatusCode.OK, second.StatusCode);
        SyncMessage message = new() { Version = "1.0", Wait = 59 };
        message.Collections.Add(new CollectionElement { Id = "config", SyncKey = first.SyncKey, GetChanges = true });
        return MessagePrinter.Print(MessageFormat.Wbxml, message);
    }

    private async Task UntilHeld(int count)
    {
        for (long until = Environment.TickCount64 + 60_000; _server.Core.Held.Count != count; await Task.Delay(5, TestContext.CancellationToken))
        {
            Assert.IsLessThan(until, Environment.TickCount64, $"{_server.Core.Held.Count} are held, not {count}.");
        }
    }

    private async Task<CollectionElement> First()
    {
        HttpResponseMessage response = await Post(Request(MessageFormat.Wbxml), WbxmlWriter.MediaType);
        return MessageParser.Parse(MessageFormat.Wbxml, await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken)).Collections.Single();
    }

    private static byte[] Request(MessageFormat format, string key = "0", params SyncCommand[] commands)
    {
        SyncMessage message = new() { Version = "1.0" };
        CollectionElement collection = new() { Id = "config", SyncKey = key, GetChanges = true };
        collection.Commands.AddRange(commands);
        message.Collections.Add(collection);
        return MessagePrinter.Print(format, message);
    }

    private async Task<HttpResponseMessage> Post(byte[] body, string? type, string? token = null)
    {
        using HttpRequestMessage request = New(body, type, token ?? _token);
        return await _client.SendAsync(request, TestContext.CancellationToken);
    }

    private HttpRequestMessage New(byte[] body, string? type, string token)
    {
        ByteArrayContent content = new(body);
        if (type != null)
        {
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        HttpRequestMessage request = new(HttpMethod.Post, _server.Url + "/sync") { Content = content };
        if (token.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return request;
    }

    private byte[] RawRequest(byte[] body)
    {
        string head = $"POST /sync HTTP/1.1\r\nHost: x\r\nContent-Type: {WbxmlWriter.MediaType}\r\nAuthorization: Bearer {_token}\r\nContent-Length: {body.Length}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    private async Task<byte[]> Raw(byte[] body)
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync("127.0.0.1", new Uri(_server.Url).Port, TestContext.CancellationToken);
        await tcp.GetStream().WriteAsync(RawRequest(body), TestContext.CancellationToken);
        byte[] buffer = new byte[4096];
        int count = await tcp.GetStream().ReadAtLeastAsync(buffer, 100, false, TestContext.CancellationToken);
        return buffer[..count];
    }

    private static string Head(byte[] response)
    {
        string text = Encoding.Latin1.GetString(response);
        return text[..(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)];
    }
}

// What goes wrong at the server's socket: nothing is acknowledged that is not stored, and who does nothing wrong is answered.
// Other faults: a full disk FolderTests, a locked database HttpTests, a damaged page StoreTests, a database that goes within a
// commit and one that is read-only NodeTests, a process killed CrashTests.

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")] // a server with sockets
public sealed class FaultTests
{
    private const int Patience = 30; // seconds: longer than any test has the lock

    private string _folder = "";
    private EmbeddedServer _server = null!;
    private HttpClient _client = null!;

    public TestContext TestContext { get; set; } = null!;

    [TestInitialize]
    public async Task Start()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-faults-").FullName;
        _server = await EmbeddedServer.Start(_folder, options: new ServerOptions { RatePerSecond = 0, Patience = TimeSpan.FromSeconds(Patience) });
        _client = new HttpClient { BaseAddress = new Uri(_server.Url), Timeout = TimeSpan.FromSeconds(60) };
    }

    [TestCleanup]
    public async Task Stop()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    public async Task Two_thousand_connections_at_once_are_all_answered_and_each_reading_is_stored_once()
    {
        const int Devices = 100, Each = 20;
        (string Token, byte[] Reading)[] devices = new (string, byte[])[Devices];
        for (int i = 0; i < Devices; i++)
        {
            string token = _server.Enrol("d" + i);
            devices[i] = (token, Message("readings", await FirstKey(token), $"Ab{i:x2}1"));
        }

        // All connections are open before the first request. Each device asks on twenty, as if it repeated its request.
        TcpClient[] connections = [.. Enumerable.Range(0, Devices * Each).Select(_ => new TcpClient())];
        try
        {
            int port = new Uri(_server.Url).Port;
            await Task.WhenAll(connections.Select(c => c.ConnectAsync("127.0.0.1", port, TestContext.CancellationToken).AsTask()));
            string[] answers = await Task.WhenAll(connections.Select((c, i) => Ask(c, devices[i % Devices].Token, devices[i % Devices].Reading)));
            Assert.AreEqual("HTTP/1.1 200 OK", string.Join(", ", answers.Distinct()));
        }
        finally
        {
            Array.ForEach(connections, c => c.Dispose());
        }

        for (int i = 0; i < Devices; i++)
        {
            Assert.AreEqual($"Ab{i:x2}1", string.Join(' ', _server.Core.Objects.List("d" + i, "readings").Select(o => o.Row.Id)));
        }
    }

    [TestMethod]
    public async Task Bodies_that_come_slowly_hold_up_nobody_and_nothing_of_them_is_stored_before_they_are_whole()
    {
        string slow = _server.Enrol("slow"), quick = _server.Enrol("quick");
        byte[] reading = Message("readings", await FirstKey(slow), "Ab001");
        TcpClient[] connections = [.. Enumerable.Range(0, 200).Select(_ => new TcpClient())];
        try
        {
            int port = new Uri(_server.Url).Port;
            foreach (TcpClient connection in connections)
            {
                await connection.ConnectAsync("127.0.0.1", port, TestContext.CancellationToken);
                await connection.GetStream().WriteAsync(Head(slow, reading.Length), TestContext.CancellationToken);
                await connection.GetStream().WriteAsync(reading.AsMemory(0, reading.Length - 1), TestContext.CancellationToken);
            }

            await FirstKey(quick);
            Assert.IsEmpty(_server.Core.Objects.List("slow", "readings"));
            await connections[7].GetStream().WriteAsync(reading.AsMemory(reading.Length - 1), TestContext.CancellationToken);
            Assert.AreEqual("HTTP/1.1 200 OK", await FirstLine(connections[7]));
            Assert.HasCount(1, _server.Core.Objects.List("slow", "readings"));
        }
        finally
        {
            Array.ForEach(connections, c => c.Dispose());
        }
    }

    [TestMethod]
    public async Task Tokens_that_are_guessed_are_401_and_keep_out_nobody()
    {
        string token = _server.Enrol("d1");
        byte[] reading = Message("readings", await FirstKey(token), "Ab001");
        long? before = _server.Core.Devices.Get("d1").LastSeen;
        for (int i = 0; i < 300; i++)
        {
            // of the right length; the right one but for a letter; none; what a database might misread
            string guess = (i % 4) switch
            {
                0 => DeviceService.NewToken(System.Security.Cryptography.RandomNumberGenerator.GetBytes),
                1 => token[..^1] + (token[^1] == 'A' ? 'B' : 'A'),
                2 => "x",
                _ => "' OR 1=1 --",
            };
            Assert.AreEqual(HttpStatusCode.Unauthorized, await Post(guess, reading), guess);
            Assert.AreEqual(HttpStatusCode.Unauthorized, await Rest(guess), guess);
        }

        Assert.AreEqual(before, _server.Core.Devices.Get("d1").LastSeen, "nobody was taken for it");
        Assert.IsEmpty(_server.Core.Devices.Refusals("d1"));
        Assert.AreEqual(HttpStatusCode.Unauthorized, await Rest(token), "a device's token is none of an operator");
        Assert.AreEqual(HttpStatusCode.OK, await Post(token, reading));
        Assert.HasCount(1, _server.Core.Objects.List("d1", "readings"));
    }

    [TestMethod]
    public async Task While_a_lock_is_held_no_thread_of_the_pool_waits_for_it()
    {
        string token = _server.Enrol("d1"), renewed = _server.Enrol("d2");
        byte[] reading = Message("readings", await FirstKey(token), "Ab001");
        renewed = _server.Core.Devices.Rotate("d2"); // its first use is a change
        Assert.AreEqual(HttpStatusCode.OK, await Rest(_server.AdminToken), "that the token was used is noted before");
        Task<HttpStatusCode>[] waiting;
        using (SqliteStore other = new(Path.Combine(_folder, "nanosync.db"), TimeSpan.FromSeconds(1), TimeProvider.System))
        using (IStoreTransaction held = other.BeginWrite())
        {
            // many more than the pool has threads: 60 of each kind
            waiting = [.. Enumerable.Range(0, 60).SelectMany(i => (Task<HttpStatusCode>[])[Put("o" + i), Post(token, reading), Claim(i)])];
            long began = Stopwatch.GetTimestamp();
            while (_server.Core.Writers.Waiting < 20)
            {
                Assert.IsLessThan(Patience, Stopwatch.GetElapsedTime(began).TotalSeconds, $"they come: {_server.Core.Writers.Waiting} wait, pool {ThreadPool.ThreadCount} threads, {ThreadPool.PendingWorkItemCount} items; done: {string.Join(", ", waiting.Where(w => w.IsCompleted).Select(w => w.Result))}");
                await Task.Delay(10, TestContext.CancellationToken);
            }

            for (int i = 0; i < 10; i++)
            {
                began = Stopwatch.GetTimestamp();
                await Task.Run(() => { }, TestContext.CancellationToken);
                Assert.IsLessThan(2, Stopwatch.GetElapsedTime(began).TotalSeconds, "the pool is free");
            }

            Assert.AreEqual(HttpStatusCode.OK, await Rest(_server.AdminToken), "who looks is not held up");
            Assert.IsTrue(waiting.Count(w => w.IsCompleted) < waiting.Length);
        }

        HttpStatusCode[] answers = await Task.WhenAll(waiting);
        Assert.IsEmpty(answers.Where(a => a is not (HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.Created or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)));
        Assert.AreEqual(HttpStatusCode.OK, await Post(renewed, Message("config", SyncKeys.Zero, null)));
    }

    private async Task<string> FirstKey(string token)
    {
        using HttpResponseMessage response = await _client.SendAsync(Request(token, Message("readings", SyncKeys.Zero, null)), TestContext.CancellationToken);
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode);
        return MessageParser.Parse(MessageFormat.Wbxml, await response.Content.ReadAsByteArrayAsync(TestContext.CancellationToken)).Collections.Single().SyncKey;
    }

    private async Task<HttpStatusCode> Post(string token, byte[] message)
    {
        using HttpResponseMessage response = await _client.SendAsync(Request(token, message), TestContext.CancellationToken);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> Rest(string token)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/v1/devices");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.CancellationToken);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> Put(string id)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, "/v1/devices/d1/collections/config/objects/" + id) { Content = new ByteArrayContent([1]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _server.AdminToken);
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.CancellationToken);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> Claim(int i)
    {
        using ByteArrayContent code = new(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"ABCDEFGHJKMN{i + 1000}")));
        code.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.nanosync.claim");
        using HttpResponseMessage response = await _client.PostAsync("/sync", code, TestContext.CancellationToken);
        return response.StatusCode;
    }

    private HttpRequestMessage Request(string token, byte[] message)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/sync") { Content = new ByteArrayContent(message) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(WbxmlWriter.MediaType);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        return request;
    }

    private static byte[] Message(string collection, string key, string? reading)
    {
        CollectionElement request = new() { Id = collection, SyncKey = key, DeletesAsMoves = true };
        if (reading != null)
        {
            request.Commands.Add(TestDevice.Add(reading, 1));
        }

        SyncMessage message = new() { Version = SyncService.Version };
        message.Collections.Add(request);
        return MessagePrinter.Print(MessageFormat.Wbxml, message);
    }

    private static byte[] Head(string token, int length)
    {
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $"POST /sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: {WbxmlWriter.MediaType}\r\nContent-Length: {length}\r\n\r\n"));
    }

    private async Task<string> Ask(TcpClient connection, string token, byte[] message)
    {
        await connection.GetStream().WriteAsync((byte[])[.. Head(token, message.Length), .. message], TestContext.CancellationToken);
        return await FirstLine(connection);
    }

    private async Task<string> FirstLine(TcpClient connection)
    {
        byte[] buffer = new byte[1024];
        int read = await connection.GetStream().ReadAsync(buffer, TestContext.CancellationToken);
        return Encoding.ASCII.GetString(buffer, 0, read).Split("\r\n")[0];
    }
}

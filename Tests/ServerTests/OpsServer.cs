// A whole server over a real socket, on the database of this run: what is tested through REST alone.

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

internal sealed class OpsServer : IAsyncDisposable
{
    private OpsServer(string folder, EmbeddedServer server, TestClock clock)
    {
        Folder = folder;
        Server = server;
        Clock = clock;
        Client = Open(server.AdminToken);
    }

    public string Folder { get; }

    public EmbeddedServer Server { get; private set; }

    public TestClock Clock { get; }

    /// <summary>A client with the admin token.</summary>
    public HttpClient Client { get; private set; }

    public ServerCore Core => Server.Core;

    public static async Task<OpsServer> Start(ServerOptions? options = null)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-ops-").FullName;
        TestClock clock = new();
        return new OpsServer(folder, await EmbeddedServer.Start(folder, options: Options(folder, options), clock: clock), clock);
    }

    /// <summary>Another server on the same database.</summary>
    public Task<EmbeddedServer> Another() => EmbeddedServer.Start(Folder, options: Options(Folder, null), clock: Clock);

    /// <summary>A client with this token; null = with none.</summary>
    public HttpClient Open(string? token, bool cookies = true)
    {
        HttpClient client = new(new SocketsHttpHandler { UseCookies = cookies, AllowAutoRedirect = false }) { BaseAddress = new Uri(Server.Url) };
        client.DefaultRequestHeaders.Authorization = token == null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<JsonNode> Get(string path)
    {
        (HttpStatusCode status, JsonNode? body) = await Send(HttpMethod.Get, path);
        Assert.AreEqual(HttpStatusCode.OK, status, body?.ToJsonString());
        return body!;
    }

    public Task<(HttpStatusCode Status, JsonNode? Body)> Send(HttpMethod method, string path, string? json = null) => Send(Client, method, path, json);

    public static async Task<(HttpStatusCode Status, JsonNode? Body)> Send(HttpClient client, HttpMethod method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        using HttpRequestMessage request = new(method, path);
        if (json != null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await client.SendAsync(request);
        string body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, body.Length > 0 && body[0] is '{' or '[' ? JsonNode.Parse(body) : null);
    }

    /// <summary>Refused with this status and code; the answer.</summary>
    public async Task<JsonNode> Refused(HttpStatusCode status, string code, HttpMethod method, string path, string? json = null)
    {
        (HttpStatusCode got, JsonNode? body) = await Send(method, path, json);
        Assert.AreEqual((status, code), (got, body?["code"]?.GetValue<string>()), body?.ToJsonString());
        return body!;
    }

    /// <summary>A message of a device through the engine; the reply's collection.</summary>
    public CollectionElement? Sync(string device, CollectionElement collection) => SyncAll(device, null, collection)?.Collections.SingleOrDefault();

    /// <summary>A message of a device with a status, and collections.</summary>
    public SyncMessage? SyncAll(string device, KeyValuePair<string, string>[]? status, params CollectionElement[] collections)
    {
        SyncMessage request = new() { Version = "1.0" };
        request.Collections.AddRange(collections);
        if (status != null)
        {
            request.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus, status)));
        }

        DeviceIdentity identity = new(Core.Devices.Get(device).Id, device);
        SyncReply reply = Core.Sync.Handle(identity, MessagePrinter.Print(MessageFormat.Wbxml, request), MessageFormat.Wbxml);
        return reply.IsEmpty ? null : MessageParser.Parse(MessageFormat.Wbxml, reply.Body);
    }

    /// <summary>Starts a device's collection; the key it then has.</summary>
    public string StartSync(string device, string collection, bool outbox = false, string? store = null)
    {
        CollectionElement first = new() { Id = collection, SyncKey = "0", GetChanges = !outbox, DeletesAsMoves = outbox };
        if (store != null)
        {
            first.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", store), new("start", "1")])));
        }

        return Sync(device, first)!.SyncKey;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        TestDatabase.Drop(Folder);
    }

    private static ServerOptions Options(string folder, ServerOptions? options)
    {
        options ??= new ServerOptions();
        options = options with { RatePerSecond = 0 };
#if POSTGRES
        return options with { Database = TestDatabase.ConnectionString(folder) };
#else
        _ = folder;
        return options;
#endif
    }
}

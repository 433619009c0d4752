// What the proxy tests stand on: real servers on loopback over real database files, and devices that are the real engine.

using System.Diagnostics;
using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;
using NanoSync.Storage;

namespace NanoSync.ProxyTests;

/// <summary>The process was killed here.</summary>
public sealed class KilledException : Exception;

/// <summary>A server, and the proxy on it, which exchanges only when it is told to.</summary>
public sealed class Node : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-proxy-").FullName;
    private readonly SyncLimits _limits;
    private EmbeddedServer? _server;
    private ProxyService? _proxy;
    private readonly TimeProvider? _clock;
    private int _port;

    private Node(SyncLimits limits, TimeProvider? clock)
    {
        _limits = limits;
        _clock = clock;
    }

    public string Url { get; private set; } = "";

    public string Folder => _folder;

    public ServerCore Core => _server!.Core;

    public ProxyService Proxy => _proxy!;

    public string AdminToken => _server!.AdminToken;

    public bool IsUp => _server != null;

    /// <summary>What a test puts around the carriers to the upstream.</summary>
    public Func<ICarrier, ICarrier> Wrap { get; set; } = c => c;

    /// <summary>The step at which the process is killed; null = never. Counts down <see cref="KillAfter"/>.</summary>
    public ProxyStep? KillAt { get; set; }

    public int KillAfter { get; set; }

    /// <summary>Where the proxy draws from; null = the platform.</summary>
    public Func<int, byte[]>? Random { get; set; }

    public static async Task<Node> Start(SyncLimits? limits = null, TimeProvider? clock = null)
    {
        Node node = new(limits ?? new SyncLimits(), clock);
        await node.Start();
        return node;
    }

    public async Task Start()
    {
        _server = await EmbeddedServer.Start(_folder, _port, new ServerOptions { RatePerSecond = 0, Limits = _limits, RunProxy = false }, clock: _clock);
        Url = _server.Url;
        _port = new Uri(Url).Port;
        _proxy = new ProxyService(Core, [], null, c => Wrap(c), step =>
        {
            if (step == KillAt && KillAfter-- <= 0)
            {
                throw new KilledException();
            }
        }, Random);
    }

    public async Task Stop()
    {
        if (_server != null)
        {
            await _proxy!.DisposeAsync();
            await _server.DisposeAsync();
            _server = null;
        }
    }

    public async Task Restart()
    {
        await Stop();
        await Start();
    }

    /// <summary>Stopped, its files kept aside, and started again.</summary>
    public async Task<Dictionary<string, byte[]>> Backup()
    {
        await Stop();
        Dictionary<string, byte[]> files = Directory.GetFiles(_folder).ToDictionary(f => f, File.ReadAllBytes);
        await Start();
        return files;
    }

    /// <summary>Stopped, its files put back, and started again.</summary>
    public async Task Restore(Dictionary<string, byte[]> files)
    {
        await Stop();
        Array.ForEach(Directory.GetFiles(_folder), File.Delete);
        foreach ((string path, byte[] bytes) in files)
        {
            await File.WriteAllBytesAsync(path, bytes);
        }

        await Start();
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(_folder, true);
    }

    /// <summary>Passes collections on to another node, as one of its devices.</summary>
    public void PassTo(Node upstream, string collections, string granted, ProxyDirection direction = ProxyDirection.Both, bool deviceWins = false, string name = "up", string path = "")
    {
        string token = upstream._server!.Enrol("proxy-" + Path.GetFileName(_folder), granted);
        Proxy.Add(new ProxyTarget { Name = name, Url = upstream.Url + path, Token = token, Collections = collections, Direction = direction, DeviceWins = deviceWins });
    }

    /// <summary>What this node is called upstream.</summary>
    public string Name => "proxy-" + Path.GetFileName(_folder);

    /// <summary>Exchanges once; true when all is in step.</summary>
    public bool Run()
    {
        bool done = true;
        foreach (ProxyTarget target in Proxy.Targets())
        {
            foreach ((_, RouteResult result) in Proxy.Run(target))
            {
                done &= result.Done;
                LastText = result.Text;
            }
        }

        return done;
    }

    public string LastText { get; private set; } = "";

    /// <summary>Objects of a collection as "id=hex" in the order of their ids.</summary>
    public string Held(string device, string collection)
    {
        return string.Join(' ', Objects(device, collection).OrderBy(o => o.Row.Id, StringComparer.Ordinal).Select(o => o.Row.Id + "=" + Convert.ToHexString(o.Row.Data!)));
    }

    /// <summary>The values of a collection's objects, in the order of their numbers.</summary>
    public List<string> Values(string device, string collection)
    {
        return [.. Objects(device, collection).Select(o => Convert.ToHexString(o.Row.Data!))];
    }

    public List<ObjectView> Objects(string device, string collection)
    {
        List<ObjectView> all = [];
        while (Core.Objects.List(device, collection, all.Count == 0 ? 0 : all[^1].Row.Seq) is { Count: > 0 } some)
        {
            all.AddRange(some);
        }

        return all;
    }

    public void Put(string device, string collection, string? id, params byte[] data)
    {
        Core.Objects.Put(device, collection, id, new NewValue(null, data, data.Length < 10 ? FieldDevice.Setting.Definition : null));
    }

    /// <summary>Output of a verb of the server's program, a process of its own on this node's data.</summary>
    public string Verb(params string[] arguments)
    {
        ProcessStartInfo info = new("dotnet") { RedirectStandardOutput = true };
        string[] all = [Path.Combine(AppContext.BaseDirectory, "NanoSync.Server.dll"), .. arguments, "--data", _folder];
        Array.ForEach(all, info.ArgumentList.Add);
        using Process process = Process.Start(info)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, output);
        return output;
    }

    public FieldDevice Device(string name, string collections, IObjectHandler? handler = null)
    {
        return new FieldDevice(this, _server!.Enrol(name, collections), handler);
    }
}

/// <summary>A device: an outbox "readings" and a two-way "config", over a store in memory.</summary>
public sealed class FieldDevice
{
    public static readonly ObjectClass Reading = new ObjectClass("reading").UInt("value");
    public static readonly ObjectClass Setting = new ObjectClass("setting").UInt("value");

    private readonly SyncCollection _readings;
    private readonly SyncCollection _config;

    public FieldDevice(Node server, string token, IObjectHandler? handler)
    {
        Store = new FlashStore(new MemoryVolume(1 << 20, 200), new StoreOptions { QuotaBytes = 256 * 1024, Entropy = (uint)Random.Shared.Next() });
        HttpClientCarrier carrier = new(new HttpClient(), new Uri(server.Url + "/sync"), token);
        Engine = new SyncEngine(Store, carrier, new SyncOptions { Window = 50, ReplyBytes = 1500, RequestBytes = 8192 });
        _readings = Engine.AddOutbox("readings", Reading, 128 * 1024, false);
        _config = Engine.AddTwoWay("config", Setting, 100, handler, false);
        Assert.AreEqual(StoreError.None, Engine.Open());
    }

    public FlashStore Store { get; }

    public SyncEngine Engine { get; }

    public int Pending => Engine.Pending;

    public static byte[] Value(uint value)
    {
        RecordWriter writer = new(32);
        writer.Begin(Reading);
        writer.UInt(value);
        return writer.Buffer[..writer.Length];
    }

    public static string Hex(uint value) => Convert.ToHexString(Value(value));

    public void Append(uint value)
    {
        byte[] data = Value(value);
        Assert.AreEqual(StoreError.None, Store.Append(_readings.Number, Reading.Hash, data, 0, data.Length, out _));
    }

    public void Put(string name, uint value)
    {
        byte[] key = Encoding.UTF8.GetBytes(name);
        byte[] data = Value(value);
        Assert.AreEqual(StoreError.None, Store.PutNamed(_config.Number, key, 0, key.Length, Setting.Hash, data, 0, data.Length));
    }

    public uint Add(uint value)
    {
        byte[] data = Value(value);
        Assert.AreEqual(StoreError.None, Store.Add(_config.Number, Setting.Hash, data, 0, data.Length, out uint id));
        return id;
    }

    public void Change(string id, uint value)
    {
        byte[] data = Value(value);
        Assert.AreEqual(StoreError.None, Store.Change(Find(id), Setting.Hash, data, 0, data.Length));
    }

    public void Delete(string id)
    {
        Assert.AreEqual(StoreError.None, Store.Delete(Find(id)));
    }

    /// <summary>Syncs until in step.</summary>
    public void Sync()
    {
        for (int i = 0; i < 200; i++)
        {
            RoundResult result = Engine.Round();
            Assert.AreNotEqual(RoundOutcome.Failed, result.Outcome, $"carrier {result.Carrier} http {result.HttpStatus} status {result.Status} store {result.Store} message {result.Message}");
            if (result.Outcome == RoundOutcome.InStep)
            {
                return;
            }
        }

        Assert.Fail("The device does not come into step.");
    }

    /// <summary>The configuration as "id=hex" in the order of ids.</summary>
    public string Held()
    {
        List<string> held = [];
        ObjectInfo info = new();
        info.Reset();
        while (Store.Next(_config.Number, info) == StoreError.None)
        {
            byte[] data = new byte[info.Length];
            Store.Read(info, 0, data, 0, data.Length);
            held.Add(Encoding.UTF8.GetString(info.Key, 0, info.KeyLength) + "=" + Convert.ToHexString(data)
                + (info.State == ObjectState.Refused ? $" refused({info.Status}) {Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength)}" : ""));
        }

        held.Sort(StringComparer.Ordinal);
        return string.Join(' ', held);
    }

    private ObjectInfo Find(string id)
    {
        byte[] key = Encoding.UTF8.GetBytes(id);
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, Store.FindKey(_config.Number, key, 0, key.Length, info));
        return info;
    }
}

/// <summary>Refuses values above a bound.</summary>
public sealed class Bound(uint most) : IObjectHandler
{
    public string? Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
    {
        RecordReader reader = new();
        reader.Begin(FieldDevice.Setting, record, offset, count);
        return reader.Next() && reader.Value <= most ? null : $"above {most}";
    }

    public string? CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
    {
        return null;
    }

    public void Changed(SyncCollection collection)
    {
    }
}

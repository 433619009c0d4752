// A server core with the broker's service, and devices with a real store and engine.

using Microsoft.Extensions.Logging;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Mqtt;
using NanoSync.Storage;

namespace NanoSync.MqttTests;

/// <summary>A server and the nodes of it that have the broker.</summary>
internal sealed class MqttBench : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-mqtt-").FullName;
    private readonly List<Node> _nodes = [];

    public MqttBench(Broker broker, bool plain = false, ServerOptions? options = null)
    {
        Broker = broker;
        Options = new MqttOptions { Host = "127.0.0.1", Port = broker.Port, Secure = false, Plain = plain };
        Core = ServerData.Open((options ?? new ServerOptions { RatePerSecond = 0 }) with { Data = _folder });
    }

    public Broker Broker { get; }

    public MqttOptions Options { get; set; }

    public ServerCore Core { get; }

    public Lines Log { get; } = new();

    /// <summary>Starts a node and waits until it listens.</summary>
    public Node Start(bool wait = true)
    {
        Node node = new(Core, Options, Log);
        _nodes.Add(node);
        if (wait)
        {
            Broker.Until(() => node.Service.Away == null, "the server has the broker: " + node.Service.Away);
        }

        return node;
    }

    public MqttDevice Sealed(string name, string? user = null, string? password = null) => new(Broker, name, Core.Devices.Add(name, isSealed: true), true, user, password);

    public MqttDevice Plain(string name, string? user = null, string? password = null) => new(Broker, name, Core.Devices.Add(name), false, user, password);

    public int Readings(string device) => Core.Objects.List(device, "readings").Count;

    public void Put(string device, int n) => Core.Objects.Put(device, "config", "sampling", ObjectJson.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"n":{{n}}}"""), "setting(n:u)"));

    public void Dispose()
    {
        _nodes.ForEach(n => n.Dispose());
        Core.Dispose();
        Directory.Delete(_folder, true);
    }

    internal sealed class Node : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;

        public Node(ServerCore core, MqttOptions options, ILogger log)
        {
            Service = new MqttService(core, options, log);
            MqttWaker waker = new(core, Service, log);
            Service.Heard = device =>
            {
                Interlocked.Increment(ref _answered);
                waker.Heard(device);
            };
            _running = Task.WhenAll(Service.Run(_end.Token), waker.Run(_end.Token));
        }

        private int _answered;

        public MqttService Service { get; }

        public int Answered => _answered;

        public void Dispose()
        {
            _end.Cancel();
            _running.GetAwaiter().GetResult();
        }
    }

    internal sealed class Lines : ILogger
    {
        private readonly List<string> _lines = [];

        public string[] All
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add(formatter(state, exception) + exception);
            }
        }
    }
}

/// <summary>A device over the broker.</summary>
internal sealed class MqttDevice : IDisposable
{
    private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("n");
    private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("n");

    private readonly MemoryVolume _volume = new(256 * 1024, 64);
    private readonly RecordWriter _record = new(16);
    private readonly MqttBroker _broker;
    private readonly string _token;
    private readonly bool _sealed;
    private uint _appended;
    private FlashStore _store = null!;
    private SyncCollection _readings = null!;
    private SyncCollection _config = null!;
    private Func<bool> _takeWake = null!;
    private int _seed;

    public MqttDevice(Broker broker, string name, string token, bool isSealed, string? user = null, string? password = null)
    {
        _broker = new MqttBroker(broker.Url, null, name) { User = user, Password = password, KeepsSession = isSealed };
        (_token, _sealed) = (token, isSealed);
        Restart();
    }

    /// <summary>Milliseconds that a reply is waited for: those of tests that wait for none are few.</summary>
    public int Patience { get; set; } = 20000;

    public int MostBytes { get; set; } = 64 << 10;

    public SyncEngine Engine { get; private set; } = null!;

    public PcMqttLink Link { get; private set; } = null!;

    public int Settings => _store.Count(_config.Number);

    /// <summary>Starts anew from what is in flash, as after a power cut.</summary>
    public void Restart(SyncOptions? options = null)
    {
        Link?.Dispose();
        Link = new PcMqttLink(_broker);
        options ??= new SyncOptions { ReplyRounds = 2 };
        _store = new FlashStore(_volume, new StoreOptions());
        if (_sealed)
        {
            MqttPost post = new(Link, _broker, MostBytes, Patience);
            _takeWake = post.ConsumeWake;
            Engine = new DeferredEngine(_store, new SealedCarrier(_broker.Device, _token, post, post), options);
        }
        else
        {
            MqttCarrier carrier = new(Link, _broker, _token, MostBytes, Patience, ++_seed * 1000);
            _takeWake = carrier.ConsumeWake;
            Engine = new SyncEngine(_store, carrier, options);
        }

        _readings = Engine.AddOutbox("readings", s_reading, 64 * 1024, false);
        _config = Engine.AddTwoWay("config", s_setting, 64, null, false);
        Assert.AreEqual(StoreError.None, Engine.Open());
    }

    public void Append(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _record.Begin(s_reading);
            _record.UInt(_appended++);
            Assert.AreEqual(StoreError.None, _store.Append(_readings.Number, s_reading.Hash, _record.Buffer, 0, _record.Length, out _));
        }
    }

    public bool ConsumeWake() => _takeWake();

    /// <summary>Sends, and is gone before the reply comes, which the broker keeps.</summary>
    public void SendAndLeave(int readings)
    {
        Patience = 0;
        Restart();
        Append(readings);
        Assert.AreEqual(RoundOutcome.Deferred, Engine.Round().Outcome); // nobody is there to answer yet
        Link.Dispose();
    }

    /// <summary>Rounds until both sides are in step; how many. Failures are borne so often.</summary>
    public int Sync(int failures = 0)
    {
        long end = Environment.TickCount64 + (long)Broker.Patience.TotalMilliseconds;
        for (int rounds = 1; Environment.TickCount64 < end; rounds++)
        {
            RoundResult r = Engine.Round();
            if (r.Outcome == RoundOutcome.InStep)
            {
                return rounds;
            }

            if (r.Outcome == RoundOutcome.Deferred)
            {
                Thread.Sleep(5);
            }

            if (r.Outcome == RoundOutcome.Failed && failures-- <= 0)
            {
                Assert.Fail($"carrier {r.Carrier} http {r.HttpStatus} message {r.Message} store {r.Store} status {r.Status}: {Link.LastFailure}");
            }
        }

        Assert.Fail("not in step");
        return 0;
    }

    /// <summary>Rounds until in step, however long the broker is away.</summary>
    public void SyncWhenItIsBack()
    {
        Broker.Until(() =>
        {
            RoundResult r = Engine.Round();
            return r.Outcome == RoundOutcome.InStep;
        }, "in step");
    }

    public void Dispose() => Link.Dispose();
}

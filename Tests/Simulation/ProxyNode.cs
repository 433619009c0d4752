using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.Data.Sqlite;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Proxy;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.Simulation;

/// <summary>A server of the proxy's simulation: the real core on its own SQLite file, which survives its process.</summary>
public sealed class ProxyNode : IDisposable
{
    private static readonly Lock s_gate = new();
    private static readonly string s_folder = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
    private static readonly Dictionary<string, byte[]> s_templates = [];
    private static readonly Guid s_run = Guid.NewGuid(); // several may run in one process
    private static int s_files;

    private readonly ProxyWorld _world;
    private readonly string _path;
    private readonly SyncLimits _limits;
    private readonly IReadOnlyList<ProxyTarget> _targets;
    private readonly Func<FaultyLink>? _link;
    private SyncService _sync = null!;

    public ProxyNode(ProxyWorld world, IReadOnlyList<(string Name, string Collections)> devices, SyncLimits limits, IReadOnlyList<ProxyTarget>? targets = null, Func<FaultyLink>? link = null)
    {
        _world = world;
        _limits = limits;
        _targets = targets ?? [];
        _link = link;
        _path = Path.Combine(s_folder, $"nanosync-proxy-{s_run:N}-{Interlocked.Increment(ref s_files)}.db");
        File.WriteAllBytes(_path, Template(devices));
        Open();
        using IStoreTransaction store = Core.Store.BeginRead();
        Devices = devices.ToDictionary(d => d.Name, d => new DeviceIdentity(store.FindDevice(d.Name)!.Id, d.Name));
    }

    public ServerCore Core { get; private set; } = null!;

    public ProxyService Proxy { get; private set; } = null!;

    public IReadOnlyList<ProxyTarget> Targets => _targets;

    public IReadOnlyDictionary<string, DeviceIdentity> Devices { get; }

    /// <summary>Called at the steps of an exchange with the upstream.</summary>
    public Action<ProxyStep>? Reached { get; set; }

    /// <summary>Answers a request; null when the process ended in it, and was started again.</summary>
    public SyncReply? Answer(string device, byte[] request)
    {
        int left = _world.KillAnswer?.After ?? 0;
        _answering = step =>
        {
            if (_world.KillAnswer is { } kill && kill.Step == step && left-- == 0)
            {
                throw new ServerKilled();
            }
        };
        try
        {
            return _sync.Handle(Devices[device], request, MessageFormat.Wbxml);
        }
        catch (ServerKilled)
        {
            _world.Trace.Line($"    the server ends");
            Restart();
            return null;
        }
        finally
        {
            _answering = null;
        }
    }

    private Action<SyncStep>? _answering;

    public void Restart()
    {
        Close();
        Open();
    }

    /// <summary>The database as it is now, kept aside while the process goes on.</summary>
    public byte[] Backup()
    {
        string copy = _path + ".backup";
        using (SqliteConnection connection = new($"Data Source={_path};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = $"VACUUM INTO '{copy}'";
            command.ExecuteNonQuery();
        }

        byte[] bytes = File.ReadAllBytes(copy);
        File.Delete(copy);
        return bytes;
    }

    /// <summary>An older database is put back, and the process starts.</summary>
    public void Restore(byte[] backup)
    {
        Close();
        File.WriteAllBytes(_path, backup);
        Open();
    }

    public void Dispose()
    {
        Close();
        File.Delete(_path);
    }

    private void Open()
    {
        IServerStore store = new SqliteStore(_path, TimeSpan.FromSeconds(5), _world.Clock, flush: false);
        if (_world.Mutation != ProxyMutation.None && _targets.Count > 0)
        {
            store = new BrokenStore(store, _world);
        }

        Core = new ServerCore(store, new ServerOptions { Limits = _limits }, _world.Clock, random: _world.Random);
        _sync = new SyncService(store, _world.Clock, _limits, Core.Classes, reached: step => _answering?.Invoke(step), incarnation: Core.Incarnation) { Guard = new LoopGuard(store, _world.Clock) };
        Proxy = new ProxyService(Core, [.. _targets], null, _ => _link!(), step => Reached?.Invoke(step), _world.Restores ? SameInEachLife : _world.Random);
    }

    // What the stores of its routes draw: after a restore the numbers of the lost time once more, which happens one time in 1,024.
    private static byte[] SameInEachLife(int count) => [.. Enumerable.Repeat((byte)7, count)];

    private void Close()
    {
        Proxy.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Core.Dispose();
    }

    // A database with the devices enrolled, made once.
    private byte[] Template(IReadOnlyList<(string Name, string Collections)> devices)
    {
        string what = string.Join('|', devices);
        lock (s_gate)
        {
            if (s_templates.TryGetValue(what, out byte[]? bytes))
            {
                return bytes;
            }

            string path = _path + ".template";
            using (SqliteStore store = new(path, TimeSpan.FromSeconds(5), _world.Clock))
            {
                Server.Application.DeviceService service = new(store, new SimClock(), new Incarnation(store, new SimClock()), count => new byte[count]);
                foreach ((string name, string collections) in devices)
                {
                    service.Add(name, collections);
                }
            }

            bytes = File.ReadAllBytes(path);
            File.Delete(path);
            return s_templates[what] = bytes;
        }
    }
}

/// <summary>A store whose transactions do not do what they say.</summary>
public sealed class BrokenStore(IServerStore inner, ProxyWorld world) : IServerStore
{
    public int Successions => inner.Successions;

    public IStoreTransaction BeginRead() => Wrap(inner.BeginRead());

    public IStoreTransaction BeginWrite() => Wrap(inner.BeginWrite());

    public Task<T> Together<T>(int device, Func<T> work) => throw new NotSupportedException("The simulation has one thread.");

    public ValueTask<T> Aside<T>(Func<T> work) => inner.Aside(work);

    public DueSignal Due => inner.Due;

    public void MakeDays(long now) => inner.MakeDays(now);

    public long? DropDay(IReadOnlyList<KeptSince> rules) => inner.DropDay(rules);

    public IStoreLock? TryLock(string name) => inner.TryLock(name);

    public void Dispose() => inner.Dispose();

    private IProxyTransaction Wrap(IStoreTransaction transaction)
    {
        IProxyTransaction wrapped = DispatchProxy.Create<IWholeTransaction, BrokenTransaction>();
        ((BrokenTransaction)(object)wrapped).Begin((IProxyTransaction)transaction, inner, world);
        return wrapped;
    }
}

/// <summary>One of them.</summary>
public class BrokenTransaction : DispatchProxy
{
    private readonly List<(MethodInfo Method, object?[] Arguments)> _files = [];
    private IProxyTransaction _inner = null!;
    private IServerStore _store = null!;
    private ProxyWorld _world = null!;
    private bool _mapped;
    private bool _routed;

    internal void Begin(IProxyTransaction inner, IServerStore store, ProxyWorld world)
    {
        _inner = inner;
        _store = store;
        _world = world;
    }

    protected override object? Invoke(MethodInfo? method, object?[]? arguments)
    {
        string name = method!.Name;
        bool now = _world.Broken.Percent(15);
        _mapped |= name == nameof(IProxyTransaction.SaveMap);
        _routed |= name == nameof(IProxyTransaction.SaveRoute);
        switch (_world.Mutation)
        {
            case ProxyMutation.TakenNotKept when name == nameof(IStoreTransaction.Commit) && _mapped && !_routed && now:
            case ProxyMutation.StagedNotKept when name == nameof(IStoreTransaction.Commit) && _routed && _mapped && now:
            case ProxyMutation.MapNotKept when name == nameof(IProxyTransaction.SaveMap) && now:
            case ProxyMutation.NoLosers when name == nameof(IStoreTransaction.AddLoser):
            case ProxyMutation.NotToldDown when name == nameof(IStoreTransaction.Refused) && ((RefusalRow)arguments![1]!).Reason.StartsWith("upstream", StringComparison.Ordinal):
                return null;
            case ProxyMutation.NotToldUp when name == nameof(IProxyTransaction.ListUntold):
                return new List<DeviceRefusal>();
            case ProxyMutation.PointAhead when name == nameof(IProxyTransaction.SaveRoute) && now:
                ((RouteRow)arguments![0]!).Point++;
                break;
            case ProxyMutation.StoreApart when name == nameof(IProxyTransaction.AppendFile):
                _files.Add((method, arguments!));
                break;
            case ProxyMutation.StoreApart when name == nameof(IStoreTransaction.Commit):
                _files.Clear();
                break;
            case ProxyMutation.StoreApart when name == nameof(IDisposable.Dispose) && _files.Count > 0:
                _inner.Dispose();
                using (IStoreTransaction apart = _store.BeginWrite())
                {
                    _files.ForEach(f => f.Method.Invoke(apart, f.Arguments));
                    apart.Commit();
                }

                return null;
        }

        try
        {
            return method.Invoke(_inner, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
    }
}

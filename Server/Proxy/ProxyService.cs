// The proxy: targets, their routes, and when they exchange. One loop per target, in the one process that has the turn; the
// command line works on the database beside it.

using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using NanoSync.Device;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>An association as shown: device object, own object, upstream's object.</summary>
public sealed record Association(string Target, string Collection, string? Device, string? ClientId, string OwnId, string Upstream, string? UpstreamId,
    MapState State, int Status, string Reason);

/// <summary>Passes collections on to other servers.</summary>
public sealed class ProxyService : IAsyncDisposable
{
    private const string LockName = "proxy";

    private readonly ServerCore _core;
    private readonly IReadOnlyList<ProxyTarget> _fixed;
    private readonly ILogger? _log;
    private readonly Func<ICarrier, ICarrier> _wrap;
    private readonly Action<ProxyStep>? _reached;
    private readonly Func<int, byte[]> _random;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _end = new();
    private readonly Dictionary<string, (ProxyTarget Target, List<ProxyRoute> Routes, object Gate)> _open = [];

    /// <summary>Makes the service over a core that allows for it.</summary>
    /// <param name="core">The server.</param>
    /// <param name="targets">Those of the configuration.</param>
    /// <param name="log">Where changes of a route's state are told.</param>
    /// <param name="wrap">What a test puts around a carrier.</param>
    /// <param name="reached">Called at each step; what it throws ends the exchange there, as a killed process would.</param>
    /// <param name="random">Source of this server's name and of the routes' ClientIds; null = the platform's.</param>
    public ProxyService(ServerCore core, IReadOnlyList<ProxyTarget> targets, ILogger? log = null, Func<ICarrier, ICarrier>? wrap = null, Action<ProxyStep>? reached = null,
        Func<int, byte[]>? random = null)
    {
        _random = random ?? RandomNumberGenerator.GetBytes;
        _core = core;
        _fixed = targets;
        _log = log;
        _wrap = wrap ?? (c => c);
        _reached = reached;
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) })
        {
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    /// <summary>Targets: those of the configuration, and those given on the command line.</summary>
    public List<ProxyTarget> Targets()
    {
        List<ProxyTarget> targets = [.. _fixed];
        using IStoreTransaction store = _core.Store.BeginRead();
        if (store is IProxyTransaction proxy)
        {
            targets.AddRange(proxy.ListTargets().Where(t => !targets.Exists(c => c.Name == t.Name)).Select(t => ProxyTarget.From(t.Name, t.Settings)));
        }

        return targets;
    }

    /// <summary>Keeps a target given on the command line.</summary>
    public void Add(ProxyTarget target)
    {
        if (_fixed.Any(t => t.Name == target.Name))
        {
            throw new RefusedException(Refusal.Conflict, $"The configuration has a proxy {target.Name}: change it there.");
        }

        using IProxyTransaction store = Write();
        store.SaveTarget(target.Name, target.ToSettings());
        store.Commit();
    }

    /// <summary>Forgets a target given on the command line. Its associations stay, should it come back.</summary>
    public void Remove(string name)
    {
        using IProxyTransaction store = Write();
        if (!store.SaveTarget(name, null))
        {
            throw new RefusedException(Refusal.NotFound, $"There is no proxy {name} that was given on the command line.");
        }

        store.Commit();
    }

    /// <summary>Routes of all targets, as far as they were used.</summary>
    public List<(RouteRow Route, string Collection, long Waiting, int Refused)> Routes(string? target = null)
    {
        using IProxyTransaction store = Read();
        List<CollectionName> names = store.ListCollections();
        return store.ListRoutes(target).ConvertAll(r => (r, NameOf(names, r.Collection),
            store.FindCollection(r.Collection).Seq - r.Point + store.ListMap(r.Id, MapState.Sending).Count, store.ListMap(r.Id, MapState.Refused).Count));
    }

    /// <summary>Why nothing was exchanged with a target yet, in words.</summary>
    public string WhyNotStarted(ProxyTarget target)
    {
        try
        {
            using IProxyTransaction store = Read();
            if (target.Select(store.ListCollections()).Count == 0)
            {
                return $"not started: no device has {target.Collections}. To give it one: device grant";
            }

            using IStoreLock? free = _core.Store.TryLock(LockName);
            return free != null ? "not started: no server runs on this data folder. To run one: serve" : "not started: the server takes it up within seconds";
        }
        catch (Exception e) when (e is RefusedException or IOException or UnauthorizedAccessException)
        {
            return "not started: " + e.Message;
        }
    }

    /// <summary>Which object is which: of a target, or all.</summary>
    public List<Association> Map(string? target = null, string? device = null)
    {
        using IProxyTransaction store = Read();
        List<CollectionName> names = store.ListCollections();
        List<Association> list = [];
        foreach (RouteRow route in store.ListRoutes(target))
        {
            OwnCollection own = new(store, route.Collection, 0);
            foreach (MapRow map in store.ListMap(route.Id, null))
            {
                (string Device, string ClientId)? made = own.DeviceId(map.OwnId);
                if (device == null || made?.Device == device || store.ListMembers(route.Collection).Exists(m => m.Device == device))
                {
                    list.Add(new Association(route.Target, NameOf(names, route.Collection), made?.Device, made?.ClientId, map.OwnId, route.Upstream,
                        map.UpstreamId, map.State, map.Status, map.Reason));
                }
            }
        }

        return list;
    }

    /// <summary>Sends again what the upstream refused: one own object, or all of a target. How many.</summary>
    public int Retry(string target, string? ownId)
    {
        using IProxyTransaction store = Write();
        int count = store.ListRoutes(target).Sum(r => store.RetryMap(r.Id, ownId));
        store.Commit();
        return count;
    }

    /// <summary>Exchanges once with a target over all its routes, as far as each goes.</summary>
    public List<(string Upstream, RouteResult Result)> Run(ProxyTarget target, CancellationToken cancellation = default)
    {
        List<ProxyRoute> routes;
        object gate;
        lock (_open)
        {
            routes = RoutesOf(target, out gate);
        }

        List<(string, RouteResult)> results = [];
        lock (gate)
        {
            foreach (ProxyRoute route in routes)
            {
                cancellation.ThrowIfCancellationRequested();
                _end.Token.ThrowIfCancellationRequested();
                string before = route.Row.Outcome;
                RouteResult result = route.Run();
                if (result.Text != before)
                {
                    _log?.Outcome(result.Done ? LogLevel.Information : LogLevel.Warning, target.Name, route.Row.Upstream, result.Text);
                }

                results.Add((route.Row.Upstream, result));
            }
        }

        return results;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Close();
        _http.Dispose();
        _end.Dispose();
    }

    private void Close()
    {
        lock (_open)
        {
            foreach ((_, List<ProxyRoute> routes, _) in _open.Values)
            {
                routes.ForEach(r => r.Dispose());
            }

            _open.Clear();
        }
    }

    /// <summary>
    /// Exchanges until cancelled, in one process at a time: two would write over each other's stores. Targets added later are
    /// taken up; a process that lost its turn, with the database, ends its exchanges and waits for it again.
    /// </summary>
    public async Task Run(CancellationToken cancellation)
    {
        string told = "";
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using IStoreLock? turn = Targets().Count > 0 ? _core.Store.TryLock(LockName) : null;
                if (turn != null)
                {
                    told = "";
                    await Supervise(turn, cancellation);
                }
                else if (Targets().Count > 0)
                {
                    throw new RefusedException(Refusal.Conflict, "Another server passes on what is in this database; this one does when that one has ended.");
                }
            }
            catch (Exception e) when (e is StoreException or RefusedException)
            {
                if (e.Message != told)
                {
                    told = e.Message;
                    _log?.Waits(told);
                }
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                if (e.Message != told)
                {
                    told = e.Message;
                    _log?.NothingPassedOn(e);
                }
            }

            await Pause(cancellation);
        }
    }

    private async Task Supervise(IStoreLock turn, CancellationToken cancellation)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _end.Token);
        Dictionary<string, Task> loops = [];
        try
        {
            while (!cancellation.IsCancellationRequested && turn.IsHeld())
            {
                foreach (ProxyTarget target in Targets())
                {
                    if (!loops.TryGetValue(target.Name, out Task? loop) || loop.IsCompleted)
                    {
                        loops[target.Name] = Loop(target.Name, end.Token);
                    }
                }

                await Pause(cancellation);
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(loops.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Close(); // what they know of their stores is old when another process had its turn
        }
    }

    private Task Pause(CancellationToken end)
    {
        return Task.Delay(TimeSpan.FromSeconds(2), _core.Clock, end).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task Loop(string name, CancellationToken end)
    {
        Random random = new();
        int failures = 0;
        while (!end.IsCancellationRequested && Targets().Find(t => t.Name == name) is { } target)
        {
            double wait = target.Every;
            try
            {
                List<(string Upstream, RouteResult Result)> results = await Task.Factory.StartNew(() => Run(target, end), end, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                failures = results.Exists(r => !r.Result.Done) ? failures + 1 : 0;
                wait = Math.Max(wait * Math.Pow(2, Math.Min(failures, 10)) is var longer && failures > 0 ? Math.Min(longer, 900) : wait,
                    results.Select(r => r.Result.RetryAfter).DefaultIfEmpty(-1).Max());
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e)
            {
                _log?.Failed(e, name);
                failures++;
                wait = Math.Min(wait * Math.Pow(2, Math.Min(failures, 10)), 900);
            }

            // up to a quarter more, so that many sites do not come back in the same second
            await Task.Delay(TimeSpan.FromSeconds(wait * (1 + random.NextDouble() / 4)), _core.Clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<ProxyRoute> RoutesOf(ProxyTarget target, out object gate)
    {
        if (_open.TryGetValue(target.Name, out (ProxyTarget Target, List<ProxyRoute> Routes, object Gate) open) && open.Target != target)
        {
            lock (open.Gate)
            {
                open.Routes.ForEach(r => r.Dispose());
            }

            _open.Remove(target.Name);
            open = default;
        }

        gate = open.Gate ?? new object();
        List<ProxyRoute> routes = open.Routes ?? [];
        _core.Incarnation.Begin(); // begun outside of any transaction
        using IProxyTransaction store = Write();
        string self = store.SelfName(Convert.ToHexStringLower(_random(6)));
        List<(int Collection, string Upstream)> selected = target.Select(store.ListCollections());
        ProxyContext context = new(_core.Store, _core.Classes, _core.Clock, _http, _random, self, _core.Incarnation) { Reached = _reached };
        bool made = false;
        foreach ((int collection, string upstream) in selected)
        {
            if (!routes.Exists(r => r.Row.Collection == collection && r.Row.Upstream == upstream))
            {
                RouteRow row = store.FindRoute(target.Name, collection, upstream);
                routes.Add(target.Kind == ProxyKind.Http
                    ? new HttpRoute(context, target, row)
                    : new EngineRoute(context, target, row, () => _wrap(new HttpClientCarrier(_http, new Uri(Device.ServerUrl.Complete(target.Url)), target.Token))));
                made = true;
            }
        }

        if (made)
        {
            store.Commit();
        }

        _open[target.Name] = (target, routes, gate);
        return routes;
    }

    private static string NameOf(List<CollectionName> names, int id)
    {
        return names.Find(c => c.Id == id) is not { } name ? "?" : name.Group != null ? $"{name.Name}@{name.Group}" : $"{name.Device}/{name.Name}";
    }

    private IProxyTransaction Read()
    {
        return Proxy(_core.Store.BeginRead());
    }

    private IProxyTransaction Write()
    {
        return Proxy(_core.Store.BeginWrite());
    }

    private static IProxyTransaction Proxy(IStoreTransaction transaction)
    {
        return transaction as IProxyTransaction ?? throw new StoreException("This database cannot be a proxy's.");
    }
}

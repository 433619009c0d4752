// Upstreams that nothing reaches become alerts. A route says when it last went well; of one that never did, the time counts
// from when this process first saw it, so that a name misspelt on the first day is told too.

using System.Globalization;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>Looks at the proxy's targets; one object for as long as the process passes on.</summary>
public sealed class UpstreamWatch(ServerCore core, ProxyService proxy)
{
    /// <summary>How long a target may be away beyond the time between two exchanges.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly Dictionary<int, long> _since = []; // routes by their numbers: first seen

    /// <summary>Says what is wrong with each target now.</summary>
    public void Look()
    {
        long now = core.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        List<ProxyTarget> targets = proxy.Targets();
        List<CollectionName> collections;
        List<RouteRow> routes;
        using (IProxyTransaction reading = (IProxyTransaction)core.Store.BeginRead())
        {
            collections = reading.ListCollections();
            routes = reading.ListRoutes(null);
        }

        // of a target that was removed only the routes are left: its alert ends
        foreach (string name in targets.Select(t => t.Name).Union(routes.Select(r => r.Target)))
        {
            string? wrong = targets.Find(t => t.Name == name) is { } target ? Wrong(target, collections, routes, now) : null;
            using IStoreTransaction store = core.Store.BeginWrite();
            core.Alerts.See(store, 0, "proxy " + name, wrong == null ? [] : [(AlertService.ProxyAway, wrong)], now);
            store.Commit();
        }
    }

    private string? Wrong(ProxyTarget target, List<CollectionName> collections, List<RouteRow> routes, long now)
    {
        try
        {
            foreach ((int collection, string upstream) in target.Select(collections))
            {
                if (routes.Find(r => r.Target == target.Name && r.Collection == collection && r.Upstream == upstream) is { } route && IsLate(route, target, now))
                {
                    return Text(route);
                }
            }

            return null;
        }
        catch (RefusedException e)
        {
            return $"Nothing is passed on to {target.Name}: {e.Message}";
        }
    }

    private bool IsLate(RouteRow route, ProxyTarget target, long now)
    {
        if (!_since.TryGetValue(route.Id, out long since))
        {
            _since[route.Id] = since = now;
        }

        return now - (route.Done ?? since) > (long)Patience.TotalMilliseconds + (target.Every * 1250L); // the pause is up to a quarter longer
    }

    private static string Text(RouteRow late)
    {
        string when = late.Done is { } done
            ? string.Create(CultureInfo.InvariantCulture, $"since {DateTimeOffset.FromUnixTimeMilliseconds(done):yyyy-MM-dd HH:mm:ss}Z")
            : "ever";
        return $"Nothing of {late.Upstream} has been passed on to {late.Target} {when}: {late.Outcome}";
    }
}

// What must hold between device, proxy and upstream, at each moment and at the end.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;
using NanoSync.Storage;

namespace NanoSync.Simulation;

public sealed partial class ProxyWorld
{
    // 8 KB of objects each way [Server/Proxy/EngineRoute], and what 30 commands, their answers and a class cost around them
    private const int LargestMessage = 12 * 1024;

    private static readonly (string Device, string Collection, string Upstream)[] s_collections =
    [
        ("ada", "log", "ada.log"), ("bob", "log", "bob.log"), ("ada", "config", "ada.config"), ("ada", "notes", "ada.notes"), ("bob", "common", "common"),
    ];

    private readonly Dictionary<uint, (ProxyDevice Device, int Bytes)> _readings = [];
    private readonly Dictionary<uint, ProxyNode> _by = []; // which operator wrote a value
    private readonly HashSet<(ProxyDevice Device, string Collection, string Id)> _retried = []; // sent to the proxy again, which has it
    private readonly Sight _site = new();
    private readonly Sight _upstream = new();

    /// <summary>What was seen of a server's objects, whenever someone looked.</summary>
    private sealed class Sight
    {
        public Dictionary<(string Collection, string Id), uint> Now { get; } = [];

        public HashSet<uint> Ever { get; } = [];

        public Dictionary<string, int> Numbers { get; } = []; // the server's, of collections

        public Dictionary<string, long> Seen { get; } = []; // number of the last change looked at, by collection

        public Sight Copy()
        {
            Sight copy = new();
            copy.GoBack(this);
            return copy;
        }

        public void GoBack(Sight then)
        {
            Now.Clear();
            Ever.Clear();
            Seen.Clear();
            then.Now.ToList().ForEach(n => Now.Add(n.Key, n.Value));
            then.Seen.ToList().ForEach(s => Seen.Add(s.Key, s.Value));
            Ever.UnionWith(then.Ever);
        }
    }

    private readonly HashSet<uint> _forgotten = []; // values that the proxy had in a time that it lost
    private readonly HashSet<(ProxyDevice Device, uint Serial)> _refusedBefore = []; // and told so in a time that is lost
    private readonly HashSet<uint> _gone = []; // readings that went with that time: the proxy alone had them
    private readonly HashSet<uint> _mayDouble = []; // readings that it passed on in that time: it does not know that it did [docs/proxy.md]

    // The proxy is again what it was then. What of the lost time is nowhere else is gone, and that is worked out here.
    private void LoseTime(Sight then, HashSet<uint> above)
    {
        _forgotten.UnionWith(_site.Ever.Except(then.Ever));
        _mayDouble.UnionWith(_upstream.Ever.Except(above));
        foreach ((uint serial, (ProxyDevice device, _)) in _readings)
        {
            if (_site.Ever.Contains(serial) && !then.Ever.Contains(serial) && !_upstream.Ever.Contains(serial)
                && !device.Before[0].Exists(h => h.Serial == serial && h.State == ObjectState.Pending))
            {
                _gone.Add(serial);
            }
        }

        foreach (ProxyDevice device in Devices)
        {
            _refusedBefore.UnionWith(device.Before.SelectMany(b => b).Where(h => h.State == ObjectState.Refused).Select(h => (device, h.Serial)));
        }

        _site.GoBack(then);
        Devices.ToList().ForEach(d => d.Link.ForgetReplies());
    }

    private List<ObjectView> ObjectsOf(ProxyNode node, (string Device, string Collection, string Upstream) c) =>
        node == Site ? node.Core.Objects.List(c.Device, c.Collection) : node.Core.Objects.List(UpstreamName, c.Upstream);

    // [nothing lost] What an exchange overwrote at either server was known to the other, or is kept as the losing side.
    private void LookAtServers(bool exchanged)
    {
        List<(string Collection, string Id, uint Serial)> atSite = Look(Site, _site);
        List<(string Collection, string Id, uint Serial)> above = Look(Upstream, _upstream);
        above.FindAll(gone => gone.Collection.EndsWith(".log", StringComparison.Ordinal)).ForEach(gone => Violate($"{gone.Collection} {gone.Id}: reading #{gone.Serial} is upstream no more"));
        if (exchanged)
        {
            atSite.ForEach(gone => JudgeGone(gone, Site, Upstream, _upstream, "proxy"));
            above.ForEach(gone => JudgeGone(gone, Upstream, Site, _site, "upstream"));
        }
    }

    // Takes what changed since the last look; the values that are not there any more.
    private List<(string Collection, string Id, uint Serial)> Look(ProxyNode node, Sight sight)
    {
        List<(string, string, uint)> gone = [];
        using IStoreTransaction store = node.Core.Store.BeginRead();
        foreach ((string device, string collection, string upstream) in s_collections)
        {
            if (!sight.Numbers.TryGetValue(upstream, out int number))
            {
                (string owner, string name) = node == Site ? (device, collection) : (UpstreamName, upstream);
                sight.Numbers[upstream] = number = store.FindCollection(node.Devices[owner].Id, name)!.Id;
            }

            foreach (ObjectRow row in store.ListObjects(number, sight.Seen.GetValueOrDefault(upstream), int.MaxValue, true))
            {
                uint serial = row.Deleted ? 0 : Payload.Serial(row.Data);
                if (sight.Now.GetValueOrDefault((upstream, row.Id)) is var before && before != 0 && before != serial)
                {
                    gone.Add((upstream, row.Id, before));
                }

                sight.Now[(upstream, row.Id)] = serial;
                sight.Seen[upstream] = row.Seq;
                sight.Ever.Add(serial);
                Trace.Mix(serial);
                Trace.Line($"      {(node == Site ? "proxy" : "upstream")}: {upstream} {row.Id} #{serial} by {row.LastDevice}");
            }
        }

        return gone;
    }

    private void JudgeGone((string Collection, string Id, uint Serial) gone, ProxyNode node, ProxyNode otherNode, Sight other, string where)
    {
        if (!other.Ever.Contains(gone.Serial) && !IsLoser(otherNode, gone.Collection, gone.Serial) && !IsLoser(node, gone.Collection, gone.Serial)
            && !WasRefused(gone.Collection, gone.Id))
        {
            Violate($"{gone.Collection} {gone.Id} at the {where}: #{gone.Serial} is gone by an exchange; the other side never had it, and it is not kept");
        }
    }

    private bool IsLoser(ProxyNode node, string upstream, uint serial)
    {
        (string device, string collection, _) = s_collections.First(c => c.Upstream == upstream);
        string[] devices = node == Upstream ? [UpstreamName] : collection == "common" ? ["ada", "bob"] : [device];
        return devices.Any(d => node.Core.Objects.Losers(d, node == Upstream ? upstream : collection).Exists(l => !l.Row.Deleted && Payload.Serial(l.Row.Data) == serial));
    }

    // The refusal of our value by the upstream was told, and the upstream's value replaces it.
    private bool WasRefused(string collection, string id)
    {
        (string device, string own, _) = s_collections.First(c => c.Upstream == collection);
        return (own == "common" ? ["ada", "bob"] : new[] { device }).Any(d =>
            Site.Core.Devices.Refusals(d, 1000).Exists(r => r.Collection == own && r.ObjectId == id && r.ByServer));
    }

    // [nothing lost] What is not pending on the device any more is at the proxy, or was refused and said so.
    private void CheckAcknowledged(ProxyDevice device, List<Held>[] before)
    {
        device.Look();
        for (int i = 0; i < before.Length; i++)
        {
            foreach (Held held in before[i].Where(h => h.State == ObjectState.Pending))
            {
                Held? now = device.Before[i].Find(h => held.Key.Length > 0 ? h.Key == held.Key : h.Id == held.Id);
                bool acknowledged = now == null || now.Serial != held.Serial || now.State == ObjectState.Clean;
                if (acknowledged && !_site.Ever.Contains(held.Serial) && !_forgotten.Contains(held.Serial)
                    && !Devices.Any(d => d.Plans.Any(p => p.Name == device.Plans[i].Name)
                        && Site.Core.Objects.Losers(d.Name, device.Plans[i].Name).Exists(l => !l.Row.Deleted && Payload.Serial(l.Row.Data) == held.Serial))
                    && !(held.Key.Length > 0 && Told(device, device.Plans[i].Name, held.Key)))
                {
                    Violate($"{device.Name} {device.Plans[i].Name} #{held.Serial} {held.Key}/{held.Id} is not pending any more, and the proxy never had it");
                }
            }
        }
    }

    private bool Told(ProxyDevice device, string collection, string id) =>
        Site.Core.Devices.Refusals(device.Name, 1000).Exists(r => r.Collection == collection && r.ObjectId == id && r.ByServer);

    // A sum of everything at rest.
    private ulong State()
    {
        ulong sum = 0;
        void Mix(ulong value) => sum = (sum ^ value) * 1099511628211;
        foreach (uint serial in _site.Now.OrderBy(p => p.Key).Select(p => p.Value).Concat(_upstream.Now.OrderBy(p => p.Key).Select(p => p.Value)))
        {
            Mix(serial);
        }

        foreach (Held held in Devices.SelectMany(d => d.Before).SelectMany(b => b))
        {
            Mix(held.Serial + ((ulong)held.State << 32));
        }

        foreach (Association a in Site.Proxy.Map())
        {
            Mix((ulong)a.State);
            Mix((ulong)a.Status);
        }

        return sum;
    }

    private void JudgeEnd()
    {
        if (_violations.Count > 0)
        {
            return;
        }

        if (_up.LargestRequest > LargestMessage || _up.LargestReply > LargestMessage)
        {
            Violate($"a message of the proxy had {_up.LargestRequest} bytes, a reply to it {_up.LargestReply}");
        }

        List<Association> map = Site.Proxy.Map();
        foreach ((string Device, string Collection, string Upstream) c in s_collections)
        {
            List<ObjectView> own = ObjectsOf(Site, c);
            List<ObjectView> above = ObjectsOf(Upstream, c);
            List<Association> associations = map.FindAll(a => a.Upstream == c.Upstream);
            JudgeServers(c, own, above, associations);
            foreach (ProxyDevice device in Devices)
            {
                int index = device.Plans.ToList().FindIndex(p => p.Name == c.Collection);
                if (c.Collection == "common" || device.Name == c.Device)
                {
                    JudgeDevice(device, index, own, above, associations);
                }
            }
        }

        JudgeReadings(map);
    }

    // [equal] Each own object has one counterpart upstream with the same value, or was refused there and that is said.
    private void JudgeServers((string Device, string Collection, string Upstream) c, List<ObjectView> own, List<ObjectView> above, List<Association> map)
    {
        foreach (ObjectView view in own)
        {
            uint serial = Payload.Serial(view.Row.Data);
            List<Association> mine = map.FindAll(a => a.OwnId == view.Row.Id);
            if (mine.Count != 1)
            {
                Violate($"{c.Upstream} {view.Row.Id} #{serial} at the proxy has {mine.Count} associations");
                continue;
            }

            Association one = mine[0];
            if (one.State == MapState.Refused)
            {
                Figures.RefusedDown++;
                if (!Devices.Any(d => Told(d, c.Collection, one.OwnId)) || one.Status == 0 || one.Reason.Length == 0)
                {
                    Violate($"{c.Upstream} {one.OwnId} #{serial} was refused by the upstream ({one.Status} {one.Reason}), and no device was told");
                }
            }
            else if (one.State != MapState.InStep)
            {
                Violate($"{c.Upstream} {one.OwnId} #{serial} is {one.State} after all is quiet");
            }
            else if (above.Find(a => a.Row.Id == one.UpstreamId) is not { } there)
            {
                Violate($"{c.Upstream} {one.OwnId} #{serial} at the proxy is not at the upstream, as {one.UpstreamId}");
            }
            else if (!there.Row.Data.AsSpan().SequenceEqual(view.Row.Data))
            {
                Violate($"{c.Upstream} {one.OwnId} is #{serial} at the proxy and #{Payload.Serial(there.Row.Data)} at the upstream");
            }
        }

        foreach (ObjectView there in above)
        {
            bool lost = c.Collection == "log" && Site.Targets.Count > 1 && _mayDouble.Contains(Payload.Serial(there.Row.Data)); // passed upwards only: nothing comes down
            if (!lost && map.FindAll(a => a.UpstreamId == there.Row.Id && own.Exists(o => o.Row.Id == a.OwnId)).Count != 1)
            {
                Violate($"{c.Upstream} {there.Row.Id} #{Payload.Serial(there.Row.Data)} at the upstream is not at the proxy");
            }
        }
    }

    // [equal] The device has what the proxy has, or refused it; and what came from the upstream is said to be refused there.
    private void JudgeDevice(ProxyDevice device, int index, List<ObjectView> own, List<ObjectView> above, List<Association> map)
    {
        Plan plan = device.Plans[index];
        List<Held> held = device.Before[index];
        if (device.Engine.Pending > 0)
        {
            Violate($"{device.Name} still has {device.Engine.Pending} pending");
        }

        foreach (Held refused in held.Where(h => h.State == ObjectState.Refused && !_refusedBefore.Contains((device, h.Serial))))
        {
            if (!Told(device, plan.Name, refused.Key.Length > 0 ? refused.Key : device.Store.FormatId + refused.Id))
            {
                Violate($"{device.Name} {plan.Name} {refused.Key}/{refused.Id} #{refused.Serial} is refused, and the proxy does not say so");
            }
        }

        if (plan.Kind == CollectionKind.Outbox)
        {
            return;
        }

        List<AsideRow> aside = Site.Core.Objects.SetAside(device.Name, plan.Name);
        foreach (ObjectView view in own)
        {
            uint serial = Payload.Serial(view.Row.Data);
            Held? here = held.Find(h => h.Key == view.Row.Id);
            Association? one = map.Find(a => a.OwnId == view.Row.Id);
            if (aside.Find(a => a.ServerId == view.Row.Id && a.Seq == view.Row.Seq) is { } set)
            {
                if (_by.GetValueOrDefault(serial) == Upstream && one is { State: MapState.InStep } && above.Find(a => a.Row.Id == one.UpstreamId) is { } there
                    && (there.State != "refused" || there.Reason is not { Length: > 0 }))
                {
                    Violate($"{device.Name} refuses {plan.Name} {view.Row.Id} #{serial} of the upstream ({set.Reason}), which is not told: {there.State} {there.Reason}");
                }
            }
            else if (here == null)
            {
                Violate($"{device.Name} lacks {plan.Name} {view.Row.Id} #{serial}");
            }
            else if (here.State is not (ObjectState.Clean or ObjectState.Refused) || (here.State == ObjectState.Clean && here.Serial != serial))
            {
                Violate($"{plan.Name} {view.Row.Id} is #{serial} at the proxy and #{here.Serial} {here.State} on {device.Name}");
            }
            else if (one is { State: MapState.Refused } && view.Row.Author == Site.Devices[device.Name].Id && here.State != ObjectState.Refused
                && !_retried.Contains((device, plan.Name, here.Key)) && Figures.Of(1, ProxyFault.RestoreProxy) == 0) // who starts over shows it no more [docs/proxy.md]
            {
                Violate($"{plan.Name} {view.Row.Id} #{serial} was refused by the upstream, and {device.Name}, which wrote it, does not show it");
            }
        }

        foreach (Held here in held.Where(h => h.State != ObjectState.Refused && h.Key.Length > 0))
        {
            if (!own.Exists(o => o.Row.Id == here.Key) && !aside.Exists(a => a.ServerId == here.Key))
            {
                Violate($"{device.Name} has {plan.Name} {here.Key} #{here.Serial} {here.State}, the proxy has not");
            }
        }
    }

    // [exactly once] Each reading is upstream once, or refused and kept where it is said so.
    private void JudgeReadings(List<Association> map)
    {
        foreach (ProxyDevice device in Devices)
        {
            (string, string, string Upstream) c = s_collections.First(x => x.Device == device.Name && x.Collection == "log");
            List<ObjectView> own = ObjectsOf(Site, c);
            List<ObjectView> above = ObjectsOf(Upstream, c);
            List<uint> order = [.. above.Select(a => Payload.Serial(a.Row.Data))];
            foreach ((uint serial, (_, int bytes)) in _readings.Where(r => r.Value.Device == device))
            {
                int times = order.Count(s => s == serial);
                ObjectView? kept = own.Find(o => Payload.Serial(o.Row.Data) == serial);
                bool refused = kept == null
                    ? device.Before[0].Exists(h => h.Serial == serial && h.State == ObjectState.Refused)
                    : map.Exists(a => a.Upstream == c.Upstream && a.OwnId == kept.Row.Id && a.State == MapState.Refused);
                if (_gone.Contains(serial) && times == 0 && kept == null)
                {
                    continue;
                }

                if ((times > 1 && !_mayDouble.Contains(serial)) || (times == 0) != refused || (refused && kept != null && bytes <= LargestUpstream && Payload.FateOf(kept.Row.Data) != Fate.ServerRefuses))
                {
                    Violate($"{device.Name} log #{serial} of {bytes} bytes is upstream {times} times{(refused ? ", refused" : "")}");
                }
            }

            order = [.. order.Distinct()]; // where they were first
            if (!order.SequenceEqual(order.Order()))
            {
                Violate($"{device.Name} log: the readings are upstream in the order {string.Join(' ', order)}");
            }
        }
    }
}

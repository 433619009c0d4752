// Two devices, a proxy and its upstream: real engines, real server cores, real proxy, each server on a database of its own;
// everything that one seed decides, in one thread.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Proxy;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>Figures of runs with a proxy.</summary>
public sealed class ProxyFigures
{
    public static readonly string[] Links = ["device - proxy", "proxy - upstream"];

    public int Seeds;
    public int Steps;
    public int Messages;
    public long Bytes;
    public int LargestRequest; // of the proxy
    public int LargestReply; // to the proxy
    public int Readings;
    public int RefusedUp;
    public int RefusedDown;
    public int[,] Faults { get; } = new int[2, Enum.GetValues<ProxyFault>().Length];

    public void Add(ProxyFigures other)
    {
        Seeds += other.Seeds;
        Steps += other.Steps;
        Messages += other.Messages;
        Bytes += other.Bytes;
        Readings += other.Readings;
        RefusedUp += other.RefusedUp;
        RefusedDown += other.RefusedDown;
        LargestRequest = Math.Max(LargestRequest, other.LargestRequest);
        LargestReply = Math.Max(LargestReply, other.LargestReply);
        for (int i = 0; i < Faults.Length; i++)
        {
            Faults[i % 2, i / 2] += other.Faults[i % 2, i / 2];
        }
    }

    public int Of(int link, ProxyFault fault) => Faults[link, (int)fault];

    public override string ToString()
    {
        string FaultsOf(int link) => string.Join(", ", Enum.GetValues<ProxyFault>().Where(f => Of(link, f) > 0).Select(f => $"{f} {Of(link, f):N0}"));
        return $"{Seeds:N0} seeds, {Steps:N0} steps, {Messages:N0} messages, {Bytes:N0} bytes, {Readings:N0} readings, refused by devices {RefusedUp:N0}, by the upstream {RefusedDown:N0}; "
            + $"largest message of the proxy {LargestRequest:N0} bytes, to it {LargestReply:N0}\n  {Links[0]}: {FaultsOf(0)}\n  {Links[1]}: {FaultsOf(1)}";
    }
}

/// <summary>Device - proxy - upstream.</summary>
public sealed partial class ProxyWorld : IDisposable
{
    public const int StepsOfSeed = 90;

    private const int LargestUpstream = 400; // bytes of an object: larger ones the upstream refuses
    private const string UpstreamName = "site";

    private static readonly Plan s_log = new("log", CollectionKind.Outbox, false, false);
    private static readonly Plan s_config = new("config", CollectionKind.Inbox, false, false);
    private static readonly Plan s_notes = new("notes", CollectionKind.TwoWay, false, false);
    private static readonly Plan s_common = new("common", CollectionKind.TwoWay, true, false);

    private readonly List<string> _violations = [];
    private readonly FaultyLink _up;
    private readonly bool _deviceWins;
    private readonly int _trouble;
    private uint _serial;
    private DateTimeOffset _back; // when the upstream can be reached again

    private ProxyWorld(ulong seed, bool readable, ProxyMutation mutation)
    {
        Seed = seed;
        Rng = new Rng(seed ^ 0x50524F5859);
        Broken = new Rng(seed ^ 0xB20CE);
        Trace = new Trace(readable);
        Mutation = mutation;
        _trouble = Rng.Pick([0, 12, 25, 25, 45]);
        _deviceWins = Rng.Percent(35);
        Restores = new Rng(seed ^ 0x2E5702E).Percent(40);
        _up = new FaultyLink(this, "site", request => Upstream!.Answer(UpstreamName, request));
        Upstream = new ProxyNode(this, [(UpstreamName, "ada.log,bob.log,ada.config,ada.notes,common")], new SyncLimits { MaxObject = LargestUpstream });
        ProxyTarget target = new() { Name = "up", Url = "http://upstream.invalid", Collections = "log,config,notes,common@hall", DeviceWins = _deviceWins };
        List<ProxyTarget> targets = Rng.Percent(50)
            ? [target]
            : [target with { Name = "logs", Collections = "log", Direction = ProxyDirection.Up }, target with { Collections = "config,notes,common@hall" }];
        Site = new ProxyNode(this, [("ada", "log,config,notes,common@hall"), ("bob", "log,common@hall")], new SyncLimits { MaxObject = 8000 }, targets, () => _up);
        Devices = [new ProxyDevice(this, "ada", [s_log, s_config, s_notes, s_common]), new ProxyDevice(this, "bob", [s_log, s_common])];
        Trace.Line($"seed {seed}: trouble {_trouble}, device wins {_deviceWins}, targets {targets.Count}");
    }

    public ulong Seed { get; }

    public Rng Rng { get; }

    /// <summary>Draws for what is broken on purpose, so that the rest of the run is as without it.</summary>
    public Rng Broken { get; }

    public Trace Trace { get; }

    public SimClock Clock { get; } = new();

    public ProxyMutation Mutation { get; }

    /// <summary>Whether the proxy's database is put back.</summary>
    public bool Restores { get; }

    public ProxyNode Upstream { get; }

    public ProxyNode Site { get; }

    public IReadOnlyList<ProxyDevice> Devices { get; }

    public ProxyFigures Figures { get; } = new();

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Where the server that answers next ends: at which step, and which time it comes there.</summary>
    public (SyncStep Step, int After)? KillAnswer { get; set; }

    /// <summary>One seed, whole.</summary>
    public static ProxyWorld Run(ulong seed, int steps, bool readable = false, ProxyMutation mutation = ProxyMutation.None)
    {
        ProxyWorld world = new(seed, readable, mutation);
        try
        {
            world.Live(steps);
            world.Quiet();
            world.JudgeEnd();
        }
        catch (Exception e)
        {
            world.Violate($"{e.GetType().Name}: {e.Message}{(readable ? "\n" + e.StackTrace : "")}");
        }

        world.Figures.Seeds = 1;
        foreach (FaultyLink link in (FaultyLink[])[world._up, .. world.Devices.Select(d => d.Link)])
        {
            world.Figures.Messages += link.Messages;
            world.Figures.Bytes += link.Bytes;
        }

        world.Figures.LargestRequest = world._up.LargestRequest;
        world.Figures.LargestReply = world._up.LargestReply;
        return world;
    }

    public void Dispose()
    {
        Site.Dispose();
        Upstream.Dispose();
    }

    public byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)Rng.Next();
        }

        return bytes;
    }

    public void Violate(string what)
    {
        Trace.Line($"!!! {what}");
        _violations.Add(what);
    }

    public void Count(ProxyFault fault, int link)
    {
        Figures.Faults[link, (int)fault]++;
        Trace.Mix((ulong)fault + 1000);
        Trace.Line($"    fault: {fault} on {ProxyFigures.Links[link]}");
    }

    private void Live(int steps)
    {
        for (int i = 0; i < steps && _violations.Count == 0; i++)
        {
            Figures.Steps++;
            bool away = Clock.GetUtcNow() < _back;
            Clock.Pass(TimeSpan.FromSeconds(away ? Rng.Between(600, 40_000) : Rng.Between(1, 400)));
            _up.Away = Clock.GetUtcNow() < _back;
            _up.Trouble = _trouble;
            ProxyDevice device = Rng.Pick(Devices);
            device.Link.Trouble = _trouble;
            int what = Rng.Below(100);
            Trace.Mix((ulong)what);
            switch (what)
            {
                case < 22:
                    Trace.Line($"{i}: round of {device.Name}");
                    int most = Rng.Pick([1, 1, 1, 20]);
                    while (Round(device, cut: Rng.Percent(_trouble / 2)).Outcome == RoundOutcome.More && --most > 0)
                    {
                    }

                    break;
                case < 42:
                    Trace.Line($"{i}: exchange");
                    Exchange(kill: Rng.Percent(_trouble));
                    break;
                case < 68:
                    Application(i, device);
                    break;
                case < 82:
                    Operator(i, Upstream);
                    break;
                case < 86 when Restores:
                    BackUpOrRestore(i);
                    break;
                case < 91:
                    Operator(i, Site);
                    break;
                case < 93:
                    Trace.Line($"{i}: the upstream goes away for days");
                    _back = Clock.GetUtcNow() + TimeSpan.FromHours(Rng.Between(20, 120));
                    break;
                case < 95:
                    Trace.Line($"{i}: {device.Name} restarts");
                    Count(ProxyFault.Restart, 0);
                    device.PowerUp();
                    break;
                case < 97:
                    Trace.Line($"{i}: the proxy restarts");
                    Count(ProxyFault.Restart, 1);
                    Site.Restart();
                    break;
                default:
                    Trace.Line($"{i}: the upstream restarts");
                    Count(ProxyFault.Restart, 1);
                    Upstream.Restart();
                    break;
            }
        }
    }

    private (byte[] Database, Sight Seen, HashSet<uint> Above)? _backup;

    // The gateway's database is kept aside, or put back; its upstream and the devices know nothing of it.
    private void BackUpOrRestore(int step)
    {
        if (_backup is not { } backup || Rng.Percent(40))
        {
            Trace.Line($"{step}: backup of the proxy");
            _backup = (Site.Backup(), _site.Copy(), [.. _upstream.Ever]);
            PassOnNew(step);
            return;
        }

        Trace.Line($"{step}: the proxy's database is put back");
        Count(ProxyFault.RestoreProxy, 1);
        Site.Restore(backup.Database);
        LoseTime(backup.Seen, backup.Above);
        PassOnNew(step);
    }

    // An object without a name, made by a device and passed on: what gets a number in each of two lives of the proxy.
    private void PassOnNew(int step)
    {
        ProxyDevice ada = Devices[0];
        int notes = ada.Plans.ToList().IndexOf(s_notes);
        StoreError error = ada.Write(notes, Payload.Make(++_serial, Fate.Good, 4, Payload.First), null);
        Trace.Line($"{step}: {ada.Name} writes notes #{_serial}: {error}");
        ada.Look();
        Round(ada);
        Exchange();
    }

    // ---- Rounds ----

    private RoundResult Round(ProxyDevice device, bool cut = false)
    {
        if (cut)
        {
            device.Volume.CutAt = device.Volume.Calls + Rng.Between(1, 9);
            device.Volume.Torn = (Torn)Rng.Below(3);
        }

        List<Held>[] before = device.Before;
        RoundResult result = device.Engine.Result;
        try
        {
            result = device.Engine.Round();
            device.Volume.CutAt = 0;
            Trace.Line($"    {device.Name} {result.Outcome} carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status} up {result.ObjectsUp} down {result.ObjectsDown} refused {result.RefusedUp}/{result.RefusedDown}");
            Figures.RefusedUp += result.RefusedDown;
        }
        catch (PowerCut)
        {
            Count(ProxyFault.PowerCut, 0);
            device.PowerUp();
        }

        LookAtServers(exchanged: false);
        CheckAcknowledged(device, before);
        return result;
    }

    // All that the proxy and its upstream have for each other, as far as it goes. True: all in step.
    private bool Exchange(bool kill = false)
    {
        ProxyStep at = (ProxyStep)Rng.Below(5);
        int after = Rng.Below(4);
        Site.Reached = step =>
        {
            if (kill && step == at && after-- == 0)
            {
                throw new ServerKilled();
            }
        };
        bool done = true;
        try
        {
            foreach (ProxyTarget target in Site.Targets)
            {
                foreach ((string upstream, RouteResult result) in Site.Proxy.Run(target))
                {
                    done &= result.Done;
                    Trace.Line($"    {upstream}: {result.Text}");
                }
            }
        }
        catch (ServerKilled)
        {
            Count(ProxyFault.KilledBeforeStaged + (int)at, 1);
            Site.Restart();
            done = false;
        }

        Site.Reached = null;
        LookAtServers(exchanged: true);
        return done;
    }

    /// <summary>No faults any more, until nothing moves.</summary>
    private void Quiet()
    {
        Trace.Line($"quiet");
        _up.Away = false;
        _up.Trouble = 0;
        foreach (ProxyDevice device in Devices)
        {
            device.Link.Trouble = 0;
        }

        ulong last = 0;
        for (int pass = 0; pass < 20 && _violations.Count == 0; pass++)
        {
            bool done = Exchange();
            foreach (ProxyDevice device in Devices)
            {
                Clock.Pass(TimeSpan.FromMinutes(10));
                int rounds = 0;
                RoundResult result;
                do
                {
                    result = Round(device);
                    if (++rounds > 300)
                    {
                        Violate($"{device.Name} does not come to rest: {result.Outcome} carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status}, pending {device.Engine.Pending}");
                        return;
                    }
                }
                while (result.Outcome != RoundOutcome.InStep);
            }

            ulong now = State();
            if (done && now == last)
            {
                return;
            }

            last = now;
        }

        Violate("proxy and upstream do not come to rest: " + string.Join("; ", Site.Proxy.Routes().Select(r => $"{r.Route.Upstream} {r.Route.Outcome}, waiting {r.Waiting}")));
    }

    // ---- The application of a device ----

    private byte[] Value(out uint serial, Fate fate)
    {
        serial = ++_serial;
        int pad = Rng.Below(16) switch { 0 => Rng.Between(LargestUpstream, 1500), 1 => Rng.Between(100, 350), _ => Rng.Between(0, 20) };
        return Payload.Make(serial, fate, pad, Payload.First);
    }

    private void Application(int step, ProxyDevice device)
    {
        int collection = Rng.Below(device.Plans.Count);
        Plan plan = device.Plans[collection];
        if (plan.Kind == CollectionKind.Inbox)
        {
            return;
        }

        if (plan.Kind == CollectionKind.Outbox && Rng.Percent(8))
        {
            Trace.Line($"{step}: {device.Name} writes many readings");
            for (int i = Rng.Between(20, 90); i > 0; i--)
            {
                byte[] reading = Payload.Make(++_serial, Fate.Good, Rng.Between(0, 300), Payload.First);
                if (device.Write(collection, reading, null) == StoreError.None)
                {
                    _readings.Add(_serial, (device, reading.Length));
                    Figures.Readings++;
                }
            }

            device.Look();
            return;
        }

        byte[] record = Value(out uint serial, Rng.Percent(3) ? Fate.ServerRefuses : Fate.Good);
        List<Held> held = [.. device.Before[collection].Where(h => h.State != ObjectState.PendingDelete)];
        Held? chosen = plan.Kind != CollectionKind.Outbox && held.Count > 0 && Rng.Percent(70) ? Rng.Pick(held) : null;
        int what = Rng.Below(10);
        string? name = Rng.Percent(50) ? "n" + Rng.Below(4) : null;
        if (Rng.Percent(_trouble / 5))
        {
            device.Volume.CutAt = device.Volume.Calls + Rng.Between(1, 4);
            device.Volume.Torn = (Torn)Rng.Below(3);
        }

        try
        {
            StoreError error = chosen == null ? device.Write(collection, record, name)
                : what < 6 ? device.Change(collection, chosen, record)
                : what < 9 ? device.Delete(collection, chosen)
                : device.Retry(collection, chosen);
            if (chosen != null && what == 9)
            {
                _retried.Add((device, plan.Name, chosen.Key));
            }

            device.Volume.CutAt = 0;
            Trace.Line($"{step}: {device.Name} {plan.Name} {(chosen == null ? "writes " + name : (what < 6 ? "changes " : what < 9 ? "deletes " : "retries ") + chosen.Key + "/" + chosen.Id + " #" + chosen.Serial)} #{serial} {record.Length} bytes: {error}");
            device.Look();
        }
        catch (PowerCut)
        {
            Trace.Line($"{step}: {device.Name} {plan.Name} writes #{serial} and loses power");
            Count(ProxyFault.PowerCutApp, 0);
            device.PowerUp();
        }

        if (plan.Kind == CollectionKind.Outbox && device.Before[collection].Exists(h => h.Serial == serial))
        {
            _readings.Add(serial, (device, record.Length));
            Figures.Readings++;
        }
    }

    // ---- Operators, at the upstream and at the proxy ----

    private void Operator(int step, ProxyNode node)
    {
        (string device, string collection) = Rng.Below(3) switch { 0 => ("ada", "config"), 1 => ("ada", "notes"), _ => ("bob", "common") };
        (string Device, string Collection) at = node == Site ? (device, collection) : (UpstreamName, collection == "common" ? collection : $"{device}.{collection}");
        int what = Rng.Below(20);
        bool alien = Rng.Percent(4);
        byte[] record = Value(out uint serial, Rng.Percent(12) ? Fate.DeviceRefuses : Fate.Good);
        string name = Rng.Percent(60) ? "n" + Rng.Below(4) : "o" + Rng.Below(8);
        string who = node == Site ? "proxy" : "upstream";
        try
        {
            List<ObjectView> there = node.Core.Objects.List(at.Device, at.Collection);
            string id = there.Count > 0 && Rng.Percent(60) ? Rng.Pick(there).Row.Id : name;
            if (what < 12)
            {
                Trace.Line($"{step}: operator of {who} puts {at.Collection} {id} #{serial} {Payload.FateOf(record)}{(alien ? " alien" : "")} {record.Length} bytes");
                ObjectClass type = alien ? Payload.Alien : Payload.First;
                node.Core.Objects.Put(at.Device, at.Collection, id, new NewValue(null, record, type.Definition));
                _by[serial] = node;
            }
            else if (what < 16)
            {
                Trace.Line($"{step}: operator of {who} deletes {at.Collection} {id}");
                node.Core.Objects.Delete(at.Device, at.Collection, id);
            }
            else if (what == 16)
            {
                Trace.Line($"{step}: operator of {who} retries {at.Collection}");
                node.Core.Objects.Retry(at.Device, at.Collection, null);
            }
            else if (what == 17 && node == Site)
            {
                Trace.Line($"{step}: operator of the proxy sends again what the upstream refused");
                Site.Proxy.Retry("up", null);
            }
        }
        catch (RefusedException e)
        {
            Trace.Line($"    refused: {e.Message}");
        }

        LookAtServers(exchanged: false);
    }
}

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>The simulation itself cannot go on, or found something wrong.</summary>
public sealed class SimulationFailed(string message) : Exception(message);

/// <summary>Figures of one run.</summary>
public sealed class Figures
{
    public int Seeds;
    public int Steps;
    public int Rounds;
    public int Cuts;
    public int Pairs;
    public long Bytes;
    public int[] Faults { get; } = new int[Enum.GetValues<Fault>().Length];

    public void Add(Figures other)
    {
        Seeds += other.Seeds;
        Steps += other.Steps;
        Rounds += other.Rounds;
        Cuts += other.Cuts;
        Pairs += other.Pairs;
        Bytes += other.Bytes;
        for (int i = 0; i < Faults.Length; i++)
        {
            Faults[i] += other.Faults[i];
        }
    }

    public override string ToString()
    {
        string faults = string.Join(", ", Enum.GetValues<Fault>().Where(f => Faults[(int)f] > 0).Select(f => $"{f} {Faults[(int)f]:N0}"));
        return $"{Seeds:N0} seeds, {Steps:N0} steps, {Rounds:N0} rounds, {Bytes:N0} bytes, {Cuts:N0} cuts, {Pairs:N0} pairs of cuts; {Faults.Sum():N0} faults: {faults}";
    }
}

/// <summary>Two devices, a server of two nodes, an operator: everything that one seed decides.</summary>
public sealed partial class World : IDisposable
{
    // Of boards: readings alone, or objects of both sides with them or without.
    private static int OfBoards(ulong seed) => seed % 2 == 1 ? 0b000001 : new Rng(seed ^ 0xB0A2D5).Pick([0b000101, 0b001001, 0b001101, 0b000100, 0b001000, 0b001111, 0b110001]);

    private const string Collections = "log,config,notes,prefs,common@site,scene@site";

    // An object of 8,000 bytes in parts of 64 to a device that has letters alone: 125 of them, and a look into an empty box for each.
    private const int MostRounds = 1000;

    private readonly List<string> _violations = [];
    private readonly Dictionary<int, (Plan Plan, int Device)> _collections = []; // of the server, by number; device -1 = shared
    private readonly Dictionary<(int Device, string Name), int> _numbers = [];
    private uint _serial;
    private int _lives;

    public World(ulong seed, bool readable, Mutation mutation = Mutation.None, Action<World>? prepare = null)
    {
        Seed = seed;
        Trace = new Trace(readable);
        Rng = new Rng(seed);
        prepare?.Invoke(this);
        DeviceMaxObject = Rng.Pick([3000, 65536]);
        Limits = new SyncLimits { MaxObject = 8000, MaxObjects = Rng.Pick([14L, 40, 1_000_000, 1_000_000, 1_000_000]) };
        DrawRoom();
        Server = new SimServer(this, Collections, ["ada", "bob"]) { Mutation = mutation };
        int used = Rng.Pick([0b111111, 0b001001, 0b010100, 0b101010, 0b111111, 0b000001, 0b000010, 0b000100, 0b001000, 0b110000]);
        if (Only != 0 || Boards)
        {
            used = Boards ? OfBoards(seed) : Only;
        }

        List<Plan> plans = [.. Plan.All.Where((_, i) => (used & (1 << i)) != 0)];
        for (int i = 0; i < Devices.Length; i++)
        {
            string name = i == 0 ? "ada" : "bob";
            DeviceIdentity identity;
            using (IStoreTransaction store = Server.Store.BeginRead())
            {
                identity = new DeviceIdentity(store.FindDevice(name)!.Id, name);
                foreach (Plan plan in Plan.All)
                {
                    int number = store.FindCollection(identity.Id, plan.Name)!.Id;
                    _collections[number] = (plan, plan.Shared ? -1 : i);
                    _numbers[(identity.Id, plan.Name)] = number;
                }
            }

            Devices[i] = new SimDevice(this, i, identity, plans, Rng);
        }

        Trace.Line($"seed {seed}: {string.Join(' ', plans.Select(p => p.Name))}, objects {Limits.MaxObjects}, readings {Limits.MaxReadings}, retention {string.Join(", ", Rules)}, device takes {DeviceMaxObject}");
    }

    public ulong Seed { get; }

    public Trace Trace { get; }

    public Rng Rng { get; }

    public SimClock Clock { get; } = new();

    public SyncLimits Limits { get; private set; }

    public int DeviceMaxObject { get; }

    /// <summary>Collections used, one bit each; 0 = as the seed says.</summary>
    public int Only { get; set; }

    /// <summary>Boards over HTTP whose flash is copied to another that lives on, and put back from an image.</summary>
    public bool Boards { get; set; }

    /// <summary>Devices as most are: HTTP, much flash, readings without times.</summary>
    public bool Simple { get; set; }

    /// <summary>The PostgreSQL cluster that the server has a database in: its connection string; null = it has a SQLite file.</summary>
    public string? Cluster { get; set; }

    /// <summary>Whether no request shares a commit with others.</summary>
    public bool Alone { get; set; }

    /// <summary>Sees each message: its bytes, whether it goes up, its encoding, the check sum of the request.</summary>
    public Action<byte[], bool, bool, byte[]>? Tap { get; set; }

    public SimServer Server { get; }

    public SimDevice[] Devices { get; } = new SimDevice[2];

    public Figures Figures { get; } = new();

    /// <summary>What must become of every value.</summary>
    public Ledger Ledger { get; } = new();

    public IReadOnlyList<string> Violations => _violations;

    public void Dispose()
    {
        Array.ForEach(Devices, d => (d?.Post as IDisposable)?.Dispose());
        Server.Dispose();
    }

    public void Violate(string what)
    {
        Trace.Line($"!!! {what}");
        _violations.Add(what);
    }

    public void Count(Fault fault)
    {
        Figures.Faults[(int)fault]++;
        Trace.Mix((ulong)fault + 1000);
        Trace.Line($"    fault: {fault}");
    }

    public uint NextSerial() => ++_serial;

    public int NextLife() => ++_lives;

    public int NumberOf(SimDevice device, Plan plan) => _numbers[(device.Identity.Id, plan.Name)];

    /// <summary>The other device's round in the middle of this one's request.</summary>
    public void Interleave(SimDevice device, int node)
    {
        SimDevice other = Devices[1 - device.Index];
        if (_inRound.Contains(other.Index))
        {
            return;
        }

        Count(Fault.OtherDeviceInTheMiddle);
        Round(other, new FaultPlan { Node = node });
    }

    /// <summary>The node whose next commit requests share, and what becomes of it; null = none gathers them.</summary>
    public (int Node, Fault? End)? Shared { get; set; }

    /// <summary>The other device's round, while this one's request waits for a commit that they share.</summary>
    public void Join(SimDevice device)
    {
        SimDevice other = Devices[1 - device.Index];
        if (!_inRound.Contains(other.Index))
        {
            FaultPlan plan = DrawFaults(other);
            plan.Node = Shared!.Value.Node;
            plan.Faults.Add(Fault.SharesCommit);
            Trace.Line($"    round of {other.Name} meanwhile");
            Round(other, plan);
        }
    }

    private readonly HashSet<int> _inRound = [];

    /// <summary>One round, and what it may have changed looked at.</summary>
    public RoundResult Round(SimDevice device, FaultPlan plan)
    {
        Figures.Rounds++;
        _inRound.Add(device.Index);
        device.Link.Plan = plan;
        device.Post?.Plan = plan;
        int cutAt = 0;
        if (plan.Has(Fault.PowerCut))
        {
            cutAt = plan.CallAt > 0 ? plan.CallAt : 1 + ((int)(plan.Pick >> 8 & 0xFFFF) % 9);
            device.Volume.CutAt = device.Volume.Calls + cutAt;
            device.Volume.Torn = plan.CallAt > 0 ? plan.Torn : (Torn)(plan.Pick % 3);
        }

        if (plan.Has(Fault.VolumeFails))
        {
            device.Volume.FailAt = device.Volume.Calls + 1 + (int)(plan.Pick >> 24 & 7);
        }

        List<Held>[] held = device.Before; // also where the power goes: mounting looks anew
        RoundResult? result = null;
        try
        {
            result = device.Engine.Round();
            device.Volume.CutAt = 0;
            if (device.Volume.FailAt > 0 && device.Volume.Calls >= device.Volume.FailAt)
            {
                Count(Fault.VolumeFails);
            }

            device.Volume.FailAt = 0;
            Figures.Bytes += result.BytesUp + result.BytesDown;
            Trace.Mix((ulong)result.Outcome + ((ulong)result.Carrier << 8) + ((ulong)result.Store << 24) + ((ulong)result.Message << 40));
            Trace.Line($"    {device.Name} {result.Outcome} carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status} up {result.ObjectsUp} down {result.ObjectsDown} refused {result.RefusedUp}/{result.RefusedDown}");
        }
        catch (PowerCut)
        {
            Count(Fault.PowerCut);
            PowerUp(device, plan.CallAt > 0 ? 0 : (int)(plan.Pick >> 32 & 3));
        }
        finally
        {
            _inRound.Remove(device.Index);
        }

        device.Link.Plan = new FaultPlan();
        device.Post?.Plan = new FaultPlan();
        Compare(device, held);
        device.Asked = result == null || result.Outcome is RoundOutcome.Deferred or RoundOutcome.Failed ? device.Asked : 0;
        device.AnsweredBefore &= device.Post != null && (result == null || result.Outcome is RoundOutcome.Deferred or RoundOutcome.Failed); // by HTTP, of this round alone
        return result ?? device.Engine.Result;
    }

    /// <summary>The power comes back, and may go again at a call of mounting.</summary>
    public void PowerUp(SimDevice device, int cutAt)
    {
        try
        {
            device.PowerUp(cutAt);
        }
        catch (PowerCut)
        {
            Count(Fault.PowerCutMount);
            device.PowerUp();
        }
    }

    /// <summary>Rounds without faults until both are in step and the server has nothing to say.</summary>
    public void Quiet()
    {
        Trace.Line($"quiet");
        bool waits = BeginRoom();
        for (int pass = 0; pass < 12; pass++)
        {
            bool still = true;
            foreach (SimDevice device in Devices)
            {
                Clock.Pass(TimeSpan.FromMinutes(10));
                device.SetClock(true);
                int rounds = 0;
                int replies = 0;
                RoundResult result;
                do
                {
                    result = Round(device, new FaultPlan { Node = rounds & 1 });
                    device.Post?.Work(rounds & 1);
                    if (++rounds > MostRounds || _violations.Count > 0)
                    {
                        Violate($"{device.Name} does not come to rest: {result.Outcome} carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status}, pending {device.Engine.Pending}");
                        return;
                    }

                    replies += result.Outcome == RoundOutcome.Deferred ? 0 : 1;
                    if (waits && result.Outcome != RoundOutcome.InStep && rounds % 4 == 0)
                    {
                        MakeRoom();
                    }

                    while (device.Store.Step())
                    {
                    }
                }
                while (result.Outcome != RoundOutcome.InStep);
                still &= replies == 1 && result.BytesDown == EmptyReply.Size;
            }

            if (still)
            {
                return;
            }
        }

        Violate("the server always has something to say");
    }
}

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>A collection of the simulation.</summary>
public sealed record Plan(string Name, CollectionKind Kind, bool Shared, bool DeviceWins)
{
    public static readonly Plan[] All =
    [
        new("log", CollectionKind.Outbox, false, false),
        new("config", CollectionKind.Inbox, false, false),
        new("notes", CollectionKind.TwoWay, false, false),
        new("prefs", CollectionKind.TwoWay, false, true),
        new("common", CollectionKind.TwoWay, true, false),
        new("scene", CollectionKind.TwoWay, true, true),
    ];
}

/// <summary>An object as the device's store holds it.</summary>
public sealed record Held(uint Serial, ObjectState State, string Key, uint Id, uint Tag, byte[] Data);

/// <summary>A device: the real engine on the real store, on a flash whose power goes.</summary>
public sealed class SimDevice : IObjectHandler, IDeviceHost
{
    private const int SegmentBytes = 4096;

    private readonly World _world;
    private readonly ObjectInfo _info = new();
    private readonly SyncOptions _options;
    private readonly StoreOptions _storeOptions;
    private readonly int _maxObjects;
    private readonly bool _xml;
    private readonly List<Plan> _plans;
    private uint _starts;

    public SimDevice(World world, int index, DeviceIdentity identity, List<Plan> plans, Rng rng)
    {
        _world = world;
        Index = index;
        Identity = identity;
        _plans = plans;
        Link = new SimLink(world, this);
        _options = new SyncOptions
        {
            Window = rng.Pick([1, 2, 3, 5, 20]),
            ReplyBytes = rng.Pick([128, 300, 700, 1024]),
            RequestBytes = rng.Pick([200, 600, 4096]),
            BufferBytes = rng.Pick([64, 256, 512]),
            ObjectBytes = 256,
            MaxObjectBytes = world.DeviceMaxObject,
            Answers = rng.Pick([4, 32]),
            Series = rng.Percent(60),
        };
        _xml = rng.Percent(15);
        _maxObjects = rng.Pick([6, 24, 24]);
        _storeOptions = new StoreOptions { QuotaBytes = 160 * 1024, SegmentBytes = SegmentBytes, BufferBytes = rng.Pick([512, 1024]) };
        Volume = new CutVolume();
        Mount();
    }

    public int Index { get; }

    public string Name => Identity.Name;

    public DeviceIdentity Identity { get; }

    public SimLink Link { get; }

    public int ReplyBytes => _options.ReplyBytes;

    public CutVolume Volume { get; private set; }

    public FlashStore Store { get; private set; } = null!;

    public SyncEngine Engine { get; private set; } = null!;

    public IReadOnlyList<Plan> Plans => _plans;

    public bool Second { get; set; }

    public ObjectClass Class => Second ? Payload.Second : Payload.First;

    /// <summary>Values of others that this device has held, so that it may have known of them.</summary>
    public HashSet<uint> Known { get; } = [];

    /// <summary>The same, also from before its flash was wiped: a database restored may be from then.</summary>
    public HashSet<uint> EverKnown { get; } = [];

    /// <summary>Values that this device wrote, durable for certain.</summary>
    public HashSet<uint> Wrote { get; } = [];

    /// <summary>Readings durable here and not yet accounted for.</summary>
    public HashSet<uint> Readings { get; } = [];

    public HashSet<uint> PerhapsReadings { get; } = [];

    /// <summary>Values that were pending when the flash was wiped.</summary>
    public HashSet<uint> Wiped { get; } = [];

    public Dictionary<(DeviceCommand, uint), int> Executed { get; } = [];

    public int Restarts { get; private set; }

    public bool WipedOnce { get; private set; }

    public bool PowerWent { get; private set; }

    public List<Held>[] Before { get; private set; } = [];

    // ---- Power ----

    public void Mount()
    {
        _starts++;
        _storeOptions.Entropy = _world.Server?.Mutation == Mutation.SameEntropy ? 77 : (uint)new Rng(_world.Seed + ((ulong)Index << 40) + ((ulong)_starts << 44)).Next() | 1;
        Store = new FlashStore(Volume, _storeOptions);
        _options.Writer = _xml ? new XmlWriter(_options.BufferBytes) : null;
        _options.Reader = _xml ? new XmlReader() : null;
        Engine = new SyncEngine(Store, Link, _options) { Host = this };
        foreach (Plan plan in _plans)
        {
            switch (plan.Kind)
            {
                case CollectionKind.Outbox:
                    Engine.AddOutbox(plan.Name, Class, 16 * 1024, dropOldest: false);
                    break;
                case CollectionKind.Inbox:
                    Engine.AddInbox(plan.Name, Class, _maxObjects, this);
                    break;
                default:
                    Engine.AddTwoWay(plan.Name, Class, _maxObjects, this, plan.DeviceWins);
                    break;
            }
        }

        Engine.AddClass(Second ? Payload.First : Payload.Second);
        StoreError error = Engine.Open();
        if (error != StoreError.None)
        {
            throw new SimulationFailed($"{Name} does not mount: {error}");
        }

        Restarts++;
        Before = ScanAll();
    }

    /// <summary>The power went or goes now; what was not closed is lost as the volume says.</summary>
    /// <param name="cutAt">The call of mounting at which it goes again; 0 = it stays.</param>
    public void PowerUp(int cutAt = 0)
    {
        PowerWent = true;
        Volume = new CutVolume(Volume) { CutAt = cutAt, Torn = Volume.Torn };
        if (_world.Server.Mutation == Mutation.CloseLies && _world.Rng.Percent(30) && Volume.Files.Count > 1)
        {
            uint file = Volume.Files.Keys.ElementAt(_world.Rng.Below(Volume.Files.Count));
            Volume.Files[file] = Volume.Files[file][..(Volume.Files[file].Length / 2)];
        }

        if (_world.Server.Mutation == Mutation.NoRecovery)
        {
            Unfinished.Finish(Volume);
        }

        Mount();
        Volume.CutAt = 0;
    }

    public void Wipe()
    {
        WipedOnce = true;
        foreach (Held held in Before.SelectMany(b => b).Where(h => h.State is ObjectState.Pending or ObjectState.Refused))
        {
            Wiped.Add(held.Serial);
        }

        Known.Clear();
        Volume = new CutVolume();
        Mount();
    }

    /// <summary>Everything that is not in flash, and the flash.</summary>
    public sealed record State(CutVolume Volume, HashSet<uint> Known, HashSet<uint> EverKnown, HashSet<uint> Wrote, HashSet<uint> Readings);

    public State Save() => new(new CutVolume(Volume), [.. Known], [.. EverKnown], [.. Wrote], [.. Readings]);

    public void GoBack(State state)
    {
        Volume = new CutVolume(state.Volume);
        (HashSet<uint> Now, HashSet<uint> Then)[] sets = [(Known, state.Known), (EverKnown, state.EverKnown), (Wrote, state.Wrote), (Readings, state.Readings)];
        foreach ((HashSet<uint> now, HashSet<uint> then) in sets)
        {
            now.Clear();
            now.UnionWith(then);
        }

        Executed.Clear();
        Mount();
    }

    // ---- What is in flash ----

    public List<Held>[] ScanAll()
    {
        List<Held>[] all = new List<Held>[_plans.Count];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = Scan(i);
        }

        return all;
    }

    public List<Held> Scan(int collection)
    {
        List<Held> found = [];
        if (_plans[collection].Kind != CollectionKind.Outbox)
        {
            _info.Reset();
            while (Store.Next(collection, _info) == StoreError.None)
            {
                found.Add(Take());
            }
        }

        uint after = 0;
        while (Store.NextPending(collection, after, _info) == StoreError.None)
        {
            after = _plans[collection].Kind == CollectionKind.Outbox ? _info.Id : _info.Version;
            if (_plans[collection].Kind == CollectionKind.Outbox || _info.State == ObjectState.PendingDelete)
            {
                found.Add(Take());
            }
        }

        _info.Reset();
        while (Store.NextRefused(collection, _info) == StoreError.None)
        {
            if (_plans[collection].Kind == CollectionKind.Outbox || _info.IsDelete)
            {
                found.Add(Take());
            }
        }

        return found;
    }

    private Held Take()
    {
        byte[] data = new byte[_info.Done];
        for (int at = 0; at < data.Length;)
        {
            int read = Store.Read(_info, at, data, at, data.Length - at);
            if (read <= 0)
            {
                throw new SimulationFailed($"{Name} cannot read {_info.Id}: {(StoreError)(-read)}");
            }

            at += read;
        }

        return new Held(Payload.Serial(data), _info.State, Encoding.UTF8.GetString(_info.Key, 0, _info.KeyLength), _info.Id, _info.Tag, data);
    }

    // ---- The application ----

    public StoreError Write(int collection, uint serial, Fate fate, int pad, string? name)
    {
        byte[] record = Payload.Make(serial, fate, pad, Class);
        Plan plan = _plans[collection];
        if (plan.Kind == CollectionKind.Outbox)
        {
            return Store.Append(collection, Class.Hash, record, 0, record.Length, out _);
        }

        if (name != null)
        {
            byte[] key = Encoding.UTF8.GetBytes(name);
            return Store.PutNamed(collection, key, 0, key.Length, Class.Hash, record, 0, record.Length);
        }

        return Store.Add(collection, Class.Hash, record, 0, record.Length, out _);
    }

    public StoreError Change(int collection, Held held, uint serial, Fate fate, int pad)
    {
        byte[] record = Payload.Make(serial, fate, pad, Class);
        return Find(collection, held) ? Store.Change(_info, Class.Hash, record, 0, record.Length) : StoreError.NotFound;
    }

    public StoreError Delete(int collection, Held held) => Find(collection, held) ? Store.Delete(_info) : StoreError.NotFound;

    public StoreError Retry(int collection, Held held) => Find(collection, held) ? Store.Retry(_info) : StoreError.NotFound;

    private bool Find(int collection, Held held)
    {
        byte[] key = Encoding.UTF8.GetBytes(held.Key);
        return (key.Length > 0 ? Store.FindKey(collection, key, 0, key.Length, _info) : Store.FindLocal(collection, held.Id, _info)) == StoreError.None;
    }

    private readonly Dictionary<(int Collection, string Key), int> _deletedAt = [];

    /// <summary>Entries that the server's book had when the deletion of an object was first seen here, the last time it was.</summary>
    public int DeletedAt(int collection, string key) => _deletedAt.GetValueOrDefault((collection, key), int.MaxValue);

    /// <summary>Looks at what there is now, for the next comparison.</summary>
    public void Look()
    {
        List<Held>[] before = Before;
        Before = ScanAll();
        for (int i = 0; i < Before.Length; i++)
        {
            foreach (Held held in Before[i])
            {
                if (held.State == ObjectState.PendingDelete && !before[i].Exists(b => b.State == ObjectState.PendingDelete && b.Key == held.Key))
                {
                    _deletedAt[(i, held.Key)] = _world.Server.Book.Mark.Item1;
                }
            }
        }

        for (int i = 0; i < Before.Length; i++)
        {
            foreach (Held held in Before[i])
            {
                if (held.State == ObjectState.Clean)
                {
                    Known.Add(held.Serial);
                    EverKnown.Add(held.Serial);
                }

                if (_world.Trace.Readable)
                {
                    _world.Trace.Line($"      {Name} {_plans[i].Name} {held.Key}{(held.Id != 0 ? "/" + held.Id : "")} #{held.Serial} {held.State}");
                }

                _world.Trace.Mix(held.Serial + ((ulong)held.State << 32) + ((ulong)i << 40));
            }
        }
    }

    string? IObjectHandler.Check(NanoSync.Device.SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
    {
        return Payload.FateOf(record.AsSpan(offset, count)) == Fate.DeviceRefuses ? "not for this device" : null;
    }

    void IObjectHandler.Changed(NanoSync.Device.SyncCollection collection)
    {
    }

    void IDeviceHost.WriteStatus(RecordWriter record)
    {
        record.Fixed(370);
        record.Int(-70);
        record.UInt(50000);
    }

    void IDeviceHost.SetTime(uint unixSeconds, int milliseconds)
    {
        // a late reply to the same bytes is a reply to this request, and cannot be told from it: HTTP's connection does
        if (unixSeconds != Link.Made)
        {
            _world.Violate($"{Name} got the time {unixSeconds}, the reply was made at {Link.Made}");
        }
    }

    int IDeviceHost.Accept(DeviceCommand command, uint value) => value % 5 == 4 ? Status.BadObject : Status.Success;

    void IDeviceHost.Execute(DeviceCommand command, uint value)
    {
        Executed[(command, value)] = Executed.GetValueOrDefault((command, value)) + 1;
    }
}

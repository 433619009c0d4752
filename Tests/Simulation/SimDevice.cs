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
    private const int SecondsHeld = 300;
    private readonly World _world;
    private readonly ObjectInfo _info = new();
    private readonly SyncOptions _options;
    private readonly StoreOptions _storeOptions;
    private readonly int _maxObjects;
    private readonly bool _xml;
    private readonly List<Plan> _plans;
    private readonly bool _dropOldest;
    private uint _starts;

    public SimDevice(World world, int index, DeviceIdentity identity, List<Plan> plans, Rng rng)
    {
        _world = world;
        Index = index;
        Identity = identity;
        _plans = plans;
        Link = new SimLink(world, this);
        Post = world.Simple || world.Boards ? null : rng.Below(10) switch
        {
            0 => new SimMail(world, this, SimServer.Token),
            1 => new SimBroker(world, this, SimServer.Token),
            2 => new SimFiles(world, this, SimServer.Token, world.Server.FolderOf(identity.Name)),
            _ => null,
        };
        _options = new SyncOptions
        {
            Window = rng.Pick([1, 2, 3, 5, 20]),
            ReplyBytes = rng.Percent(30) ? rng.Between(64, 160) : rng.Pick([128, 300, 700, 1024]),
            RequestBytes = rng.Pick([200, 600, 4096]),
            BufferBytes = rng.Pick([67, 256, 512]),
            ObjectBytes = 256,
            MaxObjectBytes = world.DeviceMaxObject,
            Answers = rng.Pick([4, 32]),
            Series = rng.Percent(60),
            ReplyRounds = rng.Between(1, 4),
        };
        _xml = rng.Percent(15);
        _maxObjects = rng.Pick([6, 24, 24]);
        Stamps = !world.Simple && !world.Boards && rng.Percent(40);
        _dropOldest = !world.Simple && rng.Percent(40);
        bool tight = !world.Simple && rng.Percent(40); // the log turns over and over
        int segment = tight ? 1024 : 4096;
        if (tight)
        {
            _options.ReplyBytes = Math.Min(_options.ReplyBytes, 160); // with what is around it, it fits half a segment
        }

        _storeOptions = new StoreOptions
        {
            QuotaBytes = tight ? OutboxBytes + (rng.Between(10, 14) * segment) : 160 * 1024,
            SegmentBytes = segment,
            BufferBytes = tight ? 256 : rng.Pick([512, 1024]),
            StepBytes = rng.Pick([256, 1024]),
            MetaSlots = 48,
        };
        Volume = new CutVolume();
        Mount();
    }

    /// <summary>Another board with the flash, the settings and the token of one that lives on.</summary>
    public SimDevice(SimDevice other, int index)
    {
        _world = other._world;
        Index = index;
        Identity = other.Identity;
        _plans = other._plans;
        Link = new SimLink(_world, this);
        _options = other._options;
        _xml = other._xml;
        _maxObjects = other._maxObjects;
        _dropOldest = other._dropOldest;
        _storeOptions = other._storeOptions;
        _starts = 1000; // its own noise
        Second = other.Second;
        StoreIds.UnionWith(other.StoreIds);
        DroppedBefore.UnionWith(other.DroppedBefore);
        Wiped.UnionWith(other.Wiped);
        RefusedNow.UnionWith(other.RefusedNow); // what is set aside for its store is so for both
        FromBefore.UnionWith(other.FromBefore);
        KeysFromBefore.UnionWith(other.KeysFromBefore);
        Volume = new CutVolume();
        Go(other.TakeImage());
    }

    public int Index { get; }

    public string Name => Identity.Name;

    public DeviceIdentity Identity { get; }

    public SimLink Link { get; }

    /// <summary>The way of one that has no HTTP; null = HTTP.</summary>
    public SimPost? Post { get; }

    /// <summary>Whether its readings begin with the time at which they were taken.</summary>
    public bool Stamps { get; }

    /// <summary>Whether its outbox, when full, drops the oldest.</summary>
    public bool DropsOldest => _dropOldest;

    private int OutboxBytes => _dropOldest ? 4096 : 16 * 1024;

    public int ReplyBytes => _options.ReplyBytes;

    /// <summary>Bytes of a segment of its flash.</summary>
    public int SegmentBytes => _storeOptions.SegmentBytes;

    public CutVolume Volume { get; private set; }

    public FlashStore Store { get; private set; } = null!;

    public SyncEngine Engine { get; private set; } = null!;

    /// <summary>True while a letter waits for its reply.</summary>
    public bool UnderWay => Engine is DeferredEngine { UnderWay: true };

    public IReadOnlyList<Plan> Plans => _plans;

    public bool Second { get; set; }

    public ObjectClass Class => Second ? Payload.Second : Payload.First;

    /// <summary>Values that each life of its flash has held, its own included: what it may have known of when it wrote.</summary>
    public Dictionary<string, HashSet<uint>> Known { get; } = [];

    private HashSet<uint> KnownHere => Known.TryGetValue(Life, out HashSet<uint>? known) ? known : Known[Life] = [];

    private string _life = "";

    /// <summary>Its store, and which life of it: a flash that was put back, or copied, knows nothing of what the other life went on to do.</summary>
    public string Life => Store.FormatId + _life;

    /// <summary>The ids under which its stores have sent what they made: more than one of a store that was told to be one of two.</summary>
    public HashSet<string> StoreIds { get; } = [];

    /// <summary>Values that this device wrote, durable for certain.</summary>
    public HashSet<uint> Wrote { get; } = [];

    /// <summary>Readings durable here and not yet accounted for.</summary>
    public HashSet<uint> Readings { get; } = [];

    /// <summary>Readings kept aside that went because there were too many: dropped, and counted as such.</summary>
    public HashSet<uint> Overflowed { get; } = [];

    /// <summary>
    /// A letter was on its way, or its reply, when an older database came back, or a reply from before comes to a request of the
    /// same bytes: that reply is the device's truth, and the server does not know it. Nobody can tell; until it is taken, what it
    /// acknowledges counts as lost with the database.
    /// </summary>
    public bool AnsweredBefore { get; set; }

    /// <summary>
    /// Values that it held when an older database came back, or that came in a reply from before: what it brings in the pass that
    /// follows, and what the server may have refused in the lost time. Nothing else is judged otherwise after a restore.
    /// </summary>
    public HashSet<uint> FromBefore { get; } = [];

    /// <summary>Objects of which it said, when it was told a change of them, that it has them no more.</summary>
    public HashSet<(string Collection, string Id)> SaidGone { get; } = [];

    /// <summary>The objects that these were values of.</summary>
    public HashSet<(string Collection, string Id)> KeysFromBefore { get; } = [];

    /// <summary>Readings that went because the outbox was full.</summary>
    public HashSet<uint> Dropped { get; } = [];

    /// <summary>The same, of stores that are no more.</summary>
    public HashSet<uint> DroppedBefore { get; } = [];

    /// <summary>Values that were pending when the flash was wiped.</summary>
    public HashSet<uint> Wiped { get; } = [];

    /// <summary>What the request that is being answered deletes, and the values that it adds.</summary>
    public HashSet<(string Collection, string Id)> Deleting { get; } = [];

    public HashSet<uint> Adding { get; } = [];

    /// <summary>Deletions that it was told, and answered that it had something of its own.</summary>
    public HashSet<(string Collection, string Id)> KnowsDeleted { get; } = [];

    /// <summary>Collections in whose last reply there were commands.</summary>
    public HashSet<string> HadCommands { get; } = [];

    /// <summary>Whether the server has answered since then that there is nothing.</summary>
    public bool SeenIdle { get; set; }

    /// <summary>Requests that the server has worked on since a reply arrived.</summary>
    public int Asked { get; set; }

    /// <summary>The most of them in a row.</summary>
    public int MostAsked { get; set; }

    /// <summary>Rounds for which its link stays bad.</summary>
    public int BadRounds { get; set; }

    /// <summary>What it refused since it last started over.</summary>
    public HashSet<(string Collection, string Id)> RefusedNow { get; } = [];

    /// <summary>The value that a life of its flash last wrote to an object.</summary>
    public Dictionary<(string Life, int Collection, string Place), uint> LastWrite { get; } = [];

    // The last id given to an object made here, by store.
    private readonly Dictionary<string, uint> _given = [];

    public Dictionary<(DeviceCommand, uint), int> Executed { get; } = [];

    public int Restarts { get; private set; }

    public bool WipedOnce { get; private set; }

    public bool PowerWent { get; private set; }

    /// <summary>Whether an earlier flash came back: what it carried out since it carries out again.</summary>
    public bool PutBackOnce { get; private set; }

    public List<Held>[] Before { get; private set; } = [];

    /// <summary>
    /// Whether it has this value and will bring it, or bring it back: a reading that waits, or an object, unless a letter is on its
    /// way, whose reply may replace it.
    /// </summary>
    public bool Holds(uint serial)
    {
        return Enumerable.Range(0, Before.Length).Any(i => Before[i].Exists(h => h.Serial == serial
            && (h.State == ObjectState.Pending || (_plans[i].Kind != CollectionKind.Outbox && h.State == ObjectState.Clean && !UnderWay))));
    }

    /// <summary>What it holds is from before an older database came back.</summary>
    public void NoteFromBefore()
    {
        for (int i = 0; i < Before.Length; i++)
        {
            FromBefore.UnionWith(Before[i].Select(h => h.Serial).Where(s => s != 0));
            KeysFromBefore.UnionWith(Before[i].Where(h => h.Key.Length > 0).Select(h => (_plans[i].Name, h.Key)));
        }
    }

    /// <summary>An older database came back, of which the judge's book has so many entries.</summary>
    public void NoteRestore(int entries)
    {
        NoteFromBefore();
        BeginSeen();
        AnsweredBefore = UnderWay;
        foreach ((int, string) deleted in _deletedAt.Where(d => d.Value > entries).Select(d => d.Key).ToList())
        {
            _deletedAt[deleted] = entries; // for this database it was deleted then
        }
    }

    // The server has to see it with its key again, before it may not be told to start over.
    private void BeginSeen()
    {
        SeenIdle = false;
        HadCommands.Clear();
    }

    // ---- Power ----

    public void Mount()
    {
        _starts++;
        _storeOptions.Entropy = _world.Server?.Mutation == Mutation.SameEntropy ? 77 : (uint)new Rng(_world.Seed + ((ulong)Index << 40) + ((ulong)_starts << 44)).Next() | 1;
        Store = new FlashStore(Volume, _storeOptions);
        _options.Writer = _xml ? new XmlWriter(_options.BufferBytes) : null;
        _options.Reader = _xml ? new XmlReader() : null;
        Post?.Restart();
        Engine = Post == null ? new SyncEngine(Store, Link, _options) : new DeferredEngine(Store, Post.Carrier, _options);
        Engine.Host = this;
        Engine.Wait = Index == 1 ? SecondsHeld : 0; // the other one asks without
        foreach (Plan plan in _plans)
        {
            switch (plan.Kind)
            {
                case CollectionKind.Outbox:
                    Engine.AddOutbox(plan.Name, Stamps ? Payload.Stamped : Class, OutboxBytes, _dropOldest);
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
        Engine.AddClass(Class);
        StoreError error = Engine.Open();
        if (error != StoreError.None)
        {
            throw new SimulationFailed($"{Name} does not mount: {error}");
        }

        Restarts++;
        NoteIds();
        BeginRun();
        Before = ScanAll();
    }

    private void NoteIds()
    {
        StoreIds.Add(Store.FormatId);
        StoreIds.Add(Engine.StoreId);
    }

    /// <summary>Whether the server's id of an object is that of one made here under this number.</summary>
    public bool IsOwn(string serverId, uint id) => StoreIds.Any(s => serverId == s + id);

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
        _knownRuns.Clear();
        DroppedBefore.UnionWith(Dropped);
        DroppedBefore.UnionWith(Overflowed);
        Dropped.Clear();
        Overflowed.Clear();
        WipedOnce = true;
        BeginSeen();
        foreach (Held held in Before.SelectMany(b => b).Where(h => h.State is ObjectState.Pending or ObjectState.Refused))
        {
            Wiped.Add(held.Serial);
        }

        Volume = new CutVolume();
        Mount();
    }

    /// <summary>Its flash, and what the judge knows of it.</summary>
    public sealed record Image(CutVolume Volume, HashSet<uint> Readings, HashSet<uint> Dropped, HashSet<uint> Overflowed, HashSet<uint> Known,
        Dictionary<(int, string), uint> LastWrite);

    public Image TakeImage() => new(new CutVolume(Volume), [.. Readings], [.. Dropped], [.. Overflowed], [.. KnownHere],
        LastWrite.Where(w => w.Key.Life == Life).ToDictionary(w => (w.Key.Collection, w.Key.Place), w => w.Value));

    /// <summary>An earlier flash is back: what was taken since, and went nowhere, is gone with the other one.</summary>
    public void PutBack(Image image)
    {
        DroppedBefore.UnionWith(Dropped);
        DroppedBefore.UnionWith(Overflowed);
        Dropped.Clear();
        Overflowed.Clear();
        PutBackOnce = true;
        Go(image);
    }

    private void Go(Image image)
    {
        Volume = new CutVolume(image.Volume);
        Readings.UnionWith(image.Readings);
        Dropped.UnionWith(image.Dropped);
        Overflowed.UnionWith(image.Overflowed);
        _given.Clear(); // it does not know what it gave since
        Mount();
        _life = "+" + _world.NextLife();
        if (_world.Server.Restores > 0)
        {
            NoteFromBefore(); // the image may be older than the restore
        }

        KnownHere.UnionWith(image.Known);
        foreach (((int collection, string place), uint serial) in image.LastWrite)
        {
            LastWrite[(Life, collection, place)] = serial;
        }
    }

    /// <summary>A value of its own is durable.</summary>
    public void NoteWrite(uint serial)
    {
        Wrote.Add(serial);
        KnownHere.Add(serial);
    }

    /// <summary>A bit flips in what is here of a download, while the power is off. False: there is none.</summary>
    public bool RotDownload(Rng rng)
    {
        for (int i = 0; i < _plans.Count; i++)
        {
            if (_plans[i].Kind != CollectionKind.Outbox && Store.FirstPartial(i, _info) == StoreError.None && _info.Done > 0)
            {
                int done = _info.Done;
                List<byte[]> files = [.. Volume.Files.Where(f => StoreFile.Kind(f.Key) == StoreFile.Large && f.Value.Length == done).Select(f => f.Value)];
                if (files.Count == 1) // another of that length may be a whole object
                {
                    files[0][rng.Below(done)] ^= (byte)(1 << rng.Below(8));
                    PowerUp();
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Everything that is not in flash, and the flash.</summary>
    public sealed record State(CutVolume Volume, HashSet<uint>[] Values, HashSet<(string, string)>[] Objects, HashSet<string> HadCommands, bool SeenIdle);

    // What the judge keeps of the device, and must forget with what it comes from.
    private HashSet<uint>[] Values => [KnownHere, Wrote, Readings, Adding];

    private HashSet<(string, string)>[] Objects => [RefusedNow, KnowsDeleted, Deleting];

    public State Save() => new(new CutVolume(Volume), [.. Values.Select(v => v.ToHashSet())], [.. Objects.Select(o => o.ToHashSet())], [.. HadCommands], SeenIdle);

    public void GoBack(State state)
    {
        Volume = new CutVolume(state.Volume);
        PutBack(Values, state.Values);
        PutBack(Objects, state.Objects);
        PutBack([HadCommands], [state.HadCommands]);
        SeenIdle = state.SeenIdle;

        Executed.Clear();
        _given.Clear();
        Mount();
    }

    private static void PutBack<T>(HashSet<T>[] now, HashSet<T>[] then)
    {
        for (int i = 0; i < now.Length; i++)
        {
            now[i].Clear();
            now[i].UnionWith(then[i]);
        }
    }

    // ---- Times [SPEC 7.1] ----

    private int _run;
    private uint _runStart;
    private bool _waits; // readings carry seconds since the start, and wait for it
    private bool _timeless; // it was not to be had
    private uint _firstOfRun;
    private readonly List<int> _knownRuns = []; // whose start was made known while readings waited, oldest first
    private readonly HashSet<int> _unsureRuns = []; // whose start may be known

    /// <summary>When each reading was taken, and in which run.</summary>
    public Dictionary<uint, (uint At, int Run)> Taken { get; } = [];

    private uint Now => (uint)_world.Clock.GetUtcNow().ToUnixTimeSeconds();

    private int Log => _plans.FindIndex(p => p.Kind == CollectionKind.Outbox);

    private void BeginRun()
    {
        _waits = _timeless = false;
        if (Stamps && Log >= 0)
        {
            _run++;
            _runStart = Now;
            _waits = true;
            _firstOfRun = Store.NextId(Log);
            Engine.DeclareUptimes(Engine.Collection(Log));
            if (new Rng(_world.Seed + _starts).Percent(40))
            {
                SetClock(true);
            }
        }
    }

    /// <summary>The time becomes known, or it is given up.</summary>
    public void SetClock(bool known)
    {
        if (!_waits)
        {
            return;
        }

        bool any = Store.NextId(Log) > _firstOfRun;
        _waits = false;
        _timeless = !known;
        if (known && any)
        {
            _unsureRuns.Add(_run);
        }

        if (Engine.SetBootTime(Engine.Collection(Log), known ? _runStart : 0) == StoreError.None && known && any)
        {
            _unsureRuns.Remove(_run);
            _knownRuns.Add(_run);
        }
    }

    // What the application writes as the time: 0 = none.
    private uint Stamp() => _timeless ? 0 : _waits ? Math.Max(1, Now - _runStart) : Now;

    /// <summary>Whether a reading on the server may have no time: nobody knew it, or it was too long ago.</summary>
    public bool MayLackTime(uint serial)
    {
        const int Kept = 4; // runs whose starts the engine keeps
        int run = Taken[serial].Run;
        int at = _knownRuns.IndexOf(run);
        return at < 0 || _knownRuns.Count - at + _unsureRuns.Count > Kept;
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
        Plan plan = _plans[collection];
        if (plan.Kind == CollectionKind.Outbox)
        {
            pad = Stamps ? Math.Min(pad, 200) : pad; // corrected in memory: they fit ObjectBytes
            ObjectClass type = Stamps ? Payload.Stamped : Class;
            Taken[serial] = (_timeless ? 0 : Math.Max(Now, _waits ? _runStart + 1 : 0), _run);
            byte[] reading = Stamps ? Payload.Stamp(Stamp(), serial, fate, pad) : Payload.Make(serial, fate, pad, Class);
            return Store.Append(collection, type.Hash, reading, 0, reading.Length, out _);
        }

        byte[] record = Payload.Make(serial, fate, pad, Class);

        if (name != null)
        {
            byte[] key = Encoding.UTF8.GetBytes(name);
            return Store.PutNamed(collection, key, 0, key.Length, Class.Hash, record, 0, record.Length);
        }

        StoreError error = Store.Add(collection, Class.Hash, record, 0, record.Length, out uint id);
        if (error == StoreError.None && id <= _given.GetValueOrDefault(Store.FormatId))
        {
            _world.Violate($"{Name} gave id {id} after {_given[Store.FormatId]}: ids rise, also over restarts");
        }

        _given[Store.FormatId] = error == StoreError.None ? id : _given.GetValueOrDefault(Store.FormatId);

        return error;
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
        NoteIds();
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
                    KnownHere.Add(held.Serial);
                }

                if (_world.Trace.Readable)
                {
                    _world.Trace.Line($"      {Name} {_plans[i].Name} {held.Key}{(held.Id != 0 ? "/" + held.Id : "")} #{held.Serial} {held.State} {held.Tag.ToString("x8", System.Globalization.CultureInfo.InvariantCulture)}");
                }

                _world.Trace.Mix(held.Serial + ((ulong)held.State << 32) + ((ulong)i << 40));
            }
        }
    }

    string? IObjectHandler.Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
    {
        return Payload.FateOf(record.AsSpan(offset, count)) == Fate.DeviceRefuses ? "not for this device" : null;
    }

    string? IObjectHandler.CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
    {
        return null;
    }

    void IObjectHandler.Changed(SyncCollection collection)
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

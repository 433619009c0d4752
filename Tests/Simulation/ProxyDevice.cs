using System.Text;
using NanoSync.Device;
using NanoSync.Storage;
using NanoSync.StorageTests;

namespace NanoSync.Simulation;

/// <summary>A device behind a proxy: the real engine on the real store, on a flash whose power goes.</summary>
public sealed class ProxyDevice : IObjectHandler
{
    private readonly ProxyWorld _world;
    private readonly ObjectInfo _info = new();
    private readonly IReadOnlyList<Plan> _plans;
    private readonly SyncOptions _options;
    private uint _starts;

    public ProxyDevice(ProxyWorld world, string name, IReadOnlyList<Plan> plans)
    {
        _world = world;
        _plans = plans;
        Name = name;
        Link = new FaultyLink(world, name, request => world.Site.Answer(name, request));
        _options = new SyncOptions
        {
            Window = world.Rng.Pick([2, 5, 20]),
            ReplyBytes = world.Rng.Pick([300, 1024]),
            RequestBytes = world.Rng.Pick([600, 4096]),
            BufferBytes = 512,
            ObjectBytes = 256,
            MaxObjectBytes = 8000,
            Answers = 16,
        };
        Mount();
    }

    public string Name { get; }

    public FaultyLink Link { get; }

    public CutVolume Volume { get; private set; } = new();

    public FlashStore Store { get; private set; } = null!;

    public SyncEngine Engine { get; private set; } = null!;

    public IReadOnlyList<Plan> Plans => _plans;

    /// <summary>What was in flash when it was last looked at, for each collection.</summary>
    public List<Held>[] Before { get; private set; } = [];

    public void PowerUp()
    {
        Volume = new CutVolume(Volume);
        Mount();
    }

    public List<Held>[] Look() => Before = [.. _plans.Select((_, i) => Scan(i))];

    public List<Held> Scan(int collection)
    {
        List<Held> found = [];
        bool outbox = _plans[collection].Kind == CollectionKind.Outbox;
        if (!outbox)
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
            after = outbox ? _info.Id : _info.Version;
            if (outbox || _info.State == ObjectState.PendingDelete)
            {
                found.Add(Take());
            }
        }

        _info.Reset();
        while (Store.NextRefused(collection, _info) == StoreError.None)
        {
            if (outbox || _info.IsDelete)
            {
                found.Add(Take());
            }
        }

        return found;
    }

    public StoreError Write(int collection, byte[] record, string? name)
    {
        uint tag = Payload.First.Hash;
        if (_plans[collection].Kind == CollectionKind.Outbox)
        {
            return Store.Append(collection, tag, record, 0, record.Length, out _);
        }

        if (name == null)
        {
            return Store.Add(collection, tag, record, 0, record.Length, out _);
        }

        byte[] key = Encoding.UTF8.GetBytes(name);
        return Store.PutNamed(collection, key, 0, key.Length, tag, record, 0, record.Length);
    }

    public StoreError Change(int collection, Held held, byte[] record) =>
        Find(collection, held) ? Store.Change(_info, Payload.First.Hash, record, 0, record.Length) : StoreError.NotFound;

    public StoreError Delete(int collection, Held held) => Find(collection, held) ? Store.Delete(_info) : StoreError.NotFound;

    public StoreError Retry(int collection, Held held) => Find(collection, held) ? Store.Retry(_info) : StoreError.NotFound;

    string? IObjectHandler.Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count) =>
        Payload.FateOf(record.AsSpan(offset, count)) == Fate.DeviceRefuses ? "not for this device" : null;

    string? IObjectHandler.CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
    {
        return null;
    }

    void IObjectHandler.Changed(SyncCollection collection)
    {
    }

    private void Mount()
    {
        Store = new FlashStore(Volume, new StoreOptions
        {
            QuotaBytes = 160 * 1024,
            SegmentBytes = 4096,
            BufferBytes = 1024,
            Entropy = (uint)((_world.Seed * 1000003) + ((ulong)Name[0] * 7919) + ++_starts) | 1,
        });
        Engine = new SyncEngine(Store, Link, _options);
        foreach (Plan plan in _plans)
        {
            _ = plan.Kind switch
            {
                CollectionKind.Outbox => Engine.AddOutbox(plan.Name, Payload.First, 24 * 1024, dropOldest: false),
                CollectionKind.Inbox => Engine.AddInbox(plan.Name, Payload.First, 40, this),
                _ => Engine.AddTwoWay(plan.Name, Payload.First, 40, this, plan.DeviceWins),
            };
        }

        StoreError error = Engine.Open();
        if (error != StoreError.None)
        {
            throw new SimulationFailed($"{Name} does not mount: {error}");
        }

        Look();
    }

    private Held Take()
    {
        byte[] data = new byte[_info.Done];
        if (data.Length > 0 && Store.Read(_info, 0, data, 0, data.Length) is int read && read != data.Length)
        {
            throw new SimulationFailed($"{Name} cannot read {_info.Id}: {read}");
        }

        return new Held(Payload.Serial(data), _info.State, Encoding.UTF8.GetString(_info.Key, 0, _info.KeyLength), _info.Id, _info.Tag, data);
    }

    private bool Find(int collection, Held held)
    {
        byte[] key = Encoding.UTF8.GetBytes(held.Key);
        return (key.Length > 0 ? Store.FindKey(collection, key, 0, key.Length, _info) : Store.FindLocal(collection, held.Id, _info)) == StoreError.None;
    }
}

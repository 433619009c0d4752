// A real device: the engine over a real store in memory, one collection of each kind, and a server core beside it.

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

/// <summary>A device with a two-way collection, two inboxes and an outbox, and its server.</summary>
internal sealed class Field : IDisposable
{
    public const string Definition = "setting(n:u)";

    private readonly MemoryVolume _volume = new(256 * 1024, 64);
    private readonly bool _deviceWins;
    private readonly bool _series;
    private IDiary? _diary;
    private IObjectHandler? _handler;
    private IDeviceHost? _host;

    public Field(bool deviceWins = false, SyncLimits? limits = null, bool series = false, string granted = "config,news,maps,log,plans")
    {
        Bench = new Bench(limits == null ? null : new Server.ServerOptions { Limits = limits });
        _deviceWins = deviceWins;
        _series = series;
        Core.Devices.Add("d1", granted);
        Carrier = Way();
        Restart();
    }

    public Bench Bench { get; }

    public Server.ServerCore Core => Bench.Core;

    public CoreCarrier Carrier { get; private set; }

    public List<SyncMessage> Requests { get; } = [];

    /// <summary>The replies that were not empty.</summary>
    public List<SyncMessage> Replies { get; } = [];

    public ObjectClass Setting { get; } = new ObjectClass("setting").UInt("n");

    public ObjectClass Map { get; } = new("map");

    public FlashStore Store { get; private set; } = null!;

    public SyncEngine Engine { get; private set; } = null!;

    public SyncCollection Config { get; private set; } = null!;

    public SyncCollection Log { get; private set; } = null!;

    public SyncCollection Maps { get; private set; } = null!;

    public SyncCollection Plans { get; private set; } = null!;

    /// <summary>Times the device started.</summary>
    public int Starts { get; private set; }

    public SyncCollection News { get; private set; } = null!;

    public IDiary? Diary
    {
        set => Engine.Diary = _diary = value;
    }

    /// <summary>What looks at configuration that comes; set, the device starts anew, as with another firmware.</summary>
    public IObjectHandler? Handler
    {
        set
        {
            _handler = value;
            Restart();
        }
    }

    /// <summary>What the device tells, and does when told to; set, the device starts anew.</summary>
    public IDeviceHost? Host
    {
        get => _host;
        set
        {
            _host = value;
            Restart();
        }
    }

    public bool SentDiary => Requests[^1].Options.Exists(o => o.Class == "diary");

    public void Restart()
    {
        Starts++;
        Store = new FlashStore(_volume, new StoreOptions());
        Engine = new SyncEngine(Store, Carrier, new SyncOptions { Series = _series }) { Diary = _diary };
        if (_host != null)
        {
            Engine.Host = _host;
        }

        Config = Engine.AddTwoWay("config", Setting, 64, _handler, _deviceWins);
        News = Engine.AddInbox("news", Setting, 64, null);
        Maps = Engine.AddInbox("maps", Map, 8, null);
        Plans = Engine.AddTwoWay("plans", Map, 8, null, false);
        Log = Engine.AddOutbox("log", Setting, 32 * 1024, false);
        Assert.AreEqual(StoreError.None, Engine.Open());
    }

    /// <summary>The database of <see cref="ServerTests.Bench.BackUp"/> is put back; the device stays as it is.</summary>
    public void Restore()
    {
        Bench.Restore();
        Carrier = Way();
        Restart();
    }

    private CoreCarrier Way() => new(Core, "d1") { Requests = Requests, Replies = Replies };

    public void Put(string id, uint n, string collection = "config")
    {
        Core.Objects.Put("d1", collection, id, ObjectJson.Parse(Encoding.UTF8.GetBytes($"{{\"n\":{n}}}"), Definition));
    }

    public void Command(string name, params KeyValuePair<string, string>[] arguments) => Core.Devices.Command("d1", name, arguments);

    /// <summary>A new object of the device's, without a name; the number of its ClientId.</summary>
    public uint Add(uint n)
    {
        byte[] record = Record(n);
        Assert.AreEqual(StoreError.None, Store.Add(Config.Number, Setting.Hash, record, 0, record.Length, out uint id));
        return id;
    }

    /// <summary>Changes an object of the device's that has no name yet.</summary>
    public void ChangeAdded(uint id, uint n)
    {
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, Store.FindLocal(Config.Number, id, info));
        byte[] record = Record(n);
        Assert.AreEqual(StoreError.None, Store.Change(info, Setting.Hash, record, 0, record.Length));
    }

    public void Append(uint n)
    {
        byte[] record = Record(n);
        Assert.AreEqual(StoreError.None, Store.Append(Log.Number, Setting.Hash, record, 0, record.Length, out _));
    }

    /// <summary>A new plan, from slices; the number of its ClientId.</summary>
    public uint AddPlan(byte[] bytes)
    {
        Assert.AreEqual(StoreError.None, Store.BeginLarge(Plans.Number, Map.Hash, null));
        Assert.AreEqual(StoreError.None, Store.WriteLarge(bytes, 0, bytes.Length));
        Assert.AreEqual(StoreError.None, Store.EndLarge(out uint id));
        return id;
    }

    /// <summary>Changes or makes a named object here.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="n">Its value.</param>
    /// <param name="least">Bytes it has at least.</param>
    public void Change(string id, uint n, int least = 0)
    {
        byte[] record = Record(n);
        Array.Resize(ref record, Math.Max(least, record.Length));
        Assert.AreEqual(StoreError.None, Store.PutNamed(Config.Number, Encoding.UTF8.GetBytes(id), 0, id.Length, Setting.Hash, record, 0, record.Length));
    }

    public void Delete(string id)
    {
        Assert.AreEqual(StoreError.None, Store.Delete(Find(id)));
    }

    /// <summary>The device's configuration of that id.</summary>
    public ObjectInfo Find(string id)
    {
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, Store.FindKey(Config.Number, Encoding.UTF8.GetBytes(id), 0, id.Length, info));
        return info;
    }

    /// <summary>Bytes of the map that are in flash.</summary>
    public int HeldOfMap()
    {
        ObjectInfo info = new();
        return Store.FindPartial(Maps.Number, "map"u8.ToArray(), 0, 3, info) == StoreError.None ? info.Done : HeldMap()?.Length ?? 0;
    }

    /// <summary>The device's copy of a map; null while it is not whole.</summary>
    public byte[]? HeldMap(string id = "map") => Whole(Maps, id);

    /// <summary>The device's copy of a plan; null while it is not whole.</summary>
    public byte[]? HeldPlan(string id) => Whole(Plans, id);

    private byte[]? Whole(SyncCollection collection, string id)
    {
        ObjectInfo info = new();
        if (Store.FindKey(collection.Number, Encoding.UTF8.GetBytes(id), 0, id.Length, info) != StoreError.None)
        {
            return null;
        }

        byte[] bytes = new byte[info.Length];
        Assert.AreEqual(bytes.Length, Store.Read(info, 0, bytes, 0, bytes.Length));
        return bytes;
    }

    /// <summary>As if it had come from a server that lost it since.</summary>
    public void PutHere(string collection, string id, uint n)
    {
        byte[] record = Record(n);
        int number = (collection == "news" ? News : Config).Number;
        Assert.AreEqual(StoreError.None, Store.PutServer(number, Encoding.UTF8.GetBytes(id), 0, id.Length, Setting.Hash, record, 0, record.Length));
    }

    public string Held(string collection = "config")
    {
        SortedDictionary<string, ulong> held = new(StringComparer.Ordinal);
        ObjectInfo info = new();
        byte[] record = new byte[16];
        while (Store.Next((collection == "news" ? News : Config).Number, info) == StoreError.None)
        {
            RecordReader reader = new();
            reader.Begin(Setting, record, 0, Store.Read(info, 0, record, 0, info.Length));
            Assert.IsTrue(reader.Next());
            held[Encoding.UTF8.GetString(info.Key, 0, info.KeyLength)] = (ulong)reader.Value;
        }

        return string.Join(' ', held.Select(h => $"{h.Key}={h.Value}"));
    }

    public CollectionElement Asked(string collection) => Requests[^1].Collections.Single(c => c.Id == collection);

    /// <summary>The `last` of the last request.</summary>
    public uint? Last()
    {
        Structure? told = Requests[^1].Options.Find(o => o.Class == BuiltIn.Last.Name);
        return told == null ? null : uint.Parse(RecordText.Unpack(BuiltIn.Last, told.Data!.Value).Single().Text, System.Globalization.CultureInfo.InvariantCulture);
    }

    public RoundResult Round() => Engine.Round();

    public void Sync()
    {
        for (int i = 0; i < 20; i++)
        {
            RoundResult result = Engine.Round();
            if (result.Outcome == RoundOutcome.InStep)
            {
                return;
            }

            Assert.AreEqual(RoundOutcome.More, result.Outcome, $"carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status}");
        }

        Assert.Fail("not in step");
    }

    public void Dispose() => Bench.Dispose();

    private byte[] Record(uint n)
    {
        RecordWriter writer = new(16);
        writer.Begin(Setting);
        writer.UInt(n);
        return writer.Buffer[..writer.Length];
    }
}

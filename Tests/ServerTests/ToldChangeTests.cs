// What a firmware changes of what its device told, with the key kept: the server has to learn it. And a pass that a Fetch falls into.

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ToldChangeTests
{
    private const string Definition = "setting(n:u)";

    private readonly Bench _bench = new();
    private readonly MemoryVolume _volume = new(256 * 1024, 64);
    private readonly ObjectClass _setting = new ObjectClass("setting").UInt("n");
    private readonly ObjectClass _reading = new ObjectClass("reading").UInt("n");
    private readonly ObjectClass _other = new ObjectClass("other").Int("n");
    private FlashStore _store = null!;
    private SyncEngine _engine = null!;
    private SyncCollection? _config;
    private SyncCollection _log = null!;

    public ToldChangeTests() => _bench.Core.Devices.Add("d1", "config,log");

    [TestCleanup]
    public void End() => _bench.Dispose();

    [TestMethod]
    public void A_firmware_that_no_longer_wins_conflicts_says_so()
    {
        Start(new SyncOptions(), deviceWins: true);
        Sync();
        Start(new SyncOptions(), deviceWins: false);
        Sync();
        Assert.AreNotEqual(0, Row("config").Told.Conflict);
        Put("a", 1);
        Sync();
        Put("a", 2);
        byte[] mine = Record(_setting, 9);
        Assert.AreEqual(StoreError.None, _store.PutNamed(_config!.Number, "a"u8.ToArray(), 0, 1, _setting.Hash, mine, 0, mine.Length));
        Sync();
        Assert.AreEqual("02", _bench.Held("d1")[^2..], "the server wins");
    }

    [TestMethod]
    public void A_firmware_without_the_collection_that_told_the_limit_tells_it_with_its_outbox()
    {
        SyncOptions options = new() { ReplyBytes = 300 };
        Start(options);
        Sync();
        Start(options, config: false);
        Append(_reading, 1);
        Sync();
        Assert.AreEqual(300, Row("log").Told.Limit);
    }

    [TestMethod]
    public void A_limit_that_an_outbox_told_when_it_was_alone_is_none_beside_others()
    {
        Start(new SyncOptions { ReplyBytes = 1024 }, config: false);
        Sync();
        Start(new SyncOptions { ReplyBytes = 100 });
        Append(_reading, 1);
        Sync();
        Assert.AreEqual(100, Math.Max(Row("log").Told.Limit ?? 0, Row("config").Told.Limit ?? 0), "the largest of a request bounds its reply");
    }

    [TestMethod]
    [DataRow(20, 1024, 19, 1055)]
    [DataRow(128, 4096, 256, 128)]
    public void Another_window_with_another_limit_is_told(int window, int limit, int windowAfter, int limitAfter)
    {
        Start(new SyncOptions { Window = window, ReplyBytes = limit });
        Sync();
        Start(new SyncOptions { Window = windowAfter, ReplyBytes = limitAfter });
        Sync();
        Assert.AreEqual((windowAfter, limitAfter), (Row("config").Told.Window, Row("config").Told.Limit));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_series_is_taken_apart_by_the_class_that_counts_with_the_key_held(bool same)
    {
        ObjectClass a = new ObjectClass("first").UInt("n").UInt("m"), b = same ? new ObjectClass("second").UInt("n").Int("m") : new ObjectClass("second").Fixed("n", 2).UInt("m").Text("t");
        MemoryVolume volume = new(64 * 1024, 64);
        CoreCarrier carrier = new(_bench.Core, "d1");
        List<string> appended = [];
        FlashStore store = null!;
        SyncEngine engine = null!;
        SyncCollection log = null!;
        Open(a, b);
        Append(a, 4, 100);
        Append(b, 2, 100); // so that its definition is known
        Sync();

        // a firmware of the second class; the reply is lost
        Open(b, a);
        carrier.LosesReplies = true;
        Assert.AreEqual(CarrierError.Timeout, engine.Round().Carrier);
        carrier.LosesReplies = false;

        // back to the first one
        Open(a, null);
        Append(a, 6, 1000);
        Sync();
        CollectionAssert.AreEquivalent(appended, _bench.Core.Objects.List("d1", "log", 0, 100).Select(o => o.Row.Class!.Split('#')[0] + " " + Convert.ToHexString(o.Row.Data!)).ToList());

        void Open(ObjectClass type, ObjectClass? second)
        {
            store = new FlashStore(volume, new StoreOptions());
            engine = new SyncEngine(store, carrier, new SyncOptions());
            log = engine.AddOutbox("log", type, 16 * 1024, false);
            if (second != null)
            {
                engine.AddClass(second);
            }

            Assert.AreEqual(StoreError.None, engine.Open());
        }

        void Append(ObjectClass type, int count, uint from)
        {
            for (uint i = 0; i < count; i++)
            {
                RecordWriter writer = new(32);
                writer.Begin(type);
                if (type == a || same)
                {
                    writer.UInt(from + i);
                }
                else
                {
                    writer.Fixed(from + i);
                }

                if (type == b && same)
                {
                    writer.Int(from + (3 * i * i));
                }
                else
                {
                    writer.UInt(from + (3 * i * i));
                }

                if (type == b && !same)
                {
                    writer.Text("t");
                }

                Assert.AreEqual(StoreError.None, store.Append(log.Number, type.Hash, writer.Buffer, 0, writer.Length, out _));
                appended.Add((type == a ? "first " : "second ") + Convert.ToHexString(writer.Buffer.AsSpan(0, writer.Length)));
            }
        }

        void Sync()
        {
            int rounds = 0;
            while (engine.Round().Outcome != RoundOutcome.InStep)
            {
                Assert.IsLessThan(30, rounds++);
            }
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_Fetch_within_a_pass_does_not_end_it(bool deferred)
    {
        for (int i = 0; i < 12; i++)
        {
            Put("o" + (char)('a' + i), (uint)i);
        }

        Start(new SyncOptions { Window = 4, ReplyRounds = 2 }, inbox: true, deferred: deferred);
        Sync();
        Assert.AreEqual(12, _store.Count(_config!.Number));
        _bench.Core.Devices.Command("d1", "start-over", [new("collection", "config")]);
        int before = -1;
        for (int i = 0; i < 40 && before != 2; i++)
        {
            _engine.Round();
            Assert.AreEqual(12, _store.Count(_config.Number), "round " + i);
            before = _config.StartsOver ? 0 : before == 0 ? 1 : before == 1 && !((_engine as DeferredEngine)?.UnderWay ?? false) ? 2 : before;
        }

        Assert.IsTrue(_engine.Fetch(_config, "oa"u8.ToArray()));
        for (int i = 0; i < 20 && _engine.FetchStatus == 0; i++)
        {
            _engine.Round();
            Assert.AreEqual(12, _store.Count(_config.Number), "round of the Fetch " + i);
        }

        Sync();
        Assert.AreEqual(12, _store.Count(_config.Number));
    }

    private void Start(SyncOptions options, bool config = true, bool deviceWins = false, ObjectClass? type = null, bool inbox = false, bool deferred = false)
    {
        _store = new FlashStore(_volume, new StoreOptions());
        _engine = deferred ? new DeferredEngine(_store, new Later(_bench.Core), options) : new SyncEngine(_store, new CoreCarrier(_bench.Core, "d1"), options);
        _config = !config ? null : inbox ? _engine.AddInbox("config", _setting, 64, null) : _engine.AddTwoWay("config", _setting, 64, null, deviceWins);
        _log = _engine.AddOutbox("log", type ?? _reading, 16 * 1024, false);
        Assert.AreEqual(StoreError.None, _engine.Open());
    }

    private void Sync()
    {
        int rounds = 0;
        while (_engine.Round().Outcome != RoundOutcome.InStep)
        {
            Assert.IsLessThan(60, rounds++);
        }
    }

    private void Put(string id, uint n) => _bench.Core.Objects.Put("d1", "config", id, ObjectJson.Parse(Encoding.UTF8.GetBytes($"{{\"n\":{n}}}"), Definition));

    private void Append(ObjectClass type, uint n)
    {
        byte[] record = Record(type, n);
        Assert.AreEqual(StoreError.None, _store.Append(_log.Number, type.Hash, record, 0, record.Length, out _));
    }

    private byte[] Record(ObjectClass type, uint n)
    {
        RecordWriter writer = new(16);
        writer.Begin(type);
        if (type == _other)
        {
            writer.Int(n);
        }
        else
        {
            writer.UInt(n);
        }

        return writer.Buffer[..writer.Length];
    }

    private KeyRow Row(string collection)
    {
        using IStoreTransaction store = _bench.Core.Store.BeginRead();
        return store.ListKeyRows(_bench.Core.Devices.Get("d1").Id, collection).Single();
    }

    // The reply comes with the round after.
    private sealed class Later(ServerCore core) : MemoryCarrier, IDeferredCarrier
    {
        private readonly Dictionary<uint, byte[]> _box = [];
        private uint _number;

        public uint ResumeFrom => 0;

        public override CarrierError Receive()
        {
            _box[_number] = core.Sync.Handle(new DeviceIdentity(core.Devices.Get("d1").Id, "d1"), Request, MessageFormat.Wbxml).Body;
            return CarrierError.Deferred;
        }

        public void Number(string store, uint number) => _number = number;

        public CarrierError Fetch(string store, uint number)
        {
            Reply = _box.GetValueOrDefault(number, []);
            return _box.ContainsKey(number) ? CarrierError.None : CarrierError.Deferred;
        }

        public void Done(bool drop)
        {
        }
    }
}

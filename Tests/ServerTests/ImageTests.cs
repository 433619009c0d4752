// A board that is put back from an image, with the real engine and store: what it gives ids to anew that its later life had
// used is neither taken for a repetition nor written over what that life wrote. [SPEC 5.4, 5.6]

using System.Globalization;
using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ImageTests
{
    [TestMethod]
    [DataRow("log=30d")]
    [DataRow("log=3")]
    public async Task Its_new_readings_arrive_also_where_retention_removed_those_that_had_their_ids(string rule)
    {
        using Bench bench = new(new ServerOptions { Retention = RetentionRule.Parse(rule) });
        bench.Core.Devices.Add("d1", "log,config");
        MemoryVolume flash = NewFlash();
        using Station board = new(bench, flash, window: 500);
        board.Append(1);
        board.Sync();
        MemoryVolume image = Copy(flash);
        for (uint i = 2; i <= 20; i++)
        {
            board.Append(i);
            board.Sync();
        }

        bench.Clock.Now += TimeSpan.FromDays(40);
        await bench.Core.Retention.Pass(TimeSpan.Zero, default);
        string[] kept = [.. bench.Objects("d1", "log").Select(o => o.Row.Id)];
        Assert.HasCount(rule == "log=3" ? 3 : 0, kept);

        using Station back = new(bench, image, window: 500);
        for (uint i = 102; i <= 110; i++)
        {
            back.Append(i);
        }

        Assert.AreEqual(RoundOutcome.InStep, back.Sync());
        Assert.AreEqual(0, back.Pending);
        CollectionAssert.AreEquivalent((string[])[.. Enumerable.Range(102, 9).Select(i => ((byte)i).ToString("X2", CultureInfo.InvariantCulture))],
            bench.Objects("d1", "log").Where(o => !kept.Contains(o.Row.Id)).Select(o => Convert.ToHexString(o.Row.Data!)[2..]).ToArray());
    }

    [TestMethod]
    public void What_finds_no_room_before_a_fork_of_its_message_stays_on_the_board()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxReadings = 30 } });
        bench.Core.Devices.Add("d1", "log,config");
        MemoryVolume flash = NewFlash();
        using Station board = new(bench, flash, window: 500, outboxBytes: 8192, dropOldest: true);
        board.Append(1);
        board.Sync();
        MemoryVolume image = Copy(flash);
        for (uint i = 2; i <= 500; i++)
        {
            board.Append(i); // without a server: the oldest are dropped
        }

        board.Sync();
        Assert.HasCount(30, bench.Objects("d1", "log"), "the server is full");
        int oldest = bench.Objects("d1", "log").Select(o => int.Parse(o.Row.Id[4..], CultureInfo.InvariantCulture)).Where(n => n > 1).Min();

        // the image gives ids to new readings: first those of readings that were dropped, then those that the server has
        using Station back = new(bench, image, window: 500, outboxBytes: 8192, dropOldest: true);
        for (int i = 2; i <= oldest + 5; i++)
        {
            back.Append((uint)(1000 + i));
        }

        int before = back.Pending;
        Assert.AreEqual(oldest + 4, before);
        back.Sync();
        Assert.AreEqual(before, back.Pending, "nothing was taken, so nothing is acknowledged");
    }

    [TestMethod]
    public void An_object_that_it_adds_again_leaves_the_value_of_its_later_life_as_a_loser_also_where_that_came_down_first()
    {
        using Bench bench = new();
        bench.Core.Devices.Add("d1", "log,config");
        MemoryVolume flash = NewFlash();
        using Station board = new(bench, flash, window: 3);
        board.Sync();
        uint added = board.Add(1);
        MemoryVolume image = Copy(flash); // with the Add waiting
        board.Sync();
        string id = bench.Objects("d1").Single().Row.Id;
        board.Put(id, 9);
        board.Sync();
        board.Put("z", 8);
        board.Sync();
        Assert.AreEqual(string.CompareOrdinal(id, "z") < 0 ? $"{id}=0109 z=0108" : $"z=0108 {id}=0109", bench.Held("d1"));

        // more waits than a message holds, so the object comes down before the changed Add goes up
        using Station back = new(bench, image, window: 3);
        for (uint i = 0; i < 6; i++)
        {
            back.Put("n" + i, i);
        }

        back.ChangeAdded(added, 5);
        Assert.AreEqual(RoundOutcome.InStep, back.Sync());
        Assert.Contains($"{id}=0105", bench.Held("d1"));
        Assert.AreEqual($"{id}=0109", string.Join(' ', bench.Core.Objects.Losers("d1", "config").Select(l => l.Row.ServerId + "=" + Convert.ToHexString(l.Row.Data!))));
    }

    private static MemoryVolume NewFlash() => new(256 * 1024, 64);

    private static MemoryVolume Copy(MemoryVolume from)
    {
        MemoryVolume to = NewFlash();
        foreach (uint file in from.List())
        {
            byte[] bytes = new byte[from.Length(file)];
            from.Read(file, 0, bytes, 0, bytes.Length);
            to.OpenAppend(0, file);
            to.Append(0, bytes, 0, bytes.Length);
            to.Close(0);
        }

        return to;
    }

    // A device with an outbox and a two-way collection, whose own value wins.
    private sealed class Station : IDisposable
    {
        private readonly ObjectClass _class = new ObjectClass("setting").UInt("n");
        private readonly RecordWriter _writer = new(16);
        private readonly FlashStore _store;
        private readonly SyncEngine _engine;
        private readonly SyncCollection _log;
        private readonly SyncCollection _config;

        public Station(Bench bench, MemoryVolume flash, int window, int outboxBytes = 32 * 1024, bool dropOldest = false)
        {
            _store = new FlashStore(flash, new StoreOptions());
            _engine = new SyncEngine(_store, new CoreCarrier(bench.Core, "d1"), new SyncOptions { Series = false, Window = window, RequestBytes = 32000 });
            _log = _engine.AddOutbox("log", _class, outboxBytes, dropOldest);
            _config = _engine.AddTwoWay("config", _class, 64, null, true);
            Assert.AreEqual(StoreError.None, _engine.Open());
        }

        public int Pending => _store.PendingCount(_log.Number);

        public void Dispose() => _store.Close();

        public void Append(uint n)
        {
            byte[] record = Record(n);
            Assert.AreEqual(StoreError.None, _store.Append(_log.Number, _class.Hash, record, 0, record.Length, out _));
        }

        public uint Add(uint n)
        {
            byte[] record = Record(n);
            Assert.AreEqual(StoreError.None, _store.Add(_config.Number, _class.Hash, record, 0, record.Length, out uint id));
            return id;
        }

        public void Put(string id, uint n)
        {
            byte[] record = Record(n), key = Encoding.UTF8.GetBytes(id);
            Assert.AreEqual(StoreError.None, _store.PutNamed(_config.Number, key, 0, key.Length, _class.Hash, record, 0, record.Length));
        }

        public void ChangeAdded(uint id, uint n)
        {
            ObjectInfo info = new();
            Assert.AreEqual(StoreError.None, _store.FindLocal(_config.Number, id, info));
            byte[] record = Record(n);
            Assert.AreEqual(StoreError.None, _store.Change(info, _class.Hash, record, 0, record.Length));
        }

        public RoundOutcome Sync()
        {
            RoundOutcome outcome = RoundOutcome.More;
            for (int i = 0; i < 60 && outcome != RoundOutcome.InStep && outcome != RoundOutcome.Held; i++)
            {
                outcome = _engine.Round().Outcome;
            }

            return outcome;
        }

        private byte[] Record(uint n)
        {
            _writer.Begin(_class);
            _writer.UInt(n);
            return _writer.Buffer[.._writer.Length];
        }
    }
}

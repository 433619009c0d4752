// Rules that two parts share: what the settings take the store takes, what is promised in number there is room for, what the
// server changes takes effect, and what nobody obeys is refused.

using System.Text;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public class RuleTests
{
    private const string Basics = "server = http://server/sync\ntoken = t\nsensor = heap free-heap\n";

    private static byte[] Sampling(int interval)
    {
        var config = new SamplingConfig(interval, "heap");
        var record = new RecordWriter(64);
        config.Write(record);
        Assert.IsTrue(record.End());
        return record.Buffer[..record.Length];
    }

    [TestMethod]
    public void An_interval_that_the_server_shortens_holds_from_then_on()
    {
        var board = new SimBoard(Basics + "interval = 86400");
        board.Run(TimeSpan.FromHours(1));
        Assert.AreEqual(1, board.Server.Readings.Count);
        board.Server.Sampling = Sampling(10);
        board.Run(TimeSpan.FromHours(1));
        Assert.AreEqual(10, board.App.Device.Config.Interval);
        int before = board.Server.Readings.Count;
        board.Run(TimeSpan.FromHours(5));
        Assert.IsGreaterThan(before + 1700, board.Server.Readings.Count);
    }

    [TestMethod]
    [DataRow(32768, 4096, 4096)]
    [DataRow(823296, 4096, 4096)]
    [DataRow(4194304, 917504, 16384)]
    [DataRow(462841, 4096, 65535)]
    public void The_least_and_the_most_that_the_settings_take_open_and_sync(int store, int outbox, int segment)
    {
        var board = new SimBoard($"{Basics}store = {store}\noutbox = {outbox}\nsegment = {segment}") { Volume = new MemoryVolume(8 * 1024 * 1024, 64) };
        board.PowerOn();
        board.Run(TimeSpan.FromMinutes(10));
        Assert.AreEqual(AppState.InStep, board.App.State, board.App.Problem);
    }

    [TestMethod]
    [DataRow(28672, 4096, 4096, "store: 32768 to 4194304")]
    [DataRow(32768, 4097, 4096, "store: must be 7 to 200 segments more than outbox, here 32769 to 823297")]
    [DataRow(827393, 4096, 4096, "store: must be 7 to 200 segments more than outbox, here 32768 to 823296")]
    public void What_the_store_would_refuse_the_settings_refuse(int store, int outbox, int segment, string problem)
    {
        var board = new SimBoard($"{Basics}store = {store}\noutbox = {outbox}\nsegment = {segment}");
        board.Run(TimeSpan.FromMinutes(1));
        Assert.AreEqual(AppState.BadSettings, board.App.State);
        Assert.Contains(problem, board.App.Problem);

        // and the store itself agrees with the bound
        var flash = new FlashStore(new MemoryVolume(200 * 1024, 64), new StoreOptions { QuotaBytes = store, SegmentBytes = segment });
        flash.DeclareOutbox(0, outbox, true);
        Assert.AreEqual(StoreError.BadQuota, flash.Open());
    }

    [TestMethod]
    [DataRow(CollectionKind.TwoWay, false)]
    [DataRow(CollectionKind.Inbox, false)]
    [DataRow(CollectionKind.Outbox, false)]
    [DataRow(CollectionKind.TwoWay, true)]
    [DataRow(CollectionKind.Inbox, true)]
    [DataRow(CollectionKind.Outbox, true)]
    [DataRow(null, false)]
    [DataRow(null, true)]
    public void As_many_collections_as_are_promised_sync(CollectionKind? only, bool later)
    {
        var type = new ObjectClass("thing").Time("at");
        var server = new CarrierServer(_ => { });
        var store = new FlashStore(new MemoryVolume(1024 * 1024, 64), new StoreOptions { QuotaBytes = 512 * 1024, MetaSlots = 0 });
        SyncEngine engine = later ? new DeferredEngine(store, new DeferredServer(server), new SyncOptions()) : new SyncEngine(store, server, new SyncOptions());
        CollectionKind[] kinds = [CollectionKind.TwoWay, CollectionKind.Outbox, CollectionKind.Inbox]; // in turns where none is the only one
        var outboxes = new List<SyncCollection>();
        for (int i = 0; i < SyncEngine.MaxCollections; i++)
        {
            switch (only ?? kinds[i % 3])
            {
                case CollectionKind.TwoWay:
                    engine.AddTwoWay("c" + i, type, 4, null, false);
                    break;
                case CollectionKind.Inbox:
                    engine.AddInbox("c" + i, type, 4, null);
                    break;
                default:
                    outboxes.Add(engine.AddOutbox("c" + i, type, 8192, true));
                    break;
            }
        }

        Assert.AreEqual(StoreError.None, engine.Open());
        foreach (SyncCollection outbox in outboxes)
        {
            engine.DeclareUptimes(outbox);
            Assert.AreEqual(StoreError.None, store.Append(outbox.Number, type.Hash, [1, 5], 0, 2, out _));
            Assert.AreEqual(StoreError.None, engine.SetBootTime(outbox, SimBoard.Birth), "a start is a value too");
        }

        RoundResult result = engine.Round();
        for (int rounds = 1; rounds < 20 && (result.Outcome == RoundOutcome.More || result.Outcome == RoundOutcome.Deferred); rounds++)
        {
            result = engine.Round();
        }

        Assert.AreEqual((RoundOutcome.InStep, StoreError.None), (result.Outcome, result.Store));
        Assert.AreEqual(0, outboxes.Sum(o => store.Count(o.Number)));
    }

    [TestMethod]
    public void A_configuration_object_that_nobody_obeys_is_refused()
    {
        var config = new SamplingConfig(60, "heap");
        byte[] name = Encoding.UTF8.GetBytes("?samplng");
        byte[] record = Sampling(10);
        Assert.AreEqual("this device has one configuration, sampling", config.Check(null, name, 1, 7, record, 0, record.Length));
        byte[] right = Encoding.UTF8.GetBytes(SamplingConfig.Name);
        Assert.IsNull(config.Check(null, right, 0, right.Length, record, 0, record.Length));
    }

    [TestMethod]
    [DataRow(Line.Silent)]
    [DataRow(Line.Unreachable)]
    public void Readings_go_on_at_their_interval_while_a_round_waits_for_the_network(object line)
    {
        var board = new SimBoard(Basics + "interval = 10\nsync = 60") { HeapTellsTime = true };
        board.Run(TimeSpan.FromMinutes(10));
        int before = board.Server.Attempts;
        board.Server.Line = (Line)line;
        board.Run(TimeSpan.FromHours(2));
        Assert.IsGreaterThan(before + 7, board.Server.Attempts);
        board.Server.Line = Line.Up;
        board.Run(TimeSpan.FromMinutes(20));
        Assert.AreEqual(AppState.InStep, board.App.State);

        uint[] taken = [.. board.Server.Readings.Values.Select(HeapOf).Order()];
        int widest = taken.Zip(taken.Skip(1), (a, b) => (int)(b - a)).Max();
        Assert.IsLessThanOrEqualTo(11, widest, "seconds between two readings");
        Assert.IsGreaterThan(880, taken.Length);
        Assert.IsLessThanOrEqualTo(60000L, board.LongestUnfed);
    }

    [TestMethod]
    public void The_wait_after_a_failure_is_the_first_one_again_after_a_success()
    {
        var board = new SimBoard(Basics + "interval = 10\nsync = 10");
        board.Server.Line = Line.Flaky;
        int failures = 0;
        for (int second = 0; second < 3600; second++)
        {
            board.Run(TimeSpan.FromSeconds(1));
            failures = Math.Max(failures, board.App.Schedule.Failures);
        }

        Assert.AreEqual(1, failures, "in a row");
        Assert.IsGreaterThan(200, board.Server.Attempts);
    }

    [TestMethod]
    public void A_round_that_never_ends_is_seen_by_the_watchdog()
    {
        var board = new SimBoard(Basics + "interval = 10\nsync = 60");
        board.Run(TimeSpan.FromMinutes(10));
        board.Server.Line = Line.Hangs;
        board.Run(TimeSpan.FromMinutes(20)); // longer, by the day that the carrier hangs
        board.Run(TimeSpan.FromSeconds(1));
        Assert.IsGreaterThan(23 * 3600 * 1000L, board.LongestUnfed);
    }

    private static uint HeapOf(byte[] record)
    {
        var reader = new RecordReader();
        reader.Begin(new ObjectClass("reading").Time("at").UInt("heap"), record, 0, record.Length);
        uint heap = 0;
        while (reader.Next())
        {
            heap = reader.Field == 1 ? (uint)reader.Value : heap;
        }

        return heap;
    }

    // The server's reply to a request is there at the next round.
    private sealed class DeferredServer(CarrierServer server) : IDeferredCarrier
    {
        private uint _sent;

        public int StatusCode => server.StatusCode;

        public int RetryAfter => server.RetryAfter;

        public uint ResumeFrom => 0;

        public void Number(string store, uint number) => _sent = number;

        public CarrierError Open(string contentType, int contentLength) => server.Open(contentType, contentLength);

        public CarrierError Write(byte[] buffer, int offset, int count) => server.Write(buffer, offset, count);

        public CarrierError Receive() => server.Receive() is var error && error != CarrierError.None ? error : CarrierError.Deferred;

        public CarrierError Fetch(string store, uint number) => number == _sent ? CarrierError.None : CarrierError.Deferred;

        public int Read(byte[] buffer, int offset, int count) => server.Read(buffer, offset, count);

        public void Done(bool drop) => server.Close();

        public void Close()
        {
        }
    }
}

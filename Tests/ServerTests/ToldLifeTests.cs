// Lives of a device, by chance: other firmware, lost, late and repeated messages, flash put back, starts over, restores. Whatever
// came before, a request that the server may take means to it what the device meant: class, window, limit and rule for conflicts.
// NANOSYNC_LIVES=n tries so many, NANOSYNC_LIFE=n begins with that one; a failure names its life.

using System.Globalization;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ToldLifeTests
{
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void What_a_request_leaves_out_is_what_its_device_means(bool deferred)
    {
        int first = Number("NANOSYNC_LIFE", 1), lives = Number("NANOSYNC_LIVES", 60);
        SortedDictionary<string, (int Count, string First)> wrong = new(StringComparer.Ordinal);
        Dictionary<string, int> seen = [];
        for (int seed = first; seed < first + lives; seed++)
        {
            using Life life = new(seed, deferred);
            life.Run();
            foreach ((string what, string trace) in life.Wrong)
            {
                string kind = what.Split(' ')[0];
                wrong[kind] = wrong.TryGetValue(kind, out (int Count, string First) before) ? (before.Count + 1, before.First) : (1, $"life {seed}: {what}\n{trace}");
            }

            foreach ((string what, int count) in life.Seen)
            {
                seen[what] = seen.GetValueOrDefault(what) + count;
            }
        }

        Console.WriteLine(string.Join(", ", seen.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key} {s.Value}")));
        Assert.IsEmpty(wrong, string.Join("\n", wrong.Select(w => $"{w.Key} in {w.Value.Count} lives; {w.Value.First}")));
    }

    private static int Number(string name, int otherwise)
    {
        return int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : otherwise;
    }

    private sealed record Firmware(bool Other, int Window, int Limit, bool Wins, bool HasConfig, bool HasNews, bool Series, bool TwoClasses);

    private sealed class Life : IDisposable
    {
        private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("n");
        private static readonly ObjectClass s_other = new ObjectClass("other").Int("n");
        private static readonly ObjectClass s_setting = new ObjectClass("setting").UInt("n");

        private readonly Random _random;
        private readonly Bench _bench = new();
        private readonly bool _deferred;
        private readonly Way _way;
        private readonly List<string> _trace = [];
        private readonly Dictionary<string, string> _classes = []; // of each reading, by its bytes
        private MemoryVolume _volume = new(256 * 1024, 64);
        private MemoryVolume? _kept;
        private Firmware _firmware;
        private FlashStore _store = null!;
        private SyncEngine _engine = null!;
        private SyncCollection _log = null!;
        private SyncCollection? _config;
        private ulong _n;
        private bool _backedUp;

        public Life(int seed, bool deferred)
        {
            _random = new Random(seed);
            _deferred = deferred;
            _bench.Core.Devices.Add("d1", "config,news,log");
            _way = new Way(Handle, () => _firmware!);
            _firmware = Other();
            Start();
        }

        public List<(string What, string Trace)> Wrong { get; } = [];

        public Dictionary<string, int> Seen { get; } = [];

        public void Run()
        {
            int steps = 20 + _random.Next(60);
            for (int i = 0; i < steps && Wrong.Count == 0; i++)
            {
                Step();
                CheckClasses();
            }

            // then all goes up
            _way.Fate = Fate.Arrives;
            for (int i = 0; i < 60 && Wrong.Count == 0 && _engine.Round().Outcome != RoundOutcome.InStep; i++)
            {
                CheckClasses();
            }

            CheckClasses();
        }

        private void Step()
        {
            switch (_random.Next(20))
            {
                case < 4:
                    Append(1 + _random.Next(4));
                    break;
                case < 12:
                    Round();
                    break;
                case 12:
                    Note("restart");
                    Start();
                    break;
                case < 15:
                    Firmware before = _firmware;
                    Turn(Other());
                    if (_random.Next(2) == 0)
                    {
                        // taken back after a round that nobody hears of
                        _way.Fate = Fate.ReplyLost;
                        Note("round: " + _engine.Round().Outcome);
                        Turn(before);
                        Append(2 + _random.Next(4));
                    }

                    break;
                case 15:
                    Note("server writes");
                    string at = _random.Next(2) == 0 ? "config" : "news";
                    _bench.Core.Objects.Put("d1", at, "o" + _random.Next(5), ObjectJson.Parse(System.Text.Encoding.UTF8.GetBytes($"{{\"n\":{++_n}}}"), Field.Definition));
                    break;
                case 16 when _config != null:
                    Note("device writes");
                    byte[] record = Record(s_setting, ++_n);
                    byte[] id = [(byte)'o', (byte)('0' + _random.Next(5))];
                    _store.PutNamed(_config.Number, id, 0, 2, s_setting.Hash, record, 0, record.Length);
                    break;
                case 17:
                    string over = _random.Next(3) switch { 0 => "log", 1 => "config", _ => "news" };
                    Note("start-over " + over);
                    _bench.Core.Devices.Command("d1", "start-over", [new("collection", over)]);
                    break;
                case 18:
                    if (_kept == null || _random.Next(3) == 0)
                    {
                        Note("flash is kept");
                        _kept = Copy(_volume);
                    }
                    else
                    {
                        Note("flash is put back");
                        _volume = Copy(_kept);
                        Start();
                    }

                    break;
                case 19 when _random.Next(3) == 0:
                    if (!_backedUp || _random.Next(3) == 0)
                    {
                        Note("backup");
                        _bench.BackUp();
                        _backedUp = true;
                    }
                    else
                    {
                        Note("restore");
                        _bench.Restore();
                    }

                    break;
                default:
                    Note("an earlier request comes once more");
                    _way.Repeat(_random);
                    break;
            }
        }

        private void Turn(Firmware firmware)
        {
            _firmware = firmware;
            Note("firmware " + firmware);
            Start();
        }

        private void Round()
        {
            _way.Fate = _random.Next(10) switch { < 6 => Fate.Arrives, < 8 => Fate.ReplyLost, 8 => Fate.RequestLost, _ => Fate.ReplyCut };
            RoundResult result = _engine.Round();
            Note($"round {_way.Fate}: {result.Outcome} carrier {result.Carrier} message {result.Message} store {result.Store} status {result.Status}");
        }

        private void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                bool other = _firmware.TwoClasses ? _random.Next(2) == 0 : _firmware.Other;
                ObjectClass type = other ? s_other : s_reading;
                byte[] record;
                do
                {
                    record = Record(type, ++_n);
                }
                while (_classes.ContainsKey(Convert.ToHexString(record)));
                if (_store.Append(_log.Number, type.Hash, record, 0, record.Length, out uint id) == StoreError.None)
                {
                    _classes[Convert.ToHexString(record)] = ClassCatalog.WireName(type);
                    Note($"append {id} {ClassCatalog.WireName(type)} {Convert.ToHexString(record)}");
                }
            }
        }

        private static byte[] Record(ObjectClass type, ulong n)
        {
            RecordWriter writer = new(16);
            writer.Begin(type);
            if (type == s_other)
            {
                writer.Int((long)n + 1_000_000);
            }
            else
            {
                writer.UInt(n);
            }

            return writer.Buffer[..writer.Length];
        }

        private Firmware Other()
        {
            bool outboxes = _random.Next(4) == 0;
            int[] windows = [1, 2, 5, 20], limits = [40, 100, 1024];
            return new Firmware(_random.Next(2) == 0, windows[_random.Next(4)], limits[_random.Next(3)], _random.Next(2) == 0,
                !outboxes && _random.Next(3) > 0, !outboxes && _random.Next(3) > 0, _random.Next(2) == 0, _random.Next(2) == 0);
        }

        private void Start()
        {
            _store = new FlashStore(_volume, new StoreOptions());
            SyncOptions options = new() { Series = _firmware.Series, Window = _firmware.Window, ReplyBytes = _firmware.Limit, ReplyRounds = 2 };
            _engine = _deferred ? new DeferredEngine(_store, _way, options) : new SyncEngine(_store, _way, options);
            _config = _firmware.HasConfig ? _engine.AddTwoWay("config", s_setting, 64, null, _firmware.Wins) : null;
            if (_firmware.HasNews)
            {
                _engine.AddInbox("news", s_setting, 64, null);
            }

            _log = _engine.AddOutbox("log", _firmware.Other ? s_other : s_reading, 16 * 1024, false);
            if (_firmware.TwoClasses)
            {
                _engine.AddClass(_firmware.Other ? s_reading : s_other);
            }

            Assert.AreEqual(StoreError.None, _engine.Open());
        }

        private SyncReply Handle(byte[] body, Firmware? meant)
        {
            DeviceIdentity device = new(_bench.Core.Devices.Get("d1").Id, "d1");
            SyncMessage message = MessageParser.Parse(MessageFormat.Wbxml, body);
            foreach (CollectionElement c in message.Collections)
            {
                Note($"  {c.Id} key {c.SyncKey} class {c.Class} window {c.WindowSize} limit {c.Limit} conflict {c.Conflict}: {string.Join(' ', c.Commands.Select(x => x.Text()))}");
            }

            if (meant != null)
            {
                CheckMeaning(device, message, meant);
            }

            SyncReply reply = _bench.Core.Sync.Handle(device, body, MessageFormat.Wbxml);
            if (reply.IsEmpty)
            {
                See("empty");
            }
            else
            {
                foreach (CollectionElement c in MessageParser.Parse(MessageFormat.Wbxml, reply.Body).Collections)
                {
                    See("status " + c.Status);
                    Note($"  = {c.Id} key {c.SyncKey} {c.Line()}");
                }
            }

            return reply;
        }

        // Of each collection whose key the server knows: what it will take for told.
        private void CheckMeaning(DeviceIdentity device, SyncMessage message, Firmware meant)
        {
            using IStoreTransaction store = _bench.Core.Store.BeginRead();
            int most = 0;
            bool all = true, unlimited = true;
            foreach (CollectionElement c in message.Collections)
            {
                KeyRow? row = store.ListKeyRows(device.Id, c.Id).Find(r => c.SyncKey != SyncKeys.Zero && (r.Key == c.SyncKey || r.PreviousKey == c.SyncKey));
                if (row == null)
                {
                    all &= c.SyncKey == SyncKeys.Zero;
                    unlimited &= c.Limit == null;
                    most = Math.Max(most, c.Limit ?? 0);
                    continue;
                }

                Told told = row.ToldWith(c.SyncKey).After(c);
                unlimited &= told.Limit == null;
                most = Math.Max(most, told.Limit ?? 0);
                if (c.Id != "log")
                {
                    See("kept told");
                    Check("window", c, told.Window, meant.Window);
                    Check("limit", c, told.Limit, meant.Limit);
                    if (c.Id == "config")
                    {
                        Check("conflict", c, (told.Conflict ?? 1) == 0, meant.Wins);
                    }

                    Check("class", c, told.Class, ClassCatalog.WireName(s_setting));
                }
            }

            if (all && (unlimited || most != meant.Limit))
            {
                Fault($"budget-{(unlimited ? "none" : "stale")} {most} where the device means {meant.Limit}");
            }
        }

        private void Check<T>(string what, CollectionElement c, T is_, T meant)
        {
            if (!Equals(is_, meant))
            {
                Fault($"{what} of {c.Id} is {is_}, the device means {meant}");
            }
        }

        private void CheckClasses()
        {
            foreach (ObjectView o in _bench.Core.Objects.List("d1", "log", 0, 1000))
            {
                string data = Convert.ToHexString(o.Row.Data!);
                if (!_classes.TryGetValue(data, out string? meant))
                {
                    Fault($"bytes {data} of {o.Row.Class} were never appended");
                }
                else if (o.Row.Class != meant && o.Row.Class != meant[meant.IndexOf('#', StringComparison.Ordinal)..])
                {
                    Fault($"reading {data} is of {o.Row.Class}, was appended as {meant}");
                }
            }
        }

        private void Fault(string what)
        {
            if (Wrong.Count == 0)
            {
                Wrong.Add((what, string.Join('\n', _trace.TakeLast(60))));
            }
        }

        private void Note(string what) => _trace.Add(what);

        private void See(string what) => Seen[what] = Seen.GetValueOrDefault(what) + 1;

        private static MemoryVolume Copy(MemoryVolume from)
        {
            MemoryVolume to = new(256 * 1024, 64);
            foreach (uint file in from.List())
            {
                byte[] bytes = new byte[from.Length(file)];
                Assert.AreEqual(bytes.Length, from.Read(file, 0, bytes, 0, bytes.Length));
                Assert.AreEqual(VolumeCode.Ok, to.OpenAppend(0, file));
                Assert.AreEqual(VolumeCode.Ok, to.Append(0, bytes, 0, bytes.Length));
                Assert.AreEqual(VolumeCode.Ok, to.Close(0));
            }

            return to;
        }

        public void Dispose() => _bench.Dispose();
    }

    private enum Fate
    {
        Arrives,
        ReplyLost,
        RequestLost,
        ReplyCut,
    }

    // Both kinds of carrier: one whose reply comes at once, and one whose reply is fetched with a later round.
    private sealed class Way(Func<byte[], Firmware?, SyncReply> handle, Func<Firmware> firmware) : MemoryCarrier, IDeferredCarrier
    {
        private readonly List<byte[]> _requests = [];
        private readonly Dictionary<uint, byte[]> _box = [];
        private uint _number;
        private bool _numbered;

        public Fate Fate { get; set; }

        public uint ResumeFrom => 0;

        protected override int End => Fate == Fate.ReplyCut ? Reply.Length - 1 : Reply.Length;

        public override CarrierError Receive()
        {
            CarrierError missing = _numbered ? CarrierError.Deferred : CarrierError.Timeout;
            _requests.Add(Request);
            if (Fate == Fate.RequestLost)
            {
                return missing;
            }

            Reply = handle(Request, firmware()).Body;
            if (Fate == Fate.ReplyLost)
            {
                return missing;
            }

            _box[_number] = Reply;
            return _numbered ? CarrierError.Deferred : CarrierError.None;
        }

        public void Number(string store, uint number)
        {
            _numbered = true;
            _number = number;
        }

        public CarrierError Fetch(string store, uint number)
        {
            if (Fate == Fate.RequestLost || !_box.TryGetValue(number, out byte[]? reply))
            {
                return CarrierError.Deferred;
            }

            Reply = reply;
            return CarrierError.None;
        }

        public void Done(bool drop)
        {
            if (drop)
            {
                _box.Clear();
            }
        }

        // One of the last requests arrives once more; nobody waits for the answer.
        public void Repeat(Random random)
        {
            if (_requests.Count > 0)
            {
                handle(_requests[^(1 + random.Next(Math.Min(_requests.Count, 4)))], null);
            }
        }
    }
}

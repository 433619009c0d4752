// Several nodes on one database: a node keeps nothing, so any of them serves any request, and any of them may die. The
// devices are real engines over real stores; at the end each reading is there, once.

using System.Collections.Concurrent;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Stores.Postgres;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed partial class NodeTests
{
    private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("value");

    [TestMethod]
    public void A_device_that_moves_to_another_node_at_every_round_delivers_each_reading_once()
    {
        using Nodes nodes = new(3, Cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        for (int i = 0; i < 100; i++)
        {
            device.Append(1);
            device.Round();
        }

        device.UntilEmpty();
        Assert.IsGreaterThan(30, nodes.Served.Min(), "each node has answered");
        nodes.HoldsEachOnce("d1", 100);
    }

    [TestMethod]
    public void Devices_on_several_nodes_at_once_deliver_each_reading_once()
    {
        using Nodes nodes = new(2, Cluster.ConnectionString);
        string[] names = [.. Enumerable.Range(1, 6).Select(i => "d" + i)];
        foreach (string name in names)
        {
            nodes.Enrol(name, "readings,config@site"); // a collection that they share
        }

        ConcurrentQueue<string> failures = [];
        Parallel.ForEach(names, name =>
        {
            using Station device = new(nodes, name);
            for (int i = 0; i < 20; i++)
            {
                device.Append(2);
                device.PutSetting(i);
                device.Round();
            }

            device.UntilEmpty();
        });
        foreach (string name in names)
        {
            nodes.HoldsEachOnce(name, 40);
        }

        Assert.AreEqual(6, nodes.Any.Objects.List("d1", "config").Count, "one setting of each device");
        Assert.IsEmpty(failures);
    }

    [TestMethod]
    [DataRow(SyncStep.BeforeCommit)]
    [DataRow(SyncStep.AfterCommit)]
    public void A_node_that_dies_in_mid_request_costs_nothing(SyncStep step)
    {
        using Nodes nodes = new(2, Cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        for (int i = 0; i < 40; i++)
        {
            device.Append(3);
            nodes.DieAt = i % 3 == 0 ? step : null;
            device.Round();
            nodes.DieAt = null;
        }

        device.UntilEmpty();
        Assert.IsGreaterThan(10, nodes.Deaths);
        nodes.HoldsEachOnce("d1", 120);
    }

    [TestMethod]
    public void A_database_that_is_read_only_is_busy_and_nothing_is_acknowledged_until_it_is_not()
    {
        using PostgresCluster cluster = new("fsync = off");
        using Nodes nodes = new(1, cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        device.Append(3);
        device.UntilEmpty();
        using (Npgsql.NpgsqlConnection connection = new(cluster.ConnectionString))
        {
            connection.Open();
            Become("on");
            Assert.ThrowsExactly<StoreBusyException>(() => nodes.Any.Devices.Add("d2"), "as a standby is: another node may have become the first");
            device.Append(3);
            for (int i = 0; i < 5; i++)
            {
                Assert.AreEqual(RoundOutcome.Failed, device.Round().Outcome);
            }

            Assert.AreEqual(3, device.Pending, "nothing was acknowledged");
            nodes.HoldsEachOnce("d1", 3);
            Become("off");

            void Become(string readOnly)
            {
                foreach (string sql in (string[])[$"ALTER SYSTEM SET default_transaction_read_only = {readOnly}", "SELECT pg_reload_conf(), pg_sleep(0.5)"])
                {
                    using Npgsql.NpgsqlCommand command = new("SET default_transaction_read_only = off; SET transaction_read_only = off", connection);
                    command.ExecuteNonQuery();
                    using Npgsql.NpgsqlCommand change = new(sql, connection);
                    change.ExecuteNonQuery();
                }
            }
        }

        device.UntilEmpty();
        nodes.HoldsEachOnce("d1", 6);
    }

    [TestMethod]
    public void A_database_that_crashes_and_comes_back_has_all_that_was_acknowledged()
    {
        using PostgresCluster cluster = new(); // with fsync
        using Nodes nodes = new(2, cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        int failed = 0;
        for (int crash = 0; crash < 3; crash++)
        {
            using CancellationTokenSource end = new();
            Task traffic = Task.Run(() =>
            {
                while (!end.IsCancellationRequested)
                {
                    if (device.Pending < 200) // while the database is away nothing leaves the outbox
                    {
                        device.Append(2);
                    }

                    if (device.Round().Outcome == RoundOutcome.Failed)
                    {
                        failed++;
                        Thread.Yield();
                    }
                }
            });
            int before = device.Rounds;
            Until(() => device.Rounds >= before + 20, traffic);
            cluster.Crash();
            before = failed;
            Until(() => failed > before, traffic);
            end.Cancel();
            traffic.Wait();
            cluster.Start();
        }

        device.UntilEmpty();
        nodes.HoldsEachOnce("d1", device.Appended);
    }

    [TestMethod]
    public void A_database_put_back_by_the_runbook_is_known_at_the_start_and_devices_go_on()
    {
        string runbook = File.ReadAllText(Path.Combine(Root(), "docs/operations.md"));
        string[] tools = [.. runbook.Split('\n').Where(l => l.StartsWith("pg_", StringComparison.Ordinal))];
        Assert.HasCount(2, tools);
        using PostgresCluster cluster = new();
        using Nodes nodes = new(2, cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        device.Append(20);
        device.UntilEmpty();
        cluster.Tool(tools[0]);
        device.Append(20); // acknowledged, and not in the dump: gone, as the runbook says
        device.UntilEmpty();
        nodes.Restart(() => cluster.Tool(tools[1]));
        device.Append(20);
        device.UntilEmpty();
        Assert.AreEqual(string.Join(' ', Enumerable.Range(1, 60).Where(i => i is <= 20 or > 40)), string.Join(' ', nodes.Values("d1")), "each once");
    }

    [TestMethod]
    public void Nodes_that_start_together_on_an_empty_database_bring_it_to_its_form_once()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
        string connection = TestDatabase.ConnectionString(folder);
        Parallel.For(0, 4, _ => new PostgresStore(connection, TimeSpan.FromSeconds(30), TimeProvider.System).Dispose());
        using PostgresStore store = new(connection, TimeSpan.FromSeconds(2), TimeProvider.System);
        using (IStoreTransaction writing = store.BeginWrite())
        {
            Assert.AreEqual(1, writing.AddDevice("d1", new byte[32], 0));
        }

        TestDatabase.Drop(folder);
    }

    [TestMethod]
    public void A_row_that_is_held_for_too_long_is_busy_and_one_of_another_device_is_not()
    {
        using Nodes nodes = new(1, Cluster.ConnectionString, TimeSpan.FromMilliseconds(300));
        nodes.Enrol("d1", "readings");
        nodes.Enrol("d2", "readings");
        using IStoreTransaction holder = nodes.Any.Store.BeginWrite();
        Assert.IsNotNull(CollectionOf(holder, nodes.Any, "d1"));
        using (IStoreTransaction other = nodes.Any.Store.BeginWrite())
        {
            Assert.IsNotNull(CollectionOf(other, nodes.Any, "d2"));
        }

        using IStoreTransaction waiting = nodes.Any.Store.BeginWrite();
        Assert.ThrowsExactly<StoreBusyException>(() => CollectionOf(waiting, nodes.Any, "d1"));
    }

    [TestMethod]
    [DataRow("Host=127.0.0.1;Port=1;Username=postgres;Timeout=2")]
    [DataRow("Host=127.0.0.1;Nonsense=1")]
    public void A_database_that_cannot_be_had_is_said_in_words(string connection)
    {
        StoreException thrown = Assert.Throws<StoreException>(() => new PostgresStore(connection, TimeSpan.FromSeconds(1), TimeProvider.System));
        Assert.StartsWith("The database", thrown.Message);
    }

    private static CollectionRow? CollectionOf(IStoreTransaction store, ServerCore core, string device)
    {
        return store.FindCollection(core.Devices.Get(device).Id, "readings");
    }

    private static void Until(Func<bool> reached, Task traffic)
    {
        Assert.IsTrue(
            SpinWait.SpinUntil(() => traffic.IsCompleted || reached(), TimeSpan.FromMinutes(1)) && !traffic.IsCompleted,
            traffic.Exception?.ToString() ?? "the traffic stands still");
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder != null && !File.Exists(Path.Combine(folder, "NanoSync.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("Not below the repository.");
    }

    // Server cores over one database; each request goes to the next of them.
    private sealed class Nodes : IDisposable
    {
        private sealed class Death : Exception;

        private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
        private readonly bool _shared;
        private readonly List<ServerCore> _cores = [];
        private readonly List<SyncService> _services = [];
        private readonly Action _open;
        private int _next;

        public Nodes(int count, string connection, TimeSpan? patience = null)
        {
            _shared = connection == Cluster.ConnectionString;
            if (_shared)
            {
                connection = TestDatabase.ConnectionString(_folder);
            }

            _open = () =>
            {
                PostgresStore store = new(connection, patience ?? TimeSpan.FromSeconds(30), TimeProvider.System);
                _cores.Add(new ServerCore(store, new ServerOptions(), TimeProvider.System));
                _services.Add(new SyncService(store, TimeProvider.System, reached: Reached));
            };
            Served = new int[count];
            Restart(() => { });
        }

        public ServerCore Any => _cores[0];

        public int[] Served { get; }

        public int Deaths { get; private set; }

        public SyncStep? DieAt { get; set; }

        /// <summary>Ends all nodes, does something, and starts as many.</summary>
        public void Restart(Action meanwhile)
        {
            _cores.ForEach(c => c.Dispose());
            _cores.Clear();
            _services.Clear();
            Npgsql.NpgsqlConnection.ClearAllPools();
            meanwhile();
            while (_cores.Count < Served.Length)
            {
                _open();
            }
        }

        public void Enrol(string name, string collections) => Any.Devices.Add(name, collections);

        /// <summary>The answer of the next node; null when it died or the database was not there.</summary>
        public SyncReply? Answer(DeviceIdentity device, byte[] request)
        {
            int node = Math.Abs(Interlocked.Increment(ref _next)) % _services.Count;
            try
            {
                SyncReply reply = _services[node].Handle(device, request, MessageFormat.Wbxml);
                Interlocked.Increment(ref Served[node]);
                return reply;
            }
            catch (Death)
            {
                Deaths++;
                return null;
            }
            catch (StoreBusyException)
            {
                return null; // 503
            }
        }

        public uint[] Values(string device) => [.. Any.Objects.List(device, "readings", count: int.MaxValue).Select(o => Value(o.Row.Data!)).Order()];

        public void HoldsEachOnce(string device, int readings)
        {
            uint[] values = Values(device);
            uint[] wanted = [.. Enumerable.Range(1, readings).Select(i => (uint)i)];
            Assert.IsTrue(
                values.SequenceEqual(wanted),
                $"{values.Length} of {readings}; lost: {string.Join(' ', wanted.Except(values).Take(10))}; twice: {string.Join(' ', values.CountBy(v => v).Where(v => v.Value > 1).Select(v => v.Key).Take(10))}");
        }

        public void Dispose()
        {
            _cores.ForEach(c => c.Dispose());
            if (_shared)
            {
                TestDatabase.Drop(_folder);
            }
            else
            {
                Directory.Delete(_folder, true);
            }
        }

        private static uint Value(byte[] record)
        {
            Protocol.RecordReader reader = new();
            reader.Begin(s_reading, record, 0, record.Length);
            Assert.IsTrue(reader.Next());
            return (uint)reader.Value;
        }

        private void Reached(SyncStep step)
        {
            if (step == DieAt)
            {
                throw new Death();
            }
        }
    }

    // A device: engine and store, its carrier goes from node to node.
    private sealed class Station : IDisposable
    {
        private readonly FlashStore _store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
        private readonly SyncEngine _engine;
        private readonly SyncCollection _readings;
        private readonly SyncCollection _config;
        private readonly RecordWriter _record = new(32);
        private readonly string _name;
        private int _appended;

        public Station(Nodes nodes, string name)
        {
            _name = name;
            _engine = new SyncEngine(_store, new NodeCarrier(nodes, new DeviceIdentity(nodes.Any.Devices.Get(name).Id, name)), new SyncOptions { Window = 10 });
            _readings = _engine.AddOutbox("readings", s_reading, 64 * 1024, false);
            _config = _engine.AddTwoWay("config", s_reading, 32, null, false);
            Assert.AreEqual(StoreError.None, _engine.Open());
        }

        public int Appended => _appended;

        public int Pending => _engine.Pending;

        /// <summary>Objects of the collection that both sides change.</summary>
        public int Settings => _store.Count(_config.Number);

        public int Rounds { get; private set; }

        public void Append(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Record((uint)++_appended);
                Assert.AreEqual(StoreError.None, _store.Append(_readings.Number, s_reading.Hash, _record.Buffer, 0, _record.Length, out _));
            }
        }

        public void PutSetting(int value)
        {
            Record((uint)value);
            byte[] key = System.Text.Encoding.UTF8.GetBytes("of-" + _name);
            Assert.AreEqual(StoreError.None, _store.PutNamed(_config.Number, key, 0, key.Length, s_reading.Hash, _record.Buffer, 0, _record.Length));
        }

        public RoundResult Round()
        {
            Rounds++;
            return _engine.Round();
        }

        public void UntilEmpty()
        {
            for (int i = 0; Round().Outcome != RoundOutcome.InStep; i++)
            {
                Assert.IsLessThan(300, i, $"{_engine.Pending} pending; {_engine.Result.Outcome} status {_engine.Result.Status} carrier {_engine.Result.Carrier} message {_engine.Result.Message} store {_engine.Result.Store}");
            }

            Assert.AreEqual(0, _engine.Pending);
        }

        public void Dispose() => _store.Close();

        private void Record(uint value)
        {
            _record.Begin(s_reading);
            _record.UInt(value);
            Assert.IsTrue(_record.End());
        }
    }

    private sealed class NodeCarrier(Nodes nodes, DeviceIdentity device) : MemoryCarrier
    {
        public override CarrierError Receive()
        {
            SyncReply? reply = nodes.Answer(device, Request);
            StatusCode = reply == null ? 0 : 200;
            Reply = reply?.Body ?? [];
            return reply == null ? CarrierError.Broken : CarrierError.None;
        }
    }
}

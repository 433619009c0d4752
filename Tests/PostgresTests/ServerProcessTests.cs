// Two server processes on one database, over HTTP, and one device that goes from one to the other at every round. Each in turn
// is killed with a request in its hands, before its commit or somewhere around it, and started again.

using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Stores.Postgres;
using NanoSync.Storage;
using NanoSync.Tests;
using Npgsql;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ServerProcessTests
{
    private const int Kills = 6;
    private const int AtOnce = 20; // readings between two kills, and as many while a server is away

    private static readonly ObjectClass s_reading = new ObjectClass("reading").UInt("value");

    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
    private readonly RunningProgram?[] _servers = new RunningProgram?[2];
    private readonly int[] _ports = [FreePort(), FreePort()];
    private readonly HttpClient _http = new();

    [TestCleanup]
    public void Stop()
    {
        foreach (RunningProgram? server in _servers)
        {
            server?.Dispose();
        }

        _http.Dispose();
        TestDatabase.Drop(_folder);
    }

    [TestMethod]
    public void A_device_that_moves_between_two_processes_that_are_killed_in_turn_delivers_each_reading_once_and_no_id_is_given_twice()
    {
        using ServerCore core = new(new PostgresStore(TestDatabase.ConnectionString(_folder), TimeSpan.FromSeconds(30), TimeProvider.System), new ServerOptions(), TimeProvider.System);
        string token = core.Devices.Add("d1", "readings,config");
        Start(0);
        string admin = _servers[0]!.WaitFor("Authorization: Bearer ([^ ]+)").Groups[1].Value; // of the first start on a database
        Start(1);
        Array.ForEach([0, 1], Ready);

        FlashStore store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
        using Carrier carrier = new([.. _ports.Select(p => new LeanHttpCarrier(Url(p) + "/sync", token, null))]);
        SyncEngine engine = new(store, carrier, new SyncOptions { Window = 10 });
        SyncCollection readings = engine.AddOutbox("readings", s_reading, 64 * 1024, false), config = engine.AddTwoWay("config", s_reading, 64, null, false);
        Assert.AreEqual(StoreError.None, engine.Open());
        RecordWriter record = new(32);
        uint appended = 0;
        HashSet<string> given = [];
        int cut = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            int victim = kill % 2;
            Append();
            UntilEmpty();
            Given(victim);
            Append();
            Setting(kill);
            carrier.To = victim;
            carrier.Killing = kill % 3 == 2
                ? () => Shortly(kill, _servers[victim]!, carrier.MayGo) // around the commit, or before
                : () => WhenItWaits(_servers[victim]!, carrier.MayGo); // surely before: its rows are held
            cut += engine.Round().Outcome == RoundOutcome.Failed ? 1 : 0;
            carrier.Finish();
            Start(victim);
            for (int i = 0; i < 8; i++)
            {
                engine.Round(); // to the other one, and to one that is not there yet
            }

            Given(1 - victim);
            Ready(victim);
        }

        UntilEmpty();
        Assert.IsGreaterThanOrEqualTo(Kills * 2 / 3, cut, "requests that were in a server's hands when it was killed");
        uint[] held = [.. core.Objects.List("d1", "readings", count: int.MaxValue).Select(o => Value(o.Row.Data!)).Order()];
        Assert.AreEqual(string.Join(' ', Enumerable.Range(1, (int)appended)), string.Join(' ', held), "each reading once");
        string[] settings = [.. core.Objects.List("d1", "config", count: int.MaxValue).Select(o => o.Row.Id)];
        Assert.HasCount(Kills * 3, settings, "two made by REST and one by the device for each kill");
        Assert.AreEqual("", string.Join(' ', given.Except(settings)), "each that REST named is there");
        Assert.AreEqual(Kills * 3, store.Count(config.Number), "the device has them all");

        void Append()
        {
            for (int i = 0; i < AtOnce; i++)
            {
                Write(++appended);
                Assert.AreEqual(StoreError.None, store.Append(readings.Number, s_reading.Hash, record.Buffer, 0, record.Length, out _));
            }
        }

        void Setting(int value)
        {
            Write((uint)value);
            Assert.AreEqual(StoreError.None, store.Add(config.Number, s_reading.Hash, record.Buffer, 0, record.Length, out _), "an object whose id the server gives");
        }

        void Write(uint value)
        {
            record.Begin(s_reading);
            record.UInt(value);
            Assert.IsTrue(record.End());
        }

        void UntilEmpty()
        {
            for (int i = 0; engine.Round().Outcome != RoundOutcome.InStep; i++)
            {
                Assert.IsLessThan(300, i, $"{engine.Pending} pending; {engine.Result.Outcome} carrier {engine.Result.Carrier} HTTP {engine.Result.HttpStatus}; {_servers[0]!.Output}\n{_servers[1]!.Output}");
            }
        }

        void Given(int server)
        {
            using HttpRequestMessage request = new(HttpMethod.Post, Url(_ports[server]) + "/v1/devices/d1/collections/config/objects?class=reading") { Content = new StringContent("""{"value":1}""", Encoding.UTF8, "application/json") };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", admin);
            using HttpResponseMessage response = _http.Send(request);
            using StreamReader reader = new(response.Content.ReadAsStream());
            string body = reader.ReadToEnd();
            Assert.AreEqual(201, (int)response.StatusCode, body);
            Assert.IsTrue(given.Add(JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!), "an id twice: " + body);
        }
    }

    // Holds the rows that every request of the device needs, until a statement of the server waits for them; then kills it.
    private void WhenItWaits(RunningProgram server, SemaphoreSlim held)
    {
        using NpgsqlConnection connection = new(TestDatabase.ConnectionString(_folder));
        connection.Open();
        using NpgsqlTransaction holding = connection.BeginTransaction();
        Run("SELECT 1 FROM collection FOR UPDATE");
        Run("SELECT 1 FROM key_row FOR UPDATE");
        held.Release();
        Assert.IsTrue(
            SpinWait.SpinUntil(() => Run("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'nanosync' AND wait_event_type = 'Lock' AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))") is true, TimeSpan.FromSeconds(30)),
            "no request waits");
        server.Kill();

        object? Run(string sql)
        {
            using NpgsqlCommand command = new(sql, connection, holding);
            return command.ExecuteScalar();
        }
    }

    private void Shortly(int after, RunningProgram server, SemaphoreSlim held)
    {
        held.Release();
        Thread.Sleep(after); // milliseconds
        server.Kill();
    }

    private void Start(int server)
    {
        _servers[server]?.Dispose();
        string dll = Path.Combine(AppContext.BaseDirectory, "NanoSync.Server.dll");
        _servers[server] = RunningProgram.Start(
            "dotnet",
            [dll, "serve", "--port", _ports[server].ToString(CultureInfo.InvariantCulture), "--data", Path.Combine(_folder, "node" + server), "--database", TestDatabase.ConnectionString(_folder)],
            _folder,
            new Dictionary<string, string> { ["NANOSYNC_RATE"] = "0" });
    }

    private void Ready(int server) => _servers[server]!.WaitFor("^Ctrl-C");

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static uint Value(byte[] record)
    {
        Protocol.RecordReader reader = new();
        reader.Begin(s_reading, record, 0, record.Length);
        Assert.IsTrue(reader.Next());
        return (uint)reader.Value;
    }

    private static int FreePort()
    {
        using TcpListener free = new(System.Net.IPAddress.Loopback, 0);
        free.Start();
        return ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
    }

    // To the other server at every exchange. While a kill is due it goes to the victim, and the kill begins when the request is
    // about to go.
    private sealed class Carrier(LeanHttpCarrier[] servers) : ICarrier, IDisposable
    {
        private Task _kill = Task.CompletedTask;
        private int _now;

        /// <summary>The server of the next exchange; -1 = the other one than before.</summary>
        public int To { get; set; } = -1;

        /// <summary>Kills that server: called on a thread of its own; the request goes when it says so.</summary>
        public Action? Killing { get; set; }

        public SemaphoreSlim MayGo { get; } = new(0);

        public int StatusCode => servers[_now].StatusCode;

        public int RetryAfter => servers[_now].RetryAfter;

        public void Finish() => _kill.Wait();

        public CarrierError Open(string contentType, int contentLength)
        {
            _now = To >= 0 ? To : 1 - _now;
            To = -1;
            if (Killing is { } kill)
            {
                Killing = null;
                _kill = Task.Run(kill);
                Assert.IsTrue(MayGo.Wait(TimeSpan.FromSeconds(30)), "what is to hold the request does not come to it");
            }

            return servers[_now].Open(contentType, contentLength);
        }

        public CarrierError Write(byte[] buffer, int offset, int count) => servers[_now].Write(buffer, offset, count);

        public CarrierError Receive() => servers[_now].Receive();

        public int Read(byte[] buffer, int offset, int count) => servers[_now].Read(buffer, offset, count);

        public void Close() => servers[_now].Close();

        public void Dispose() => Array.ForEach(servers, s => s.Dispose());
    }
}

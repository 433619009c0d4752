// A database whose configuration acknowledges commits before they are on a disk: the server's own connections wait all the same.

using Microsoft.Extensions.Logging;
using NanoSync.Server;
using NanoSync.Server.Cli;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Postgres;
using Npgsql;

namespace NanoSync.ServerTests;

public sealed partial class NodeTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void A_database_with_synchronous_commit_off_that_crashes_has_all_that_was_acknowledged()
    {
        // what is only in its memory stays there for ten seconds: a crash loses it
        using PostgresCluster cluster = new("synchronous_commit = off", "wal_writer_delay = 10s", "wal_writer_flush_after = 1GB", "autovacuum = off", "bgwriter_delay = 10s");
        using Nodes nodes = new(2, cluster.ConnectionString);
        nodes.Enrol("d1", "readings,config");
        using Station device = new(nodes, "d1");
        HashSet<string> given = [];
        for (int crash = 0; crash < 2; crash++)
        {
            device.Append(30);
            device.UntilEmpty();
            Assert.IsTrue(given.Add(nodes.Any.Objects.Put("d1", "config", null, Setting((byte)crash)).Row.Id), "an id twice");
            device.UntilEmpty();
            cluster.Crash();
            cluster.Start();
            WhenBack(() => nodes.Any.Objects.List("d1", "config"));
            nodes.HoldsEachOnce("d1", device.Appended);
            Assert.AreEqual(string.Join(' ', given.Order()), string.Join(' ', nodes.Any.Objects.List("d1", "config").Select(o => o.Row.Id).Order()));
        }

        Assert.IsTrue(given.Add(WhenBack(() => nodes.Any.Objects.Put("d1", "config", null, Setting(9)).Row.Id)), "an id twice");
        device.Append(5);
        device.UntilEmpty();
        nodes.HoldsEachOnce("d1", device.Appended);
        Assert.AreEqual(3, device.Settings);
    }

    [TestMethod]
    [DataRow("off", "on")]
    [DataRow("on", "on")]
    [DataRow("local", "local")]
    [DataRow("remote_write", "remote_write")]
    [DataRow("remote_apply", "remote_apply")]
    public void What_a_commit_waits_for_is_the_operators_but_it_waits(string configured, string used)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
        try
        {
            TestDatabase.Open(folder, TimeProvider.System).Dispose();
            TestDatabase.Execute(folder, "ALTER TABLE device ADD COLUMN waits TEXT DEFAULT current_setting('synchronous_commit')");
            using (PostgresStore store = new($"{TestDatabase.ConnectionString(folder)};Options=-c synchronous_commit={configured}", TimeSpan.FromSeconds(2), TimeProvider.System))
            using (IStoreTransaction writing = store.BeginWrite())
            {
                writing.AddDevice("d1", new byte[32], 0);
                writing.Commit();
            }

            using NpgsqlConnection connection = new(TestDatabase.ConnectionString(folder));
            connection.Open();
            using NpgsqlCommand command = new("SELECT waits FROM device", connection);
            Assert.AreEqual(used, command.ExecuteScalar());
        }
        finally
        {
            TestDatabase.Drop(folder);
        }
    }

    [TestMethod]
    public async Task A_database_that_a_crash_may_damage_is_told_at_the_start_and_by_doctor()
    {
        const string Lost = "when its machine crashes, what devices were told is kept may be lost or damaged";
        string folder = Directory.CreateTempSubdirectory("nanosync-server-").FullName;
        ServerOptions options = new() { Data = folder, Database = TestDatabase.ConnectionString(folder), Urls = "http://127.0.0.1:0" }; // of a cluster that is so for speed
        Lines log = new();
        ServerData.Open(options, null, log).Dispose();
        Assert.AreEqual($"Warning PostgreSQL runs with fsync and full_page_writes off: {Lost}.", string.Join('|', log.All));
        Finding said = await Database(options);
        Assert.AreEqual((FindingState.Look, $"PostgreSQL answers and takes changes, 0 device(s); fsync and full_page_writes of PostgreSQL is off: {Lost}"), (said.State, said.Text));
        TestDatabase.Drop(folder);

        using PostgresCluster sound = new();
        options = options with { Data = Directory.CreateTempSubdirectory("nanosync-server-").FullName, Database = sound.ConnectionString };
        log.All.Clear();
        ServerData.Open(options, null, log).Dispose();
        Assert.IsEmpty(log.All);
        Assert.AreEqual(FindingState.Ok, (await Database(options)).State);
        Directory.Delete(options.Data, true);

        async Task<Finding> Database(ServerOptions options)
        {
            return await Doctor.Examine(() => ServerOptions.Configuration(null), _ => options, TestContext.CancellationToken).FirstAsync(f => f.What == "database", TestContext.CancellationToken);
        }
    }

    private sealed class Lines : ILogger
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            All.Add($"{logLevel} {formatter(state, exception)}");
        }
    }
}

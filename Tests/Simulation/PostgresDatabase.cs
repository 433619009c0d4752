// A database of its own in a PostgreSQL cluster, made from a template. A backup is what pg_dump takes: each table as it is in
// one snapshot, and the sequences; putting it back is what pg_restore does, into the same tables. Which partitions there are
// stays as it is.

using System.Data;
using System.Data.Common;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Postgres;
using Npgsql;

namespace NanoSync.Simulation;

/// <summary>A database in PostgreSQL.</summary>
public sealed class PostgresDatabase : SimDatabase
{
    private static readonly Guid s_run = Guid.NewGuid(); // several may run on one cluster
    private static int s_count;

    private readonly TimeProvider _clock;
    private readonly string _cluster;
    private readonly string _name = $"sim_{s_run:N}_{Interlocked.Increment(ref s_count)}";
    private readonly string _connectionString;

    /// <summary>Makes it.</summary>
    /// <param name="clock">The time of its server.</param>
    /// <param name="cluster">How to reach the cluster: "Host=...;Username=...".</param>
    /// <param name="template">The database that it begins as; null = an empty one.</param>
    public PostgresDatabase(TimeProvider clock, string cluster, PostgresDatabase? template)
    {
        _clock = clock;
        _cluster = cluster;
        _connectionString = new NpgsqlConnectionStringBuilder(cluster) { Database = _name }.ToString();
        Administer($"CREATE DATABASE {_name}" + (template == null ? "" : $" TEMPLATE {template._name}"));
    }

    public override bool SharesCommits => false;

    public override bool Flushes => false;

    public override IServerStore Open() => new PostgresStore(_connectionString, TimeSpan.FromSeconds(5), _clock);

    public override object Copy(bool running)
    {
        using NpgsqlConnection connection = OpenOne();
        using NpgsqlTransaction snapshot = connection.BeginTransaction(IsolationLevel.RepeatableRead);
        Dictionary<string, byte[]> tables = [];
        foreach (string table in Tables(connection))
        {
            using NpgsqlRawCopyStream from = connection.BeginRawBinaryCopy($"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT BINARY)");
            using MemoryStream rows = new();
            from.CopyTo(rows);
            tables[table] = rows.ToArray();
        }

        List<(string, long)> sequences = [];
        using (NpgsqlCommand command = new("SELECT sequencename, COALESCE(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'", connection))
        using (NpgsqlDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                sequences.Add((reader.GetString(0), reader.GetInt64(1)));
            }
        }

        return new Dump(tables, sequences);
    }

    public override void PutBack(object copy)
    {
        Dump dump = (Dump)copy;
        using NpgsqlConnection connection = OpenOne();
        using NpgsqlTransaction transaction = connection.BeginTransaction();
        List<string> tables = Tables(connection);
        Execute(connection, "SET LOCAL session_replication_role = replica; " + string.Concat(tables.Select(t => $"DELETE FROM {t}; ")));
        foreach (string table in tables)
        {
            using NpgsqlRawCopyStream to = connection.BeginRawBinaryCopy($"COPY {table} FROM STDIN (FORMAT BINARY)");
            to.Write(dump.Tables[table]);
        }

        foreach ((string name, long value) in dump.Sequences)
        {
            Execute(connection, $"SELECT setval('{name}', {Math.Max(value, 1)}, {(value > 0 ? "true" : "false")})");
        }

        transaction.Commit();
    }

    public override void Rewind(object copy) => PutBack(copy);

    public override void Dispose() => Administer($"DROP DATABASE {_name} WITH (FORCE)");

    protected override DbConnection Connect() => OpenOne();

    // Partitions are part of their table, and which there are stays as it is.
    private static List<string> Tables(NpgsqlConnection connection)
    {
        using NpgsqlCommand command = new("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' "
            + "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('reading_day', 'migration') ORDER BY c.relname", connection);
        using NpgsqlDataReader reader = command.ExecuteReader();
        List<string> tables = [];
        while (reader.Read())
        {
            tables.Add(reader.GetString(0));
        }

        return tables;
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using NpgsqlCommand command = new(sql, connection);
        command.ExecuteNonQuery();
    }

    private NpgsqlConnection OpenOne()
    {
        NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(_connectionString) { Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private void Administer(string sql)
    {
        using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(_cluster) { Pooling = false }.ToString());
        connection.Open();
        Execute(connection, sql);
    }

    private sealed record Dump(Dictionary<string, byte[]> Tables, List<(string Name, long Value)> Sequences);
}

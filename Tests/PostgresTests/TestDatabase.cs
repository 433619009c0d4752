// The database of the contract tests here: a schema of its own in a PostgreSQL cluster that this run starts and ends.

using System.Collections.Concurrent;
using System.Text;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Postgres;
using Npgsql;

namespace NanoSync.ServerTests;

internal static class TestDatabase
{
    private static readonly ConcurrentDictionary<string, string> s_schemas = [];
    private static int s_count;

    /// <summary>Opens the schema of a test's folder, and makes it the first time.</summary>
    public static IServerStore Open(string folder, TimeProvider clock)
    {
        return new PostgresStore(ConnectionString(folder), TimeSpan.FromSeconds(2), clock);
    }

    /// <summary>How a node reaches the schema of a test's folder.</summary>
    public static string ConnectionString(string folder)
    {
        string schema = s_schemas.GetOrAdd(folder, _ =>
        {
            string name = "test" + Interlocked.Increment(ref s_count);
            Execute($"CREATE SCHEMA {name}");
            return name;
        });
        return Cluster.ConnectionString + ";Search Path=" + schema;
    }

    /// <summary>Copies a database that no server has open.</summary>
    public static void Backup(string folder)
    {
        string schema = s_schemas[folder];
        Execute($"DROP SCHEMA IF EXISTS {schema}_backup CASCADE; CREATE SCHEMA {schema}_backup");
        foreach (string table in Tables(schema))
        {
            Execute($"CREATE TABLE {schema}_backup.{table} AS TABLE {schema}.{table}");
        }
    }

    /// <summary>Copies one that a server has open.</summary>
    public static void BackupRunning(string folder) => Backup(folder);

    /// <summary>Puts the copy back.</summary>
    public static void Restore(string folder)
    {
        string schema = s_schemas[folder];
        foreach (string table in Tables(schema))
        {
            Execute($"TRUNCATE {schema}.{table}; INSERT INTO {schema}.{table} TABLE {schema}_backup.{table}");
        }
    }

    /// <summary>Bytes that every commit changes: all rows, with the transaction that made each.</summary>
    public static byte[] Written(string folder)
    {
        string schema = s_schemas[folder];
        StringBuilder rows = new();
        foreach (string table in Tables(schema))
        {
            rows.Append(table).Append(Query($"SELECT COALESCE(string_agg(t.xmin::text || t::text, ' ' ORDER BY t::text), '') FROM {schema}.{table} t")[0]);
        }

        return Encoding.UTF8.GetBytes(rows.ToString());
    }

    /// <summary>All of it, as text.</summary>
    public static byte[] Bytes(string folder) => Written(folder);

    /// <summary>Runs statements beside the server.</summary>
    public static void Execute(string folder, string sql) => Execute($"SET search_path TO {s_schemas[folder]}; {sql}");

    /// <summary>Bytes, as statements name them.</summary>
    public static string Blob(byte[] bytes) => $"'\\x{Convert.ToHexString(bytes)}'::bytea";

    /// <summary>Removes it.</summary>
    public static void Drop(string folder)
    {
        if (s_schemas.TryRemove(folder, out string? schema))
        {
            Execute($"SET client_min_messages = warning; DROP SCHEMA {schema} CASCADE; DROP SCHEMA IF EXISTS {schema}_backup CASCADE; DROP SCHEMA IF EXISTS {schema}_readings CASCADE");
        }

        Directory.Delete(folder, true);
    }

    // Partitions are part of their table, and which there are stays as it is.
    private static List<string> Tables(string schema)
    {
        return Query("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            + $"WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'reading_day' ORDER BY c.relname");
    }

    private static List<string> Query(string sql)
    {
        using NpgsqlConnection connection = new(Cluster.ConnectionString);
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        using NpgsqlDataReader reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    private static void Execute(string sql)
    {
        using NpgsqlConnection connection = new(Cluster.ConnectionString);
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        command.ExecuteNonQuery();
    }
}

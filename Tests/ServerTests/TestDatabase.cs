// The database of the server tests: a SQLite file. Tests/PostgresTests compiles the same tests over its own.

using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.ServerTests;

internal static class TestDatabase
{
    /// <summary>Opens the database of a test's folder, and makes it the first time.</summary>
    public static IServerStore Open(string folder, TimeProvider clock)
    {
        return new SqliteStore(Path.Combine(folder, "nanosync.db"), TimeSpan.FromSeconds(2), clock, flush: false);
    }

    /// <summary>Copies a database that no server has open.</summary>
    public static void Backup(string folder)
    {
        File.Copy(Path.Combine(folder, "nanosync.db"), Path.Combine(folder, "backup.db"), true);
    }

    /// <summary>Copies one that a server has open.</summary>
    public static void BackupRunning(string folder)
    {
        string copy = Path.Combine(folder, "backup.db");
        File.Delete(copy);
        Execute(folder, $"VACUUM INTO '{copy}'");
    }

    /// <summary>Puts the copy back.</summary>
    public static void Restore(string folder)
    {
        File.Delete(Path.Combine(folder, "nanosync.db-wal"));
        File.Delete(Path.Combine(folder, "nanosync.db-shm"));
        File.Copy(Path.Combine(folder, "backup.db"), Path.Combine(folder, "nanosync.db"), true);
    }

    /// <summary>Bytes that every commit changes: those of the log.</summary>
    public static byte[] Written(string folder)
    {
        using FileStream log = new(Path.Combine(folder, "nanosync.db-wal"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[log.Length];
        log.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>All of it: the file and its log.</summary>
    public static byte[] Bytes(string folder)
    {
        using FileStream file = new(Path.Combine(folder, "nanosync.db"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return [.. bytes, .. Written(folder)];
    }

    /// <summary>Runs statements beside the server.</summary>
    public static void Execute(string folder, string sql)
    {
        using SqliteConnection connection = new($"Data Source={Path.Combine(folder, "nanosync.db")};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Bytes, as statements name them.</summary>
    public static string Blob(byte[] bytes) => $"x'{Convert.ToHexString(bytes)}'";

    /// <summary>Removes it.</summary>
    public static void Drop(string folder)
    {
        Directory.Delete(folder, true);
    }
}

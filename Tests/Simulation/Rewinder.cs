// A database put back to a moment without being closed: its rows are replaced by those of a copy, in one transaction. Who has
// it open keeps his connections and prepared statements, which is most of what opening it anew would cost.

using Microsoft.Data.Sqlite;

namespace NanoSync.Simulation;

/// <summary>One moment of a database.</summary>
internal sealed class Rewinder : IDisposable
{
    private readonly string _copy;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _rewind;

    /// <summary>Keeps the moment.</summary>
    /// <param name="path">The database; its tables stay the same.</param>
    /// <param name="moment">Its file as it was, with nothing left in its log.</param>
    public Rewinder(string path, byte[] moment)
    {
        _copy = path + ".moment";
        File.WriteAllBytes(_copy, moment);
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
        Do("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; ATTACH '" + _copy + "' AS moment");
        _rewind = _connection.CreateCommand();
        _rewind.CommandText = string.Concat(Tables().Select(t => $"DELETE FROM main.{t}; INSERT INTO main.{t} SELECT * FROM moment.{t}; "));
    }

    /// <summary>Puts every row back.</summary>
    public void Rewind()
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _rewind.Transaction = transaction;
        _rewind.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        _rewind.Dispose();
        _connection.Dispose();
        foreach (string end in (string[])["", "-wal", "-shm"])
        {
            File.Delete(_copy + end);
        }
    }

    private List<string> Tables()
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = "SELECT name FROM moment.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> tables = [];
        while (reader.Read())
        {
            tables.Add($"\"{reader.GetString(0)}\"");
        }

        return tables;
    }

    private void Do(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

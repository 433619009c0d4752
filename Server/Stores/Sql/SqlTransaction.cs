// A transaction over ADO.NET. The statements are those that SQLite and PostgreSQL both understand: ON CONFLICT,
// RETURNING, counter rows; what differs is in the leaf that opens it. This file: how statements are run.

using System.Data.Common;
using NanoSync.Server.Access;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

/// <summary>A connection and the statements prepared on it.</summary>
public sealed class SqlSession(DbConnection connection) : IDisposable
{
    private readonly Dictionary<string, DbCommand> _commands = [];

    /// <summary>The connection.</summary>
    public DbConnection Connection => connection;

    /// <summary>The prepared statement of this text.</summary>
    public DbCommand Command(string sql)
    {
        if (!_commands.TryGetValue(sql, out DbCommand? command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            _commands.Add(sql, command);
        }

        return command;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (DbCommand command in _commands.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }
}

/// <summary>See <see cref="IStoreTransaction"/>.</summary>
public abstract partial class SqlTransaction : IStoreTransaction
{
    private readonly SqlSession _session;
    private readonly DbTransaction _transaction;

    /// <summary>Wraps a transaction begun.</summary>
    protected SqlTransaction(SqlSession session, DbTransaction transaction)
    {
        _session = session;
        _transaction = transaction;
    }

    /// <summary>What locks the rows of a SELECT, where the database needs it said.</summary>
    protected virtual string ForUpdate => "";

    /// <summary>What may be due once this is durable; in order, each once.</summary>
    protected List<DueNote> Notes { get; } = [];

    /// <summary>False for one that only reads.</summary>
    protected virtual bool Writes => true;

    /// <inheritdoc/>
    public virtual void Commit()
    {
        AuditLine? line = Writes ? AuditLine.WriteTo((IAccessTransaction)this) : null;
        TellOthers();
        try
        {
            _transaction.Commit();
            line?.Done();
        }
        catch (DbException e)
        {
            throw Translate(e);
        }

        Raise();
    }

    /// <summary>Before the commit: leaves the notes for other processes.</summary>
    protected abstract void TellOthers();

    /// <summary>After the commit: tells the notes here.</summary>
    protected abstract void Raise();

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        bool sound = true;
        try
        {
            _transaction.Dispose(); // undoes it, unless committed
        }
        catch (DbException)
        {
            sound = false;
        }

        Release(_session, sound);
    }

    /// <summary>Takes the session back; when it is not sound, it is not used again.</summary>
    protected abstract void Release(SqlSession session, bool sound);

    /// <summary>What a database error means.</summary>
    protected abstract StoreException Translate(DbException error);

    /// <summary>Runs a statement without values.</summary>
    protected void Execute(string sql) => Run(sql);

    private int Run(string sql, params (string Name, object? Value)[] values)
    {
        try
        {
            return Prepare(sql, values).ExecuteNonQuery();
        }
        catch (DbException e)
        {
            throw Translate(e);
        }
    }

    private List<T> All<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        try
        {
            List<T> rows = [];
            using DbDataReader reader = Prepare(sql, values).ExecuteReader();
            while (reader.Read())
            {
                rows.Add(read(reader));
            }

            return rows;
        }
        catch (DbException e)
        {
            throw Translate(e);
        }
    }

    private T? One<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] values)
    {
        List<T> rows = All(sql, read, values);
        return rows.Count == 0 ? default : rows[0];
    }

    private long Number(string sql, params (string Name, object? Value)[] values)
    {
        return One(sql, r => r.IsDBNull(0) ? 0 : r.GetInt64(0), values);
    }

    private DbCommand Prepare(string sql, (string Name, object? Value)[] values)
    {
        DbCommand command = _session.Command(sql);
        command.Transaction = _transaction;
        bool made = command.Parameters.Count == values.Length;
        for (int i = 0; i < values.Length; i++)
        {
            // Whole numbers are given as 8 bytes, as their columns have. PostgreSQL prepares a statement for 8 bytes when the first
            // value was null, and then does not take 4.
            object value = values[i].Value is int number ? (long)number : values[i].Value ?? DBNull.Value;
            if (made)
            {
                command.Parameters[i].Value = value;
            }
            else
            {
                DbParameter parameter = command.CreateParameter();
                parameter.ParameterName = "@" + values[i].Name; // without it SQLite is asked for each of its forms
                parameter.Value = value;
                command.Parameters.Add(parameter);
            }
        }

        return command;
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static long? Long(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static int? Int(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    private static bool Bool(DbDataReader row, int column) => row.GetInt32(column) != 0;

    private static byte[]? Bytes(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);
}

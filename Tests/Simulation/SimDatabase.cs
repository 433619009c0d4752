// The database under a simulated server, and what happens to it from outside: it is copied, put back, loses power, or a byte
// of it rots. The server's rules are the same over both kinds.

using System.Data.Common;

namespace NanoSync.Simulation;

/// <summary>A database that several processes have open.</summary>
public abstract class SimDatabase : IDisposable
{
    /// <summary>Whether requests that come together share a commit in it.</summary>
    public abstract bool SharesCommits { get; }

    /// <summary>Whether commits are flushed, as a real server's are, so that the power of its machine may go.</summary>
    public abstract bool Flushes { get; }

    /// <summary>Opens it, as a process does.</summary>
    public abstract NanoSync.Server.Engine.IServerStore Open();

    /// <summary>A copy of it.</summary>
    /// <param name="running">Whether processes have it open; otherwise none has.</param>
    public abstract object Copy(bool running);

    /// <summary>Puts a copy back. No process has it open.</summary>
    public abstract void PutBack(object copy);

    /// <summary>As <see cref="PutBack"/>, quickly, while processes have it open and are in no transaction.</summary>
    public abstract void Rewind(object copy);

    /// <summary>What was not flushed is gone. The processes end meanwhile.</summary>
    public virtual void LosePower(Action end) => throw new SimulationFailed("this database keeps what it has when the power goes");

    /// <summary>A byte of a part that waits for the rest becomes another. False: there is none.</summary>
    public bool RotPart(Rng rng)
    {
        using DbConnection connection = Connect();
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "SELECT replica_id, collection_id, object_key, start, data FROM upload_part WHERE length(data) > 0 ORDER BY replica_id, collection_id, object_key, start";
        List<(object[] Key, byte[] Data)> parts = [];
        using (DbDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                parts.Add(([reader[0], reader[1], reader[2], reader[3]], (byte[])reader[4]));
            }
        }

        if (parts.Count == 0)
        {
            return false;
        }

        (object[] key, byte[] data) = rng.Pick(parts);
        data[rng.Below(data.Length)] ^= (byte)(1 << rng.Below(8));
        command.CommandText = "UPDATE upload_part SET data = @data WHERE replica_id = @p0 AND collection_id = @p1 AND object_key = @p2 AND start = @p3";
        Bind(command, "data", data);
        for (int i = 0; i < key.Length; i++)
        {
            Bind(command, "p" + i, key[i]);
        }

        return command.ExecuteNonQuery() == 1;
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A connection beside those of the processes.</summary>
    protected abstract DbConnection Connect();

    private static void Bind(DbCommand command, string name, object value)
    {
        DbParameter parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }
}

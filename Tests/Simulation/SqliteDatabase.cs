using System.Data.Common;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sqlite;

namespace NanoSync.Simulation;

/// <summary>A file, in memory where the machine can.</summary>
public sealed class SqliteDatabase : SimDatabase
{
    private static readonly Guid s_run = Guid.NewGuid(); // several may run in one process
    private static int s_files;

    private readonly TimeProvider _clock;
    private (object? To, Rewinder? Of) _rewinder;

    /// <summary>Makes the file.</summary>
    public SqliteDatabase(TimeProvider clock, byte[]? bytes, bool flushes)
    {
        _clock = clock;
        Flushes = flushes;
        if (bytes != null)
        {
            File.WriteAllBytes(FilePath, bytes);
        }

        Watch();
    }

    /// <summary>Where files of the simulation lie.</summary>
    public static string Folder { get; } = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    public override bool SharesCommits => true;

    public override bool Flushes { get; }

    /// <summary>Where it lies.</summary>
    public string FilePath { get; } = Path.Combine(Folder, $"nanosync-sim-{s_run:N}-{Interlocked.Increment(ref s_files)}.db");

    public override IServerStore Open() => new SqliteStore(FilePath, TimeSpan.FromSeconds(5), _clock, flush: Flushes) { ByHand = true };

    public override object Copy(bool running)
    {
        EndRewinder();
        if (!running)
        {
            return File.ReadAllBytes(FilePath);
        }

        string copy = FilePath + ".backup";
        using (DbConnection connection = Connect())
        {
            using DbCommand command = connection.CreateCommand();
            command.CommandText = $"VACUUM INTO '{copy}'";
            command.ExecuteNonQuery();
        }

        byte[] bytes = File.ReadAllBytes(copy);
        File.Delete(copy);
        return bytes;
    }

    public override void PutBack(object copy)
    {
        EndRewinder();
        File.WriteAllBytes(FilePath, (byte[])copy);
        Watch();
    }

    public override void Rewind(object copy)
    {
        if (_rewinder.To != copy)
        {
            EndRewinder();
            _rewinder = (copy, new Rewinder(FilePath, (byte[])copy));
        }

        _rewinder.Of!.Rewind();
    }

    public override void LosePower(Action end)
    {
        (byte[] database, byte[]? log) = CrashDisk.Durable(FilePath);
        end();
        File.Delete(FilePath + "-shm");
        File.Delete(FilePath + "-wal");
        File.WriteAllBytes(FilePath, database);
        if (log != null)
        {
            File.WriteAllBytes(FilePath + "-wal", log);
        }

        Watch();
    }

    public override void Dispose()
    {
        EndRewinder();
        CrashDisk.Forget(FilePath);
        File.Delete(FilePath);
        File.Delete(FilePath + ".retention.lock");
    }

    protected override DbConnection Connect()
    {
        SqliteConnection connection = new($"Data Source={FilePath};Pooling=False");
        connection.Open();
        return connection;
    }

    private void Watch()
    {
        if (Flushes)
        {
            CrashDisk.Watch(FilePath);
        }
    }

    private void EndRewinder()
    {
        _rewinder.Of?.Dispose();
        _rewinder = default;
    }
}

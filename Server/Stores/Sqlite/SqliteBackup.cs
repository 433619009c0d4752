// A copy of the database while servers run on it, and putting one back. The copy is SQLite's own online backup: one state of the
// database, whatever is written meanwhile. It is checked before it counts as one.

using System.Globalization;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;

namespace NanoSync.Server.Stores.Sqlite;

/// <summary>What is in a backup.</summary>
/// <param name="Form">The newest migration that it has.</param>
/// <param name="Devices">Devices.</param>
/// <param name="Objects">Objects that are not deleted, readings included.</param>
/// <param name="LastSeen">When a device was last there; null = never. Milliseconds since 1970.</param>
public sealed record BackupContent(int Form, long Devices, long Objects, long? LastSeen);

/// <summary>Backups of a SQLite database.</summary>
public static class SqliteBackup
{
    /// <summary>Copies a database into a file, which is replaced when the copy is whole and checked.</summary>
    public static BackupContent Make(string database, string file)
    {
        string part = file + ".part";
        try
        {
            File.Delete(part);
            if (!OperatingSystem.IsWindows())
            {
                // keys of devices are in it
                new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
            }

            using (SqliteConnection from = Open(database, SqliteOpenMode.ReadOnly), to = Open(part, SqliteOpenMode.ReadWriteCreate))
            {
                from.BackupDatabase(to);
                Run(to, "PRAGMA journal_mode = DELETE"); // one file
            }

            BackupContent content = Check(part);
            File.Move(part, file, overwrite: true);
            return content;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"Cannot back up to {file}: {e.Message}", e);
        }
    }

    /// <summary>Looks whether a file is a whole backup that this program can use; a <see cref="StoreException"/> where it is not.</summary>
    public static BackupContent Check(string file)
    {
        if (!File.Exists(file))
        {
            throw new StoreException($"There is no file {file}.");
        }

        try
        {
            using SqliteConnection connection = Open(file, SqliteOpenMode.ReadOnly);
            if (Scalar(connection, "PRAGMA integrity_check") is not "ok" and var wrong)
            {
                throw new StoreException($"{file} is damaged: {wrong}");
            }

            int form = Convert.ToInt32(Scalar(connection, "SELECT MAX(number) FROM migration"), CultureInfo.InvariantCulture);
            if (form > Migrations.Newest(typeof(SqliteStore)))
            {
                throw new StoreException($"{file} has form {form}, made by a newer version of this program, which knows form {Migrations.Newest(typeof(SqliteStore))}.");
            }

            return new BackupContent(form, Convert.ToInt64(Scalar(connection, "SELECT COUNT(*) FROM device"), CultureInfo.InvariantCulture),
                Convert.ToInt64(Scalar(connection, "SELECT COALESCE(SUM(live), 0) FROM collection"), CultureInfo.InvariantCulture),
                Scalar(connection, "SELECT MAX(last_seen) FROM device") is long seen ? seen : null);
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{file} is no backup: {e.Message}", e);
        }
    }

    /// <summary>Puts a backup in the place of a database on which no server runs; the one before is kept, with its owner and mode, which
    /// the one put back gets, too.</summary>
    /// <returns>Where the database that was there is now; null = there was none.</returns>
    public static string? Restore(string file, string database)
    {
        Check(file);
        string part = database + ".part";
        try
        {
            bool exists = File.Exists(database);
            if (exists)
            {
                FoldLog(database);
            }

            CopyFor(file, part, exists ? database : null);
            string? kept = exists ? Keep(database) : null;
            File.Move(part, database);
            return kept;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"Cannot put {file} in the place of {database}: {e.Message}", e);
        }
    }

    // Root puts back what the service's user opens: a copy that were root's would end the service at its next start.
    private static void CopyFor(string file, string part, string? before)
    {
        File.Delete(part);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // keys of devices are in it
        }

        using (FileStream from = File.OpenRead(file), to = new(part, options))
        {
            from.CopyTo(to);
            to.Flush(flushToDisk: true); // before it takes the place of the one before
        }

        if (before != null && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(part, File.GetUnixFileMode(before));
        }

        FileOwner? owner = before == null ? null : FileOwner.Of(before);
        if (owner is { IsRoot: false } known)
        {
            known.Take(part);
        }
        else
        {
            FileOwner.AsFolder(part); // there was none, or an earlier restore left one that the service cannot open
        }
    }

    // Each restore keeps its own: who restores the wrong backup and then the right one has all that was there at first.
    private static string Keep(string database)
    {
        string kept = database + ".before-restore";
        for (int n = 2; File.Exists(kept); n++)
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{database}.before-restore-{n}");
        }

        File.Move(database, kept);
        return kept;
    }

    // Brings what is in the log into the file and takes the log away, which SQLite does for nobody while another has it open.
    private static void FoldLog(string database)
    {
        try
        {
            using SqliteConnection connection = Open(database, SqliteOpenMode.ReadWrite);
            if (Scalar(connection, "PRAGMA journal_mode = DELETE") is "delete")
            {
                return;
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 11 or 26)
        {
            // damaged, which is why it is replaced; nobody can run on it
            File.Delete(database + "-wal");
            File.Delete(database + "-shm");
            return;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 5 or 6)
        {
            // said below
        }

        throw new StoreException($"A server runs on {database}, or another program has it open. End it first.");
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, DefaultTimeout = 2 }.ToString());
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, string sql) => Scalar(connection, sql);

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}

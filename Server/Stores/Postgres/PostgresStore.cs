// PostgreSQL: many nodes on one database. A node keeps nothing; what two requests must not do at once, a locked row keeps
// apart: the device's key row and its collection, from reading the key to the commit.

using System.Data;
using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;
using Npgsql;

namespace NanoSync.Server.Stores.Postgres;

/// <summary>A store in a PostgreSQL database.</summary>
public sealed partial class PostgresStore : IServerStore
{
    private const long MigrationLock = 0x4E616E6F53796E63; // "NanoSync": nodes that start together migrate one after the other
    private const int PreparedStatements = 200; // on a connection: all there are

    private const int MostAtOnce = 32; // requests of devices; a connection each

    private readonly NpgsqlDataSource _source;
    private int _next; // the lane of what belongs to no device
    private string? _timeline; // of the database that the newest connection reached
    private int _successions;
    private readonly Lazy<Lanes> _lanes = new(() => new Lanes(MostAtOnce));

    /// <summary>Opens a database and brings it to the newest form.</summary>
    /// <param name="connectionString">Npgsql's: "Host=...;Database=...;Username=...".</param>
    /// <param name="patience">How long a statement waits for a lock before <see cref="StoreBusyException"/>.</param>
    /// <param name="clock">Time of migrations.</param>
    public PostgresStore(string connectionString, TimeSpan patience, TimeProvider clock)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connectionString);
            settings.MaxAutoPrepare = settings.MaxAutoPrepare == 0 ? PreparedStatements : settings.MaxAutoPrepare;
            settings.AutoPrepareMinUsages = 2;
            settings.NoResetOnClose = true; // nothing of ours is a session's, but locks, which are given up by name
            settings.ApplicationName ??= "nanosync";
            string lockTimeout = string.Create(CultureInfo.InvariantCulture, $"-c lock_timeout={Math.Max(1, (long)patience.TotalMilliseconds)}");
            settings.Options = settings.Options == null ? lockTimeout : settings.Options + " " + lockTimeout;
            NpgsqlDataSourceBuilder source = new(settings.ConnectionString);
            source.UsePhysicalConnectionInitializer(Prepare, c => Task.Run(() => Prepare(c)));
            _source = source.Build();
            _listening = ListeningTo(settings);
            Due = new DueSignal(BeginListening);
        }
        catch (ArgumentException e)
        {
            throw new StoreException($"The database setting cannot be read: {e.Message}", e);
        }

        try
        {
            // a migration may read or write all there is
            using NpgsqlConnection connection = new(new NpgsqlConnectionStringBuilder(settings.ConnectionString) { CommandTimeout = 0, Pooling = false }.ToString());
            connection.Open();
            Execute(connection, $"SELECT pg_advisory_lock({MigrationLock})");
            try
            {
                Migrations.Apply(connection, typeof(PostgresStore), clock);
                Careless = UnsafeSettings(connection);
            }
            finally
            {
                Execute(connection, $"SELECT pg_advisory_unlock({MigrationLock})");
            }
        }
        catch (Exception e)
        {
            _source.Dispose();
            throw e is DbException error ? Meaning(error) : e;
        }
    }

    /// <inheritdoc/>
    public IStoreTransaction BeginRead()
    {
        return Begin(IsolationLevel.RepeatableRead, write: false); // one state of the database
    }

    /// <inheritdoc/>
    public IStoreTransaction BeginWrite()
    {
        return Begin(IsolationLevel.ReadCommitted, write: true); // what is read under a lock is the newest
    }

    /// <inheritdoc/>
    public Task<T> Together<T>(int device, Func<T> work) => _lanes.Value.Do(device, work);

    /// <inheritdoc/>
    public ValueTask<T> Aside<T>(Func<T> work) => new(_lanes.Value.Do(Interlocked.Increment(ref _next), work));

    /// <inheritdoc/>
    public IStoreLock? TryLock(string name)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = _source.OpenConnection();
            using NpgsqlCommand command = new("SELECT pg_try_advisory_lock(hashtext(current_schema()), hashtext(@name))", connection);
            command.Parameters.AddWithValue("name", "nanosync " + name);
            if (command.ExecuteScalar() is true)
            {
                return new Held(connection);
            }

            connection.Dispose();
            return null;
        }
        catch (DbException e)
        {
            connection?.Dispose();
            throw Meaning(e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndListening();
        if (_lanes.IsValueCreated)
        {
            _lanes.Value.Dispose();
        }

        _source.Dispose();
    }

    /// <inheritdoc/>
    public int Successions => Volatile.Read(ref _successions);

    /// <summary>Settings of the database that are off, and without which a crash of its machine loses or damages what was acknowledged; a server cannot set them.</summary>
    public IReadOnlyList<string> Careless { get; } = [];

    private void Prepare(NpgsqlConnection connection)
    {
        WaitForDisk(connection);
        NoteTimeline(connection);
    }

    // A device forgets what was acknowledged. With synchronous_commit off the database acknowledges commits that its own crash may
    // lose. It comes back on the same timeline, so nobody could tell. All other values wait for a disk; the operator chooses them.
    private static void WaitForDisk(NpgsqlConnection connection)
    {
        try
        {
            Execute(connection, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit', true) = 'off'");
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.FeatureNotSupported)
        {
            // no PostgreSQL, and no such setting
        }
    }

    private static List<string> UnsafeSettings(NpgsqlConnection connection)
    {
        List<string> off = [];
        using NpgsqlCommand command = new("SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name", connection);
        try
        {
            using NpgsqlDataReader reader = command.ExecuteReader();
            while (reader.Read())
            {
                off.Add(reader.GetString(0));
            }
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.FeatureNotSupported)
        {
            // no PostgreSQL
        }

        return off;
    }

    // A standby that takes over begins a timeline of its own, the first 8 digits of the name of a WAL file; while it is one it
    // has none. What only speaks PostgreSQL's protocol may have no timelines: then nothing is known of successions.
    private void NoteTimeline(NpgsqlConnection connection)
    {
        const string Ask = "SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END";
        try
        {
            using NpgsqlCommand command = new(Ask, connection);
            if (command.ExecuteScalar() is string now && Interlocked.Exchange(ref _timeline, now) is { } before && before != now)
            {
                Interlocked.Increment(ref _successions);
            }
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.FeatureNotSupported)
        {
            // no timelines
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using NpgsqlCommand command = new(sql, connection);
        command.ExecuteNonQuery();
    }

    // Errors that go away when the request is repeated are a StoreBusyException.
    private static StoreException Meaning(DbException error)
    {
        return error.SqlState switch
        {
            PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.QueryCanceled =>
                new StoreBusyException("Another request holds the rows.", error),
            PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow =>
                new StoreBusyException($"The database does not answer now: {error.Message}", error),
            PostgresErrorCodes.ReadOnlySqlTransaction => new StoreBusyException("The database is read-only: a standby?", error),
            PostgresErrorCodes.DiskFull => new StoreException("Cannot write to the database: its disk is full.", error),
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName =>
                new StoreException($"The database does not let this server in: {error.Message}", error),
            null => new StoreBusyException($"The database cannot be reached: {error.Message}", error),
            _ => new StoreException($"The database failed: {error.Message}", error),
        };
    }

    private Transaction Begin(IsolationLevel isolation, bool write)
    {
        NpgsqlConnection? connection = null;
        try
        {
            connection = _source.OpenConnection();
            return new Transaction(this, new SqlSession(connection), connection.BeginTransaction(isolation), write);
        }
        catch (DbException e)
        {
            connection?.Dispose();
            throw Meaning(e);
        }
    }

    // The lock is the connection's: one that breaks lets go of it. Before it goes back to the pool it is given up.
    private sealed class Held(NpgsqlConnection connection) : IStoreLock
    {
        public bool IsHeld()
        {
            try
            {
                Execute(connection, "SELECT 1");
                return true;
            }
            catch (Exception e) when (e is DbException or InvalidOperationException)
            {
                return false; // it broke
            }
        }

        public void Dispose()
        {
            try
            {
                Execute(connection, "SELECT pg_advisory_unlock_all()");
            }
            catch (DbException)
            {
                // it broke
            }

            connection.Dispose();
        }
    }

    private sealed class Transaction(PostgresStore store, SqlSession session, NpgsqlTransaction transaction, bool write) : SqlTransaction(session, transaction)
    {
        public const string Channel = "'nanosync_' || md5(current_schema())"; // an expression: the same for all nodes on a schema

        private const int NotesInPayload = 500; // of at most 12 bytes; PostgreSQL takes 8,000

        protected override bool Writes => write;

        protected override string ForUpdate => write ? " FOR UPDATE" : "";

        protected override void Release(SqlSession session, bool sound)
        {
            session.Dispose(); // the connection goes back to the pool, its prepared statements with it
        }

        protected override bool KeepsDays => true;

        protected override void MakeDay(int day) => store.MakeDay(day);

        protected override StoreException Translate(DbException error)
        {
            if (error.SqlState != PostgresErrorCodes.CheckViolation)
            {
                return Meaning(error);
            }

            store._days.Clear(); // another process dropped the day, and the clock went back to it
            return new StoreBusyException("The readings of that day were removed just now.", error);
        }

        protected override void TellOthers()
        {
            foreach (DueNote[] notes in Notes.Chunk(NotesInPayload))
            {
                Notify(Channel, string.Join(' ', notes.Select(n => string.Create(CultureInfo.InvariantCulture, $"{(n.To == DueTo.Collection ? 'c' : 'd')}{n.Id}"))));
            }
        }

        protected override void Raise()
        {
            // by LISTEN, as on every other node
        }
    }
}

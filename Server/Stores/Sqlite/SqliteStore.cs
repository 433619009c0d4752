// The embedded database: one file. WAL, so that readers never wait; synchronous=FULL, because a device forgets what was
// acknowledged: NORMAL may lose the newest commits when the power goes.

using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;
using SQLitePCL;

namespace NanoSync.Server.Stores.Sqlite;

/// <summary>A store in a SQLite file. Other processes may use the same file at the same time.</summary>
public sealed partial class SqliteStore : IServerStore
{
    private readonly string _path;
    private readonly string _connectionString;
    private readonly TimeSpan _patience;
    private readonly bool _flush;
    private readonly ConcurrentBag<SqlSession> _idle = [];
    private readonly WriterGate _writer = new(); // the file has one writer; waiting here is fair and does not poll
    private SqlSession? _writing; // the one session of whoever holds the gate: another one would have to read again the pages that this one changed
    private volatile bool _disposed;

    /// <summary>Opens a file, makes it when missing, and brings it to the newest form.</summary>
    /// <param name="path">The file.</param>
    /// <param name="patience">How long to wait for another writer before <see cref="StoreBusyException"/>.</param>
    /// <param name="clock">Time of migrations.</param>
    /// <param name="flush">False: a commit may be lost when the power goes, not when the process ends. For tests, which run ten times faster.</param>
    public SqliteStore(string path, TimeSpan patience, TimeProvider clock, bool flush = true)
    {
        _path = path;
        _flush = flush;
        _patience = patience;
        Due = new DueSignal(BeginLooking);
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false, // sessions are kept here, with their statements
            DefaultTimeout = Math.Max(1, (int)patience.TotalSeconds),
        }.ToString();
        try
        {
            MakeFile(path);
            using SqlSession session = Open();
            Execute(session.Connection, "PRAGMA journal_mode = WAL");
            Migrations.Apply(session.Connection, typeof(SqliteStore), clock);
        }
        catch (SqliteException e)
        {
            throw Meaning(e, path);
        }
    }

    // Keys of devices are in it: for the server's user alone. SQLite gives the files beside it the same rights.
    private static void MakeFile(string path)
    {
        if (OperatingSystem.IsWindows() || File.Exists(path))
        {
            return;
        }

        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).Dispose();
            FileOwner.AsFolder(path); // what SQLite makes beside it as root gets its owner from it
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // another process was faster, or SQLite says what is wrong with the path
        }
    }

    /// <inheritdoc/>
    public IStoreTransaction BeginRead()
    {
        return s_batch?.Store == this ? new Part(s_batch, false) : Begin(write: false);
    }

    /// <inheritdoc/>
    public IStoreTransaction BeginWrite()
    {
        return s_batch?.Store == this ? new Part(s_batch, true) : Begin(write: true);
    }

    /// <inheritdoc/>
    public ValueTask<T> Aside<T>(Func<T> work) => new(work()); // a reader waits for nobody

    /// <inheritdoc/>
    public void MakeDays(long now)
    {
        // one table
    }

    /// <inheritdoc/>
    public long? DropDay(IReadOnlyList<KeptSince> rules) => null;

    /// <inheritdoc/>
    public int Successions => 0; // it is put back only while no server runs on it

    /// <inheritdoc/>
    public IStoreLock? TryLock(string name)
    {
        try
        {
            return FolderLock.TryTake($"{_path}.{name}.lock");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"Cannot make a lock beside {_path}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndQueue();
        EndLooking();
        _disposed = true;
        Interlocked.Exchange(ref _writing, null)?.Dispose();
        while (_idle.TryTake(out SqlSession? session))
        {
            session.Dispose();
        }
    }

    private static void Execute(DbConnection connection, string sql)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static StoreException Meaning(SqliteException e, string? path = null)
    {
        string file = path == null ? "the database file" : $"the database file {path}";
        const int NoRoomForShared = 4874; // SQLITE_IOERR_SHMSIZE
        if (e.SqliteExtendedErrorCode == NoRoomForShared)
        {
            return new StoreException($"Cannot write to {file}: the disk is full.", e);
        }

        return e.SqliteErrorCode switch
        {
            5 or 6 => new StoreBusyException("Another writer holds the database.", e),
            8 => new StoreException($"Cannot write to {file}: it or its folder is read-only.", e),
            10 => new StoreException($"Cannot read or write {file}: {e.Message}", e),
            11 => new StoreException($"Damaged: {file} is malformed. Restore it from a backup.", e),
            13 => new StoreException($"Cannot write to {file}: the disk is full.", e),
            14 => new StoreException($"Cannot open {file}: no such folder, or no permission.", e),
            26 => new StoreException($"Not a database: {file}. Name another data folder, or move the file away.", e),
            _ => new StoreException($"The database failed: {e.Message}", e),
        };
    }

    internal SqlSession Open()
    {
        SqliteConnection connection = new(_connectionString);
        try
        {
            connection.Open();
            Execute(connection, _flush ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
            Execute(connection, "PRAGMA temp_store = MEMORY"); // else SQLite writes to a file what a savepoint keeps of a page
            KeepPlans(connection);
            return new SqlSession(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // SQLite looks at the value of "LIMIT @count" when it plans a statement, and plans it anew each time a value is given: a
    // third of what a sync cost (Tests/Simulation -- cuts 1 0 20).
    private static void KeepPlans(SqliteConnection connection)
    {
        int result = raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out int kept);
        if (result != raw.SQLITE_OK || kept != 1)
        {
            throw new StoreException($"This SQLite cannot keep its plans (result {result}).");
        }
    }

    private SqlSession OpenWriter()
    {
        SqlSession session = Open();
        Execute(session.Connection, "PRAGMA cache_size = -16384"); // KiB
        Execute(session.Connection, "PRAGMA wal_autocheckpoint = 8000"); // pages: a page that many syncs change goes into the file once
        return session;
    }

    private Transaction Begin(bool write)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (write && !_writer.Enter(_patience))
        {
            throw new StoreBusyException("Another writer holds the database.");
        }

        SqlSession? session = null;
        try
        {
            if (write)
            {
                session = Interlocked.Exchange(ref _writing, null) ?? OpenWriter();
            }
            else if (!_idle.TryTake(out session))
            {
                session = Open();
            }

            // deferred: a reader takes no lock; otherwise the write lock is taken at once, so that nothing read goes stale
            SqliteTransaction transaction = ((SqliteConnection)session.Connection).BeginTransaction(deferred: !write);
            return new Transaction(this, session, transaction, write);
        }
        catch (Exception e)
        {
            session?.Dispose();
            if (write)
            {
                _writer.Leave();
            }

            throw e is SqliteException error ? Meaning(error) : e;
        }
    }

    private void Return(SqlSession session, bool sound, bool write)
    {
        if (!sound || _disposed)
        {
            session.Dispose();
        }
        else if (write)
        {
            _writing = session;
        }
        else
        {
            _idle.Add(session);
        }

        if (write)
        {
            _writer.Leave();
        }
    }

    private sealed class Transaction(SqliteStore store, SqlSession session, SqliteTransaction transaction, bool write)
        : SqlTransaction(session, transaction)
    {
        private List<long> _noteNumbers = [];

        public SqlSession Session { get; } = session;

        public SqliteTransaction Whole { get; } = transaction;

        protected override bool Writes => write;

        public StoreException MeaningOf(DbException error) => Translate(error);

        // Of a part that is in this transaction for good.
        public void AddNotes(List<DueNote> notes) => Notes.AddRange(notes.Except(Notes).ToList());

        public List<(long Seq, DueNote Note)> AllNotesAbove(long seq) => NotesAbove(seq);

        protected override void TellOthers() => _noteNumbers = Notes.ConvertAll(LeaveNote);

        protected override void Raise() => store.RaiseNotes(Notes, _noteNumbers);

        protected override void Release(SqlSession session, bool sound)
        {
            store.Return(session, sound, write);
        }

        protected override StoreException Translate(DbException error)
        {
            return error is SqliteException e ? Meaning(e) : new StoreException(error.Message, error);
        }
    }
}

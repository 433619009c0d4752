// One commit for many. A flush costs as much for one sync as for a hundred, so syncs that wait at the same time share a
// transaction: one thread does them one after the other, each transaction of theirs is a savepoint in it, and all are
// answered after its commit. While it is flushed, the next ones gather. No commit, no answer: then all of them come again.

using System.Data.Common;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;
using SQLitePCL;

namespace NanoSync.Server.Stores.Sqlite;

public sealed partial class SqliteStore
{
    private const int MostInBatch = 512;
    private const int MostWaiting = 20_000; // beyond it the answer is at once that the database is busy

    private static readonly TimeSpan s_longestBatch = TimeSpan.FromMilliseconds(50); // of work; other writers get in between

    [ThreadStatic]
    private static Batch? s_batch; // that this thread is in

    private readonly Lock _starting = new();
    private Channel<Work>? _work;
    private Thread? _thread;

    /// <summary>True: no thread does what waits, but who calls <see cref="WriteWaiting"/>. For tests that say what shares a commit.</summary>
    internal bool ByHand { get; init; }

    /// <summary>Called before (false) and after (true) the commit of a batch; what it throws ends the batch there, as a stopped server would.</summary>
    internal Action<bool>? Committing { get; set; }

    /// <inheritdoc/>
    public Task<T> Together<T>(int device, Func<T> work)
    {
        Work<T> item = new(work);
        return Queue().Writer.TryWrite(item) ? item.Done : throw new StoreBusyException("Too many requests wait for the database.");
    }

    private Channel<Work> Queue()
    {
        if (_work is { } running)
        {
            return running;
        }

        lock (_starting)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_work == null)
            {
                Channel<Work> work = Channel.CreateBounded<Work>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
                if (!ByHand)
                {
                    _thread = new Thread(() => WriteAll(work.Reader)) { IsBackground = true, Name = "database writer" };
                    _thread.Start();
                }

                _work = work;
            }

            return _work;
        }
    }

    // What was begun is answered before the database is closed.
    private void EndQueue()
    {
        lock (_starting)
        {
            _work?.Writer.TryComplete();
        }

        _thread?.Join();
    }

    private void WriteAll(ChannelReader<Work> waiting)
    {
        while (waiting.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            WriteAndAnswer(waiting);
        }
    }

    /// <summary>Does what waits, in one commit, and answers it. Only <see cref="ByHand"/>.</summary>
    internal void WriteWaiting()
    {
        if (_work is { } work && work.Reader.Count > 0)
        {
            WriteAndAnswer(work.Reader);
        }
    }

    private void WriteAndAnswer(ChannelReader<Work> waiting)
    {
        List<Work> done = [];
        try
        {
            WriteBatch(waiting, done);
            done.ForEach(w => w.Answer());
        }
        catch (Exception e)
        {
            // where not even the writer was to be had, all have waited
            for (int left = done.Count == 0 ? waiting.Count : 0; left > 0 && waiting.TryRead(out Work? next); left--)
            {
                done.Add(next);
            }

            done.ForEach(w => w.Fail(e));
        }
        finally
        {
            s_batch = null;
        }
    }

    private void WriteBatch(ChannelReader<Work> waiting, List<Work> done)
    {
        using Activity? activity = Telemetry.Source.StartActivity("batch");
        using Transaction all = Begin(write: true);
        s_batch = new Batch(this, all);
        long began = Stopwatch.GetTimestamp();
        while (done.Count < MostInBatch && (ByHand || Stopwatch.GetElapsedTime(began) < s_longestBatch) && waiting.TryRead(out Work? next))
        {
            done.Add(next);
            Telemetry.Waited(Stopwatch.GetElapsedTime(next.Queued));
            next.Do();
            if (s_batch.Lost is { } lost)
            {
                throw lost;
            }
        }

        long flushing = Stopwatch.GetTimestamp();
        Committing?.Invoke(false);
        all.Commit();
        Committing?.Invoke(true);
        Telemetry.Commit(done.Count, Stopwatch.GetElapsedTime(flushing));
        activity?.SetTag("requests", done.Count);
    }

    // A transaction inside of a batch.
    private sealed class Part : SqlTransaction
    {
        private readonly Batch _batch;
        private readonly string? _savepoint; // null = it only reads
        private bool _open = true;

        public Part(Batch batch, bool write)
            : base(batch.All.Session, batch.All.Whole)
        {
            _batch = batch;
            if (write)
            {
                _savepoint = "part" + ++batch.Depth;
                Execute("SAVEPOINT " + _savepoint);
            }
        }

        public override void Commit()
        {
            if (_savepoint != null && _open)
            {
                Execute("RELEASE " + _savepoint);
                _open = false;
                _batch.All.AddNotes(Notes);
            }
        }

        public override void Dispose()
        {
            if (_savepoint == null)
            {
                return;
            }

            _batch.Depth--;
            if (_open && _batch.Lost == null)
            {
                _open = false;
                Execute("ROLLBACK TO " + _savepoint);
                Execute("RELEASE " + _savepoint);
            }
        }

        protected override void Release(SqlSession session, bool sound)
        {
            // it is the batch's
        }

        protected override void TellOthers()
        {
            // so are the notes
        }

        protected override void Raise()
        {
        }

        // Some errors end the whole transaction, and what came after would be committed statement by statement.
        protected override StoreException Translate(DbException error)
        {
            StoreException meaning = _batch.All.MeaningOf(error);
            if (((SqliteConnection)_batch.All.Session.Connection).Handle is { } handle && raw.sqlite3_get_autocommit(handle) != 0)
            {
                _batch.Lost ??= meaning;
            }

            return meaning;
        }
    }

    private sealed class Batch(SqliteStore store, Transaction all)
    {
        /// <summary>Whose it is.</summary>
        public SqliteStore Store => store;

        /// <summary>The transaction that all share.</summary>
        public Transaction All => all;

        /// <summary>Transactions open in it.</summary>
        public int Depth { get; set; }

        /// <summary>Why it was undone; null = it was not.</summary>
        public StoreException? Lost { get; set; }
    }
}

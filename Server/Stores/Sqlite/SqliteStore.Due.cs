// The due signal over a file: at once in this process, and a look at the file four times a second for what others did to it.

using System.Data.Common;
using Microsoft.Data.Sqlite;
using NanoSync.Server.Engine;
using NanoSync.Server.Stores.Sql;

namespace NanoSync.Server.Stores.Sqlite;

public sealed partial class SqliteStore
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<long> _own = []; // numbers of notes left by this process that the look has not met yet
    private readonly CancellationTokenSource _endLooking = new();
    private Task? _looking;

    /// <inheritdoc/>
    public DueSignal Due { get; }

    private void RaiseNotes(List<DueNote> notes, List<long> numbers)
    {
        if (_looking != null)
        {
            lock (_own)
            {
                _own.UnionWith(numbers);
            }
        }

        notes.ForEach(Due.Raise);
    }

    private void BeginLooking()
    {
        _looking = Task.Run(Look);
    }

    private void EndLooking()
    {
        _endLooking.Cancel();
        _looking?.GetAwaiter().GetResult();
    }

    private async Task Look()
    {
        SqlSession? watched = null;
        object? seen = null;
        long last = 0;
        bool away = true; // not there yet
        while (!_endLooking.IsCancellationRequested)
        {
            try
            {
                watched ??= Open();
                object? version = VersionOf(watched.Connection);
                if (!Equals(version, seen))
                {
                    last = TellAbove(last, away); // all that is durable by now, so what this version has is told
                    seen = version;
                    away = false;
                }
            }
            catch (Exception e) when (e is StoreException or DbException)
            {
                // requests that meet this log it
                away = true;
                seen = null;
                watched?.Dispose();
                watched = null;
            }

            await Task.Delay(s_look, _endLooking.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        watched?.Dispose();
    }

    // Another number after each commit by another connection; costs no statement on the database.
    private static object? VersionOf(DbConnection connection)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        return command.ExecuteScalar();
    }

    private long TellAbove(long last, bool everybody)
    {
        List<(long Seq, DueNote Note)> notes;
        using (Transaction store = Begin(write: false))
        {
            notes = store.AllNotesAbove(last);
        }

        if (everybody)
        {
            Due.Raise(new DueNote(DueTo.Everybody));
        }

        foreach ((long seq, DueNote note) in everybody ? [] : notes)
        {
            bool own;
            lock (_own)
            {
                own = _own.Remove(seq);
            }

            if (!own)
            {
                Due.Raise(note);
            }
        }

        last = notes.Count == 0 ? last : notes[^1].Seq;
        lock (_own)
        {
            _own.RemoveWhere(seq => seq <= last); // overwritten by a later note of the same kind
        }

        return last;
    }
}

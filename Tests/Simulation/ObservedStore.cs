using System.Reflection;
using System.Runtime.ExceptionServices;
using NanoSync.Server.Engine;

namespace NanoSync.Simulation;

/// <summary>Something deliberately broken, to see whether the simulation notices.</summary>
public enum Mutation
{
    None,

    /// <summary>The server forgets ClientIds.</summary>
    NoDedupe,

    /// <summary>The server takes the key before the last for the last: a lost reply counts as arrived.</summary>
    OldKeyIsCurrent,

    /// <summary>The server applies a repeated request from the newer point.</summary>
    RepeatFromNewerPoint,

    /// <summary>The server takes any key for the last one given.</summary>
    AnyKey,

    /// <summary>The server starts over from where it was, not from the beginning.</summary>
    StartOverKeepsPoint,

    /// <summary>The server answers before its commit, and the commit fails now and then.</summary>
    AnswerWithoutCommit,

    /// <summary>The server drops the losing side of a conflict.</summary>
    NoLosers,

    /// <summary>The server takes a request that a newer one overtook.</summary>
    TakesLate,

    /// <summary>The server sees no conflicts: everything counts as seen.</summary>
    NoConflicts,

    /// <summary>The server does not note what a device refused.</summary>
    NoRefusals,

    /// <summary>The device takes any reply for that to its last request.</summary>
    AnyReply,

    /// <summary>The device's flash loses the last write now and then, although it was closed.</summary>
    CloseLies,

    /// <summary>The device's store has no noise of its own: after a wiped flash it gives the same ids again.</summary>
    SameEntropy,

    /// <summary>The device's store takes what it never finished writing for written.</summary>
    NoRecovery,
}

/// <summary>Wraps the transactions of a store, and tells what was committed.</summary>
public sealed class ObservedStore(IServerStore inner, SimServer server) : IServerStore
{
    public int Successions => inner.Successions;

    public IServerStore Inner => inner;

    public IStoreTransaction BeginRead() => Wrap(inner.BeginRead(), false);

    public IStoreTransaction BeginWrite() => Wrap(inner.BeginWrite(), true);

    public Task<T> Together<T>(int device, Func<T> work) => inner.Together(device, server.AsNow(work));

    public ValueTask<T> Aside<T>(Func<T> work) => inner.Aside(work);

    public DueSignal Due => inner.Due;

    public void MakeDays(long now) => inner.MakeDays(now);

    public long? DropDay(IReadOnlyList<KeptSince> rules) => inner.DropDay(rules);

    public IStoreLock? TryLock(string name) => inner.TryLock(name);

    public void Dispose() => inner.Dispose();

    private IStoreTransaction Wrap(IStoreTransaction transaction, bool writes)
    {
        IStoreTransaction wrapped = DispatchProxy.Create<IWholeTransaction, ObservedTransaction>();
        ((ObservedTransaction)(object)wrapped).Begin(transaction, server, writes);
        return wrapped;
    }
}

/// <summary>One transaction, observed.</summary>
public class ObservedTransaction : DispatchProxy
{
    private readonly List<Action> _told = [];
    private readonly List<Event> _saved = [];
    private readonly List<Action> _after = []; // what is judged once all of it is in the book
    private IStoreTransaction _inner = null!;
    private SimServer _server = null!;
    private bool _writes;

    internal void Begin(IStoreTransaction inner, SimServer server, bool writes)
    {
        _inner = inner;
        _server = server;
        _writes = writes;
    }

    protected override object? Invoke(MethodInfo? method, object?[]? arguments)
    {
        Mutation mutation = _server.Mutation;
        if (_writes && method!.Name != nameof(IDisposable.Dispose) && _server.FailsIn > 0 && --_server.FailsIn == 0)
        {
            throw new StoreException("The disk fails.");
        }

        switch (method!.Name)
        {
            case nameof(IStoreTransaction.Commit):
                if (mutation == Mutation.AnswerWithoutCommit && _writes && _told.Count > 0 && _server.Rng.Percent(10))
                {
                    return null;
                }

                if (_writes)
                {
                    _server.Committing?.Invoke(false);
                }

                _inner.Commit();
                _server.Touched |= _writes;
                _told.ForEach(t => t());
                _told.Clear();
                _after.ForEach(a => a());
                _after.Clear();
                if (_writes)
                {
                    _server.Committing?.Invoke(true);
                }

                return null;

            case nameof(IDisposable.Dispose):
                _inner.Dispose();
                return null;

            case nameof(IStoreTransaction.SaveKeyRow):
                _told.Add(() => _server.WorkedOn++);
                break;

            case nameof(IStoreTransaction.SaveObject):
                int collection = (int)arguments![0]!;
                ObjectRow row = (ObjectRow)arguments[1]!;
                Event e = new(collection, row.Id, row.Deleted ? 0 : Payload.Serial(row.Data), row.Author);
                _told.Add(() => _server.Committed(e));
                _saved.Add(e);
                break;

            case nameof(IStoreTransaction.AppendReadings):
                LogRun run = (LogRun)arguments![1]!;
                IReadOnlyList<byte[]> readings = (IReadOnlyList<byte[]>)arguments[2]!;
                for (int i = 0; i < readings.Count; i++)
                {
                    ReadingId id = run.First with { Number = run.First.Number + i };
                    Event logged = new((int)arguments[0]!, id.ToString(), Payload.Serial(readings[i]), run.Device);
                    _told.Add(() => _server.Committed(logged));
                    _saved.Add(logged);
                }

                break;

            case nameof(IStoreTransaction.AddLoser):
                if (mutation == Mutation.NoLosers)
                {
                    return null;
                }

                int of = (int)arguments![1]!;
                LoserRow loser = (LoserRow)arguments[2]!;
                uint serial = loser.Deleted ? 0 : Payload.Serial(loser.Data);
                _told.Insert(0, () => _server.Book.AddLoser(of, loser.ServerId, serial)); // before the change it lost against
                break;

            case nameof(IStoreTransaction.Refused) when mutation != Mutation.NoRefusals:
                int device = (int)arguments![0]!;
                RefusalRow refusal = (RefusalRow)arguments[1]!;
                if (refusal.ByServer && refusal.Status == Protocol.Status.OutOfSpace)
                {
                    if (_server.IsOutbox(refusal.Collection))
                    {
                        _after.Add(() => _server.JudgeFull(device, true, [])); // those before it in the message are appended with others
                    }
                    else
                    {
                        _server.JudgeFull(device, false, _saved);
                    }
                }

                if (refusal.ByServer && refusal.Status == Protocol.Status.Forked)
                {
                    _server.NoteFork(device);
                }

                _told.Add(() => _server.Book.Refused.Add((device, refusal.Collection, refusal.ObjectId)));
                break;

            case nameof(IStoreTransaction.DropReadings):
                return DropReadings((int)arguments![0]!, (long)arguments[1]!, (long)arguments[2]!, (int)arguments[3]!);

            case nameof(IStoreTransaction.PruneDeleted):
                return PruneDeleted((int)arguments![0]!, (long)arguments[1]!, (int)arguments[2]!);

            case nameof(IStoreTransaction.FindId) when mutation == Mutation.NoDedupe:
                return null;

            case nameof(IStoreTransaction.FindLog) when mutation == Mutation.NoDedupe:
                return new LogMark(-1, true);

            case nameof(IStoreTransaction.Refused) when mutation == Mutation.NoRefusals:
                return null;

            case nameof(IStoreTransaction.IsDue) or nameof(IStoreTransaction.IsAside) when mutation == Mutation.NoConflicts:
                return false;
        }

        if (_writes && _server.Trace.Readable && method.Name is "MakeDue" or "SetAside" or "Retry" or "RetryOtherClass" or "SentIn" or "Unsent" or "Acknowledged" or "Settle" or "ForgetDue")
        {
            _server.Trace.Line($"      store: {method.Name} {string.Join(' ', arguments!)}");
        }

        object? result;
        try
        {
            result = method.Invoke(_inner, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }

        if (result is KeyRow key && _writes)
        {
            Break(key, mutation);
        }

        return result;
    }

    // [retention] The oldest go, those from before a time, down to so many; no other.
    private int DropReadings(int collection, long before, long keep, int most)
    {
        List<ObjectRow> there = [.. _inner.ListObjects(collection, 0, 100_000, deleted: false).OrderBy(o => o.Seq)];
        List<string> due = [.. there.Take((int)Math.Clamp(there.Count - keep, 0, most)).TakeWhile(o => o.Changed < before).Select(o => o.Id)];
        int count = _inner.DropReadings(collection, before, keep, most);
        HashSet<string> left = [.. _inner.ListObjects(collection, 0, 100_000, deleted: false).Select(o => o.Id)];
        List<string> gone = [.. there.Select(o => o.Id).Where(id => !left.Contains(id))];
        if (count != gone.Count || !gone.SequenceEqual(due))
        {
            _server.Violate($"retention was to remove {string.Join(' ', due)}, removed {string.Join(' ', gone)} and says {count}");
        }

        foreach (string id in gone)
        {
            Event removed = new(collection, id, 0, 0, Removed: true);
            _told.Add(() => _server.Committed(removed));
        }

        return count;
    }

    private int PruneDeleted(int collection, long seenSince, int most)
    {
        List<string> Left() => [.. _inner.ListObjects(collection, 0, 100_000, deleted: true).Where(o => o.Deleted).Select(o => o.Id)];
        List<string> there = Left();
        int count = _inner.PruneDeleted(collection, seenSince, most);
        foreach (string id in there.Except(Left()))
        {
            _told.Add(() => _server.Book.ForgetDelete(collection, id));
        }

        return count;
    }

    private void Break(KeyRow row, Mutation mutation)
    {
        string? given = _server.KeyGiven(row.Device, row.Name);
        switch (mutation)
        {
            case Mutation.OldKeyIsCurrent when given != null && given == row.PreviousKey && given != "0":
                row.Key = given;
                break;
            case Mutation.RepeatFromNewerPoint when given != null && given == row.PreviousKey && given != "0":
                row.FromPoint = row.ToPoint;
                row.Reply = null;
                break;
            case Mutation.AnyKey when given != null && given != "0":
                row.Key = given;
                break;
            case Mutation.StartOverKeepsPoint when given != null && row.PreviousKey == "0" && row.ToPoint == 0:
                row.ToPoint = Math.Max(row.KnownSeq, 0);
                break;
            case Mutation.TakesLate:
                row.LastChange = 0;
                row.Acknowledged = false;
                break;
            case Mutation.NoConflicts:
                row.KnownSeq = long.MaxValue / 2;
                break;
        }
    }
}

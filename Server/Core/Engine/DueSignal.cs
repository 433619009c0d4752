// Store.Due.Subscribe(note => ...): told on every node of a database after each commit by which something may be due to a device.
//
//   note.To = Device       something for the device of this number: a command, an object again, another token, revoked
//   note.To = Collection   objects of the collection of this number changed; store.ListDue(note) are the devices that sync it
//   note.To = Everybody    the signal was away: anything may have happened meanwhile
//
// Code that changes something need not tell: the store notes what a transaction changes, and raises the notes once they are
// durable - in this process, and for other processes on the database by NOTIFY (PostgreSQL), or by a table that is looked at
// four times a second where the file has changed (SQLite). A note says "look", not what there is: it may come twice or for
// nothing, and readings that come into an outbox raise none. Handlers are called on the thread of the commit: they queue.

namespace NanoSync.Server.Engine;

/// <summary>Whom a note is about.</summary>
public enum DueTo
{
    /// <summary>One device.</summary>
    Device,

    /// <summary>All devices that sync a collection.</summary>
    Collection,

    /// <summary>All devices.</summary>
    Everybody,
}

/// <summary>Something may be due.</summary>
/// <param name="To">Whom.</param>
/// <param name="Id">Number of the device or the collection; 0 for everybody.</param>
public readonly record struct DueNote(DueTo To, int Id = 0);

/// <summary>Tells those who subscribed.</summary>
public sealed class DueSignal
{
    private readonly Lock _lock = new();
    private readonly Action? _begin;
    private Action<DueNote>[] _subscribers = [];
    private bool _begun;
    private long _count;

    /// <summary>Makes the signal of a store.</summary>
    /// <param name="begin">Begins to listen for what other processes raise; called with the first subscription, once.</param>
    public DueSignal(Action? begin = null)
    {
        _begin = begin;
    }

    /// <summary>Notes raised so far. Read this number, then look at the database: as long as the number stays the same, nothing was missed.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Calls this with each note until it is disposed. It must not throw, nor wait.</summary>
    public IDisposable Subscribe(Action<DueNote> told)
    {
        bool first;
        lock (_lock)
        {
            _subscribers = [.. _subscribers, told];
            first = !_begun;
            _begun = true;
        }

        if (first)
        {
            _begin?.Invoke();
        }

        return new Subscription(this, told);
    }

    /// <summary>Tells a note. For stores.</summary>
    public void Raise(DueNote note)
    {
        Interlocked.Increment(ref _count);
        foreach (Action<DueNote> told in Volatile.Read(ref _subscribers))
        {
            told(note);
        }
    }

    private sealed class Subscription(DueSignal signal, Action<DueNote> told) : IDisposable
    {
        public void Dispose()
        {
            lock (signal._lock)
            {
                signal._subscribers = [.. signal._subscribers.Where(s => !ReferenceEquals(s, told))];
            }
        }
    }
}

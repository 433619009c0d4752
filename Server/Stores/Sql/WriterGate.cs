// Who may write to a database that takes one writer: one after the other, in the order in which they came.

namespace NanoSync.Server.Stores.Sql;

/// <summary>A lock that is handed on in the order of asking.</summary>
internal sealed class WriterGate
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = [];
    private bool _taken;

    /// <summary>Waits for it; false when that took too long.</summary>
    public bool Enter(TimeSpan patience)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (_lock)
        {
            if (!_taken)
            {
                return _taken = true;
            }

            place = _waiting.AddLast(new TaskCompletionSource());
        }

        if (place.Value.Task.Wait(patience))
        {
            return true;
        }

        lock (_lock)
        {
            if (place.List == null)
            {
                return true; // handed over just now
            }

            _waiting.Remove(place);
            return false;
        }
    }

    /// <summary>Hands it to who waits longest.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (_waiting.First is not { } next)
            {
                _taken = false;
                return;
            }

            _waiting.RemoveFirst();
            next.Value.SetResult();
        }
    }
}

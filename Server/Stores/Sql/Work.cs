// Work that waits for a database: who gave it waits without a thread.

namespace NanoSync.Server.Stores.Sql;

/// <summary>A piece of work and who waits for it.</summary>
internal abstract class Work
{
    /// <summary>When it was given.</summary>
    public long Queued { get; } = System.Diagnostics.Stopwatch.GetTimestamp();

    /// <summary>Does it. What goes wrong is kept until it is answered.</summary>
    public abstract void Do();

    /// <summary>Answers: with what it came to, or went wrong with.</summary>
    public abstract void Answer();

    /// <summary>Answers that nothing of it is done.</summary>
    public abstract void Fail(Exception why);
}

/// <summary>Work with a result.</summary>
internal sealed class Work<T>(Func<T> work) : Work
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;
    private Exception? _error;

    /// <summary>Ends when it is answered.</summary>
    public Task<T> Done => _done.Task;

    public override void Do()
    {
        try
        {
            _result = work();
        }
        catch (Exception e)
        {
            _error = e;
        }
    }

    public override void Answer()
    {
        if (_error is OperationCanceledException canceled)
        {
            _done.TrySetCanceled(canceled.CancellationToken);
        }
        else if (_error != null)
        {
            _done.TrySetException(_error);
        }
        else
        {
            _done.TrySetResult(_result);
        }
    }

    public override void Fail(Exception why) => _done.TrySetException(_error ?? why);
}

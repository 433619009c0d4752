// Threads for work that may wait for a lock or for a database far away. The framework's pool has few threads and makes more only
// slowly. If all of them waited, nobody would be answered, not even those for whom they wait. Here work that finds no free thread
// waits without one, and an asynchronous method that was begun here goes on here after each of its waits.

namespace NanoSync.Server.Waiting;

/// <summary>A scheduler with threads of its own, made when they are needed, so many at most.</summary>
public sealed class WaitingThreads(string name, int most) : TaskScheduler, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30); // of a thread without work

    [ThreadStatic]
    private static WaitingThreads? s_own;

    private readonly object _lock = new();
    private readonly Queue<Task> _waiting = [];
    private int _threads;
    private int _idle;
    private bool _ended;

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => most;

    /// <summary>Work that waits for a thread.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Does work on one of the threads.</summary>
    public Task<T> Run<T>(Func<T> work, CancellationToken cancellation = default)
    {
        return Task.Factory.StartNew(work, cancellation, TaskCreationOptions.DenyChildAttach, this);
    }

    /// <summary>Does work on these threads, between its waits as well.</summary>
    public Task RunAll(Func<Task> work) => Run(work).Unwrap();

    /// <summary>Ends threads that have no work; what was given is done.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        lock (_lock)
        {
            _waiting.Enqueue(task);
            if (_waiting.Count <= _idle)
            {
                Monitor.Pulse(_lock);
            }
            else if (_threads < most)
            {
                _threads++;
                new Thread(Work) { IsBackground = true, Name = name }.UnsafeStart();
            }
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued)
    {
        return s_own == this && !taskWasPreviouslyQueued && TryExecuteTask(task);
    }

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks()
    {
        lock (_lock)
        {
            return [.. _waiting];
        }
    }

    private void Work()
    {
        s_own = this;
        while (Next() is { } task)
        {
            TryExecuteTask(task);
        }
    }

    private Task? Next()
    {
        lock (_lock)
        {
            while (_waiting.Count == 0)
            {
                _idle++;
                bool told = !_ended && Monitor.Wait(_lock, s_patience);
                _idle--;
                if (!told && _waiting.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return _waiting.Dequeue();
        }
    }
}

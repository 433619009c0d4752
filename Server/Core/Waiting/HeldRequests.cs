// Requests with nothing to send whose answers wait until something is due: the long poll. [SPEC 2.3, HeartbeatInterval; 5.9]
//
//   arrives idle   -> held: no thread, no lock, no database connection; its bytes, a timer, three entries in tables
//   a note for it  -> looked at again by its bytes, a few at a time, so that a note for ten thousand does not keep others out;
//                     answered when something is due, held on when not
//   another request of its store, the time over, the server stops -> answered: nothing for you
//   the connection ends -> gone
//
// Whichever comes first, the request is answered once. A device whose token has ended meanwhile is told that, and nothing else.

using System.Runtime.InteropServices;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Waiting;

/// <summary>Holds requests.</summary>
public sealed class HeldRequests : IDisposable
{
    private const int MostBytes = 4096; // of a request: it stays in memory; an idle one of 14 collections has 600
    private const int AtOnce = 16; // looked at again; an answer costs a turn at the database
    private const int Spread = 10; // a tenth of the time: those that came together do not leave together

    private readonly SyncService _sync;
    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly int _most;
    private readonly Lock _lock = new();
    private readonly Dictionary<(int Device, int Replica), Held> _byStore = [];
    private readonly Dictionary<int, List<Held>> _byDevice = [];
    private readonly Dictionary<int, List<Held>> _byCollection = [];
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private IDisposable? _subscription;
    private bool _ended;

    /// <summary>Makes it; nothing is subscribed before the first request is held.</summary>
    public HeldRequests(SyncService sync, IServerStore store, TimeProvider clock, SyncLimits limits)
    {
        _sync = sync;
        _store = store;
        _clock = clock;
        _most = limits.MaxHeld;
    }

    private enum Reason
    {
        None,
        Due,
        Over,
        Replaced,
        Ended,
        Gone,
    }

    /// <summary>Requests held now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byStore.Count;
            }
        }
    }

    /// <summary>Answers a request, at once or when there is a reason to.</summary>
    /// <param name="device">Who asks.</param>
    /// <param name="isIn">True while this device may still be answered; asked before a held request is.</param>
    /// <param name="body">The request.</param>
    /// <param name="format">Its encoding.</param>
    /// <param name="gone">Its connection has ended.</param>
    /// <returns>The reply; null for a device that is not let in any more.</returns>
    public async Task<SyncReply?> Answer(DeviceIdentity device, Func<bool> isIn, ReadOnlyMemory<byte> body, MessageFormat format, CancellationToken gone)
    {
        long before = _store.Due.Count;
        SyncReply reply = await _sync.HandleAsync(device, body, format, cancellation: gone);
        using Held? held = Enter(device.Id, reply, body.Length <= MostBytes);
        if (held == null)
        {
            return reply;
        }

        held.Begin(_clock, reply.Hold!.Seconds, Spread, gone);
        if (_store.Due.Count != before)
        {
            held.Wake(Reason.Due); // perhaps for it, between the look and now
        }

        while (true)
        {
            switch (await held.Woken())
            {
                case Reason.Due:
                    await _turns.WaitAsync(gone);
                    try
                    {
                        if (!isIn())
                        {
                            return null;
                        }

                        SyncReply again = await _sync.HandleAsync(device, body, format, held: true, gone);
                        if (again.Hold == null)
                        {
                            return again;
                        }
                    }
                    finally
                    {
                        _turns.Release();
                    }

                    break;
                case Reason.Gone:
                    throw new OperationCanceledException(gone);
                case Reason.Ended:
                    return reply;
                default:
                    return isIn() ? reply : null;
            }
        }
    }

    /// <summary>Answers all that are held; further ones are answered at once.</summary>
    public void EndAll()
    {
        Held[] all;
        lock (_lock)
        {
            _ended = true;
            all = [.. _byStore.Values];
        }

        Array.ForEach(all, h => h.Wake(Reason.Ended));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        EndAll();
        _subscription?.Dispose();
    }

    // A place for a request that may be held; null for one that is answered at once. Either ends the one that its store left here.
    private Held? Enter(int device, SyncReply reply, bool mayHold)
    {
        Held? old = null, held = null;
        lock (_lock)
        {
            if (reply.Replica != 0 && _byStore.Remove((device, reply.Replica), out old))
            {
                Leave(old);
            }

            if (reply.Hold is { } hold && mayHold && !_ended && _byStore.Count < _most)
            {
                held = new Held(this, device, reply.Replica, hold.Collections);
                _byStore.Add((device, reply.Replica), held);
                PlaceOf(_byDevice, device).Add(held);
                Array.ForEach(hold.Collections, c => PlaceOf(_byCollection, c).Add(held));
                _subscription ??= _store.Due.Subscribe(Hear);
                Telemetry.Held(1);
            }
        }

        old?.Wake(Reason.Replaced);
        return held;
    }

    private static List<Held> PlaceOf(Dictionary<int, List<Held>> table, int number)
    {
        return CollectionsMarshal.GetValueRefOrAddDefault(table, number, out _) ??= new List<Held>(1);
    }

    // Under the lock.
    private void Leave(Held held)
    {
        Telemetry.Held(-1);
        Remove(_byDevice, held.Device, held);
        Array.ForEach(held.Collections, c => Remove(_byCollection, c, held));
    }

    private static void Remove(Dictionary<int, List<Held>> table, int number, Held held)
    {
        if (table.TryGetValue(number, out List<Held>? place) && place.Remove(held) && place.Count == 0)
        {
            table.Remove(number);
        }
    }

    private void Hear(DueNote note)
    {
        Held[] about;
        lock (_lock)
        {
            about = note.To switch
            {
                DueTo.Everybody => [.. _byStore.Values],
                DueTo.Device => [.. _byDevice.GetValueOrDefault(note.Id, [])],
                _ => [.. _byCollection.GetValueOrDefault(note.Id, [])],
            };
        }

        Array.ForEach(about, h => h.Wake(Reason.Due));
    }

    // One of them.
    private sealed class Held(HeldRequests all, int device, int replica, int[] collections) : IDisposable
    {
        private TaskCompletionSource<Reason>? _waits; // under this
        private Reason _reason; // met and not told yet; under this
        private ITimer? _timer;
        private CancellationTokenRegistration _gone;

        public int Device => device;

        public int[] Collections => collections;

        public void Begin(TimeProvider clock, int seconds, int spread, CancellationToken gone)
        {
            TimeSpan time = TimeSpan.FromSeconds(seconds);
            time -= time * ((device * 2654435761U) % 1000 / 1000.0 / spread);
            _timer = clock.CreateTimer(static held => ((Held)held!).Wake(Reason.Over), this, time, Timeout.InfiniteTimeSpan);
            _gone = gone.UnsafeRegister(static held => ((Held)held!).Wake(Reason.Gone), this);
        }

        /// <summary>The next reason to look at it.</summary>
        public Task<Reason> Woken()
        {
            lock (this)
            {
                if (_reason == Reason.None)
                {
                    _waits = new TaskCompletionSource<Reason>(TaskCreationOptions.RunContinuationsAsynchronously);
                    return _waits.Task;
                }

                return Task.FromResult(ConsumeReason());
            }
        }

        /// <summary>Gives a reason; of several the last in the order of their enumeration counts.</summary>
        public void Wake(Reason reason)
        {
            lock (this)
            {
                _reason = reason > _reason ? reason : _reason;
                if (_waits != null)
                {
                    _waits.SetResult(ConsumeReason());
                    _waits = null;
                }
            }
        }

        public void Dispose()
        {
            lock (all._lock)
            {
                if (all._byStore.TryGetValue((device, replica), out Held? here) && here == this)
                {
                    all._byStore.Remove((device, replica));
                    all.Leave(this);
                }
            }

            _timer?.Dispose();
            _gone.Dispose();
        }

        private Reason ConsumeReason()
        {
            Reason reason = _reason;
            _reason = Reason.None;
            return reason;
        }
    }
}

// Tells devices that something is due: a retained byte on their wake topic [SPEC 8.6]. A note of the store says "look", so a
// wake may come for nothing; what it must not do is fail to come while the broker is there.
//
// Rule 1: of several nodes one wakes, or a device would be woken once by each. Which one, a lock of the database says.
// Rule 2: only devices that spoke over the broker are woken; that they did is kept in the database, for the other nodes.
// Rule 3: a mass wake-up is spread: so many a second, the others after it.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Mqtt;

/// <summary>Wakes devices over a broker.</summary>
public sealed class MqttWaker(ServerCore core, MqttService broker, ILogger log)
{
    /// <summary>Wakes in a second at most.</summary>
    public const int PerSecond = 200;

    /// <summary>Kept of a device that spoke over the broker, with the time.</summary>
    public const string Spoke = "mqtt";

    private static readonly TimeSpan s_again = TimeSpan.FromDays(1); // how often it is kept anew
    private static readonly TimeSpan s_old = TimeSpan.FromDays(30); // a device that has not spoken for so long has gone another way
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(5); // for the lock, and for what failed

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _spoke = [];
    private readonly SemaphoreSlim _raised = new(0);
    private HashSet<DueNote> _notes = [];
    private byte _value;

    /// <summary>Notes that a device spoke over the broker.</summary>
    public void Heard(string device)
    {
        DateTimeOffset now = core.Clock.GetUtcNow();
        lock (_gate)
        {
            if (_spoke.TryGetValue(device, out DateTimeOffset last) && now - last < s_again)
            {
                return;
            }

            _spoke[device] = now;
        }

        try
        {
            using IStoreTransaction store = core.Store.BeginWrite();
            if (store.FindDevice(device) is { } row)
            {
                store.SaveInfo(row.Id, new InfoRow(Spoke, [], now.ToUnixTimeMilliseconds()));
                store.Commit();
            }
        }
        catch (StoreException)
        {
            lock (_gate)
            {
                _spoke.Remove(device); // with its next message
            }
        }
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task Run(CancellationToken cancellation)
    {
        using IDisposable subscription = core.Store.Due.Subscribe(Note);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                using IDisposable? turn = broker.Away == null ? core.Store.TryLock("mqtt-wake") : null;
                if (turn != null)
                {
                    await Work(cancellation);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (StoreException)
            {
                // requests that meet this log it; what was noted is kept
            }
            catch (Exception e)
            {
                log.NobodyWoken(e);
            }

            await Task.Delay(s_retry, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // While this node has the broker and the turn.
    private async Task Work(CancellationToken cancellation)
    {
        while (broker.Away == null)
        {
            HashSet<DueNote> notes = DrainNotes();
            if (notes.Count == 0)
            {
                await _raised.WaitAsync(s_retry, cancellation);
                continue;
            }

            bool done = false;
            try
            {
                done = await WakeAll(DevicesOf(notes), cancellation);
            }
            finally
            {
                if (!done)
                {
                    lock (_gate)
                    {
                        _notes.UnionWith(notes); // some are woken twice
                    }
                }
            }
        }
    }

    // False: the broker went away before all were.
    private async Task<bool> WakeAll(List<string> devices, CancellationToken cancellation)
    {
        for (int i = 0; i < devices.Count; i++)
        {
            if (!await broker.Wake(devices[i], Next(), cancellation) && broker.Away != null)
            {
                return false;
            }

            if ((i + 1) % (PerSecond / 10) == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
            }
        }

        return true;
    }

    private void Note(DueNote note)
    {
        lock (_gate)
        {
            if (!_notes.Add(note))
            {
                return;
            }
        }

        _raised.Release();
    }

    private HashSet<DueNote> DrainNotes()
    {
        lock (_gate)
        {
            (HashSet<DueNote> notes, _notes) = (_notes, []);
            return notes;
        }
    }

    private List<string> DevicesOf(HashSet<DueNote> notes)
    {
        using IStoreTransaction store = core.Store.BeginRead();
        HashSet<int> spoke = [.. store.ListTellers(Spoke, (core.Clock.GetUtcNow() - s_old).ToUnixTimeMilliseconds())];
        IEnumerable<DueNote> listed = notes.Any(n => n.To == DueTo.Everybody) ? [new DueNote(DueTo.Everybody)] : notes;
        return spoke.Count == 0 ? [] : [.. listed.SelectMany(store.ListDue).Where(d => spoke.Contains(d.Id)).Select(d => d.Name).Distinct()];
    }

    // Another byte each time, so that whoever reads the topic sees that it is a new one; never 0.
    private byte Next() => _value = (byte)(_value == byte.MaxValue ? 1 : _value + 1);
}

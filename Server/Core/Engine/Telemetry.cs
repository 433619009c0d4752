// What a server counts. Nothing here knows who reads it. No label names a device, so that the number of
// series does not grow with the fleet.

using System.Diagnostics;
using System.Diagnostics.Metrics;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

/// <summary>The server's metrics and traces.</summary>
public static class Telemetry
{
    /// <summary>Name of the meter, which exporters put before those of its instruments, and of the source of activities.</summary>
    public const string Name = "NanoSync";

    private static readonly Meter s_meter = new(Name);
    private static readonly Counter<long> s_syncs = s_meter.CreateCounter<long>("syncs", description: "Requests by result: answered, empty, held (idle, and its answer waits), refused, malformed, failed.");
    private static readonly UpDownCounter<int> s_held = s_meter.CreateUpDownCounter<int>("held", description: "Requests whose answer is held until something is due.");
    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>("sync.duration", "s", "From a request that was read to its reply.");
    private static readonly Counter<long> s_collections = s_meter.CreateCounter<long>("collections", description: "Collections of requests by what their key meant: current, lost (a repeated request), replaced, startover, unknown, late, forked, wentback.");
    private static readonly Counter<long> s_readings = s_meter.CreateCounter<long>("readings", description: "Readings taken, repeated ones not counted.");
    private static readonly Counter<long> s_conflicts = s_meter.CreateCounter<long>("conflicts", description: "Losing sides of conflicts kept.");
    private static readonly Counter<long> s_refusals = s_meter.CreateCounter<long>("refusals", description: "Commands of devices refused, by status; 204 are readings of a store that is one of two.");
    private static readonly Counter<long> s_bytes = s_meter.CreateCounter<long>("bytes", "By", "Bytes of messages by direction: up, down.");
    private static readonly Counter<long> s_removed = s_meter.CreateCounter<long>("retention.removed", description: "What retention removed, by kind: readings, deleted, notes, stores.");
    private static readonly Histogram<int> s_commitSize = s_meter.CreateHistogram<int>("commit.size", "{request}", "Requests that shared a commit.");
    private static readonly Histogram<double> s_commitDuration = s_meter.CreateHistogram<double>("commit.duration", "s", "A commit, its flush included.");
    private static readonly Histogram<double> s_wait = s_meter.CreateHistogram<double>("wait", "s", "How long a request waited for its turn at the database.");

    /// <summary>For those who count what is theirs alone, such as a carrier.</summary>
    public static Meter Meter => s_meter;

    /// <summary>Where activities come from: sync, and batch with the requests that shared a commit.</summary>
    public static ActivitySource Source { get; } = new(Name);

    /// <summary>A request was answered, or failed.</summary>
    internal static void Sync(string result, TimeSpan took, int bytesUp, int bytesDown)
    {
        s_syncs.Add(1, new KeyValuePair<string, object?>("result", result));
        s_duration.Record(took.TotalSeconds);
        s_bytes.Add(bytesUp, new KeyValuePair<string, object?>("direction", "up"));
        s_bytes.Add(bytesDown, new KeyValuePair<string, object?>("direction", "down"));
    }

    /// <summary>One request more is held, or one less.</summary>
    internal static void Held(int more) => s_held.Add(more);

    /// <summary>What a request came to is durable.</summary>
    internal static void Done(SyncTally tally)
    {
        foreach (KeyCase key in tally.Keys)
        {
            s_collections.Add(1, new KeyValuePair<string, object?>("key", key.ToString().ToLowerInvariant()));
        }

        foreach (int status in tally.Refused)
        {
            s_refusals.Add(1, new KeyValuePair<string, object?>("status", status));
        }

        s_readings.Add(tally.Readings);
        s_conflicts.Add(tally.Conflicts);
    }

    /// <summary>A pass of the retention ended.</summary>
    internal static void Removed(RetentionPass pass)
    {
        (string Kind, long Count)[] all = [("readings", pass.Readings), ("deleted", pass.Deleted), ("notes", pass.Notes), ("stores", pass.Stores)];
        foreach ((string kind, long count) in all)
        {
            s_removed.Add(count, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    /// <summary>Requests shared a commit.</summary>
    public static void Commit(int size, TimeSpan took)
    {
        s_commitSize.Record(size);
        s_commitDuration.Record(took.TotalSeconds);
    }

    /// <summary>A request's turn came.</summary>
    public static void Waited(TimeSpan time) => s_wait.Record(time.TotalSeconds);
}

/// <summary>What one request came to, told when it is durable.</summary>
internal sealed class SyncTally
{
    /// <summary>What the key of each collection meant.</summary>
    public List<KeyCase> Keys { get; } = [];

    /// <summary>Status of each command refused.</summary>
    public List<int> Refused { get; } = [];

    /// <summary>New readings.</summary>
    public int Readings { get; set; }

    /// <summary>Losing sides kept.</summary>
    public int Conflicts { get; set; }

    /// <summary>Notes a response to a command.</summary>
    public void Responded(int status)
    {
        if (status is not (Status.Success or Status.Incomplete or Status.Retry))
        {
            Refused.Add(status);
        }
    }
}

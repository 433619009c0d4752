// What is kept of devices for those who look after them, in the server's database.

using System.Text.Json.Serialization;
using NanoSync.Server.Alerts;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Fleet;

/// <summary>A device's line of the fleet.</summary>
public sealed record FleetRow
{
    /// <summary>The device.</summary>
    public required int Device { get; init; }

    /// <summary>A bit for each <see cref="Problem"/>; -1 = revoked, which comes last.</summary>
    public long Rank { get; init; }

    /// <summary>When the line changes although nothing happens, milliseconds since 1970.</summary>
    public long NextCheck { get; init; }

    /// <summary>What is shown; null = not made yet.</summary>
    public DeviceSummary? Summary { get; init; }

    /// <summary>What the next one is made from.</summary>
    public FleetMemory Memory { get; init; } = new();
}

/// <summary>What is remembered of a device between two looks at it.</summary>
public sealed record FleetMemory
{
    /// <summary>Seconds between its rounds, as they came; null = not known.</summary>
    public double? Observed { get; init; }

    /// <summary>Number of the next round in the ring.</summary>
    public long Rounds { get; init; }

    /// <summary>Seconds that an operator's command set last, once the device has done it; null = none.</summary>
    [JsonPropertyName("told")] // its name in databases
    public long? CommandedInterval { get; init; }

    /// <summary>When a count last rose: dropped, damaged, refused, forked.</summary>
    public long?[] Rose { get; init; } = new long?[4];

    /// <summary>When a status with a wrong clock last came.</summary>
    public long? ClockOff { get; init; }

    /// <summary>Time of the status that was looked at last.</summary>
    public long Status { get; init; }

    /// <summary>Objects that came with that status and since.</summary>
    public long Came { get; init; }
}

/// <summary>A round as the server saw it: one request and its reply.</summary>
public sealed record RoundRow(long Time, int Took, int Up, int Down, int Refused, int BytesUp, int BytesDown, int Status);

/// <summary>The last status within an hour.</summary>
public sealed record SampleRow(long Time, double? Battery, long? Signal, long? Heap, long? FlashLeft, long? Clock, long? Pending, long? Life);

/// <summary>What a device's line is made from.</summary>
public sealed record FleetFacts(string Name, long Created, long? Revoked, long? LastSeen, string Group, long? Every, FleetRow Before)
{
    /// <summary>What it told last; null = nothing.</summary>
    public InfoRow? Status { get; init; }

    /// <summary>Its stores, last seen first.</summary>
    public List<ReplicaRow> Stores { get; init; } = [];

    /// <summary>The refusal noted last.</summary>
    public RefusalRow? Refusal { get; init; }

    /// <summary>Most objects that it puts into a message; 0 = not told.</summary>
    public int Window { get; init; }

    /// <summary>Commands that wait.</summary>
    public int Commands { get; init; }

    /// <summary>The last command "interval" that was done, its record.</summary>
    public byte[]? Interval { get; init; }

    /// <summary>Objects of the server that the device has not, counted up to a bound.</summary>
    public int Waiting { get; init; }

    /// <summary>Objects of the server that the device does not take, as they are now.</summary>
    public int Aside { get; init; }
}

/// <summary>Which devices are asked for.</summary>
/// <param name="Text">Part of name, group, firmware or last error; null = any.</param>
/// <param name="Problem">Those with this one; null = any.</param>
/// <param name="State">ok, problem, revoked, or null = any.</param>
/// <param name="Configuration">Those whose configuration has come so far, but those kept out; null = any.</param>
/// <param name="Group">Those of this group; null = any.</param>
/// <param name="Sort">In which order.</param>
/// <param name="Skip">How many are left out at the beginning.</param>
/// <param name="Count">How many are wanted.</param>
public sealed record FleetQuery(string? Text, Problem? Problem, FleetState? State, ConfigState? Configuration, string? Group, FleetSort Sort, int Skip, int Count);

/// <summary>How many lines the list has when one of these is chosen, beside what else is asked for.</summary>
/// <param name="All">Without a problem and a state.</param>
/// <param name="Ok">Those with which nothing is wrong.</param>
/// <param name="Revoked">Those kept out.</param>
/// <param name="Problems">Those with a problem, worst first.</param>
/// <param name="Configuration">Those whose configuration has come so far.</param>
/// <param name="Groups">Those of a group.</param>
public sealed record FleetCount(int All, int Ok, int Revoked, Dictionary<Problem, int> Problems, Dictionary<ConfigState, int> Configuration, Dictionary<string, int> Groups);

/// <summary>Following changes.</summary>
/// <param name="Seq">Its number.</param>
/// <param name="Life">Code of the incarnation that numbered it.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Device">The device; 0 = by the collection.</param>
/// <param name="Collection">The collection.</param>
/// <param name="Above">Objects above this number.</param>
/// <param name="UpTo">And up to this one.</param>
/// <param name="Alert">The alert's number.</param>
/// <param name="Event">What became of it.</param>
public sealed record ChangeRow(long Seq, string Life, ChangeKind Kind, int Device, int Collection, long Above, long UpTo, long Alert, AlertEvent Event);

/// <summary>What a change is about. The numbers are those in the database.</summary>
public enum ChangeKind
{
    /// <summary>Objects, readings among them.</summary>
    Objects = 0,

    /// <summary>A device: its tokens, commands, place.</summary>
    Device = 1,

    /// <summary>An alert: it was opened, closed, acknowledged.</summary>
    Alert = 2,
}

/// <summary>The fleet in the database.</summary>
public interface IFleetTransaction : IStoreTransaction
{
    /// <summary>What a device's line is made from; null when there is no such device.</summary>
    FleetFacts? FindFacts(int device, int most);

    /// <summary>Keeps a device's line.</summary>
    void SaveFleet(FleetRow row, string search);

    /// <summary>Removes a device's line. False: it has none.</summary>
    bool RemoveLine(int device);

    /// <summary>Devices whose line is to be made anew at this time.</summary>
    List<int> ListStale(long now, int most);

    /// <summary>Begins another look: lines kept from here on have its number.</summary>
    void BeginLook();

    /// <summary>Number of the last look.</summary>
    long LastLook();

    /// <summary>Lines made by looks above a number, in their order: of the last look all or none.</summary>
    List<(long Look, DeviceSummary Line)> ListLooks(long after, int most);

    /// <summary>Marks the lines of devices seen since they were made: of a server that ended in between.</summary>
    void MarkMissed();

    /// <summary>Lines, in order, and how many there are of this kind.</summary>
    (List<DeviceSummary> Page, int Total) ListFleet(FleetQuery query);

    /// <summary>How many devices have which rank, how far their configuration has come, and which group; of those with a text, null = of all.</summary>
    List<(long Rank, ConfigState Configuration, string Group, int Count)> CountFleet(string? text);

    /// <summary>Groups with the number of their devices.</summary>
    List<(string Group, int Count)> ListGroups();

    /// <summary>Puts a device into a group, and says within how many seconds it is expected (null = as it comes).</summary>
    void SetPlace(int device, string group, long? every);

    /// <summary>Adds a round to the ring.</summary>
    void AddRound(int device, int slot, RoundRow row);

    /// <summary>The rounds of the ring, oldest first.</summary>
    List<RoundRow> ListRounds(int device);

    /// <summary>Keeps an hour's status.</summary>
    void SaveSample(int device, int slot, SampleRow row);

    /// <summary>The kept status, oldest first.</summary>
    List<SampleRow> ListSamples(int device);

    /// <summary>Numbers what has become visible since; how many.</summary>
    int NumberChanges(string life, long now, int most);

    /// <summary>True when there is something to be numbered.</summary>
    bool HasNewChanges();

    /// <summary>Number of the last change.</summary>
    long LastChange();

    /// <summary>The lowest number that is kept; 0 = none.</summary>
    long FirstChange();

    /// <summary>Changes above a number, in order.</summary>
    List<ChangeRow> ListChanges(long after, int count);

    /// <summary>Removes the oldest changes: those before a time, and those beyond a number. How many.</summary>
    int PruneChanges(long before, long keep, int most);

    /// <summary>Lines of devices of changes, but for those of outboxes, are to be made anew. Which of these have no line yet.</summary>
    List<int> MarkTouched(long after, long upTo);

    /// <summary>How far changes were looked at for the fleet; another value, when it is given.</summary>
    long FleetPoint(long? moved);

    /// <summary>The devices that have a collection, and what they call it.</summary>
    List<(int Device, string Name, string Collection)> ListHolders(int collection);
}

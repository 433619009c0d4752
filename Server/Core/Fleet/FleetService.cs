// The line of each device, kept up to date beside the syncs and not in them: what passed is noted in memory, and once or twice a
// second the lines of the devices that were there are made anew from what the database holds, in one transaction. A server that
// ends in between loses rounds of the history, nothing else: the lines are made from the database again at its next start.

using System.Collections.Concurrent;
using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Fleet;

/// <summary>When something counts as wrong.</summary>
public sealed record FleetLimits
{
    /// <summary>Volts below which a battery is low.</summary>
    public double BatteryLow { get; init; } = 3.3;

    /// <summary>Bytes of free flash below which it is almost full.</summary>
    public long FlashLow { get; init; } = 8192;

    /// <summary>Days of life left below which a flash wears out before long.</summary>
    public long FlashLife { get; init; } = 365;

    /// <summary>Seconds by which a clock may have been wrong.</summary>
    public long ClockOff { get; init; } = 120;

    /// <summary>How long something that happened counts as wrong.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromHours(24);
}

/// <summary>The fleet as an operator sees it.</summary>
public sealed class FleetService : ISyncWatcher
{
    /// <summary>Rounds kept of a device.</summary>
    public const int RoundsKept = 100;

    /// <summary>Hours of which the last status is kept.</summary>
    public const int SamplesKept = 240;

    /// <summary>Most seconds within which a device may be said to be expected.</summary>
    public const int LongestEvery = 366 * 86_400;

    private const int MostCounted = 1000; // waiting objects: beyond, the number says nothing more
    private const int MostNoted = 16; // rounds of a device between two looks; those before are left out
    private const int MostAtOnce = 500; // lines made in a transaction while somebody waits for the list
    private const int FewAtOnce = 40; // and beside the syncs, which wait for it
    private const int Settled = 5; // seconds: what comes sooner is the same round going on
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(60); // polls are written no more often
    private static readonly string[] s_counts = ["dropped", "damaged", "refused", "forked"];
    private static readonly Problem[] s_countProblems = [Problem.Dropping, Problem.Damaged, Problem.Refusing, Problem.Forked];

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly Incarnation _incarnation;
    private readonly FleetLimits _limits;
    private readonly AlertService? _alerts;
    private readonly ConcurrentDictionary<int, Notes> _noted = new();
    private readonly Lock _flushing = new();
    private bool _caughtUp;
    private long _idleWritten;
    private volatile bool _busy; // something but polls was noted

    /// <summary>Makes the service.</summary>
    public FleetService(IServerStore store, TimeProvider clock, Incarnation incarnation, FleetLimits? limits = null, AlertService? alerts = null)
    {
        _alerts = alerts;
        _store = store;
        _clock = clock;
        _incarnation = incarnation;
        _limits = limits ?? new FleetLimits();
    }

    /// <summary>Tells that lines were made anew; whoever watches reads them.</summary>
    public event Action? Changed;

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public void Answered(DeviceIdentity device, SyncMessage? request, SyncMessage? reply, int status, int bytesUp, int bytesDown, long now, TimeSpan took)
    {
        int up = 0, down = 0, refused = 0;
        int came = status == Status.Success ? request?.Collections.Sum(c => CountTaken(c, reply?.Collections.Find(r => r.Id == c.Id))) ?? 0 : 0;
        int most = 0; // objects in a collection
        foreach (CollectionElement collection in request?.Collections ?? [])
        {
            up += collection.Commands.Count;
            most = Math.Max(most, collection.Commands.Count);
        }

        foreach (CollectionElement collection in reply?.Collections ?? [])
        {
            down += collection.Commands.Count;
            refused += collection.Responses.Count(r => r.Status != Status.Success);
            status = status == Status.Success ? collection.Status : status;
        }

        bool idle = reply == null && status == Status.Success && request?.Options.Exists(o => o.Data != null) == false;
        bool told = request?.Options.Exists(o => o.Class == BuiltIn.DeviceStatus.Name && o.Data != null) == true;
        Notes notes = _noted.GetOrAdd(device.Id, _ => new Notes());
        lock (notes)
        {
            notes.Last = now;
            notes.HasStatus |= told;
            notes.Came = told ? came : notes.Came + came;
            if (!idle)
            {
                notes.Most = most;
                notes.Rounds.Enqueue(new RoundRow(now, (int)took.TotalMilliseconds, up, down, refused, bytesUp, bytesDown, status));
                if (notes.Rounds.Count > MostNoted)
                {
                    notes.Rounds.Dequeue();
                }
            }
        }

        _busy |= !idle;
    }

    /// <summary>Brings the lines up to date: devices that were there, that were changed, and that should have been there.</summary>
    /// <param name="look">True: somebody looks, so polls count too.</param>
    /// <returns>True when there is more to do.</returns>
    public bool Flush(bool look = false)
    {
        lock (_flushing)
        {
            long now = Now;
            bool polls = look || now - _idleWritten >= s_idle.TotalMilliseconds;
            int most = look ? MostAtOnce : FewAtOnce;
            bool left = false; // of those noted before; devices that come meanwhile wait for the next look
            Dictionary<int, Notes> taken = [];
            if (_busy || polls)
            {
                _busy = false;
                List<int> noted = [.. _noted.Keys.Take(most + 1)];
                left = noted.Count > most;
                foreach (int device in noted.Take(most))
                {
                    if (_noted.TryRemove(device, out Notes? notes))
                    {
                        taken.Add(device, notes);
                    }
                }

                _busy |= left;
                _idleWritten = now;
            }

            try
            {
                return Write(taken, now, most) || left;
            }
            catch (StoreException)
            {
                foreach ((int device, Notes notes) in taken)
                {
                    _noted.TryAdd(device, notes);
                }

                _busy |= taken.Count > 0;
                throw;
            }
        }
    }

    /// <summary>A page of the fleet, up to date.</summary>
    public (List<DeviceSummary> Page, int Total) List(FleetQuery query)
    {
        Refresh();
        using IFleetTransaction store = Read();
        return store.ListFleet(query);
    }

    /// <summary>For each problem, state, configuration and group, how many lines <see cref="List"/> has when it is chosen instead of the query's, beside the query's others.</summary>
    public FleetCount Count(FleetQuery query)
    {
        Refresh();
        using IFleetTransaction store = Read();
        List<(long Rank, ConfigState Configuration, string Group, int Count)> lines = store.CountFleet(query.Text);
        bool Is(long rank) => (query.Problem is not { } problem || Has(rank, problem))
            && query.State switch { FleetState.Ok => rank == 0, FleetState.Problem => rank > 0, FleetState.Revoked => rank < 0, _ => true };
        bool HasConfiguration(long rank, ConfigState state) => query.Configuration is not { } wanted || (rank >= 0 && state == wanted);
        bool Belongs(string group) => query.Group is not { } wanted || group == wanted;
        List<(long Rank, ConfigState Configuration, string Group, int Count)> states = lines.FindAll(l => HasConfiguration(l.Rank, l.Configuration) && Belongs(l.Group));
        ILookup<ConfigState, int> configurations = lines.Where(l => l.Rank >= 0 && Is(l.Rank) && Belongs(l.Group)).ToLookup(l => l.Configuration, l => l.Count);
        ILookup<string, int> groups = lines.Where(l => Is(l.Rank) && HasConfiguration(l.Rank, l.Configuration)).ToLookup(l => l.Group, l => l.Count);
        return new FleetCount(states.Sum(l => l.Count), states.Where(l => l.Rank == 0).Sum(l => l.Count), states.Where(l => l.Rank < 0).Sum(l => l.Count),
            Enum.GetValues<Problem>().Reverse().ToDictionary(p => p, p => states.Where(l => Has(l.Rank, p)).Sum(l => l.Count)),
            Enum.GetValues<ConfigState>().ToDictionary(c => c, c => configurations[c].Sum()),
            store.ListGroups().ToDictionary(g => g.Group, g => groups[g.Group].Sum()));
    }

    /// <summary>A device's line, with the rounds and the status that are kept.</summary>
    public (DeviceSummary Summary, List<RoundRow> Rounds, List<SampleRow> Samples) Get(string device)
    {
        Refresh();
        using IFleetTransaction store = Read();
        int id = DeviceService.Find(store, device).Id;
        FleetFacts facts = store.FindFacts(id, MostCounted) ?? throw Deleted(device);
        return (facts.Before.Summary ?? new DeviceSummary { Name = device }, store.ListRounds(id), store.ListSamples(id));
    }

    /// <summary>Removes the oldest changes: those kept for longer than this, and those beyond a number. True when there are more.</summary>
    public bool Prune(TimeSpan kept, long most)
    {
        const int Step = 5000;
        using IFleetTransaction store = (IFleetTransaction)_store.BeginWrite();
        int removed = store.PruneChanges(Now - (long)kept.TotalMilliseconds, most, Step);
        store.Commit();
        return removed == Step;
    }

    /// <summary>Puts a device into a group ("" = none), and says within how many seconds it is expected (0 = as it comes). Null = as it is.</summary>
    public void Place(string device, string? group, long? every)
    {
        if (group is { Length: > 0 })
        {
            Names.Check(group, "A group's name");
        }

        if (every is < 0 or > LongestEvery)
        {
            throw new RefusedException(Refusal.BadInput, $"every is a number from 0 to {LongestEvery}, in seconds.") { Code = "out_of_range", Field = "every" };
        }

        using IFleetTransaction store = (IFleetTransaction)_store.BeginWrite();
        int id = DeviceService.Find(store, device).Id;
        FleetFacts facts = store.FindFacts(id, 1) ?? throw Deleted(device);
        store.SetPlace(id, group ?? facts.Group, every is { } given ? (given == 0 ? null : given) : facts.Every);
        store.Commit();
    }

    private static RefusedException Deleted(string device)
    {
        return new RefusedException(Refusal.Gone, $"{device} was deleted; what it sent is kept. With that: device delete {device} --with-data. For a new board in its place: device replace {device}");
    }

    private IFleetTransaction Read() => (IFleetTransaction)_store.BeginRead();

    // Before a look: what passed, and what became overdue since. At most some thousand lines, which is half a second. Where the
    // database takes nothing, as on a full disk, the lines stay as they were: whoever looks may be there to mend that.
    private void Refresh()
    {
        try
        {
            for (int i = 0; i < 4 && Flush(look: true); i++)
            {
            }
        }
        catch (StoreException)
        {
            // whoever writes next is told, and what was noted is kept for the next look
        }
    }

    private bool Write(Dictionary<int, Notes> taken, long now, int most)
    {
        List<int> stale;
        using (IFleetTransaction reading = Read())
        {
            stale = _caughtUp ? reading.ListStale(now, most) : [];
            if (_caughtUp && taken.Count == 0 && stale.Count == 0 && !reading.HasNewChanges() && reading.FleetPoint(null) == reading.LastChange())
            {
                return false;
            }
        }

        int made = 0;
        bool more;
        string life = _incarnation.Begin(); // begun outside of the transaction
        using (IFleetTransaction store = (IFleetTransaction)_store.BeginWrite())
        {
            if (!_caughtUp)
            {
                store.MarkMissed();
            }

            more = store.NumberChanges(life, now, 10_000) == 10_000;
            HashSet<int> devices = [.. taken.Keys];
            long point = store.FleetPoint(null), last = store.LastChange();
            if (point != last)
            {
                devices.UnionWith(store.MarkTouched(point, last)); // those of a group may be ten thousand; they are looked at in steps, between which others write
                store.FleetPoint(last);
            }

            devices.UnionWith(store.ListStale(now, most));
            if (devices.Count > 0)
            {
                store.BeginLook();
            }

            foreach (int device in devices)
            {
                made += Remake(store, device, taken.GetValueOrDefault(device), now) ? 1 : 0;
            }

            more |= store.ListStale(now, 1).Count > 0;
            store.Commit();
        }

        _caughtUp = true;
        if (made > 0)
        {
            Changed?.Invoke();
        }

        return more;
    }

    private bool Remake(IFleetTransaction store, int device, Notes? notes, long now)
    {
        if (store.FindFacts(device, MostCounted) is not { } facts)
        {
            return store.RemoveLine(device); // it was deleted while another look made its line
        }

        FleetMemory memory = facts.Before.Memory;
        DeviceSummary before = facts.Before.Summary ?? new DeviceSummary { Name = facts.Name };
        long? last = Latest(facts.LastSeen, notes?.Last, before.LastSync?.ToUnixTimeMilliseconds());
        if (notes != null)
        {
            foreach (RoundRow round in notes.Rounds)
            {
                store.AddRound(device, (int)(memory.Rounds % RoundsKept), round);
                memory = memory with { Rounds = memory.Rounds + 1 };
            }
        }

        if (last is { } came && before.LastSync is { } previous && came - previous.ToUnixTimeMilliseconds() is var gap && gap >= Settled * 1000)
        {
            memory = memory with { Observed = Follow(memory.Observed, gap / 1000.0) };
        }

        // A status is in the database a little before the note of its round is here. A look in between counts the status alone, and
        // the next look counts the round.
        bool anew = notes?.HasStatus == true || (facts.Status is { } newest && newest.Time != memory.Status);
        memory = memory with { Came = (anew ? 0 : memory.Came) + (notes?.Came ?? 0) };

        Dictionary<string, string> told = StatusFields(facts.Status);
        long Number(string name) => told.TryGetValue(name, out string? text) && long.TryParse(text, CultureInfo.InvariantCulture, out long value) ? value : 0;
        long? Optional(string name) => told.ContainsKey(name) ? Number(name) : null;
        double? battery = told.TryGetValue("battery", out string? volts) ? double.Parse(volts, CultureInfo.InvariantCulture) : null;
        long[] counts = [Number("dropped"), Number("damaged"), Number("refused"), Number("forked")];
        if (facts.Status is { } status && status.Time != memory.Status)
        {
            long[] old = [before.Dropped, before.Damaged, before.Refused, before.Forked];
            memory = memory with
            {
                Status = status.Time,
                Rose = [.. counts.Select((c, i) => c > old[i] ? status.Time : memory.Rose[i])],
                ClockOff = Math.Abs(Number("clock")) > _limits.ClockOff ? status.Time : memory.ClockOff,
            };
            store.SaveSample(device, (int)(status.Time / 3_600_000 % SamplesKept),
                new SampleRow(status.Time, battery, Optional("signal"), Optional("freeHeap"), Optional("flashLeft"), Optional("clock"), Optional("pending"), Optional("life")));
        }

        long hold = (long)_limits.Hold.TotalMilliseconds;
        long check = long.MaxValue;
        bool Recent(long? time)
        {
            if (time is not { } then || then + hold <= now)
            {
                return false;
            }

            check = Math.Min(check, then + hold);
            return true;
        }

        if (facts.Interval is { } record)
        {
            memory = memory with { CommandedInterval = Seconds(record) };
        }

        long? interval = facts.Every ?? (memory.Observed is { } seen ? Math.Max(memory.CommandedInterval ?? 0, (long)Math.Round(seen)) : memory.CommandedInterval);
        long? due = last is { } lastSync && interval is { } seconds ? lastSync + (seconds * 1250) : null;
        long? late = due + Math.Max((interval ?? 0) * 1000, 120_000);
        bool overdue = late <= now && facts.Revoked == null;
        if (late > now)
        {
            check = Math.Min(check, late.Value);
        }

        // a store that was only seen long ago does not count
        int stores = facts.Stores.Count(s => Recent(s.LastSeen));
        long rank = 0;
        void Is(Problem problem, bool wrong) => rank |= wrong ? 1L << (int)problem : 0;
        Is(Problem.NeverSeen, last == null);
        Is(Problem.Overdue, overdue);
        for (int i = 0; i < counts.Length; i++)
        {
            Is(s_countProblems[i], Recent(memory.Rose[i]));
        }

        Is(Problem.Refusing, facts.Refusal is { ByServer: true } && Recent(facts.Refusal.Time));
        Is(Problem.Forked, stores > 1);
        Is(Problem.ConfigRefused, facts.Aside > 0);
        Is(Problem.FlashLow, Optional("flashLeft") < _limits.FlashLow);
        Is(Problem.FlashWorn, Optional("life") < _limits.FlashLife);
        Is(Problem.BatteryLow, battery < _limits.BatteryLow);
        Is(Problem.ClockOff, Recent(memory.ClockOff));
        rank = facts.Revoked != null ? -1 : rank;

        (string? error, long? errorTime) = LastError(facts, before, memory, counts);
        DeviceSummary summary = new()
        {
            Name = facts.Name,
            Group = facts.Group.Length > 0 ? facts.Group : null,
            Problems = rank <= 0 ? [] : [.. Enum.GetValues<Problem>().Reverse().Where(p => (rank & (1L << (int)p)) != 0)],
            Created = Time(facts.Created)!.Value,
            Revoked = Time(facts.Revoked),
            LastSync = Time(last),
            Interval = interval,
            DueAt = Time(due),
            Overdue = overdue,
            Firmware = told.GetValueOrDefault("firmware"),
            Battery = battery,
            Signal = Optional("signal"),
            FreeHeap = Optional("freeHeap"),
            FlashLeft = Optional("flashLeft"),
            FlashLife = Optional("life"),
            Uptime = Optional("uptime"),
            Reset = told.GetValueOrDefault("reset"),
            StatusTime = Time(facts.Status?.Time),
            PendingUp = Optional("pending") is { } pending ? Math.Max(0, pending - memory.Came) : null,
            MoreUp = !told.ContainsKey("pending") && (notes is { Rounds.Count: > 0 } ? facts.Window > 0 && notes.Most >= facts.Window : before.MoreUp),
            PendingDown = facts.Waiting,
            Commands = facts.Commands,
            Dropped = counts[0],
            Damaged = counts[1],
            Refused = counts[2],
            Forked = counts[3],
            ClockError = Optional("clock"),
            Stores = stores,
            ConfigRefused = facts.Aside,
            Configuration = facts.Aside > 0 ? ConfigState.Refused : facts.Waiting > 0 ? ConfigState.Waiting : before.Configuration == ConfigState.None ? HasAny(store, device) : ConfigState.Applied,
            LastError = error,
            LastErrorTime = Time(errorTime),
        };
        string search = string.Join('\n', summary.Name, summary.Group, summary.Firmware, summary.LastError).ToLowerInvariant();
        store.SaveFleet(new FleetRow { Device = device, Rank = rank, NextCheck = check, Summary = summary, Memory = memory }, search);
        _alerts?.See(store, device, summary.Name, [.. summary.Problems.Select(p => (AlertOptions.NameOf(p), AdviceText.For(p, summary)))], now);
        return true;
    }

    // The newest of what was refused and what it told of its losses.
    private static (string? Text, long? Time) LastError(FleetFacts facts, DeviceSummary before, FleetMemory memory, long[] counts)
    {
        (string? text, long? time) = (before.LastError, before.LastErrorTime?.ToUnixTimeMilliseconds());
        if (facts.Refusal is { } refusal && (time == null || refusal.Time >= time))
        {
            string what = string.Join('/', new[] { refusal.Collection, refusal.ObjectId }.Where(s => s.Length > 0));
            text = string.Create(CultureInfo.InvariantCulture, $"{(what.Length > 0 ? what : "message")} refused by the {(refusal.ByServer ? "server" : "device")} ({refusal.Status})");
            text = string.IsNullOrEmpty(refusal.Reason) ? text : $"{refusal.Reason} - {text}"; // the reason first: a list cuts what is long
            time = refusal.Time;
        }

        for (int i = 0; i < counts.Length; i++)
        {
            if (memory.Rose[i] is { } rose && (time == null || rose > time))
            {
                (text, time) = (string.Create(CultureInfo.InvariantCulture, $"{s_counts[i]} {counts[i]}"), rose);
            }
        }

        return (text, time);
    }

    // Objects of a collection that are not to come again: taken, or refused for good.
    private static int CountTaken(CollectionElement sent, CollectionElement? answered)
    {
        return answered != null && answered.Status != Status.Success ? 0
            : sent.Commands.Count(c => c.Tag != Tags.Fetch) - (answered?.Responses.Count(r => r.Tag != Tags.Fetch && r.Status is Status.ServerError or Status.Incomplete or Status.Retry) ?? 0);
    }

    private static bool Has(long rank, Problem problem) => rank > 0 && (rank & (1L << (int)problem)) != 0;

    private static ConfigState HasAny(IFleetTransaction store, int device)
    {
        return store.CountObjects(device, outboxes: false) > 0 ? ConfigState.Applied : ConfigState.None;
    }

    // A device that was away for a day is not one that comes once a day: a longer gap counts for twice what was seen.
    private static double Follow(double? seen, double gap)
    {
        return seen is not { } before ? gap : before + ((Math.Min(gap, before * 2) - before) / 4);
    }

    private static Dictionary<string, string> StatusFields(InfoRow? status)
    {
        return status == null ? [] : RecordText.Unpack(BuiltIn.DeviceStatus, status.Data).ToDictionary(f => BuiltIn.DeviceStatus.FieldName(f.Field), f => f.Text);
    }

    private static long? Seconds(byte[] record)
    {
        (int field, string text) = RecordText.Unpack(BuiltIn.Interval, record).Find(f => BuiltIn.Interval.FieldName(f.Field) == "seconds");
        return field == 0 ? null : long.Parse(text, CultureInfo.InvariantCulture);
    }

    private static long? Latest(params long?[] times) => times.Max();

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

    private sealed class Notes
    {
        public Queue<RoundRow> Rounds { get; } = new();

        public long Last { get; set; }

        public int Most { get; set; }

        /// <summary>True when a status was among them.</summary>
        public bool HasStatus { get; set; }

        /// <summary>Objects that came, with and since the last status.</summary>
        public long Came { get; set; }
    }
}

// How long readings are kept. Nothing is removed unless a rule says so. It is removed in small steps, so that devices do not wait,
// and by one process at a time. An age in days ends with a day (UTC), so that a database that keeps days apart drops them whole. The
// server goes on knowing which readings it has taken. Ages are counted by a clock that may be wrong: see RetentionClock.

using System.Globalization;
using System.Text.Json;

namespace NanoSync.Server.Engine;

/// <summary>How long readings of a collection are kept.</summary>
/// <param name="Collection">Its name; * = outboxes that no rule names.</param>
/// <param name="Age">Those that came before so long go; null = whatever their age.</param>
/// <param name="Count">So many of the newest stay; null = however many there are.</param>
public sealed record RetentionRule(string Collection, TimeSpan? Age, long? Count)
{
    /// <summary>Reads "readings=30d, events=100000, *=365d": days (d), hours (h), or a number of readings.</summary>
    /// <exception cref="StartupException">It says something else.</exception>
    public static IReadOnlyList<RetentionRule> Parse(string text)
    {
        List<RetentionRule> rules = [];
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=');
            string value = part[(equals + 1)..].Trim();
            char unit = value.Length == 0 ? ' ' : value[^1];
            bool isAge = unit is 'd' or 'h';
            if (equals < 1 || !long.TryParse(isAge ? value[..^1] : value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number < 1
                || (isAge && number > 100_000))
            {
                throw new StartupException($"The setting retention is not like readings=30d, events=100000, *=365d: {part}");
            }

            TimeSpan? age = unit == 'd' ? TimeSpan.FromDays(number) : unit == 'h' ? TimeSpan.FromHours(number) : null;
            rules.Add(new RetentionRule(part[..equals].Trim(), age, isAge ? null : number));
        }

        return rules;
    }
}

/// <summary>What a pass removed.</summary>
/// <param name="Began">Milliseconds since 1970.</param>
/// <param name="Ended">The same.</param>
/// <param name="Readings">Readings.</param>
/// <param name="Deleted">What was left of deleted objects.</param>
/// <param name="Notes">Losers of conflicts, refusals, finished commands, edits of the history.</param>
/// <param name="Stores">Stores whose keys and kept replies were forgotten.</param>
/// <param name="Steps">Transactions.</param>
public sealed record RetentionPass(long Began, long Ended, long Readings, long Deleted, long Notes, long Stores, int Steps);

/// <summary>Removes what the rules do not keep.</summary>
public sealed class Retention(IServerStore store, TimeProvider clock, IReadOnlyList<RetentionRule> rules, TimeSpan? keepNotes, TimeSpan? keepHistory = null)
{
    /// <summary>Rows removed in a transaction, at most.</summary>
    public const int Step = 2000;

    private const string Job = "retention";
    private const int Nobody = 0; // the device of a row that tells of no device

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly RetentionClock _clock = new(store, clock);

    /// <summary>The rules.</summary>
    public IReadOnlyList<RetentionRule> Rules => rules;

    /// <summary>The last pass of any process; null = there was none.</summary>
    public RetentionPass? Last()
    {
        using IStoreTransaction reading = store.BeginRead();
        return reading.ListInfo(Nobody).Find(i => i.Class == Job) is { } row ? JsonSerializer.Deserialize<RetentionPass>(row.Data) : null;
    }

    /// <summary>Until when nothing is removed, because the clock went ahead; null = it is believed.</summary>
    public DateTimeOffset? WaitsUntil() => _clock.WaitsUntil();

    /// <summary>Goes through everything once; null when another process does so just now, or while <see cref="WaitsUntil"/>.</summary>
    /// <param name="pause">Waited for between two steps.</param>
    /// <param name="end">Ends it after a step.</param>
    public async Task<RetentionPass?> Pass(TimeSpan pause, CancellationToken end)
    {
        using IStoreLock? held = store.TryLock(Job);
        if (held == null)
        {
            return null;
        }

        if (_clock.Look(Last()?.Began) != null)
        {
            return null;
        }

        RetentionPass pass = new(Now, 0, 0, 0, 0, 0, 0);
        store.MakeDays(Now);
        for (IReadOnlyList<KeptSince> ages = Ages(); ages.Count > 0 && store.DropDay(ages) is { } dropped;)
        {
            pass = pass with { Readings = pass.Readings + dropped, Steps = pass.Steps + 1 };
            end.ThrowIfCancellationRequested();
        }

        List<OutboxRow> outboxes;
        List<int> deleted;
        using (IStoreTransaction reading = store.BeginRead())
        {
            outboxes = reading.ListOutboxes();
            deleted = reading.ListWithDeleted();
        }

        foreach (OutboxRow outbox in outboxes)
        {
            foreach (RetentionRule rule in RulesOf(outbox.Name))
            {
                pass = await Repeat(pass, t => t.DropReadings(outbox.Id, rule.Age is { } age ? Since(age) : long.MaxValue, rule.Count ?? 0, Step),
                    (p, n) => p with { Readings = p.Readings + n }, pause, end);
            }
        }

        long seenSince = Now - Tombstones.Patience;
        pass = await Repeat(pass, t => t.ForgetStores(seenSince, Step), (p, n) => p with { Stores = p.Stores + n }, pause, end);
        foreach (int collection in deleted)
        {
            pass = await Repeat(pass, t => t.PruneDeleted(collection, seenSince, Step), (p, n) => p with { Deleted = p.Deleted + n }, pause, end);
        }

        if (keepNotes is { } notes)
        {
            pass = await Repeat(pass, t => t.DropNotes(Now - (long)notes.TotalMilliseconds, Step), (p, n) => p with { Notes = p.Notes + n }, pause, end);
        }

        if (keepHistory is { } edits)
        {
            pass = await Repeat(pass, t => t.DropEdits(Now - (long)edits.TotalMilliseconds, Step), (p, n) => p with { Notes = p.Notes + n }, pause, end);
        }

        pass = pass with { Ended = Now };
        Telemetry.Removed(pass);
        using IStoreTransaction writing = store.BeginWrite();
        writing.SaveInfo(Nobody, new InfoRow(Job, JsonSerializer.SerializeToUtf8Bytes(pass), Now));
        writing.Commit();
        return pass;
    }

    private long Since(TimeSpan age)
    {
        DateTimeOffset since = clock.GetUtcNow() - age;
        return (age.Ticks % TimeSpan.TicksPerDay == 0 ? new DateTimeOffset(since.UtcDateTime.Date, TimeSpan.Zero) : since).ToUnixTimeMilliseconds();
    }

    // Several rules of one name all apply, so the shortest age counts. A rule by number alone has no age, so no day is dropped by it.
    private List<KeptSince> Ages()
    {
        List<KeptSince> ages = [.. rules.GroupBy(r => r.Collection).Select(same => new KeptSince(same.Key, same.Max(r => r.Age is { } age ? Since(age) : long.MinValue)))];
        return ages.Exists(a => a.Time > long.MinValue) ? ages : [];
    }

    private List<RetentionRule> RulesOf(string collection)
    {
        List<RetentionRule> named = [.. rules.Where(r => r.Collection == collection)];
        return named.Count > 0 ? named : [.. rules.Where(r => r.Collection == "*")];
    }

    // A step that removed as many as it may is not the last one.
    private async Task<RetentionPass> Repeat(RetentionPass pass, Func<IStoreTransaction, int> step, Func<RetentionPass, int, RetentionPass> count, TimeSpan pause, CancellationToken end)
    {
        for (int removed = Step; removed >= Step;)
        {
            end.ThrowIfCancellationRequested();
            using (IStoreTransaction writing = store.BeginWrite())
            {
                removed = step(writing);
                writing.Commit();
            }

            pass = count(pass, removed) with { Steps = pass.Steps + 1 };
            if (removed > 0 && pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, clock, end);
            }
        }

        return pass;
    }
}

// Readings taken out: page by page from the log to the writer, so that memory does not grow with their number, and no
// transaction is held while somebody reads slowly. What came up to the beginning is in it.
//
// The order is that of devices by name, and of each that in which its readings came. Buckets are of one device and in the order of
// their time: a device that was away sends its old readings late.

using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Readings;

/// <summary>A reading, or another object, with its fields.</summary>
/// <param name="Device">Who wrote it; "" = the application.</param>
/// <param name="Collection">Where it lies.</param>
/// <param name="Row">As it is kept.</param>
/// <param name="Class">Its class; null = not known.</param>
/// <param name="Fields">Its fields as texts, null where absent; null = it cannot be read as fields.</param>
/// <param name="At">The time that it says, else that at which it came; milliseconds since 1970.</param>
public sealed record Reading(string Device, string Collection, ObjectRow Row, ObjectClass? Class, string?[]? Fields, long At);

/// <summary>The numbers of a device within a span of time.</summary>
/// <param name="Device">Whose.</param>
/// <param name="Collection">Where they lie.</param>
/// <param name="At">When the span begins.</param>
/// <param name="Count">How many readings.</param>
/// <param name="Fields">What there was of each field; by name.</param>
public sealed record Bucket(string Device, string Collection, long At, long Count, IReadOnlyDictionary<string, Spread> Fields);

/// <summary>Least, mean and most of some numbers.</summary>
public sealed class Spread
{
    private double _sum;

    /// <summary>How many.</summary>
    public long Count { get; private set; }

    /// <summary>The least.</summary>
    public double Min { get; private set; } = double.PositiveInfinity;

    /// <summary>The most.</summary>
    public double Max { get; private set; } = double.NegativeInfinity;

    /// <summary>The mean.</summary>
    public double Mean => _sum / Count;

    /// <summary>One more.</summary>
    public void Add(double value)
    {
        Count++;
        _sum += value;
        Min = Math.Min(Min, value);
        Max = Math.Max(Max, value);
    }
}

/// <summary>A class as it is shown.</summary>
public sealed record ClassView(string Collection, string WireName, ObjectClass Class);

/// <summary>Takes readings out.</summary>
public sealed class ReadingService(IServerStore store, ClassCatalog classes)
{
    /// <summary>Most buckets of a device.</summary>
    public const int MaxBuckets = 20_000;

    private const int Page = 1000;
    private const long Slack = 86_400_000; // milliseconds by which a reading may say a time later than it came

    /// <summary>Classes in the collections asked for, by collection and name; the same fields once.</summary>
    public List<ClassView> Classes(ReadingQuery query)
    {
        using IReadingTransaction transaction = Begin();
        List<ClassView> found = [];
        foreach (SourceRow source in Sources(transaction, query).DistinctBy(s => s.Collection))
        {
            foreach ((string name, int device) in transaction.ListClassesIn(source.Collection))
            {
                if (IsAsked(query, name) && !found.Exists(c => c.Collection == source.CollectionName && c.WireName == name)
                    && classes.FindOf(transaction, device, source.Device, source.Collection, name) is { } type)
                {
                    found.Add(new ClassView(source.CollectionName, name, type));
                }
            }
        }

        return found;
    }

    /// <summary>Names of the fields that the readings asked for may have, in the order of their classes.</summary>
    public List<string> Fields(ReadingQuery query)
    {
        IEnumerable<string> names = Classes(query).SelectMany(c => Enumerable.Range(0, c.Class.Count).Select(c.Class.FieldName)).Distinct();
        return query.Fields == null ? [.. names] : [.. query.Fields];
    }

    /// <summary>The readings asked for, one after the other.</summary>
    public IEnumerable<Reading> Read(ReadingQuery query)
    {
        Dictionary<int, string> names;
        List<SourceRow> sources;
        using (IReadingTransaction transaction = Begin())
        {
            sources = Sources(transaction, query);
            names = transaction.ListDevices().ToDictionary(d => d.Id, d => d.Name);
        }

        HashSet<int>? wanted = query.Device == null && query.Group == null ? null : [.. sources.Select(s => s.Device)];
        foreach (SourceRow source in sources.DistinctBy(s => s.Collection))
        {
            long after = query.From is { } from ? Before(source, from - Slack) : 0;
            while (after < source.Seq)
            {
                List<Reading> page = ReadPage(source, ref after, names);
                foreach (Reading reading in page)
                {
                    if ((wanted == null || !source.Shared || wanted.Contains(reading.Row.LastDevice)) && IsAsked(query, reading.Row.Class)
                        && reading.At >= (query.From ?? long.MinValue) && reading.At < (query.To ?? long.MaxValue))
                    {
                        yield return reading;
                    }
                }
            }
        }
    }

    /// <summary>The numbers asked for, summed up.</summary>
    public IEnumerable<Bucket> Sum(ReadingQuery query)
    {
        long width = query.Bucket!.Value;
        SortedDictionary<long, (long Count, Dictionary<string, Spread> Fields)> buckets = [];
        (string Device, string Collection) whose = ("", "");
        Bucket[] Taken()
        {
            Bucket[] taken = [.. buckets.Select(b => new Bucket(whose.Device, whose.Collection, b.Key, b.Value.Count, b.Value.Fields))];
            buckets.Clear();
            return taken;
        }

        foreach (Reading reading in Read(query))
        {
            if ((reading.Device, reading.Collection) != whose)
            {
                foreach (Bucket bucket in Taken())
                {
                    yield return bucket;
                }

                whose = (reading.Device, reading.Collection);
            }

            if (reading.Fields == null)
            {
                continue;
            }

            long at = reading.At - (((reading.At % width) + width) % width);
            (long Count, Dictionary<string, Spread> Fields) sums = buckets.TryGetValue(at, out var known) ? known : (0, []);
            buckets[at] = (sums.Count + 1, sums.Fields);
            for (int i = 0; i < reading.Fields.Length; i++)
            {
                if (reading.Fields[i] is { } text && IsNumber(reading.Class!.TypeOf(i)) && (query.Fields == null || query.Fields.Contains(reading.Class.FieldName(i)))
                    && double.Parse(text, System.Globalization.CultureInfo.InvariantCulture) is var value && double.IsFinite(value))
                {
                    string name = reading.Class.FieldName(i);
                    if (!sums.Fields.TryGetValue(name, out Spread? spread))
                    {
                        sums.Fields.Add(name, spread = new Spread());
                    }

                    spread.Add(value);
                }
            }
        }

        foreach (Bucket bucket in Taken())
        {
            yield return bucket;
        }
    }

    /// <summary>Objects of a collection with numbers above one and up to another, what is left of deleted ones too; at most a page.</summary>
    public List<Reading> Changed(IStoreTransaction transaction, int collection, string name, long after, long upTo, Dictionary<int, string> devices)
    {
        return [.. transaction.ListObjects(collection, after, Page, deleted: true).TakeWhile(o => o.Seq <= upTo).Select(o => View(transaction, o, 0, collection, name, devices))];
    }

    /// <summary>True for a type that has a mean.</summary>
    public static bool IsNumber(FieldType type) => type is FieldType.Int or FieldType.UInt or FieldType.Fixed or FieldType.Float or FieldType.Double;

    private IReadingTransaction Begin() => (IReadingTransaction)store.BeginRead();

    private static List<SourceRow> Sources(IReadingTransaction transaction, ReadingQuery query)
    {
        if (query.Device != null)
        {
            DeviceService.Find(transaction, query.Device);
        }

        return transaction.ListSources(query.Collection, query.Device, query.Group);
    }

    private static bool IsAsked(ReadingQuery query, string? wireName)
    {
        return query.Class == null || query.Class == wireName || (wireName != null && wireName.Length == query.Class.Length + 5 && wireName.StartsWith(query.Class, StringComparison.Ordinal)
            && wireName[^5] == '#');
    }

    private List<Reading> ReadPage(SourceRow source, ref long after, Dictionary<int, string> names)
    {
        using IStoreTransaction transaction = store.BeginRead();
        List<ObjectRow> rows = transaction.ListObjects(source.Collection, after, Page, deleted: false);
        after = rows.Count < Page ? long.MaxValue : rows[^1].Seq;
        return [.. rows.TakeWhile(r => r.Seq <= source.Seq).Select(r => View(transaction, r, source.Device, source.Collection, source.CollectionName, names))];
    }

    private Reading View(IStoreTransaction transaction, ObjectRow row, int device, int collection, string name, Dictionary<int, string> names)
    {
        ObjectClass? type = row.Deleted ? null : classes.FindOf(transaction, row.Author, device, collection, row.Class);
        string?[]? fields = null;
        long at = row.Changed;
        if (type is { Count: > 0 } && row.Data != null)
        {
            try
            {
                fields = new string?[type.Count];
                bool timed = false;
                foreach ((int field, string text) in RecordText.Unpack(type, row.Data))
                {
                    fields[field] = text;
                    if (!timed && type.TypeOf(field) == FieldType.Time)
                    {
                        at = DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds();
                        timed = true;
                    }
                }
            }
            catch (RecordException)
            {
                fields = null; // kept before its class was known, and not of it
            }
        }

        return new Reading(names.GetValueOrDefault(row.Author, ""), name, row, fields == null ? null : type, fields, at);
    }

    // The highest number of which all up to it came before a time: found by halving, as numbers and times rise together.
    private long Before(SourceRow source, long time)
    {
        long low = 0, high = source.Seq;
        using IStoreTransaction transaction = store.BeginRead();
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            ObjectRow? next = transaction.ListObjects(source.Collection, middle, 1, deleted: true).FirstOrDefault();
            if (next == null || next.Changed >= time)
            {
                high = middle;
            }
            else
            {
                low = next.Seq;
            }
        }

        return low;
    }
}

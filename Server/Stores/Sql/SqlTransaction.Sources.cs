// Where readings lie.

using NanoSync.Server.Engine;
using NanoSync.Server.Readings;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IReadingTransaction
{
    /// <inheritdoc/>
    public List<SourceRow> ListSources(string? collection, string? device, string? group)
    {
        return All("SELECT d.id, d.name, c.id, g.name, c.scope, c.seq FROM device_collection g JOIN device d ON d.id = g.device_id JOIN collection c ON c.id = g.collection_id "
            + "LEFT JOIN device_place p ON p.device_id = d.id WHERE (@any = 1 OR g.name = @name) AND (@device = '' OR d.name = @device) AND (@place = '' OR p.place = @place) "
            + "ORDER BY d.name, g.name",
            r => new SourceRow(r.GetInt32(0), r.GetString(1), r.GetInt32(2), r.GetString(3), r.GetString(4).StartsWith("group:", StringComparison.Ordinal), r.GetInt64(5)),
            ("any", collection == null ? 1 : 0), ("name", collection ?? ""), ("device", device ?? ""), ("place", group ?? ""));
    }

    /// <inheritdoc/>
    public List<(string Class, int Device)> ListClassesIn(int collection)
    {
        return All("SELECT class, MIN(device) FROM (SELECT class, device_id AS device FROM reading_run WHERE collection_id = @collection AND class IS NOT NULL "
            + "UNION SELECT class, CASE WHEN writer = 0 THEN 0 ELSE last_device END FROM object WHERE collection_id = @collection AND class IS NOT NULL AND deleted = 0) AS used "
            + "GROUP BY class ORDER BY class", r => (r.GetString(0), r.GetInt32(1)), ("collection", collection));
    }

    // A page of the log by a walk of its index, and the runs of the page: joined here, as a database may join all of the log before
    // it takes a page of it.
    private List<ObjectRow> ListLog(int collection, long after, int count)
    {
        List<(long Seq, long Age, byte[] Data)> page = ByDay(collection, after, long.MaxValue, count, (day, from, to, left) => All(
            $"SELECT seq, age, data FROM reading WHERE collection_id = @collection AND seq > @after AND seq <= @to{OnDay} ORDER BY seq LIMIT @count",
            r => (r.GetInt64(0), r.GetInt64(1), Bytes(r, 2)!), Of(day, ("collection", collection), ("after", from), ("to", to), ("count", left))));
        if (page.Count == 0)
        {
            return [];
        }

        List<RunRow> runs = All($"SELECT {RunColumns} FROM reading_run WHERE collection_id = @collection AND first_seq <= @last AND first_seq >= "
            + "(SELECT MAX(first_seq) FROM reading_run WHERE collection_id = @collection AND first_seq <= @first) ORDER BY first_seq",
            ReadRun, ("collection", collection), ("first", page[0].Seq), ("last", page[^1].Seq));
        int run = 0;
        return page.ConvertAll(reading =>
        {
            while (run + 1 < runs.Count && runs[run + 1].First <= reading.Seq)
            {
                run++;
            }

            return runs[run].RowOf(reading.Seq, reading.Age, reading.Data);
        });
    }
}

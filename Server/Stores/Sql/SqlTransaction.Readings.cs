// The log: a narrow row a reading, and a row a run of readings that says what they have in common.
//
//   reading       collection, number of the change -> milliseconds since the run began, bytes
//   reading_run   collection, number of its first change -> number of its last, prefix and first number of the ids, ...
//
// A reading's id follows from its run, and its run from its id, so neither stands in the row. Runs overlap neither in the
// numbers of changes nor in those of ids. A run stays when its readings are gone: it says what was taken. A reading that
// anything is done to is lifted out of the log first and becomes an object.
//
// Where the database keeps days apart, a run does not go over midnight and says its day, and whoever looks for readings asks
// the runs first: a statement about readings names their day, so that the others are not looked at.

using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    private const long LongestRun = int.MaxValue; // milliseconds, so that 4 bytes hold the age of a reading

    private const long MillisecondsOfDay = 86_400_000;

    private const string ExtendRun = "UPDATE reading_run SET last_seq = @last WHERE collection_id = @collection AND prefix = @prefix AND last_seq = @before "
        + "AND first_number = (SELECT MAX(first_number) FROM reading_run WHERE collection_id = @collection AND prefix = @prefix) "
        + "AND first_number + @before - first_seq = @number AND replica_id = @replica AND COALESCE(class, '') = @class AND time <= @now AND time > @oldest";

    private const string RunOfId = "collection_id = @collection AND prefix = @prefix AND first_number = (SELECT MAX(first_number) FROM reading_run "
        + "WHERE collection_id = @collection AND prefix = @prefix AND first_number <= @number) AND first_seq + @number - first_number <= last_seq";

    // the day of the next reading, and the last number before a run of another day begins
    private const string NextDay = "SELECT r.day, (SELECT MIN(o.first_seq) - 1 FROM reading_run o WHERE o.collection_id = r.collection_id AND o.first_seq > r.first_seq AND o.day <> r.day) "
        + "FROM reading_run r WHERE r.collection_id = @collection AND r.last_seq > @after "
        + "AND r.first_seq >= COALESCE((SELECT MAX(first_seq) FROM reading_run WHERE collection_id = @collection AND first_seq <= @after), 0) "
        + "AND EXISTS (SELECT 1 FROM reading_day d WHERE d.day = r.day AND d.detached = 0) ORDER BY r.first_seq LIMIT 1";

    private const string ReadingsAndRuns = "reading g JOIN reading_run r ON r.collection_id = g.collection_id "
        + "AND r.first_seq = (SELECT MAX(first_seq) FROM reading_run WHERE collection_id = g.collection_id AND first_seq <= g.seq)";

    // few forms of one statement, which are prepared once
    private static readonly (int Rows, string Sql)[] s_inserts = [.. new[] { 16, 4, 1 }.Select(rows => (rows, InsertOf(rows, days: false)))];
    private static readonly (int Rows, string Sql)[] s_insertsOfDays = [.. new[] { 16, 4, 1 }.Select(rows => (rows, InsertOf(rows, days: true)))];

    /// <summary>True where readings lie by the day on which they came, so that a day is removed as a whole.</summary>
    protected virtual bool KeepsDays => false;

    private string OnDay => KeepsDays ? " AND day = @day" : "";

    private string RunColumns => KeepsDays ? "first_seq, prefix, first_number, class, replica_id, device_id, time, day" : "first_seq, prefix, first_number, class, replica_id, device_id, time, 0";

    /// <summary>Called before readings of a day are written.</summary>
    protected virtual void MakeDay(int day)
    {
    }

    /// <inheritdoc/>
    public LogMark FindLog(int device, int collection, string prefix)
    {
        return One("SELECT (SELECT first_number + last_seq - first_seq FROM reading_run WHERE collection_id = @collection AND prefix = @prefix "
            + "ORDER BY first_number DESC LIMIT 1), CASE WHEN EXISTS (SELECT 1 FROM object WHERE collection_id = @collection) "
            + "OR EXISTS (SELECT 1 FROM id_map WHERE device_id = @device AND collection_id = @collection) THEN 1 ELSE 0 END",
            r => new LogMark(Long(r, 0) ?? -1, Bool(r, 1)), ("collection", collection), ("prefix", prefix), ("device", device));
    }

    /// <inheritdoc/>
    public void AppendReadings(int collection, LogRun run, IReadOnlyList<byte[]> readings)
    {
        int day = (int)(run.Time / MillisecondsOfDay);
        MakeDay(day);
        long last = run.FirstSeq + readings.Count - 1;
        long? began = One(KeepsDays ? ExtendRun + " AND day = @day RETURNING time" : ExtendRun + " RETURNING time", r => (long?)r.GetInt64(0), Of(day,
            ("last", last), ("collection", collection), ("prefix", run.First.Prefix), ("before", run.FirstSeq - 1), ("number", run.First.Number - 1),
            ("replica", run.Replica), ("class", run.Class ?? ""), ("now", run.Time), ("oldest", run.Time - LongestRun)));
        if (began == null)
        {
            Run(KeepsDays
                ? "INSERT INTO reading_run (collection_id, first_seq, last_seq, prefix, first_number, device_id, replica_id, class, time, day) "
                    + "VALUES (@collection, @first, @last, @prefix, @number, @device, @replica, @class, @now, @day)"
                : "INSERT INTO reading_run (collection_id, first_seq, last_seq, prefix, first_number, device_id, replica_id, class, time) "
                    + "VALUES (@collection, @first, @last, @prefix, @number, @device, @replica, @class, @now)", Of(day,
                ("collection", collection), ("first", run.FirstSeq), ("last", last), ("prefix", run.First.Prefix), ("number", run.First.Number),
                ("device", run.Device), ("replica", run.Replica), ("class", run.Class), ("now", run.Time)));
        }

        int age = (int)(run.Time - (began ?? run.Time));
        int done = 0;
        foreach ((int rows, string sql) in KeepsDays ? s_insertsOfDays : s_inserts)
        {
            for (; readings.Count - done >= rows; done += rows)
            {
                (string, object?)[] values = new (string, object?)[rows + (KeepsDays ? 4 : 3)];
                (values[0], values[1], values[2]) = (("collection", collection), ("seq", run.FirstSeq + done), ("age", age));
                for (int i = 0; i < rows; i++)
                {
                    values[i + 3] = (DataName(i), readings[done + i]);
                }

                if (KeepsDays)
                {
                    values[^1] = ("day", day);
                }

                Run(sql, values);
            }
        }
    }

    private static string DataName(int row) => string.Create(CultureInfo.InvariantCulture, $"data{row}");

    private static string InsertOf(int rows, bool days)
    {
        return (days ? "INSERT INTO reading (collection_id, day, seq, age, data) VALUES " : "INSERT INTO reading (collection_id, seq, age, data) VALUES ")
            + string.Join(", ", Enumerable.Range(0, rows).Select(i =>
                string.Create(CultureInfo.InvariantCulture, $"(@collection, {(days ? "@day, " : "")}@seq + {i}, @age, @{DataName(i)})")));
    }

    private (string Name, object? Value)[] Of(int day, params (string Name, object? Value)[] values) => KeepsDays ? [.. values, ("day", day)] : values;

    private static List<T> Merge<T>(List<T> one, List<T> other, int count, Func<T, long> seq)
    {
        if (other.Count == 0)
        {
            return one;
        }

        one.AddRange(other);
        one.Sort((a, b) => seq(a).CompareTo(seq(b)));
        if (one.Count > count)
        {
            one.RemoveRange(count, one.Count - count);
        }

        return one;
    }

    private (ReadingId Id, RunRow Run, ObjectRow Row)? FindReading(int collection, string id)
    {
        foreach (ReadingId reading in ReadingId.OfServer(id))
        {
            if (FindRun(collection, reading) is { } run && FindLogged(collection, run, reading) is ({ } data, long age))
            {
                return (reading, run, run.RowOf(run.First + reading.Number - run.Number, age, data));
            }
        }

        return null;
    }

    private RunRow? FindRun(int collection, ReadingId id)
    {
        return One($"SELECT {RunColumns} FROM reading_run WHERE {RunOfId}", ReadRun, ("collection", collection), ("prefix", id.Prefix), ("number", id.Number));
    }

    private (byte[] Data, long Age)? FindLogged(int collection, RunRow run, ReadingId id)
    {
        return One($"SELECT data, age FROM reading WHERE collection_id = @collection AND seq = @seq{OnDay}", r => ((byte[], long)?)(Bytes(r, 0)!, r.GetInt64(1)),
            Of(run.Day, ("collection", collection), ("seq", run.First + id.Number - run.Number)));
    }

    // A reading that was lifted is in the id map; what is in neither is gone.
    private IdRow? FindTaken(int device, int collection, string clientId)
    {
        foreach (bool shared in (bool[])[false, true])
        {
            if (ReadingId.OfClient(clientId, ReadingId.Owner(device, shared)) is { } id && FindRun(collection, id) is { } run)
            {
                return IdOf(id, run.Class, FindLogged(collection, run, id)?.Data);
            }
        }

        return null;
    }

    private static IdRow IdOf(ReadingId id, string? type, byte[]? data)
    {
        return data == null ? new IdRow(id.ToString(), 0, -1, 0, null)
            : new IdRow(id.ToString(), ContentSum.Of(type, data), data.Length, CrcSum.Of(data), null);
    }

    private List<ObjectRow> ListReadings(int collection, long after, int count, int replica, long reset)
    {
        return ByDay(collection, after, long.MaxValue, count, (day, from, to, left) => All(
            $"SELECT g.seq, r.prefix, r.first_number + g.seq - r.first_seq, r.class, g.data, r.replica_id, r.device_id, r.time + g.age FROM {ReadingsAndRuns} "
            + $"WHERE g.collection_id = @collection AND g.seq > @after AND g.seq <= @to{(KeepsDays ? " AND g.day = @day" : "")} "
            + "AND NOT (r.replica_id = @replica AND g.seq > @reset) ORDER BY g.seq LIMIT @count", ReadReading,
            Of(day, ("collection", collection), ("after", from), ("to", to), ("replica", replica), ("reset", reset), ("count", left))));
    }

    // A page of the log: the readings above a number, up to another. One statement, where days are not kept apart; else one for
    // each stretch of runs of one day.
    private List<T> ByDay<T>(int collection, long after, long until, int count, Func<int, long, long, int, List<T>> page)
    {
        if (!KeepsDays)
        {
            return page(0, after, until, count);
        }

        List<T> rows = [];
        while (after < until && rows.Count < count && One(NextDay, r => ((int Day, long Last)?)(r.GetInt32(0), Long(r, 1) ?? long.MaxValue), ("collection", collection), ("after", after)) is { } next)
        {
            rows.AddRange(page(next.Day, after, Math.Min(next.Last, until), count - rows.Count));
            after = next.Last;
        }

        return rows;
    }

    // The oldest readings up to a number.
    private List<OldReading> ListOldest(int collection, long until, int count)
    {
        return ByDay(collection, -1, until, count, (day, from, to, left) => All(
            $"SELECT g.seq, r.time + g.age FROM {ReadingsAndRuns} "
            + $"WHERE g.collection_id = @collection AND g.seq > @after AND g.seq <= @to{(KeepsDays ? " AND g.day = @day" : "")} ORDER BY g.seq LIMIT @count",
            r => new OldReading(r.GetInt64(0), r.GetInt64(1), day), Of(day, ("collection", collection), ("after", from), ("to", to), ("count", left))));
    }

    private int RemoveReadings(int collection, IEnumerable<OldReading> readings)
    {
        return readings.GroupBy(r => r.Day).Sum(day => Run($"DELETE FROM reading WHERE collection_id = @collection AND seq >= @first AND seq <= @last{OnDay}",
            Of(day.Key, ("collection", collection), ("first", day.Min(r => r.Seq)), ("last", day.Max(r => r.Seq)))));
    }

    private void ReadingToObject(int collection, string serverId)
    {
        if (FindReading(collection, serverId) is not ({ } reading, { } run, { } row))
        {
            return;
        }

        Run($"DELETE FROM reading WHERE collection_id = @collection AND seq = @seq{OnDay}", Of(run.Day, ("collection", collection), ("seq", row.Seq)));
        IdRow id = IdOf(reading, row.Class, row.Data);
        SaveId(row.LastDevice, collection, reading.ClientId, id);
        row.LastDeviceSum = id.Sum;
        Upsert(collection, row);
    }

    private static ObjectRow ReadReading(DbDataReader r)
    {
        return new RunRow(r.GetInt64(0), r.GetString(1), r.GetInt64(2), Text(r, 3), r.GetInt32(5), r.GetInt32(6), r.GetInt64(7), 0).RowOf(r.GetInt64(0), 0, Bytes(r, 4)!);
    }

    private static RunRow ReadRun(DbDataReader r)
    {
        return new RunRow(r.GetInt64(0), r.GetString(1), r.GetInt64(2), Text(r, 3), r.GetInt32(4), r.GetInt32(5), r.GetInt64(6), r.GetInt32(7));
    }

    private sealed record OldReading(long Seq, long Time, int Day);

    // What the readings of a run have in common: number of its first change, prefix and first number of the ids, ...
    private sealed record RunRow(long First, string Prefix, long Number, string? Class, int Replica, int Device, long Time, int Day)
    {
        /// <summary>One of its readings.</summary>
        public ObjectRow RowOf(long seq, long age, byte[] data)
        {
            return new ObjectRow
            {
                Id = new ReadingId(Prefix, Number + seq - First).ToString(),
                Seq = seq,
                CreatedSeq = seq,
                Class = Class,
                Data = data,
                Writer = Replica,
                LastDevice = Device,
                Created = Time + age,
                Changed = Time + age,
                IsLogged = true,
            };
        }
    }
}

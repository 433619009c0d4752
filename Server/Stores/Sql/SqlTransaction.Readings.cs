// The log: a narrow row a reading, and a row a run of readings that says what they have in common.
//
//   reading       collection, number of the change -> milliseconds since the run began, bytes
//   reading_run   collection, number of its first change -> number of its last, prefix and first number of the ids, ...
//
// A reading's id follows from its run, and its run from its id, so neither stands in the row. Runs overlap neither in the
// numbers of changes nor in those of ids. A run stays when its readings are gone: it says what was taken. What is done to a
// reading is done to an object: it is lifted out of the log first.

using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    private const long LongestRun = int.MaxValue; // milliseconds, so that 4 bytes hold the age of a reading

    private const string RunOfId = "r.collection_id = @collection AND r.prefix = @prefix AND r.first_number = (SELECT MAX(first_number) FROM reading_run "
        + "WHERE collection_id = @collection AND prefix = @prefix AND first_number <= @number) AND r.first_seq + @number - r.first_number <= r.last_seq";

    private const string ReadingColumns = "g.seq, r.prefix, r.first_number + g.seq - r.first_seq, r.class, g.data, r.replica_id, r.device_id, r.time + g.age";

    // few forms of one statement, which are prepared once
    private static readonly (int Rows, string Sql)[] s_inserts = [.. new[] { 16, 4, 1 }.Select(rows => (rows, InsertOf(rows)))];

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
        long last = run.FirstSeq + readings.Count - 1;
        long? began = One("UPDATE reading_run SET last_seq = @last WHERE collection_id = @collection AND prefix = @prefix AND last_seq = @before "
            + "AND first_number = (SELECT MAX(first_number) FROM reading_run WHERE collection_id = @collection AND prefix = @prefix) "
            + "AND first_number + @before - first_seq = @number AND replica_id = @replica AND COALESCE(class, '') = @class "
            + "AND time <= @now AND time > @oldest RETURNING time", r => (long?)r.GetInt64(0),
            ("last", last), ("collection", collection), ("prefix", run.First.Prefix), ("before", run.FirstSeq - 1), ("number", run.First.Number - 1),
            ("replica", run.Replica), ("class", run.Class ?? ""), ("now", run.Time), ("oldest", run.Time - LongestRun));
        if (began == null)
        {
            Run("INSERT INTO reading_run (collection_id, first_seq, last_seq, prefix, first_number, device_id, replica_id, class, time) "
                + "VALUES (@collection, @first, @last, @prefix, @number, @device, @replica, @class, @now)",
                ("collection", collection), ("first", run.FirstSeq), ("last", last), ("prefix", run.First.Prefix), ("number", run.First.Number),
                ("device", run.Device), ("replica", run.Replica), ("class", run.Class), ("now", run.Time));
        }

        int age = (int)(run.Time - (began ?? run.Time));
        int done = 0;
        foreach ((int rows, string sql) in s_inserts)
        {
            for (; readings.Count - done >= rows; done += rows)
            {
                (string, object?)[] values = new (string, object?)[rows + 3];
                (values[0], values[1], values[2]) = (("collection", collection), ("seq", run.FirstSeq + done), ("age", age));
                for (int i = 0; i < rows; i++)
                {
                    values[i + 3] = (DataName(i), readings[done + i]);
                }

                Run(sql, values);
            }
        }
    }

    private static string DataName(int row) => string.Create(CultureInfo.InvariantCulture, $"data{row}");

    private static string InsertOf(int rows)
    {
        return "INSERT INTO reading (collection_id, seq, age, data) VALUES " + string.Join(", ", Enumerable.Range(0, rows).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"(@collection, @seq + {i}, @age, @{DataName(i)})")));
    }

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

    private (ReadingId Id, ObjectRow Row)? FindReading(int collection, string id)
    {
        foreach (ReadingId reading in ReadingId.OfServer(id))
        {
            if (One($"SELECT {ReadingColumns} FROM reading_run r JOIN reading g ON g.collection_id = r.collection_id AND g.seq = r.first_seq + @number - r.first_number "
                + $"WHERE {RunOfId}", ReadReading, ("collection", collection), ("prefix", reading.Prefix), ("number", reading.Number)) is { } found)
            {
                return (reading, found);
            }
        }

        return null;
    }

    // A reading that was lifted is in the id map; what is in neither is gone.
    private IdRow? FindTaken(int device, int collection, string clientId)
    {
        foreach (bool shared in (bool[])[false, true])
        {
            if (ReadingId.OfClient(clientId, ReadingId.Owner(device, shared)) is { } id
                && One($"SELECT r.class, g.data FROM reading_run r LEFT JOIN reading g ON g.collection_id = r.collection_id "
                    + $"AND g.seq = r.first_seq + @number - r.first_number WHERE {RunOfId}", r => IdOf(id, Text(r, 0), Bytes(r, 1)),
                    ("collection", collection), ("prefix", id.Prefix), ("number", id.Number)) is { } taken)
            {
                return taken;
            }
        }

        return null;
    }

    private static IdRow IdOf(ReadingId id, string? type, byte[]? data)
    {
        return data == null ? new IdRow(id.ToString(), 0, -1, 0, null)
            : new IdRow(id.ToString(), ContentSum.Of(type, data), data.Length, Crc32.Of(data), null);
    }

    private List<ObjectRow> ListReadings(int collection, long after, int count, int replica, long reset)
    {
        return All($"SELECT {ReadingColumns} FROM reading g JOIN reading_run r ON r.collection_id = g.collection_id "
            + "AND r.first_seq = (SELECT MAX(first_seq) FROM reading_run WHERE collection_id = g.collection_id AND first_seq <= g.seq) "
            + "WHERE g.collection_id = @collection AND g.seq > @after AND NOT (r.replica_id = @replica AND g.seq > @reset) ORDER BY g.seq LIMIT @count", ReadReading,
            ("collection", collection), ("after", after), ("replica", replica), ("reset", reset), ("count", count));
    }

    private void Lift(int collection, string serverId)
    {
        if (FindReading(collection, serverId) is not ({ } reading, { } row))
        {
            return;
        }

        Run("DELETE FROM reading WHERE collection_id = @collection AND seq = @seq", ("collection", collection), ("seq", row.Seq));
        IdRow id = IdOf(reading, row.Class, row.Data);
        SaveId(row.LastDevice, collection, reading.ClientId, id);
        row.LastDeviceSum = id.Sum;
        Upsert(collection, row);
    }

    private static ObjectRow ReadReading(DbDataReader r)
    {
        string? type = Text(r, 3);
        byte[] data = Bytes(r, 4)!;
        return new ObjectRow
        {
            Id = new ReadingId(r.GetString(1), r.GetInt64(2)).ToString(),
            Seq = r.GetInt64(0),
            CreatedSeq = r.GetInt64(0),
            Class = type,
            Data = data,
            Writer = r.GetInt32(5),
            LastDevice = r.GetInt32(6),
            Created = r.GetInt64(7),
            Changed = r.GetInt64(7),
            IsLogged = true,
        };
    }
}

// Readings by the day on which they came: a partition a day. It is made ahead, or by the first request that needs it, and is
// dropped as a whole: taken out of the table, which waits for nobody for long; counted and removed; and then the counts of
// its collections are put right, a few at a time and those that no request holds. Each step is a transaction, and a process
// that ends between two leaves what the next one goes on with.

using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;
using Npgsql;

namespace NanoSync.Server.Stores.Postgres;

public sealed partial class PostgresStore
{
    private const long MillisecondsOfDay = 86_400_000;
    private const int DaysAhead = 3;
    private const int DayLock = 0x44617973; // "Days", with the schema: one process at a time makes partitions
    private const int CountsAtOnce = 200;

    private readonly ConcurrentDictionary<int, bool> _days = []; // known to be there

    /// <inheritdoc/>
    public void MakeDays(long now)
    {
        for (int day = (int)(now / MillisecondsOfDay), last = day + DaysAhead; day <= last; day++)
        {
            MakeDay(day);
        }
    }

    /// <inheritdoc/>
    public long? DropDay(IReadOnlyList<KeptSince> rules)
    {
        try
        {
            using NpgsqlConnection connection = _source.OpenConnection();
            long? removed = null;
            if ((Detached(connection) ?? Detach(connection, rules)) is { } day)
            {
                removed = Remove(connection, day);
            }

            PutCountsRight(connection);
            return removed;
        }
        catch (DbException e)
        {
            throw Meaning(e);
        }
    }

    // Its own connection and transaction: it stays, whatever becomes of the request that needs it. Attaching one that was made
    // before does not wait for readers and writers; making it in its place would.
    private void MakeDay(int day)
    {
        if (_days.ContainsKey(day))
        {
            return;
        }

        try
        {
            using NpgsqlConnection connection = _source.OpenConnection();
            using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
            Execute(connection, $"SELECT pg_advisory_xact_lock({DayLock}, hashtext(current_schema()))");
            if (Number(connection, "SELECT detached FROM reading_day WHERE day = @day", ("day", day)) is { } detached)
            {
                if (detached != 0)
                {
                    throw new StoreBusyException("The readings of that day are being removed.");
                }
            }
            else
            {
                string name = NameOf(day);
                Execute(connection, string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE {name} (LIKE reading, PRIMARY KEY (collection_id, seq)); ")
                    + string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE reading ATTACH PARTITION {name} FOR VALUES FROM ({day}) TO ({day + 1}); ")
                    + string.Create(CultureInfo.InvariantCulture, $"INSERT INTO reading_day (day, until) VALUES ({day}, {(day + 1) * MillisecondsOfDay})"));
                transaction.Commit();
            }

            _days[day] = true;
        }
        catch (DbException e)
        {
            throw Meaning(e);
        }
    }

    private static string NameOf(int day)
    {
        return day == 0 ? "reading_before" : "reading_" + DateTime.UnixEpoch.AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
    }

    private static int? Detached(NpgsqlConnection connection) => (int?)Number(connection, "SELECT day FROM reading_day WHERE detached = 1 LIMIT 1");

    // The oldest day of which nothing is kept. Taking it out excludes all who read and write readings for a moment: those that
    // began before are waited for, those that come wait with it, so it gives up soon and is tried again the next time.
    private int? Detach(NpgsqlConnection connection, IReadOnlyList<KeptSince> rules)
    {
        (string, object)[] kept =
        [
            ("names", rules.Select(r => r.Collection).ToArray()),
            ("times", rules.Select(r => r.Time).ToArray()),
            ("others", rules.FirstOrDefault(r => r.Collection == "*")?.Time ?? long.MinValue),
        ];
        List<int> days = [];
        using (NpgsqlCommand old = Command(connection, "SELECT day FROM reading_day WHERE until <= @latest ORDER BY day", ("latest", rules.Max(r => r.Time))))
        using (NpgsqlDataReader reader = old.ExecuteReader())
        {
            while (reader.Read())
            {
                days.Add(reader.GetInt32(0));
            }
        }

        foreach (int day in days)
        {
            if (Number(connection, "SELECT 1 WHERE EXISTS (SELECT 1 FROM collection c LEFT JOIN unnest(@names, @times) AS k(name, time) ON k.name = c.name "
                + "WHERE (c.outbox <> 1 OR COALESCE(k.time, @others) < (SELECT until FROM reading_day WHERE day = @day)) "
                + "AND EXISTS (SELECT 1 FROM reading g WHERE g.day = @day AND g.collection_id = c.id OFFSET 0)) " // by the index, not all of the day
                + "OR EXISTS (SELECT 1 FROM proxy_route p WHERE EXISTS (SELECT 1 FROM reading g WHERE g.day = @day AND g.collection_id = p.collection_id AND g.seq > p.point OFFSET 0))", [("day", day), .. kept]) != null)
            {
                continue;
            }

            try
            {
                using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
                Execute(connection, "SET LOCAL lock_timeout = '500ms'");
                Execute(connection, string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE reading DETACH PARTITION {NameOf(day)}; UPDATE reading_day SET detached = 1 WHERE day = {day}"));
                transaction.Commit();
                _days.TryRemove(day, out _);
                return day;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                return null; // a long export reads; rows that are old are removed one by one meanwhile
            }
        }

        return null;
    }

    private static long Remove(NpgsqlConnection connection, int day)
    {
        using NpgsqlTransaction transaction = connection.BeginTransaction(IsolationLevel.ReadCommitted);
        string counted = $"WITH gone AS MATERIALIZED (SELECT collection_id, COUNT(*) AS readings FROM {NameOf(day)} GROUP BY collection_id), "
            + "noted AS (INSERT INTO reading_gone (collection_id, readings) SELECT collection_id, readings FROM gone "
            + "ON CONFLICT (collection_id) DO UPDATE SET readings = reading_gone.readings + excluded.readings) SELECT SUM(readings) FROM gone";
        long removed = Number(connection, counted) ?? 0;
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"DROP TABLE {NameOf(day)}; DELETE FROM reading_day WHERE day = {day}"));
        transaction.Commit();
        return removed;
    }

    private static void PutCountsRight(NpgsqlConnection connection)
    {
        Execute(connection, "DELETE FROM reading_gone g WHERE NOT EXISTS (SELECT 1 FROM collection c WHERE c.id = g.collection_id)");
        using NpgsqlCommand some = Command(connection, "WITH next AS MATERIALIZED (SELECT g.collection_id, g.readings FROM reading_gone g JOIN collection c ON c.id = g.collection_id "
            + "ORDER BY g.collection_id LIMIT @most FOR UPDATE OF c SKIP LOCKED), "
            + "done AS (DELETE FROM reading_gone g USING next s WHERE g.collection_id = s.collection_id) "
            + "UPDATE collection c SET live = c.live - s.readings FROM next s WHERE c.id = s.collection_id", ("most", CountsAtOnce));
        while (some.ExecuteNonQuery() > 0)
        {
            // the next ones; those that a request holds are left to the next time
        }
    }

    private static long? Number(NpgsqlConnection connection, string sql, params (string Name, object Value)[] values)
    {
        using NpgsqlCommand command = Command(connection, sql, values);
        return command.ExecuteScalar() is { } value and not DBNull ? Convert.ToInt64(value, CultureInfo.InvariantCulture) : null;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params (string Name, object Value)[] values)
    {
        NpgsqlCommand command = new(sql, connection) { CommandTimeout = 0 }; // a day may be large
        foreach ((string name, object value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}

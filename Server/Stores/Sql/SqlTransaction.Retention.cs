// What is removed because it is old.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    /// <inheritdoc/>
    public List<OutboxRow> ListOutboxes()
    {
        return All("SELECT id, name, live FROM collection WHERE outbox = 1 ORDER BY id", r => new OutboxRow(r.GetInt32(0), r.GetString(1), r.GetInt64(2)));
    }

    /// <inheritdoc/>
    public List<int> ListWithDeleted()
    {
        return All("SELECT id FROM collection c WHERE EXISTS (SELECT 1 FROM object o WHERE o.collection_id = c.id AND o.deleted = 1) ORDER BY id", r => r.GetInt32(0));
    }

    /// <inheritdoc/>
    public int DropReadings(int collection, long before, long keep, int most)
    {
        CollectionRow row = FindCollection(collection); // locked: its count changes
        if (KeepsDays && Number("DELETE FROM reading_gone WHERE collection_id = @collection RETURNING readings", ("collection", collection)) is > 0 and long gone)
        {
            row.Live -= gone; // they went with their day
            SaveCollection(row);
        }

        long passed = One("SELECT MIN(point) FROM proxy_route WHERE collection_id = @collection", r => Long(r, 0), ("collection", collection)) ?? long.MaxValue;
        int count = (int)Math.Clamp(row.Live - keep, 0, most);
        (string, object?)[] which = [("collection", collection), ("passed", passed), ("count", count)];
        List<OldReading> logged = ListOldest(collection, passed, count);
        const string Free = "deleted = 0 AND last_device <> 0 AND NOT EXISTS (SELECT 1 FROM due d WHERE d.collection_id = object.collection_id AND d.server_id = object.server_id) "
            + "AND NOT EXISTS (SELECT 1 FROM set_aside a WHERE a.collection_id = object.collection_id AND a.server_id = object.server_id)";
        IEnumerable<(long Seq, long Time)> oldest = logged.Select(r => (r.Seq, r.Time)).Concat(
            All($"SELECT seq, changed FROM object WHERE collection_id = @collection AND seq <= @passed AND {Free} ORDER BY seq LIMIT @count",
            r => (r.GetInt64(0), r.GetInt64(1)), which));
        long upTo = oldest.OrderBy(o => o.Seq).Take(count).TakeWhile(o => o.Time < before).Select(o => o.Seq).LastOrDefault(-1);
        if (upTo < 0)
        {
            return 0;
        }

        int removed = RemoveReadings(collection, logged.Where(r => r.Seq <= upTo))
            + Run($"DELETE FROM object WHERE collection_id = @collection AND seq <= @upTo AND {Free}", ("collection", collection), ("upTo", upTo));
        row.Live -= removed;
        SaveCollection(row);
        return removed;
    }

    /// <inheritdoc/>
    public int DropNotes(long before, int most)
    {
        (string, object?)[] which = [("before", before), ("most", most)];
        const string Loser = "device_id, collection_id, server_id, sum, from_device";
        const string Refusal = "device_id, collection, by_server, object_id";
        return Run($"DELETE FROM loser WHERE ({Loser}) IN (SELECT {Loser} FROM (SELECT {Loser} FROM loser WHERE time < @before LIMIT @most) AS old)", which)
            + Run($"DELETE FROM refusal WHERE ({Refusal}) IN (SELECT {Refusal} FROM (SELECT {Refusal} FROM refusal WHERE time < @before LIMIT @most) AS old)", which)
            + Run("DELETE FROM device_command WHERE (device_id, id) IN (SELECT device_id, id FROM (SELECT device_id, id FROM device_command WHERE done < @before LIMIT @most) AS old)", which);
    }

    /// <inheritdoc/>
    public int ForgetStores(long seenSince, int most)
    {
        const string Old = "SELECT k.replica_id FROM key_row k JOIN replica p ON p.id = k.replica_id "
            + "WHERE p.last_seen < @since AND (k.sync_key IS NOT NULL OR k.reply IS NOT NULL) ORDER BY k.replica_id LIMIT @most";
        return Run($"UPDATE key_row SET sync_key = NULL, previous_key = NULL, reply = NULL, request_hash = NULL, applied = NULL WHERE replica_id IN (SELECT replica_id FROM ({Old}) AS old)",
            ("since", seenSince), ("most", most));
    }
}

// What is due, set aside, lost, refused; classes; uploads.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    private const string Mine = "replica_id = @replica AND collection_id = @collection";
    private const string Losers = "device_id = @device AND collection_id = @collection";

    // What one token can make this server keep beside objects: the newest of each kind. Made room for now and then, not each time.
    private const int MostNotes = 1000;
    private const int NotesBetween = 100;
    private const long MostLoserBytes = 64 << 20;

    /// <inheritdoc/>
    public void MakeDue(int replica, int collection, string id, DueKind kind, bool wasAdd = false)
    {
        ReadingToObject(collection, id);
        Run("INSERT INTO due (replica_id, collection_id, server_id, kind, was_add) VALUES (@replica, @collection, @id, @kind, @wasAdd) "
            + "ON CONFLICT DO NOTHING",
            ("replica", replica), ("collection", collection), ("id", id), ("kind", (int)kind), ("wasAdd", wasAdd ? 1 : 0));
        NoteReplica(replica);
    }

    /// <inheritdoc/>
    public bool IsDue(int replica, int collection, string id)
    {
        return Number($"SELECT COUNT(*) FROM due WHERE {Mine} AND server_id = @id AND kind = 0",
            ("replica", replica), ("collection", collection), ("id", id)) > 0;
    }

    /// <inheritdoc/>
    public bool IsAside(int replica, int collection, string id)
    {
        return Number($"SELECT COUNT(*) FROM set_aside WHERE {Mine} AND server_id = @id "
            + "AND seq = (SELECT o.seq FROM object o WHERE o.collection_id = @collection AND o.server_id = @id)",
            ("replica", replica), ("collection", collection), ("id", id)) > 0;
    }

    /// <inheritdoc/>
    public void Settle(int replica, int collection, string id)
    {
        Run($"DELETE FROM due WHERE {Mine} AND server_id = @id", ("replica", replica), ("collection", collection), ("id", id));
        Run($"DELETE FROM set_aside WHERE {Mine} AND server_id = @id", ("replica", replica), ("collection", collection), ("id", id));
    }

    /// <inheritdoc/>
    public void SentIn(int replica, int collection, string id, int n)
    {
        Run($"UPDATE due SET sent = @n WHERE {Mine} AND server_id = @id", ("n", n), ("replica", replica), ("collection", collection), ("id", id));
        Run($"UPDATE set_aside SET sent = @n WHERE {Mine} AND server_id = @id "
            + "AND seq <> (SELECT o.seq FROM object o WHERE o.collection_id = @collection AND o.server_id = @id)",
            ("n", n), ("replica", replica), ("collection", collection), ("id", id));
    }

    /// <inheritdoc/>
    public void Unsent(int replica, int collection, int n)
    {
        Run($"UPDATE due SET sent = NULL WHERE {Mine} AND sent = @n", ("replica", replica), ("collection", collection), ("n", n));
        Run($"UPDATE set_aside SET sent = NULL WHERE {Mine} AND sent = @n", ("replica", replica), ("collection", collection), ("n", n));
    }

    /// <inheritdoc/>
    public void Acknowledged(int replica, int collection, int n)
    {
        Run($"DELETE FROM due WHERE {Mine} AND sent = @n", ("replica", replica), ("collection", collection), ("n", n));
        Run($"DELETE FROM set_aside WHERE {Mine} AND sent = @n", ("replica", replica), ("collection", collection), ("n", n));
    }

    /// <inheritdoc/>
    public void SetAside(int replica, int collection, AsideRow row, string? deviceClass)
    {
        ReadingToObject(collection, row.ServerId);
        Run("INSERT INTO set_aside (replica_id, collection_id, server_id, seq, was_add, status, reason, class, time) "
            + "VALUES (@replica, @collection, @id, @seq, @wasAdd, @status, @reason, @class, @time) "
            + "ON CONFLICT (replica_id, collection_id, server_id) DO UPDATE SET seq = excluded.seq, was_add = excluded.was_add, "
            + "status = excluded.status, reason = excluded.reason, class = excluded.class, time = excluded.time, sent = NULL",
            ("replica", replica), ("collection", collection), ("id", row.ServerId), ("seq", row.Seq), ("wasAdd", row.WasAdd ? 1 : 0),
            ("status", row.Status), ("reason", row.Reason), ("class", deviceClass), ("time", row.Time));
        Run($"DELETE FROM due WHERE {Mine} AND server_id = @id AND kind = 0",
            ("replica", replica), ("collection", collection), ("id", row.ServerId));
    }

    /// <inheritdoc/>
    public List<AsideRow> ListAside(int replica, int collection)
    {
        return All($"SELECT server_id, seq, was_add, status, reason, time FROM set_aside WHERE {Mine} ORDER BY server_id",
            r => new AsideRow(r.GetString(0), r.GetInt64(1), Bool(r, 2), r.GetInt32(3), r.GetString(4), r.GetInt64(5)),
            ("replica", replica), ("collection", collection));
    }

    /// <inheritdoc/>
    public void RetryOtherClass(int replica, int collection, string? deviceClass)
    {
        const string Other = Mine + " AND status <> 0 AND COALESCE(class, '') <> COALESCE(@class, '')";
        Run("INSERT INTO due (replica_id, collection_id, server_id, kind, was_add) "
            + $"SELECT replica_id, collection_id, server_id, 0, was_add FROM set_aside WHERE {Other} ON CONFLICT DO NOTHING",
            ("replica", replica), ("collection", collection), ("class", deviceClass));
        Run($"DELETE FROM set_aside WHERE {Other}", ("replica", replica), ("collection", collection), ("class", deviceClass));
    }

    /// <inheritdoc/>
    public int Retry(int replica, int collection, string? id)
    {
        const string These = Mine + " AND (server_id = @id OR @all = 1)";
        (string, object?)[] values = [("replica", replica), ("collection", collection), ("id", id ?? ""), ("all", id == null ? 1 : 0)];
        Run($"DELETE FROM due WHERE {These} AND kind = 1", values); // it was to be dropped; what was asked for last counts
        Run("INSERT INTO due (replica_id, collection_id, server_id, kind, was_add) "
            + $"SELECT replica_id, collection_id, server_id, 0, was_add FROM set_aside WHERE {These} ON CONFLICT DO NOTHING", values);
        int count = Run($"DELETE FROM set_aside WHERE {These}", values);
        if (count > 0)
        {
            NoteReplica(replica);
        }

        return count;
    }

    /// <inheritdoc/>
    public void AddLoser(int device, int collection, LoserRow row, long sum)
    {
        Run("INSERT INTO loser (device_id, collection_id, server_id, sum, from_device, deleted, class, data, time) "
            + "VALUES (@device, @collection, @id, @sum, @from, @deleted, @class, @data, @time) ON CONFLICT DO NOTHING",
            ("device", device), ("collection", collection), ("id", row.ServerId), ("sum", sum), ("from", row.FromDevice ? 1 : 0),
            ("deleted", row.Deleted ? 1 : 0), ("class", row.Class), ("data", row.Data), ("time", row.Time));
        (long count, long bytes) = One("SELECT COUNT(*), SUM(LENGTH(data)) FROM loser WHERE device_id = @device", r => (r.GetInt64(0), Long(r, 1) ?? 0), ("device", device));
        if (count > MostNotes + NotesBetween || bytes > MostLoserBytes)
        {
            const string Key = "collection_id, server_id, sum, from_device";
            Run($"DELETE FROM loser WHERE device_id = @device AND ({Key}) IN (SELECT {Key} FROM (SELECT {Key}, ROW_NUMBER() OVER w AS n, "
                + "SUM(COALESCE(LENGTH(data), 0)) OVER w AS bytes FROM loser WHERE device_id = @device "
                + $"WINDOW w AS (ORDER BY time DESC, {Key})) newest WHERE n > @most OR bytes > @bytes)",
                ("device", device), ("most", MostNotes), ("bytes", MostLoserBytes));
        }
    }

    /// <inheritdoc/>
    public List<LoserRow> ListLosers(int device, int collection, int count)
    {
        return All($"SELECT server_id, from_device, deleted, class, data, time FROM loser WHERE {Losers} ORDER BY time DESC, server_id LIMIT @count",
            r => new LoserRow(r.GetString(0), Bool(r, 1), Bool(r, 2), Text(r, 3), Bytes(r, 4), r.GetInt64(5)),
            ("device", device), ("collection", collection), ("count", count));
    }

    /// <inheritdoc/>
    public void Refused(int device, RefusalRow row)
    {
        Run("INSERT INTO refusal (device_id, collection, by_server, object_id, status, reason, times, time) "
            + "VALUES (@device, @collection, @byServer, @id, @status, @reason, 1, @time) "
            + "ON CONFLICT (device_id, collection, by_server, object_id) DO UPDATE SET status = excluded.status, reason = excluded.reason, "
            + "times = refusal.times + 1, time = excluded.time",
            ("device", device), ("collection", row.Collection), ("byServer", row.ByServer ? 1 : 0), ("id", row.ObjectId),
            ("status", row.Status), ("reason", row.Reason), ("time", row.Time));
        if (Number("SELECT COUNT(*) FROM refusal WHERE device_id = @device", ("device", device)) > MostNotes + NotesBetween)
        {
            const string Key = "collection, by_server, object_id";
            Run($"DELETE FROM refusal WHERE device_id = @device AND ({Key}) IN (SELECT {Key} FROM (SELECT {Key}, "
                + $"ROW_NUMBER() OVER (ORDER BY time DESC, {Key}) AS n FROM refusal WHERE device_id = @device) newest WHERE n > @most)",
                ("device", device), ("most", MostNotes));
        }
    }

    /// <inheritdoc/>
    public List<RefusalRow> ListRefusals(int device, int count)
    {
        return All("SELECT collection, by_server, object_id, status, reason, times, time FROM refusal WHERE device_id = @device "
            + "ORDER BY time DESC, collection, object_id LIMIT @count",
            r => new RefusalRow(r.GetString(0), Bool(r, 1), r.GetString(2), r.GetInt32(3), r.GetString(4), r.GetInt32(5), r.GetInt64(6)),
            ("device", device), ("count", count));
    }

    /// <inheritdoc/>
    public string? FindClass(int owner, string wireName)
    {
        return One("SELECT definition FROM definition WHERE device_id = @device AND wire_name = @name", r => r.GetString(0), ("device", owner), ("name", wireName));
    }

    /// <inheritdoc/>
    public string? FindClassIn(int collection, string wireName)
    {
        return One("SELECT f.definition FROM definition f JOIN device_collection d ON d.device_id = f.device_id "
            + "WHERE d.collection_id = @collection AND f.wire_name = @name ORDER BY f.time, f.device_id LIMIT 1",
            r => r.GetString(0), ("collection", collection), ("name", wireName));
    }

    /// <inheritdoc/>
    public string? FindSharedClass(int device, string wireName)
    {
        return One("SELECT f.definition FROM definition f JOIN device_collection other ON other.device_id = f.device_id "
            + "JOIN device_collection own ON own.collection_id = other.collection_id "
            + "WHERE own.device_id = @device AND f.wire_name = @name ORDER BY f.time, f.device_id LIMIT 1",
            r => r.GetString(0), ("device", device), ("name", wireName));
    }

    /// <inheritdoc/>
    public List<string> FindClasses(int owner, string name)
    {
        return All("SELECT wire_name FROM definition WHERE device_id = @device AND name = @name ORDER BY time DESC, wire_name",
            r => r.GetString(0), ("device", owner), ("name", name));
    }

    /// <inheritdoc/>
    public string? FindClassByHash(int device, string hash)
    {
        return One("SELECT MIN(wire_name) FROM definition WHERE device_id = @device AND substr(wire_name, length(wire_name) - 4) = @hash HAVING COUNT(*) = 1",
            r => r.GetString(0), ("device", device), ("hash", hash));
    }

    /// <inheritdoc/>
    public int CountClasses(int owner)
    {
        return (int)Number("SELECT COUNT(*) FROM definition WHERE device_id = @device", ("device", owner));
    }

    /// <inheritdoc/>
    public void SaveClass(int owner, string wireName, string definition, long now)
    {
        Run("INSERT INTO definition (device_id, wire_name, name, definition, time) VALUES (@device, @wire, @name, @definition, @now) ON CONFLICT DO NOTHING",
            ("device", owner), ("wire", wireName), ("name", wireName[..wireName.LastIndexOf('#')]), ("definition", definition), ("now", now));
    }

    /// <inheritdoc/>
    public UploadRow? FindUpload(int replica, int collection, string key)
    {
        return One($"SELECT total, crc, held, version FROM upload WHERE {Mine} AND object_key = @key",
            r => new UploadRow(r.GetInt32(0), (uint)r.GetInt64(1), r.GetInt32(2), Long(r, 3)),
            ("replica", replica), ("collection", collection), ("key", key));
    }

    /// <inheritdoc/>
    public void StartUpload(int replica, int collection, string key, int total, uint crc, long? version, long now)
    {
        DropUpload(replica, collection, key);
        Run("INSERT INTO upload (replica_id, collection_id, object_key, total, crc, held, version, time) VALUES (@replica, @collection, @key, @total, @crc, 0, @version, @now)",
            ("replica", replica), ("collection", collection), ("key", key), ("total", total), ("crc", (long)crc), ("version", version), ("now", now));

        // uploads left behind: the newest 16 of a collection are kept
        List<string> old = All($"SELECT object_key FROM upload WHERE {Mine} ORDER BY time DESC, object_key LIMIT 100 OFFSET 16",
            r => r.GetString(0), ("replica", replica), ("collection", collection));
        foreach (string other in old)
        {
            if (other != key)
            {
                DropUpload(replica, collection, other);
            }
        }
    }

    /// <inheritdoc/>
    public void AddPart(int replica, int collection, string key, int offset, ReadOnlyMemory<byte> part)
    {
        Run("INSERT INTO upload_part (replica_id, collection_id, object_key, start, data) VALUES (@replica, @collection, @key, @start, @data)",
            ("replica", replica), ("collection", collection), ("key", key), ("start", offset), ("data", part.ToArray()));
        Run($"UPDATE upload SET held = @held WHERE {Mine} AND object_key = @key",
            ("held", offset + part.Length), ("replica", replica), ("collection", collection), ("key", key));
    }

    /// <inheritdoc/>
    public byte[] JoinParts(int replica, int collection, string key)
    {
        List<byte[]> parts = All($"SELECT data FROM upload_part WHERE {Mine} AND object_key = @key ORDER BY start",
            r => Bytes(r, 0)!, ("replica", replica), ("collection", collection), ("key", key));
        byte[] whole = new byte[parts.Sum(p => p.Length)];
        int at = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }

        return whole;
    }

    /// <inheritdoc/>
    public void DropUpload(int replica, int collection, string key)
    {
        Run($"DELETE FROM upload_part WHERE {Mine} AND object_key = @key", ("replica", replica), ("collection", collection), ("key", key));
        Run($"DELETE FROM upload WHERE {Mine} AND object_key = @key", ("replica", replica), ("collection", collection), ("key", key));
    }
}

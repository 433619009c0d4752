// Objects, the feed, the ids.

using System.Data.Common;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    // Objects of more than 4,096 bytes are read one by one, when it is known that they fit the reply.

    private const string FeedColumns = "o.server_id, o.seq, o.created_seq, o.class, o.deleted, COALESCE(LENGTH(o.data), 0), "
        + "CASE WHEN LENGTH(o.data) <= 4096 THEN o.data END";

    private const string ObjectColumns = "server_id, seq, created_seq, class, data, deleted, writer, last_device, last_device_sum, created, changed, version";

    /// <inheritdoc/>
    public ObjectRow? FindObject(int collection, string id)
    {
        return One($"SELECT {ObjectColumns} FROM object WHERE collection_id = @collection AND server_id = @id", ReadObject,
            ("collection", collection), ("id", id)) ?? FindReading(collection, id)?.Row;
    }

    /// <inheritdoc/>
    public int PruneDeleted(int collection, long seenSince, int most = int.MaxValue)
    {
        Run("UPDATE key_row SET sync_key = NULL, previous_key = NULL WHERE collection_id = @collection AND sync_key IS NOT NULL "
            + "AND replica_id IN (SELECT id FROM replica WHERE last_seen < @since)", ("collection", collection), ("since", seenSince));
        return Run("DELETE FROM object WHERE collection_id = @collection AND seq IN (SELECT o.seq FROM object o WHERE o.collection_id = @collection AND o.deleted = 1 "
            + "AND o.seq <= COALESCE((SELECT MIN(CASE WHEN k.acknowledged = 1 THEN k.to_point ELSE k.from_point END) FROM key_row k "
            + "WHERE k.collection_id = @collection AND k.sync_key IS NOT NULL), 0) "
            + "AND NOT EXISTS (SELECT 1 FROM proxy_route r WHERE r.collection_id = @collection) "
            + "AND NOT EXISTS (SELECT 1 FROM due d WHERE d.collection_id = o.collection_id AND d.server_id = o.server_id) "
            + "AND NOT EXISTS (SELECT 1 FROM set_aside a WHERE a.collection_id = o.collection_id AND a.server_id = o.server_id) ORDER BY o.seq LIMIT @most)",
            ("collection", collection), ("most", most));
    }

    /// <inheritdoc/>
    public long CountDeleted(int collection, int most)
    {
        return Number("SELECT COUNT(*) FROM (SELECT 1 FROM object WHERE collection_id = @collection AND deleted = 1 LIMIT @most) AS kept",
            ("collection", collection), ("most", most));
    }

    /// <inheritdoc/>
    public void SaveObject(int collection, ObjectRow row)
    {
        if (row.IsLogged)
        {
            ReadingToObject(collection, row.Id);
        }

        Upsert(collection, row);
    }

    private void Upsert(int collection, ObjectRow row)
    {
        Run($"INSERT INTO object (collection_id, {ObjectColumns}) VALUES (@collection, @id, @seq, @createdSeq, @class, @data, @deleted, @writer, "
            + "@lastDevice, @lastSum, @created, @changed, @version) ON CONFLICT (collection_id, server_id) DO UPDATE SET seq = excluded.seq, "
            + "created_seq = excluded.created_seq, class = excluded.class, data = excluded.data, deleted = excluded.deleted, "
            + "writer = excluded.writer, last_device = excluded.last_device, last_device_sum = excluded.last_device_sum, changed = excluded.changed, version = excluded.version",
            ("collection", collection), ("id", row.Id), ("seq", row.Seq), ("createdSeq", row.CreatedSeq), ("class", row.Class),
            ("data", row.Data), ("deleted", row.Deleted ? 1 : 0), ("writer", row.Writer), ("lastDevice", row.LastDevice),
            ("lastSum", row.LastDeviceSum), ("created", row.Created), ("changed", row.Changed), ("version", row.Version));
    }

    /// <inheritdoc/>
    public List<ObjectRow> ListObjects(int collection, long after, int count, bool deleted)
    {
        List<ObjectRow> objects = All($"SELECT {ObjectColumns} FROM object WHERE collection_id = @collection AND seq > @after AND (deleted = 0 OR @deleted = 1) "
            + "ORDER BY seq LIMIT @count", ReadObject,
            ("collection", collection), ("after", after), ("deleted", deleted ? 1 : 0), ("count", count));
        return Merge(objects, ListLog(collection, after, count), count, o => o.Seq);
    }

    /// <inheritdoc/>
    public List<ObjectRow> ListWrites(int replica, int collection, long after)
    {
        return All($"SELECT {ObjectColumns} FROM object WHERE collection_id = @collection AND seq > @after AND writer = @replica ORDER BY seq", ReadObject,
            ("collection", collection), ("after", after), ("replica", replica));
    }

    /// <inheritdoc/>
    public List<FeedRow> Feed(KeyRow row, long from, int count)
    {
        // [SPEC 5.5] never the replica's own writes since it started over, never what is set aside at this very value
        List<FeedRow> objects = All($"SELECT {FeedColumns}, COALESCE(a.was_add, d.was_add, 0) FROM object o "
            + "LEFT JOIN set_aside a ON a.replica_id = @replica AND a.collection_id = o.collection_id AND a.server_id = o.server_id "
            + "LEFT JOIN due d ON d.replica_id = @replica AND d.collection_id = o.collection_id AND d.server_id = o.server_id AND d.kind = 0 "
            + "WHERE o.collection_id = @collection AND o.seq > @from AND NOT (o.writer = @replica AND o.seq > @reset) "
            + "AND (a.seq IS NULL OR a.seq <> o.seq) ORDER BY o.seq LIMIT @count",
            r => ReadFeed(r, null),
            ("replica", row.Replica), ("collection", row.Collection.Id), ("from", from), ("reset", row.ResetSeq), ("count", count));
        List<FeedRow> readings = ListReadings(row.Collection.Id, from, count, row.Replica, row.ResetSeq)
            .ConvertAll(r => new FeedRow(r.Id, r.Seq, r.CreatedSeq, r.Class, false, r.Data!.Length, r.Data, false, null));
        return Merge(objects, readings, count, o => o.Seq);
    }

    /// <inheritdoc/>
    public bool HasDue(KeyRow row)
    {
        return Number("SELECT COUNT(*) FROM due WHERE replica_id = @replica AND collection_id = @collection AND (sent IS NULL OR sent <> @n)",
            ("replica", row.Replica), ("collection", row.Collection.Id), ("n", row.N)) > 0;
    }

    /// <inheritdoc/>
    public List<FeedRow> Due(KeyRow row, long from, int count)
    {
        return All($"SELECT {FeedColumns}, d.was_add, d.kind FROM due d "
            + "JOIN object o ON o.collection_id = d.collection_id AND o.server_id = d.server_id "
            + "WHERE d.replica_id = @replica AND d.collection_id = @collection AND (o.seq <= @from OR d.kind <> 0) "
            + "ORDER BY o.seq, d.kind LIMIT @count",
            r => ReadFeed(r, (DueKind)r.GetInt32(8)),
            ("replica", row.Replica), ("collection", row.Collection.Id), ("from", from), ("count", count));
    }

    /// <inheritdoc/>
    public IdRow? FindId(int device, int collection, string clientId)
    {
        return One("SELECT server_id, sum, length, crc, version FROM id_map WHERE device_id = @device AND collection_id = @collection AND client_id = @id",
            r => new IdRow(r.GetString(0), r.GetInt64(1), r.GetInt32(2), (uint)r.GetInt64(3), Long(r, 4)),
            ("device", device), ("collection", collection), ("id", clientId)) ?? FindTaken(device, collection, clientId);
    }

    /// <inheritdoc/>
    public void SaveId(int device, int collection, string clientId, IdRow row)
    {
        Run("INSERT INTO id_map (device_id, collection_id, client_id, server_id, sum, length, crc, version) "
            + "VALUES (@device, @collection, @client, @server, @sum, @length, @crc, @version) ON CONFLICT (device_id, collection_id, client_id) "
            + "DO UPDATE SET sum = excluded.sum, length = excluded.length, crc = excluded.crc, version = excluded.version",
            ("device", device), ("collection", collection), ("client", clientId), ("server", row.ServerId), ("sum", row.Sum),
            ("length", row.Length), ("crc", (long)row.Crc), ("version", row.Version));
    }

    private static ObjectRow ReadObject(DbDataReader r)
    {
        return new ObjectRow
        {
            Id = r.GetString(0),
            Seq = r.GetInt64(1),
            CreatedSeq = r.GetInt64(2),
            Class = Text(r, 3),
            Data = Bytes(r, 4),
            Deleted = Bool(r, 5),
            Writer = r.GetInt32(6),
            LastDevice = r.GetInt32(7),
            LastDeviceSum = r.GetInt64(8),
            Created = r.GetInt64(9),
            Changed = r.GetInt64(10),
            Version = Long(r, 11),
        };
    }

    private static FeedRow ReadFeed(DbDataReader r, DueKind? due)
    {
        return new FeedRow(r.GetString(0), r.GetInt64(1), r.GetInt64(2), Text(r, 3), Bool(r, 4), r.GetInt32(5), Bytes(r, 6), Bool(r, 7), due);
    }
}

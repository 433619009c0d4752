// Key rows, objects, the feed, the ids.

using System.Data.Common;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    // Objects of more than 4,096 bytes are read one by one, when it is known that they fit the reply.

    private const string FeedColumns = "o.server_id, o.seq, o.created_seq, o.class, o.deleted, COALESCE(LENGTH(o.data), 0), "
        + "CASE WHEN LENGTH(o.data) <= 4096 THEN o.data END";

    private const string ObjectColumns = "server_id, seq, created_seq, class, data, deleted, writer, last_device, last_device_sum, created, changed";

    /// <inheritdoc/>
    public KeyRow? FindKeyRow(int device, string name)
    {
        return One("SELECT k.n, k.sync_key, k.previous_key, k.from_point, k.to_point, k.reset_seq, k.known_seq, k.request_hash, k.reply, "
            + "k.reply_commands, k.class, k.window_size, k.byte_limit, k.conflict, k.repeats, k.shrunk, k.alone_id, k.alone_count, k.acknowledged, "
            + "k.asked_over, k.applied, k.last_change, c.id, c.scope, c.seq, c.live FROM device_collection k JOIN collection c ON c.id = k.collection_id "
            + "WHERE k.device_id = @device AND k.name = @name" + ForUpdate,
            r => new KeyRow
            {
                Device = device,
                Name = name,
                N = r.GetInt32(0),
                Key = Text(r, 1),
                PreviousKey = Text(r, 2),
                FromPoint = r.GetInt64(3),
                ToPoint = r.GetInt64(4),
                ResetSeq = r.GetInt64(5),
                KnownSeq = r.GetInt64(6),
                RequestHash = Bytes(r, 7),
                Reply = Bytes(r, 8),
                ReplyCommands = r.GetInt32(9),
                Class = Text(r, 10),
                Window = Int(r, 11),
                Limit = Int(r, 12),
                Conflict = Int(r, 13),
                Repeats = r.GetInt32(14),
                Shrunk = r.GetInt32(15),
                AloneId = Text(r, 16),
                AloneCount = r.GetInt32(17),
                Acknowledged = Bool(r, 18),
                AskedOver = Bool(r, 19),
                Applied = Bytes(r, 20),
                LastChange = r.GetInt64(21),
                Collection = new CollectionRow
                {
                    Id = r.GetInt32(22),
                    Shared = r.GetString(23).StartsWith("group:", StringComparison.Ordinal),
                    Seq = r.GetInt64(24),
                    Live = r.GetInt64(25),
                },
            },
            ("device", device), ("name", name));
    }

    /// <inheritdoc/>
    public void SaveKeyRow(KeyRow row)
    {
        Run("UPDATE device_collection SET n = @n, sync_key = @key, previous_key = @previous, from_point = @from, to_point = @to, "
            + "reset_seq = @reset, known_seq = @known, request_hash = @hash, reply = @reply, reply_commands = @commands, class = @class, "
            + "window_size = @window, byte_limit = @limit, conflict = @conflict, repeats = @repeats, shrunk = @shrunk, alone_id = @alone, "
            + "alone_count = @count, acknowledged = @acknowledged, asked_over = @over, applied = @applied, last_change = @last WHERE device_id = @device AND name = @name",
            ("n", row.N), ("key", row.Key), ("previous", row.PreviousKey), ("from", row.FromPoint), ("to", row.ToPoint),
            ("reset", row.ResetSeq), ("known", row.KnownSeq), ("hash", row.RequestHash), ("reply", row.Reply),
            ("commands", row.ReplyCommands), ("class", row.Class), ("window", row.Window), ("limit", row.Limit),
            ("conflict", row.Conflict), ("repeats", row.Repeats), ("shrunk", row.Shrunk), ("alone", row.AloneId),
            ("count", row.AloneCount), ("acknowledged", row.Acknowledged ? 1 : 0), ("over", row.AskedOver ? 1 : 0), ("applied", row.Applied), ("last", row.LastChange),
            ("device", row.Device), ("name", row.Name));
    }

    /// <inheritdoc/>
    public void SaveCollection(CollectionRow collection)
    {
        Run("UPDATE collection SET seq = @seq, live = @live WHERE id = @id",
            ("seq", collection.Seq), ("live", collection.Live), ("id", collection.Id));
    }

    /// <inheritdoc/>
    public long CountObjects(int device)
    {
        return Number("SELECT SUM(c.live) FROM device_collection k JOIN collection c ON c.id = k.collection_id WHERE k.device_id = @device",
            ("device", device));
    }

    /// <inheritdoc/>
    public ObjectRow? FindObject(int collection, string id)
    {
        return One($"SELECT {ObjectColumns} FROM object WHERE collection_id = @collection AND server_id = @id", ReadObject,
            ("collection", collection), ("id", id));
    }

    /// <inheritdoc/>
    public void SaveObject(int collection, ObjectRow row)
    {
        Run($"INSERT INTO object (collection_id, {ObjectColumns}) VALUES (@collection, @id, @seq, @createdSeq, @class, @data, @deleted, @writer, "
            + "@lastDevice, @lastSum, @created, @changed) ON CONFLICT (collection_id, server_id) DO UPDATE SET seq = excluded.seq, "
            + "created_seq = excluded.created_seq, class = excluded.class, data = excluded.data, deleted = excluded.deleted, "
            + "writer = excluded.writer, last_device = excluded.last_device, last_device_sum = excluded.last_device_sum, changed = excluded.changed",
            ("collection", collection), ("id", row.Id), ("seq", row.Seq), ("createdSeq", row.CreatedSeq), ("class", row.Class),
            ("data", row.Data), ("deleted", row.Deleted ? 1 : 0), ("writer", row.Writer), ("lastDevice", row.LastDevice),
            ("lastSum", row.LastDeviceSum), ("created", row.Created), ("changed", row.Changed));
    }

    /// <inheritdoc/>
    public List<ObjectRow> ListObjects(int collection, long after, int count, bool deleted)
    {
        return All($"SELECT {ObjectColumns} FROM object WHERE collection_id = @collection AND seq > @after AND (deleted = 0 OR @deleted = 1) "
            + "ORDER BY seq LIMIT @count", ReadObject,
            ("collection", collection), ("after", after), ("deleted", deleted ? 1 : 0), ("count", count));
    }

    /// <inheritdoc/>
    public List<FeedRow> Feed(KeyRow row, long from, int count)
    {
        // [SPEC 5.5] never the device's own writes since it started over, never what is set aside at this very value
        return All($"SELECT {FeedColumns}, COALESCE(a.was_add, d.was_add, 0) FROM object o "
            + "LEFT JOIN set_aside a ON a.device_id = @device AND a.collection_id = o.collection_id AND a.server_id = o.server_id "
            + "LEFT JOIN due d ON d.device_id = @device AND d.collection_id = o.collection_id AND d.server_id = o.server_id AND d.kind = 0 "
            + "WHERE o.collection_id = @collection AND o.seq > @from AND NOT (o.writer = @device AND o.seq > @reset) "
            + "AND (a.seq IS NULL OR a.seq <> o.seq) ORDER BY o.seq LIMIT @count",
            r => ReadFeed(r, null),
            ("device", row.Device), ("collection", row.Collection.Id), ("from", from), ("reset", row.ResetSeq), ("count", count));
    }

    /// <inheritdoc/>
    public bool HasDue(KeyRow row)
    {
        return Number("SELECT COUNT(*) FROM due WHERE device_id = @device AND collection_id = @collection AND (sent IS NULL OR sent <> @n)",
            ("device", row.Device), ("collection", row.Collection.Id), ("n", row.N)) > 0;
    }

    /// <inheritdoc/>
    public List<FeedRow> Due(KeyRow row, long from, int count)
    {
        return All($"SELECT {FeedColumns}, d.was_add, d.kind FROM due d "
            + "JOIN object o ON o.collection_id = d.collection_id AND o.server_id = d.server_id "
            + "WHERE d.device_id = @device AND d.collection_id = @collection AND (o.seq <= @from OR d.kind <> 0) "
            + "ORDER BY o.seq, d.kind LIMIT @count",
            r => ReadFeed(r, (DueKind)r.GetInt32(8)),
            ("device", row.Device), ("collection", row.Collection.Id), ("from", from), ("count", count));
    }

    /// <inheritdoc/>
    public IdRow? FindId(int device, int collection, string clientId)
    {
        return One("SELECT server_id, sum, length, crc FROM id_map WHERE device_id = @device AND collection_id = @collection AND client_id = @id",
            r => new IdRow(r.GetString(0), r.GetInt64(1), r.GetInt32(2), (uint)r.GetInt64(3)),
            ("device", device), ("collection", collection), ("id", clientId));
    }

    /// <inheritdoc/>
    public void SaveId(int device, int collection, string clientId, IdRow row)
    {
        Run("INSERT INTO id_map (device_id, collection_id, client_id, server_id, sum, length, crc) "
            + "VALUES (@device, @collection, @client, @server, @sum, @length, @crc) ON CONFLICT (device_id, collection_id, client_id) "
            + "DO UPDATE SET sum = excluded.sum, length = excluded.length, crc = excluded.crc",
            ("device", device), ("collection", collection), ("client", clientId), ("server", row.ServerId), ("sum", row.Sum),
            ("length", row.Length), ("crc", (long)row.Crc));
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
        };
    }

    private static FeedRow ReadFeed(DbDataReader r, DueKind? due)
    {
        return new FeedRow(r.GetString(0), r.GetInt64(1), r.GetInt64(2), Text(r, 3), Bool(r, 4), r.GetInt32(5), Bytes(r, 6), Bool(r, 7), due);
    }
}

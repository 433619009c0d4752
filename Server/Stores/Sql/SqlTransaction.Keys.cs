// Incarnations, replicas, key rows, epochs.

using System.Data.Common;
using System.Globalization;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    private const int EpochsKept = 64; // of a replica's collection: a key of an older one is taken for one that this database never gave

    private const string ReplicaColumns = "id, device_id, store_id, first_seen, last_seen, came_from, why, migrated";

    private const string KeyColumns = "k.replica_id, k.n, k.epoch, k.sync_key, k.previous_key, k.from_point, k.to_point, k.reset_seq, k.known_seq, "
        + "k.request_hash, k.reply, k.reply_commands, k.class, k.window_size, k.byte_limit, k.conflict, k.repeats, k.shrunk, k.alone_id, k.alone_count, "
        + "k.applied, k.asked_over, k.acknowledged, k.last_change, k.starts, k.start_n, k.live_n, k.old_key_n, k.recovering, "
        + "k.class_before, k.window_before, k.limit_before, k.conflict_before";

    /// <inheritdoc/>
    public List<string> ListIncarnations()
    {
        return All("SELECT code FROM incarnation ORDER BY number", r => r.GetString(0));
    }

    /// <inheritdoc/>
    public void AddIncarnation(string code, long now, int kept)
    {
        long number = Next("incarnation");
        Run("INSERT INTO incarnation (number, code, time) VALUES (@number, @code, @now)", ("number", number), ("code", code), ("now", now));
        Run("DELETE FROM incarnation WHERE number <= @before", ("before", number - kept));
    }

    /// <inheritdoc/>
    public ReplicaRow? FindReplica(int device, string storeId)
    {
        return One($"SELECT {ReplicaColumns} FROM replica WHERE device_id = @device AND store_id = @store", ReadReplica, ("device", device), ("store", storeId));
    }

    /// <inheritdoc/>
    public int AddReplica(ReplicaRow row, int collection, int most)
    {
        int id = Next("replica"); // from here on others wait, who may have just made the same one
        if (FindReplica(row.Device, row.StoreId) is { } made)
        {
            return made.Id;
        }

        // of a proxy each collection has a store of its own
        List<int> there = All("SELECT replica_id FROM key_row WHERE collection_id = @collection", r => r.GetInt32(0), ("collection", collection));
        foreach (ReplicaRow old in ListReplicas(row.Device).Where(r => there.Contains(r.Id)).Skip(most - 1))
        {
            ForgetReplica(old.Id);
        }

        Run("INSERT INTO replica (id, device_id, store_id, first_seen, last_seen, came_from, why) VALUES (@id, @device, @store, @first, @last, @from, @why)",
            ("id", id), ("device", row.Device), ("store", row.StoreId), ("first", row.FirstSeen), ("last", row.LastSeen), ("from", row.CameFrom),
            ("why", row.Why));
        return id;
    }

    /// <inheritdoc/>
    public void NameReplica(int replica, string storeId)
    {
        Run("UPDATE replica SET store_id = @store, migrated = 0 WHERE id = @replica", ("store", storeId), ("replica", replica));
    }

    /// <inheritdoc/>
    public List<ReplicaRow> ListReplicas(int device)
    {
        return All($"SELECT {ReplicaColumns} FROM replica WHERE device_id = @device ORDER BY last_seen DESC, id DESC", ReadReplica, ("device", device));
    }

    /// <inheritdoc/>
    public CollectionRow? FindCollection(int device, string name)
    {
        return One("SELECT c.id, c.name, c.scope, c.seq, c.live, c.outbox FROM device_collection g JOIN collection c ON c.id = g.collection_id "
            + "WHERE g.device_id = @device AND g.name = @name" + ForUpdate,
            r => new CollectionRow
            {
                Id = r.GetInt32(0),
                Name = r.GetString(1),
                Shared = r.GetString(2).StartsWith("group:", StringComparison.Ordinal),
                Seq = r.GetInt64(3),
                Live = r.GetInt64(4),
                IsOutbox = Bool(r, 5),
            },
            ("device", device), ("name", name));
    }

    /// <inheritdoc/>
    public List<KeyRow> ListKeyRows(int device, string name)
    {
        return FindCollection(device, name) is not { } collection ? []
            : All($"SELECT {KeyColumns}, p.device_id, p.migrated FROM replica p JOIN key_row k ON k.replica_id = p.id AND k.collection_id = @collection "
                + "WHERE p.device_id = @device ORDER BY p.last_seen DESC, p.id DESC", r => ReadKeyRow(r, collection),
                ("collection", collection.Id), ("device", device));
    }

    /// <inheritdoc/>
    public KeyRow? FindKeyRow(int replica, CollectionRow collection)
    {
        return One($"SELECT {KeyColumns}, p.device_id, p.migrated FROM key_row k JOIN replica p ON p.id = k.replica_id "
            + "WHERE k.replica_id = @replica AND k.collection_id = @collection" + ForUpdate, r => ReadKeyRow(r, collection),
            ("replica", replica), ("collection", collection.Id));
    }

    /// <inheritdoc/>
    public KeyRow? FindKeyRow(int device, CollectionRow collection, string key)
    {
        return One($"SELECT {KeyColumns}, p.device_id, p.migrated FROM replica p JOIN key_row k ON k.replica_id = p.id AND k.collection_id = @collection "
            + "WHERE p.device_id = @device AND (k.sync_key = @key OR k.previous_key = @key) ORDER BY p.last_seen DESC" + ForUpdate,
            r => ReadKeyRow(r, collection), ("collection", collection.Id), ("device", device), ("key", key));
    }

    /// <inheritdoc/>
    public void SaveKeyRow(KeyRow row)
    {
        Run("INSERT INTO key_row (replica_id, collection_id, n, epoch, sync_key, previous_key, from_point, to_point, reset_seq, known_seq, request_hash, "
            + "reply, reply_commands, class, window_size, byte_limit, conflict, repeats, shrunk, alone_id, alone_count, applied, asked_over, acknowledged, "
            + "last_change, starts, start_n, live_n, old_key_n, recovering, class_before, window_before, limit_before, conflict_before) VALUES (@replica, @collection, @n, @epoch, @key, @previous, @from, @to, @reset, "
            + "@known, @hash, @reply, @commands, @class, @window, @limit, @conflict, @repeats, @shrunk, @alone, @count, @applied, @over, @acknowledged, "
            + "@last, @starts, @startN, @liveN, @oldN, @recovering, @classBefore, @windowBefore, @limitBefore, @conflictBefore) ON CONFLICT (replica_id, collection_id) DO UPDATE SET n = excluded.n, "
            + "epoch = excluded.epoch, sync_key = excluded.sync_key, previous_key = excluded.previous_key, from_point = excluded.from_point, "
            + "to_point = excluded.to_point, reset_seq = excluded.reset_seq, known_seq = excluded.known_seq, request_hash = excluded.request_hash, "
            + "reply = excluded.reply, reply_commands = excluded.reply_commands, class = excluded.class, window_size = excluded.window_size, "
            + "byte_limit = excluded.byte_limit, conflict = excluded.conflict, repeats = excluded.repeats, shrunk = excluded.shrunk, "
            + "alone_id = excluded.alone_id, alone_count = excluded.alone_count, applied = excluded.applied, asked_over = excluded.asked_over, "
            + "acknowledged = excluded.acknowledged, last_change = excluded.last_change, starts = excluded.starts, start_n = excluded.start_n, "
            + "live_n = excluded.live_n, old_key_n = excluded.old_key_n, recovering = excluded.recovering, "
            + "class_before = excluded.class_before, window_before = excluded.window_before, limit_before = excluded.limit_before, "
            + "conflict_before = excluded.conflict_before",
            ("replica", row.Replica), ("collection", row.Collection.Id), ("n", row.N), ("epoch", row.Epoch), ("key", row.Key),
            ("previous", row.PreviousKey), ("from", row.FromPoint), ("to", row.ToPoint), ("reset", row.ResetSeq), ("known", row.KnownSeq),
            ("hash", row.RequestHash), ("reply", row.Reply), ("commands", row.ReplyCommands), ("class", row.Told.Class), ("window", row.Told.Window),
            ("limit", row.Told.Limit), ("conflict", row.Told.Conflict), ("repeats", row.Repeats), ("shrunk", row.Shrunk), ("alone", row.AloneId),
            ("count", row.AloneCount), ("applied", row.Applied), ("over", (int)row.AskedOver), ("acknowledged", row.Acknowledged ? 1 : 0),
            ("last", row.LastChange), ("starts", string.Join(',', row.Starts)), ("startN", row.StartN), ("liveN", row.LiveN), ("oldN", row.OldKeyN),
            ("recovering", row.Recovering ? 1 : 0), ("classBefore", row.ToldBefore.Class), ("windowBefore", row.ToldBefore.Window),
            ("limitBefore", row.ToldBefore.Limit), ("conflictBefore", row.ToldBefore.Conflict));
    }

    /// <inheritdoc/>
    public EpochRow? FindEpoch(int device, int collection, string epoch)
    {
        return One("SELECT e.replica_id, e.first_n, COALESCE((SELECT MIN(later.first_n) - 1 FROM key_epoch later WHERE later.replica_id = e.replica_id "
            + "AND later.collection_id = e.collection_id AND later.first_n > e.first_n), k.n) FROM replica p "
            + "JOIN key_epoch e ON e.replica_id = p.id AND e.collection_id = @collection AND e.epoch = @epoch "
            + "JOIN key_row k ON k.replica_id = e.replica_id AND k.collection_id = e.collection_id WHERE p.device_id = @device",
            r => new EpochRow(r.GetInt32(0), epoch, r.GetInt32(1), r.GetInt32(2)), ("collection", collection), ("epoch", epoch), ("device", device));
    }

    /// <inheritdoc/>
    public void AddEpoch(int replica, int collection, string epoch, int first)
    {
        Run("INSERT INTO key_epoch (replica_id, collection_id, first_n, epoch) VALUES (@replica, @collection, @first, @epoch)",
            ("replica", replica), ("collection", collection), ("first", first), ("epoch", epoch));
        Run($"DELETE FROM key_epoch WHERE {Mine} AND first_n < (SELECT MIN(first_n) FROM (SELECT first_n FROM key_epoch WHERE {Mine} "
            + $"ORDER BY first_n DESC LIMIT {EpochsKept}) AS kept)", ("replica", replica), ("collection", collection));
    }

    /// <inheritdoc/>
    public void SaveCollection(CollectionRow collection)
    {
        NoteObjects(collection.Id, collection.Seq);
        Run("UPDATE collection SET seq = @seq, live = @live, outbox = @outbox WHERE id = @id",
            ("seq", collection.Seq), ("live", collection.Live), ("outbox", collection.IsOutbox ? 1 : 0), ("id", collection.Id));
        if (!collection.IsOutbox)
        {
            Note(DueTo.Collection, collection.Id);
        }
    }

    /// <inheritdoc/>
    public long CountObjects(int device, bool outboxes)
    {
        return Number("SELECT SUM(c.live) FROM device_collection g JOIN collection c ON c.id = g.collection_id WHERE g.device_id = @device AND c.outbox = @outbox",
            ("device", device), ("outbox", outboxes ? 1 : 0));
    }

    private static ReplicaRow ReadReplica(DbDataReader r)
    {
        return new ReplicaRow
        {
            Id = r.GetInt32(0),
            Device = r.GetInt32(1),
            StoreId = r.GetString(2),
            FirstSeen = r.GetInt64(3),
            LastSeen = r.GetInt64(4),
            CameFrom = Text(r, 5),
            Why = r.GetString(6),
            Migrated = Bool(r, 7),
        };
    }

    private static Told ReadTold(DbDataReader r, int first) => new(Text(r, first), Int(r, first + 1), Int(r, first + 2), Int(r, first + 3));

    private static KeyRow ReadKeyRow(DbDataReader r, CollectionRow collection)
    {
        return new KeyRow
        {
            Replica = r.GetInt32(0),
            N = r.GetInt32(1),
            Epoch = Text(r, 2),
            Key = Text(r, 3),
            PreviousKey = Text(r, 4),
            FromPoint = r.GetInt64(5),
            ToPoint = r.GetInt64(6),
            ResetSeq = r.GetInt64(7),
            KnownSeq = r.GetInt64(8),
            RequestHash = Bytes(r, 9),
            Reply = Bytes(r, 10),
            ReplyCommands = r.GetInt32(11),
            Told = ReadTold(r, 12),
            Repeats = r.GetInt32(16),
            Shrunk = r.GetInt32(17),
            AloneId = Text(r, 18),
            AloneCount = r.GetInt32(19),
            Applied = Bytes(r, 20),
            AskedOver = (Asked)r.GetInt32(21),
            Acknowledged = Bool(r, 22),
            LastChange = r.GetInt64(23),
            Starts = [.. r.GetString(24).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(s => long.Parse(s, CultureInfo.InvariantCulture))],
            StartN = r.GetInt32(25),
            LiveN = r.GetInt32(26),
            OldKeyN = r.GetInt32(27),
            Recovering = Bool(r, 28),
            ToldBefore = ReadTold(r, 29),
            Device = r.GetInt32(33),
            IsMigrated = Bool(r, 34),
            Name = collection.Name,
            Collection = collection,
        };
    }
}

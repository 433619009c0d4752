// Groups' values, their members, overrides.

using System.Data.Common;
using NanoSync.Server.Application;
using NanoSync.Server.Groups;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IGroupTransaction
{
    private const string ValueColumns = "id, place, collection, object_id, version, value_version, class, data, time, who, removed, stage, good_version, good_class, good_data, told, look";

    // A member of the value's group and its collection of that name, if it is its own and no outbox.
    private const string Members = "FROM device_place p JOIN device d ON d.id = p.device_id LEFT JOIN device_collection g ON g.device_id = d.id AND g.name = @collection "
        + "LEFT JOIN collection s ON s.id = g.collection_id LEFT JOIN collection c ON c.id = s.id AND s.scope LIKE 'device:%' AND s.outbox = 0 "
        + "LEFT JOIN group_member m ON m.value_id = @value AND m.device_id = d.id "
        + "LEFT JOIN config_override v ON v.device_id = d.id AND v.collection = @collection AND v.object_id = @object ";

    /// <inheritdoc/>
    public List<(string Group, int Devices, int Values, int Staged)> ListGroupsWithValues()
    {
        return All("SELECT place, CAST(SUM(devices) AS BIGINT), CAST(SUM(wanted) AS BIGINT), CAST(SUM(staged) AS BIGINT) FROM (SELECT place, COUNT(*) AS devices, 0 AS wanted, 0 AS staged FROM device_place WHERE place <> '' GROUP BY place "
            + "UNION ALL SELECT place, 0, COUNT(*), SUM(CASE WHEN stage = 0 THEN 0 ELSE 1 END) FROM group_value WHERE removed = 0 GROUP BY place) AS parts GROUP BY place ORDER BY place",
            r => (r.GetString(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3)));
    }

    /// <inheritdoc/>
    public GroupValueRow? FindGroupValue(string group, string collection, string id)
    {
        return One($"SELECT {ValueColumns} FROM group_value WHERE place = @place AND collection = @collection AND object_id = @object" + ForUpdate, ReadGroupValue,
            ("place", group), ("collection", collection), ("object", id));
    }

    /// <inheritdoc/>
    public GroupValueRow? FindGroupValue(int value)
    {
        return One($"SELECT {ValueColumns} FROM group_value WHERE id = @value" + ForUpdate, ReadGroupValue, ("value", value));
    }

    /// <inheritdoc/>
    public List<GroupValueRow> ListGroupValues(string group)
    {
        return All($"SELECT {ValueColumns} FROM group_value WHERE place = @place AND removed = 0 ORDER BY collection, object_id", ReadGroupValue, ("place", group));
    }

    /// <inheritdoc/>
    public int AddGroupValue(GroupValueRow row)
    {
        int id = Next("group_value");
        Run("INSERT INTO group_value (id, place, collection, object_id, version, value_version, data, time, who) VALUES (@value, @place, @collection, @object, 0, 0, @data, 0, '')",
            ("value", id), ("place", row.Group), ("collection", row.Collection), ("object", row.ObjectId), ("data", Array.Empty<byte>()));
        SaveGroupValue(row with { Id = id });
        return id;
    }

    /// <inheritdoc/>
    public void SaveGroupValue(GroupValueRow row)
    {
        Run("UPDATE group_value SET version = @version, value_version = @valueVersion, class = @class, data = @data, time = @time, who = @who, removed = @removed, stage = @stage, "
            + "good_version = @goodVersion, good_class = @goodClass, good_data = @goodData, told = @told, look = @look WHERE id = @value",
            ("version", row.Version), ("valueVersion", row.ValueVersion), ("class", row.Class), ("data", row.Data), ("time", row.Time), ("who", row.Who), ("removed", row.Removed ? 1 : 0),
            ("stage", (int)row.Stage), ("goodVersion", row.GoodVersion), ("goodClass", row.GoodClass), ("goodData", row.GoodData), ("told", row.StopReason), ("look", row.Look ? 1 : 0), ("value", row.Id));
    }

    /// <inheritdoc/>
    public List<int> ListGroupWork(int most)
    {
        return All("SELECT id FROM group_value WHERE removed = 0 AND (look = 1 OR stage = 1) ORDER BY id LIMIT @most", r => r.GetInt32(0), ("most", most));
    }

    /// <inheritdoc/>
    public List<MemberRow> ListMembers(GroupValueRow value, bool firstOnly)
    {
        // in the order in which they lie: the database would put wide rows of twenty thousand in order in a file
        List<MemberRow> rows = All("SELECT d.id, d.name, d.revoked, d.last_seen, c.id, s.scope, m.version, m.seq, m.first, v.device_id, o.seq, o.deleted, o.writer, o.last_device, "
            + "k.from_point, k.to_point, k.acknowledged, a.status, a.reason, u.replica_id "
            + Members
            + "LEFT JOIN object o ON o.collection_id = c.id AND o.server_id = @object "
            + "LEFT JOIN key_row k ON k.collection_id = c.id AND k.replica_id = (SELECT x.id FROM replica x JOIN key_row y ON y.replica_id = x.id AND y.collection_id = c.id "
            + "WHERE x.device_id = d.id ORDER BY x.last_seen DESC, x.id DESC LIMIT 1) "
            + "LEFT JOIN set_aside a ON a.collection_id = c.id AND a.server_id = @object AND a.replica_id = (SELECT z.replica_id FROM replica q JOIN set_aside z ON z.replica_id = q.id "
            + "AND z.collection_id = c.id AND z.server_id = @object AND z.seq = o.seq WHERE q.device_id = d.id ORDER BY q.last_seen DESC, q.id DESC LIMIT 1) "
            + "LEFT JOIN due u ON u.replica_id = k.replica_id AND u.collection_id = c.id AND u.server_id = @object AND u.kind = 0 "
            + "WHERE p.place = @place AND (@firstOnly = 0 OR m.first = 1)", ReadMember,
            [.. WhichMembers(value), ("place", value.Group), ("firstOnly", firstOnly ? 1 : 0)]);
        rows.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return rows;
    }

    /// <inheritdoc/>
    public List<(int Device, string Name, bool IsFirst)> ListUnwritten(GroupValueRow value, int above, int most)
    {
        return All("SELECT d.id, d.name, COALESCE(m.first, 0) " + Members + "WHERE p.place = @place AND p.device_id > @above AND c.id IS NOT NULL AND v.device_id IS NULL "
            + "AND CASE WHEN COALESCE(m.first, 0) = 1 THEN @first ELSE @others END NOT IN (COALESCE(m.version, 0), -1) ORDER BY p.device_id LIMIT @most",
            r => (r.GetInt32(0), r.GetString(1), r.GetInt32(2) != 0),
            [.. WhichMembers(value), ("place", value.Group), ("first", value.Wanted(true) ?? -1), ("others", value.Wanted(false) ?? -1), ("above", above), ("most", most)]);
    }

    /// <inheritdoc/>
    public List<(string Name, long LeftAt)> ListLeft(GroupValueRow value)
    {
        return All("SELECT d.name, m.left_at FROM group_member m JOIN device d ON d.id = m.device_id JOIN device_collection g ON g.device_id = d.id AND g.name = @collection "
            + "JOIN object o ON o.collection_id = g.collection_id AND o.server_id = @object AND o.seq = m.seq AND o.deleted = 0 "
            + "WHERE m.value_id = @value AND m.left_at IS NOT NULL ORDER BY d.name", r => (r.GetString(0), r.GetInt64(1)), WhichMembers(value));
    }

    /// <inheritdoc/>
    public List<MemberNote> ListFirst(int value)
    {
        return All("SELECT device_id, version, seq, before_class, before_data FROM group_member WHERE value_id = @value AND first = 1 ORDER BY device_id",
            r => new MemberNote(r.GetInt32(0), r.GetInt64(1), r.GetInt64(2), true, Text(r, 3), Bytes(r, 4)), ("value", value));
    }

    /// <inheritdoc/>
    public void SaveMember(int value, MemberNote note)
    {
        Run("INSERT INTO group_member (value_id, device_id, version, seq, first, before_class, before_data) VALUES (@value, @device, @version, @seq, @first, @class, @before) "
            + "ON CONFLICT (value_id, device_id) DO UPDATE SET version = excluded.version, seq = excluded.seq, first = excluded.first, before_class = excluded.before_class, "
            + "before_data = excluded.before_data",
            ("value", value), ("device", note.Device), ("version", note.Version), ("seq", note.Seq), ("first", note.IsFirst ? 1 : 0), ("class", note.BeforeClass), ("before", note.Before));
    }

    /// <inheritdoc/>
    public void NoteLeft(GroupValueRow value, long now)
    {
        const string In = "EXISTS (SELECT 1 FROM device_place p WHERE p.device_id = group_member.device_id AND p.place = @place)";
        Run($"UPDATE group_member SET left_at = @now WHERE value_id = @value AND left_at IS NULL AND NOT {In}", ("now", now), ("value", value.Id), ("place", value.Group));
        Run($"UPDATE group_member SET left_at = NULL, version = 0, first = 0 WHERE value_id = @value AND left_at IS NOT NULL AND {In}", ("value", value.Id), ("place", value.Group));
    }

    /// <inheritdoc/>
    public void EndStage(int value)
    {
        Run("UPDATE group_member SET first = 0, before_class = NULL, before_data = NULL WHERE value_id = @value AND first = 1", ("value", value));
    }

    /// <inheritdoc/>
    public void DropMembers(int value) => Run("DELETE FROM group_member WHERE value_id = @value", ("value", value));

    /// <inheritdoc/>
    public void WriteAgain(int value, int device)
    {
        Run("UPDATE group_member SET version = 0 WHERE value_id = @value AND device_id = @device", ("value", value), ("device", device));
        Run("UPDATE group_value SET look = 1 WHERE id = @value", ("value", value));
    }

    /// <inheritdoc/>
    public string? FindGroupOf(int device, string collection, string id)
    {
        return One("SELECT w.place FROM device_place p JOIN group_value w ON w.place = p.place AND w.collection = @collection AND w.object_id = @object AND w.removed = 0 "
            + "WHERE p.device_id = @device", r => r.GetString(0), ("collection", collection), ("object", id), ("device", device));
    }

    /// <inheritdoc/>
    public List<(string ObjectId, string Group, bool Overrides)> ListGroupsOf(int device, string collection)
    {
        return All("SELECT w.object_id, w.place, v.device_id FROM device_place p JOIN group_value w ON w.place = p.place AND w.collection = @collection AND w.removed = 0 "
            + "LEFT JOIN config_override v ON v.device_id = p.device_id AND v.collection = w.collection AND v.object_id = w.object_id WHERE p.device_id = @device",
            r => (r.GetString(0), r.GetString(1), !r.IsDBNull(2)), ("collection", collection), ("device", device));
    }

    /// <inheritdoc/>
    public bool HasOverride(int device, string collection, string id)
    {
        return Number("SELECT COUNT(*) FROM config_override WHERE device_id = @device AND collection = @collection AND object_id = @object",
            ("device", device), ("collection", collection), ("object", id)) > 0;
    }

    /// <inheritdoc/>
    public void SetOverride(int device, string collection, string id, string who, long now)
    {
        Run("INSERT INTO config_override (device_id, collection, object_id, time, who) VALUES (@device, @collection, @object, @now, @who) "
            + "ON CONFLICT (device_id, collection, object_id) DO UPDATE SET time = excluded.time, who = excluded.who",
            ("device", device), ("collection", collection), ("object", id), ("now", now), ("who", who));
    }

    /// <inheritdoc/>
    public void DropOverride(int device, string collection, string id)
    {
        Run("DELETE FROM config_override WHERE device_id = @device AND collection = @collection AND object_id = @object",
            ("device", device), ("collection", collection), ("object", id));
    }

    /// <inheritdoc/>
    public string? FindClassOfGroup(string group, string wireName)
    {
        return One("SELECT f.definition FROM device_place p JOIN definition f ON f.device_id = p.device_id AND f.wire_name = @name WHERE p.place = @place ORDER BY f.time, f.device_id LIMIT 1",
            r => r.GetString(0), ("name", wireName), ("place", group));
    }

    /// <inheritdoc/>
    public List<string> FindClassesOfGroup(string group, string name)
    {
        return All("SELECT f.wire_name FROM device_place p JOIN definition f ON f.device_id = p.device_id AND f.name = @name WHERE p.place = @place GROUP BY f.wire_name ORDER BY MAX(f.time) DESC",
            r => r.GetString(0), ("name", name), ("place", group));
    }

    /// <inheritdoc/>
    public string? FindUsualClass(string group, string collection, string id)
    {
        const string Own = "FROM device_place p JOIN device_collection g ON g.device_id = p.device_id AND g.name = @collection JOIN collection c ON c.id = g.collection_id AND c.outbox = 0 ";
        return One($"SELECT o.class {Own}JOIN object o ON o.collection_id = c.id AND o.server_id = @object AND o.deleted = 0 AND o.class IS NOT NULL WHERE p.place = @place "
            + "GROUP BY o.class ORDER BY COUNT(*) DESC, o.class LIMIT 1", r => r.GetString(0), ("collection", collection), ("object", id), ("place", group))
            ?? One($"SELECT k.class {Own}JOIN key_row k ON k.collection_id = c.id AND k.class IS NOT NULL WHERE p.place = @place GROUP BY k.class ORDER BY COUNT(*) DESC, k.class LIMIT 1",
                r => r.GetString(0), ("collection", collection), ("place", group));
    }

    // Who came into a group or left one, or may sync one collection more: what its values are is looked at again.
    private void LookAtGroups(int device)
    {
        Run("UPDATE group_value SET look = 1 WHERE removed = 0 AND (place = (SELECT place FROM device_place WHERE device_id = @device) "
            + "OR id IN (SELECT value_id FROM group_member WHERE device_id = @device))", ("device", device));
    }

    private static (string, object?)[] WhichMembers(GroupValueRow value)
    {
        return [("value", value.Id), ("collection", value.Collection), ("object", value.ObjectId)];
    }

    private static GroupValueRow ReadGroupValue(DbDataReader r)
    {
        return new GroupValueRow
        {
            Id = r.GetInt32(0),
            Group = r.GetString(1),
            Collection = r.GetString(2),
            ObjectId = r.GetString(3),
            Version = r.GetInt64(4),
            ValueVersion = r.GetInt64(5),
            Class = Text(r, 6),
            Data = Bytes(r, 7)!,
            Time = r.GetInt64(8),
            Who = r.GetString(9),
            Removed = Bool(r, 10),
            Stage = (Stage)r.GetInt32(11),
            GoodVersion = Long(r, 12),
            GoodClass = Text(r, 13),
            GoodData = Bytes(r, 14),
            StopReason = r.GetString(15),
            Look = Bool(r, 16),
        };
    }

    private static MemberRow ReadMember(DbDataReader r)
    {
        int device = r.GetInt32(0);
        bool exists = !r.IsDBNull(10) && !Bool(r, 11);
        bool isOwn = exists && r.GetInt32(12) != 0 && r.GetInt32(13) == device;
        return new MemberRow
        {
            Device = device,
            Name = r.GetString(1),
            Revoked = !r.IsDBNull(2),
            LastSeen = Long(r, 3),
            CanHave = !r.IsDBNull(4),
            Shares = Text(r, 5)?.StartsWith("group:", StringComparison.Ordinal) == true,
            Version = Long(r, 6),
            Seq = Long(r, 7) ?? 0,
            IsFirst = Long(r, 8) == 1,
            Overrides = !r.IsDBNull(9),
            ObjectSeq = exists ? r.GetInt64(10) : 0,
            State = exists ? Delivery.Of(r.GetInt64(10), isOwn, Int(r, 17), r.IsDBNull(14) ? null : (r.GetInt64(14), r.GetInt64(15), Bool(r, 16)), !r.IsDBNull(19)) : "",
            Reason = Text(r, 18),
        };
    }
}

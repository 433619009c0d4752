// The fleet: devices' lines, rings of rounds and status, and what changed, in order.

using System.Data.Common;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NanoSync.Server.Alerts;
using NanoSync.Server.Engine;
using NanoSync.Server.Fleet;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IFleetTransaction
{
    private const string HasText = "search LIKE @text ESCAPE '\\'";

    private static readonly JsonSerializerOptions s_fleetJson = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    // A line that was made while its device was deleted is there until the next look at it.
    private const string WhereKept = "WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = device_state.device_id AND d.retired IS NOT NULL)";

    /// <inheritdoc/>
    public FleetFacts? FindFacts(int device, int most)
    {
        FleetFacts? facts = One(
            "SELECT d.name, d.created, d.revoked, d.last_seen, p.place, p.every, s.rank, s.next_check, s.summary, s.memory FROM device d "
            + "LEFT JOIN device_place p ON p.device_id = d.id LEFT JOIN device_state s ON s.device_id = d.id WHERE d.id = @device AND d.retired IS NULL",
            r => new FleetFacts(r.GetString(0), r.GetInt64(1), Long(r, 2), Long(r, 3), Text(r, 4) ?? "", Long(r, 5), new FleetRow
            {
                Device = device,
                Rank = Long(r, 6) ?? 0,
                NextCheck = Long(r, 7) ?? 0,
                Summary = Text(r, 8) is { Length: > 0 } summary ? JsonSerializer.Deserialize<DeviceSummary>(summary, s_fleetJson) : null,
                Memory = Text(r, 9) is { Length: > 0 } memory ? JsonSerializer.Deserialize<FleetMemory>(memory, s_fleetJson)! : new FleetMemory(),
            }), ("device", device));
        if (facts == null)
        {
            return null;
        }

        List<ReplicaRow> stores = ListReplicas(device);
        int replica = stores.Count == 0 ? -1 : stores[0].Id; // 0 is the application, as a writer
        return facts with
        {
            Status = One("SELECT class, data, time FROM device_info WHERE device_id = @device AND class = @class",
                r => new InfoRow(r.GetString(0), Bytes(r, 1)!, r.GetInt64(2)), ("device", device), ("class", BuiltIn.DeviceStatus.Name)),
            Stores = stores,
            Refusal = ListRefusals(device, 1) is [var newest] ? newest : null,
            Window = (int)Number("SELECT MAX(window_size) FROM key_row WHERE replica_id = @replica", ("replica", replica)),
            Commands = (int)Number("SELECT COUNT(*) FROM device_command WHERE device_id = @device AND done IS NULL", ("device", device)),
            Interval = One("SELECT data FROM device_command WHERE device_id = @device AND class = @class AND status = 1 ORDER BY id DESC LIMIT 1",
                r => Bytes(r, 0), ("device", device), ("class", BuiltIn.Interval.Name)),
            Waiting = (int)(Number(
                "SELECT COUNT(*) FROM (SELECT 1 FROM device_collection g JOIN collection c ON c.id = g.collection_id AND c.outbox = 0 "
                + "LEFT JOIN key_row k ON k.collection_id = c.id AND k.replica_id = @replica "
                + "JOIN object o ON o.collection_id = c.id AND o.seq > COALESCE(CASE WHEN k.acknowledged = 1 THEN k.to_point ELSE k.from_point END, 0) "
                + "LEFT JOIN set_aside a ON a.replica_id = @replica AND a.collection_id = o.collection_id AND a.server_id = o.server_id AND a.seq = o.seq "
                + "WHERE g.device_id = @device AND a.seq IS NULL AND NOT (o.writer = @replica AND o.seq > COALESCE(k.reset_seq, 0)) "
                + "AND (o.deleted = 0 OR k.n IS NOT NULL) LIMIT @most) AS waiting", ("device", device), ("replica", replica), ("most", most))
                + Number("SELECT COUNT(*) FROM (SELECT 1 FROM due d JOIN key_row k ON k.replica_id = d.replica_id AND k.collection_id = d.collection_id "
                + "JOIN object o ON o.collection_id = d.collection_id AND o.server_id = d.server_id AND o.seq <= CASE WHEN k.acknowledged = 1 THEN k.to_point ELSE k.from_point END "
                + "WHERE d.replica_id = @replica AND d.kind = 0 LIMIT @most) AS again", ("replica", replica), ("most", most))),
            Aside = (int)Number("SELECT COUNT(*) FROM set_aside a JOIN object o ON o.collection_id = a.collection_id AND o.server_id = a.server_id AND o.seq = a.seq "
                + "WHERE a.replica_id = @replica AND a.status <> 0 AND o.deleted = 0", ("replica", replica)),
        };
    }

    /// <inheritdoc/>
    public void SaveFleet(FleetRow row, string search)
    {
        DeviceSummary summary = row.Summary!;
        Run("INSERT INTO device_state (device_id, name, place, rank, next_check, last_sync, due, battery, signal, flash_left, flash_life, dropped, pending_down, pending_up, configuration, search, summary, memory, look) "
            + "VALUES (@device, @name, @place, @rank, @check, @last, @due, @battery, @signal, @flash, @life, @dropped, @down, @up, @configuration, @search, @summary, @memory, (SELECT value FROM counter WHERE name = 'look')) "
            + "ON CONFLICT (device_id) DO UPDATE SET name = excluded.name, place = excluded.place, rank = excluded.rank, next_check = excluded.next_check, "
            + "last_sync = excluded.last_sync, due = excluded.due, battery = excluded.battery, signal = excluded.signal, flash_left = excluded.flash_left, flash_life = excluded.flash_life, "
            + "dropped = excluded.dropped, pending_down = excluded.pending_down, pending_up = excluded.pending_up, configuration = excluded.configuration, search = excluded.search, summary = excluded.summary, memory = excluded.memory, look = excluded.look",
            ("device", row.Device), ("name", summary.Name), ("place", summary.Group ?? ""), ("rank", row.Rank), ("check", row.NextCheck),
            ("last", summary.LastSync?.ToUnixTimeMilliseconds()), ("due", summary.DueAt?.ToUnixTimeMilliseconds()), ("battery", summary.Battery),
            ("signal", summary.Signal), ("flash", summary.FlashLeft), ("life", summary.FlashLife), ("dropped", summary.Dropped), ("down", summary.PendingDown), ("up", summary.PendingUp), ("configuration", (int)summary.Configuration), ("search", search),
            ("summary", JsonSerializer.Serialize(summary, s_fleetJson)), ("memory", JsonSerializer.Serialize(row.Memory, s_fleetJson)));
    }

    /// <inheritdoc/>
    public bool RemoveLine(int device) => Run("DELETE FROM device_state WHERE device_id = @device", ("device", device)) > 0;

    /// <inheritdoc/>
    public List<int> ListStale(long now, int most)
    {
        return All("SELECT device_id FROM device_state WHERE next_check <= @now ORDER BY next_check LIMIT @most", r => r.GetInt32(0), ("now", now), ("most", most));
    }

    /// <inheritdoc/>
    public void BeginLook() => Run("UPDATE counter SET value = value + 1 WHERE name = 'look'");

    /// <inheritdoc/>
    public long LastLook() => Number("SELECT value FROM counter WHERE name = 'look'");

    /// <inheritdoc/>
    public List<(long Look, DeviceSummary Line)> ListLooks(long after, int most)
    {
        // a look is of one transaction and may have more lines than are asked for
        return All("SELECT look, summary FROM device_state WHERE look > @after AND summary <> '' AND look <= COALESCE((SELECT look FROM device_state WHERE look > @after "
            + "ORDER BY look LIMIT 1 OFFSET @most), (SELECT value FROM counter WHERE name = 'look')) ORDER BY look",
            r => (r.GetInt64(0), JsonSerializer.Deserialize<DeviceSummary>(r.GetString(1), s_fleetJson)!), ("after", after), ("most", most));
    }

    /// <inheritdoc/>
    public void MarkMissed()
    {
        Run("UPDATE device_state SET next_check = 0 WHERE next_check > 0 AND EXISTS (SELECT 1 FROM device d WHERE d.id = device_state.device_id "
            + "AND d.last_seen > COALESCE(device_state.last_sync, 0))");
    }

    /// <inheritdoc/>
    public (List<DeviceSummary> Page, int Total) ListFleet(FleetQuery query)
    {
        StringBuilder where = new(WhereKept);
        List<(string, object?)> values = [];
        void Add(string condition, string name, object value)
        {
            where.Append(" AND ").Append(condition);
            values.Add((name, value));
        }

        if (query.Text is { Length: > 0 } text)
        {
            Add(HasText, "text", Pattern(text));
        }

        if (query.Problem is { } problem)
        {
            Add("rank > 0 AND (rank & @bit) <> 0", "bit", 1L << (int)problem);
        }

        if (query.Group is { } group)
        {
            Add("place = @place", "place", group);
        }

        if (query.Configuration is { } configuration)
        {
            Add("rank >= 0 AND configuration = @configuration", "configuration", (int)configuration);
        }

        where.Append(query.State switch
        {
            FleetState.Ok => " AND rank = 0",
            FleetState.Problem => " AND rank > 0",
            FleetState.Revoked => " AND rank < 0",
            _ => "",
        });
        string order = query.Sort switch
        {
            FleetSort.Name => "name",
            FleetSort.LastSync => "COALESCE(last_sync, 0), name",
            FleetSort.Battery => "COALESCE(battery, 1000000), name",
            FleetSort.Signal => "COALESCE(signal, 1000000), name",
            FleetSort.FlashLeft => "COALESCE(flash_left, 1000000000000), name",
            FleetSort.Dropped => "dropped DESC, name",
            FleetSort.PendingDown => "pending_down DESC, name",
            FleetSort.PendingUp => "COALESCE(pending_up, -1) DESC, name",
            FleetSort.FlashLife => "COALESCE(flash_life, 1000000000000), name",
            _ => "rank DESC, name",
        };
        int total = (int)Number($"SELECT COUNT(*) FROM device_state {where}", [.. values]);
        List<DeviceSummary> page = All(
            $"SELECT name, summary FROM device_state {where} ORDER BY {order} LIMIT @count OFFSET @skip",
            r => r.GetString(1) is { Length: > 0 } summary ? JsonSerializer.Deserialize<DeviceSummary>(summary, s_fleetJson)! : new DeviceSummary { Name = r.GetString(0) },
            [.. values, ("count", query.Count), ("skip", query.Skip)]);
        return (page, total);
    }

    /// <inheritdoc/>
    public List<(long Rank, ConfigState Configuration, string Group, int Count)> CountFleet(string? text)
    {
        bool any = string.IsNullOrEmpty(text);
        (string, object?)[] values = any ? [] : [("text", Pattern(text!))];
        return All($"SELECT rank, configuration, place, COUNT(*) FROM device_state {WhereKept}{(any ? "" : " AND " + HasText)} GROUP BY rank, configuration, place",
            r => (r.GetInt64(0), (ConfigState)r.GetInt32(1), r.GetString(2), r.GetInt32(3)), values);
    }

    private static string Pattern(string text)
    {
        return $"%{text.ToLowerInvariant().Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
    }

    /// <inheritdoc/>
    public List<(string Group, int Count)> ListGroups()
    {
        return All("SELECT p.place, COUNT(*) FROM device_place p JOIN device d ON d.id = p.device_id AND d.retired IS NULL WHERE p.place <> '' GROUP BY p.place ORDER BY p.place", r => (r.GetString(0), r.GetInt32(1)));
    }

    /// <inheritdoc/>
    public void SetPlace(int device, string group, long? every)
    {
        Run("INSERT INTO device_place (device_id, place, every) VALUES (@device, @place, @every) "
            + "ON CONFLICT (device_id) DO UPDATE SET place = excluded.place, every = excluded.every", ("device", device), ("place", group), ("every", every));
        LookAtGroups(device);
        Touch(device);
    }

    /// <inheritdoc/>
    public void AddRound(int device, int slot, RoundRow row)
    {
        Run("INSERT INTO device_round (device_id, slot, time, took, up, down, refused, bytes_up, bytes_down, status) "
            + "VALUES (@device, @slot, @time, @took, @up, @down, @refused, @bytesUp, @bytesDown, @status) ON CONFLICT (device_id, slot) DO UPDATE SET "
            + "time = excluded.time, took = excluded.took, up = excluded.up, down = excluded.down, refused = excluded.refused, "
            + "bytes_up = excluded.bytes_up, bytes_down = excluded.bytes_down, status = excluded.status",
            ("device", device), ("slot", slot), ("time", row.Time), ("took", row.Took), ("up", row.Up), ("down", row.Down), ("refused", row.Refused),
            ("bytesUp", row.BytesUp), ("bytesDown", row.BytesDown), ("status", row.Status));
    }

    /// <inheritdoc/>
    public List<RoundRow> ListRounds(int device)
    {
        return All("SELECT time, took, up, down, refused, bytes_up, bytes_down, status FROM device_round WHERE device_id = @device ORDER BY time, slot",
            r => new RoundRow(r.GetInt64(0), r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5), r.GetInt32(6), r.GetInt32(7)), ("device", device));
    }

    /// <inheritdoc/>
    public void SaveSample(int device, int slot, SampleRow row)
    {
        Run("INSERT INTO device_sample (device_id, slot, time, battery, signal, heap, flash_left, clock, pending, life) "
            + "VALUES (@device, @slot, @time, @battery, @signal, @heap, @flash, @clock, @pending, @life) ON CONFLICT (device_id, slot) DO UPDATE SET time = excluded.time, "
            + "battery = excluded.battery, signal = excluded.signal, heap = excluded.heap, flash_left = excluded.flash_left, clock = excluded.clock, pending = excluded.pending, life = excluded.life",
            ("device", device), ("slot", slot), ("time", row.Time), ("battery", row.Battery), ("signal", row.Signal), ("heap", row.Heap),
            ("flash", row.FlashLeft), ("clock", row.Clock), ("pending", row.Pending), ("life", row.Life));
    }

    /// <inheritdoc/>
    public List<SampleRow> ListSamples(int device)
    {
        return All("SELECT time, battery, signal, heap, flash_left, clock, pending, life FROM device_sample WHERE device_id = @device ORDER BY time",
            r => new SampleRow(r.GetInt64(0), r.IsDBNull(1) ? null : r.GetDouble(1), Long(r, 2), Long(r, 3), Long(r, 4), Long(r, 5), Long(r, 6), Long(r, 7)), ("device", device));
    }

    /// <inheritdoc/>
    public int NumberChanges(string life, long now, int most)
    {
        long last = Number("UPDATE counter SET value = value WHERE name = 'change' RETURNING value"); // held until the commit: one node numbers at a time
        int count = Run("UPDATE change SET seq = @last + fresh.n, life = @life, time = @now FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM change "
            + "WHERE seq IS NULL ORDER BY id LIMIT @most) AS fresh WHERE change.id = fresh.id", ("last", last), ("life", life), ("now", now), ("most", most));
        Run("UPDATE counter SET value = value + @count WHERE name = 'change'", ("count", count));
        return count;
    }

    /// <inheritdoc/>
    public bool HasNewChanges() => Number("SELECT COUNT(*) FROM (SELECT 1 FROM change WHERE seq IS NULL LIMIT 1) AS fresh") > 0;

    /// <inheritdoc/>
    public long LastChange() => Number("SELECT value FROM counter WHERE name = 'change'");

    /// <inheritdoc/>
    public long FirstChange() => Number("SELECT MIN(seq) FROM change");

    /// <inheritdoc/>
    public List<ChangeRow> ListChanges(long after, int count)
    {
        return All("SELECT seq, life, kind, device_id, collection_id, above, upto, alert_id, alert_event FROM change WHERE seq > @after ORDER BY seq LIMIT @count",
            r => new ChangeRow(r.GetInt64(0), r.GetString(1), (ChangeKind)r.GetInt32(2), Int(r, 3) ?? 0, Int(r, 4) ?? 0, Long(r, 5) ?? 0, Long(r, 6) ?? 0, Long(r, 7) ?? 0, (AlertEvent)(Int(r, 8) ?? 0)),
            ("after", after), ("count", count));
    }

    /// <inheritdoc/>
    public int PruneChanges(long before, long keep, int most)
    {
        return Run("DELETE FROM change WHERE id IN (SELECT id FROM change WHERE seq IS NOT NULL AND (time < @before OR seq <= @last - @keep) ORDER BY seq LIMIT @most)",
            ("before", before), ("last", LastChange()), ("keep", keep), ("most", most));
    }

    /// <inheritdoc/>
    public List<int> MarkTouched(long after, long upTo)
    {
        Run("UPDATE device_state SET next_check = 0 WHERE next_check > 0 AND device_id IN (SELECT g.device_id FROM change h JOIN collection c ON c.id = h.collection_id AND c.outbox = 0 "
            + "JOIN device_collection g ON g.collection_id = h.collection_id WHERE h.seq > @after AND h.seq <= @upTo AND h.kind = 0 "
            + "UNION SELECT device_id FROM change WHERE seq > @after AND seq <= @upTo AND kind = 1)",
            ("after", after), ("upTo", upTo));
        return All("SELECT DISTINCT h.device_id FROM change h WHERE h.seq > @after AND h.seq <= @upTo AND h.kind = 1 AND NOT EXISTS (SELECT 1 FROM device_state s WHERE s.device_id = h.device_id)",
            r => r.GetInt32(0), ("after", after), ("upTo", upTo));
    }

    /// <inheritdoc/>
    public long FleetPoint(long? moved)
    {
        return moved is { } point
            ? Number("UPDATE counter SET value = @point WHERE name = 'fleet' RETURNING value", ("point", point))
            : Number("SELECT value FROM counter WHERE name = 'fleet'");
    }

    /// <inheritdoc/>
    public List<(int Device, string Name, string Collection)> ListHolders(int collection)
    {
        return All("SELECT d.id, d.name, g.name FROM device_collection g JOIN device d ON d.id = g.device_id WHERE g.collection_id = @collection ORDER BY d.name",
            r => (r.GetInt32(0), r.GetString(1), r.GetString(2)), ("collection", collection));
    }

    // Something about a device that its line shows; followed as a change.
    private void Touch(int device)
    {
        Run("INSERT INTO change (kind, device_id) VALUES (1, @device)", ("device", device));
    }

    // Objects of a collection changed; its row is held, so that the changes of one collection stand in order.
    private void NoteObjects(int collection, long upTo)
    {
        Run("INSERT INTO change (kind, collection_id, above, upto) SELECT 0, id, seq, @upTo FROM collection WHERE id = @collection AND seq < @upTo",
            ("collection", collection), ("upTo", upTo));
    }
}

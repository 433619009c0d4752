// Devices, what they were granted, what they told, what they are told to do.

using System.Data.Common;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction
{
    private const int MostSealedStores = 256; // of a device, the newest; it has one, and another after each wiped flash
    private const string DeviceColumns = "id, name, created, revoked, last_seen, retired";

    /// <inheritdoc/>
    public DeviceRow? FindDevice(string name)
    {
        DeviceRow? row = One($"SELECT {DeviceColumns} FROM device WHERE name = @name", ReadDevice, ("name", name));
        return row == null ? null : row with { Collections = Granted(row.Id) };
    }

    /// <inheritdoc/>
    public DeviceRow? FindDevice(int id) => One($"SELECT {DeviceColumns} FROM device WHERE id = @id", ReadDevice, ("id", id)) is { } row ? row with { Collections = Granted(row.Id) } : null;

    /// <inheritdoc/>
    public List<DeviceRow> ListDevices()
    {
        return All($"SELECT {DeviceColumns} FROM device ORDER BY name", ReadDevice)
            .ConvertAll(row => row with { Collections = Granted(row.Id) });
    }

    /// <inheritdoc/>
    public int AddDevice(string name, byte[] tokenHash, long now)
    {
        int id = Next("device");
        Run("INSERT INTO device (id, name, token_hash, created) VALUES (@id, @name, @hash, @now)",
            ("id", id), ("name", name), ("hash", tokenHash), ("now", now));
        Run("INSERT INTO device_state (device_id, name) VALUES (@id, @name)", ("id", id), ("name", name));
        Touch(id);
        return id;
    }

    /// <inheritdoc/>
    public void Revoke(int device, long now)
    {
        Run("UPDATE device SET revoked = @now WHERE id = @device AND revoked IS NULL", ("now", now), ("device", device));
        Touch(device);
        Note(DueTo.Device, device);
    }

    /// <inheritdoc/>
    public void Seen(int device, int replica, long now)
    {
        Run("UPDATE device SET last_seen = @now WHERE id = @device", ("now", now), ("device", device));
        Run("UPDATE replica SET last_seen = @now WHERE id = @replica", ("now", now), ("replica", replica));
    }

    /// <inheritdoc/>
    public SealKeyRow? FindSealKey(string name)
    {
        return One("SELECT id, name, seal_key FROM device WHERE name = @name AND seal_key IS NOT NULL AND revoked IS NULL",
            r => new SealKeyRow(new DeviceIdentity(r.GetInt32(0), r.GetString(1)), Bytes(r, 2)!), ("name", name));
    }

    /// <inheritdoc/>
    public void SetSealKey(int device, byte[]? key)
    {
        Run("UPDATE device SET seal_key = @key WHERE id = @device", ("key", key), ("device", device));
    }

    /// <inheritdoc/>
    public string? FindMail(int device)
    {
        return One("SELECT mail FROM device WHERE id = @device", r => Text(r, 0), ("device", device));
    }

    /// <inheritdoc/>
    public void SetMail(int device, string? address)
    {
        Run("UPDATE device SET mail = @mail WHERE id = @device", ("mail", address), ("device", device));
    }

    /// <inheritdoc/>
    public SealedNumberRow? FindSealedNumber(int device, string storeId)
    {
        return One("SELECT number, answered, time, proofs FROM sealed_number WHERE device_id = @device AND store_id = @store",
            r => new SealedNumberRow(r.GetInt64(0), r.GetInt64(1) != 0, r.GetInt64(2), Bytes(r, 3)), ("device", device), ("store", storeId));
    }

    /// <inheritdoc/>
    public void SaveSealedNumber(int device, string storeId, SealedNumberRow row)
    {
        Run("INSERT INTO sealed_number (device_id, store_id, number, answered, time, proofs) VALUES (@device, @store, @number, @answered, @time, @proofs) "
            + "ON CONFLICT (device_id, store_id) DO UPDATE SET number = excluded.number, answered = excluded.answered, time = excluded.time, "
            + "proofs = excluded.proofs",
            ("device", device), ("store", storeId), ("number", row.Number), ("answered", row.Answered ? 1 : 0), ("time", row.Time), ("proofs", row.Proofs));
        Run("DELETE FROM sealed_number WHERE device_id = @device AND store_id IN (SELECT store_id FROM (SELECT store_id, "
            + "ROW_NUMBER() OVER (ORDER BY time DESC, store_id) AS n FROM sealed_number WHERE device_id = @device) newest WHERE n > @most)",
            ("device", device), ("most", MostSealedStores));
    }

    /// <inheritdoc/>
    public void Grant(int device, string name, string? scope)
    {
        string owner = scope == null ? "device:" + device : "group:" + scope;
        long collection = Number("SELECT id FROM collection WHERE scope = @scope AND name = @name", ("scope", owner), ("name", name));
        if (collection == 0)
        {
            collection = Next("collection");
            Run("INSERT INTO collection (id, scope, name) VALUES (@id, @scope, @name)", ("id", collection), ("scope", owner), ("name", name));
        }

        Run("INSERT INTO device_collection (device_id, name, collection_id) VALUES (@device, @name, @collection) ON CONFLICT DO NOTHING",
            ("device", device), ("name", name), ("collection", collection));
        LookAtGroups(device);
    }

    /// <inheritdoc/>
    public void SaveInfo(int device, InfoRow row)
    {
        Run("INSERT INTO device_info (device_id, class, data, time) VALUES (@device, @class, @data, @time) "
            + "ON CONFLICT (device_id, class) DO UPDATE SET data = excluded.data, time = excluded.time",
            ("device", device), ("class", row.Class), ("data", row.Data), ("time", row.Time));
    }

    /// <inheritdoc/>
    public List<int> ListTellers(string structure, long since)
    {
        return All("SELECT device_id FROM device_info WHERE class = @class AND time >= @since", r => r.GetInt32(0), ("class", structure), ("since", since));
    }

    /// <inheritdoc/>
    public List<InfoRow> ListInfo(int device)
    {
        return All("SELECT class, data, time FROM device_info WHERE device_id = @device ORDER BY class",
            r => new InfoRow(r.GetString(0), Bytes(r, 1)!, r.GetInt64(2)), ("device", device));
    }

    /// <inheritdoc/>
    public long AddCommand(int device, string type, Func<long, byte[]> record, long mark, string incarnation, long now)
    {
        long id = Number("UPDATE device SET last_command = last_command + 1 WHERE id = @device RETURNING last_command", ("device", device));
        Run("INSERT INTO device_command (device_id, id, class, data, created, mark, incarnation) VALUES (@device, @id, @class, @data, @now, @mark, @incarnation)",
            ("device", device), ("id", id), ("class", type), ("data", record(id)), ("now", now), ("mark", mark), ("incarnation", incarnation));
        Run("DELETE FROM device_command WHERE device_id = @device AND id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id DESC) AS n "
            + "FROM device_command WHERE device_id = @device AND done IS NOT NULL) newest WHERE n > @most)",
            ("device", device), ("most", MostNotes));
        Touch(device);
        Note(DueTo.Device, device);
        return id;
    }

    /// <inheritdoc/>
    public void RenumberCommand(int device, long id, Func<long, byte[]> record, long above)
    {
        long next = Number(
            "UPDATE device SET last_command = CASE WHEN last_command < @above THEN @above ELSE last_command END + 1 WHERE id = @device RETURNING last_command",
            ("above", above), ("device", device));
        Run("UPDATE device_command SET id = @next, data = @data WHERE device_id = @device AND id = @id",
            ("next", next), ("data", record(next)), ("device", device), ("id", id));
        Note(DueTo.Device, device);
    }

    /// <inheritdoc/>
    public List<DeviceCommandRow> ListCommands(int device, bool all)
    {
        return All("SELECT id, class, data, created, done, status, reason, mark, incarnation FROM device_command "
            + "WHERE device_id = @device AND (done IS NULL OR @all = 1) ORDER BY id",
            r => new DeviceCommandRow(r.GetInt64(0), r.GetString(1), Bytes(r, 2)!, r.GetInt64(3), Long(r, 4), Int(r, 5), Text(r, 6))
            {
                Mark = r.GetInt64(7),
                Incarnation = r.GetString(8),
            },
            ("device", device), ("all", all ? 1 : 0));
    }

    /// <inheritdoc/>
    public bool FinishCommand(int device, long id, int status, string reason, long now)
    {
        return Run("UPDATE device_command SET done = @now, status = @status, reason = @reason WHERE device_id = @device AND id = @id AND done IS NULL",
            ("now", now), ("status", status), ("reason", reason), ("device", device), ("id", id)) > 0;
    }

    private static DeviceRow ReadDevice(DbDataReader r)
    {
        return new DeviceRow(r.GetInt32(0), r.GetString(1), r.GetInt64(2), Long(r, 3), Long(r, 4), "") { Retired = Long(r, 5) };
    }

    private string Granted(int device)
    {
        List<string> names = All(
            "SELECT k.name, c.scope FROM device_collection k JOIN collection c ON c.id = k.collection_id WHERE k.device_id = @device ORDER BY k.name",
            r => r.GetString(1).StartsWith("group:", StringComparison.Ordinal) ? r.GetString(0) + "@" + r.GetString(1)[6..] : r.GetString(0),
            ("device", device));
        return string.Join(',', names);
    }

    // a counter row stays locked until the commit; a sequence would give out numbers that commit late
    private int Next(string counter)
    {
        return (int)Number("UPDATE counter SET value = value + 1 WHERE name = @name RETURNING value", ("name", counter));
    }
}

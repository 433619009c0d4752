// Tokens of devices, codes that give them, and devices that go.

using System.Data.Common;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IEnrolTransaction
{
    private const long ClaimsKept = 90L * 86_400_000; // for so many milliseconds after its end the answer says that a code has ended, and not that there is none

    // tables with rows of one store of a device
    private static readonly string[] s_ofReplica = ["key_row", "key_epoch", "due", "set_aside", "upload_part", "upload"];

    // tables with few rows for each device
    private static readonly string[] s_ofDevice =
    [
        "device_collection", "device_state", "device_place", "device_round", "device_sample", "device_info", "device_command",
        "refusal", "loser", "id_map", "sealed_number", "proxy_via", "claim", "group_member", "config_override",
    ];

    /// <inheritdoc/>
    public DeviceIdentity? FindDeviceByToken(byte[] tokenHash, long now, out bool ends)
    {
        (DeviceIdentity Device, bool Fresh)? found = One<(DeviceIdentity, bool)?>("SELECT id, name, fresh FROM device WHERE token_hash = @hash AND revoked IS NULL AND seal_key IS NULL",
            r => (new DeviceIdentity(r.GetInt32(0), r.GetString(1)), Bool(r, 2)), ("hash", tokenHash));
        ends = found?.Fresh == true;
        return found != null ? found.Value.Device
            : One("SELECT id, name FROM device WHERE old_token_hash = @hash AND old_until > @now AND revoked IS NULL AND seal_key IS NULL",
                r => new DeviceIdentity(r.GetInt32(0), r.GetString(1)), ("hash", tokenHash), ("now", now));
    }

    /// <inheritdoc/>
    public void SetToken(int device, byte[] tokenHash, long? oldUntil, bool isClaimed)
    {
        // If the present token was never used, the one before it stays the old token.
        Run("UPDATE device SET old_token_hash = CASE WHEN @until = 0 THEN NULL WHEN fresh = 1 AND old_token_hash IS NOT NULL THEN old_token_hash ELSE token_hash END, "
            + "old_until = @until, fresh = @fresh, token_hash = @hash, revoked = NULL, retired = NULL WHERE id = @device",
            ("until", oldUntil ?? 0), ("fresh", oldUntil != null || isClaimed ? 1 : 0), ("hash", tokenHash), ("device", device));
        Run("INSERT INTO device_state (device_id, name) SELECT id, name FROM device WHERE id = @device ON CONFLICT DO NOTHING", ("device", device));
        Touch(device);
        Note(DueTo.Device, device);
    }

    /// <inheritdoc/>
    public void TokenUsed(int device, byte[] tokenHash, long now)
    {
        if (Run("UPDATE device SET fresh = 0, old_token_hash = NULL, old_until = NULL WHERE id = @device AND token_hash = @hash AND fresh = 1", ("device", device), ("hash", tokenHash)) > 0)
        {
            Run("UPDATE claim SET used = @now, salt = @none WHERE device_id = @device AND given IS NOT NULL AND used IS NULL", ("now", now), ("none", Array.Empty<byte>()), ("device", device));
        }
    }

    /// <inheritdoc/>
    public bool IsUnused(int device, byte[] tokenHash)
    {
        return Number("SELECT COUNT(*) FROM device WHERE id = @device AND token_hash = @hash AND fresh = 1", ("device", device), ("hash", tokenHash)) > 0;
    }

    /// <inheritdoc/>
    public void AddClaim(byte[] hash, ClaimRow row)
    {
        Run("DELETE FROM claim WHERE device_id = @device OR expires < @old", ("device", row.Device), ("old", row.Created - ClaimsKept));
        Run("INSERT INTO claim (hash, device_id, salt, created, expires) VALUES (@hash, @device, @salt, @created, @expires)",
            ("hash", hash), ("device", row.Device), ("salt", row.Salt), ("created", row.Created), ("expires", row.Expires));
    }

    /// <inheritdoc/>
    public ClaimRow? FindClaim(byte[] hash)
    {
        return One("SELECT device_id, salt, created, expires, used FROM claim WHERE hash = @hash" + ForUpdate, ReadClaim, ("hash", hash));
    }

    /// <inheritdoc/>
    public void ClaimGiven(byte[] hash, long now) => Run("UPDATE claim SET given = @now WHERE hash = @hash", ("now", now), ("hash", hash));

    /// <inheritdoc/>
    public ClaimRow? FindClaim(int device)
    {
        return One("SELECT device_id, salt, created, expires, used FROM claim WHERE device_id = @device ORDER BY created DESC", ReadClaim, ("device", device));
    }

    /// <inheritdoc/>
    public void DropClaims(int device) => Run("DELETE FROM claim WHERE device_id = @device", ("device", device));

    /// <inheritdoc/>
    public DeviceNotes FindNotes(int device)
    {
        return One("SELECT board, note FROM device_place WHERE device_id = @device", r => new DeviceNotes(r.GetString(0), r.GetString(1)), ("device", device)) ?? new DeviceNotes("", "");
    }

    /// <inheritdoc/>
    public void SetNotes(int device, DeviceNotes notes)
    {
        Run("INSERT INTO device_place (device_id, place, board, note) VALUES (@device, '', @board, @note) ON CONFLICT (device_id) DO UPDATE SET board = excluded.board, note = excluded.note",
            ("device", device), ("board", notes.Board), ("note", notes.Note));
    }

    /// <inheritdoc/>
    public void ForgetBoard(int device)
    {
        ForgetReplicas(device);
        Run("DELETE FROM device_info WHERE device_id = @device", ("device", device));
        Run("UPDATE device_state SET summary = '', memory = '', next_check = 0 WHERE device_id = @device", ("device", device));
        Touch(device);
    }

    /// <inheritdoc/>
    public void Retire(int device, long now)
    {
        Run("UPDATE device SET revoked = COALESCE(revoked, @now), retired = COALESCE(retired, @now), old_token_hash = NULL, old_until = NULL, fresh = 0, seal_key = NULL WHERE id = @device",
            ("now", now), ("device", device));
        DropClaims(device);
        Run("DELETE FROM device_state WHERE device_id = @device", ("device", device));
        Run("UPDATE alert SET ended = @now WHERE device_id = @device AND ended IS NULL AND closed IS NULL", ("now", now), ("device", device));
        Run("DELETE FROM device_command WHERE device_id = @device AND done IS NULL", ("device", device));
        Note(DueTo.Device, device);
    }

    /// <inheritdoc/>
    public string? FindPassedOn(int device)
    {
        return One("SELECT c.name FROM proxy_route p JOIN collection c ON c.id = p.collection_id WHERE c.scope = @scope ORDER BY c.name LIMIT 1", r => r.GetString(0), ("scope", ScopeOf(device)));
    }

    /// <inheritdoc/>
    public int RemoveData(int device, int most)
    {
        foreach (long collection in All("SELECT id FROM collection WHERE scope = @scope ORDER BY id", r => r.GetInt64(0), ("scope", ScopeOf(device))))
        {
            (string, object?)[] which = [("collection", collection), ("most", most)];
            int removed = RemoveReadings((int)collection, ListOldest((int)collection, long.MaxValue, most))
                + Run("DELETE FROM object WHERE collection_id = @collection AND seq <= (SELECT MAX(seq) FROM (SELECT seq FROM object WHERE collection_id = @collection ORDER BY seq LIMIT @most) AS first)", which)
                + Run("DELETE FROM id_map WHERE collection_id = @collection AND (device_id, client_id) IN (SELECT device_id, client_id FROM (SELECT device_id, client_id FROM id_map "
                    + "WHERE device_id = @device AND collection_id = @collection LIMIT @most) AS first)", [.. which, ("device", device)]);
            if (removed > 0)
            {
                return removed;
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Remove(int device)
    {
        ForgetReplicas(device);

        // the objects that it wrote for a group are read by its definitions
        Run("DELETE FROM definition WHERE device_id = @device AND NOT EXISTS (SELECT 1 FROM device_collection g JOIN collection c ON c.id = g.collection_id "
            + "WHERE g.device_id = @device AND c.scope LIKE 'group:%')", ("device", device));
        foreach (string table in s_ofDevice)
        {
            Run($"DELETE FROM {table} WHERE device_id = @device", ("device", device));
        }

        Run("DELETE FROM alert_delivery WHERE alert_id IN (SELECT id FROM alert WHERE device_id = @device)", ("device", device));
        Run("DELETE FROM alert WHERE device_id = @device", ("device", device));
        foreach (string table in (string[])["reading_run", "change", "edit"])
        {
            Run($"DELETE FROM {table} WHERE collection_id IN (SELECT id FROM collection WHERE scope = @scope)", ("scope", ScopeOf(device)));
        }

        Run("DELETE FROM change WHERE device_id = @device", ("device", device));
        Run("DELETE FROM collection WHERE scope = @scope", ("scope", ScopeOf(device)));
        Run("DELETE FROM device WHERE id = @device", ("device", device));
    }

    private void ForgetReplicas(int device)
    {
        foreach (ReplicaRow replica in ListReplicas(device))
        {
            ForgetReplica(replica.Id);
        }
    }

    private void ForgetReplica(int replica)
    {
        foreach (string table in s_ofReplica)
        {
            Run($"DELETE FROM {table} WHERE replica_id = @replica", ("replica", replica));
        }

        Run("DELETE FROM replica WHERE id = @replica", ("replica", replica));
    }

    private static string ScopeOf(int device) => "device:" + device.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static ClaimRow ReadClaim(DbDataReader r) => new(r.GetInt32(0), Bytes(r, 1)!, r.GetInt64(2), r.GetInt64(3), Long(r, 4));
}

// Tokens, sessions, the audit log.

using System.Data.Common;
using NanoSync.Server.Access;

namespace NanoSync.Server.Stores.Sql;

public abstract partial class SqlTransaction : IAccessTransaction
{
    private const string TokenColumns = "id, name, role, created, created_by, expires, revoked, last_used";

    /// <inheritdoc/>
    public void HoldTokens() => Run("UPDATE counter SET value = value WHERE name = 'access_token'");

    /// <inheritdoc/>
    public int AddToken(AccessTokenRow row, byte[] hash)
    {
        int id = Next("access_token");
        Run("INSERT INTO access_token (id, name, role, hash, created, created_by, expires) VALUES (@id, @name, @role, @hash, @created, @by, @expires)",
            ("id", id), ("name", row.Name), ("role", (int)row.Role), ("hash", hash), ("created", row.Created), ("by", row.CreatedBy), ("expires", row.Expires));
        return id;
    }

    /// <inheritdoc/>
    public AccessTokenRow? FindToken(byte[] hash) => One($"SELECT {TokenColumns} FROM access_token WHERE hash = @hash", ReadToken, ("hash", hash));

    /// <inheritdoc/>
    public AccessTokenRow? FindToken(int id) => One($"SELECT {TokenColumns} FROM access_token WHERE id = @id", ReadToken, ("id", id));

    /// <inheritdoc/>
    public AccessTokenRow? FindToken(string name)
    {
        return One($"SELECT {TokenColumns} FROM access_token WHERE name = @name AND revoked IS NULL", ReadToken, ("name", name));
    }

    /// <inheritdoc/>
    public List<AccessTokenRow> ListTokens() => All($"SELECT {TokenColumns} FROM access_token ORDER BY name, id", ReadToken);

    /// <inheritdoc/>
    public void RevokeToken(int id, long now)
    {
        Run("UPDATE access_token SET revoked = @now WHERE id = @id AND revoked IS NULL", ("now", now), ("id", id));
    }

    /// <inheritdoc/>
    public void TokenUsed(int id, long now)
    {
        Run("UPDATE access_token SET last_used = @now WHERE id = @id", ("now", now), ("id", id));
    }

    /// <inheritdoc/>
    public void AddSession(byte[] hash, SessionRow row, bool isLink)
    {
        Run("DELETE FROM session WHERE expires <= @now", ("now", row.Created));
        Run("INSERT INTO session (hash, token_id, link, created, expires) VALUES (@hash, @token, @link, @created, @expires)",
            ("hash", hash), ("token", row.Token), ("link", isLink ? 1 : 0), ("created", row.Created), ("expires", row.Expires));
    }

    /// <inheritdoc/>
    public SessionRow? FindSession(byte[] hash, bool isLink)
    {
        return One("SELECT token_id, created, expires FROM session WHERE hash = @hash AND link = @link",
            r => new SessionRow(r.GetInt32(0), r.GetInt64(1), r.GetInt64(2)), ("hash", hash), ("link", isLink ? 1 : 0));
    }

    /// <inheritdoc/>
    public bool EndSession(byte[] hash) => Run("DELETE FROM session WHERE hash = @hash", ("hash", hash)) > 0;

    /// <inheritdoc/>
    public void Audit(AuditRow row)
    {
        long id = Next("audit");
        Run("INSERT INTO audit (id, time, who, action, target, detail) VALUES (@id, @time, @who, @action, @target, @detail)",
            ("id", id), ("time", row.Time), ("who", row.Who), ("action", row.Action), ("target", row.Target), ("detail", row.Detail));
    }

    /// <inheritdoc/>
    public List<AuditRow> ListAudit(long before, int count)
    {
        return All("SELECT id, time, who, action, target, detail FROM audit WHERE id < @before ORDER BY id DESC LIMIT @count",
            r => new AuditRow(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5)),
            ("before", before), ("count", count));
    }

    private static AccessTokenRow ReadToken(DbDataReader r)
    {
        return new AccessTokenRow(r.GetInt32(0), r.GetString(1), (Role)r.GetInt32(2), r.GetInt64(3), r.GetString(4), Long(r, 5), Long(r, 6), Long(r, 7));
    }
}

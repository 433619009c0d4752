// What is kept of who may use REST, in the server's database.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Access;

/// <summary>What a token lets its holder do; each contains those before it.</summary>
public enum Role
{
    /// <summary>See everything but secrets.</summary>
    Read = 1,

    /// <summary>Write objects, give commands to devices, acknowledge alerts.</summary>
    Configure = 2,

    /// <summary>Enrol, revoke and delete devices; make and end tokens; read the audit log.</summary>
    Administer = 3,
}

/// <summary>A named token; only its SHA-256 is kept.</summary>
/// <param name="Id">Its number, never given twice.</param>
/// <param name="Name">Its name; that of a token that ended may be given again.</param>
/// <param name="Role">What it lets do.</param>
/// <param name="Created">When it was made, milliseconds since 1970.</param>
/// <param name="CreatedBy">Who made it.</param>
/// <param name="Expires">When it ends; null = when it is revoked.</param>
/// <param name="Revoked">When it was revoked; null = it was not.</param>
/// <param name="LastUsed">When it was last used, to the hour; null = never.</param>
public sealed record AccessTokenRow(int Id, string Name, Role Role, long Created, string CreatedBy, long? Expires, long? Revoked, long? LastUsed);

/// <summary>A sign-in: a cookie or a one-time link, of a token.</summary>
/// <param name="Token">The token's number.</param>
/// <param name="Created">When made.</param>
/// <param name="Expires">When it ends.</param>
public sealed record SessionRow(int Token, long Created, long Expires);

/// <summary>Something that was changed, and by whom.</summary>
public sealed record AuditRow(long Id, long Time, string Who, string Action, string Target, string Detail);

/// <summary>Tokens, sessions and the audit log.</summary>
public interface IAccessTransaction : IStoreTransaction
{
    /// <summary>Until the end of this transaction nobody else makes a token.</summary>
    void HoldTokens();

    /// <summary>Makes a token; its number.</summary>
    int AddToken(AccessTokenRow row, byte[] hash);

    /// <summary>The token of this SHA-256, ended or not.</summary>
    AccessTokenRow? FindToken(byte[] hash);

    /// <summary>The token of this number.</summary>
    AccessTokenRow? FindToken(int id);

    /// <summary>The token of this name that was not revoked.</summary>
    AccessTokenRow? FindToken(string name);

    /// <summary>All tokens, those that ended too, by name and age.</summary>
    List<AccessTokenRow> ListTokens();

    /// <summary>Ends a token.</summary>
    void RevokeToken(int id, long now);

    /// <summary>Notes that a token was used.</summary>
    void TokenUsed(int id, long now);

    /// <summary>Keeps a sign-in by the SHA-256 of its secret; of those that ended nothing is kept.</summary>
    void AddSession(byte[] hash, SessionRow row, bool isLink);

    /// <summary>The sign-in of this SHA-256, ended or not.</summary>
    SessionRow? FindSession(byte[] hash, bool isLink);

    /// <summary>Ends a sign-in; false when there was none.</summary>
    bool EndSession(byte[] hash);

    /// <summary>Adds to the audit log.</summary>
    void Audit(AuditRow row);

    /// <summary>The audit log from the newest to the oldest, below a number.</summary>
    List<AuditRow> ListAudit(long before, int count);
}

// Who may use REST: named tokens with a role, the first of which is made with the database, and sign-ins of a page, which live as
// long as the token that they were made with. Of every secret only the SHA-256 is kept.

using System.Security.Cryptography;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Access;

/// <summary>Who asks.</summary>
/// <param name="Name">The token's name.</param>
/// <param name="Role">What it lets do.</param>
/// <param name="Token">Its number; -1 = none (a program of this machine, or the command line).</param>
/// <param name="Expires">When it, or the sign-in, ends; null = not by itself.</param>
public sealed record Caller(string Name, Role Role, int Token, long? Expires = null);

/// <summary>Tokens, sign-ins, the audit log.</summary>
public sealed class AccessService(IServerStore store, TimeProvider clock)
{
    /// <summary>The name of the token that is made with the database.</summary>
    public const string Admin = "admin";

    private const int Forever = 3650; // days: the longest life of a token that has one
    private static readonly TimeSpan s_session = TimeSpan.FromDays(30);
    private static readonly TimeSpan s_link = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan s_usedEvery = TimeSpan.FromHours(1); // "last used" is written no more often

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Makes a named token; it cannot be had again.</summary>
    /// <param name="name">1 to 64 of A-Z a-z 0-9 . _ -, not "admin".</param>
    /// <param name="role">What it lets do.</param>
    /// <param name="days">Its life; null = until it is revoked.</param>
    /// <param name="by">Who makes it.</param>
    public string Add(string name, Role role, int? days, string by)
    {
        Names.Check(name, "A token's name");
        if (name is Admin or "cli" or "loopback")
        {
            throw new RefusedException(Refusal.BadInput, name == Admin ? $"{name} is the name of the first token. To have another of it: token renew {name}" : $"{name} is the name of something else.") { Field = "name" };
        }

        Check(days);
        string token = NewSecret();
        using IAccessTransaction transaction = Write();
        if (transaction.FindToken(name) != null)
        {
            throw new RefusedException(Refusal.Conflict, $"There is a token {name} already. To end it: token revoke {name}") { Field = "name" };
        }

        long now = Now;
        transaction.AddToken(new AccessTokenRow(0, name, role, now, by, days is { } life ? now + (life * 86_400_000L) : null, null, null), DeviceService.HashOf(token));
        transaction.Commit();
        return token;
    }

    /// <summary>Makes the first token, which may administer and lives until it is revoked; null when there was ever one.</summary>
    /// <param name="known">A secret that counted before tokens stood in the database; null = a new one.</param>
    public string? AddFirst(string? known = null)
    {
        string token = known ?? NewSecret();
        using IAccessTransaction transaction = Write();
        transaction.HoldTokens(); // of two servers that start at once on a new database one makes it
        if (known == null ? transaction.ListTokens().Count > 0 : transaction.FindToken(Admin) != null)
        {
            return null;
        }

        transaction.AddToken(new AccessTokenRow(0, Admin, Role.Administer, Now, "server", null, null, null), DeviceService.HashOf(token));
        transaction.Commit();
        return token;
    }

    /// <summary>
    /// Gives a token another secret, which cannot be had again; the one before ends at once, and all that signed in with it. One that
    /// had expired lives anew. The first one (<see cref="Admin"/>) is made anew when it was revoked.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="days">Its life; null = as long as before.</param>
    /// <param name="by">Who does it.</param>
    public string Renew(string name, int? days, string by)
    {
        Check(days);
        string token = NewSecret();
        using IAccessTransaction transaction = Write();
        transaction.HoldTokens();
        AccessTokenRow? before = transaction.FindToken(name);
        if (before == null && name != Admin)
        {
            throw new RefusedException(Refusal.NotFound, $"There is no token {name}. To make one: token add {name} --role read");
        }

        long now = Now;
        if (before != null)
        {
            transaction.RevokeToken(before.Id, now);
        }

        long? life = days * 86_400_000L ?? before?.Expires - before?.Created;
        transaction.AddToken(new AccessTokenRow(0, name, before?.Role ?? Role.Administer, now, by, now + life, null, null), DeviceService.HashOf(token));
        transaction.Commit();
        return token;
    }

    /// <summary>All named tokens.</summary>
    public List<AccessTokenRow> List()
    {
        using IAccessTransaction transaction = Read();
        return transaction.ListTokens();
    }

    /// <summary>Ends a token and all that signed in with it.</summary>
    public void Revoke(string name)
    {
        using IAccessTransaction transaction = Write();
        AccessTokenRow row = transaction.FindToken(name) ?? throw new RefusedException(Refusal.NotFound, $"There is no token {name}.");
        transaction.RevokeToken(row.Id, Now);
        transaction.Commit();
    }

    /// <summary>Whose named token this is; null when there is no such token, or it has ended.</summary>
    public Caller? Authenticate(string token)
    {
        AccessTokenRow? row;
        using (IAccessTransaction transaction = Read())
        {
            row = transaction.FindToken(DeviceService.HashOf(token));
        }

        if (!IsLive(row))
        {
            return null;
        }

        if (row!.LastUsed is not { } used || Now - used > s_usedEvery.TotalMilliseconds)
        {
            try
            {
                using IAccessTransaction transaction = Write();
                transaction.TokenUsed(row.Id, Now);
                transaction.Commit();
            }
            catch (StoreException)
            {
                // the disk is full: whoever looks may be there to mend that, and is let in; a later use is noted
            }
        }

        return new Caller(row.Name, row.Role, row.Id, row.Expires);
    }

    /// <summary>Signs in: the secret of a cookie.</summary>
    /// <param name="caller">Whose.</param>
    public (string Secret, long Expires) SignIn(Caller caller) => Make(caller, isLink: false);

    /// <summary>A code that signs in once, within a quarter of an hour.</summary>
    public (string Code, long Expires) Link(Caller caller) => Make(caller, isLink: true);

    /// <summary>A code for a token.</summary>
    public (string Code, long Expires) Link(string name)
    {
        AccessTokenRow? row;
        using (IAccessTransaction transaction = Read())
        {
            row = transaction.FindToken(name);
        }

        return IsLive(row) ? Link(new Caller(row!.Name, row.Role, row.Id, row.Expires))
            : throw new RefusedException(Refusal.NotFound, row == null ? $"There is no token {name}." : $"The token {name} has ended. To have another of it: token renew {name}");
    }

    /// <summary>Who a cookie belongs to; null when it has ended or its token has.</summary>
    public Caller? FindSession(string secret) => Find(secret, isLink: false);

    /// <summary>Who a link's code belongs to; it is used up.</summary>
    public Caller? RedeemLink(string code)
    {
        Caller? caller = Find(code, isLink: true);
        if (caller == null)
        {
            return null;
        }

        using IAccessTransaction transaction = Write();
        bool mine = transaction.EndSession(DeviceService.HashOf(code)); // of two who use one link at once, one signs in
        transaction.Commit();
        return mine ? caller : null;
    }

    /// <summary>Ends a sign-in.</summary>
    public void SignOut(string secret)
    {
        using IAccessTransaction transaction = Write();
        transaction.EndSession(DeviceService.HashOf(secret));
        transaction.Commit();
    }

    /// <summary>A line for a change that is made now.</summary>
    public AuditRow Line(string who, string action, string target, string detail = "") => new(0, Now, who, action, target, detail);

    /// <summary>Writes a line by itself, for what did not change this database or has changed it already.</summary>
    public void Audit(string who, string action, string target, string detail = "") => Audit(Line(who, action, target, detail));

    /// <summary>Writes a line by itself, for what did not change this database.</summary>
    public void Audit(AuditRow line)
    {
        using AuditLine nobodys = new(null); // without it this commit would also write the line that waits for another change
        using IAccessTransaction transaction = Write();
        transaction.Audit(line);
        transaction.Commit();
    }

    /// <summary>The audit log, newest first.</summary>
    public List<AuditRow> Log(long before = long.MaxValue, int count = 100)
    {
        using IAccessTransaction transaction = Read();
        return transaction.ListAudit(before, count);
    }

    private IAccessTransaction Read() => (IAccessTransaction)store.BeginRead();

    private IAccessTransaction Write() => (IAccessTransaction)store.BeginWrite();

    private bool IsLive(AccessTokenRow? row) => row is { Revoked: null } && (row.Expires == null || row.Expires > Now);

    private static void Check(int? days)
    {
        if (days is < 1 or > Forever)
        {
            throw new RefusedException(Refusal.BadInput, $"days is a number from 1 to {Forever}.") { Code = "out_of_range", Field = "days" };
        }
    }

    private static string NewSecret() => DeviceService.NewToken(RandomNumberGenerator.GetBytes);

    private (string Secret, long Expires) Make(Caller caller, bool isLink)
    {
        string secret = NewSecret();
        long now = Now;
        long expires = now + (long)(isLink ? s_link : s_session).TotalMilliseconds;
        expires = Math.Min(expires, caller.Expires ?? expires);
        using IAccessTransaction transaction = Write();
        transaction.AddSession(DeviceService.HashOf(secret), new SessionRow(caller.Token, now, expires), isLink);
        transaction.Commit();
        return (secret, expires);
    }

    private Caller? Find(string secret, bool isLink)
    {
        using IAccessTransaction transaction = Read();
        if (transaction.FindSession(DeviceService.HashOf(secret), isLink) is not { } session || session.Expires <= Now)
        {
            return null;
        }

        AccessTokenRow? row = transaction.FindToken(session.Token);
        return IsLive(row) ? new Caller(row!.Name, row.Role, row.Id, session.Expires) : null;
    }
}

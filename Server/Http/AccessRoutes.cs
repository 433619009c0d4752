// REST for who may use it: named tokens, sign-in of a page, the audit log.

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using NanoSync.Server.Access;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

internal sealed class AccessRoutes(ServerCore core)
{
    public void Map(RouteGroupBuilder api)
    {
        RouteGroupBuilder group = api.MapGroup("").WithTags("Access");
        group.MapGet("/tokens", List).Needs(Role.Administer).WithSummary("Named tokens, those that ended too.");
        group.MapPost("/tokens", (Delegate)Add).Needs(Role.Administer).AcceptsBody<NewAccessToken>().WithSummary("Make a named token; it is shown once.");
        group.MapDelete("/tokens/{token}", Revoke).Needs(Role.Administer).WithSummary("End a token and all that signed in with it.");
        group.MapPost("/tokens/{token}/renew", Renew).Needs(Role.Administer).WithSummary("Give a token another secret, which is shown once; the one before ends at once, and all that signed in with it. \"admin\" is made anew when it was revoked.");
        group.MapGet("/session", Session).Needs(Role.Read).WithSummary("Who one is, and what one may do.");
        group.MapPost("/session", (Delegate)SignIn).AllowAnonymous().AcceptsBody<SignIn>()
            .WithSummary($"Sign a page in, with a token or the code of a link: sets the cookie {TokenHandler.Cookie}. Carries the header {TokenHandler.CsrfHeader}: 1, as each change by a page does.");
        group.MapDelete("/session", SignOut).Needs(Role.Read).WithSummary("Sign out.");
        group.MapPost("/session/link", Link).Needs(Role.Read).WithSummary("A link that signs in once, within a quarter of an hour, as oneself.");
        group.MapGet("/audit", Audit).Needs(Role.Administer).WithSummary("Who changed what, newest first.");
    }

    private Ok<List<TokenView>> List()
    {
        return TypedResults.Ok(core.Access.List().ConvertAll(t => new TokenView(t.Name, t.Role, Time(t.Created)!.Value, t.CreatedBy, Time(t.Expires), Time(t.Revoked), Time(t.LastUsed))));
    }

    private async Task<Created<NewToken>> Add(HttpContext context)
    {
        NewAccessToken given = await ApiJson.Read<NewAccessToken>(context, core.Options.Limits.MaxMessage);
        return TypedResults.Created((string?)null, new NewToken(given.Name, core.Access.Add(given.Name, given.Role, given.Days, TokenHandler.CallerOf(context).Name)));
    }

    private NoContent Revoke(string token)
    {
        core.Access.Revoke(token);
        return TypedResults.NoContent();
    }

    private Ok<NewToken> Renew(HttpContext context, string token, [Description("Its life in days; left out: as long as before."), Range(1, 3650)] int? days = null)
    {
        return TypedResults.Ok(new NewToken(token, core.Access.Renew(token, days, TokenHandler.CallerOf(context).Name)));
    }

    private static Ok<SessionView> Session(HttpContext context)
    {
        Caller caller = TokenHandler.CallerOf(context);
        return TypedResults.Ok(new SessionView(caller.Name, caller.Role, Time(caller.Expires)));
    }

    private async Task<Ok<SessionView>> SignIn(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey(TokenHandler.CsrfHeader))
        {
            throw new RefusedException(Refusal.Forbidden, $"Signing in carries the header {TokenHandler.CsrfHeader}: 1.") { Code = "foreign" };
        }

        SignIn given = await ApiJson.Read<SignIn>(context, 4096);
        if (given.Token == null == (given.Link == null))
        {
            throw new RefusedException(Refusal.BadInput, "Give token or link, one of them.") { Code = "missing_field", Field = "token" };
        }

        Caller? caller = given.Link != null ? core.Access.RedeemLink(given.Link)
            : core.Access.Authenticate(given.Token!);
        if (caller == null)
        {
            throw new RefusedException(Refusal.Forbidden, given.Link != null ? "This link was used, or is too old." : "There is no such token.") { Code = "no_token", Field = given.Link != null ? "link" : "token" };
        }

        (string secret, long expires) = core.Access.SignIn(caller);
        context.Response.Cookies.Append(TokenHandler.Cookie, secret, CookieRules(context, expires - core.Clock.GetUtcNow().ToUnixTimeMilliseconds()));
        core.Access.Audit(core.Access.Line(caller.Name, "POST session", "/v1/session"));
        return TypedResults.Ok(new SessionView(caller.Name, caller.Role, Time(expires)));
    }

    private NoContent SignOut(HttpContext context)
    {
        if (context.Request.Cookies[TokenHandler.Cookie] is { Length: > 0 } secret)
        {
            core.Access.SignOut(secret);
        }

        context.Response.Cookies.Delete(TokenHandler.Cookie, CookieRules(context, null));
        return TypedResults.NoContent();
    }

    private Ok<LinkView> Link(HttpContext context)
    {
        Caller caller = TokenHandler.CallerOf(context);
        if (caller.Token < 0)
        {
            throw new RefusedException(Refusal.BadInput, "A link is of a token; this request came without one.");
        }

        (string code, long expires) = core.Access.Link(caller);
        return TypedResults.Ok(new LinkView("/#link=" + code, code, Time(expires)!.Value));
    }

    private Ok<AuditPage> Audit(
        [Description("Only entries below this number."), Range(1, long.MaxValue)] long? before = null,
        [Description("How many at most; 100 when left out."), Range(1, 1000)] int? limit = null)
    {
        return TypedResults.Ok(new AuditPage(core.Access.Log(before ?? long.MaxValue, limit ?? 100).ConvertAll(a => new AuditView(a.Id, Time(a.Time)!.Value, a.Who, a.Action, a.Target, a.Detail))));
    }

    // an age and no date: the browser's clock may be another
    private static CookieOptions CookieRules(HttpContext context, long? age)
    {
        return new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", MaxAge = age is { } left ? TimeSpan.FromMilliseconds(left) : null };
    }

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;
}

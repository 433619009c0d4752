// Who asks, of every route but those of devices: the bearer of a named token, a page that has signed in, or,
// where that was allowed, a program of this machine.
//
// A browser sends a cookie whichever page makes the request, so a change that comes with one has to carry a header that no form and
// no page of another origin can send. A page in a browser of this machine comes from the loopback address too. So a request
// without a token has to show more: a Host that means this machine (anybody's name may point to it), no Origin of another page, a
// body that no form can send, and no trace of a proxy, behind which everybody would be local.

using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NanoSync.Server.Access;

namespace NanoSync.Server.Http;

internal sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, ServerCore core, HttpOptions http)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    public const string SchemeName = "NanoSync";
    public const string Cookie = "nanosync";
    public const string CsrfHeader = "X-NanoSync";

    private static readonly string[] s_proxies = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];
    private static readonly string[] s_bodies = ["application/json", "application/octet-stream", "text/csv"];

    private string? _foreign;

    /// <summary>Who asks; only behind a route that asks for a role.</summary>
    public static Caller CallerOf(HttpContext context) => (Caller)context.Items[typeof(Caller)]!;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        Caller? caller = Request.Path.StartsWithSegments("/sync") ? null : Find(); // a device's token is not an operator's
        if (caller == null)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        Context.Items[typeof(Caller)] = caller;
        List<Claim> claims = [new(ClaimTypes.Name, caller.Name)];
        for (Role role = Role.Read; role <= caller.Role; role++)
        {
            claims.Add(new Claim(ClaimTypes.Role, role.ToString()));
        }

        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(claims, SchemeName)), SchemeName)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_foreign != null)
        {
            return ApiProblem.Of(StatusCodes.Status403Forbidden, "foreign", _foreign).Write(Context);
        }

        Response.Headers.WWWAuthenticate = "Bearer";
        return ApiProblem.Of(StatusCodes.Status401Unauthorized, "no_token", "A token is wanted: Authorization: Bearer ...").Write(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Caller caller = CallerOf(Context);
        string wanted = Context.GetEndpoint()?.Metadata.GetMetadata<NeedsRole>()?.Role.ToString().ToLowerInvariant() ?? "administer";
        return ApiProblem.Of(StatusCodes.Status403Forbidden, "role", $"The token {caller.Name} may {caller.Role.ToString().ToLowerInvariant()}; {wanted} is wanted.").Write(Context);
    }

    private Caller? Find()
    {
        if (SyncEndpoint.Bearer(Request) is { } token)
        {
            return token.Length == 0 ? null : core.Access.Authenticate(token);
        }

        if (Request.Cookies[Cookie] is { Length: > 0 } secret && core.Access.FindSession(secret) is { } caller)
        {
            if (HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method) || Request.Headers.ContainsKey(CsrfHeader))
            {
                return caller;
            }

            _foreign = $"A change by a page carries the header {CsrfHeader}: 1.";
            return null;
        }

        if (!http.OpenApiOnLoopback || Context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
        {
            return null;
        }

        if (ForeignOf(Request) is { } why)
        {
            _foreign = "Without a token this is open to programs of this machine alone: " + why;
            return null;
        }

        return new Caller("loopback", Role.Administer, -1);
    }

    // Why a request from this machine's address is not taken for one of its programs; null when it is.
    private static string? ForeignOf(HttpRequest request)
    {
        string host = request.Host.Host.Trim('[', ']');
        if (host != "localhost" && !(IPAddress.TryParse(host, out IPAddress? named) && IPAddress.IsLoopback(named)))
        {
            return "the request is for another host.";
        }

        if (Array.Exists(s_proxies, request.Headers.ContainsKey))
        {
            return "the request came through a proxy.";
        }

        if ((request.Headers.Origin.Count > 0 && request.Headers.Origin != $"{request.Scheme}://{request.Host}")
            || (request.Headers.TryGetValue("Sec-Fetch-Site", out var site) && site != "same-origin" && site != "none"))
        {
            return "the request comes from a page of another origin.";
        }

        bool hasBody = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        string type = (request.ContentType ?? "").Split(';')[0].Trim();
        return hasBody && !s_bodies.Contains(type, StringComparer.OrdinalIgnoreCase) ? $"the body is to be {string.Join(" or ", s_bodies)}." : null;
    }
}

/// <summary>The body that a route takes. It is described and not enforced: curl -d names a form, whatever it sends.</summary>
internal sealed record BodyDescription(Type Type, string[] MediaTypes);

/// <summary>What a route writes only when it is as somebody saw it: If-Match, If-None-Match.</summary>
internal sealed record Conditional;

/// <summary>What a route asks of who calls it.</summary>
internal sealed record NeedsRole(Role Role);

internal static class RouteRules
{
    /// <summary>Describes the body: JSON of this type, or one of the other media types.</summary>
    public static RouteHandlerBuilder AcceptsBody<T>(this RouteHandlerBuilder builder, params string[] others)
    {
        return builder.WithMetadata(new BodyDescription(typeof(T), ["application/json", .. others]));
    }

    /// <summary>Lets only callers of this role, or a higher one, through.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Role role)
        where TBuilder : IEndpointConventionBuilder
    {
        return builder.RequireAuthorization(role.ToString()).WithMetadata(new NeedsRole(role));
    }

    /// <summary>Says that a route looks at If-Match and If-None-Match.</summary>
    public static RouteHandlerBuilder IsConditional(this RouteHandlerBuilder builder) => builder.WithMetadata(new Conditional());
}

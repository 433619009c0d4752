// Who may use /api, and what a request that is refused is told.
//
// With the admin token: everybody who has it. Without, where that was allowed: programs of this machine. A page in its browser
// comes from the same address, so more is asked: the Host that the request is for (a name of somebody's own may point to this
// machine), the Origin of the page, a body that no form can send, and no trace of a proxy, behind which everybody is local.

using System.Net;
using System.Text.Json.Nodes;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Http;

internal sealed class ApiGuard(bool openOnLoopback, AdminToken adminToken, StoreTrouble trouble)
{
    private static readonly string[] s_proxies = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];
    private static readonly string[] s_bodies = ["application/json", "application/octet-stream"];

    public async ValueTask<object?> Filter(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        HttpContext context = invocation.HttpContext;
        if (!(SyncEndpoint.Bearer(context.Request) is { } token && adminToken.Matches(token)))
        {
            if (!openOnLoopback || context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return Error(StatusCodes.Status401Unauthorized, "The admin token is wanted: Authorization: Bearer ...");
            }

            if (ForeignOf(context.Request) is { } why)
            {
                return Error(StatusCodes.Status403Forbidden, $"Without the admin token /api is open to programs of this machine alone: {why}");
            }
        }

        try
        {
            RawPath.Check(context);
            object? result = await next(invocation);
            if (!HttpMethods.IsGet(context.Request.Method))
            {
                trouble.Answered();
            }

            return result;
        }
        catch (RefusedException e)
        {
            return Error(e.Kind switch
            {
                Refusal.NotFound => StatusCodes.Status404NotFound,
                Refusal.Conflict => context.Request.Headers.IfMatch.Count + context.Request.Headers.IfNoneMatch.Count > 0
                    ? StatusCodes.Status412PreconditionFailed
                    : StatusCodes.Status409Conflict,
                Refusal.TooLarge => StatusCodes.Status413PayloadTooLarge,
                _ => StatusCodes.Status400BadRequest,
            }, e.Message);
        }
        catch (StoreException e)
        {
            context.Response.Headers.RetryAfter = trouble.Met(e);
            return Error(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
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

    private static IResult Error(int status, string message)
    {
        return Results.Text(new JsonObject { ["error"] = message }.ToJsonString(), "application/json", statusCode: status);
    }
}

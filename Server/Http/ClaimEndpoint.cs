// A code for a token, asked for where messages are: what lets these through lets a board claim its token. [SPEC 8.5]

using System.Globalization;
using System.Net;
using System.Text;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

internal sealed class ClaimEndpoint(ServerCore core, StoreTrouble trouble) : IDisposable
{
    /// <summary>The body's type.</summary>
    public const string MediaType = "application/vnd.nanosync.claim";

    private const int MostBody = 64;
    private const int Burst = 20; // wrong codes of one address at once; of the codes none is guessed so
    private const double PerSecond = 0.2;

    private readonly RateLimits _wrong = new(PerSecond, Burst); // by address, those of which none came for a while are forgotten

    /// <inheritdoc/>
    public void Dispose() => _wrong.Dispose();

    /// <summary>True when a request is for this.</summary>
    public static bool IsMeant(HttpRequest request)
    {
        ReadOnlySpan<char> type = request.ContentType.AsSpan();
        int semicolon = type.IndexOf(';');
        return (semicolon < 0 ? type : type[..semicolon]).Trim().Equals(MediaType, StringComparison.OrdinalIgnoreCase);
    }

    public async Task Handle(HttpContext context)
    {
        ReadOnlyMemory<byte>? body = await SyncEndpoint.ReadBody(context, MostBody);
        string? code = body is { } bytes && Names.TextOf(bytes.Span) is { } text ? ClaimCode.Read(text) : null;
        if (code == null)
        {
            await Answer(context, body == null ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status400BadRequest, "A code is 16 letters and digits.\n");
            return;
        }

        int key = Key(context.Connection.RemoteIpAddress);
        if (_wrong.Wait(key) is > 0 and int wait)
        {
            context.Response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
            await Answer(context, StatusCodes.Status429TooManyRequests, "Too many wrong codes from this address.\n");
            return;
        }

        (ClaimOutcome outcome, string name, string token) = await core.Writers.Run(() => core.Enrolment.Claim(code));
        trouble.Answered();
        if (outcome == ClaimOutcome.Unknown)
        {
            _wrong.Acquire(key);
        }
        else if (outcome == ClaimOutcome.Given)
        {
            string address = context.Connection.RemoteIpAddress?.ToString() ?? "";
            await core.Writers.RunAll(() =>
            {
                core.Access.Audit("code", "claim", name, address);
                return Task.CompletedTask;
            });
        }

        await (outcome switch
        {
            ClaimOutcome.Given => Answer(context, StatusCodes.Status200OK, $"{name}\n{token}\n"),
            ClaimOutcome.Ended => Answer(context, StatusCodes.Status403Forbidden, "This code was used, or has ended.\n"),
            _ => Answer(context, StatusCodes.Status403Forbidden, "There is no such code.\n"),
        });
    }

    // of IPv6 the network, of which a house has one
    private static int Key(IPAddress? address)
    {
        byte[] bytes = (address == null ? IPAddress.None : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        HashCode hash = default;
        hash.AddBytes(bytes.AsSpan(0, Math.Min(bytes.Length, 8)));
        return hash.ToHashCode();
    }

    private static Task Answer(HttpContext context, int status, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = bytes.Length;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.Body.WriteAsync(bytes, 0, bytes.Length, context.RequestAborted);
    }
}

// POST /sync: the HTTP carrier. [SPEC 8] Everything about the message itself is the engine's.

using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Http;

internal sealed class SyncEndpoint(ServerCore core, HttpOptions options, StoreTrouble trouble, ClaimEndpoint claim) : IDisposable
{
    private const int FirstBuffer = 2048;

    private static readonly byte[] s_types = System.Text.Encoding.ASCII.GetBytes(
        $"Content-Type is {MessageFormat.Wbxml.MediaType} or {MessageFormat.Xml.MediaType}. Without one the message is the binary form, whose first byte is 03.\n");

    private readonly RateLimits _limits = new(options.RatePerSecond, options.RateBurst); // of a device: who it is stands in its token, so not before that is known

    /// <inheritdoc/>
    public void Dispose() => _limits.Dispose();

    public async Task Handle(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.ContentLength = 0;
        try
        {
            if (ClaimEndpoint.IsMeant(context.Request))
            {
                await claim.Handle(context);
                return;
            }

            string? token = Bearer(context.Request);
            DeviceIdentity? device = token == null ? null : await core.Devices.AuthenticateAsync(token);
            if (device == null)
            {
                Unknown(context);
                return;
            }

            bool untyped = string.IsNullOrEmpty(context.Request.ContentType);
            MessageFormat? format = MessageFormat.Find(context.Request.ContentType);
            if (format == null && !untyped)
            {
                await RefuseType(context);
                return;
            }

            int wait = _limits.Acquire(device.Id);
            if (wait > 0)
            {
                Refuse(context, StatusCodes.Status429TooManyRequests);
                response.Headers.RetryAfter = wait.ToString(CultureInfo.InvariantCulture);
                return;
            }

            ReadOnlyMemory<byte>? body = await ReadBody(context, core.Options.Limits.MaxMessage);
            if (body == null)
            {
                Refuse(context, StatusCodes.Status413PayloadTooLarge);
                return;
            }

            format ??= MessageFormat.Tell(body.Value.Span);
            if (format == null)
            {
                await RefuseType(context);
                return;
            }

            SyncReply? reply = await core.Held.Answer(device, () => core.Devices.Authenticate(token!) == device, body.Value, format, context.RequestAborted);
            if (reply == null)
            {
                Unknown(context);
                return;
            }

            response.StatusCode = reply.Outcome == SyncOutcome.Malformed ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK;
            if (reply.Body.Length > 0)
            {
                trouble.Answered();
                response.ContentType = untyped ? null : format.MediaType;
                response.ContentLength = reply.Body.Length;
                await response.Body.WriteAsync(reply.Body, context.RequestAborted);
            }
        }
        catch (StoreException e)
        {
            response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            response.Headers.RetryAfter = trouble.NoteFailure(e);
        }
    }

    private void Unknown(HttpContext context)
    {
        Refuse(context, StatusCodes.Status401Unauthorized);
        context.Response.Headers.WWWAuthenticate = "Bearer";
    }

    private Task RefuseType(HttpContext context)
    {
        Refuse(context, StatusCodes.Status415UnsupportedMediaType);
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = s_types.Length;
        return context.Response.Body.WriteAsync(s_types, 0, s_types.Length, context.RequestAborted);
    }

    // Answers before the body was read. A body of a length that would not be taken is not waited for, and the device is
    // told that the connection ends, or its next request would run into that.
    private void Refuse(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        if (context.Request.ContentLength is not { } length || length > core.Options.Limits.MaxMessage)
        {
            context.Response.Headers.Connection = "close";
        }
    }

    /// <summary>The bearer token of a request; null when there is none.</summary>
    public static string? Bearer(HttpRequest request)
    {
        StringValues header = request.Headers.Authorization;
        const string Scheme = "Bearer ";
        return header.Count == 1 && header[0]!.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[0]![Scheme.Length..].Trim() : null;
    }

    /// <summary>The whole body; null when it is larger than <paramref name="most"/> bytes.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadBody(HttpContext context, int most)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null; // counted here
        }

        if (context.Request.ContentLength > most)
        {
            return null;
        }

        // a length that is only promised allocates nothing
        byte[] buffer = new byte[(int)Math.Min(context.Request.ContentLength ?? FirstBuffer, FirstBuffer) + 1];
        int count = 0;
        while (true)
        {
            int read = await context.Request.Body.ReadAsync(buffer.AsMemory(count), context.RequestAborted);
            if (read == 0)
            {
                return buffer.AsMemory(0, count);
            }

            count += read;
            if (count > most)
            {
                return null;
            }

            if (count == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min((long)buffer.Length * 2, (long)most + 1));
            }
        }
    }
}

// Alerts to a program: POST with a signature. docs/operations.md shows body and headers.

using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NanoSync.Server.Alerts;
using NanoSync.Server.Application;

namespace NanoSync.Server.Http;

/// <summary>The webhook.</summary>
public sealed class WebhookChannel(Uri address, string secret, HttpMessageHandler? network = null) : IAlertChannel
{
    private readonly HttpClient _http = new(network ?? new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) }) { Timeout = TimeSpan.FromSeconds(20) };

    /// <inheritdoc/>
    public string Name => "webhook";

    /// <inheritdoc/>
    public async Task<string?> Send(DeliveryRow delivery, AlertRow alert, long now, CancellationToken cancellation)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            delivery = delivery.Id,
            @event = delivery.Event,
            alert = alert.Id,
            kind = alert.Kind,
            device = alert.Device == 0 ? null : alert.Subject,
            subject = alert.Subject,
            text = alert.Text,
            began = ObjectJson.Time(alert.Began),
            opened = alert.Opened is { } opened ? ObjectJson.Time(opened) : null,
            closed = alert.Closed is { } closed ? ObjectJson.Time(closed) : null,
        });
        long time = now / 1000;
        using HttpRequestMessage request = new(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-NanoSync-Delivery", delivery.Id.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("X-NanoSync-Signature", string.Create(CultureInfo.InvariantCulture, $"t={time},sha256={Sign(secret, time, body)}"));
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
            return response.IsSuccessStatusCode ? null : $"HTTP {(int)response.StatusCode}";
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is HttpRequestException or TaskCanceledException or IOException)
        {
            return e.Message;
        }
    }

    /// <summary>The signature of a body: HMAC-SHA-256 of TIME.BODY, in hexadecimal.</summary>
    public static string Sign(string secret, long time, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(time.ToString(CultureInfo.InvariantCulture) + "."), .. body];
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }
}

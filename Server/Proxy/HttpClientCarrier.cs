// The engine's carrier on a server: HttpClient. Memory is not scarce here, so a message is gathered and sent at once.

using System.Net.Http.Headers;
using NanoSync.Device;

namespace NanoSync.Server.Proxy;

/// <summary>POST url/sync. [SPEC 8]</summary>
public sealed class HttpClientCarrier(HttpClient http, Uri url, string token) : ICarrier, IDisposable
{
    private readonly MemoryStream _message = new();
    private string _contentType = "";
    private Stream? _reply;
    private HttpResponseMessage? _response;

    /// <inheritdoc/>
    public int StatusCode { get; private set; }

    /// <inheritdoc/>
    public int RetryAfter { get; private set; } = -1;

    /// <summary>What went wrong, in the words of the platform; "" = nothing.</summary>
    public string Failure { get; private set; } = "";

    /// <inheritdoc/>
    public CarrierError Open(string contentType, int contentLength)
    {
        Close();
        _message.SetLength(0);
        _contentType = contentType;
        StatusCode = 0;
        RetryAfter = -1;
        Failure = "";
        return CarrierError.None;
    }

    /// <inheritdoc/>
    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _message.Write(buffer, offset, count);
        return CarrierError.None;
    }

    /// <inheritdoc/>
    public CarrierError Receive()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, url);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = new ByteArrayContent(_message.GetBuffer(), 0, (int)_message.Length);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(_contentType);
        try
        {
            _response = http.Send(request, HttpCompletionOption.ResponseHeadersRead);
            StatusCode = (int)_response.StatusCode;
            RetryAfter = _response.Headers.RetryAfter?.Delta is { } wait ? (int)wait.TotalSeconds : -1;
            if (!_response.IsSuccessStatusCode)
            {
                return CarrierError.Refused;
            }

            _reply = _response.Content.ReadAsStream();
            return CarrierError.None;
        }
        catch (OperationCanceledException)
        {
            return Failed("no answer in time", CarrierError.Timeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return Failed(e.Message, CarrierError.Unreachable);
        }
    }

    /// <inheritdoc/>
    public int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            return _reply!.Read(buffer, offset, count);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return -(int)Failed(e.Message, CarrierError.Broken);
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        _reply?.Dispose();
        _reply = null;
        _response?.Dispose();
        _response = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        _message.Dispose();
    }

    private CarrierError Failed(string why, CarrierError error)
    {
        Failure = why;
        return error;
    }
}

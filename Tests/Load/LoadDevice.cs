// One device of the load: it sends a window of readings, waits for the answer, and sends the next. It keeps nothing but
// the key, so that the generator stays small beside the server it measures.

using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.Load;

/// <summary>A device over real HTTP.</summary>
internal sealed class LoadDevice : ILoad
{
    private const string Collection = "readings";

    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly AuthenticationHeaderValue _token;
    private readonly string _store;
    private readonly byte[][] _readings;
    private string _key = SyncKeys.Zero;
    private long _next = 1;

    public LoadDevice(HttpClient http, Uri server, string token, int number, LoadOptions options)
    {
        _http = http;
        _url = new Uri(server, "/sync");
        _token = new AuthenticationHeaderValue("Bearer", token);
        _store = string.Create(CultureInfo.InvariantCulture, $"{number:x4}")[^4..]; // the first 4 characters of a ClientId
        _readings = new byte[options.Readings][];
        for (int i = 0; i < _readings.Length; i++)
        {
            _readings[i] = new byte[options.Bytes];
        }
    }

    /// <summary>Milliseconds of each sync that was answered, and what was not.</summary>
    public List<float> Latencies { get; } = [];

    /// <summary>Answers that were not the expected one, in words.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>Gets its first key, so that the measurement holds readings alone.</summary>
    public Task Start(CancellationToken cancellation)
    {
        return Exchange(Message(0), cancellation);
    }

    /// <summary>Syncs until told to end.</summary>
    public async Task Run(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            long began = Stopwatch.GetTimestamp();
            try
            {
                await Exchange(Message(_readings.Length), end);
                _next += _readings.Length;
                Latencies.Add((float)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is HttpRequestException or InvalidDataException or OperationCanceledException)
            {
                Errors.Add(e.Message);
            }
        }
    }

    private async Task Exchange(byte[] message, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, _url) { Content = new ByteArrayContent(message) };
        request.Headers.Authorization = _token;
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(WbxmlWriter.MediaType);
        using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"HTTP status {(int)response.StatusCode}"));
        }

        CollectionElement reply = MessageParser.Parse(MessageFormat.Wbxml, body).Collections[0];
        if (reply.Status != Status.Success || reply.Responses.Count > 0)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"status {reply.Status}, {reply.Responses.Count} responses"));
        }

        _key = reply.SyncKey;
    }

    private byte[] Message(int readings)
    {
        SyncMessage message = new() { Version = SyncService.Version };
        CollectionElement collection = new() { SyncKey = _key, Id = Collection, DeletesAsMoves = true };
        for (int i = 0; i < readings; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_readings[i], _next + i); // each is another one
            SyncCommand add = new() { Tag = Tags.Add, Data = _readings[i] };
            add.ClientId = i == 0 ? string.Create(CultureInfo.InvariantCulture, $"{_store}{_next}") : null;
            collection.Commands.Add(add);
        }

        message.Collections.Add(collection);
        return MessagePrinter.Print(MessageFormat.Wbxml, message);
    }
}

// The device engine's way to a server core in the same process: no network, the same bytes.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

/// <summary>A carrier into a <see cref="ServerCore"/>.</summary>
public sealed class CoreCarrier(ServerCore core, string device) : ICarrier
{
    private readonly DeviceIdentity _device = new(core.Devices.Get(device).Id, device);
    private readonly MemoryStream _request = new();
    private MessageFormat _format = MessageFormat.Wbxml;
    private byte[] _reply = [];
    private int _read;

    /// <summary>Takes the requests, in order; null = they are not kept.</summary>
    public List<SyncMessage>? Requests { get; init; }

    /// <summary>Takes the replies that are not empty, in order; null = they are not kept.</summary>
    public List<SyncMessage>? Replies { get; init; }

    /// <summary>Takes the bytes of requests and replies as they are, a request and its reply in turn; null = they are not kept.</summary>
    public List<byte[]>? Bytes { get; set; }

    /// <summary>Bytes of the reply that the device has not read yet.</summary>
    public int Left => _reply.Length - _read;

    /// <summary>The link breaks after so many bytes of each reply; -1 = it does not.</summary>
    public int CutReplyAt { get; set; } = -1;

    /// <summary>True: of each reply the last byte is missing.</summary>
    public bool CutsLastByte { get; set; }

    /// <summary>True: the server answers, and nobody hears it.</summary>
    public bool LosesReplies { get; set; }

    /// <summary>Done once, between a request and its reply.</summary>
    public Action? Meanwhile { get; set; }

    /// <summary>Done once with the next reply: what another server would have put in it.</summary>
    public Action<SyncMessage>? Reshape { get; set; }

    public int StatusCode { get; private set; }

    public int RetryAfter => -1;

    public CarrierError Open(string contentType, int contentLength)
    {
        _format = MessageFormat.Find(contentType)!;
        _request.SetLength(0);
        StatusCode = 0;
        return CarrierError.None;
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _request.Write(buffer, offset, count);
        return CarrierError.None;
    }

    public CarrierError Receive()
    {
        SyncReply reply = core.Sync.Handle(_device, _request.ToArray(), _format);
        _reply = reply.Body;
        _read = 0;
        Bytes?.AddRange([_request.ToArray(), _reply]);
        if (!reply.IsEmpty)
        {
            Replies?.Add(MessageParser.Parse(_format, _reply));
        }

        Requests?.Add(MessageParser.Parse(_format, _request.ToArray()));
        Meanwhile?.Invoke();
        Meanwhile = null;
        if (Reshape != null)
        {
            SyncMessage other = MessageParser.Parse(_format, _reply);
            Reshape(other);
            Reshape = null;
            _reply = MessagePrinter.Print(_format, other);
        }

        if (LosesReplies)
        {
            return CarrierError.Timeout;
        }

        StatusCode = reply.Outcome == SyncOutcome.Malformed ? 400 : 200;
        return reply.Outcome == SyncOutcome.Malformed ? CarrierError.Refused : CarrierError.None;
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        int end = CutsLastByte ? Math.Max(_reply.Length - 1, 0) : CutReplyAt >= 0 ? CutReplyAt : int.MaxValue;
        if (_read >= end && Left > 0)
        {
            return -(int)CarrierError.Broken;
        }

        count = Math.Min(count, Math.Min(Left, end - _read));
        Array.Copy(_reply, _read, buffer, offset, count);
        _read += count;
        return count;
    }

    public void Close()
    {
    }
}

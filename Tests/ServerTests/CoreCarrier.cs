// The device engine's way to a server core in the same process: no network, the same bytes.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;

namespace NanoSync.ServerTests;

/// <summary>A carrier into a <see cref="ServerCore"/>.</summary>
public sealed class CoreCarrier(ServerCore core, string device) : MemoryCarrier
{
    private readonly DeviceIdentity _device = new(core.Devices.Get(device).Id, device);
    private MessageFormat _format = MessageFormat.Wbxml;

    /// <summary>Takes the requests, in order; null = they are not kept.</summary>
    public List<SyncMessage>? Requests { get; init; }

    /// <summary>Takes the replies that are not empty, in order; null = they are not kept.</summary>
    public List<SyncMessage>? Replies { get; init; }

    /// <summary>Takes the bytes of requests and replies as they are, a request and its reply in turn; null = they are not kept.</summary>
    public List<byte[]>? Bytes { get; set; }

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

    protected override int End => CutsLastByte ? Math.Max(Reply.Length - 1, 0) : CutReplyAt >= 0 ? Math.Min(CutReplyAt, Reply.Length) : Reply.Length;

    public override CarrierError Open(string contentType, int contentLength)
    {
        _format = MessageFormat.Find(contentType)!;
        StatusCode = 0;
        return base.Open(contentType, contentLength);
    }

    public override CarrierError Receive()
    {
        SyncReply reply = core.Sync.Handle(_device, Request, _format);
        Reply = reply.Body;
        Bytes?.AddRange([Request, Reply]);
        if (!reply.IsEmpty)
        {
            Replies?.Add(MessageParser.Parse(_format, Reply));
        }

        Requests?.Add(MessageParser.Parse(_format, Request));
        Meanwhile?.Invoke();
        Meanwhile = null;
        if (Reshape != null)
        {
            SyncMessage other = MessageParser.Parse(_format, Reply);
            Reshape(other);
            Reshape = null;
            Reply = MessagePrinter.Print(_format, other);
        }

        if (LosesReplies)
        {
            return CarrierError.Timeout;
        }

        StatusCode = reply.Outcome == SyncOutcome.Malformed ? 400 : 200;
        return reply.Outcome == SyncOutcome.Malformed ? CarrierError.Refused : CarrierError.None;
    }
}

using NanoSync.Device;
using NanoSync.Server.Engine;

namespace NanoSync.Simulation;

/// <summary>A line to a server on which messages are lost, repeated, delayed and cut, as its generator says.</summary>
public sealed class FaultyLink(ProxyWorld world, string name, Func<byte[], SyncReply?> ask) : ICarrier
{
    private static readonly ProxyFault[] s_faults =
    [
        ProxyFault.LoseRequest, ProxyFault.LoseReply, ProxyFault.LoseReply, ProxyFault.RepeatRequest, ProxyFault.DelayRequest, ProxyFault.LateReply,
        ProxyFault.CutRequest, ProxyFault.CutReply, ProxyFault.CutReply, ProxyFault.AnswererKilledBeforeCommit, ProxyFault.AnswererKilledAfterCommit,
    ];

    private readonly MemoryStream _request = new();
    private readonly List<byte[]> _past = [];
    private byte[]? _delayed;
    private byte[] _reply = [];
    private ProxyFault? _fault;
    private int _announced;
    private int _cut; // bytes of request or reply that arrive
    private int _read;

    /// <summary>Messages of a hundred that meet a fault.</summary>
    public int Trouble { get; set; }

    /// <summary>Nobody answers.</summary>
    public bool Away { get; set; }

    public int StatusCode { get; private set; }

    public int RetryAfter => -1;

    public int Messages { get; private set; }

    public int LargestRequest { get; private set; }

    public int LargestReply { get; private set; }

    public long Bytes { get; private set; }

    public CarrierError Open(string contentType, int contentLength)
    {
        _request.SetLength(0);
        _announced = contentLength;
        _reply = [];
        _read = 0;
        StatusCode = 0;
        if (Away)
        {
            Count(ProxyFault.Away);
            return CarrierError.Unreachable;
        }

        _fault = world.Rng.Percent(Trouble) ? world.Rng.Pick(s_faults) : null;
        _cut = world.Rng.Below(_fault == ProxyFault.CutRequest ? contentLength : 1);
        return CarrierError.None;
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _request.Write(buffer, offset, count);
        return Happens(ProxyFault.CutRequest, _request.Length > _cut) ? CarrierError.Broken : CarrierError.None;
    }

    public CarrierError Receive()
    {
        byte[] request = _request.ToArray();
        if (request.Length != _announced)
        {
            world.Violate($"{name}: announced {_announced} bytes and wrote {request.Length}");
        }

        Messages++;
        Bytes += request.Length;
        LargestRequest = Math.Max(LargestRequest, request.Length);
        world.Trace.Message($"{name} ->", request, false);
        if (_delayed is { } late)
        {
            _delayed = null;
            world.Trace.Line($"    {name}: the delayed request arrives");
            ask(late);
        }

        if (Happens(ProxyFault.LoseRequest))
        {
            return CarrierError.Timeout;
        }

        if (Happens(ProxyFault.DelayRequest))
        {
            _delayed = request;
            return CarrierError.Timeout;
        }

        if (Happens(ProxyFault.RepeatRequest))
        {
            ask(request);
        }

        if (_fault is ProxyFault.AnswererKilledBeforeCommit or ProxyFault.AnswererKilledAfterCommit)
        {
            world.KillAnswer = (_fault == ProxyFault.AnswererKilledBeforeCommit ? SyncStep.BeforeCommit : SyncStep.AfterCommit, world.Rng.Below(3));
        }

        SyncReply? reply = ask(request);
        world.KillAnswer = null;
        if (reply == null)
        {
            Count(_fault!.Value);
            return CarrierError.Broken;
        }

        if (reply.Outcome == SyncOutcome.Malformed)
        {
            world.Violate($"{name}: a message is called malformed: {reply.Error}");
            StatusCode = 400;
            return CarrierError.Refused;
        }

        StatusCode = 200;
        _reply = reply.Body;
        Bytes += _reply.Length;
        LargestReply = Math.Max(LargestReply, _reply.Length);
        world.Trace.Message($"{name} <-", _reply, false);
        if (_reply.Length > 0)
        {
            _past.Add(_reply);
        }

        if (_past.Count > 6)
        {
            _past.RemoveAt(0);
        }

        if (Happens(ProxyFault.LoseReply))
        {
            return CarrierError.Timeout;
        }

        if (Happens(ProxyFault.LateReply, _past.Count > 1))
        {
            _reply = _past[world.Rng.Below(_past.Count - 1)];
        }

        _cut = Happens(ProxyFault.CutReply, _reply.Length > 1) ? world.Rng.Below(_reply.Length) : _reply.Length;
        return CarrierError.None;
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        count = Math.Min(count, _cut - _read);
        if (count == 0)
        {
            return _cut < _reply.Length ? -(int)CarrierError.Broken : 0;
        }

        Array.Copy(_reply, _read, buffer, offset, count);
        _read += count;
        return count;
    }

    public void Close()
    {
    }

    /// <summary>Replies on their way are lost: over HTTP they end with their connection.</summary>
    public void ForgetReplies() => _past.Clear();

    private bool Happens(ProxyFault fault, bool also = true)
    {
        if (_fault != fault || !also)
        {
            return false;
        }

        Count(fault);
        return true;
    }

    private void Count(ProxyFault fault) => world.Count(fault, name.StartsWith("site", StringComparison.Ordinal) ? 1 : 0);
}

using NanoSync.Device;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Sealed;

namespace NanoSync.Simulation;

/// <summary>The line between a device and the server, with what goes wrong on it.</summary>
public sealed class SimLink(World world, SimDevice device) : IHoldingCarrier
{
    private const int Kept = 6; // earlier exchanges that may turn up late

    private static readonly SyncReply s_busy = new(SyncOutcome.Answered, []); // the database failed: HTTP 503
    private static readonly Action<int, SyncStep> s_undisturbed = (_, _) => { };
    private static readonly Fault[] s_ends = [Fault.SharedCommitFails, Fault.KillBeforeShared, Fault.KillAfterShared];

    private readonly MemoryStream _request = new();
    private readonly List<(byte[] Request, byte[] Reply, long Made, string Store, int Restores)> _past = [];
    private readonly Hmac _hmac = new();
    private byte[] _reply = [];
    private int _read;
    private int _end;
    private bool _xml;
    private int _announced;
    private int _slice;

    public FaultPlan Plan { get; set; } = new();

    public int StatusCode { get; private set; }

    public int RetryAfter => StatusCode == 503 ? 7 : -1;

    public int LastRequest { get; private set; }

    public int LastReply { get; private set; }

    public byte[] LastReplyBytes => _reply;

    /// <summary>The server's time when it made the reply being read.</summary>
    public long Made { get; private set; }

    /// <summary>Replies of the hostile server; null = the real one.</summary>
    public Func<byte[], byte[]>? Instead { get; set; }

    public CarrierError Open(string contentType, int contentLength)
    {
        _request.SetLength(0);
        _xml = contentType.EndsWith("xml", StringComparison.Ordinal) && !contentType.EndsWith("wbxml", StringComparison.Ordinal);
        _announced = contentLength;
        _reply = [];
        _read = 0;
        _end = 0;
        StatusCode = 0;
        return CarrierError.None;
    }

    public CarrierError Write(byte[] buffer, int offset, int count)
    {
        _request.Write(buffer, offset, count);
        if (Plan.Has(Fault.CutRequest) && _request.Length > FaultPlan.Place(Plan.RequestAt, _announced))
        {
            world.Count(Fault.CutRequest);
            return CarrierError.Broken;
        }

        return CarrierError.None;
    }

    public CarrierError Receive()
    {
        byte[] request = _request.ToArray();
        if (request.Length != _announced)
        {
            world.Violate($"{device.Name} announced {_announced} bytes and wrote {request.Length}");
        }

        LastRequest = request.Length;
        byte[] tag = new byte[4];
        Protocol.Fnv.WriteTag(Protocol.Fnv.Of(request, 0, request.Length), tag, 0);
        world.Tap?.Invoke(request, true, _xml, tag);
        world.JudgeRequest(device, request, _xml);
        world.Trace.Message($"{device.Name} ->", request, _xml);
        _slice = Plan.Pick % 4 == 0 ? 1 + (int)(Plan.Pick / 4 % 40) : 4096;
        if (Instead != null)
        {
            _reply = Instead(request);
            _end = _reply.Length;
            StatusCode = 200;
            return CarrierError.None;
        }

        if (Happens(Fault.LoseRequest))
        {
            Remember(request, []); // and it may come late
            return CarrierError.Timeout;
        }

        if (Happens(Fault.Refuse503))
        {
            StatusCode = 503;
            return CarrierError.Refused;
        }

        if (Plan.Has(Fault.LateRequest) && _past.Count > 0)
        {
            world.Count(Fault.LateRequest);
            (byte[] late, _, _, string store, _) = _past[(int)(Plan.Pick % (ulong)_past.Count)];
            world.Trace.Message($"{device.Name} late ->", late, _xml);
            Ask(1 - Plan.Node, late, store: store);
        }

        byte[] asked = request;
        if (Plan.Has(Fault.CutRequestUnseen) && request.Length > 0)
        {
            world.Count(Fault.CutRequestUnseen);
            asked = request[..FaultPlan.Place(Plan.RequestAt, request.Length)];
        }

        if (Happens(Fault.FlipRequest))
        {
            SealAndFlip(SealedKind.Request, request, Plan.RequestAt);
            Remember(request, []);
            return CarrierError.Timeout;
        }

        if (Happens(Fault.RepeatRequest))
        {
            Ask(Plan.Node, asked);
        }

        if (Happens(Fault.RepeatAtOtherNode))
        {
            Ask(1 - Plan.Node, asked);
        }

        Made = world.Clock.GetUtcNow().ToUnixTimeSeconds();
        SyncReply? reply = Plan.Has(Fault.SharesCommit) ? AskTogether(asked) : Ask(Plan.Node, asked, Plan);
        if (reply == null)
        {
            return CarrierError.Broken; // the server ended
        }

        if (reply == s_busy)
        {
            StatusCode = 503;
            Remember(request, []);
            return CarrierError.Refused;
        }

        if (reply.Hold != null && asked == request)
        {
            reply = Held(request, reply);
            if (reply == null)
            {
                return CarrierError.Broken; // given up
            }
        }

        _reply = reply.Body;
        if (reply.Outcome == SyncOutcome.Malformed)
        {
            if (asked == request)
            {
                world.Violate($"the server calls a message of {device.Name} malformed: {reply.Error}");
            }

            StatusCode = 400;
            return CarrierError.Refused;
        }

        StatusCode = 200;
        world.Tap?.Invoke(_reply, false, _xml, tag);
        if (asked == request)
        {
            world.JudgeAnswer(device, _reply, _xml);
        }

        Remember(request, _reply);
        LastReply = _reply.Length;
        world.Trace.Message($"{device.Name} <-", _reply, _xml);
        if (Happens(Fault.LoseReply))
        {
            return CarrierError.Timeout;
        }

        if (Plan.Has(Fault.LateReply) && _past.Count > 1)
        {
            (_, byte[] late, long made, _, int restores) = _past[(int)(Plan.Pick % (ulong)(_past.Count - 1))];
            if (late.Length > 0) // one without bytes names no request; HTTP has its connection for that, mail and files the number
            {
                world.Count(Fault.LateReply);
                world.Trace.Message($"{device.Name} <- (late)", late, _xml);
                Made = made;
                device.AnsweredBefore |= restores < world.Server.Restores;
                _reply = world.Server.Mutation == Mutation.AnyReply ? Forge(late, request) : late;
            }
        }

        if (Happens(Fault.FlipReply))
        {
            SealAndFlip(SealedKind.Reply, _reply, Plan.ReplyAt);
            return CarrierError.Timeout;
        }

        world.JudgeReply(device, _reply, _xml);
        _end = _reply.Length;
        if ((Plan.Has(Fault.CutReply) || Plan.Has(Fault.CutReplyUnseen)) && _reply.Length > 1)
        {
            world.Count(Plan.Has(Fault.CutReply) ? Fault.CutReply : Fault.CutReplyUnseen);
            _end = Math.Min(FaultPlan.Place(Plan.ReplyAt, _reply.Length), _reply.Length);
            _end = Plan.Has(Fault.CutReplyUnseen) ? Math.Max(_end, 1) : _end; // HTTP tells no bytes from bytes that are missing
        }

        return CarrierError.None;
    }

    public int Read(byte[] buffer, int offset, int count)
    {
        count = Math.Min(Math.Min(count, _slice), _end - _read);
        if (count == 0)
        {
            return _end < _reply.Length && Plan.Has(Fault.CutReply) ? -(int)CarrierError.Broken : 0;
        }

        Array.Copy(_reply, _read, buffer, offset, count);
        _read += count;
        return count;
    }

    public void Close()
    {
    }

    public void Hold(int seconds)
    {
        // one thread: what comes in the middle is in the plan
    }

    public void Abort()
    {
    }

    // The answer is held [SPEC 5.9]: until the time is over, or the device gives it up, or the other device has synced at the other
    // node. Then the same bytes are looked at again, here or, as this node has died, there.
    private SyncReply? Held(byte[] request, SyncReply reply)
    {
        switch (Plan.Pick >> 40 & 3)
        {
            case 0:
                return reply;
            case 1:
                world.Count(Fault.HeldAndGivenUp);
                return null;
            default:
                world.Count(Fault.HeldUntilOther);
                world.Interleave(device, 1 - Plan.Node);
                return Ask((Plan.Pick >> 42 & 1) == 0 ? Plan.Node : 1 - Plan.Node, request);
        }
    }

    private void Remember(byte[] request, byte[] reply)
    {
        _past.Add((request, reply, Made, device.Life, world.Server.Restores));
        if (_past.Count > Kept)
        {
            _past.RemoveAt(0);
        }
    }

    private bool Happens(Fault fault)
    {
        if (!Plan.Has(fault))
        {
            return false;
        }

        world.Count(fault);
        return true;
    }

    // One request at a node; null when the server ended in the middle of it.
    private SyncReply? Ask(int node, byte[] request, FaultPlan? plan = null, string? store = null)
    {
        try
        {
            return As(plan == null ? null : Steps(node, request, plan), plan, store, () => world.Server.Handle(node, device.Identity, request, _xml));
        }
        catch (ServerKilled)
        {
            world.Trace.Line($"    the server ends");
            world.Server.Replace(node);
            return null;
        }
        catch (StoreException e)
        {
            world.Trace.Line($"    {e.Message}");
            return s_busy;
        }
    }

    // What goes wrong at the steps of a request.
    private Action<int, SyncStep> Steps(int node, byte[] request, FaultPlan plan)
    {
        int step = 0;
        return (at, reached) =>
        {
            if (at != node)
            {
                return; // a request within this one
            }

            if (reached == SyncStep.AfterCommit && step == plan.Step)
            {
                if (Happens(Fault.RepeatInTheMiddle))
                {
                    Ask(1 - node, request);
                }

                if (plan.Has(Fault.OtherDeviceInTheMiddle))
                {
                    world.Interleave(device, 1 - node);
                }
            }

            bool killed = reached == SyncStep.BeforeCommit ? plan.Has(Fault.KillBeforeCommit) : plan.Has(Fault.KillAfterCommit);
            if (killed && step == plan.Step)
            {
                world.Count(reached == SyncStep.BeforeCommit ? Fault.KillBeforeCommit : Fault.KillAfterCommit);
                throw new ServerKilled();
            }

            step += reached == SyncStep.AfterCommit ? 1 : 0;
        };
    }

    // On behalf of this device, with a place where the database fails.
    private T As<T>(Action<int, SyncStep>? steps, FaultPlan? plan, string? store, Func<T> ask)
    {
        (Action<int, SyncStep>? reached, int fails, string before, SimDevice? writing) = (world.Server.Reached, world.Server.FailsIn, world.WritingStore, world.Writing);
        try
        {
            world.Server.Reached = steps ?? reached;
            world.Server.FailsIn = plan != null && Happens(Fault.StatementFails) ? 1 + (int)(plan.Pick >> 54 & 31) : 0;
            (world.WritingStore, world.Writing) = (store ?? device.Life, device);
            device.MostAsked = Math.Max(device.MostAsked, ++device.Asked);
            return ask();
        }
        finally
        {
            (world.Server.Reached, world.Server.FailsIn, world.WritingStore, world.Writing) = (reached, fails, before, writing);
        }
    }

    // The request waits, and shares a commit with what comes meanwhile: the other device's, a copy of its own, one that comes late.
    // Who comes last sees to the commit. Each is answered after it; one that fails does so alone, and without the commit all do.
    private SyncReply? AskTogether(byte[] request)
    {
        bool first = world.Shared == null;
        world.Shared ??= (Plan.Node, s_ends.Cast<Fault?>().FirstOrDefault(f => Plan.Has(f!.Value)));
        world.Count(Fault.SharesCommit);
        int node = world.Shared.Value.Node;
        List<Task<SyncReply>> others = [];
        if ((Plan.Pick >> 48 & 3) == 0 && _past.Count > 0)
        {
            world.Count(Fault.LateRequest);
            (byte[] late, _, _, string store, _) = _past[(int)(Plan.Pick % (ulong)_past.Count)];
            world.Trace.Message($"{device.Name} late ->", late, _xml);
            others.Add(Wait(node, late, null, store));
        }

        Task<SyncReply> mine = Wait(node, request, Plan, null);
        if ((Plan.Pick >> 50 & 3) == 0)
        {
            world.Count(Fault.RepeatRequest);
            others.Add(Wait(node, request, null, null));
        }

        if (first)
        {
            world.Join(device);
        }

        if (world.Shared is { } shared)
        {
            world.Shared = null;
            world.Server.WriteWaiting(node, after => End(shared.End, after));
            if (shared.End is Fault.KillBeforeShared or Fault.KillAfterShared)
            {
                world.Server.Replace(node);
            }
        }

        _ = others.ConvertAll(Outcome); // each has ended
        return Outcome(mine);
    }

    private Task<SyncReply> Wait(int node, byte[] request, FaultPlan? plan, string? store) =>
        As(plan == null ? s_undisturbed : Fails(plan), plan, store, () => world.Server.HandleTogether(node, device.Identity, request, _xml));

    // A request that fails by itself in a shared commit, before or after its own part of it.
    private Action<int, SyncStep> Fails(FaultPlan plan)
    {
        int step = 0;
        return (_, reached) =>
        {
            bool after = reached == SyncStep.AfterCommit;
            if (plan.Has(Fault.FailsInShared) && step == plan.Step % 2 && after == ((plan.Pick >> 53 & 1) == 1))
            {
                world.Count(Fault.FailsInShared);
                throw new ServerKilled();
            }

            step += after ? 1 : 0;
        };
    }

    private void End(Fault? end, bool after)
    {
        if (end is { } fault && after == (fault == Fault.KillAfterShared))
        {
            world.Count(fault);
            throw fault == Fault.SharedCommitFails ? new StoreException("The disk is full.") : new ServerKilled();
        }
    }

    private SyncReply? Outcome(Task<SyncReply> asked)
    {
        try
        {
            return asked.GetAwaiter().GetResult();
        }
        catch (ServerKilled)
        {
            world.Trace.Line($"    the server ends");
            return null;
        }
        catch (StoreException e)
        {
            world.Trace.Line($"    {e.Message}");
            return s_busy;
        }
    }

    // A message has no check sum of its own: TCP has, TLS has, and where there is neither it is sealed [SPEC 8.2]. One bit of
    // the sealed form is flipped, and the other side must drop it: the server by its code, the device by its own.
    private void SealAndFlip(SealedKind kind, byte[] message, int at)
    {
        byte[] key = SealedMessage.KeyOf(device.Name);
        byte[] bytes = SealedMessage.Seal(kind, _xml ? MessageFormat.Xml : MessageFormat.Wbxml, device.Store.FormatId, 1, device.Name, message, key).ToBytes();
        bytes[FaultPlan.Place(at, bytes.Length)] ^= (byte)(1 << (int)(Plan.Pick % 8));
        bool taken;
        if (kind == SealedKind.Request)
        {
            taken = SealedMessage.Parse(bytes) is { } parsed && parsed.IsFrom(key);
        }
        else
        {
            int length = bytes.Length - Hmac.Size;
            byte[] mac = new byte[Hmac.Size];
            _hmac.SetKey(key, 0, key.Length);
            _hmac.Begin();
            _hmac.Add(bytes, 0, length);
            _hmac.Finish(mac);
            taken = mac.AsSpan().SequenceEqual(bytes.AsSpan(length));
        }

        if (taken)
        {
            world.Violate($"a sealed {kind} of {device.Name} is taken although a bit was flipped");
        }
    }

    // Mutation AnyReply: an old reply is made to name the new request, as if the device did not look.
    private byte[] Forge(byte[] late, byte[] request)
    {
        SyncMessage message = MessageParser.Parse(_xml ? MessageFormat.Xml : MessageFormat.Wbxml, late);
        foreach (CollectionElement collection in message.Collections)
        {
            if (collection.SyncKey.Length > 4)
            {
                byte[] tag = new byte[4];
                Protocol.Fnv.WriteTag(Protocol.Fnv.Of(request, 0, request.Length), tag, 0);
                collection.SyncKey = collection.SyncKey[..^4] + System.Text.Encoding.ASCII.GetString(tag);
            }
        }

        return MessagePrinter.Print(_xml ? MessageFormat.Xml : MessageFormat.Wbxml, message);
    }
}

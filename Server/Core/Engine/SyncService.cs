// The message core: one request in, one reply out. It knows neither HTTP nor SQL, keeps nothing between requests, and
// gives the same reply for the same store, time and bytes.
//
//   1. The whole body is parsed; what cannot be parsed changes nothing.
//   2. What the device tells in the Options of the message is kept.
//   3. If nothing is to be done or told, the reply is empty and nothing is written. [SPEC 2.3]
//   4. Each collection: one transaction that holds its key row, from reading the key to keeping the reply.
//   5. The replies of the collections are joined with what is told in the Options of the message.

using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NanoSync.Protocol;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Engine;

/// <summary>Bounds of the engine.</summary>
public sealed record SyncLimits
{
    /// <summary>Objects not deleted of one device, over its collections other than outboxes. An Add beyond is refused with Status 9.</summary>
    public long MaxObjects { get; init; } = 1_000_000;

    /// <summary>Readings not deleted of one device, over its outboxes; 0 = no bound. Beyond: Status 9, and the device keeps them.</summary>
    public long MaxReadings { get; init; }

    /// <summary>
    /// Deleted objects of a collection that somebody who syncs it has not acknowledged yet. Beyond it a new object is refused
    /// with Status 9 until they have.
    /// </summary>
    public int MaxDeleted { get; init; } = 100_000;

    /// <summary>Bytes of one object, also of one that comes in parts. Beyond: Status 201.</summary>
    public int MaxObject { get; init; } = 1 << 20;

    /// <summary>Bytes of one request; told to devices, enforced by carriers.</summary>
    public int MaxMessage { get; init; } = 1 << 20;

    /// <summary>Bytes of ApplicationData in a reply, whatever Limit the device gave.</summary>
    public int MaxReply { get; init; } = 512 << 10;

    /// <summary>Objects in a reply when the device gave no WindowSize. [SPEC 2.3]</summary>
    public int DefaultWindow { get; init; } = 100;

    /// <summary>Shortest time for which an answer is held. [SPEC 2.3, HeartbeatInterval]</summary>
    public const int LeastHold = 10;

    /// <summary>Longest time, in seconds, at least <see cref="LeastHold"/>; AirSync's is 3540. A proxy that cuts earlier wants less.</summary>
    public int MostHold { get; init; } = 3540;

    internal int LongestHold => Math.Max(MostHold, LeastHold);

    /// <summary>Requests held at the same time by this process; those beyond it are answered at once.</summary>
    public int MaxHeld { get; init; } = 20_000;

    /// <summary>How old the note "last seen" may be before an idle request refreshes it: polling writes nothing.</summary>
    public TimeSpan SeenEvery { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>Moments at which a test may stop the server.</summary>
public enum SyncStep
{
    /// <summary>All of a collection is done, nothing durable yet.</summary>
    BeforeCommit,

    /// <summary>A collection is durable, the reply not yet made.</summary>
    AfterCommit,
}

/// <summary>What a request came to.</summary>
public enum SyncOutcome
{
    /// <summary>Answered; the body is never empty.</summary>
    Answered,

    /// <summary>Not a message; the body says so with Status 4.</summary>
    Malformed,
}

/// <summary>A reply.</summary>
public sealed record SyncReply(SyncOutcome Outcome, byte[] Body, string? Error = null)
{
    /// <summary>The store that asked; 0 = not known.</summary>
    public int Replica { get; init; }

    /// <summary>For how long, and for which collections, this empty reply may be held; null = not at all.</summary>
    public HoldAsked? Hold { get; init; }

    /// <summary>True for the empty reply: nothing for this device. [SPEC 2.3]</summary>
    public bool IsEmpty => Body.Length == EmptyReply.Size && Body[0] == EmptyReply.Mark;
}

/// <summary>What an idle request asks for: to be answered once something is due, or the time is over.</summary>
/// <param name="Seconds">How long.</param>
/// <param name="Collections">Numbers of the collections that it is about.</param>
public sealed record HoldAsked(int Seconds, int[] Collections);

/// <summary>Looks at a message before anything of it is done.</summary>
public interface IMessageGuard
{
    /// <summary>What the refusal says in its Options, with Status 203; null = the message may pass.</summary>
    /// <param name="store">The state before the message.</param>
    /// <param name="device">Who sent it.</param>
    /// <param name="request">The message.</param>
    Structure? Refuses(IStoreTransaction store, DeviceIdentity device, SyncMessage request);
}

/// <summary>Answers requests.</summary>
public sealed class SyncService
{
    /// <summary>The version spoken. [SPEC 2.3]</summary>
    public const string Version = "1.0";

    private readonly IServerStore _store;
    private readonly TimeProvider _clock;
    private readonly SyncLimits _limits;
    private readonly ClassCatalog _classes;
    private readonly Incarnation _incarnation;
    private readonly ILogger _log;
    private readonly Action<SyncStep>? _reached;

    /// <summary>Makes the core.</summary>
    /// <param name="store">The database.</param>
    /// <param name="clock">The time.</param>
    /// <param name="limits">Bounds; null = the defaults.</param>
    /// <param name="classes">Classes, shared with whoever else works on the store; null = own.</param>
    /// <param name="log">Failures are told here; null = nowhere.</param>
    /// <param name="reached">Called at each step; what it throws ends the request there, as a stopped server would.</param>
    /// <param name="incarnation">The database's, shared likewise; null = one of its own.</param>
    public SyncService(IServerStore store, TimeProvider clock, SyncLimits? limits = null, ClassCatalog? classes = null, ILogger? log = null,
        Action<SyncStep>? reached = null, Incarnation? incarnation = null)
    {
        _store = store;
        _clock = clock;
        _limits = limits ?? new SyncLimits();
        _classes = classes ?? new ClassCatalog();
        _incarnation = incarnation ?? new Incarnation(store, clock);
        _log = log ?? NullLogger.Instance;
        _reached = reached;
    }

    /// <summary>Refuses messages that go round in a circle; null = none are.</summary>
    public IMessageGuard? Guard { get; set; }

    /// <summary>Sees requests go by; null = nobody does.</summary>
    public Fleet.ISyncWatcher? Watcher { get; set; }

    /// <summary>
    /// Answers a request. Throws <see cref="StoreException"/> when the database fails: the device asks again with the same
    /// bytes, and collections already done give their kept reply.
    /// </summary>
    public SyncReply Handle(DeviceIdentity device, ReadOnlyMemory<byte> body, MessageFormat format, CancellationToken cancellation = default)
    {
        if (Read(body, format, out Request request) is { } wrong)
        {
            return Refuse(device, format, wrong);
        }

        try
        {
            return Print(device, body.Length, request, format, Answer(device, request, cancellation));
        }
        catch (StoreException)
        {
            Telemetry.Sync("failed", System.Diagnostics.Stopwatch.GetElapsedTime(request.Received), body.Length, 0);
            throw;
        }
    }

    /// <summary>
    /// The same without a thread that waits: requests that come together share a commit, each is answered after it, and those
    /// of a device in the order in which they were given.
    /// </summary>
    /// <param name="device">Who asks.</param>
    /// <param name="body">The request.</param>
    /// <param name="format">Its encoding, and that of the reply.</param>
    /// <param name="held">True: it was held, and is looked at again.</param>
    /// <param name="cancellation">Ends it between two collections.</param>
    public async Task<SyncReply> HandleAsync(DeviceIdentity device, ReadOnlyMemory<byte> body, MessageFormat format, bool held = false, CancellationToken cancellation = default)
    {
        if (Read(body, format, out Request request) is { } wrong)
        {
            return wrong.Note == null ? Refuse(device, format, wrong) : await _store.Together(device.Id, () => Refuse(device, format, wrong));
        }

        _incarnation.Begin(); // begun before a commit that might fail
        using System.Diagnostics.Activity? activity = Telemetry.Source.StartActivity("sync");
        try
        {
            return Print(device, body.Length, request, format, await _store.Together(device.Id, () => Answer(device, request, cancellation)), held);
        }
        catch (StoreException)
        {
            _classes.Forget(); // a definition may have been read that did not become durable
            Telemetry.Sync("failed", System.Diagnostics.Stopwatch.GetElapsedTime(request.Received), body.Length, 0);
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
            throw;
        }
    }

    // What is wrong with a message; null when nothing is.
    private Wrong? Read(ReadOnlyMemory<byte> body, MessageFormat format, out Request request)
    {
        request = null!;
        SyncMessage message;
        try
        {
            message = MessageParser.Parse(format, body);
        }
        catch (MessageException e)
        {
            return IsOtherVersion(e.Version) ? Wrong.Version
                : new Wrong(e.Error == SyncError.TooMany ? Status.TooMany : Status.ProtocolError, e.Message);
        }

        if (message.Version == null)
        {
            return new Wrong(Status.ProtocolError, $"error {(int)SyncError.Missing} ({SyncError.Missing}): no Version");
        }

        if (IsOtherVersion(message.Version))
        {
            return Wrong.Version;
        }

        if (HoldRange(message) is { } range)
        {
            return range;
        }

        ArraySegment<byte> bytes = MessageFormat.Segment(body);
        RequestId id = new(Fnv.Of(bytes.Array, bytes.Offset, bytes.Count), SHA256.HashData(body.Span), Structures.LastChange(message.Options));
        request = new Request(id, message, System.Diagnostics.Stopwatch.GetTimestamp());
        return null;
    }

    // [SPEC 2.3] For how long an answer may be held: in the unit in which it was asked.
    private Wrong? HoldRange(SyncMessage message)
    {
        if (message is { Wait: not null, Heartbeat: not null })
        {
            return new Wrong(Status.ProtocolError, $"error {(int)SyncError.NotInGrammar} ({SyncError.NotInGrammar}): Wait and HeartbeatInterval");
        }

        int most = _limits.LongestHold;
        int asked = message.Wait ?? message.Heartbeat ?? SyncLimits.LeastHold;
        int near = message.Wait != null ? Math.Clamp(asked, 1, Math.Max(most / 60, 1)) : Math.Clamp(asked, SyncLimits.LeastHold, most);
        return near == asked ? null : new Wrong(Status.WaitOutOfRange, null, near);
    }

    private SyncReply Print(DeviceIdentity device, int bytesUp, Request request, MessageFormat format, Answered answer, bool held = false)
    {
        byte[] body = answer.Empty ?? MessagePrinter.Print(format, answer.Reply!);
        if (held && answer.Hold != null)
        {
            return new SyncReply(SyncOutcome.Answered, body) { Replica = answer.Replica, Hold = answer.Hold }; // nothing has come of it
        }

        answer.Afterwards.ForEach(say => say());
        bool refused = answer.Reply is { Status: not Status.Success };
        Telemetry.Sync(answer.Hold != null ? "held" : answer.Empty != null ? "empty" : refused ? "refused" : "answered", System.Diagnostics.Stopwatch.GetElapsedTime(request.Received), bytesUp, body.Length);
        Telemetry.Done(request.Tally);
        Watcher?.Answered(device, request.Message, answer.Reply, answer.Reply?.Status ?? Status.Success, bytesUp, body.Length, _clock.GetUtcNow().ToUnixTimeMilliseconds(),
            System.Diagnostics.Stopwatch.GetElapsedTime(request.Received));
        return new SyncReply(SyncOutcome.Answered, body) { Replica = answer.Replica, Hold = answer.Hold };
    }

    private Answered Answer(DeviceIdentity device, Request message, CancellationToken cancellation)
    {
        (RequestId id, SyncMessage request, _) = message;
        long now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        _incarnation.Begin(); // begun before any transaction of this request
        Structures structures = new(_store, _classes, _limits, _incarnation, device, now, _log);
        List<KeyRow> rows = [];
        ReplyBudget? budget = null;
        IStoreTransaction look = _store.BeginRead(); // one for all that is looked at before anything is done
        try
        {
            if (Guard?.Refuses(look, device, request) is { } why)
            {
                SyncMessage refusal = new() { Status = Status.Loop };
                refusal.Options.Add(why);
                return new Answered(refusal);
            }

            if (structures.Keep(request.Options))
            {
                look.Dispose();
                look = _store.BeginRead(); // what was kept is to be seen
            }

            if (!IsIdle(look, device, request, structures, rows))
            {
                budget = Budget(look, device, id, request, structures);
            }
        }
        finally
        {
            look.Dispose();
        }

        if (budget == null)
        {
            NoteIdle(device, request, now);
            int seconds = Math.Min(request.Wait * 60 ?? request.Heartbeat ?? 0, _limits.LongestHold);
            return new Answered(null, EmptyReply.To(id.Sum))
            {
                Afterwards = structures.Afterwards,
                Replica = rows.Count > 0 ? rows[0].Replica : 0,
                Hold = seconds > 0 && rows.Count > 0 ? new HoldAsked(seconds, [.. rows.Select(r => r.Collection.Id)]) : null,
            };
        }

        SyncMessage reply = new();
        int replica = 0;
        foreach (CollectionElement collection in request.Collections)
        {
            cancellation.ThrowIfCancellationRequested();
            (CollectionElement answer, int of) = Answer(device, id, collection, now, structures, budget, message.Tally);
            reply.Collections.Add(answer);
            replica = of != 0 ? of : replica;
        }

        structures.Tell(reply.Options, budget);
        return new Answered(reply) { Afterwards = structures.Afterwards, Replica = replica };
    }

    // Makes the budget before any collection is handled, because the reasons of an outbox, which may have no Limit of its own, count
    // as well, and so do the replies that are given again.
    private static ReplyBudget Budget(IStoreTransaction store, DeviceIdentity device, RequestId id, SyncMessage request, Structures structures)
    {
        ReplyBudget budget = new() { Due = structures.Prepare(store, request.Options) };
        foreach (CollectionElement collection in request.Collections)
        {
            KeyRow? row = KeyRowOf(store, device, collection);
            budget.SetLimit(collection.Limit ?? (row != null ? row.ToldWith(collection.SyncKey).Limit : LeastLimit(store, device, collection)));
            if (row != null && CollectionSync.KeepsReply(row) && SyncKeys.Decide(row, collection.SyncKey, id.Hash, id.LastChange) == KeyCase.Lost)
            {
                budget.Count(CollectionSync.ReplyOf(row));
            }
        }

        return budget;
    }

    // The Limit of a collection whose key is not known here, so that what the device told with it is not known either: the least that
    // any of the device's stores told. Where none told any, only one structure may come with the status.
    private static int? LeastLimit(IStoreTransaction store, DeviceIdentity device, CollectionElement request)
    {
        const int OneStructure = 1;
        return request.SyncKey == SyncKeys.Zero ? null : store.ListKeyRows(device.Id, request.Id).Min(r => r.Told.Limit) ?? OneStructure;
    }

    // The row whose last key, or the one before it, is that of the request; null when there is none.
    private static KeyRow? KeyRowOf(IStoreTransaction store, DeviceIdentity device, CollectionElement request)
    {
        return request.SyncKey != SyncKeys.Zero && store.FindCollection(device.Id, request.Id) is { } collection
            ? store.FindKeyRow(device.Id, collection, request.SyncKey) : null;
    }

    private static bool IsOtherVersion(string? version)
    {
        return version != null && version != Version && int.Parse(version.AsSpan(0, version.IndexOf('.')), CultureInfo.InvariantCulture) != 1;
    }

    private SyncReply Refuse(DeviceIdentity device, MessageFormat format, Wrong wrong)
    {
        if (wrong.Note != null)
        {
            try
            {
                using IStoreTransaction store = _store.BeginWrite();
                store.Refused(device.Id, new RefusalRow("", true, "", wrong.Status, wrong.Note, 1, _clock.GetUtcNow().ToUnixTimeMilliseconds()));
                store.Commit();
            }
            catch (StoreException)
            {
                // the note is for the operator; the answer does not wait for it
            }
        }

        SyncReply reply = wrong.Reply(format);
        Telemetry.Sync(wrong.Note == null ? "refused" : "malformed", TimeSpan.Zero, 0, reply.Body.Length);
        Watcher?.Answered(device, null, null, wrong.Status, 0, reply.Body.Length, _clock.GetUtcNow().ToUnixTimeMilliseconds(), TimeSpan.Zero);
        return reply;
    }

    // Gives the key rows of an idle request.
    private static bool IsIdle(IStoreTransaction store, DeviceIdentity device, SyncMessage request, Structures structures, List<KeyRow> rows)
    {
        foreach (CollectionElement collection in request.Collections)
        {
            if (collection.Commands.Count > 0 || collection.Responses.Count > 0)
            {
                return false;
            }
        }

        if (structures.HasNews(store, request.Options))
        {
            return false;
        }

        foreach (CollectionElement collection in request.Collections)
        {
            KeyRow? row = KeyRowOf(store, device, collection);
            if (row == null || collection.SyncKey != row.Key || Remembers(row, collection) || Feed.HasNews(store, row, collection))
            {
                return false;
            }

            rows.Add(row);
        }

        return true;
    }

    // An idle request writes nothing, but for two things: that the device was seen with its key, once a key, so that a request
    // which was overtaken is known as late; and when the device was last there, now and then.
    private void NoteIdle(DeviceIdentity device, SyncMessage request, long now)
    {
        using (IStoreTransaction store = _store.BeginRead())
        {
            long seen = store.FindDevice(device.Name)?.LastSeen ?? 0;
            if (now - seen < (long)_limits.SeenEvery.TotalMilliseconds
                && !request.Collections.Exists(c => KeyRowOf(store, device, c) is { Acknowledged: false }))
            {
                return;
            }
        }

        using IStoreTransaction writing = _store.BeginWrite();
        writing.Seen(device.Id, 0, now);
        foreach (CollectionElement collection in request.Collections)
        {
            KeyRow? row = KeyRowOf(writing, device, collection);
            if (row != null && row.Key == collection.SyncKey && !row.Acknowledged)
            {
                writing.Acknowledged(row.Replica, row.Collection.Id, row.N);
                row.Acknowledged = true;
                writing.SaveKeyRow(row);
            }

            writing.Seen(device.Id, row?.Replica ?? 0, now);
        }

        writing.Commit();
    }

    // A value that is not the one remembered must be kept, so such a request is not idle.
    private static bool Remembers(KeyRow row, CollectionElement collection)
    {
        return row.Told.After(collection) != row.Told;
    }

    // The answer, and which store of the device asked; 0 = not known.
    private (CollectionElement Reply, int Replica) Answer(DeviceIdentity device, RequestId id, CollectionElement request, long now, Structures structures, ReplyBudget budget, SyncTally tally)
    {
        using IStoreTransaction store = _store.BeginWrite();
        CollectionElement reply;
        int replica;
        try
        {
            CollectionSync sync = new(store, device, id, request, _limits, _classes, _incarnation, now, budget) { Tally = tally };
            reply = sync.Answer();
            replica = sync.Replica;
            structures.Want(sync.WantedClasses);
            if (sync.NewReplica.Length > 0)
            {
                structures.Afterwards.Add(() => _log.OneMoreStore(device.Name, request.Id, sync.NewReplica));
            }
        }
        catch (Exception e) when (e is not StoreException)
        {
            // [SPEC 2.4] the fault is ours; the device's other collections need not suffer
            _log.CollectionFailed(e, request.Id, device.Name);
            return (new CollectionElement { Id = request.Id, SyncKey = request.SyncKey, Status = Status.ServerError }, 0);
        }

        _reached?.Invoke(SyncStep.BeforeCommit);
        store.Commit();
        _reached?.Invoke(SyncStep.AfterCommit);
        return (reply, replica);
    }

    // A message that was read.
    private sealed record Request(RequestId Id, SyncMessage Message, long Received)
    {
        public SyncTally Tally { get; } = new();
    }

    // What it came to: a reply, or the empty one.
    private sealed record Answered(SyncMessage? Reply, byte[]? Empty = null)
    {
        /// <summary>What the log says of it, once it is durable: of what a full disk undid nothing is said.</summary>
        public List<Action> Afterwards { get; init; } = [];

        /// <summary>The store that asked; 0 = not known.</summary>
        public int Replica { get; init; }

        /// <summary>See <see cref="SyncReply.Hold"/>.</summary>
        public HoldAsked? Hold { get; init; }
    }

    // What cannot be answered otherwise.
    private sealed record Wrong(int Status, string? Note, int? Limit = null)
    {
        public static readonly Wrong Version = new(Protocol.Status.VersionNotSupported, null);

        public SyncReply Reply(MessageFormat format)
        {
            SyncMessage reply = new() { Version = Status == Protocol.Status.VersionNotSupported ? SyncService.Version : null, Status = Status, Limit = Limit };
            return new SyncReply(Note == null ? SyncOutcome.Answered : SyncOutcome.Malformed, MessagePrinter.Print(format, reply), Note);
        }
    }
}

/// <summary>What tells a request from another: the check sum of its key, SHA-256 of its bytes, and how old it is. [SPEC 5.2]</summary>
internal sealed record RequestId(uint Sum, byte[] Hash, long LastChange);

// One collection of one request, inside one transaction. This file: the key, and in which order things are done.
//
//   key                  point the device has        reply
//   last one given       that of the last reply      n+1; the last reply is acknowledged
//   one before           that before it              the kept one again, or n+1, made anew
//   0                    0                           n+1, no commands
//
// Responses come before Commands: what the device could not apply decides whether its own changes conflict.

using System.Runtime.InteropServices;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Formats;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const string UntoldReason = "the device names a class by its hash alone, of a firmware before, and never told it: its objects are kept, and shown once it does";
    private const int RepeatsBeforeShrinking = 2; // [SPEC 5.7] more than twice

    private readonly IStoreTransaction _store;
    private readonly DeviceIdentity _device;
    private readonly RequestId _id;
    private readonly CollectionElement _request;
    private readonly SyncLimits _limits;
    private readonly ClassCatalog _classes;
    private readonly long _now;
    private readonly ReplyBudget _budget; // of the whole reply
    private readonly CollectionElement _reply;
    private readonly Incarnation _incarnation;
    private KeyRow _row = null!; // found before anything else, unless the key is not known
    private long _point; // what the device has seen of the feed
    private readonly HashSet<long> _applied = []; // changes applied since the device last acknowledged a reply
    private readonly HashSet<long> _earlier = []; // those of them that an earlier form of this request brought
    private long _live = -1; // objects of the device in all its collections of this kind; -1 = not counted yet
    private long _liveRead; // those of this collection before this request

    public CollectionSync(IStoreTransaction store, DeviceIdentity device, RequestId id, CollectionElement request, SyncLimits limits,
        ClassCatalog classes, Incarnation incarnation, long now, ReplyBudget budget)
    {
        _store = store;
        _device = device;
        _id = id;
        _request = request;
        _limits = limits;
        _classes = classes;
        _incarnation = incarnation;
        _now = now;
        _budget = budget;
        _reply = new CollectionElement { Id = request.Id, SyncKey = request.SyncKey };
    }

    /// <summary>Classes met whose definition the server does not have.</summary>
    public List<string> WantedClasses { get; } = [];

    /// <summary>Why the device has one more replica; "" when it has not.</summary>
    public string NewReplica { get; private set; } = "";

    /// <summary>What is counted of it.</summary>
    public required SyncTally Tally { get; init; }

    private int Device => _device.Id;

    /// <summary>The store that asked, once it was answered; 0 = not known.</summary>
    public int Replica => _row?.Replica ?? 0;

    private CollectionRow Collection => _row.Collection;

    public CollectionElement Answer()
    {
        if (_store.FindCollection(Device, _request.Id) is not { } collection)
        {
            _store.Refused(Device, new RefusalRow(_request.Id, true, "", Status.NotFound, "no such collection of this device", 1, _now));
            return Failed(Status.NotFound);
        }

        bool starts = _request.SyncKey == SyncKeys.Zero;
        if (starts && (_request.Commands.Count > 0 || _request.Responses.Count > 0 || !StoreStructure.TryFind(_request.Options, out _storeStructure)))
        {
            return Failed(Status.ProtocolError);
        }

        KeyCase meaning = FindRow(collection);
        if (meaning == KeyCase.Lost && _row.Acknowledged && !KeepsReply(_row))
        {
            meaning = KeyCase.Late; // its sender was seen with the key of that reply: a new one would replace the key that it holds
        }

        Tally.Keys.Add(meaning);
        if (StatusOf(meaning) is var status && status != Status.Success)
        {
            return Failed(status);
        }

        if (ClassCatalog.Refuses(_request.Class) is { } why)
        {
            _store.Refused(Device, new RefusalRow(_request.Id, true, "", Status.ProtocolError, why, 1, _now));
            return Failed(Status.ProtocolError);
        }

        int taken = ExpandSeries();
        if (taken != Status.Success)
        {
            return Failed(taken);
        }

        if (!NumberAdds())
        {
            return Failed(Status.ProtocolError);
        }

        if (meaning == KeyCase.Lost && KeptReply() is { } kept)
        {
            _budget.Count(kept);
            return kept;
        }

        string? classBefore = meaning == KeyCase.StartOver ? null : _row.Told.Class;
        switch (meaning)
        {
            case KeyCase.StartOver:
                StartOver();
                break;
            case KeyCase.Current:
                Acknowledge();
                break;
            default:
                Repeat();
                break;
        }

        (long, long, bool) before = (Collection.Seq, Collection.Live, Collection.IsOutbox);
        _liveRead = Collection.Live;
        Collection.IsOutbox |= _request.DeletesAsMoves;
        Remember(classBefore);
        if (meaning != KeyCase.StartOver)
        {
            LearnStore();
            ApplyResponses();
            ApplyCommands();
            SendEarlierWrites();
            PackFeed();
        }

        if (before != (Collection.Seq, Collection.Live, Collection.IsOutbox))
        {
            _store.SaveCollection(Collection);
            Tombstones.Prune(_store, Collection, before.Item1, _now);
        }

        _reply.SyncKey = _row.Key = NewKey(meaning == KeyCase.StartOver);
        _row.RequestHash = _id.Hash;
        _row.Reply = Keep(_reply);
        _row.ReplyCommands = _reply.Commands.Count;
        _row.Applied = MemoryMarshal.AsBytes<long>(_applied.ToArray()).ToArray();
        _row.Acknowledged = false;
        _store.SaveKeyRow(_row);
        _store.Seen(Device, Replica, _now);
        return _reply;
    }

    private static int StatusOf(KeyCase meaning)
    {
        return meaning switch
        {
            KeyCase.Unknown or KeyCase.Late => Status.InvalidSyncKey,
            KeyCase.Forked => Status.Forked,
            KeyCase.WentBack => Status.WentBack,
            _ => Status.Success,
        };
    }

    private static byte[] Keep(CollectionElement reply)
    {
        SyncMessage message = new();
        message.Collections.Add(reply);
        return MessagePrinter.Print(MessageFormat.Wbxml, message);
    }

    private CollectionElement Failed(int status)
    {
        _reply.Status = status;
        return _reply;
    }

    // [SPEC 5.2] The reply was lost: the kept one again, unless it is time to make a smaller one.
    private CollectionElement? KeptReply()
    {
        if (!KeepsReply(_row))
        {
            return null;
        }

        _row.Repeats++;
        if (_row.AloneId != null)
        {
            _row.AloneCount++;
        }

        _store.SaveKeyRow(_row);
        return ReplyOf(_row);
    }

    /// <summary>Whether the last reply is given again as it was.</summary>
    public static bool KeepsReply(KeyRow row) => row.Reply != null && (row.ReplyCommands == 0 || row.Repeats < RepeatsBeforeShrinking);

    /// <summary>The last reply, where <see cref="KeepsReply"/>.</summary>
    public static CollectionElement ReplyOf(KeyRow row) => MessageParser.Parse(MessageFormat.Wbxml, row.Reply!).Collections[0];

    // [SPEC 2.3] Remembered with the key that this request gets.
    private void Remember(string? classBefore)
    {
        _row.Told = _row.Told.After(_request);
        if (_row.Told.Class is { } named && named != classBefore)
        {
            _store.RetryOtherClass(Replica, Collection.Id, named);
        }

        Want(_request.Class); // now, so that the first series finds it known
    }

    // [SPEC 2.3] An Add without ClientId has that of the Add before it, counted up by one.
    private bool NumberAdds()
    {
        string? last = null;
        foreach (SyncCommand command in _request.Commands)
        {
            if (command.Tag != Tags.Add)
            {
                continue;
            }

            command.ClientId ??= last == null ? null : CountUp(last);
            last = command.ClientId;
            if (string.IsNullOrEmpty(last) || Encoding.UTF8.GetByteCount(last) > Limits.Text)
            {
                return false;
            }
        }

        return true;
    }

    private static string? CountUp(string clientId)
    {
        const int FormatId = 4;
        return clientId.Length > FormatId
            && ulong.TryParse(clientId.AsSpan(FormatId), System.Globalization.NumberStyles.None, null, out ulong counter)
            && counter < ulong.MaxValue
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{clientId.AsSpan(0, FormatId)}{counter + 1}")
            : null;
    }

    private void Want(string? type)
    {
        bool hash = type != null && ClassCatalog.IsHash(type);
        if (type == null || (!hash && !ClassCatalog.IsWireName(type)) || WantedClasses.Contains(type)
            || _classes.Find(_store, Device, type) != null || ClassCatalog.IsFull(_store, Device))
        {
            return;
        }

        WantedClasses.Add(type);
        if (hash)
        {
            _store.Refused(Device, new RefusalRow(_request.Id, true, BuiltIn.DefinitionPrefix + type, Status.UnknownClass, UntoldReason, 1, _now));
        }
    }
}

// The device's changes. Each can be repeated: an Add is known by its ClientId, the others carry whole values. [SPEC 5.4]

using System.Globalization;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private readonly List<SyncCommand> _waiting = []; // for room, which a Delete of this message may make
    private bool _isLastTry;

    private void ApplyCommands()
    {
        _request.Commands.ForEach(Apply);
        _isLastTry = true;
        _waiting.ForEach(Apply);
        AppendLog();
    }

    // [SPEC 5.2] Sends down what an earlier form of this request wrote and this form does not name. The sender of this form may
    // not have it: the earlier form was another board's, or the store was put back to before it. A device that merely had no room
    // in its window gets once more what it has.
    private void SendEarlierWrites()
    {
        if (_earlier.Count == 0 || Collection.IsOutbox)
        {
            return;
        }

        HashSet<string?> named = [.. _request.Commands.Select(c => c.Tag == Tags.Add ? _store.FindId(Device, Collection.Id, c.ClientId!)?.ServerId : c.ServerId)];
        foreach (ObjectRow own in _store.ListWrites(Replica, Collection.Id, _point))
        {
            if (!named.Contains(own.Id) && _earlier.Contains(Mark(own.Id, own.LastDeviceSum)))
            {
                _store.MakeDue(Replica, Collection.Id, own.Id, DueKind.Send, own.CreatedSeq > _point);
            }
        }
    }

    private void Apply(SyncCommand command)
    {
        if (command.Tag != Tags.Add && string.IsNullOrEmpty(command.ServerId))
        {
            Refuse(command, Status.ProtocolError, "no ServerId");
            return;
        }

        bool isReading = command.Tag == Tags.Add && _request.DeletesAsMoves;
        if (!isReading)
        {
            AppendLog();
        }

        switch (command.Tag)
        {
            case Tags.Add when isReading:
                AddReading(command, command.ClientId!);
                break;
            case Tags.Add:
                Add(command, command.ClientId!);
                break;
            case Tags.Change:
                Write(command, command.ServerId!);
                break;
            case Tags.Delete:
                Delete(command, command.ServerId!);
                break;
            case Tags.SoftDelete:
                SoftDelete(command.ServerId!);
                break;
            default:
                Fetch(command, command.ServerId!);
                break;
        }
    }

    private void Add(SyncCommand command, string clientId)
    {
        IdRow? known = _store.FindId(Device, Collection.Id, clientId);
        if ((known == null && !HasRoom(command)) || Content(command, "a:" + clientId, known) is not { } content)
        {
            return;
        }

        IdRow now = new(known?.ServerId ?? "", content.Sum, content.Data.Length, content.Crc, content.Version);
        if (known == null)
        {
            now = now with { ServerId = NewServerId(clientId) };
            Save(new ObjectRow { Id = now.ServerId, Deleted = true, Created = _now }, content);
            _store.SaveId(Device, Collection.Id, clientId, now);
        }
        else if (!content.IsRepeat)
        {
            AddAgain(now.ServerId, content, content.Sum == known.Sum);
            _store.SaveId(Device, Collection.Id, clientId, now);
        }

        _reply.Responses.Add(new SyncCommand { Tag = Tags.Add, ClientId = clientId, ServerId = now.ServerId });
    }

    // [SPEC 5.4] The object of this ClientId is there. The device may have changed it before it heard of its Add; if the
    // server's side wins then, it goes down as a change. A value of somebody else is unseen even if it went down before, and so
    // is one that the store itself wrote before it was put back: the device did not know that it is the object it added.
    private void AddAgain(string id, Value content, bool sameBytes)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current == null || (current.Deleted && !IsUnseen(current)))
        {
            if (current != null && IsOwnFromBeforeStart(current) && current.Seq <= _point)
            {
                KeepLoser(current); // the deletion went down under an id that the store does not know as that of its own object
            }

            Make(id, current, content); // gone for both sides, and the device makes it anew
        }
        else if (sameBytes
            ? !current.Deleted && !current.Data.AsSpan().SequenceEqual(content.Data.Span)
            : Put(id, content, current.Writer != Replica || IsOwnFromBeforeStart(current)) == Status.Conflict)
        {
            _store.MakeDue(Replica, Collection.Id, id, DueKind.Send, wasAdd: true); // the device takes its own value for the last one
        }
    }

    private void Write(SyncCommand command, string id)
    {
        ObjectRow? there = _store.FindObject(Collection.Id, id);
        bool isNew = there == null || (there.Deleted && !IsUnseen(there));
        if ((isNew && !HasRoom(command)) || Content(command, "c:" + id) is not { } content)
        {
            return;
        }

        int status = Put(id, content);
        if (status != Status.Success)
        {
            Respond(command, status, null);
        }
        else if (there == null)
        {
            LearnId(id, content);
        }
    }

    // [SPEC 5.8] An object that the database has lost comes back under the id that it once got for its ClientId. An image of that
    // store may still hold the Add and send it: it has to be recognised as an Add of this object, so the ClientId is kept again.
    private void LearnId(string id, Value content)
    {
        string own = Collection.Shared ? string.Create(CultureInfo.InvariantCulture, $"{Device}-") : "";
        if (id.StartsWith(own, StringComparison.Ordinal) && id[own.Length..] is var clientId && StoreStructure.Of(clientId) != null
            && _store.FindId(Device, Collection.Id, clientId) == null)
        {
            _store.SaveId(Device, Collection.Id, clientId, new IdRow(id, content.Sum, content.Data.Length, content.Crc, content.Version));
        }
    }

    private void Delete(SyncCommand command, string id)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current == null || current.Deleted)
        {
            _store.Settle(Replica, Collection.Id, id);
            return; // [SPEC 5.6] both deleted: no conflict
        }

        if (IsUnseen(current))
        {
            if (WasApplied(id, 0))
            {
                return; // this delete was applied before, and the object made again since
            }

            if (ServerWins)
            {
                AddLoser(new LoserRow(id, true, true, null, null, _now), 0);
                _store.Retry(Replica, Collection.Id, id);
                Respond(command, Status.Conflict, null);
                return;
            }

            KeepLoser(current);
        }

        KeepEarlier(current);
        Remove(current);
    }

    private void Remove(ObjectRow current)
    {
        current.Data = null;
        current.Deleted = true;
        Collection.Live--;
        _live -= _live < 0 ? 0 : 1;
        Save(current, 0);
    }

    // The device drops its copy; the object stays, and goes to the device again when it changes.
    private void SoftDelete(string id)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current != null && !current.Deleted && !IsUnseen(current))
        {
            _store.SetAside(Replica, Collection.Id, new AsideRow(id, current.Seq, true, 0, "dropped by the device", _now), _row.Told.Class);
        }
    }

    private void Fetch(SyncCommand command, string id)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current == null || current.Deleted)
        {
            Respond(command, Status.NotFound, null);
            return;
        }

        if (!PartRange.TryFind(command.Options, out PartRange? range))
        {
            Respond(command, Status.ProtocolError, "the range cannot be read");
            return;
        }

        byte[] data = current.Data!;
        int offset = (int)Math.Min(range?.Offset ?? 0, data.Length);
        int count = (int)Math.Min(range?.Count ?? int.MaxValue, data.Length - offset);
        int room = _budget.Room(Limit);
        if (count > room && _budget.HasObject)
        {
            Respond(command, Status.Retry, null); // [SPEC 2.3] Limit: it fits a later reply
            return;
        }

        count = Math.Min(count, room);
        SyncCommand response = new() { Tag = Tags.Fetch, ServerId = id, Class = current.Class ?? "", Data = data.AsMemory(offset, count) };
        if (range != null || count < data.Length)
        {
            response.Options.Add(new PartRange(offset, null, data.Length, CrcSum.Of(data), current.Seq).ToStructure());
        }

        _budget.Add(count);
        _reply.Responses.Add(response);
    }

    // The value of an Add or a Change, checked; null when there is none to apply, and the command is answered.
    private Value? Content(SyncCommand command, string uploadKey, IdRow? known = null)
    {
        if (command.Data == null && command.Fields == null)
        {
            Refuse(command, Status.ProtocolError, "no ApplicationData"); // an empty element would be a value
            return null;
        }

        if (ClassCatalog.Refuses(command.Class) is { } why)
        {
            Refuse(command, Status.ProtocolError, why);
            return null;
        }

        string? type = ClassCatalog.FullName(_store, Device, command.Class ?? _row.Told.Class);
        if (type?.Length == 0)
        {
            type = null;
        }

        ObjectClass? definition = _classes.Find(_store, Device, type);
        if (definition == null)
        {
            Want(type);
        }

        ReadOnlyMemory<byte> data = command.Data ?? default;
        if (command.Fields != null)
        {
            if (definition == null)
            {
                Refuse(command, Status.UnknownClass, "fields of a class that is not known here");
                return null;
            }

            try
            {
                data = RecordText.Pack(definition, command.Fields);
            }
            catch (RecordException e)
            {
                Refuse(command, Status.BadObject, e.Message);
                return null;
            }
        }

        if (!PartRange.TryFind(command.Options, out PartRange? range))
        {
            Refuse(command, Status.ProtocolError, "the range cannot be read");
            return null;
        }

        if (range != null)
        {
            if (known != null && range.Total == known.Length && range.Crc == known.Crc && range.Version == known.Version)
            {
                return new Value(type, default) { Sum = known.Sum, Crc = known.Crc, IsRepeat = true };
            }

            if (command.ServerId != null && _store.FindObject(Collection.Id, command.ServerId) is { Data: { } held } there
                && held.Length == range.Total && CrcSum.Of(held) == range.Crc && (there.Version == range.Version && (range.Version == null || there.Writer == Replica)))
            {
                return new Value(type, held) { Version = range.Version }; // the last part again
            }

            if (AssembleUpload(command, uploadKey, range, data) is not { } whole)
            {
                return null;
            }

            data = whole;
        }

        if (data.Length > _limits.MaxObject)
        {
            Refuse(command, Status.TooLarge, string.Create(CultureInfo.InvariantCulture, $"{data.Length} bytes, at most {_limits.MaxObject} are taken"));
            return null;
        }

        if (definition != null && !RecordText.IsSound(definition, data))
        {
            Refuse(command, Status.BadObject, "the bytes are not a record of " + type);
            return null;
        }

        return new Value(type, data) { Version = range?.Version };
    }

    // Writes a value over an object, or makes the object: a name of the device's own needs no Add. [SPEC 2.3]
    // Success or Conflict.
    private int Put(string id, Value content, bool unseen = false)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        unseen |= current != null && IsUnseen(current);
        if (current == null || (current.Deleted && !unseen))
        {
            Make(id, current, content);
            return Status.Success;
        }

        content = content with { Sum = content.Sum, Class = content.Class ?? current.Class }; // the sum stays that of what came

        if (!current.Deleted && current.Class == content.Class && current.Data.AsSpan().SequenceEqual(content.Data.Span))
        {
            return Status.Success; // both sides hold the same
        }

        if (unseen)
        {
            if (WasApplied(id, content.Sum))
            {
                return Status.Success; // applied before, and overwritten since by someone who knew it: that goes down
            }

            if (ServerWins)
            {
                KeepLoser(id, content);
                _store.Retry(Replica, Collection.Id, id);
                return Status.Conflict;
            }

            KeepLoser(current);
        }

        KeepEarlier(current);
        Save(current, content);
        return Status.Success;
    }

    // The object is not there, or deleted.
    private void Make(string id, ObjectRow? deleted, Value content)
    {
        if (deleted != null)
        {
            KeepEarlier(deleted);
        }

        Save(deleted ?? new ObjectRow { Id = id, Deleted = true, Created = _now }, content);
    }

    private void Save(ObjectRow row, Value content)
    {
        row.Class = content.Class;
        row.Data = content.Data.ToArray();
        row.Version = content.Version;
        if (row.Deleted)
        {
            row.Deleted = false;
            row.CreatedSeq = Collection.Seq + 1; // to others it is a new one
            Collection.Live++;
            _live += _live < 0 ? 0 : 1;
        }

        Save(row, content.Sum);
    }

    private void Save(ObjectRow row, long sum)
    {
        bool isNew = row.Seq == 0;
        row.Seq = ++Collection.Seq;
        row.Writer = Replica;
        row.LastDevice = Device;
        row.LastDeviceSum = sum;
        _applied.Add(Mark(row.Id, sum));
        row.Changed = _now;
        _store.SaveObject(Collection.Id, row);
        if (!isNew)
        {
            _store.Settle(Replica, Collection.Id, row.Id);
        }
    }

    // [SPEC 5.2] True for a value that was applied when an earlier form of this request came; somebody may have overwritten it since.
    private bool WasApplied(string id, long sum) => _applied.Contains(Mark(id, sum));

    private static long Mark(string id, long sum) => ContentSum.Of(id, BitConverter.GetBytes(sum));

    // Objects and readings have bounds of their own. What does not fit waits once for the end of the message, then it is refused.
    private bool HasRoom(SyncCommand command)
    {
        if (!Collection.IsOutbox && Tombstones.AreTooMany(_store, Collection, _limits, _now))
        {
            Refuse(command, Status.OutOfSpace, string.Create(CultureInfo.InvariantCulture, $"{_limits.MaxDeleted} deleted objects are kept for a store that has not seen their deletion yet"));
            return false;
        }

        long most = Collection.IsOutbox ? _limits.MaxReadings : _limits.MaxObjects;
        if (most == 0 && Collection.IsOutbox)
        {
            return true;
        }

        if (_live < 0)
        {
            _live = _store.CountObjects(Device, Collection.IsOutbox) + Collection.Live - _liveRead;
        }

        if (_live < most)
        {
            return true;
        }

        if (_isLastTry)
        {
            Refuse(command, Status.OutOfSpace, string.Create(CultureInfo.InvariantCulture, $"the quota of {most} {(Collection.IsOutbox ? "readings" : "objects")} is used up"));
        }
        else
        {
            _waiting.Add(command);
        }

        return false;
    }

    // An object that a device made has its ClientId as id, so that the id is the same after a restore. In a shared collection the
    // device's number stands before it, because two devices may give one ClientId.
    private string NewServerId(string clientId)
    {
        string id = Collection.Shared ? string.Create(CultureInfo.InvariantCulture, $"{Device}-{clientId}") : clientId;
        string candidate = id;
        for (int i = 2; Encoding.UTF8.GetByteCount(candidate) > Limits.Text || _store.FindObject(Collection.Id, candidate) != null; i++)
        {
            if (Encoding.UTF8.GetByteCount(id) > Limits.Text - 12)
            {
                id = ContentSum.Of(null, Encoding.UTF8.GetBytes(id)).ToString("x16", CultureInfo.InvariantCulture);
            }

            candidate = string.Create(CultureInfo.InvariantCulture, $"{id}~{i}");
        }

        return candidate;
    }

    private void Refuse(SyncCommand command, int status, string reason)
    {
        AppendLog();
        _store.Refused(Device, new RefusalRow(_row.Name, true, command.ClientId ?? command.ServerId ?? "", status, reason, 1, _now));
        if (command.Tag == Tags.Add && !_request.DeletesAsMoves && _store.FindId(Device, Collection.Id, command.ClientId!) is { } known)
        {
            // an earlier form of it was added, which the device does not know: it changed it before it heard of its Add
            _store.MakeDue(Replica, Collection.Id, known.ServerId, DueKind.Send, wasAdd: true);
        }

        Respond(command, status, reason);
    }

    private void Respond(SyncCommand command, int status, string? reason, Structure? option = null)
    {
        SyncCommand response = new()
        {
            Tag = command.Tag,
            ClientId = command.ClientId,
            ServerId = command.ServerId,
            Status = status,
        };
        if (reason != null && Encoding.UTF8.GetBytes(reason) is { } text && _budget.TryAddReason(text.Length))
        {
            response.Data = text;
        }

        if (option != null)
        {
            response.Options.Add(option);
        }

        Tally.Responded(status);
        _reply.Responses.Add(response);
    }

    // What a command brings. The sums of a reading that goes to the log are not needed.
    private sealed record Value(string? Class, ReadOnlyMemory<byte> Data)
    {
        private long? _sum;
        private uint? _crc;

        /// <summary>Tells it from other values.</summary>
        public long Sum
        {
            get => _sum ??= ContentSum.Of(Class, Data.Span);
            init => _sum = value;
        }

        /// <summary>Check sum of its bytes.</summary>
        public uint Crc
        {
            get => _crc ??= CrcSum.Of(Data.Span);
            init => _crc = value;
        }

        /// <summary>Version of the transfer in parts; null = it came whole, or told none.</summary>
        public long? Version { get; init; }

        /// <summary>The last part of what was taken before: there is no Data.</summary>
        public bool IsRepeat { get; init; }
    }
}

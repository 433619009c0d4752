// Readings: an Add of an outbox makes an object or changes nothing. It never replaces one: a device does not send other
// bytes under an id that it used, so if they come, they are another board's. [SPEC 5.4]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const string ForkedReason = "another reading is known by this id: two boards have one store";
    private const string GoneReason = "a reading was taken under this id and is not kept any more: whether this one is another cannot be told";

    private const int MostLogged = 4096; // bytes of a reading in the log; a larger one is an object

    private readonly List<byte[]> _log = []; // readings to be appended
    private LogRun? _run; // of the first of them
    private string _prefix = ""; // of the ids that _mark is about; "" = not asked for yet
    private LogMark _mark;

    private bool _forked; // from here on nothing of this message is a reading of this store

    private void AddReading(SyncCommand command, string clientId)
    {
        if (_forked && !_isLastTry)
        {
            return; // what waited for room stands before the fork, and is answered
        }

        // one above all that the log has is a new one: nothing to look for
        ReadingId? id = ReadingId.OfClient(clientId, ReadingId.Owner(Device, Collection.Shared));
        bool above = id is { } asked && asked.Number > LogOf(asked.Prefix).Last && !_mark.HasOthers;
        if (!above)
        {
            AppendLog();
        }

        IdRow? known = above ? null : _store.FindId(Device, Collection.Id, clientId);
        if (known == null && !HasRoom(command))
        {
            return;
        }

        // in parts it is known by its length and check sum before it is here
        bool inParts = PartRange.TryFind(command.Options, out PartRange? range) && range != null;
        if (known != null && range is { Total: not null, Crc: not null })
        {
            if (known.IsGone || range.Total != known.Length || range.Crc != known.Crc)
            {
                Fork(command, clientId, known);
            }

            return;
        }

        if (Content(command, "a:" + clientId) is not { } content)
        {
            return;
        }

        if (known != null)
        {
            if (known.IsGone || !IsSame(known, content))
            {
                Fork(command, clientId, known);
            }
        }
        else if (id is { } own && !inParts && content.Data.Length <= MostLogged && (above || _store.FindObject(Collection.Id, own.ToString()) == null))
        {
            Append(own, content);
        }
        else
        {
            AppendLog();
            IdRow made = new(NewServerId(clientId), content.Sum, content.Data.Length, content.Crc, content.Version);
            Save(new ObjectRow { Id = made.ServerId, Deleted = true, Created = _now }, content);
            _store.SaveId(Device, Collection.Id, clientId, made);
            Tally.Readings++;
            _prefix = "";
        }
    }

    private LogMark LogOf(string prefix)
    {
        if (_prefix != prefix)
        {
            AppendLog();
            _mark = _store.FindLog(Device, Collection.Id, prefix);
            _prefix = prefix;
        }

        return _mark;
    }

    private void Append(ReadingId id, Value content)
    {
        if (_run != null && (id != _run.First with { Number = _run.First.Number + _log.Count } || content.Class != _run.Class))
        {
            AppendLog();
        }

        _run ??= new LogRun(Device, Replica, id, Collection.Seq + 1, content.Class, _now);
        _log.Add(content.Data.ToArray());
        Tally.Readings++;
        _mark = _mark with { Last = Math.Max(_mark.Last, id.Number) };
        Collection.Seq++;
        Collection.Live++;
        _live += _live < 0 ? 0 : 1;
    }

    // Has to be called before anything else is read or written: readings that are only in _log are not in the database yet.
    private void AppendLog()
    {
        if (_run != null)
        {
            _store.AppendReadings(Collection.Id, _run, _log);
            _run = null;
            _log.Clear();
        }
    }

    // Once the first reading of an id is gone, nobody can say whether this is a repetition of it. Under another id a repetition
    // doubles nothing here, because the first is gone; and a board that was put back from an image gives such ids to new readings,
    // which must not be lost.
    private void Fork(SyncCommand command, string clientId, IdRow known)
    {
        _forked = true;
        _store.Refused(Device, new RefusalRow(_row.Name, true, clientId, Status.Forked, known.IsGone ? GoneReason : ForkedReason, 1, _now));
        Respond(command, Status.Forked, null);
    }

    // The sum covers the name of the class, and the device may name the class in full, by its hash alone, or not yet since it
    // started over. So each of these names is tried.
    private bool IsSame(IdRow known, Value content)
    {
        if (known.Length != content.Data.Length || known.Crc != content.Crc)
        {
            return false;
        }

        if (known.Sum == content.Sum)
        {
            return true;
        }

        ObjectRow? held = _store.FindObject(Collection.Id, known.ServerId);
        if (content.Class == null && held is null or { Deleted: true })
        {
            return true; // nothing is left that names its class
        }

        string?[] names = [held?.Class, content.Class, ByHash(held?.Class), ByHash(content.Class), null];
        return (held?.Class == null || content.Class == null || ByHash(held.Class) == ByHash(content.Class))
            && Array.Exists(names, name => ContentSum.Of(name, content.Data.Span) == known.Sum);
    }

    private static string? ByHash(string? type) => type?[(type.LastIndexOf('#') is var at && at < 0 ? 0 : at)..];
}

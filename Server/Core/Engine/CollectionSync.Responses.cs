// What the device says of the commands of the last reply it applied: silence means applied. [SPEC 5.7]

using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private void ApplyResponses()
    {
        // refusals come first: an object may have been sent and asked for in one reply, and then the copy is an older value
        foreach (SyncCommand response in _request.Responses)
        {
            if (response.ServerId != null && response.Status != Status.Success)
            {
                ApplyRefusal(response, response.ServerId);
            }
        }

        foreach (SyncCommand response in _request.Responses)
        {
            if (response.ServerId != null && response.Tag == Tags.Fetch && response.Status == Status.Success
                && (response.Data != null || response.Fields != null))
            {
                ApplyCopy(response, response.ServerId);
            }
        }
    }

    // The object that the server asked for: as if the device had changed it, but never over a value of somebody else, nor over
    // a deletion, which came after it was asked for. The device did not change anything, and may hold only a part of that
    // value yet; the operator sees both.
    private void ApplyCopy(SyncCommand response, string id)
    {
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current is { Deleted: false } && current.Writer == Replica)
        {
            Write(response, id);
        }
        else if (Content(response, "c:" + id, null) is { } content && (current is not { Deleted: false } || !current.Data.AsSpan().SequenceEqual(content.Data.Span)))
        {
            KeepLoser(id, content);
        }
    }

    private void ApplyRefusal(SyncCommand response, string id)
    {
        if (_row.Recovering && Recovers(response, id))
        {
            return;
        }

        string reason = response.Data is { } text ? Encoding.UTF8.GetString(text.Span) : "";
        switch (response.Status)
        {
            case Status.Conflict:
            case Status.Retry:
            case Status.ServerError:
                // [SPEC 5.6] the device holds a change of its own; [SPEC 5.7] 16 and 5: again in a later round
                _store.MakeDue(Replica, Collection.Id, id, DueKind.Send, response.Tag == Tags.Add);
                return;
            case Status.Incomplete when PartRange.TryFind(response.Options, out PartRange? range) && range != null:
                // [SPEC 7.2] the device holds a part of it: the rest is asked for by Fetch, or sent whole again
                _store.MakeDue(Replica, Collection.Id, id, DueKind.Send, response.Tag == Tags.Add);
                return;
        }

        _store.Refused(Device, new RefusalRow(_row.Name, false, id, response.Status, reason, 1, _now));
        if (response.Tag is Tags.Fetch or Tags.SoftDelete || (response.Tag == Tags.Delete && response.Status == Status.NotFound))
        {
            return; // nothing that could be sent again
        }

        // only the value that was refused is set aside; a newer one was not sent yet
        ObjectRow? current = _store.FindObject(Collection.Id, id);
        if (current != null && current.Seq <= _point)
        {
            _store.SetAside(Replica, Collection.Id,
                new AsideRow(id, current.Seq, response.Tag == Tags.Add, response.Status, reason, _now), _row.Told.Class);
        }
    }

    // [SPEC 5.8] The database went back. Of what the store had seen in it, the store's own state is the newer one: 7 says that
    // it holds another value, which comes as a Change; 8 to a Change, that it has deleted the object since.
    private bool Recovers(SyncCommand response, string id)
    {
        if (_store.FindObject(Collection.Id, id) is not { } current)
        {
            return false;
        }

        bool unseen = current.Writer != Replica && current.Seq > _row.KnownSeq; // written since the database went back: by the conflict rule
        if (response is not { Tag: Tags.Change, Status: Status.NotFound } || current.Deleted)
        {
            return !unseen && response.Status is Status.Conflict or Status.NotFound;
        }

        if (unseen && ServerWins)
        {
            AddLoser(new LoserRow(id, true, true, null, null, _now), 0);
            _store.MakeDue(Replica, Collection.Id, id, DueKind.Send, wasAdd: true);
        }
        else
        {
            KeepLoser(current);
            Remove(current);
        }

        return true;
    }
}

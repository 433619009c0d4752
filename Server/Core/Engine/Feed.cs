// Which objects go down, and how many of them. [SPEC 5.5, 5.7]

using NanoSync.Protocol;

namespace NanoSync.Server.Engine;

internal static class Feed
{
    /// <summary>True when a device that has acknowledged the last reply would be sent something.</summary>
    public static bool HasNews(IStoreTransaction store, KeyRow row, CollectionElement request)
    {
        return request.GetChanges
            && ((row.Collection.Seq > row.ToPoint && store.Feed(row, row.ToPoint, 1).Count > 0)
                || store.HasDue(row));
    }
}

internal sealed partial class CollectionSync
{
    private const int AloneBeforeSetAside = 8; // [SPEC 5.7]

    // [SPEC 2.3] Bytes of ApplicationData in a reply.
    private int Limit => Math.Clamp(_row.Told.Limit ?? int.MaxValue, 1, _limits.MaxReply);

    private void PackFeed()
    {
        _row.ToPoint = _point;
        if (_request.GetChanges)
        {
            int window = _row.Told.Window ?? _limits.DefaultWindow;
            window = _row.Shrunk > 0 ? Math.Min(window, _row.Shrunk) : window;
            SetAsidePoison();
            Pack(window);
            NoteAlone();
        }

        NameClasses();
    }

    private void Pack(int window)
    {
        List<FeedRow> due = _store.Due(_row, _point, window + 1);
        List<FeedRow> feed = _store.Feed(_row, _point, window + 1);
        bool full = false;
        foreach (FeedRow row in due.Concat(feed))
        {
            // at least one object in a reply, or the device would ask for ever
            if (_reply.Commands.Count == window || (_budget.HasObject && LengthOf(row) > _budget.Room(Limit)))
            {
                full = true;
                break;
            }

            SyncCommand command = ToCommand(row);
            _budget.Add(command.Data?.Length ?? 0);
            _reply.Commands.Add(command);
            _store.SentIn(Replica, Collection.Id, row.Id, _row.N);
            if (row.Due == null)
            {
                _row.ToPoint = row.Seq;
            }
        }

        if (full)
        {
            _reply.MoreAvailable = true;
        }
        else
        {
            _row.ToPoint = Collection.Seq;
        }
    }

    private int LengthOf(FeedRow row)
    {
        return row.Due is DueKind.Drop or DueKind.Fetch ? 0 : Math.Min(row.Length, Limit);
    }

    private SyncCommand ToCommand(FeedRow row)
    {
        if (row.Due == DueKind.Drop || row.Due == DueKind.Fetch)
        {
            return new SyncCommand { Tag = row.Due == DueKind.Drop ? Tags.SoftDelete : Tags.Fetch, ServerId = row.Id };
        }

        if (row.Deleted)
        {
            return new SyncCommand { Tag = Tags.Delete, ServerId = row.Id };
        }

        // [SPEC 5.8] in a pass after the database went back, what the store had seen is there already, or was deleted since
        long seen = _row.Recovering ? Math.Max(_point, _row.KnownSeq) : _point;
        bool add = row.WasAdd || (row.Due == null && row.CreatedSeq > seen);
        byte[] data = row.Data ?? (row.Length == 0 ? [] : _store.FindObject(Collection.Id, row.Id)!.Data!);
        SyncCommand command = new() { Tag = add ? Tags.Add : Tags.Change, ServerId = row.Id, Class = row.Class ?? "" };
        int count = Math.Min(data.Length, _budget.Room(Limit));
        if (count < data.Length)
        {
            // [SPEC 7.2] its first part; the device asks for the rest
            command.Options.Add(new PartRange(0, null, data.Length, CrcSum.Of(data), row.Seq).ToStructure());
        }

        command.Data = data.AsMemory(0, count);

        return command;
    }

    // [SPEC 5.7] One object that was sent alone 8 times without being acknowledged.
    private void SetAsidePoison()
    {
        if (_row.AloneId == null || _row.AloneCount < AloneBeforeSetAside)
        {
            return;
        }

        ObjectRow? poison = _store.FindObject(Collection.Id, _row.AloneId);
        if (poison != null)
        {
            const string Reason = "not acknowledged";
            bool wasAdd = poison.CreatedSeq > _point;
            _store.SetAside(Replica, Collection.Id, new AsideRow(poison.Id, poison.Seq, wasAdd, Status.Incomplete, Reason, _now), _row.Told.Class);
            _store.Refused(Device, new RefusalRow(_row.Name, false, poison.Id, Status.Incomplete, Reason, 1, _now));
        }

        _row.AloneId = null;
        _row.AloneCount = 0;
    }

    private void NoteAlone()
    {
        SyncCommand? only = _reply.Commands.Count == 1 ? _reply.Commands[0] : null;
        string? alone = only?.Tag is Tags.Add or Tags.Change or Tags.Delete ? only.ServerId : null;
        _row.AloneCount = alone == null ? 0 : alone == _row.AloneId ? _row.AloneCount + 1 : 1;
        _row.AloneId = alone;
    }

    // The class of the first object stands in the collection; an object of another class names its own. A reply names its classes
    // each time, because the device may not have got the reply before.
    private void NameClasses()
    {
        List<SyncCommand> all = [.. _reply.Commands, .. _reply.Responses];
        _reply.Class = all.Find(c => c.Class != null)?.Class; // each command with an object has a class here, "" for none
        foreach (SyncCommand command in all)
        {
            if (command.Class == _reply.Class)
            {
                command.Class = null;
            }
        }
    }
}

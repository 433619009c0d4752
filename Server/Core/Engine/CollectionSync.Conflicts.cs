// Both sides changed an object: who wins, and what is kept of the loser. [SPEC 5.6]

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const int DeviceWinsRule = 0;

    private bool ServerWins => _row.Told.Conflict != DeviceWinsRule; // until given: the server

    // True when another writer changed the object after what this replica has seen, or when the device did not take the object and
    // it has to go down again.
    private bool IsUnseen(ObjectRow current)
    {
        return current.Writer != Replica
            && (current.Seq > Math.Max(_point, _row.KnownSeq) || _store.IsDue(Replica, Collection.Id, current.Id) || _store.IsAside(Replica, Collection.Id, current.Id));
    }

    // Keeps a value that is overwritten although there is no conflict. By the rules the device knew that value. But an earlier form
    // of this request may have been another board's, a store that was put back does not know what it wrote after its image, and
    // after a restore a store brings what is newer than the value here. [SPEC 5.2, 5.6, 5.8]
    private void KeepEarlier(ObjectRow current)
    {
        if (IsOwnUnseen(current) || (!current.Deleted && (_earlier.Contains(Mark(current.Id, ContentSum.Of(current.Class, current.Data)))
            || (current.Writer == Replica && _store.IsDue(Replica, Collection.Id, current.Id))
            || (_row.Recovering && current.Seq <= _row.ResetSeq))))
        {
            KeepLoser(current);
        }
    }

    // True when this store wrote the value before it started over by itself, and the server has not sent it down since. The store
    // may have been put back to an image from before that value.
    private bool IsOwnUnseen(ObjectRow current) => IsOwnFromBeforeStart(current) && current.Seq > _point;

    private bool IsOwnFromBeforeStart(ObjectRow current) => current.Writer == Replica && _row.KnownSeq == 0 && current.Seq <= _row.ResetSeq;

    private void KeepLoser(string id, Value content)
    {
        LoserRow loser = new(id, true, false, content.Class, content.Data.ToArray(), _now);
        AddLoser(loser, content.Sum);
    }

    private void KeepLoser(ObjectRow current)
    {
        LoserRow loser = new(current.Id, false, current.Deleted, current.Class, current.Data, _now);
        AddLoser(loser, current.Deleted ? 0 : ContentSum.Of(current.Class, current.Data));
    }

    private void AddLoser(LoserRow loser, long sum)
    {
        Tally.Conflicts++;
        _store.AddLoser(Device, Collection.Id, loser, sum);
    }
}

// Both sides changed an object: who wins, and what is kept of the loser. [SPEC 5.6]

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const int DeviceWinsRule = 0;

    private bool ServerWins => _row.Conflict != DeviceWinsRule; // until given: the server

    // Another writer changed it after what this replica has seen, or the device would not take it and it is to go down again.
    private bool IsUnseen(ObjectRow current)
    {
        return current.Writer != Replica
            && (current.Seq > Math.Max(_point, _row.KnownSeq) || _store.IsDue(Replica, Collection.Id, current.Id) || _store.IsAside(Replica, Collection.Id, current.Id));
    }

    // What is overwritten although it is no conflict. By the rules the device knew it; but an earlier form of this request may
    // have been another board's, a store that was put back does not know what it wrote afterwards, and what a store brings after
    // the database went back is newer than what is here. [SPEC 5.2, 5.6, 5.8]
    private void KeepEarlier(ObjectRow current)
    {
        if (IsOwnUnseen(current) || (!current.Deleted && (_earlier.Contains(Mark(current.Id, ContentSum.Of(current.Class, current.Data)))
            || (current.Writer == Replica && _store.IsDue(Replica, Collection.Id, current.Id))
            || (_row.Recovering && current.Seq <= _row.ResetSeq))))
        {
            KeepLoser(current);
        }
    }

    // This store wrote it before it started over by itself, and the server has not sent it down since: an image of the store may
    // have been put back, and that does not have it.
    private bool IsOwnUnseen(ObjectRow current) => IsOwnOfBefore(current) && current.Seq > _point;

    private bool IsOwnOfBefore(ObjectRow current) => current.Writer == Replica && _row.KnownSeq == 0 && current.Seq <= _row.ResetSeq;

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

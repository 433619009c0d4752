// Both sides changed an object: who wins, and what is kept of the loser. [SPEC 5.6]

namespace NanoSync.Server.Engine;

internal sealed partial class CollectionSync
{
    private const int DeviceWinsRule = 0;

    private bool ServerWins => _row.Conflict != DeviceWinsRule; // until given: the server

    // Another writer changed it after what this replica has seen, or the device would not take it and it is to go down again.
    private bool IsUnseen(ObjectRow current)
    {
        return (current.Writer != Replica && current.Seq > Math.Max(_point, _row.KnownSeq))
            || _store.IsDue(Replica, Collection.Id, current.Id)
            || (current.Writer != Replica && _store.IsAside(Replica, Collection.Id, current.Id));
    }

    private void KeepLoser(string id, Value content)
    {
        LoserRow loser = new(id, true, false, content.Class, content.Data.ToArray(), _now);
        _store.AddLoser(Device, Collection.Id, loser, content.Sum);
    }

    private void KeepLoser(ObjectRow current)
    {
        LoserRow loser = new(current.Id, false, current.Deleted, current.Class, current.Data, _now);
        _store.AddLoser(Device, Collection.Id, loser, current.Deleted ? 0 : ContentSum.Of(current.Class, current.Data));
    }
}

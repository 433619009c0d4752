// The engine of a route, whose store is in a database that may be put back: it does not know, and its counter of ids would
// give those of the lost time again, to other objects. So what an incarnation of the database adds has a store id of its own.
// [SPEC 5.4, docs/proxy.md]

using System.Globalization;
using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.Server.Proxy;

internal sealed class GatewayEngine(FlashStore store, ICarrier carrier, SyncOptions options) : SyncEngine(store, carrier, options)
{
    private readonly ObjectInfo _one = new();

    /// <summary>The store id of a route in an incarnation.</summary>
    public static byte[] StoreIdOf(Incarnation incarnation, int route)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{incarnation.Code}/{route}"));
        byte[] id = new byte[IdLength];
        Fnv.WriteTag(Fnv.Of(text, 0, text.Length), id, 0);
        return id;
    }

    /// <summary>
    /// From here on, objects go up under this store id; those that wait keep the one they have, as they may be there already.
    /// The store keeps two of them.
    /// </summary>
    /// <returns>None; ReclaimFirst while objects wait under both that the store has; or an error of the store.</returns>
    public StoreError GoOnUnder(byte[] storeId)
    {
        SyncCollection c = Collection(0);
        if (StoreId == Encoding.UTF8.GetString(storeId))
        {
            return StoreError.None;
        }

        byte[] ids = new byte[StoreIdsLength];
        uint from = _store.NextLocal;
        BitConverter.TryWriteBytes(ids, from);
        storeId.CopyTo(ids, LaterStoreId);
        bool before = WaitsBefore(c);
        if (before && WaitsFrom(c))
        {
            return StoreError.ReclaimFirst;
        }

        if (c.StoreIds == null)
        {
            Encoding.UTF8.GetBytes(_store.FormatId).CopyTo(ids, EarlierStoreId);
        }
        else
        {
            Array.Copy(c.StoreIds, before ? EarlierStoreId : LaterStoreId, ids, EarlierStoreId, IdLength);
        }

        byte[] own = new byte[IdLength + 4];
        storeId.CopyTo(own, 0);
        BitConverter.TryWriteBytes(own.AsSpan(IdLength), Forked);
        StoreError error = _store.Begin();
        error = error == StoreError.None ? _store.SetMeta(c.Number, StoreIdsSlot, ids, 0, ids.Length) : error;
        error = error == StoreError.None ? _store.SetMeta(AnswerCollection, StoreIdSlot, own, 0, own.Length) : error;
        if (error != StoreError.None)
        {
            _store.Abandon();
            return error;
        }

        error = _store.Commit();
        LoadStoreIds(c);
        LoadStoreId();
        return error;
    }

    // Whether something waits under the later of the two.
    private bool WaitsFrom(SyncCollection c)
    {
        uint at = 0;
        while (_store.NextPending(c.Number, at, _one) is StoreError.None or StoreError.Damaged)
        {
            if (_one.KeyLength == 0 && _one.Id >= c.LaterFrom)
            {
                return true;
            }

            at = _one.Version;
        }

        return false;
    }
}

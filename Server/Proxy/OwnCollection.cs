// The proxy's own side of a collection, inside one transaction: what the upstream says is written like the application's
// own writes, so that it goes to the devices; what was lost to it is kept for a person to read.

using System.Globalization;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

internal sealed class OwnCollection(IProxyTransaction store, int collection, long now)
{
    private CollectionRow? _row;

    private CollectionRow Row => _row ??= store.FindCollection(collection);

    /// <summary>The object, deleted or not.</summary>
    public ObjectRow? Find(string id)
    {
        return store.FindObject(collection, id);
    }

    /// <summary>Writes a value; the number of the object's last change.</summary>
    public long Put(string id, string? type, byte[] data)
    {
        ObjectRow? row = Find(id);
        if (row is { Deleted: false } && row.Class == type && row.Data.AsSpan().SequenceEqual(data))
        {
            return row.Seq;
        }

        bool exists = row is { Deleted: false };
        row ??= new ObjectRow { Id = id, Created = now };
        row.Class = type;
        row.Data = data;
        row.Deleted = false;
        if (!exists)
        {
            Row.Live++;
            row.CreatedSeq = Row.Seq + 1;
        }

        return Save(row);
    }

    /// <summary>Deletes an object; the number of its last change.</summary>
    public long Delete(string id)
    {
        ObjectRow? row = Find(id);
        if (row == null || row.Deleted)
        {
            return row?.Seq ?? 0;
        }

        row.Data = null;
        row.Deleted = true;
        Row.Live--;
        return Save(row);
    }

    /// <summary>Keeps the value of an object that is about to be overwritten although the upstream did not have it.</summary>
    public void KeepLoser(ObjectRow row)
    {
        int device = row.LastDevice != 0 ? row.LastDevice : store.ListMembers(collection).FirstOrDefault().Id;
        LoserRow loser = new(row.Id, row.Writer != 0, row.Deleted, row.Class, row.Data, now);
        store.AddLoser(device, collection, loser, row.Deleted ? 0 : ContentSum.Of(row.Class, row.Data));
    }

    /// <summary>Makes due what devices set aside of this object: the upstream sent it again.</summary>
    public void Retry(string id)
    {
        foreach (int replica in store.ListMembers(collection).SelectMany(m => store.ListReplicas(m.Id)).Select(r => r.Id))
        {
            store.Retry(replica, collection, id);
        }
    }

    /// <summary>The device and the ClientId that an object was added under; null for one that has a name of its own.</summary>
    public (string Device, string ClientId)? DeviceId(string id)
    {
        int again = id.LastIndexOf('~');
        string first = again > 0 ? id[..again] : id;
        foreach ((int device, string name, _) in store.ListMembers(collection))
        {
            string prefix = string.Create(CultureInfo.InvariantCulture, $"{device}-");
            foreach (string client in (string[])[first, first.StartsWith(prefix, StringComparison.Ordinal) ? first[prefix.Length..] : ""])
            {
                if (client.Length > 0 && store.FindId(device, collection, client)?.ServerId == id)
                {
                    return (name, client);
                }
            }
        }

        return null;
    }

    /// <summary>True when the object is known by its id wherever it was made; false when one side gave it a number.</summary>
    public bool IsNamed(string id)
    {
        return !Incarnation.IsId(id) && DeviceId(id) == null;
    }

    /// <summary>An id for an object that came from the upstream under this one.</summary>
    public string IdFor(int route, string upstreamId)
    {
        string id = upstreamId;
        for (int i = 2; Find(id) != null && !(store.FindOwn(route, id) == null && IsNamed(id)); i++)
        {
            id = string.Create(CultureInfo.InvariantCulture, $"{(upstreamId.Length > 52 ? upstreamId[..52] : upstreamId)}~{i}");
        }

        return id;
    }

    private long Save(ObjectRow row)
    {
        row.Seq = ++Row.Seq;
        row.Writer = 0;
        row.Changed = now;
        store.SaveObject(collection, row);
        store.SaveCollection(Row);
        return row.Seq;
    }
}

// How far a value has come on its way to a device.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Application;

/// <summary>The states of an object at a device.</summary>
public static class Delivery
{
    /// <summary>The device wrote it.</summary>
    public const string Received = "received";

    /// <summary>It goes with one of the next replies.</summary>
    public const string Waiting = "waiting";

    /// <summary>It is in a reply that the device has not acknowledged.</summary>
    public const string Sent = "sent";

    /// <summary>The device has it.</summary>
    public const string Applied = "applied";

    /// <summary>The device does not take it.</summary>
    public const string Refused = "refused";

    /// <summary>The device dropped its copy.</summary>
    public const string Dropped = "dropped";

    /// <summary>The state of a value.</summary>
    /// <param name="seq">Its number.</param>
    /// <param name="isOwn">True when the device wrote it.</param>
    /// <param name="aside">Status with which it was set aside as it is now; null = it was not.</param>
    /// <param name="point">What the device has seen of the feed, with the last reply and before it, and whether it has that reply; null = nothing.</param>
    /// <param name="isDue">True when it is sent again.</param>
    public static string Of(long seq, bool isOwn, int? aside, (long From, long To, bool Acknowledged)? point, bool isDue)
    {
        return aside is { } status ? (status == 0 ? Dropped : Refused)
            : isOwn ? Received
            : point is not { } seen || seq > seen.To || isDue ? Waiting
            : seq <= seen.From || seen.Acknowledged ? Applied : Sent;
    }
}

/// <summary>Writes objects as the application does, for one device or for each of a group.</summary>
internal static class ApplicationWriter
{
    /// <summary>Makes or changes an object; false when it was like this already.</summary>
    /// <param name="store">A transaction that holds the collection.</param>
    /// <param name="collection">The collection.</param>
    /// <param name="row">The object as it is; null = there is none, not even a deleted one. Then the one that was made.</param>
    /// <param name="id">Its id.</param>
    /// <param name="type">name#hash; null = none named.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="now">The time, milliseconds since 1970.</param>
    public static bool Put(IStoreTransaction store, CollectionRow collection, ref ObjectRow? row, string id, string? type, byte[] data, long now)
    {
        bool exists = row is { Deleted: false };
        if (exists && row!.Class == type && row.Data.AsSpan().SequenceEqual(data))
        {
            return false;
        }

        row ??= new ObjectRow { Id = id, Created = now };
        row.Seq = ++collection.Seq;
        if (!exists)
        {
            row.CreatedSeq = row.Seq;
            collection.Live++;
        }

        row.Class = type;
        row.Data = data;
        row.Deleted = false;
        row.Writer = ClassCatalog.Application;
        row.Changed = now;
        store.SaveObject(collection.Id, row);
        store.SaveCollection(collection);
        return true;
    }

    /// <summary>Deletes an object that is there.</summary>
    public static void Delete(IStoreTransaction store, CollectionRow collection, ObjectRow row, long now)
    {
        row.Seq = ++collection.Seq;
        row.Data = null;
        row.Deleted = true;
        row.Writer = ClassCatalog.Application;
        row.Changed = now;
        collection.Live--;
        store.SaveObject(collection.Id, row);
        store.SaveCollection(collection);
        Tombstones.Prune(store, collection, collection.Seq - 1, now);
    }
}

// What is left of a deleted object goes once everyone who syncs its collection has acknowledged the deletion. Until then it
// is what the feed sends, and there is a bound of it, so that a token that adds and deletes does not fill the database.
// [SPEC 5.5]

namespace NanoSync.Server.Engine;

internal static class Tombstones
{
    private const int Every = 200; // changes of a collection between two looks

    /// <summary>A store that was not seen for so long, in milliseconds, is not waited for: it starts over when it comes.</summary>
    public const long Patience = 90L * 24 * 60 * 60 * 1000;

    /// <summary>Removes what everyone has seen, now and then.</summary>
    /// <param name="store">The transaction that changed the collection.</param>
    /// <param name="collection">The collection, its changes made.</param>
    /// <param name="before">Number of its last change before them.</param>
    /// <param name="now">Milliseconds since 1970.</param>
    public static void Prune(IStoreTransaction store, CollectionRow collection, long before, long now)
    {
        if (collection.Seq / Every != before / Every)
        {
            store.PruneDeleted(collection.Id, now - Patience);
        }
    }

    /// <summary>True when a new object has to wait until others have seen deletions. Looks first whether they have meanwhile.</summary>
    public static bool AreTooMany(IStoreTransaction store, CollectionRow collection, SyncLimits limits, long now)
    {
        if (collection.Seq < limits.MaxDeleted || store.CountDeleted(collection.Id, limits.MaxDeleted) < limits.MaxDeleted)
        {
            return false;
        }

        store.PruneDeleted(collection.Id, now - Patience);
        return store.CountDeleted(collection.Id, limits.MaxDeleted) >= limits.MaxDeleted;
    }
}

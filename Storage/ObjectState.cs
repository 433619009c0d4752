namespace NanoSync.Storage
{
    /// <summary>What an object waits for. The number is the one in flash.</summary>
    public enum ObjectState
    {
        /// <summary>Nothing: device and server agree as far as the device knows.</summary>
        Clean = 0,

        /// <summary>Made or changed on the device; the server has not confirmed it.</summary>
        Pending = 1,

        /// <summary>Deleted on the device; the server has not confirmed it. Not an object any more for the application.</summary>
        PendingDelete = 2,

        /// <summary>The server refused it. Kept and reported, blocks nothing; see <see cref="ObjectInfo.Status"/>.</summary>
        Refused = 3,

        /// <summary>A large object of which only the first bytes have arrived.</summary>
        Partial = 4,
    }
}

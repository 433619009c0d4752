namespace NanoSync.Storage
{
    /// <summary>
    /// The outcome of a store call. The band says whose fault: 1xx the caller used the store wrongly,
    /// 3xx flash, space or stored bytes; those are ordinary outcomes, and nothing that was durable is lost by them.
    /// </summary>
    public enum StoreError
    {
        /// <summary>Done.</summary>
        None = 0,

        /// <summary>The store is not open.</summary>
        NotOpen = 101,

        /// <summary>The store is open already: declare collections before Open.</summary>
        AlreadyOpen = 102,

        /// <summary>An argument is out of its documented bounds.</summary>
        BadArgument = 103,

        /// <summary>No collection of this number and kind was declared.</summary>
        NoCollection = 104,

        /// <summary>The quotas leave fewer segments to the main log than <see cref="FlashStore.LeastMainSegments"/>, or more than <see cref="FlashStore.MostMainSegments"/>.</summary>
        BadQuota = 105,

        /// <summary>Nothing of this kind was begun: Commit without Begin, Write without its Begin.</summary>
        NotBegun = 106,

        /// <summary>Another store of this program has the volume open: close that one first.</summary>
        VolumeInUse = 107,

        /// <summary>A collection has been declared under another kind than flash has it: <see cref="StoreHealth.Id"/> is its number. Nothing is touched: give it another name.</summary>
        OtherKind = 108,

        /// <summary>No such object, value or partial download.</summary>
        NotFound = 301,

        /// <summary>The quota of the store or of the outbox is used up.</summary>
        QuotaFull = 302,

        /// <summary>The collection holds as many objects as were declared.</summary>
        IndexFull = 303,

        /// <summary>The file system has no room. Nothing durable is lost; the store stays usable.</summary>
        VolumeFull = 304,

        /// <summary>The file system failed at a read, write or delete.</summary>
        VolumeFailed = 305,

        /// <summary>Files can be read but not written.</summary>
        VolumeReadOnly = 306,

        /// <summary>The folder cannot be made, listed or read.</summary>
        VolumeUnreadable = 307,

        /// <summary>Another batch, append batch or large payload is in progress; repeat when it has ended.</summary>
        Busy = 308,

        /// <summary>The batch holds as much as one batch may: commit it and begin another.</summary>
        BatchFull = 309,

        /// <summary>Space must be reclaimed first: call Step until it returns false, then repeat.</summary>
        ReclaimFirst = 310,

        /// <summary>Stored bytes are not what was written (length or CRC32).</summary>
        Damaged = 311,

        /// <summary>The object changed or went away since this information was read; find it again.</summary>
        Stale = 312,

        /// <summary>The files were written by a later version of the store. They are left untouched.</summary>
        NewerFormat = 313,

        /// <summary>
        /// The platform has no memory for it (OutOfMemoryException). What was durable is. After one in any other call than Open the
        /// store stands in the middle of that call: close it and open it again, which reads it as after a power cut.
        /// </summary>
        NoMemory = 314,
    }
}

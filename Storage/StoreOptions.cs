namespace NanoSync.Storage
{
    /// <summary>Sizes of a store, fixed at construction. All are in bytes.</summary>
    public sealed class StoreOptions
    {
        /// <summary>
        /// Most bytes of flash the store's files take together. Default 96 KB. The outboxes' quotas are part of it; the rest,
        /// at least 7 segments, is the main log's, four segments of which are never given to objects: they keep
        /// acknowledging, deleting and reclaiming possible when the store is full. Leave the file system a quarter of
        /// its own size besides: littlefs fails before it is full, by how files and folder lie.
        /// </summary>
        public int QuotaBytes = 96 * 1024;

        /// <summary>
        /// Largest segment file, 1,024 to 65,535. Default 4,096, one littlefs block. Larger: fewer files and deletes, more bytes
        /// kept free for reclaiming. Smaller: each still takes a block of the flash, which <see cref="QuotaBytes"/> does not count. A batch on
        /// the main log holds at least half of it.
        /// </summary>
        public int SegmentBytes = 4096;

        /// <summary>
        /// Size of each of the store's three buffers, 256 to a quarter of the segment. Default 1,024. A record must fit into one:
        /// a longer payload goes to a file of its own. Larger: fewer and larger writes.
        /// </summary>
        public int BufferBytes = 1024;

        /// <summary>
        /// Erase block of the file system, 1 or more. Default 4,096, littlefs on an ESP32. A large payload of an outbox has a file
        /// of its own, and counts against the outbox's quota in whole blocks, as it takes them.
        /// </summary>
        public int BlockBytes = 4096;

        /// <summary>Live bytes copied by one reclaim step. Default 1,024. Larger: fewer, longer steps.</summary>
        public int StepBytes = 1024;

        /// <summary>
        /// Small values that there is room for beside those of the engine, which declares its own: those that an earlier firmware left
        /// in flash. Default 16. Costs 12 bytes of RAM each.
        /// </summary>
        public int MetaSlots = 16;

        /// <summary>
        /// Refused readings kept over all outboxes. Default 16. Costs 12 bytes of RAM each; beyond it the oldest is dropped and
        /// counted (<see cref="FlashStore.DroppedCount"/>).
        /// </summary>
        public int SetAsideSlots = 16;

        /// <summary>
        /// Most bytes of flash that refused readings take over all outboxes, their records and large payloads. Default 8,192.
        /// Beyond it the oldest are dropped and counted; a reading that is larger by itself is dropped and counted at once.
        /// </summary>
        public int SetAsideBytes = 8192;

        /// <summary>
        /// Entropy of the format id. It must differ at every start of the same device (a hardware random number, the time of the
        /// first start): a value that repeats would give earlier ids once more after the volume was reformatted.
        /// 0: the store takes a random number of the platform (on an ESP32 the hardware's) and the clock.
        /// </summary>
        public uint Entropy;
    }
}

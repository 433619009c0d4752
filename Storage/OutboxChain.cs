namespace NanoSync.Storage
{
    /// <summary>
    /// What is known of one outbox: a chain of segments, oldest first, and how far it is acknowledged. Nothing per reading.
    /// </summary>
    internal sealed class OutboxChain
    {
        internal int Quota;         // bytes of flash
        internal bool DropOldest;   // when full; otherwise refuse
        internal int SegmentBytes;
        internal uint Head;         // oldest segment; 0 = none
        internal uint Tail;         // newest segment
        internal int TailLength;    // bytes of it that are whole batches
        internal int TailLarge;     // bytes of the large files its readings own
        internal bool Dirty;        // its end is not a whole batch: append to a new one
        internal bool PassIds;      // damage was seen: pass over some ids, in case those behind it were given out
        internal uint HeadFirst;    // ids below this one are not in the chain any more
        internal uint NextId = 1;
        internal uint Acked;        // the server has everything up to here
        internal uint Counted;      // acknowledgements up to here are taken off Count
        internal uint Dropped;      // readings that went unsent, those before Acked
        internal uint Lost;         // refused readings that were not kept, before the batch under way
        internal uint BatchLost;    // those of the batch under way
        internal uint StartFile;    // where the first reading above Counted lies, or a place before it; 0 = not known
        internal int StartAt;
        internal int Count;         // readings in the chain above Counted
        internal int Bytes;         // of the chain and its large files

        internal void Clear()
        {
            Head = 0;
            Tail = 0;
            TailLength = 0;
            TailLarge = 0;
            Dirty = false;
            PassIds = false;
            HeadFirst = 1;
            NextId = 1;
            Acked = 0;
            Counted = 0;
            Dropped = 0;
            Lost = 0;
            BatchLost = 0;
            StartFile = 0;
            StartAt = 0;
            Count = 0;
            Bytes = 0;
        }

        /// <summary>Readings dropped unsent that lie between what is acknowledged and what is still there.</summary>
        internal uint Gap
        {
            get { return HeadFirst > Acked + 1 ? HeadFirst - Acked - 1 : 0; }
        }
    }
}

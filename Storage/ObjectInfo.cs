namespace NanoSync.Storage
{
    /// <summary>
    /// One object as found in the store, and at the same time the cursor of an enumeration. Made once by the caller and
    /// used again and again: filling it allocates nothing. Valid until the object changes; reading through an outdated
    /// one gives <see cref="StoreError.Stale"/> or the bytes of that older state, never a mixture.
    /// </summary>
    public sealed class ObjectInfo
    {
        /// <summary>Longest key in bytes.</summary>
        public const int MaxKey = 64;

        /// <summary>Longest reason in bytes.</summary>
        public const int MaxReason = 64;

        /// <summary>Number of the collection.</summary>
        public int Collection;

        /// <summary>Outbox: the id. Keyed: the local id, 0 when the server made the object.</summary>
        public uint Id;

        /// <summary>Change number: higher than that of every change before, of any object. 0 in an outbox, but of a reading that is tried again that of the asking. Partial: the server's number of the value.</summary>
        public uint Version;

        /// <summary>The caller's 32-bit mark of the object (its class); opaque to the store.</summary>
        public uint Tag;

        /// <summary>What the object waits for.</summary>
        public ObjectState State;

        /// <summary>Refused and Pending: the object is a deletion.</summary>
        public bool IsDelete;

        /// <summary>Payload bytes. For a partial download the bytes of the whole.</summary>
        public int Length;

        /// <summary>Partial download: bytes that are in flash. Otherwise the same as <see cref="Length"/>.</summary>
        public int Done;

        /// <summary>Large payload: CRC32 of the whole. 0 for an object held in a log.</summary>
        public uint Crc;

        /// <summary>Key given by the server, first <see cref="KeyLength"/> bytes.</summary>
        public readonly byte[] Key = new byte[MaxKey];

        /// <summary>Bytes of the key; 0 while an object made on the device has none.</summary>
        public int KeyLength;

        /// <summary>Refused: the server's status.</summary>
        public int Status;

        /// <summary>Refused: the reason, UTF-8, first <see cref="ReasonLength"/> bytes.</summary>
        public readonly byte[] Reason = new byte[MaxReason];

        /// <summary>Bytes of the reason.</summary>
        public int ReasonLength;

        /// <summary>
        /// A reading that was refused and is tried again: acknowledging the readings up to an id does not cover it, drop it
        /// (<see cref="FlashStore.Drop"/>) when the server has it.
        /// </summary>
        public bool Retried
        {
            get { return Slot >= 0; }
        }

        // Where the record lies, and where its payload: in the same file behind the head, or a file of its own.
        internal uint RecordFile;
        internal int RecordOffset;
        internal int RecordSize;
        internal uint DataFile;
        internal int DataOffset;
        internal int Slot = -1;      // index entry; -1 when it lies in an outbox chain
        internal uint ReadCrc;       // running CRC32 of a large payload read in order
        internal int ReadNext;       // position up to which ReadCrc holds

        /// <summary>Forgets the position of an enumeration.</summary>
        public void Reset()
        {
            Collection = -1;
            RecordFile = 0;
            Slot = -1;
            KeyLength = 0;
            Id = 0;
        }
    }
}

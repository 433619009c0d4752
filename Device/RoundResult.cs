// The outcome of one round, with its figures.

using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    /// <summary>What a round came to.</summary>
    public enum RoundOutcome
    {
        /// <summary>Both sides are in step: nothing pending here, nothing more there.</summary>
        InStep = 0,

        /// <summary>The round went well and there is more, one way or the other.</summary>
        More = 1,

        /// <summary>The carrier brings the reply later.</summary>
        Deferred = 2,

        /// <summary>The round failed; nothing is lost, the next one repairs it. The other members say why.</summary>
        Failed = 3,

        /// <summary>The round went well, but the server wants something again later (Status 5, 9 or 16): wait as after a failure.</summary>
        Held = 4,
    }

    /// <summary>One round. Made once by the engine and filled anew by each round.</summary>
    public sealed class RoundResult
    {
        /// <summary>What it came to.</summary>
        public RoundOutcome Outcome;

        /// <summary>The carrier's error; None when it had none.</summary>
        public CarrierError Carrier;

        /// <summary>The HTTP status, or 0.</summary>
        public int HttpStatus;

        /// <summary>What was wrong with the reply's bytes, or with writing the request.</summary>
        public SyncError Message;

        /// <summary>Offset of the fault in the reply.</summary>
        public int MessageOffset;

        /// <summary>The store's error; None when it had none.</summary>
        public StoreError Store;

        /// <summary>Status of the whole message, or of the first collection that has one; 0 = none.</summary>
        public int Status;

        /// <summary>Seconds the server asks to wait; -1 = it did not say.</summary>
        public int RetryAfter;

        /// <summary>Objects sent, and not sent back as failed.</summary>
        public int ObjectsUp;

        /// <summary>Objects received and kept.</summary>
        public int ObjectsDown;

        /// <summary>Objects of this device that the server refused in this round.</summary>
        public int RefusedUp;

        /// <summary>Objects of the server that this device refused in this round.</summary>
        public int RefusedDown;

        /// <summary>Seconds for which the request asked to be held; 0 = it did not.</summary>
        public int HeldSeconds;

        /// <summary>Bytes of the request.</summary>
        public int BytesUp;

        /// <summary>Bytes of the reply.</summary>
        public int BytesDown;

        internal void Clear()
        {
            Outcome = RoundOutcome.Failed;
            Carrier = CarrierError.None;
            HttpStatus = 0;
            Message = SyncError.None;
            MessageOffset = 0;
            Store = StoreError.None;
            Status = 0;
            RetryAfter = -1;
            HeldSeconds = 0;
            ObjectsUp = 0;
            ObjectsDown = 0;
            RefusedUp = 0;
            RefusedDown = 0;
            BytesUp = 0;
            BytesDown = 0;
        }
    }
}

namespace NanoSync.Storage
{
    // The device's own large payload in slices, for programs of the PC that do not have it whole in memory. No board calls it.
    public sealed partial class FlashStore
    {
        /// <summary>
        /// Begins a payload of the device's own, of any length, in slices: a reading of an outbox or a keyed object. One at a
        /// time; batches and appends go on meanwhile. Nothing is seen of it before <see cref="EndLarge"/>.
        /// </summary>
        /// <param name="collection">An outbox or a keyed collection.</param>
        /// <param name="tag">The caller's mark.</param>
        /// <param name="info">The keyed object it changes; null for a new one and for an outbox.</param>
        public StoreError BeginLarge(int collection, uint tag, ObjectInfo info)
        {
            lock (this)
            {
                if (!_open)
                {
                    return StoreError.NotOpen;
                }
                if (collection < 0 || collection > MaxCollection || _kinds[collection] == KindNone)
                {
                    return StoreError.NoCollection;
                }
                int slot = -1;
                if (info != null)
                {
                    slot = info.Collection == collection && _kinds[collection] == KindKeyed ? FindObject(info) : -1;
                    if (slot < 0 || IsDeletion(slot))
                    {
                        return StoreError.NotFound;
                    }
                }
                return StartLocal(collection, slot, tag);
            }
        }

        /// <summary>Adds a slice.</summary>
        /// <returns>None; QuotaFull or an error of the volume, after which it is to be abandoned.</returns>
        public StoreError WriteLarge(byte[] payload, int offset, int count)
        {
            lock (this)
            {
                return _local.File == 0 ? NotBegun() : ContinueLocal(payload, offset, count);
            }
        }

        /// <summary>Ends the payload: from now on it is there, durable.</summary>
        /// <param name="id">Outbox: the reading's id. Keyed: the local id.</param>
        /// <returns>None; Busy while a batch is open (keyed) or another outbox is appended to: or ReclaimFirst: call again; or why it failed: it is gone then.</returns>
        public StoreError EndLarge(out uint id)
        {
            lock (this)
            {
                id = 0;
                return _local.File == 0 ? NotBegun() : FinishLocal(out id);
            }
        }

        /// <summary>Gives the payload up.</summary>
        public void AbandonLarge()
        {
            lock (this)
            {
                _local.Abandon();
            }
        }
    }
}

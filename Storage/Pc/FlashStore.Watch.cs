namespace NanoSync.Storage
{
    // What the engine's invariants and the store's tests ask of the store. No board calls it.
    public sealed partial class FlashStore
    {
        internal const int PutOfNothing = 0;
        internal const int PutOfObject = 1;
        internal const int PutOfPart = 2;

        internal bool InBatch
        {
            get { return _batch; }
        }

        // Bytes of all the store's files, as far as the store counts them.
        internal int BytesUsed
        {
            get
            {
                int bytes = _mainBytes + _largeBytes + (_hasSpare ? _options.SegmentBytes : 0);
                for (int i = 0; i <= MaxCollection; i++)
                {
                    if (_outboxes[i] != null)
                    {
                        bytes += _outboxes[i].Bytes;
                    }
                }
                return bytes;
            }
        }

        // Which payload is open between two slices.
        internal int PutUnderWay
        {
            get { return _put == PutNone ? PutOfNothing : _put == PutPartial ? PutOfPart : PutOfObject; }
        }
    }
}

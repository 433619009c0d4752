namespace NanoSync.Storage
{
    // What the engine's invariants ask of the store. No board calls it.
    public sealed partial class FlashStore
    {
        internal const int PutOfNothing = 0;
        internal const int PutOfObject = 1;
        internal const int PutOfPart = 2;

        // Which payload is open between two slices.
        internal int PutUnderWay
        {
            get { return _put == PutNone ? PutOfNothing : _put == PutPartial ? PutOfPart : PutOfObject; }
        }
    }
}

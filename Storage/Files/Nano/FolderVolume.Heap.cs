namespace NanoSync.Storage
{
    // What a board's heap needs, and a PC's does by itself.
    internal sealed partial class FolderVolume
    {
        // Call frames lie on the heap of a board, each in one piece of some 200 bytes, and where none is large enough a call ends in
        // OutOfMemoryException. What a program makes at its start stays between the garbage of making it, so 2 KB of holes would stay
        // too. A store is opened when most of that is made.
        partial void CompactHeap()
        {
            nanoFramework.Runtime.Native.GC.Run(true);
        }
    }
}

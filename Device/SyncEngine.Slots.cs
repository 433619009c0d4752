// The values that the engine keeps in the store: the one table of their slots, and their sum, which Open asks the store for.
// Whoever adds a slot adds it to the sum, and to the drawings of SPEC 9.3; with one too few a device would have no room for a key, and never sync.
//
// slot  of each collection                                                bytes
//   0   the key held                                                      1 to 24
//   2   outbox: from, to, start of each run of uptimes                    12 each
//   3   inbox, two-way: version from which a full pass began 4, whether   5
//       it gives back what the server has lost 1
//   7   of a store that was one of two: first id under the store id       12
//       that follows 4, that store id 4, the store id before it 4
//   5   carriers that answer later, of the request under way:             24
//       objects 4, up to 4, upload: order 4, done 4, sent 4, total 4
//   8 to 15 of an outbox are the virtual device's: how far a file was replayed
//   16  what the server was told with the key, see SyncEngine.Told.cs     4
//   SyncCollection.NameSlot   its name, see SyncEngine.Names.cs            1 to 64
// slot  of the engine's own collection
//   1   the last four commands done, newest first: id 4, mark 4, status 2 10 each
//   4   carriers that answer later, the request under way: check sum 4,   18
//       number 4, rounds waited 4, times sent anew 1, under way 1, the
//       store's next version when it was written 4
//   6   the store's present store id 4, how often it changed 4           8

using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int KeySlot = 0;
        private const int CommandSlot = 1;
        private const int RunsSlot = 2;
        private const int PassSlot = 3;
        internal const int SentSlot = 4;
        internal const int SentPartSlot = 5;
        internal const int StoreIdSlot = 6;
        internal const int StoreIdsSlot = 7;
        private const int ToldSlot = 16;

        private const int OwnSlots = 2; // the last commands done, and the store id; DeferredEngine adds its own
        private const int SlotsOfCollection = 5; // the name, the key, what was told, the store ids, and the runs of an outbox or the pass of another collection

        private StoreError DeclareSlots()
        {
            int sum = OwnSlots + (SlotsOfCollection * _count);
            if (RepliesDeferred)
            {
                sum += 1 + _count;
            }

            return _store.DeclareValues(sum);
        }
    }
}

// What the server remembers of a collection, so that it is not told again: class, window, limit and rule for conflicts. [SPEC 2.3]
//
// The server remembers them with the key of the reply: a device that holds the key may count on them, whatever else the server was
// told in requests whose replies did not arrive. So the device keeps beside the key one number made of all four, and tells them
// all when that number is another one: after a change of the firmware or of its options, or when a window was halved.

using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int ToldSize = 4;

        // True when the request under way tells them. A request with key 0 does, and the one after it too, because the server takes
        // the key of any form of a start: which of the forms it answered is not known. No two windows and limits below 2 MB give one
        // number. One that happens to be 0, which stands for nothing told, is told each time.
        private bool Tells(SyncCollection c)
        {
            c.Telling = c.StartsOver ? 0 : c.SendingClass.Hash + ((uint)_options.ReplyBytes << 11) + ((uint)_window << 1) + (c.DeviceWins ? 1u : 0);
            return c.Telling == 0 || c.Telling != c.Told;
        }

        // Within the batch of the key, or of its own: what was told is remembered now.
        private StoreError KeepTold(SyncCollection c)
        {
            if (c.Telling == c.Told)
            {
                return StoreError.None;
            }

            Format.Put32(_small, 0, c.Telling);
            return _store.SetMeta(c.Number, ToldSlot, _small, 0, ToldSize);
        }

        private void LoadTold(SyncCollection c)
        {
            int length;
            c.Told = _store.GetMeta(c.Number, ToldSlot, _small, 0, out length) == StoreError.None ? Format.U32(_small, 0) : 0;
        }
    }
}

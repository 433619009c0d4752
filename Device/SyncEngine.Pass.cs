// A full pass: after a start over the server names each object that it has, and what it did not name is dropped or, where its
// database went back in time, sent once more. The version from which the pass began is in flash, so that a restart goes on
// with it. SyncEngine.Recover.cs decides about the objects that such a pass names. [SPEC 5.8]

using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int SweepStep = 8;
        private const int PassLength = 5;

        // In the collections that were answered, whatever became of the others. The round itself calls this, since a commit from within
        // the reply would be three calls of 200 bytes deeper.
        private void SweepAll()
        {
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (c.Answered && !c.More && !c.StartsOver)
                {
                    Sweep(c);
                }
            }
        }

        // [SPEC 5.8] Since the start over the server has named all objects that it has. One that it did not name is dropped from an
        // inbox, and goes up again from a two-way collection. A round does this for a few of them; the next round goes on.
        private void Sweep(SyncCollection c)
        {
            uint start = c.Kind == CollectionKind.Outbox ? 0 : PassStart(c);
            if (start == 0)
            {
                return;
            }

            int done = 0;
            _info.Reset();
            while (_result.Store == StoreError.None && Next(c.Number))
            {
                if (_info.State != ObjectState.Clean || _info.Version >= start)
                {
                    continue;
                }

                if (done++ == SweepStep)
                {
                    c.More = true;
                    return;
                }

                _result.Store = c.Kind == CollectionKind.Inbox && !c.Recovers
                    ? _store.RemoveServer(c.Number, _info.Key, 0, _info.KeyLength)
                    : _store.SendAgain(_info);
            }

            if (_result.Store == StoreError.None)
            {
                _result.Store = MarkPass(c, 0);
                c.Recovers = false;
            }
        }

        // The next object that can be read: what flash has lost hides nothing behind it.
        private bool Next(int collection)
        {
            StoreError error;
            do
            {
                error = _store.Next(collection, _info);
            }
            while (error == StoreError.Damaged);

            return error == StoreError.None;
        }

        // The version from which the full pass under way began; 0 = none is.
        private uint PassStart(SyncCollection c)
        {
            int length;
            c.Recovers = false;
            if (_store.GetMeta(c.Number, PassSlot, _small, 0, out length) != StoreError.None || length < 4)
            {
                return 0;
            }

            c.Recovers = length == PassLength && _small[4] != 0;
            return Format.U32(_small, 0);
        }

        private StoreError MarkPass(SyncCollection c, uint start)
        {
            Format.Put32(_small, 0, start);
            _small[4] = (byte)(c.Recovers && start != 0 ? 1 : 0);
            return _store.SetMeta(c.Number, PassSlot, _small, 0, PassLength);
        }

        // [SPEC 5.8] Notes in the batch that the pass that follows gives back what the server has lost. A value that is half down is
        // given up where another is held: it would take the place of one that the pass has to compare with the server's.
        private bool MarkRecovering(SyncCollection c)
        {
            if (_store.FirstPartial(c.Number, _found) == StoreError.None
                && _store.FindKey(c.Number, _found.Key, 0, _found.KeyLength, _info) == StoreError.None && _info.State == ObjectState.Clean)
            {
                _result.Store = _store.DropPartial(c.Number, _found.Key, 0, _found.KeyLength);
                if (_result.Store != StoreError.None)
                {
                    return false;
                }
            }

            System.Array.Clear(_small, 0, PassLength);
            _small[4] = 1;
            _result.Store = _store.SetMeta(c.Number, PassSlot, _small, 0, PassLength);
            return _result.Store == StoreError.None;
        }
    }
}

// The pass after a server's database went back in time [SPEC 5.8]: what this device had acknowledged and the database has
// lost goes up again, and what was deleted since does not come back.

using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        // True when this pass decides about the command being read: the object is held as it was before the pass, and
        // clean, or it is not held although the server says that this device knew it. The object is then in _info, or its
        // Collection is -1.
        private bool IsRecovered()
        {
            SyncCollection c = _current;
            if (!c.Recovers || _verb == 0 || _verb == Tags.Fetch)
            {
                return false;
            }

            if (_store.FindKey(c.Number, _id, 1, _idLength, _info) == StoreError.None)
            {
                return _info.State == ObjectState.Clean && _info.Version < PassStart(c);
            }

            _info.Reset();
            return _verb == Tags.Change && _store.FindPartial(c.Number, _id, 1, _idLength, _found) != StoreError.None;
        }

        private void BeginCompare()
        {
            _rangeTotal = 0;
            _rangeCrc = Crc32.Start;
            Compare(_object, 0, _gathered);
        }

        private void Compare(byte[] bytes, int offset, int count)
        {
            _rangeTotal += (uint)count;
            _rangeCrc = Crc32.Update(_rangeCrc, bytes, offset, count);
        }

        private bool Recover(SyncCollection c, byte tag)
        {
            if (_info.Collection < 0)
            {
                // a value that this device would refuse was never held here, so it was not deleted here either
                bool shown = _incoming == Incoming.Gathering;
                if (!shown && _rangeTotal > (uint)_options.MaxObjectBytes)
                {
                    return QueueAnswer(tag, Status.TooLarge, null);
                }

                string reason = !shown ? CheckLarge(c, (int)_rangeTotal)
                    : c.Handler == null ? null : c.Handler.Check(c, _id, 1, _idLength, _object, 0, _gathered);
                return QueueAnswer(tag, reason == null ? Status.NotFound : Status.BadObject, reason);
            }

            if (!IsPart)
            {
                if (_incoming == Incoming.Gathering)
                {
                    BeginCompare();
                }

                _rangeCrc = Crc32.Finish(_rangeCrc);
            }

            if (!IsHeld(ReceivedTag(), _rangeTotal, _rangeCrc))
            {
                return KeepOwn(tag);
            }

            _result.Store = _store.Confirm(c.Number, _id, 1, _idLength);
            IgnoreGone();
            return _result.Store == StoreError.None;
        }

        // Sends the value in _info up again. The server decides by what this device had acknowledged in the restored database.
        private bool KeepOwn(byte tag)
        {
            _result.Store = _store.SendAgain(_info);
            IgnoreGone();
            if (tag == Tags.SoftDelete)
            {
                return _result.Store == StoreError.None; // the same reply names the object once more, with a value: that is answered, and an object has one answer
            }

            return _result.Store == StoreError.None && QueueAnswer(tag, Status.Conflict, null);
        }

        // Whether the value in _info has this class, length and CRC32. A value in a log is read for that, in small portions, as the
        // buffers hold the reply.
        private bool IsHeld(uint type, uint length, uint crc)
        {
            if (_info.Tag != type || (uint)_info.Length != length)
            {
                return false;
            }

            if (_info.Crc != 0)
            {
                return _info.Crc == crc;
            }

            uint running = Crc32.Start;
            for (int at = 0; at < _info.Length; at += _small.Length)
            {
                int count = _store.Read(_info, at, _small, 0, _small.Length);
                if (count <= 0)
                {
                    return false;
                }

                running = Crc32.Update(running, _small, 0, count);
            }

            return Crc32.Finish(running) == crc;
        }
    }
}

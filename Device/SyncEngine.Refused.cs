// A server further up refused what ours had acknowledged: the command that says so. [SPEC 7.1]

using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private byte[] _refusedKey; // while such a command is carried out
        private byte[] _refusedReason;
        private int _refusedStatus;

        // Reads refused(id, collection, object, status, reason, mark), of which reason may be absent, from the bytes of the reply. It is
        // carried out after the reply's commit (DoRefused).
        private int JudgeRefused(int at)
        {
            uint length;
            uint status;
            uint reason;
            int collection = FindNamed(at);
            if (collection < 0 || _collections[collection].Kind == CollectionKind.Outbox)
            {
                return Status.NotFound; // a reading: it is not here any more
            }

            at += (int)_commandValue;
            if (!GetVarint(ref at, out length) || length < 1 || length > Limits.Text || at + (int)length > _structureLength)
            {
                return Status.BadObject;
            }

            byte[] key = new byte[length];
            System.Array.Copy(_object, at, key, 0, key.Length);
            at += key.Length;
            if (!GetVarint(ref at, out status) || status > 65535 || !GetReason(ref at, out reason) || reason > Limits.Text || at + (int)reason > _structureLength)
            {
                return Status.BadObject;
            }

            _refusedReason = new byte[reason];
            System.Array.Copy(_object, at, _refusedReason, 0, _refusedReason.Length);
            _refusedKey = key;
            _refusedStatus = (int)status;
            _commandValue = (uint)collection;
            return Status.Success;
        }

        private bool GetReason(ref int at, out uint length)
        {
            length = 0;
            return (_object[0] & 0x10) == 0 || GetVarint(ref at, out length);
        }

        // mark behind two texts, a number and a text that may be absent
        private uint MarkOfRefused(int at, uint length)
        {
            uint mark;
            at += length <= Limits.Text ? (int)length : _structureLength;
            if (!GetVarint(ref at, out length))
            {
                return 0;
            }

            at += length <= Limits.Text ? (int)length : _structureLength;
            if (!GetVarint(ref at, out length))
            {
                return 0;
            }

            if ((_object[0] & 0x10) != 0)
            {
                if (!GetVarint(ref at, out length))
                {
                    return 0;
                }

                at += length <= Limits.Text ? (int)length : _structureLength;
            }

            return (_object[0] & 0x20) != 0 && GetVarint(ref at, out mark) ? mark : 0;
        }

        // As if our server had refused it: kept and shown. A change of it that is still to be sent goes its own way. Durable
        // together with the command's number; false when it could not be, and the server says it again.
        private bool DoRefused()
        {
            SyncCollection c = _collections[_commandValue];
            byte[] key = _refusedKey;
            byte[] reason = _refusedReason;
            _refusedKey = null;
            _refusedReason = null;
            bool there = _store.FindKey(c.Number, key, 0, key.Length, _info) == StoreError.None && _info.State == ObjectState.Clean;
            _result.Store = _store.Begin();
            if (_result.Store == StoreError.None && there)
            {
                _result.Store = _store.Refuse(_info, _refusedStatus, reason, reason.Length);
            }

            if (_result.Store == StoreError.None)
            {
                _result.Store = SaveCommand();
            }

            if (!EndBatch())
            {
                return false;
            }

            _result.RefusedUp += there ? 1 : 0;
            return true;
        }
    }
}

// What an engine needs that passes on the objects of others: classes it does not know, a structure of its own in each
// message, refusals that come later than the object. A device that has sensors uses none of it.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    /// <summary>Classes by their wire names, for an engine that takes objects of any class. Called within a round.</summary>
    public interface IClassNames
    {
        /// <summary>The tag under which the store keeps objects of the class, not 0; 0 refuses them with Status 202.</summary>
        uint TagOf(byte[] wireName, int length);

        /// <summary>The wire name for such a tag, empty for an object without class; null = not one of them.</summary>
        byte[] NameOf(uint tag);
    }

    public partial class SyncEngine
    {
        private byte[] _refusedKey; // while such a command is carried out
        private byte[] _refusedReason;
        private int _refusedStatus;
        private byte[] _ownName;
        private byte[] _ownRecord;
        private uint _tag; // of the class that the reply names for the object; 0 = the collection's
        private uint _collectionTag;
        private bool _collectionKnown;

        /// <summary>Classes besides those added; null = the engine refuses all others.</summary>
        public IClassNames Classes;

        /// <summary>Sends a structure with each message from now on. [SPEC 7.1]</summary>
        /// <param name="name">Its class; null = none any more.</param>
        /// <param name="record">Its record, of at most 64 bytes less than the buffer.</param>
        public void AttachStructure(string name, byte[] record)
        {
            _ownName = name == null ? null : Encoding.UTF8.GetBytes(name);
            _ownRecord = record;
        }

        // ---- The other way round: a server further up refused what ours had acknowledged ----

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

        /// <summary>
        /// Refuses an object that was taken before: the server is told with the next message, as if it had been refused then.
        /// Not while a round runs.
        /// </summary>
        /// <returns>None; IndexFull when <see cref="SyncOptions.Answers"/> are waiting; or an error of the store.</returns>
        public StoreError Refuse(SyncCollection collection, byte tag, byte[] key, int status, string reason)
        {
            if (!_open)
            {
                return StoreError.NotOpen;
            }

            if (key.Length > ObjectInfo.MaxKey - 1)
            {
                return StoreError.BadArgument;
            }

            _id[0] = (byte)collection.Number;
            System.Array.Copy(key, 0, _id, 1, key.Length);
            int length = MakeAnswer(tag, status, reason);
            return _store.PutServer(AnswerCollection, _id, 0, key.Length + 1, 0, _object, 0, length);
        }

        // The bytes of an answer, in _object; see WriteAnswers.
        private int MakeAnswer(byte tag, int status, string reason)
        {
            _object[0] = tag;
            Format.Put16(_object, 1, status);
            int length = 3;
            if (reason != null)
            {
                byte[] utf8 = Encoding.UTF8.GetBytes(reason);
                int count = utf8.Length <= Limits.Text ? utf8.Length : Limits.Text;
                while (count < utf8.Length && count > 0 && (utf8[count] & 0xC0) == 0x80)
                {
                    count--; // no half of a character
                }

                System.Array.Copy(utf8, 0, _object, 3, count);
                length += count;
            }

            return length;
        }

        // The class that the reply names: of the collection's objects, or of one.
        private void ReadClass()
        {
            _tag = 0;
            _classKnown = KnowsClass();
            if (!_classKnown && Classes != null)
            {
                _tag = Classes.TagOf(_reader.Text, _reader.TextLength);
                _classKnown = _tag != 0;
            }

            if (_reader.Scope == Scopes.Collection)
            {
                _collectionTag = _tag;
                _collectionKnown = _classKnown;
            }
        }

        private uint ReceivedTag()
        {
            return _tag != 0 ? _tag : _current.Class.Hash;
        }
    }
}

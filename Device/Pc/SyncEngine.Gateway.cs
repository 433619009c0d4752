// What an engine needs that passes on the objects of others, as the proxy's does: classes it does not know, a structure of its own in
// each message, refusals that come later than the object. A board has none of it.

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

    public sealed partial class SyncCollection
    {
        /// <summary>The store's tag of objects of its class.</summary>
        public uint ClassTag
        {
            get { return Class.Hash; }
        }
    }

    public partial class SyncEngine
    {
        private byte[] _ownName;
        private byte[] _ownRecord;
        private uint _tag; // of the class that the reply names for the object; 0 = the collection's
        private uint _collectionTag;

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

        partial void HasOwnStructure(ref bool has)
        {
            has |= _ownName != null;
        }

        partial void WriteOwnStructure()
        {
            if (_ownName != null)
            {
                WriteStructure(_ownName, _ownRecord, _ownRecord.Length);
            }
        }

        partial void FindForeignName(uint tag, ref byte[] name)
        {
            byte[] foreign = Classes == null ? null : Classes.NameOf(tag);
            name = foreign == null ? name : foreign;
        }

        partial void BeginForeignTags()
        {
            _collectionTag = 0;
            _tag = 0;
        }

        partial void BeginForeignTag()
        {
            _tag = _collectionTag;
        }

        partial void ReadForeignClass()
        {
            _tag = 0;
            if (!_classKnown && Classes != null)
            {
                _tag = Classes.TagOf(_reader.Text, _reader.TextLength);
                _classKnown = _tag != 0;
            }

            if (_reader.Scope == Scopes.Collection)
            {
                _collectionTag = _tag;
            }
        }

        partial void TakeForeignTag(ref uint tag)
        {
            tag = _tag != 0 ? _tag : tag;
        }
    }
}

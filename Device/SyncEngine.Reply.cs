// Applies the reply while it is read: each command goes into the store's batch as it comes, and the batch is committed
// together with the new keys when the reply ended well. [SPEC 5.1]

using System;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private readonly byte[] _newKey = new byte[SyncCollection.KeySize];
        private readonly byte[] _id = new byte[1 + Limits.Text]; // the object being read; [0] is the number of its collection, so that the whole can be the key of an answer
        private int _newKeyLength;
        private uint _definitionsSent;
        private int _idLength;
        private int _status;
        private int _answers; // how many objects of this reply are refused so far
        private byte _verb; // of the command being read; 0 = it is a response
        private SyncCollection _current; // null = the reply has a collection that does not count, and is read over
        private bool _judged; // key, id and status of the current collection were judged
        private bool _classKnown;
        private bool _collectionKnown;

        internal uint _sentHash; // check sum of the request under way: a key that answers it ends with this
        internal uint _sentBefore; // its objects have lower versions than this one

        internal bool Receive()
        {
            _result.Carrier = _carrier.Receive();
            if (_result.Carrier != CarrierError.None)
            {
                if (_result.Carrier == CarrierError.Deferred)
                {
                    _result.Outcome = RoundOutcome.Deferred;
                }

                return false;
            }

            return ApplyReply();
        }

        internal bool ApplyReply()
        {
            _result.Store = _store.Begin();
            if (_result.Store != StoreError.None)
            {
                return false;
            }

            _commandId = 0;
            _startOver = null;
            _doneId = 0;
            _time = 0;
            _fetchAnswer = 0;
            _answers = 0;
            _definitionsSent = _definitionsAsked;
            _definitionsAsked = 0;
            bool told = _sendResult;
            _sendResult = false;
            bool whole = ReadReply();
            if (whole && _result.BytesDown == EmptyReply.Size)
            {
                _store.Abandon();
                return EndEmpty();
            }

            if (whole)
            {
                _result.Store = KeepCommand();
                if (_result.Store == StoreError.None)
                {
                    _result.Store = EndRequest();
                }

                whole = EndBatch();
            }
            else
            {
                _store.Abandon();
                HalveWindow();
            }

            if (whole)
            {
                SendStatus = false;
                _sendDiary = false;
                DoCommand();
                EndFetch();
            }
            else
            {
                _definitionsAsked |= _definitionsSent;
                _sendResult |= told;
                LoadStoreId();
            }

            for (int i = 0; i < _count; i++)
            {
                EndCollection(_collections[i], whole);
            }

            if (whole)
            {
                SetTime();
                if (_startOver != null && _result.Store == StoreError.None)
                {
                    DoStartOver();
                }
            }

            return whole && _result.Status == 0 && _result.Store == StoreError.None;
        }

        // [SPEC 2.3] The empty reply says that there is nothing new. A server gives it only to a request without commands and answers.
        private bool EndEmpty()
        {
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (c.Sent > 0 || c.StartsOver || IsFetching(c))
                {
                    _result.Message = SyncError.Truncated;
                    return false;
                }
            }

            for (int i = 0; i < _count && _result.Store == StoreError.None; i++)
            {
                // [SPEC 2.3] what such a request told, if anything, is remembered with the key already
                SyncCollection c = _collections[i];
                _result.Store = KeepTold(c);
                c.Told = c.Telling;
                c.LastStatus = 0;
                c.Answered = true;
            }

            SendStatus = false;
            _sendDiary = false;
            _sendResult = false;
            return _result.Store == StoreError.None;
        }

        // A reply that does not fit into one batch is asked for again in smaller portions. That happens at once, as a device
        // forgets in deep sleep how small they were.
        private void HalveWindow()
        {
            if ((_result.Store == StoreError.BatchFull || _result.Store == StoreError.IndexFull) && _window > 1)
            {
                _window >>= 1;
                _result.Outcome = RoundOutcome.More;
            }
        }

        private void EndCollection(SyncCollection c, bool committed)
        {
            if (!committed)
            {
                c.Answered = false;
                c.Changed = false;
                c.More = false;
                return;
            }

            c.More |= c.StartsOver && c.Kind != CollectionKind.Outbox; // key 0 only asked for a key, not for changes
            LoadKeyState(c);
            if (c.Answered)
            {
                c.Told = c.Telling;
            }

            if (c.DropsPartial && _store.FirstPartial(c.Number, _info) == StoreError.None)
            {
                // the server took the change made here: otherwise this reply would have brought the object once more
                _result.Store = _store.DropPartial(c.Number, _info.Key, 0, _info.KeyLength);
            }

            if (c.Changed && c.Handler != null)
            {
                c.Handler.Changed(c);
            }
        }

        // Commits the batch if all went well so far. Otherwise nothing of it counts, as if it had never begun.
        internal bool EndBatch()
        {
            if (_result.Store == StoreError.None)
            {
                _result.Store = _store.Commit();
            }
            else
            {
                _store.Abandon();
            }

            return _result.Store == StoreError.None;
        }

        // Reads again what is in flash with the key.
        private void LoadKeyState(SyncCollection c)
        {
            LoadKey(c);
            if (c.StartsOver)
            {
                LoadStoreIds(c);
                PassStart(c);
            }
        }

        private bool ReadReply()
        {
            _reader.Reset();
            _current = null;
            _incoming = Incoming.Nothing;
            _gathered = 0;
            Item item = Item.NeedMore;
            while (true)
            {
                if (item == Item.NeedMore || item == Item.EndOfMessage)
                {
                    int count = _carrier.Read(_buffer, 0, _buffer.Length);
                    if (count < 0)
                    {
                        _result.Carrier = (CarrierError)(-count);
                        return false;
                    }

                    if (count == 0)
                    {
                        break;
                    }

                    if (_result.BytesDown == 0 && _buffer[0] == EmptyReply.Mark)
                    {
                        return ReadEmptyReply(count);
                    }

                    _result.BytesDown += count;
                    _reader.Feed(_buffer, 0, count);
                }

                item = _reader.Read();
                if (item == Item.Error || !ApplyItem(item))
                {
                    return ReplyFailed();
                }

                CheckItem();
            }

            if (_result.BytesDown == 0)
            {
                _result.Carrier = CarrierError.BadReply; // no server of ours answers without bytes
                return false;
            }

            return _reader.Finish() == Item.EndOfMessage || ReplyFailed();
        }

        // [SPEC 2.3] The buffer holds its beginning; the rest may come in slices. An empty reply to another request is late, and changes nothing.
        private bool ReadEmptyReply(int count)
        {
            int length = 0;
            while (count > 0 && length < EmptyReply.Size)
            {
                length += count;
                count = _carrier.Read(_buffer, length, _buffer.Length - length);
            }

            _result.BytesDown = length;
            if (count < 0)
            {
                _result.Carrier = (CarrierError)(-count);
                return false;
            }

            if (count > 0 || !EmptyReply.Is(_sentHash, _buffer, length))
            {
                _result.Message = SyncError.OtherRequest;
                return false;
            }

            return true;
        }

        private bool ReplyFailed()
        {
            if (_reader.Error != SyncError.None)
            {
                _result.Message = _reader.Error;
                _result.MessageOffset = _reader.ErrorOffset;
            }
            else if (_result.Message != SyncError.None)
            {
                _result.MessageOffset = _reader.Position - 1; // the message is well formed, but has something that no server sends to a device
            }

            return false;
        }

        // One item of the reply. False ends the round; the result says why.
        private bool ApplyItem(Item item)
        {
            switch (item)
            {
                case Item.Value:
                    return ApplyValue();
                case Item.Start:
                    return BeginElement();
                case Item.End:
                    return EndElement();
                case Item.Data:
                    return ReceiveData();
                case Item.DataEnd:
                    if (_reader.OpenTag(0) == Tags.Options)
                    {
                        ApplyStructure();
                    }
                    else
                    {
                        EndData();
                    }

                    return true;
                case Item.Field:
                    // a server sends fields only to a device that asked for them; this engine does not ask [SPEC 6.4]
                    _result.Message = SyncError.BadRecord;
                    return false;
                default:
                    return true;
            }
        }

        private bool BeginElement()
        {
            byte tag = _reader.Tag;
            switch (_reader.Scope)
            {
                case Scopes.Collections:
                    _current = null;
                    _judged = false;
                    _newKeyLength = 0;
                    _idLength = 0;
                    _status = 0;
                    _forkFrom = 0;
                    _classKnown = true;
                    _collectionKnown = true;
                    BeginForeignTags();
                    return true;

                case Scopes.Collection:
                    return Admit();

                case Scopes.Responses:
                case Scopes.Commands:
                    _idLength = 0;
                    _classKnown = _collectionKnown;
                    BeginForeignTag();
                    _clientNumber = 0;
                    _status = 0;
                    _verb = _reader.Scope == Scopes.Commands ? tag : (byte)0;
                    BeginIncoming();
                    return true;

                default:
                    return true;
            }
        }

        private bool ApplyValue()
        {
            switch (_reader.Tag)
            {
                case Tags.Version:
                    if (_reader.Number != Major)
                    {
                        _result.Status = Status.VersionNotSupported; // what a message of another major version means is not known
                        return false;
                    }

                    return true;

                case Tags.Status:
                    _status = _reader.Number == Status.Success ? 0 : _reader.Number;
                    if (_reader.Scope == Scopes.Message && _status != 0)
                    {
                        _result.Status = _status;
                        return _status == Status.WaitOutOfRange; // Limit follows
                    }

                    return true;

                case Tags.Limit:
                    if (_reader.Scope == Scopes.Message && _reader.Number < Wait)
                    {
                        Wait = _reader.Number;
                    }

                    return true;

                case Tags.SyncKey:
                    if (_reader.TextLength > SyncCollection.KeySize)
                    {
                        _result.Message = SyncError.TextTooLong;
                        return false;
                    }

                    Array.Copy(_reader.Text, _newKey, _reader.TextLength);
                    _newKeyLength = _reader.TextLength;
                    return true;

                case Tags.CollectionId:
                    FindCollection();
                    return true;

                case Tags.Class:
                    if (_reader.Scope == Scopes.Options)
                    {
                        NameStructure();
                    }
                    else
                    {
                        // the collection may not be known yet: any class of any collection counts as known until then
                        ReadClass();
                    }

                    return true;

                case Tags.MoreAvailable:
                    if (_current != null && _reader.Number != 0)
                    {
                        _current.More = true;
                    }

                    return true;

                case Tags.ServerId:
                    Array.Copy(_reader.Text, 0, _id, 1, _reader.TextLength);
                    _idLength = _reader.TextLength;
                    return true;

                case Tags.ClientId:
                    _clientNumber = ParseClientId();
                    return true;

                default:
                    return true;
            }
        }

        private bool KnowsClass()
        {
            if (_current != null)
            {
                return _reader.TextIs(_current.Class.WireName);
            }

            for (int i = 0; i < _count; i++)
            {
                if (_reader.TextIs(_collections[i].Class.WireName))
                {
                    return true;
                }
            }

            return false;
        }

        private void FindCollection()
        {
            for (int i = 0; i < _count; i++)
            {
                if (_collections[i].Included && _reader.TextIs(_collections[i].Name))
                {
                    _current = _collections[i];
                    return;
                }
            }
        }

        // Decides, once key, id and status of a collection were read, whether what follows in it is applied.
        private bool Admit()
        {
            if (_judged || _current == null)
            {
                return true;
            }

            _judged = true;
            SyncCollection c = _current;
            if (_status != 0)
            {
                if (_series != null && c.Kind == CollectionKind.Outbox && !c.NoSeries && (_status == Status.UnknownClass || _status == Status.ProtocolError))
                {
                    // [SPEC 6.5] The readings go once more without series, and at once: a device that sleeps in between forgets
                    // this, and what the reply asked for, and would send the same series each time it wakes.
                    c.NoSeries = true;
                    c.More = true;
                    _current = null;
                    return true;
                }

                c.LastStatus = _status;
                if (_status == Status.InvalidSyncKey || _status == Status.WentBack || _status == Status.Forked)
                {
                    if (_newKeyLength != c.KeyLength || !Format.BytesEqual(_newKey, 0, c.Key, 0, _newKeyLength))
                    {
                        _result.Message = SyncError.OtherRequest; // the reply rejects a key that is not held any more, so it is late
                        return false;
                    }

                    c.LastStatus = 0;
                    _current = null;
                    if (!StartOver(c))
                    {
                        return false;
                    }

                    // [SPEC 5.4] what is pending keeps its id: only what is made from here on belongs to the other store id
                    return _status == Status.Forked ? Fork(c, c.Kind == CollectionKind.Outbox ? _store.NextId(c.Number) : _store.NextLocal)
                        : _status != Status.WentBack || c.Kind == CollectionKind.Outbox || MarkRecovering(c);
                }

                if (_result.Status == 0)
                {
                    _result.Status = _status;
                }

                _current = null;
                return true;
            }

            // [SPEC 5.3] a reply to another request changes nothing
            if (_newKeyLength < 5 || !Fnv.HasTag(_sentHash, _newKey, _newKeyLength - 4))
            {
                _result.Message = SyncError.OtherRequest;
                return false;
            }

            c.LastStatus = 0;
            c.Answered = true;
            _result.Store = _store.SetMeta(c.Number, KeySlot, _newKey, 0, _newKeyLength);
            if (_result.Store == StoreError.None)
            {
                _result.Store = KeepTold(c);
            }

            if (_result.Store == StoreError.None)
            {
                // the request had them, unless it started over: then the server sends again what was refused
                _result.Store = DropAnswers(c);
            }

            if (_result.Store == StoreError.None && c.StartsOver && c.Kind != CollectionKind.Outbox)
            {
                _result.Store = MarkPass(c, _store.NextVersion);
            }

            return _result.Store == StoreError.None;
        }

        // The server has read the answers of this collection.
        private StoreError DropAnswers(SyncCollection c)
        {
            StoreError e = StoreError.None;
            _info.Reset();
            while (e == StoreError.None && Next(AnswerCollection))
            {
                if ((_info.Key[0] & ~FetchAnswer) == c.Number)
                {
                    e = _store.RemoveServer(AnswerCollection, _info.Key, 0, _info.KeyLength);
                }
            }

            return e;
        }

        private bool EndElement()
        {
            switch (_reader.Scope)
            {
                case Scopes.Responses:
                case Scopes.Commands:
                    bool goesOn = _current == null || (_verb == 0 ? ApplyResponse() : ApplyCommand());
                    _incoming = Incoming.Nothing;
                    return goesOn;
                case Scopes.Collections:
                    return Admit() && (_current == null || Acknowledge());
                default:
                    return true;
            }
        }

    }
}

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
        private const int SweepStep = 8;
        private const int PassLength = 5;

        private readonly byte[] _newKey = new byte[SyncCollection.KeySize];
        private readonly byte[] _id = new byte[1 + Limits.Text]; // [0] = collection, so that it can name an answer as it is
        private int _newKeyLength;
        private uint _definitionsSent;
        private int _idLength;
        private uint _clientNumber; // of the ClientId in a response; 0 = none, or minted by another format of this store
        private uint _forkFrom; // first reading of the current collection whose ClientId another one has; 0 = none
        private int _status;
        private int _gathered; // bytes of ApplicationData
        private bool _hasData; // there was one, if only an empty one
        private int _answers; // that this reply needs
        private byte _verb; // of the command being read; 0 = it is a response
        private SyncCollection _current; // null = content to be passed over
        private bool _admitted; // the current collection's ids have been looked at
        private bool _classKnown;
        private byte _streaming; // where the bytes of the object go, one of:
        private const byte Gathering = 0; // into _object
        private const byte Streaming = 1; // into the store as they come
        private const byte Passing = 2; // nowhere
        private const byte Part = 3; // to a partial download
        private const byte Comparing = 4; // nowhere: length and check sum are held against the value here

        internal uint _sentHash; // check sum of the request under way
        internal uint _sentBefore; // its objects have lower versions than this one
        internal bool _restored; // it was sent before the restart

        private int _refusal; // why the store does not take the object: a status to answer; 0 = it does
        private bool _hasRange; // the bytes are a part of a large object
        private uint _rangeOffset; // also without the rest: how much of a large object the server holds
        private uint _rangeTotal;
        private uint _rangeCrc;
        private uint _rangeVersion; // 0 = not told

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
            _oldId = 0;
            _time = 0;
            _fetchAnswer = 0;
            _answers = 0;
            _definitionsSent = _definitionsAsked;
            _definitionsAsked = 0;
            bool told = _tellCommand;
            _tellCommand = false;
            bool whole = ReadReply();
            if (whole && _result.BytesDown == EmptyReply.Size)
            {
                _store.Abandon();
                return NothingNew();
            }

            if (whole)
            {
                _result.Store = KeepCommand();
                if (_result.Store == StoreError.None)
                {
                    _result.Store = EndRequest();
                }

                if (_result.Store == StoreError.None)
                {
                    _result.Store = _store.Commit();
                }
                else
                {
                    _store.Abandon();
                }
            }
            else
            {
                _store.Abandon();
                HalveWindow();
            }

            whole = whole && _result.Store == StoreError.None;
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
                _tellCommand |= told;
                LoadStoreId();
            }

            for (int i = 0; i < _count; i++)
            {
                EndCollection(_collections[i], whole);
            }

            if (whole)
            {
                SetTime();
            }

            return whole && _result.Status == 0 && _result.Store == StoreError.None;
        }

        // [SPEC 2.3] The empty reply. Only a request without commands and answers gets it.
        private bool NothingNew()
        {
            for (int i = 0; i < _count; i++)
            {
                SyncCollection c = _collections[i];
                if (c.Sent > 0 || c.StartsOver || IsFetching(c))
                {
                    _result.Message = SyncError.Truncated;
                    return false;
                }

                NoteKnown(c);
                c.LastStatus = 0;
                Sweep(c);
            }

            SendStatus = false;
            _sendDiary = false;
            _tellCommand = false;
            return _result.Store == StoreError.None;
        }

        // What the server remembers from the request answered; after a restart it is told again.
        private void NoteKnown(SyncCollection c)
        {
            if (!_restored)
            {
                c.Introduced = true;
                c.KnownClass = c.SendingClass;
                c.KnownWindow = _window;
            }
        }

        // A reply that does not fit into one batch is asked for again in smaller portions, and at once: a device that sleeps
        // first forgets how small.
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
                c.Changed = false;
                c.More = false;
                return;
            }

            c.More |= c.StartsOver && c.Kind != CollectionKind.Outbox; // key 0 only asked for a key, not for changes
            LoadKey(c);
            if (c.StartsOver)
            {
                c.Introduced = false;
                LoadMint(c);
                PassStart(c);
            }
            else if (c.Answered)
            {
                NoteKnown(c);
            }

            if (c.DropsPartial && _store.FirstPartial(c.Number, _info) == StoreError.None)
            {
                // the own change was taken: otherwise the reply would have brought the object once more
                _result.Store = _store.DropPartial(c.Number, _info.Key, 0, _info.KeyLength);
            }

            if (c.Changed && c.Handler != null)
            {
                c.Handler.Changed(c);
            }

            if (c.Answered && !c.More)
            {
                Sweep(c);
            }
        }

        // [SPEC 5.8] Since the start over the server has named all that it has, and lacks what it did not name. An inbox drops
        // it; of a two-way collection it goes up again. A few at a time; the next round goes on.
        private void Sweep(SyncCollection c)
        {
            uint start = c.Kind == CollectionKind.Outbox ? 0 : PassStart(c);
            if (start == 0)
            {
                return;
            }

            int done = 0;
            _info.Reset();
            while (_result.Store == StoreError.None && _store.Next(c.Number, _info) == StoreError.None)
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
            return (uint)(_small[0] | (_small[1] << 8) | (_small[2] << 16) | (_small[3] << 24));
        }

        private StoreError MarkPass(SyncCollection c, uint start)
        {
            for (int i = 0; i < 4; i++)
            {
                _small[i] = (byte)(start >> (8 * i));
            }

            _small[4] = (byte)(c.Recovers && start != 0 ? 1 : 0);
            return _store.SetMeta(c.Number, PassSlot, _small, 0, PassLength);
        }

        // [SPEC 5.8] Into the batch: the pass that follows gives back what the server has lost.
        private bool MarkRecovering(SyncCollection c)
        {
            System.Array.Clear(_small, 0, PassLength);
            _small[4] = 1;
            _result.Store = _store.SetMeta(c.Number, PassSlot, _small, 0, PassLength);
            return _result.Store == StoreError.None;
        }

        private bool ReadReply()
        {
            _reader.Reset();
            _current = null;
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
            }

            if (_result.BytesDown == 0)
            {
                _result.Carrier = CarrierError.BadReply; // no server of ours answers without bytes
                return false;
            }

            return _reader.Finish() == Item.EndOfMessage || ReplyFailed();
        }

        // [SPEC 2.3] It begins the buffer; the rest may come in slices. One to another request is late, and changes nothing.
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
                _result.Carrier = CarrierError.BadReply;
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
                _result.MessageOffset = _reader.Position - 1; // sound as a message, but not what a device takes
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
                        _hasData = true;
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
                    _admitted = false;
                    _newKeyLength = 0;
                    _idLength = 0;
                    _status = 0;
                    _forkFrom = 0;
                    _classKnown = true;
                    _collectionKnown = true;
                    _collectionTag = 0;
                    _tag = 0;
                    return true;

                case Scopes.Collection:
                    return Admit();

                case Scopes.Responses:
                case Scopes.Commands:
                    _idLength = 0;
                    _classKnown = _collectionKnown;
                    _tag = _collectionTag;
                    _clientNumber = 0;
                    _status = 0;
                    _gathered = 0;
                    _hasData = false;
                    _streaming = Gathering;
                    _hasRange = false;
                    _rangeOffset = 0;
                    _refusal = 0;
                    _verb = _reader.Scope == Scopes.Commands ? _reader.Tag : (byte)0;
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
                        _result.Status = Status.VersionNotSupported; // nothing of another major version can be relied on
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

        // Decides whether the current collection of the reply counts, once its key, id and status are read.
        private bool Admit()
        {
            if (_admitted || _current == null)
            {
                return true;
            }

            _admitted = true;
            SyncCollection c = _current;
            if (_status != 0)
            {
                if (_series != null && c.Kind == CollectionKind.Outbox && !c.NoSeries && (_status == Status.UnknownClass || _status == Status.ProtocolError))
                {
                    // [SPEC 6.5] Once more without series, and at once: a device that sleeps first forgets that, and what it
                    // was asked for in this reply, and would send the same series each time it wakes.
                    c.NoSeries = true;
                    c.More = true;
                    _current = null;
                    return true;
                }

                c.LastStatus = _status;
                if (_status == Status.InvalidSyncKey || _status == Status.WentBack || _status == Status.Forked)
                {
                    if (!IsKeyHeld(c))
                    {
                        _result.Carrier = CarrierError.BadReply; // late: another key was rejected
                        return false;
                    }

                    c.LastStatus = 0;
                    _current = null;
                    if (!StartOver(c))
                    {
                        return false;
                    }

                    // [SPEC 5.4] what is pending keeps its id: only what comes from here on is another store's
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
                _result.Carrier = CarrierError.BadReply;
                return false;
            }

            c.LastStatus = 0;
            c.Answered = true;
            _result.Store = _store.SetMeta(c.Number, KeySlot, _newKey, 0, _newKeyLength);
            if (_result.Store == StoreError.None)
            {
                // they were in the request, unless it started over: then what was refused comes down again
                _result.Store = DropAnswers(c);
            }

            if (_result.Store == StoreError.None && c.StartsOver && c.Kind != CollectionKind.Outbox)
            {
                _result.Store = MarkPass(c, _store.NextVersion);
            }

            return _result.Store == StoreError.None;
        }

        private bool IsKeyHeld(SyncCollection c)
        {
            if (_newKeyLength != c.KeyLength)
            {
                return false;
            }

            for (int i = 0; i < _newKeyLength; i++)
            {
                if (_newKey[i] != c.Key[i])
                {
                    return false;
                }
            }

            return true;
        }

        // The server has read what this device refused.
        private StoreError DropAnswers(SyncCollection c)
        {
            StoreError e = StoreError.None;
            _info.Reset();
            while (e == StoreError.None && _store.Next(AnswerCollection, _info) == StoreError.None)
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
                    return _current == null || ApplyResponse();
                case Scopes.Commands:
                    return _current == null || ApplyCommand();
                case Scopes.Collections:
                    return Admit() && (_current == null || Acknowledge());
                default:
                    return true;
            }
        }

        private bool ReceiveData()
        {
            byte verb = _reader.OpenTag(1);
            if (verb == Tags.Options)
            {
                GatherStructure();
                return true;
            }

            if (_current == null || _streaming == Passing)
            {
                return true;
            }

            int room = _object.Length - _gathered;
            if (_reader.OpenTag(2) == Tags.Responses && verb != Tags.Fetch)
            {
                // a reason: as much of it as a refused object keeps
                Gather(_reader.DataCount < room ? _reader.DataCount : room);
                return true;
            }

            if (_hasRange)
            {
                return ReceivePart();
            }

            if (_streaming == Gathering && _reader.DataCount <= room)
            {
                Gather(_reader.DataCount);
                return true;
            }

            return Stream();
        }

        private void ReadRange(int at, uint offset)
        {
            // range(offset, total, crc, version): what bit 1, count, would say is known from the bytes
            _rangeOffset = offset;
            _rangeVersion = 0;
            _hasRange = (_object[0] & 0xC) == 0xC && GetVarint(ref at, out _rangeTotal) && GetVarint(ref at, out _rangeCrc)
                && ((_object[0] & 0x10) == 0 || GetVarint(ref at, out _rangeVersion));
        }

        // [SPEC 7.2] A part of a large object: kept when it is the next one, passed over otherwise and asked for again.
        private bool ReceivePart()
        {
            _current.DropsPartial = false;
            if (_streaming == Gathering)
            {
                OpenPart();
            }

            if (_streaming == Part)
            {
                _result.Store = _store.WritePartial(_reader.Data, _reader.DataOffset, _reader.DataCount);
                if (IsRefused())
                {
                    // more bytes than it said
                    _result.Store = _store.LeavePartial();
                    _streaming = Passing;
                }
            }

            return _result.Store == StoreError.None;
        }

        private void OpenPart()
        {
            int done = -1;
            if (_classKnown && _rangeTotal <= (uint)_options.MaxObjectBytes && !IsPendingHere() && !IsRecovered())
            {
                _result.Store = _store.OpenPartial(_current.Number, _id, 1, _idLength, ReceivedTag(), (int)_rangeTotal, _rangeCrc, _rangeVersion, out done);
                if (_result.Store == StoreError.BatchFull)
                {
                    // one part fits a batch, and none of what was given up in it; this one comes with the next reply
                    _result.Store = StoreError.None;
                    _refusal = Status.Retry;
                    done = -1;
                }
                else
                {
                    IsRefused();
                }
            }

            if (_result.Store == StoreError.None && _refusal == 0 && done >= 0 && done != (int)_rangeOffset)
            {
                _result.Store = _store.LeavePartial();
                done = -1;
            }

            _streaming = _result.Store != StoreError.None || _refusal != 0 || done < 0 ? Passing : Part;
        }

        private bool EndPart(byte tag)
        {
            if (_streaming == Gathering && _rangeOffset == _rangeTotal
                && _store.FindPartial(_current.Number, _id, 1, _idLength, _found) == StoreError.None && _found.Done == _found.Length && _found.Length == (int)_rangeTotal
                && _found.Crc == _rangeCrc && _found.Version == _rangeVersion)
            {
                OpenPart(); // all of it is here: a cut came between its last part and the end of the reply
            }

            string unseen = _classKnown && _rangeTotal <= (uint)_options.MaxObjectBytes ? CheckLarge(_current, (int)_rangeTotal) : null;
            int status = !_classKnown ? Status.UnknownClass
                : _rangeTotal > (uint)_options.MaxObjectBytes ? Status.TooLarge
                : unseen != null ? Status.BadObject
                : _refusal != 0 ? _refusal
                : _streaming == Gathering ? Status.Retry : 0; // no bytes: the object is shorter now than what is here of it
            if (_refusal == Status.Retry)
            {
                return QueueAnswer(tag, status, null);
            }

            if (status != 0)
            {
                // what is here of an earlier value is of no use any more
                return DropPart(_current.Number) && QueueAnswer(tag, status, unseen);
            }

            _current.More = true; // the rest, or the part passed over, is asked for with the next message
            if (_streaming != Part)
            {
                // nothing lies behind what is held: the server's object is another, shorter one by now, and comes by itself
                return tag != Tags.Fetch || _streaming != Gathering || DropPart(_current.Number);
            }

            bool complete;
            _result.Store = _store.ClosePartial(out complete);
            if (_result.Store == StoreError.Damaged)
            {
                // its check sum is wrong: from the start once more
                _result.Store = StoreError.None;
                return QueueAnswer(tag, Status.Retry, null);
            }

            if (complete)
            {
                _current.Changed = true;
                _result.ObjectsDown++;
            }

            return _result.Store == StoreError.None;
        }

        // [SPEC 5.7] True, and the round goes on, when the store does not take this object: it does not fit, or what is wrong
        // lies in this object alone. The server is told; nothing that it sends stops the objects behind it.
        private bool IsRefused()
        {
            switch (_result.Store)
            {
                case StoreError.IndexFull:
                case StoreError.QuotaFull:
                case StoreError.VolumeFull:
                    _refusal = Status.OutOfSpace;
                    break;
                case StoreError.BadArgument:
                case StoreError.NotFound:
                case StoreError.Damaged:
                case StoreError.Stale:
                    _refusal = Status.ServerError;
                    break;
                default:
                    return false;
            }

            _result.Store = StoreError.None;
            return true;
        }

        // Nothing waits any more for an object of this device that is gone, or that flash has lost.
        private void IgnoreGone()
        {
            if (_result.Store == StoreError.NotFound || _result.Store == StoreError.Damaged || _result.Store == StoreError.Stale)
            {
                _result.Store = StoreError.None;
            }
        }

        private void Gather(int count)
        {
            Array.Copy(_reader.Data, _reader.DataOffset, _object, _gathered, count);
            _gathered += count;
        }

        // An object too large to be gathered goes into the store slice by slice.
        private bool Stream()
        {
            if (_streaming == Comparing)
            {
                Compare(_reader.Data, _reader.DataOffset, _reader.DataCount);
                return true;
            }

            if (_streaming == Gathering)
            {
                if (!_classKnown || IsPendingHere())
                {
                    _streaming = Passing;
                    return true;
                }

                if (IsRecovered())
                {
                    _streaming = Comparing;
                    BeginCompare();
                    Compare(_reader.Data, _reader.DataOffset, _reader.DataCount);
                    return true;
                }

                _result.Store = _store.BeginPut(_current.Number, _id, 1, _idLength, ReceivedTag());
                if (_result.Store == StoreError.None)
                {
                    _result.Store = _store.WritePut(_object, 0, _gathered);
                }

                _streaming = Streaming;
            }

            if (_result.Store == StoreError.None)
            {
                _result.Store = _store.WritePut(_reader.Data, _reader.DataOffset, _reader.DataCount);
            }

            if (IsRefused())
            {
                _store.AbandonPut();
                _streaming = Passing;
            }

            return _result.Store == StoreError.None;
        }

        // [SPEC 2.3] A response: a success with a server id, or a failure with its status. Order: id of a reading, else version.
        private bool ApplyResponse()
        {
            SyncCollection c = _current;
            if (_reader.Tag == Tags.Fetch)
            {
                return ApplyFetched(c);
            }

            bool outbox = c.Kind == CollectionKind.Outbox;
            uint order = _clientNumber;
            if (!outbox)
            {
                StoreError found = _clientNumber != 0 ? _store.FindLocal(c.Number, _clientNumber, _info) : _store.FindKey(c.Number, _id, 1, _idLength, _info);
                if (found != StoreError.None)
                {
                    return true; // gone meanwhile
                }

                order = _info.Version;
            }

            if (order == 0 || order > c.SentUpTo)
            {
                // not of this request; a new id for an object that changed meanwhile is welcome all the same
                order = 0;
                if (outbox || _status != 0)
                {
                    return true;
                }
            }

            switch (_status)
            {
                case 0:
                    if (_clientNumber != 0 && _idLength > 0 && !outbox)
                    {
                        _result.Store = _store.Bind(c.Number, _clientNumber, order, _id, 1, _idLength);
                    }

                    break;

                case Status.Incomplete:
                    // [SPEC 7.2] the server holds this much of a large object
                    c.UploadOrder = order;
                    c.UploadDone = _rangeOffset <= int.MaxValue ? (int)_rangeOffset : 0;
                    c.UploadSent = 0;
                    c.HoldFrom = order;
                    c.More = true;
                    break;

                case Status.Retry:
                case Status.ServerError:
                case Status.OutOfSpace when outbox: // [SPEC 5.7] there may be room later, and nothing behind it is lost
                    if (c.HoldFrom == 0 || order < c.HoldFrom)
                    {
                        c.HoldFrom = order;
                    }

                    break;

                case Status.Forked when outbox:
                    // [SPEC 5.4] another reading has this ClientId: from here on nothing was done
                    c.More = true;
                    _forkFrom = order;
                    goto case Status.Retry;

                case Status.Conflict: // the server's object comes down; this change is acknowledged as lost with the others
                    break;

                case Status.NotFound when _reader.Tag == Tags.Delete: // the object is gone, as it should be
                    break;

                default:
                    _result.RefusedUp++;
                    _result.Store = outbox
                        ? _store.SetAside(c.Number, order, _status, _object, 0, ReasonLength())
                        : _store.Refuse(c.Number, _info.Id, _info.Key, 0, _info.KeyLength, order, _status, _object, 0, ReasonLength());
                    break;
            }

            IgnoreGone();
            return _result.Store == StoreError.None;
        }

        // The object asked for, or a part of it.
        private bool ApplyFetched(SyncCollection c)
        {
            if (_idLength == 0)
            {
                return true;
            }

            int refused = _result.RefusedDown;
            bool changed = _status == 0 && !_hasRange && IsPendingHere(); // while the answer was on its way: the own value stays [SPEC 5.6]
            bool goesOn = _status != 0 ? _status != Status.NotFound || DropPart(c.Number)
                : changed || c.Kind == CollectionKind.Outbox || (_classKnown || _hasRange ? StoreObject(c, Tags.Change) : QueueAnswer(Tags.Change, Status.UnknownClass, null));
            if (IsFetched(c))
            {
                _fetchAnswer = changed ? Status.Conflict : _status != 0 ? _status : _result.RefusedDown > refused ? Status.BadObject : _hasRange ? Status.Incomplete : Status.Success;
            }

            return goesOn;
        }

        private bool DropPart(int number)
        {
            _result.Store = _store.DropPartial(number, _id, 1, _idLength);
            IgnoreGone();
            return _result.Store == StoreError.None;
        }

        // Everything sent that the responses did not hold back or refuse is on the server.
        private bool Acknowledge()
        {
            SyncCollection c = _current;
            if (c.Sent == 0)
            {
                return true;
            }

            if (c.UploadSent > 0)
            {
                // a part of a large object: the object itself is acknowledged with its last part
                c.UploadDone += c.UploadSent;
                c.UploadSent = 0;
                if (c.UploadDone < c.UploadTotal)
                {
                    c.HoldFrom = c.UploadOrder;
                    c.More = true;
                }
            }

            uint upTo = c.HoldFrom == 0 ? c.SentUpTo : c.HoldFrom - 1;
            _result.ObjectsUp += c.HoldFrom == 0 ? c.Sent : c.Sent - 1;
            if (c.Kind == CollectionKind.Outbox)
            {
                AcknowledgeRetried(c, upTo);
                if (_result.Store == StoreError.None)
                {
                    _result.Store = _store.AckOutbox(c.Number, upTo);
                }

                return _result.Store == StoreError.None && (_forkFrom == 0 || Fork(c, _forkFrom));
            }

            // what the responses touched in this batch is passed over by the store; an object without a key waits for its own
            uint version = 0;
            while (_result.Store == StoreError.None && NextPending(c, version) && _info.Version <= upTo)
            {
                version = _info.Version;
                if (_info.KeyLength > 0)
                {
                    _result.Store = _store.AckChange(c.Number, _info.Key, 0, _info.KeyLength, version);
                    IgnoreGone();
                }
            }

            return _result.Store == StoreError.None;
        }

        // Readings refused before and sent once more lie below what is acknowledged. One that somebody asked to be sent again while
        // this request was under way was not in it.
        private void AcknowledgeRetried(SyncCollection c, uint upTo)
        {
            uint acked = _store.AckedId(c.Number);
            uint id = 0;
            while (_result.Store == StoreError.None && NextPending(c, id) && _info.Id <= acked && _info.Id <= upTo)
            {
                id = _info.Id;
                if (_info.Version < _sentBefore)
                {
                    _result.Store = _store.Drop(_info);
                    IgnoreGone();
                }
            }
        }

        // True when the server has decided about the change of this number: it was in this request, whole, and not held back.
        private static bool IsJudged(SyncCollection c, uint version)
        {
            return version <= c.SentUpTo && (c.HoldFrom == 0 || version < c.HoldFrom)
                && (c.UploadSent == 0 || version != c.UploadOrder || c.UploadDone + c.UploadSent >= c.UploadTotal);
        }

        // True when the object was changed here and the server has not decided about the change yet.
        private bool IsPendingHere()
        {
            if (_store.FindKey(_current.Number, _id, 1, _idLength, _info) != StoreError.None)
            {
                // or it has got this id in this reply, and changed while the request was under way
                uint local = _store.BoundInBatch(_current.Number, _id, 1, _idLength);
                if (local == 0 || _store.FindLocal(_current.Number, local, _info) != StoreError.None)
                {
                    return false;
                }
            }

            return (_info.State == ObjectState.Pending || _info.State == ObjectState.PendingDelete) && !IsJudged(_current, _info.Version);
        }

        private bool ApplyCommand()
        {
            SyncCollection c = _current;
            byte tag = _reader.Tag;
            if (_idLength == 0)
            {
                _result.RefusedDown++; // no answer can name it
                return true;
            }

            if (c.Kind == CollectionKind.Outbox)
            {
                return QueueAnswer(tag, Status.ProtocolError, null);
            }

            if (tag != Tags.Fetch && IsPendingHere())
            {
                // [SPEC 5.6] keep the own change; the server judges by its rule, and keeps the loser
                return QueueAnswer(tag, Status.Conflict, null);
            }

            if ((tag == Tags.Delete || tag == Tags.SoftDelete) && IsRecovered())
            {
                return KeepOwn(tag);
            }

            if (tag == Tags.Delete || tag == Tags.SoftDelete)
            {
                _result.Store = _store.RemoveServer(c.Number, _id, 1, _idLength);
                c.Changed = true;
                _result.ObjectsDown++;
                return _result.Store == StoreError.None;
            }

            if (tag == Tags.Fetch)
            {
                // answered with the object itself when the next message is written; while a newer one is on its way, not at all
                return QueueAnswer(tag, _store.FindPartial(c.Number, _id, 1, _idLength, _info) != StoreError.None && _store.FindKey(c.Number, _id, 1, _idLength, _info) == StoreError.None ? Status.Success : Status.NotFound, null);
            }

            if (!_classKnown)
            {
                // a device does not hold what it would not take: its own value is another one, and newer [SPEC 5.8]
                return IsRecovered() && _info.Collection >= 0 ? KeepOwn(tag) : QueueAnswer(tag, Status.UnknownClass, null);
            }

            return StoreObject(c, tag);
        }

        // What the application says to an object that it is not shown.
        private string CheckLarge(SyncCollection c, int bytes)
        {
            return c.Handler == null ? null : c.Handler.CheckLarge(c, _id, 1, _idLength, bytes);
        }

        private bool StoreObject(SyncCollection c, byte tag)
        {
            if (!_hasData)
            {
                return QueueAnswer(tag, Status.ProtocolError, null);
            }

            if (IsRecovered())
            {
                return Recover(c, tag);
            }

            if (_hasRange)
            {
                return EndPart(tag);
            }

            if (_streaming == Streaming)
            {
                string unseen = CheckLarge(c, 0);
                if (unseen != null)
                {
                    _store.AbandonPut();
                    return QueueAnswer(tag, Status.BadObject, unseen);
                }

                _result.Store = _store.EndPut();
            }
            else if (_refusal == 0)
            {
                string reason = c.Handler == null ? null : c.Handler.Check(c, _id, 1, _idLength, _object, 0, _gathered);
                if (reason != null)
                {
                    return QueueAnswer(tag, Status.BadObject, reason);
                }

                _result.Store = _store.PutServer(c.Number, _id, 1, _idLength, ReceivedTag(), _object, 0, _gathered);
            }

            if (_refusal != 0 || IsRefused())
            {
                return QueueAnswer(tag, _refusal, null);
            }

            c.Changed = true;
            _result.ObjectsDown++;
            return _result.Store == StoreError.None;
        }

        // The answer becomes durable with the reply that it answers, and goes up with the next message.
        private bool QueueAnswer(byte tag, int status, string reason)
        {
            if (++_answers > _answersMost)
            {
                _result.Store = StoreError.IndexFull;
                return false;
            }

            _id[0] = (byte)(tag == Tags.Fetch ? _current.Number | FetchAnswer : _current.Number);
            int length = MakeAnswer(tag, status, reason);
            if (status != Status.Success)
            {
                _result.RefusedDown++;
            }

            if (status != Status.Success && PassStart(_current) != 0)
            {
                // the pass named it: it is not missing on the server, although its value was not taken
                _result.Store = _store.Confirm(_current.Number, _id, 1, _idLength);
                IgnoreGone();
                if (_result.Store != StoreError.None)
                {
                    return false;
                }
            }

            _result.Store = _store.PutServer(AnswerCollection, _id, 0, _idLength + 1, 0, _object, 0, length);
            return _result.Store == StoreError.None;
        }

        private int ReasonLength()
        {
            return _gathered < ObjectInfo.MaxReason ? _gathered : ObjectInfo.MaxReason;
        }

        private uint ParseClientId()
        {
            byte[] text = _reader.Text;
            int length = _reader.TextLength;
            if (length < 5 || length > ClientIdSize)
            {
                return 0;
            }

            ulong number = 0;
            for (int i = IdLength; i < length; i++)
            {
                if (text[i] < '0' || text[i] > '9')
                {
                    return 0;
                }

                number = number * 10 + (uint)(text[i] - '0');
            }

            if (_current == null || number > uint.MaxValue)
            {
                return 0;
            }

            PutStoreId(_current, (uint)number);
            for (int i = 0; i < IdLength; i++)
            {
                if (text[i] != _clientId[i])
                {
                    return 0;
                }
            }

            return (uint)number;
        }
    }
}

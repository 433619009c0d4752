// The object that comes in: a command of the server, or its answer to a Fetch, from the beginning of its element to the end.
//
// One field, _incoming, says what has come of it so far and where its bytes go. The states, and what changes them:
//
// state         bytes (ReceiveData)                     range (ReadRange)   end of the element (StoreObject, EndPart)
// Nothing       Gathering                               PartNamed           answered 4: it has no data
// Gathering     into _object; what does not fit there:                      shown to the application, then stored
//               Skipping when it is not wanted, Comparing
//               in a pass that gives back, else Streaming
// Streaming     into the store; NoSpace or Faulty when                      its name shown to the application, then stored
//               the store does not take them
// Comparing     into length and check sum                                   held against the value here (Recover)
// Skipping      nowhere                                                     nothing to store: another rule answers it
// NoSpace       nowhere                                                     answered 9
// Faulty        nowhere                                                     answered 5
// PartNamed     the store is asked for the part: PartOpen,                  answered 4: it has no data
//               PartSkipped, PartNoSpace, PartFaulty, PartLater
// PartEmpty     -                                                           whole here already: PartOpen; else answered 16
// PartOpen      to the partial object in the store;                         kept; the whole is checked when it is complete
//               PartNoSpace or PartFaulty as above
// PartSkipped   nowhere                                                     asked for again with the next message
// PartNoSpace   nowhere                                                     what is here of it is dropped; answered 9
// PartFaulty    nowhere                                                     what is here of it is dropped; answered 5
// PartLater     nowhere                                                     answered 16: it comes with the next reply
//
// Data that end without a byte make Gathering of Nothing and PartEmpty of PartNamed. A range behind the data, which the
// grammar forbids, gives up what came: PartEmpty. The bytes behind a failure of the server are its reason and change no state.

using System;
using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        // In this order: up to Gathering the bytes are in _object, from PartNamed on they are a part of a large object.
        private enum Incoming
        {
            Nothing,
            Gathering,
            Streaming,
            Comparing,
            Skipping,
            NoSpace,
            Faulty,
            PartNamed,
            PartEmpty,
            PartOpen,
            PartSkipped,
            PartNoSpace,
            PartFaulty,
            PartLater,
        }

        private Incoming _incoming;
        private int _gathered; // bytes of ApplicationData in _object
        private uint _rangeOffset; // also without the rest: how much of a large object the server holds
        private uint _rangeTotal; // of the range; while an object is compared, its bytes so far
        private uint _rangeCrc; // likewise
        private uint _rangeVersion; // 0 = the server did not name it

        private bool IsPart
        {
            get { return _incoming >= Incoming.PartNamed; }
        }

        // ---- Its bytes ----

        private void BeginIncoming()
        {
            // the bytes of a command that has none are passed over
            _incoming = _verb == Tags.Delete || _verb == Tags.SoftDelete || _verb == Tags.Fetch ? Incoming.Skipping : Incoming.Nothing;
            _gathered = 0;
            _rangeOffset = 0;
        }

        private bool ReceiveData()
        {
            byte verb = _reader.OpenTag(1);
            if (verb == Tags.Options)
            {
                GatherStructure();
                return true;
            }

            if (_current == null)
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

            if (_incoming <= Incoming.Gathering)
            {
                if (_reader.DataCount <= room)
                {
                    _incoming = Incoming.Gathering;
                    Gather(_reader.DataCount);
                    return true;
                }

                OutgrowBuffer();
            }
            else if (_incoming == Incoming.PartNamed)
            {
                _current.DropsPartial = false;
                OpenPart();
            }

            switch (_incoming)
            {
                case Incoming.Comparing:
                    Compare(_reader.Data, _reader.DataOffset, _reader.DataCount);
                    break;

                case Incoming.Streaming:
                    if (_result.Store == StoreError.None)
                    {
                        _result.Store = _store.WritePut(_reader.Data, _reader.DataOffset, _reader.DataCount);
                    }

                    if (IsRefused())
                    {
                        _store.AbandonPut();
                    }

                    break;

                case Incoming.PartOpen:
                    _result.Store = _store.WritePartial(_reader.Data, _reader.DataOffset, _reader.DataCount);
                    if (IsRefused())
                    {
                        _result.Store = _store.LeavePartial(); // more bytes than it said
                    }

                    break;
            }

            return _result.Store == StoreError.None;
        }

        private void EndData()
        {
            if (_incoming == Incoming.Nothing)
            {
                _incoming = Incoming.Gathering;
            }
            else if (_incoming == Incoming.PartNamed)
            {
                _incoming = Incoming.PartEmpty;
            }
        }

        private void Gather(int count)
        {
            Array.Copy(_reader.Data, _reader.DataOffset, _object, _gathered, count);
            _gathered += count;
        }

        // What was gathered of an object that is too large for the buffer goes where the rest will go.
        private void OutgrowBuffer()
        {
            if (!_classKnown || IsPendingHere())
            {
                _incoming = Incoming.Skipping;
            }
            else if (IsRecovered())
            {
                _incoming = Incoming.Comparing;
                BeginCompare();
            }
            else
            {
                _incoming = Incoming.Streaming;
                _result.Store = _store.BeginPut(_current.Number, _id, 1, _idLength, ReceivedTag());
                if (_result.Store == StoreError.None)
                {
                    _result.Store = _store.WritePut(_object, 0, _gathered);
                }
            }
        }

        // range(offset, total, crc, version): what bit 1, count, would say is known from the bytes
        private void ReadRange(int at, uint offset)
        {
            _rangeOffset = offset;
            _rangeVersion = 0;
            if ((_object[0] & 0xC) != 0xC || !GetVarint(ref at, out _rangeTotal) || !GetVarint(ref at, out _rangeCrc)
                || ((_object[0] & 0x10) != 0 && !GetVarint(ref at, out _rangeVersion)))
            {
                return;
            }

            if (_incoming == Incoming.Streaming)
            {
                _store.AbandonPut();
            }

            _incoming = _incoming == Incoming.Nothing ? Incoming.PartNamed : Incoming.PartEmpty;
        }

        // [SPEC 7.2] A part of a large object: kept when it is the next one, passed over otherwise and asked for again.
        private void OpenPart()
        {
            _incoming = Incoming.PartSkipped;
            if (!_classKnown || _rangeTotal > (uint)_options.MaxObjectBytes || IsPendingHere() || IsRecovered()
                || CheckLarge(_current, (int)_rangeTotal) != null)
            {
                return; // EndPart answers it
            }

            int done;
            _result.Store = _store.OpenPartial(_current.Number, _id, 1, _idLength, ReceivedTag(), (int)_rangeTotal, _rangeCrc, _rangeVersion, out done);
            if (_result.Store == StoreError.BatchFull)
            {
                // one part fits a batch, and none of what was given up in it; this one comes with the next reply
                _result.Store = StoreError.None;
                _incoming = Incoming.PartLater;
            }
            else if (IsRefused())
            {
                _store.LeavePartial(); // its file may have been begun
            }
            else if (_result.Store == StoreError.None)
            {
                if (done == (int)_rangeOffset)
                {
                    _incoming = Incoming.PartOpen;
                }
                else
                {
                    _result.Store = _store.LeavePartial();
                }
            }
        }

        // [SPEC 5.7] True, and the round goes on, when the store does not take this object: it does not fit, or what is wrong
        // lies in this object alone. The server is told; nothing that it sends stops the objects behind it.
        private bool IsRefused()
        {
            bool part = IsPart;
            switch (_result.Store)
            {
                case StoreError.IndexFull:
                case StoreError.QuotaFull:
                case StoreError.VolumeFull:
                    _incoming = part ? Incoming.PartNoSpace : Incoming.NoSpace;
                    break;
                case StoreError.BadArgument:
                case StoreError.NotFound:
                case StoreError.Damaged:
                case StoreError.Stale:
                    _incoming = part ? Incoming.PartFaulty : Incoming.Faulty;
                    break;
                default:
                    return false;
            }

            _result.Store = StoreError.None;
            return true;
        }

        // What the server is told of an object that was not taken; 0 = nothing is wrong with this part.
        private int RefusalStatus()
        {
            switch (_incoming)
            {
                case Incoming.NoSpace:
                case Incoming.PartNoSpace:
                    return Status.OutOfSpace;
                case Incoming.PartEmpty:
                case Incoming.PartLater:
                    return Status.Retry;
                case Incoming.PartOpen:
                case Incoming.PartSkipped:
                    return 0;
                default:
                    return Status.ServerError;
            }
        }

        // ---- The end of its element ----

        // Stores the object that Fetch asked for, or a part of it.
        private bool ApplyFetched(SyncCollection c)
        {
            if (_idLength == 0)
            {
                return true;
            }

            int refused = _result.RefusedDown;
            bool changed = _status == 0 && !IsPart && IsPendingHere(); // while the answer was on its way: the own value stays [SPEC 5.6]
            bool goesOn = _status != 0 ? _status != Status.NotFound || DropPart(c.Number)
                : changed || c.Kind == CollectionKind.Outbox || (_classKnown || IsPart ? StoreObject(c, Tags.Change) : QueueAnswer(Tags.Change, Status.UnknownClass, null));
            if (IsFetched(c))
            {
                _fetchAnswer = changed ? Status.Conflict : _status != 0 ? _status : _result.RefusedDown > refused ? Status.BadObject : IsPart ? Status.Incomplete : Status.Success;
            }

            return goesOn;
        }

        private bool DropPart(int number)
        {
            _result.Store = _store.DropPartial(number, _id, 1, _idLength);
            IgnoreGone();
            return _result.Store == StoreError.None;
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
                // the next message answers with the object itself; while a newer value is on its way up, nothing has to be answered
                return QueueAnswer(tag, _store.FindPartial(c.Number, _id, 1, _idLength, _info) != StoreError.None && _store.FindKey(c.Number, _id, 1, _idLength, _info) == StoreError.None ? Status.Success : Status.NotFound, null);
            }

            if (!_classKnown)
            {
                // the device would not have taken this value, so what it holds is another one, and newer [SPEC 5.8]
                return IsRecovered() && _info.Collection >= 0 ? KeepOwn(tag) : QueueAnswer(tag, Status.UnknownClass, null);
            }

            return StoreObject(c, tag);
        }

        // True when the object was changed here and the server has not decided about the change yet.
        private bool IsPendingHere()
        {
            if (_store.FindKey(_current.Number, _id, 1, _idLength, _info) != StoreError.None)
            {
                // or the object got this id in this reply, and was changed while the request was under way
                uint local = _store.BoundInBatch(_current.Number, _id, 1, _idLength);
                if (local == 0 || _store.FindLocal(_current.Number, local, _info) != StoreError.None)
                {
                    return false;
                }
            }

            return (_info.State == ObjectState.Pending || _info.State == ObjectState.PendingDelete) && !IsJudged(_current, _info.Version);
        }

        private bool StoreObject(SyncCollection c, byte tag)
        {
            if (_incoming == Incoming.Nothing || _incoming == Incoming.PartNamed)
            {
                return QueueAnswer(tag, Status.ProtocolError, null);
            }

            if (IsRecovered())
            {
                return Recover(c, tag);
            }

            if (IsPart)
            {
                return EndPart(tag);
            }

            bool taken = _incoming <= Incoming.Streaming;
            if (_incoming == Incoming.Streaming)
            {
                string unseen = CheckLarge(c, 0);
                if (unseen != null)
                {
                    _store.AbandonPut();
                    return QueueAnswer(tag, Status.BadObject, unseen);
                }

                _result.Store = _store.EndPut();
            }
            else if (taken)
            {
                string reason = c.Handler == null ? null : c.Handler.Check(c, _id, 1, _idLength, _object, 0, _gathered);
                if (reason != null)
                {
                    return QueueAnswer(tag, Status.BadObject, reason);
                }

                _result.Store = _store.PutServer(c.Number, _id, 1, _idLength, ReceivedTag(), _object, 0, _gathered);
            }

            if (!taken || IsRefused())
            {
                return QueueAnswer(tag, RefusalStatus(), null);
            }

            c.Changed = true;
            _result.ObjectsDown++;
            return _result.Store == StoreError.None;
        }

        private bool EndPart(byte tag)
        {
            if (_incoming == Incoming.PartEmpty && _rangeOffset == _rangeTotal
                && _store.FindPartial(_current.Number, _id, 1, _idLength, _found) == StoreError.None && _found.Done == _found.Length && _found.Length == (int)_rangeTotal
                && _found.Crc == _rangeCrc && _found.Version == _rangeVersion)
            {
                OpenPart(); // all of it is here: a cut came between its last part and the end of the reply
            }

            string unseen = _classKnown && _rangeTotal <= (uint)_options.MaxObjectBytes ? CheckLarge(_current, (int)_rangeTotal) : null;
            int status = !_classKnown ? Status.UnknownClass
                : _rangeTotal > (uint)_options.MaxObjectBytes ? Status.TooLarge
                : unseen != null ? Status.BadObject
                : RefusalStatus();
            if (_incoming == Incoming.PartLater)
            {
                return QueueAnswer(tag, status, null);
            }

            if (status != 0)
            {
                // what is here of an earlier value is of no use any more; with PartEmpty the object is shorter now than that
                return DropPart(_current.Number) && QueueAnswer(tag, status, unseen);
            }

            _current.More = true; // the rest, or the part passed over, is asked for with the next message
            if (_incoming != Incoming.PartOpen)
            {
                return _result.Store == StoreError.None;
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

        // Asks the application about an object that is too large to be shown to it.
        private string CheckLarge(SyncCollection c, int bytes)
        {
            return c.Handler == null ? null : c.Handler.CheckLarge(c, _id, 1, _idLength, bytes);
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
            _classKnown = KnowsClass();
            ReadForeignClass();
            if (_reader.Scope == Scopes.Collection)
            {
                _collectionKnown = _classKnown;
            }
        }

        private uint ReceivedTag()
        {
            uint tag = _current.Class.Hash;
            TakeForeignTag(ref tag);
            return tag;
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
    }
}

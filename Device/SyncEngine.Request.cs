// Writes the message: twice, first to count its bytes, then to the carrier, so that no message is ever held in memory.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        // Elements around an object: Add or Change 2, id 4 + 64, ApplicationData 2 + OPAQUE 1 + length 3
        private const int Envelope = 80;
        private const int ClientIdSize = 14; // format id 4 + 10 digits

        private const string LostReason = "lost in flash";

        private readonly byte[] _clientId = new byte[ClientIdSize];
        private ObjectInfo _lost; // what could not be read while the message was written; null = all could
        private const int ClassTagSize = 5; // # and 4 characters

        private readonly byte[] _className = new byte[ClassTagSize];

        // At the deepest point of a round this frame lies below those of the writer, and of the carrier or the store, whose files
        // are opened in the first pass: what comes before has its own.
        internal bool Send()
        {
            if (!NumberStarts())
            {
                return false;
            }

            bool sent = false;
            BeginMessage();
            WriteMessage(true); // the first pass counts
            if (!_writer.Finish())
            {
                _result.Message = _writer.Error;
            }
            else
            {
                int length = _writer.Length;
                _result.Carrier = _carrier.Open(_writer.ContentType, length);
                if (_result.Carrier == CarrierError.None)
                {
                    _writer.Begin(this);
                    WriteMessage(false);
                    sent = _writer.Finish() && _writer.Length == length;
                    _sentHash = _writer.Hash;
                    _result.BytesUp = _writer.Length;
                    if (!sent && _result.Carrier == CarrierError.None && _result.Store == StoreError.None)
                    {
                        // an object was changed by another thread between the two passes
                        _result.Message = SyncError.WriterMisuse;
                    }
                }
            }

            if (_result.Store == StoreError.Damaged && _lost != null)
            {
                GiveUpLost();
            }

            return sent && _result.Store == StoreError.None;
        }

        private void BeginMessage()
        {
            int hold = MayHold ? Wait : 0;
            if (hold > 0)
            {
                ((IHoldingCarrier)_carrier).Hold(hold);
            }

            _result.HeldSeconds = hold;
            _hold = hold; // from here on it can be given up
            _lost = null;
            _sentBefore = _store.NextVersion;
            _writer.Begin(null);
        }

        private void WriteMessage(bool counting)
        {
            _writer.Start(Tags.Sync);
            _writer.Value(Tags.Version, s_version);
            if (_result.HeldSeconds > 0)
            {
                _writer.Number(Tags.HeartbeatInterval, _result.HeldSeconds);
            }

            WriteMessageOptions(counting);
            _writer.Start(Tags.Collections);
            for (int i = 0; i < _count && _result.Store == StoreError.None; i++)
            {
                WriteCollection(_collections[i], counting);
            }

            _writer.End();
            _writer.End();
            CheckWritten(counting);
        }

        private void WriteCollection(SyncCollection c, bool counting)
        {
            if (counting)
            {
                c.Included = true;
                c.ClearReply();
                c.Sent = 0;
                c.SentUpTo = 0;
                c.UploadSent = 0;
                c.DropsPartial = false;
            }

            if (counting && c.Kind == CollectionKind.Outbox && _store.NextPending(c.Number, 0, _info) == StoreError.None)
            {
                c.SendingClass = ClassOf(_info.Tag, c.Class);
            }

            _writer.Start(Tags.Collection);
            bool tells = Tells(c);
            if (tells)
            {
                _writer.Value(Tags.Class, c.SendingClass.WireName);
            }

            _writer.Value(Tags.SyncKey, c.Key, 0, c.KeyLength);
            _writer.Value(Tags.CollectionId, c.Name);
            if (c.Kind == CollectionKind.Outbox)
            {
                _writer.Empty(Tags.DeletesAsMoves);
            }
            else
            {
                if (IsFetching(c))
                {
                    c.More = true; // its changes are asked for with the message after
                }
                else
                {
                    _writer.Empty(Tags.GetChanges);
                }

                if (tells)
                {
                    _writer.Number(Tags.WindowSize, _window);
                }
            }

            if (tells || c.StartsOver)
            {
                _writer.Start(Tags.Options);
                if (tells)
                {
                    if (c.Kind == CollectionKind.TwoWay)
                    {
                        _writer.Number(Tags.Conflict, c.DeviceWins ? 0 : 1);
                    }

                    _writer.Number(Tags.Limit, _options.ReplyBytes);
                }

                if (c.StartsOver)
                {
                    WriteStore(c);
                }

                _writer.End();
            }

            // [SPEC 5.2] key 0 goes alone
            if (!c.StartsOver)
            {
                WriteAnswers(c, counting);
                WriteCommands(c, counting);
            }

            _writer.End();
        }

        // What this device refused of the last reply. An answer's key is the collection's number and the object's id;
        // its bytes are the verb, the status (2 bytes) and the reason.
        private void WriteAnswers(SyncCollection c, bool counting)
        {
            bool any = false;
            _info.Reset();
            while (Next(AnswerCollection))
            {
                if ((_info.Key[0] & ~FetchAnswer) != c.Number)
                {
                    continue;
                }

                int length = Read(_info, 0, _buffer, _info.Length);
                if (length < 3)
                {
                    return;
                }

                if (!any)
                {
                    any = true;
                    _writer.Start(Tags.Responses);
                }

                WriteAnswer(c, length, counting);
                if (_result.Store != StoreError.None)
                {
                    return;
                }
            }

            if (counting)
            {
                c.DropsPartial = IsPartialOverwritten(c);
            }

            if (c.DropsPartial && _store.FirstPartial(c.Number, _found) == StoreError.None)
            {
                if (!any)
                {
                    any = true;
                    _writer.Start(Tags.Responses);
                }

                _writer.Start(Tags.Change);
                _writer.Value(Tags.ServerId, _found.Key, 0, _found.KeyLength);
                _writer.Number(Tags.Status, Status.Conflict);
                _writer.End();
            }

            if (any)
            {
                _writer.End();
            }
        }

        // [SPEC 5.6] True when the object was changed here while only a part of the server's value had come. The device has not seen that
        // value, so it answers 7 and the server decides.
        private bool IsPartialOverwritten(SyncCollection c)
        {
            return c.Kind != CollectionKind.Outbox && _store.FirstPartial(c.Number, _found) == StoreError.None
                && _store.FindKey(c.Number, _found.Key, 0, _found.KeyLength, _info) == StoreError.None
                && (_info.State == ObjectState.Pending || _info.State == ObjectState.PendingDelete);
        }

        private void WriteAnswer(SyncCollection c, int length, bool counting)
        {
            byte tag = _buffer[0];
            int status = Format.U16(_buffer, 1);
            _writer.Start(tag);
            _writer.Value(Tags.ServerId, _info.Key, 1, _info.KeyLength - 1);
            if (status == Status.Success)
            {
                // a Fetch: the object as it is now
                if (_store.FindKey(c.Number, _info.Key, 1, _info.KeyLength - 1, _found) == StoreError.None && _found.State != ObjectState.PendingDelete)
                {
                    WritePayload(_found, 0, _found.Length, counting);
                }
                else
                {
                    _writer.Number(Tags.Status, Status.NotFound);
                }
            }
            else
            {
                _writer.Number(Tags.Status, status);
                if (length > 3)
                {
                    _writer.Payload(_buffer, 3, length - 3);
                }
            }

            _writer.End();
        }

        private void WriteCommands(SyncCollection c, bool counting)
        {
            bool any = false;
            if (IsFetching(c))
            {
                any = true;
                _writer.Start(Tags.Commands);
                _writer.Start(Tags.Fetch);
                _writer.Value(Tags.ServerId, _fetchId, 0, _fetchLength);
                _writer.End();
            }

            if (c.Kind != CollectionKind.Outbox && !c.DropsPartial && _store.FirstPartial(c.Number, _info) == StoreError.None)
            {
                // [SPEC 7.2] go on with a large object from what is in flash
                if (!any)
                {
                    any = true;
                    _writer.Start(Tags.Commands);
                }

                _writer.Start(Tags.Fetch);
                _writer.Value(Tags.ServerId, _info.Key, 0, _info.KeyLength);
                WriteRange((uint)_info.Done, (uint)_options.ReplyBytes, 0, 0, 0);
                _writer.End();
            }

            uint order = 0;
            uint mintFrom = c.LaterFrom;
            uint last = 0; // id of the Add before; 0 = the next Add says its id
            int written = 0;
            _seriesFirst = 0;
            while ((counting || written < c.Sent) && NextPending(c, order)
                && (c.DeferredFrom == 0 || _info.Id < c.DeferredFrom))
            {
                order = c.Kind == CollectionKind.Outbox ? _info.Id : _info.Version;
                bool large = IsSentInParts() && !MayBeUptime(c); // a time is corrected in a whole record
                if (counting
                    ? written == _window || (written > 0 && (large || _writer.Length + SeriesLength + _info.Length + Envelope > _options.RequestBytes))
                    : order > c.SentUpTo)
                {
                    break;
                }

                if (!any)
                {
                    any = true;
                    _writer.Start(Tags.Commands);
                }

                bool add = _info.KeyLength == 0;
                bool implied = add && last != 0 && _info.Id == last + 1 && _info.Id != mintFrom;
                if (large || !JoinSeries(c, implied))
                {
                    EndSeries(c);
                    WriteCommand(c, order, implied, large, counting);
                }

                if (_result.Store != StoreError.None)
                {
                    return;
                }

                last = add ? _info.Id : last;
                written++;
                if (counting)
                {
                    c.SentUpTo = order;
                    c.Sent = written;
                    if (large)
                    {
                        break; // a part of it fills the message
                    }
                }
            }

            if (any)
            {
                EndSeries(c);
                _writer.End();
            }
        }

        // The next object to go up. What flash has lost since the store was opened is passed over; the next Open drops it.
        private bool NextPending(SyncCollection c, uint after)
        {
            StoreError error = _store.NextPending(c.Number, after, _info);
            while (error == StoreError.Damaged)
            {
                error = _store.NextPending(c.Number, c.Kind == CollectionKind.Outbox ? _info.Id : _info.Version, _info);
            }

            return error == StoreError.None;
        }

        // Only a payload in a file of its own is sent in parts, because only it has the check sum that parts need; all others are small.
        private bool IsSentInParts()
        {
            return _info.Length > _options.RequestBytes && _info.State == ObjectState.Pending && _info.Crc != 0;
        }

        private void WriteCommand(SyncCollection c, uint order, bool implied, bool large, bool counting)
        {
            // an object deleted before the server named it is added first: only then is there something to delete
            if (_info.State == ObjectState.PendingDelete && _info.KeyLength > 0)
            {
                _writer.Start(Tags.Delete);
                _writer.Value(Tags.ServerId, _info.Key, 0, _info.KeyLength);
                _writer.End();
                return;
            }

            if (_info.KeyLength > 0)
            {
                _writer.Start(Tags.Change);
                _writer.Value(Tags.ServerId, _info.Key, 0, _info.KeyLength);
            }
            else
            {
                _writer.Start(Tags.Add);
                if (!implied)
                {
                    _writer.Value(Tags.ClientId, _clientId, 0, MakeClientId(c, _info.Id));
                }
            }

            if (_info.Tag != c.SendingClass.Hash)
            {
                WriteClass(_info.Tag);
            }

            if (large)
            {
                if (c.UploadOrder != order || c.UploadDone >= _info.Length)
                {
                    c.UploadOrder = order;
                    c.UploadDone = 0;
                }

                c.UploadTotal = _info.Length;
                c.UploadSent = _info.Length - c.UploadDone < _options.RequestBytes ? _info.Length - c.UploadDone : _options.RequestBytes;
                WriteRange((uint)c.UploadDone, 0, (uint)_info.Length, _info.Crc, order);
                WritePayload(_info, c.UploadDone, c.UploadSent, counting);
            }
            else if (MayBeUptime(c))
            {
                int count = Read(_info, 0, _object, _info.Length);
                if (count == 0)
                {
                    return;
                }

                _writer.Payload(_object, 0, CorrectTime(c, count));
            }
            else
            {
                WritePayload(_info, 0, _info.Length, counting);
            }

            _writer.End();
        }

        private ObjectClass ClassOf(uint hash, ObjectClass otherwise)
        {
            for (int i = 0; i < _classCount; i++)
            {
                if (_classes[i].Hash == hash)
                {
                    return _classes[i];
                }
            }

            return otherwise;
        }

        // The class of an object that is not of the collection's: an earlier or a second one. [SPEC 2.3]
        private void WriteClass(uint hash)
        {
            ObjectClass known = ClassOf(hash, null);
            byte[] name = known == null ? null : known.WireName;
            FindForeignName(hash, ref name);
            if (name != null)
            {
                _writer.Value(Tags.Class, name);
                return;
            }

            _className[0] = (byte)'#';
            Fnv.WriteTag(hash, _className, 1);
            _writer.Value(Tags.Class, _className, 0, ClassTagSize);
        }

        private void WritePayload(ObjectInfo info, int at, int length, bool counting)
        {
            if (counting || length == 0 || (length <= _buffer.Length && Read(info, at, _buffer, length) == length))
            {
                _writer.Payload(_buffer, 0, length);
                return;
            }

            int end = at + length;
            _writer.DataStart(length);
            while (at < end)
            {
                int count = end - at;
                if (count > _buffer.Length)
                {
                    count = _buffer.Length;
                }

                count = Read(info, at, _buffer, count);
                if (count == 0)
                {
                    return;
                }

                _writer.Data(_buffer, 0, count);
                at += count;
            }

            _writer.DataEnd();
        }

        // Reads bytes of an object into a buffer. It gives 0 when it cannot, and the result says why.
        private int Read(ObjectInfo info, int position, byte[] buffer, int count)
        {
            int read = _store.Read(info, position, buffer, 0, count);
            if (read <= 0)
            {
                _lost = info;
                _result.Store = read == 0 ? StoreError.Damaged : (StoreError)(-read);
                return 0;
            }

            return read;
        }

        // [SPEC 5.7] The bytes of an object in flash are not what was written. It is kept aside, so that the objects behind it go up. This
        // round has failed; the next one goes on.
        private void GiveUpLost()
        {
            ObjectInfo lost = _lost;
            byte[] reason = _object;
            int length = Encoding.UTF8.GetBytes(LostReason, 0, LostReason.Length, reason, 0);
            if (lost == _found)
            {
                // a copy that the server asked for; the answer with its id is the one that is worked on
                _store.PutServer(AnswerCollection, _info.Key, 0, _info.KeyLength, 0, _object, 0, MakeAnswer(Tags.Fetch, Status.NotFound, null));
            }
            else if (lost.Collection == AnswerCollection)
            {
                _store.RemoveServer(AnswerCollection, lost.Key, 0, lost.KeyLength);
            }
            else if (_store.SetAside(lost.Collection, lost.Id, Status.BadObject, reason, 0, length) == StoreError.NoCollection)
            {
                // no outbox
                _store.Refuse(lost, Status.BadObject, reason, length);
            }
        }

        private int MakeClientId(SyncCollection c, uint id)
        {
            PutStoreId(c, id);
            int length = 4;
            uint power = 1;
            while (id / power >= 10)
            {
                power *= 10;
            }

            for (; power > 0; power /= 10)
            {
                _clientId[length++] = (byte)('0' + id / power % 10);
            }

            return length;
        }
    }
}

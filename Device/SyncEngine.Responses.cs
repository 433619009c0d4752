// What the server says to the objects that this device sent: a response for each that it refused, wants once more or gave an
// id, and at the end of the collection the acknowledgement of all others. [SPEC 2.3, 5.4, 5.7]

using System;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private uint _clientNumber; // of the ClientId in a response; 0 = none, or minted by another format of this store
        private uint _forkFrom; // first reading of the current collection whose ClientId another one has; 0 = none

        // [SPEC 2.3] A response: a success with a server id, or a failure with its status. Order: id of a reading, else version.
        private bool ApplyResponse()
        {
            SyncCollection c = _current;
            if (_reader.Tag == Tags.Fetch)
            {
                c.More = true; // its request may have asked for no changes, so they may not all have come; a restart in between forgets which
                return ApplyFetched(c);
            }

            bool outbox = c.Kind == CollectionKind.Outbox;
            uint order = _clientNumber;
            if (!outbox)
            {
                StoreError found = _clientNumber != 0 ? _store.FindLocal(c.Number, _clientNumber, _info) : _store.FindKey(c.Number, _id, 1, _idLength, _info);
                if (found != StoreError.None)
                {
                    return true; // the object was dropped while the request was under way
                }

                order = _info.Version;
            }

            if (order == 0 || order > c.SentUpTo)
            {
                // the change was not in this request; an id for an object that changed since is taken all the same
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
                case Status.OutOfSpace when outbox: // [SPEC 5.7] the server may have room later, and no reading behind it is lost
                    if (c.HoldFrom == 0 || order < c.HoldFrom)
                    {
                        c.HoldFrom = order;
                    }

                    break;

                case Status.Forked when outbox:
                    // [SPEC 5.4] another reading has this ClientId: the server did nothing from here on
                    c.More = true;
                    _forkFrom = order;
                    goto case Status.Retry;

                case Status.Conflict: // the server sends its object; this change has lost, and is acknowledged with the others
                    break;

                case Status.NotFound when _reader.Tag == Tags.Delete: // the object is not there, which is what the deletion was for
                    break;

                default:
                    _result.RefusedUp++;
                    _result.Store = outbox
                        ? _store.SetAside(c.Number, order, _status, _object, 0, ReasonLength())
                        : _store.Refuse(_info, _status, _object, ReasonLength());
                    break;
            }

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

            // the store passes over what the responses changed in this batch; an object without a key waits until it gets one
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

        // Nothing waits any more for an object of this device that is gone, or that flash has lost.
        private void IgnoreGone()
        {
            if (_result.Store == StoreError.NotFound || _result.Store == StoreError.Damaged || _result.Store == StoreError.Stale)
            {
                _result.Store = StoreError.None;
            }
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
            return Format.BytesEqual(text, 0, _clientId, 0, IdLength) ? (uint)number : 0;
        }
    }
}

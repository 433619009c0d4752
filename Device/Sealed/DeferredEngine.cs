// Rounds over a carrier that brings replies later. What a reply needs to know about its request is in flash before the
// request is handed over, so that a restart, or a deep sleep, between the two changes nothing.
//
// Rule 1: one request is under way at a time; while it is, a round looks for its reply and sends nothing.
// Rule 2: a number is durable before anyone else sees it, so no two messages have the same.
// Rule 3: a request without a reply is sent anew after so many rounds, twice as many each time: whatever the way takes,
//         the wait outgrows it.
// Rule 4: when the server names the number to go on from, this store went back: the request was not applied and is sent anew
//         above that number, which is durable before the letter that named it is dropped.

using NanoSync.Storage;

namespace NanoSync.Device
{
    /// <summary>The engine over a carrier whose replies come later. It is used as <see cref="SyncEngine"/> is; costs 110 bytes more.</summary>
    public sealed class DeferredEngine : SyncEngine
    {
        private const int SentLength = 18;
        private const int SentLengthBefore = 14; // of an earlier version: without the last number
        private const int SentPartLength = 24;
        private const int MostDoublings = 10;

        private readonly IDeferredCarrier _deferred;
        private readonly byte[] _sent = new byte[SentPartLength];
        private uint _number; // of the last request
        private uint _waited;
        private int _sentAnew;
        private bool _underWay;

        /// <summary>Makes an engine. Add collections, then Open.</summary>
        public DeferredEngine(FlashStore store, IDeferredCarrier carrier, SyncOptions options)
            : base(store, carrier, options)
        {
            _deferred = carrier;
        }

        /// <summary>True while a request waits for a reply that comes later.</summary>
        public bool UnderWay
        {
            get { return _underWay; }
        }

        internal override bool RepliesDeferred
        {
            get { return true; }
        }

        internal override void Load()
        {
            int length;
            _underWay = false;
            if (_store.GetMeta(AnswerCollection, SentSlot, _sent, 0, out length) != StoreError.None || (length != SentLength && length != SentLengthBefore))
            {
                return;
            }

            _sentHash = Format.U32(_sent, 0);
            _number = Format.U32(_sent, 4);
            _waited = Format.U32(_sent, 8);
            _sentAnew = _sent[12];
            _underWay = _sent[13] != 0;
            _sentBefore = length == SentLength ? Format.U32(_sent, 14) : 0;
            for (int i = 0; i < _count && _underWay; i++)
            {
                SyncCollection c = _collections[i];
                if (_store.GetMeta(c.Number, SentPartSlot, _sent, 0, out length) != StoreError.None || length != SentPartLength)
                {
                    _underWay = false; // a new firmware added this collection: it was not in the request
                    return;
                }

                c.Included = true;
                c.Sent = (int)Format.U32(_sent, 0);
                c.SentUpTo = Format.U32(_sent, 4);
                c.UploadOrder = Format.U32(_sent, 8);
                c.UploadDone = (int)Format.U32(_sent, 12);
                c.UploadSent = (int)Format.U32(_sent, 16);
                c.UploadTotal = (int)Format.U32(_sent, 20);
            }
        }

        // The round over such a carrier. True: a reply was taken.
        internal override bool Exchange()
        {
            if (_underWay)
            {
                _result.Carrier = _deferred.Fetch(StoreId, _number);
                if (_result.Carrier == CarrierError.None)
                {
                    return _deferred.ResumeFrom > 0 ? ResumeNumbers() : ApplyDeferred();
                }

                if (_result.Carrier != CarrierError.Deferred)
                {
                    return false;
                }

                _waited++;
                if (_waited < (uint)_options.ReplyRounds << _sentAnew)
                {
                    _result.Outcome = RoundOutcome.Deferred;
                    _result.Store = KeepSent(true);
                    return false;
                }

                _sentAnew = _sentAnew < MostDoublings ? _sentAnew + 1 : _sentAnew;
            }

            _number++;
            _deferred.Number(StoreId, _number);
            return Send() && KeepRequest() && Receive();
        }

        private bool ResumeNumbers()
        {
            _number = _deferred.ResumeFrom;
            _result.Store = EndRequest();
            _deferred.Done(_result.Store == StoreError.None);
            if (_result.Store == StoreError.None)
            {
                _result.Outcome = RoundOutcome.More;
            }

            return false;
        }

        private bool ApplyDeferred()
        {
            for (int i = 0; i < _count; i++)
            {
                _collections[i].ClearReply();
            }

            bool taken = ApplyReply();
            if (taken && _underWay)
            {
                _result.Store = EndRequest(); // the empty reply: nothing was committed
                taken = _result.Store == StoreError.None;
            }

            // a reply that did not arrive whole, or found no room in flash, is read again; any other is done with
            bool again = _result.Store == StoreError.BatchFull || _result.Store == StoreError.IndexFull;
            bool keep = (_result.Carrier != CarrierError.None && _result.Carrier != CarrierError.BadReply)
                || (_result.Store != StoreError.None && !again);
            _deferred.Done(!keep);
            if (again)
            {
                // the next request, at once, asks for less
                _underWay = true;
                _waited = (uint)_options.ReplyRounds << _sentAnew;
            }

            return taken;
        }

        // Notes, in the batch of all that the reply brought, that no request is under way: the next round sends.
        internal override StoreError EndRequest()
        {
            _sentAnew = 0;
            _waited = 0;
            return KeepSent(false);
        }

        // Keeps what is to be known of the request before it is handed over.
        private bool KeepRequest()
        {
            _waited = 0;
            _result.Store = _store.Begin();
            for (int i = 0; i < _count && _result.Store == StoreError.None; i++)
            {
                SyncCollection c = _collections[i];
                Format.Put32(_sent, 0, (uint)c.Sent);
                Format.Put32(_sent, 4, c.SentUpTo);
                Format.Put32(_sent, 8, c.UploadOrder);
                Format.Put32(_sent, 12, (uint)c.UploadDone);
                Format.Put32(_sent, 16, (uint)c.UploadSent);
                Format.Put32(_sent, 20, (uint)c.UploadTotal);
                _result.Store = _store.SetMeta(c.Number, SentPartSlot, _sent, 0, SentPartLength);
            }

            if (_result.Store == StoreError.None)
            {
                _result.Store = KeepSent(true);
            }

            return EndBatch();
        }

        private StoreError KeepSent(bool underWay)
        {
            _underWay = underWay;
            Format.Put32(_sent, 0, _sentHash);
            Format.Put32(_sent, 4, _number);
            Format.Put32(_sent, 8, _waited);
            _sent[12] = (byte)_sentAnew;
            _sent[13] = (byte)(underWay ? 1 : 0);
            Format.Put32(_sent, 14, _sentBefore);
            return _store.SetMeta(AnswerCollection, SentSlot, _sent, 0, SentLength);
        }
    }
}

using System;

namespace NanoSync.Storage
{
    // What must hold between two calls, asked after each commit, append and Open where the switch NanoSync.Checked is on: the
    // tests of the store and the simulation. The build for boards has neither the check nor its calls.
    public sealed partial class FlashStore
    {
        private static readonly bool s_checked = AppContext.TryGetSwitch("NanoSync.Checked", out bool on) && on;
        private readonly int[] _sums = new int[4 * (MaxCollection + 1)]; // entries, pending, refused, partial, 16 each: made once

        partial void CheckInvariants()
        {
            if (!s_checked || !_open || _mounting)
            {
                return;
            }
            CheckIndex();
            for (int i = 0; i <= MaxCollection; i++)
            {
                if (_outboxes[i] != null)
                {
                    CheckOutboxState(i, _outboxes[i]);
                }
            }
            if (_main.Length > _options.SegmentBytes)
            {
                throw Broken("the newest segment has " + _main.Length + " bytes");
            }
            if (_liveBytes < 0 || _liveBytes > _mainBytes)
            {
                throw Broken("live bytes " + _liveBytes + " of " + _mainBytes);
            }
            if (_largeBytes < 0)
            {
                throw Broken("bytes of large files " + _largeBytes);
            }
        }

        // The counts are what the entries say, and each entry lies in a segment that is there.
        private void CheckIndex()
        {
            Array.Clear(_sums, 0, _sums.Length);
            int metas = 0;
            int aside = 0;
            for (int slot = 0; slot < _index.Capacity; slot++)
            {
                if (!_index.IsUsed(slot))
                {
                    continue;
                }
                int c = _index.Collection(slot);
                int state = _index.State(slot);
                uint file = SegmentFile(_index.Segment(slot));
                if (file < _head || file > _main.File)
                {
                    throw Broken("entry " + slot + " is in segment " + file + ", not of " + _head + " to " + _main.File);
                }
                if (_index.Offset(slot) < Format.HeaderSize || _index.Offset(slot) >= _options.SegmentBytes)
                {
                    throw Broken("entry " + slot + " is at " + _index.Offset(slot));
                }
                if (state == KeyedIndex.StateMeta)
                {
                    metas += _kinds[c] == KindNone ? 0 : 1;
                    continue;
                }
                if (state == KeyedIndex.StatePartial)
                {
                    _sums[48 + c]++;
                    continue;
                }
                _sums[c]++;
                _sums[16 + c] += state == (int)ObjectState.Pending || state == (int)ObjectState.PendingDelete ? 1 : 0;
                _sums[32 + c] += state == (int)ObjectState.Refused ? 1 : 0;
                aside += _kinds[c] == KindOutbox ? 1 : 0;
            }
            for (int c = 0; c <= MaxCollection; c++)
            {
                if (_sums[c] != _entries[c] || _sums[16 + c] != _pending[c] || _sums[32 + c] != _refused[c] || _sums[48 + c] != _partials[c])
                {
                    throw Broken("collection " + c + " counts " + _entries[c] + " entries, " + _pending[c] + " pending, " + _refused[c] + " refused, " + _partials[c]
                    + " partial; there are " + _sums[c] + ", " + _sums[16 + c] + ", " + _sums[32 + c] + ", " + _sums[48 + c]);
                }
            }
            if (metas != _metaCount)
            {
                throw Broken("values: counted " + _metaCount + ", there are " + metas);
            }
            if (aside != _asideCount)
            {
                throw Broken("kept aside: counted " + _asideCount + ", there are " + aside);
            }
        }

        private void CheckOutboxState(int collection, OutboxChain o)
        {
            if (o.Acked >= o.NextId)
            {
                throw Broken("outbox " + collection + ": acknowledged up to " + o.Acked + ", next is " + o.NextId);
            }
            if (o.Counted > o.Acked)
            {
                throw Broken("outbox " + collection + ": counted off up to " + o.Counted + ", acknowledged up to " + o.Acked);
            }
            if (o.Count < 0 || o.Count > o.NextId - 1)
            {
                throw Broken("outbox " + collection + ": " + o.Count + " readings");
            }
            if (o.Head > o.Tail)
            {
                throw Broken("outbox " + collection + ": begins behind its end");
            }
            if (o.Head == 0 && o.Count != 0)
            {
                throw Broken("outbox " + collection + ": has readings and no segment");
            }
            if (o.Bytes < 0)
            {
                throw Broken("outbox " + collection + ": " + o.Bytes + " bytes");
            }
            if (o.TailLength < 0)
            {
                throw Broken("outbox " + collection + ": its last segment has " + o.TailLength + " bytes");
            }
        }

        private static Exception Broken(string how)
        {
            return new InvalidOperationException("The store broke its own rule: " + how);
        }
    }
}

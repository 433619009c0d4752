// Readings taken before the clock was set carry seconds since the start. Once the clock is known their times are corrected
// on the way up: flash is never rewritten, and the correction is durable, so a restart before the sync does not lose it.

using System;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public sealed partial class SyncEngine
    {
        private const int CorrectSlot = 2; // the store's values per collection: from, to, by; 12 bytes

        /// <summary>
        /// Adds seconds to the first field, a time, of readings that are still to be sent. One range per outbox: a new one
        /// takes the place of an earlier one.
        /// </summary>
        /// <param name="outbox">An outbox whose class begins with a time.</param>
        /// <param name="from">First id.</param>
        /// <param name="to">Last id.</param>
        /// <param name="seconds">What to add: the time of the start, when the readings carry seconds since then.</param>
        /// <returns>None, or why it could not be made durable.</returns>
        public StoreError CorrectTimes(SyncCollection outbox, uint from, uint to, uint seconds)
        {
            for (int i = 0; i < 4; i++)
            {
                _small[i] = (byte)(from >> (8 * i));
                _small[4 + i] = (byte)(to >> (8 * i));
                _small[8 + i] = (byte)(seconds >> (8 * i));
            }

            StoreError error = _store.SetMeta(outbox.Number, CorrectSlot, _small, 0, 12);
            if (error == StoreError.None)
            {
                LoadCorrection(outbox);
            }

            return error;
        }

        private void LoadCorrection(SyncCollection c)
        {
            int length;
            if (c.Kind == CollectionKind.Outbox && _store.GetMeta(c.Number, CorrectSlot, _small, 0, out length) == StoreError.None && length == 12)
            {
                c.CorrectFrom = SmallNumber(0);
                c.CorrectTo = SmallNumber(4);
                c.CorrectBy = SmallNumber(8);
            }
        }

        private uint SmallNumber(int at)
        {
            return (uint)(_small[at] | (_small[at + 1] << 8) | (_small[at + 2] << 16) | (_small[at + 3] << 24));
        }

        // True when the reading under the hand is one of those.
        private bool NeedsCorrection(SyncCollection c)
        {
            return _info.Id <= c.CorrectTo && _info.Id >= c.CorrectFrom && c.Kind == CollectionKind.Outbox
                && _info.Tag == c.Sending.Hash && c.Sending.Count > 0 && c.Sending.TypeOf(0) == FieldType.Time
                && _info.Length <= _object.Length - 4; // 1 byte of time may become 5
        }

        // Corrects the record in _object; gives its new length.
        private int Correct(SyncCollection c, int count)
        {
            int start = (c.Sending.Count + 7) >> 3;
            if ((_object[0] & 1) == 0)
            {
                return count; // it has no time
            }

            uint value = 0;
            int end = start;
            for (int shift = 0; end < count; shift += 7)
            {
                byte b = _object[end++];
                value |= (uint)(b & 0x7F) << shift;
                if (b < 0x80)
                {
                    break;
                }
            }

            value = unchecked(value + c.CorrectBy); // the epoch of the record falls out of the sum
            int length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
            Array.Copy(_object, end, _object, start + length, count - end);
            count += start + length - end;
            for (int i = 1; i < length; i++)
            {
                _object[start++] = (byte)(value | 0x80);
                value >>= 7;
            }

            _object[start] = (byte)value;
            return count;
        }
    }
}

// Readings taken before the clock is set carry the seconds since the start of their run. They wait for the time of that
// start, and are corrected on the way up: flash is never rewritten. A start once known is durable, so a restart before the
// sync loses no time. A reading of a run whose start was never known goes up without a time rather than with a wrong one.

using System;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Device
{
    public partial class SyncEngine
    {
        private const int MaxRuns = 4; // runs whose readings may be left to send; the readings of one more lose their times

        /// <summary>
        /// Declares that a first field, a time, before 2024 is the seconds since the start of the run that took the reading.
        /// Those taken from here on are not sent before <see cref="SetBootTime"/> was called. To be called once, after Open. [SPEC 7.1]
        /// </summary>
        /// <param name="outbox">An outbox whose classes are known to the engine and begin with a time; its records fit
        /// <see cref="SyncOptions.ObjectBytes"/>.</param>
        /// <exception cref="InvalidOperationException">The engine is not open.</exception>
        /// <exception cref="ArgumentException">It is no outbox, or its class does not begin with a time.</exception>
        public void DeclareUptimes(SyncCollection outbox)
        {
            if (!_open)
            {
                throw new InvalidOperationException("DeclareUptimes comes after Open.");
            }

            if (outbox == null || outbox.Kind != CollectionKind.Outbox || outbox.Class.Count == 0 || outbox.Class.TypeOf(0) != FieldType.Time)
            {
                throw new ArgumentException("outbox: its class begins with a time");
            }

            outbox.UptimeRuns = new uint[3 * MaxRuns];
            LoadRuns(outbox);
            outbox.DeferredFrom = _store.NextId(outbox.Number);
            outbox.UptimesTo = outbox.DeferredFrom - 1;
        }

        /// <summary>Ends the wait: the readings of this run are corrected, and go up from the next round on. [SPEC 7.1]</summary>
        /// <param name="outbox">As declared.</param>
        /// <param name="start">The time of the start of this run, in seconds since 1970; 0 = not to be had, they go without.</param>
        /// <returns>None, or why it could not be made durable: then they go on waiting.</returns>
        public StoreError SetBootTime(SyncCollection outbox, uint start)
        {
            uint from = outbox.DeferredFrom;
            uint upTo = _store.NextId(outbox.Number) - 1;
            if (from == 0)
            {
                return StoreError.None;
            }

            StoreError error = start == 0 || from > upTo ? StoreError.None : SaveRun(outbox, from, upTo, start);
            if (error == StoreError.None)
            {
                outbox.DeferredFrom = 0;
                outbox.UptimesTo = start == 0 ? uint.MaxValue : upTo; // without a boot time the later readings of this run get no time either
            }

            return error;
        }

        // [SPEC 5.4] A reading may have gone up with the time that its run gives it, so a run stays as it is while one of its
        // readings waits. Where there is no room for another run, its readings go without times: none of them went up yet.
        private StoreError SaveRun(SyncCollection outbox, uint from, uint upTo, uint start)
        {
            uint[] runs = outbox.UptimeRuns;
            uint first = NextPending(outbox, 0) ? _info.Id : from;
            int count = 0;
            for (int i = 0; i < runs.Length && runs[i] != 0; i += 3)
            {
                if (runs[i + 1] >= first)
                {
                    Array.Copy(runs, i, runs, count, 3);
                    count += 3;
                }
            }

            if (count < runs.Length)
            {
                runs[count] = from;
                runs[count + 1] = upTo;
                runs[count + 2] = start;
                count += 3;
            }

            Array.Clear(runs, count, runs.Length - count);
            for (int i = 0; i < count; i++)
            {
                Format.Put32(_buffer, 4 * i, runs[i]);
            }

            StoreError error = _store.SetMeta(outbox.Number, RunsSlot, _buffer, 0, 4 * count);
            if (error != StoreError.None)
            {
                LoadRuns(outbox);
            }

            return error;
        }

        private void LoadRuns(SyncCollection outbox)
        {
            int length;
            Array.Clear(outbox.UptimeRuns, 0, outbox.UptimeRuns.Length);
            if (_store.GetMeta(outbox.Number, RunsSlot, _buffer, 0, out length) == StoreError.None)
            {
                for (int i = 0; i < length >> 2 && i < outbox.UptimeRuns.Length; i++)
                {
                    outbox.UptimeRuns[i] = Format.U32(_buffer, 4 * i);
                }
            }
        }

        // All that is pending was taken in this run, and its start is not known yet.
        private bool AllDeferred(SyncCollection c)
        {
            return c.DeferredFrom != 0 && _store.NextPending(c.Number, 0, _info) == StoreError.None && _info.Id >= c.DeferredFrom;
        }

        // True when the reading that is worked on may carry seconds since a start.
        private bool MayBeUptime(SyncCollection c)
        {
            if (c.UptimeRuns == null || _info.Id > c.UptimesTo || _info.Length > _object.Length)
            {
                return false;
            }

            ObjectClass type = ClassOf(_info.Tag, null);
            return type != null && type.Count > 0 && type.TypeOf(0) == FieldType.Time;
        }

        // Corrects the time of the record in _object, if that counts from a start. Gives the new length, which is never larger.
        private int CorrectTime(SyncCollection c, int count)
        {
            if ((_object[0] & 1) == 0)
            {
                return count; // it has no time
            }

            int start = (ClassOf(_info.Tag, null).Count + 7) >> 3;
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

            if (value < unchecked(0 - RecordReader.Epoch))
            {
                return count; // a number that counts from the epoch on: it is the time of a clock
            }

            uint from = BootTimeOf(c, _info.Id);
            int length = 0;
            if (from == 0)
            {
                _object[0] &= 0xFE;
            }
            else
            {
                value = unchecked(value + from); // the epoch of the record falls out of the sum
                length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
            }

            Array.Copy(_object, end, _object, start + length, count - end);
            for (int i = 0; i < length; i++)
            {
                _object[start + i] = (byte)(i + 1 < length ? value | 0x80 : value);
                value >>= 7;
            }

            return count + start + length - end;
        }

        private static uint BootTimeOf(SyncCollection c, uint id)
        {
            for (int i = 0; i < c.UptimeRuns.Length; i += 3)
            {
                if (id >= c.UptimeRuns[i] && id <= c.UptimeRuns[i + 1])
                {
                    return c.UptimeRuns[i + 2];
                }
            }

            return 0;
        }
    }
}

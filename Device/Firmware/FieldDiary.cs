// The field diary: the last rounds and errors, in flash, for the day on which someone asks what went wrong out there.
//
// A ring of two files in the store's folder, 48 entries of 40 bytes each, appended to in turn: when one is full the other
// is deleted and begun anew, so between 48 and 96 entries are there, 3,840 bytes at most. An entry counts when its check
// sum is right; a power cut leaves the entry out, or a torn one that the next append fills up to its 40 bytes. [SPEC 7.3]
//
// Few writes: equal things are summed in RAM, as one entry. It is written when something else happens, after an hour,
// before a restart or deep sleep, and when the server asks; a failure that differs from the thing before, and a start, are
// written at once. So a power cut loses at most an hour of rounds like the one before. In RAM: 7 fields and one entry,
// 12 + 7 * 12 + 60 = 156 bytes; nothing is allocated later.

using System;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>
    /// Keeps the diary on a volume, whose calls lock it; the diary holds that lock over its own. Not from two threads, but a round may read it while
    /// readings are appended to the store.
    /// </summary>
    public sealed class FieldDiary : IDiary
    {
        /// <summary>Bytes of an entry.</summary>
        public const int EntryBytes = 40;

        /// <summary>Entries of each of the two files.</summary>
        public const int EntriesPerFile = 48;

        /// <summary>Seconds after which a sum of equal things is written.</summary>
        public const int WriteEvery = 3600;

        private const byte Version = 0xD1;
        private const int KindStart = 1;
        private const int KindRound = 2;
        private const int KindFlash = 3;
        private const int KindNetwork = 4;
        private const int KindClock = 5;
        private const int FileBytes = EntryBytes * EntriesPerFile;
        private const int Lane = 3; // the store's for large objects that the application writes: this one writes none

        // Places in an entry.
        private const int What = 1;
        private const int Times = 2;
        private const int Number = 4;
        private const int Time = 8;
        private const int Uptime = 12;
        private const int Codes = 16; // carrier, HTTP, message, store, status
        private const int Sums = 26;
        private const int Heap = 36;
        private const int Check = 38;

        private static readonly uint s_first = StoreFile.Make(StoreFile.Diary, 0, 1);
        private static readonly uint s_second = StoreFile.Make(StoreFile.Diary, 0, 2);

        private readonly IVolume _volume;
        private readonly byte[] _entry = new byte[EntryBytes]; // Times = 0: nothing waits to be written
        private uint _file; // the one appended to; 0 = not known yet
        private uint _next; // number of the next entry
        private uint _since; // uptime of the first thing summed
        private int _older; // bytes to be sent of the older file, those passed over included
        private int _skip; // bytes passed over, so that the newest are sent

        /// <summary>A diary on the store's volume; nothing is touched.</summary>
        public FieldDiary(IVolume volume)
        {
            _volume = volume;
        }

        /// <summary>Notes a start that did not come from deep sleep. Before the store is opened.</summary>
        /// <param name="reason">Why the last run ended (<see cref="RestartReason"/>).</param>
        /// <param name="now">Seconds since 1970-01-01 UTC; 0 = not known.</param>
        /// <param name="uptime">Seconds since the start.</param>
        /// <param name="heap">Free bytes of the managed heap; 0 = not known.</param>
        public void Start(int reason, uint now, uint uptime, uint heap)
        {
            lock (_volume)
            {
                _volume.Open();
                Begin(KindStart, 0, 0, 0, 0, reason, uptime);
                _entry[Times] = 0; // each start is an entry of its own
                End(now, uptime, heap, true);
            }
        }

        /// <summary>Notes a round.</summary>
        public void Round(RoundResult result, uint now, uint uptime, uint heap)
        {
            bool failed = result.Outcome == RoundOutcome.Failed;
            bool news = Begin(
                KindRound | ((int)result.Outcome << 4), (int)result.Carrier, result.HttpStatus, (int)result.Message, (int)result.Store, result.Status, uptime);
            Add(Sums, 2, result.ObjectsUp);
            Add(Sums + 2, 2, result.ObjectsDown);
            Add(Sums + 4, 1, result.RefusedUp);
            Add(Sums + 5, 1, result.RefusedDown);
            Add(Sums + 6, 2, result.BytesUp);
            Add(Sums + 8, 2, result.BytesDown);
            End(now, uptime, heap, failed && news);
        }

        /// <summary>Notes an error of the store outside a round: it could not be opened, or a reading not be kept.</summary>
        public void Flash(StoreError error, uint now, uint uptime, uint heap)
        {
            bool news = Begin(KindFlash | ((int)RoundOutcome.Failed << 4), 0, 0, 0, (int)error, 0, uptime);
            End(now, uptime, heap, news);
        }

        /// <summary>Notes that no network came up.</summary>
        public void NoNetwork(uint now, uint uptime, uint heap)
        {
            bool news = Begin(KindNetwork | ((int)RoundOutcome.Failed << 4), 0, 0, 0, 0, 0, uptime);
            End(now, uptime, heap, news);
        }

        /// <summary>Notes that the clock was corrected.</summary>
        /// <param name="seconds">By how much, positive = put forward.</param>
        /// <param name="now">The time after it.</param>
        /// <param name="uptime">Seconds since the start.</param>
        /// <param name="heap">Free bytes of the managed heap.</param>
        public void Clock(int seconds, uint now, uint uptime, uint heap)
        {
            Begin(KindClock, 0, 0, 0, 0, 0, uptime);
            Put(Sums, 4, (uint)seconds); // of those summed, the last
            End(now, uptime, heap, false);
        }

        /// <summary>Writes what was summed. What the volume does not take is tried again with the next thing of its kind.</summary>
        public void Flush()
        {
            lock (_volume)
            {
                if (Get(Times, 2) == 0 || _file == 0)
                {
                    return;
                }

                int length = Length(_file);
                int filling = (EntryBytes - (length % EntryBytes)) % EntryBytes; // of an entry that was cut
                if (length < 0)
                {
                    return;
                }

                if (length + filling + EntryBytes > FileBytes)
                {
                    uint other = Other(_file);
                    if (_volume.Delete(other) != VolumeCode.Ok)
                    {
                        return;
                    }

                    _file = other;
                    filling = 0;
                }

                _entry[0] = Version;
                Put(Number, 4, _next);
                Put(Check, 2, CheckSum());
                if (_volume.OpenAppend(Lane, _file) != VolumeCode.Ok)
                {
                    return;
                }

                bool done = filling == 0 || _volume.Append(Lane, _entry, 0, filling) == VolumeCode.Ok;
                done = done && _volume.Append(Lane, _entry, 0, EntryBytes) == VolumeCode.Ok;
                done &= _volume.Close(Lane) == VolumeCode.Ok;
                if (done)
                {
                    _next++;
                    Put(Times, 2, 0);
                    Array.Clear(_entry, Sums, Heap - Sums);
                }
            }
        }

        /// <inheritdoc/>
        public int Open(int most)
        {
            lock (_volume)
            {
                if (_file == 0)
                {
                    Find();
                }

                Flush();
                int newer = Whole(_file);
                _older = Whole(Other(_file));
                int all = _older + newer;
                int sent = all <= most ? all : most / EntryBytes * EntryBytes;
                _skip = all - sent;
                return sent;
            }
        }

        /// <inheritdoc/>
        public void Read(int position, byte[] buffer, int count)
        {
            lock (_volume)
            {
                Array.Clear(buffer, 0, count);
                position += _skip;
                int older = _older - position;
                older = older < 0 ? 0 : older < count ? older : count;
                if (older > 0)
                {
                    _volume.Read(Other(_file), position, buffer, 0, older);
                }

                if (older < count)
                {
                    _volume.Read(_file, position + older - _older, buffer, older, count - older);
                }
            }
        }

        // Something happened. True when it is not like the thing before: that one is written, and a new entry begun.
        private bool Begin(int what, int carrier, int http, int message, int store, int status, uint uptime)
        {
            if (_file == 0)
            {
                Find();
            }

            bool same = (_entry[What] & 15) == (what & 15) && (_entry[What] >> 4 == (int)RoundOutcome.Failed) == (what >> 4 == (int)RoundOutcome.Failed)
                && Get(Codes, 2) == carrier && Get(Codes + 2, 2) == http && Get(Codes + 4, 2) == message && Get(Codes + 6, 2) == store
                && Get(Codes + 8, 2) == status;
            if (!same)
            {
                Flush();
                Array.Clear(_entry, 0, EntryBytes);
                Put(Codes, 2, (uint)carrier);
                Put(Codes + 2, 2, (uint)http);
                Put(Codes + 4, 2, (uint)message);
                Put(Codes + 6, 2, (uint)store);
                Put(Codes + 8, 2, (uint)status);
            }

            _entry[What] = (byte)what; // of summed rounds the outcome of the last
            if (Get(Times, 2) == 0)
            {
                _since = uptime;
            }

            return !same;
        }

        private void End(uint now, uint uptime, uint heap, bool urgent)
        {
            Add(Times, 2, 1);
            Put(Time, 4, now);
            Put(Uptime, 4, uptime);
            Put(Heap, 2, heap >> 10 < 0xFFFF ? heap >> 10 : 0xFFFF);
            if (urgent || uptime - _since >= WriteEvery)
            {
                Flush();
            }
        }

        // The file with the highest number is the one to go on with. Only while nothing is summed: it reads into the entry.
        private void Find()
        {
            lock (_volume)
            {
                if (Length(s_first) < 0 || Length(s_second) < 0)
                {
                    return; // not readable now; a number that may have been used must not be given again
                }

                uint first = Last(s_first);
                uint second = Last(s_second);
                _file = first >= second ? s_first : s_second;
                _next = (first >= second ? first : second) + 1;
                Array.Clear(_entry, 0, EntryBytes);
            }
        }

        // Number of the last entry of a file that is one; 0 = none.
        private uint Last(uint file)
        {
            for (int at = Whole(file) - EntryBytes; at >= 0; at -= EntryBytes)
            {
                if (_volume.Read(file, at, _entry, 0, EntryBytes) == EntryBytes && _entry[0] == Version && Get(Check, 2) == CheckSum())
                {
                    return Get(Number, 4);
                }
            }

            return 0;
        }

        private static uint Other(uint file)
        {
            return file == s_first ? s_second : s_first;
        }

        // 0 when there is no file; negative when that cannot be told.
        private int Length(uint file)
        {
            int length = _volume.Length(file);
            return length == VolumeCode.NotFound ? 0 : length;
        }

        private int Whole(uint file)
        {
            int length = Length(file);
            return length < 0 ? 0 : length > FileBytes ? FileBytes : length / EntryBytes * EntryBytes;
        }

        private uint CheckSum()
        {
            return Crc32.Finish(Crc32.Update(Crc32.Start, _entry, 0, Check)) & 0xFFFF;
        }

        // Adds to a sum that stays at its highest value.
        private void Add(int at, int bytes, int more)
        {
            uint highest = bytes == 1 ? 0xFFu : 0xFFFFu;
            uint sum = Get(at, bytes) + (uint)(more < 0 ? 0 : more);
            Put(at, bytes, sum < highest ? sum : highest);
        }

        private uint Get(int at, int bytes)
        {
            uint value = 0;
            for (int i = bytes - 1; i >= 0; i--)
            {
                value = (value << 8) | _entry[at + i];
            }

            return value;
        }

        private void Put(int at, int bytes, uint value)
        {
            for (int i = 0; i < bytes; i++)
            {
                _entry[at + i] = (byte)(value >> (8 * i));
            }
        }
    }
}

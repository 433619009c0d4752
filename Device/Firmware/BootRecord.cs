// What the application remembers from one start to the next, outside the store: 20 bytes in a file of their own.
// Written at a start that did not come from deep sleep, when a run has proved stable, before an own restart, and once a
// day for the time: fewer than ten times a day, so its wear does not matter.
//
// +----+----+----+----+-------+-----+-------+---+-----------+---------------+---------------+
// | N    S    B    1  | quick | why | flags | r | last time | sync interval | CRC32 of 0-15 |
// +----+----+----+----+-------+-----+-------+---+-----------+---------------+---------------+
//   4                   1       1     1       1   4           4               4, least significant byte first
//   flags: bit 0 the clock is only put forward; r: TLS refusals in a row, 3 at most

using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>Why the last run ended, where it could say so.</summary>
    public static class RestartReason
    {
        /// <summary>It could not: power-on, reset button, brown-out, crash.</summary>
        public const int Unknown = 0;

        /// <summary>The server's command.</summary>
        public const int Command = 1;

        /// <summary>The watchdog.</summary>
        public const int Watchdog = 2;

        /// <summary>No network for too long.</summary>
        public const int Offline = 3;

        /// <summary>The program failed several steps in a row.</summary>
        public const int Crash = 4;

        /// <summary>The name for the device status.</summary>
        public static string Name(int reason)
        {
            switch (reason)
            {
                case Command: return "command";
                case Watchdog: return "watchdog";
                case Offline: return "offline";
                case Crash: return "crash";
                default: return "power or reset";
            }
        }
    }

    /// <summary>The counter of quick restarts and its companions.</summary>
    public sealed class BootRecord
    {
        private const int Size = 20;
        private const int Checked = 16;

        private readonly ISmallFile _file;
        private readonly byte[] _bytes = new byte[Size];

        /// <summary>Starts in a row that did not last, this one included.</summary>
        public int Quick;

        /// <summary>Why the last run ended (<see cref="RestartReason"/>).</summary>
        public int Reason;

        /// <summary>A time that is certainly over; 0 = none known.</summary>
        public uint LastTime;

        /// <summary>True when the clock was only set to <see cref="LastTime"/>, so that it is behind.</summary>
        public bool ClockIsBehind;

        /// <summary>TLS refusals in a row, counted up to <see cref="FieldApp.RefusalsBeforeDoubt"/>.</summary>
        public int Refusals;

        /// <summary>Seconds between syncs that the server asked for; 0 = as the settings say.</summary>
        public int SyncInterval;

        /// <summary>A record in a file; nothing is read yet.</summary>
        public BootRecord(ISmallFile file)
        {
            _file = file;
        }

        /// <summary>Reads the file. One that is not there, or damaged, counts as empty.</summary>
        public void Load()
        {
            Quick = 0;
            Reason = RestartReason.Unknown;
            LastTime = 0;
            ClockIsBehind = false;
            SyncInterval = 0;
            Refusals = 0;
            if (_file.Read(_bytes) == Size && _bytes[0] == 'N' && _bytes[1] == 'S' && _bytes[2] == 'B' && _bytes[3] == '1'
                && Get(Checked) == Crc32.Finish(Crc32.Update(Crc32.Start, _bytes, 0, Checked)))
            {
                Quick = _bytes[4];
                Reason = _bytes[5];
                ClockIsBehind = (_bytes[6] & 1) != 0;
                Refusals = _bytes[7];
                LastTime = Get(8);
                SyncInterval = (int)Get(12);
            }
        }

        /// <summary>Writes the file; a volume that cannot be written is met again, and reported, by the store.</summary>
        public void Save()
        {
            _bytes[0] = (byte)'N';
            _bytes[1] = (byte)'S';
            _bytes[2] = (byte)'B';
            _bytes[3] = (byte)'1';
            _bytes[4] = (byte)(Quick > 255 ? 255 : Quick);
            _bytes[5] = (byte)Reason;
            _bytes[6] = (byte)(ClockIsBehind ? 1 : 0);
            _bytes[7] = (byte)Refusals;
            Put(8, LastTime);
            Put(12, (uint)SyncInterval);
            Put(Checked, Crc32.Finish(Crc32.Update(Crc32.Start, _bytes, 0, Checked)));
            _file.Write(_bytes, Size);
        }

        private uint Get(int at)
        {
            return _bytes[at] | ((uint)_bytes[at + 1] << 8) | ((uint)_bytes[at + 2] << 16) | ((uint)_bytes[at + 3] << 24);
        }

        private void Put(int at, uint value)
        {
            _bytes[at] = (byte)value;
            _bytes[at + 1] = (byte)(value >> 8);
            _bytes[at + 2] = (byte)(value >> 16);
            _bytes[at + 3] = (byte)(value >> 24);
        }
    }
}

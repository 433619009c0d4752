// The lamp: one pattern per state, as milliseconds on, off, on, off ... Tells a person at the pole what is wrong.

namespace NanoSync.Firmware
{
    /// <summary>Where the application stands. Also the number in its log lines.</summary>
    public enum AppState
    {
        /// <summary>Starting: settings and store are being read.</summary>
        Starting = 0,

        /// <summary>Waiting after several quick restarts.</summary>
        Holding = 1,

        /// <summary>The settings file is missing or wrong.</summary>
        BadSettings = 2,

        /// <summary>The store cannot be opened, or readings cannot be kept.</summary>
        BadFlash = 3,

        /// <summary>Waiting for the network.</summary>
        Connecting = 4,

        /// <summary>Waiting for the time.</summary>
        GettingTime = 5,

        /// <summary>A round is under way, or the next is due at once.</summary>
        Syncing = 6,

        /// <summary>Both sides are in step.</summary>
        InStep = 7,

        /// <summary>No network; tried again later.</summary>
        NoNetwork = 8,

        /// <summary>No server, or it failed; tried again later.</summary>
        ServerAway = 9,

        /// <summary>The server refuses this device: wrong or revoked token. Tried again slowly.</summary>
        Refused = 10,

        /// <summary>Memory is lacking: it goes on with smaller buffers until the next start, or cannot go on at all and tries again.</summary>
        NoMemory = 11,
    }

    /// <summary>Turns a state and a time into lamp on or off.</summary>
    public sealed class LedPattern
    {
        private static readonly int[][] s_patterns = new int[][]
        {
            new int[] { 1000, 0 },                                       // Starting: on
            new int[] { 50, 9950 },                                      // Holding: a flash every 10 s
            new int[] { 100, 100 },                                      // BadSettings: flickers
            new int[] { 100, 100, 100, 100, 100, 100, 100, 1300 },       // BadFlash: 4 short
            new int[] { 500, 500 },                                      // Connecting: slow, even
            new int[] { 500, 500 },                                      // GettingTime: the same
            new int[] { 1000, 0 },                                       // Syncing: on
            new int[] { 50, 4950 },                                      // InStep: a flash every 5 s
            new int[] { 200, 1800 },                                     // NoNetwork: 1 every 2 s
            new int[] { 200, 200, 200, 1400 },                           // ServerAway: 2 every 2 s
            new int[] { 200, 200, 200, 200, 200, 1000 },                 // Refused: 3 every 2 s
            new int[] { 100, 100, 100, 100, 100, 100, 100, 100, 100, 1100 }, // NoMemory: 5 short
        };

        private int[] _pattern = s_patterns[0];
        private long _since;
        private long _length = 1000;

        /// <summary>Changes the pattern. The same state again changes nothing.</summary>
        public void Show(AppState state, long ticks)
        {
            int[] pattern = s_patterns[(int)state];
            if (pattern == _pattern)
            {
                return;
            }

            _pattern = pattern;
            _since = ticks;
            _length = 0;
            for (int i = 0; i < pattern.Length; i++)
            {
                _length += pattern[i];
            }
        }

        /// <summary>Whether the lamp is on now.</summary>
        /// <param name="ticks">Milliseconds.</param>
        /// <param name="wait">Milliseconds until that changes.</param>
        public bool IsOn(long ticks, out int wait)
        {
            int at = (int)((ticks - _since) % _length);
            for (int i = 0; i < _pattern.Length; i++)
            {
                if (at < _pattern[i])
                {
                    wait = _pattern[i] - at;
                    return (i & 1) == 0;
                }

                at -= _pattern[i];
            }

            wait = 1;
            return false;
        }
    }
}

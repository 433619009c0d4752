// What the application takes for the time. A board without a battery starts in 1970; TLS refuses every certificate then.
// So a clock that no one sets is put to the last time known: good enough for a certificate, not for a reading.

namespace NanoSync.Firmware
{
    /// <summary>Tells a clock that was set from one that was only put forward.</summary>
    public sealed class FieldClock
    {
        /// <summary>2024-01-01: before it no clock is right.</summary>
        public const uint Earliest = 1704067200;

        private const int Slack = 3; // seconds that a clock and the tick counter may differ

        private readonly IMachine _machine;
        private uint _base; // where the clock was put
        private long _baseTicks;
        private bool _behind;

        /// <summary>A clock over the machine's.</summary>
        public FieldClock(IMachine machine)
        {
            _machine = machine;
        }

        /// <summary>True while the clock only follows the last time known.</summary>
        public bool IsBehind
        {
            get { return _behind; }
        }

        /// <summary>Seconds since 1970-01-01 UTC; 0 while not known.</summary>
        public uint Now
        {
            get
            {
                uint clock = _machine.Clock;
                if (clock < Earliest)
                {
                    return 0;
                }

                if (_behind)
                {
                    long expected = _base + ((_machine.Ticks - _baseTicks) / 1000);
                    long difference = clock - expected;
                    if (difference >= -Slack && difference <= Slack)
                    {
                        return 0;
                    }

                    _behind = false; // someone set it: the time server
                }

                return clock;
            }
        }

        /// <summary>Takes over a clock that an earlier run had put forward and that went on through a restart.</summary>
        public void Resume(bool behind)
        {
            if (behind && _machine.Clock >= Earliest)
            {
                Follow(_machine.Clock);
            }
        }

        /// <summary>Puts an unset clock to a time that is certainly over.</summary>
        public void PutForward(uint lastTime)
        {
            if (_machine.Clock < Earliest && lastTime >= Earliest)
            {
                _machine.SetClock(lastTime);
                Follow(lastTime);
            }
        }

        /// <summary>Sets the clock to the time that the server told.</summary>
        public void Set(uint seconds)
        {
            if (seconds >= Earliest)
            {
                _machine.SetClock(seconds);
                _behind = false;
            }
        }

        private void Follow(uint start)
        {
            _base = start;
            _baseTicks = _machine.Ticks;
            _behind = true;
        }
    }
}

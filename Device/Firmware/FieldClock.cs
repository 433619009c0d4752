// What the application takes for the time, and how it is kept right.
//
// Rule 1: each source is believed only until the next comparison. A time server sets the machine's clock from outside, which
//         is noticed as a jump beside the tick counter; the server of the sync tells its time in a reply. A source that
//         was wrong and turns right is followed.
// Rule 2: a clock that nobody set is put where TLS may accept a certificate, and is not used for readings: "behind".
// Rule 3: while the machine's clock is put elsewhere for TLS's sake or on trial ("apart"), a time once known goes on by ticks.
//
// A clock that is set again and again shows its rate: the seconds it was off, in those that went by. What is read in between
// is corrected by it, so that a clock 1.6 % fast is off by a minute in the first hour only.

namespace NanoSync.Firmware
{
    /// <summary>The time, its comparison with its sources, and its correction.</summary>
    public sealed class FieldClock
    {
        /// <summary>2024-01-01: before it no clock is right.</summary>
        public const uint Earliest = 1704067200;

        /// <summary>2100-01-01: from it on no clock is right, and a time would not fit a reading for long.</summary>
        public const uint Latest = 4102444800;

        /// <summary>2026-01-01: this program is younger, and so is every certificate that it will meet.</summary>
        public const uint Built = 1767225600;

        /// <summary>Milliseconds after which the time is to be compared again.</summary>
        public const int CompareEvery = 1800000;

        private const int Slack = 3; // seconds that a clock, the tick counter and an answer on its way may differ
        private const int Stride = 30 * 86400; // certificates hold for longer
        private const uint LastTried = Built + (630 * 1000 * 1000); // 20 years
        private const int ShortestMeasure = 1200; // seconds in which the rate of a clock shows
        private const int MostRate = 50000; // millionths; a larger one is a mistake

        private readonly IMachine _machine;
        private uint _seen; // what the machine's clock showed when it was last looked at; 0 = nothing valid
        private long _seenTicks;
        private bool _looked;
        private bool _behind;
        private bool _apart;
        private uint _own; // the time while apart
        private long _ownTicks;
        private uint _setTo; // where the clock was put when it was last set right; 0 = not in this run
        private int _rate; // millionths that the time is faster than the clock
        private bool _rateKnown;
        private long _compared = -CompareEvery; // ticks of the last comparison
        private int _correction; // to be told; 0 = none

        /// <summary>A clock over the machine's.</summary>
        public FieldClock(IMachine machine)
        {
            _machine = machine;
        }

        /// <summary>True while the clock is only put where TLS may work.</summary>
        public bool IsBehind
        {
            get { return _behind; }
        }

        /// <summary>True while the machine's clock is not where the time is.</summary>
        public bool IsApart
        {
            get { return _apart; }
        }

        /// <summary>True when it is known how fast the clock runs.</summary>
        public bool IsRateKnown
        {
            get { return _rateKnown; }
        }

        /// <summary>True when a source has to be asked.</summary>
        public bool IsCompareDue
        {
            get { return _behind || _apart || _machine.Ticks - _compared >= CompareEvery; }
        }

        /// <summary>Seconds since 1970-01-01 UTC; 0 while not known.</summary>
        public uint Now
        {
            get
            {
                uint clock = Look();
                if (clock == 0 || _behind)
                {
                    return 0;
                }

                return _apart ? Own() : Corrected(clock);
            }
        }

        /// <summary>Takes over a clock that an earlier run had put forward and that went on through a restart.</summary>
        public void Resume(bool behind)
        {
            _behind = behind && Look() != 0;
        }

        /// <summary>Puts a clock that nobody set to a time that is certainly over.</summary>
        /// <param name="lastTime">The last one known; 0 = none.</param>
        public void PutForward(uint lastTime)
        {
            if (Look() == 0)
            {
                Put(lastTime >= Built && lastTime < Latest ? lastTime : Built);
                _behind = true;
            }
        }

        /// <summary>
        /// TLS refused: the machine's clock is put a month forward, after twenty years back to the beginning, until a
        /// certificate holds. A time that was known goes on by ticks.
        /// </summary>
        public void TryAnother()
        {
            uint clock = Look();
            bool first = !_behind && !_apart;
            if (first)
            {
                _own = clock == 0 ? 0 : Corrected(clock);
                _ownTicks = _machine.Ticks;
                _apart = _own != 0;
                _behind = _own == 0;
            }

            Put(first || clock < Built || clock > LastTried ? Built : clock + Stride);
        }

        /// <summary>How far a time is from this one, in seconds; 0 within some seconds, and while none is known.</summary>
        public int Difference(uint seconds)
        {
            uint now = Now;
            long difference = now == 0 ? 0 : (long)seconds - now;
            return difference >= -Slack && difference <= Slack ? 0 : difference > int.MaxValue ? int.MaxValue : difference < -int.MaxValue ? -int.MaxValue : (int)difference;
        }

        /// <summary>Takes a time for the right one: sets the clock where it differs.</summary>
        public void Set(uint seconds)
        {
            if (seconds < Earliest || seconds >= Latest)
            {
                return;
            }

            uint clock = Look();
            bool known = clock != 0 && !_behind;
            int difference = Difference(seconds);
            _compared = _machine.Ticks;
            if (known && difference == 0 && !_apart)
            {
                return;
            }

            if (known && !_apart)
            {
                Measure(clock, seconds);
            }

            _correction = known ? difference : 0;
            _behind = false;
            _apart = false;
            Put(seconds);
            _setTo = seconds;
        }

        /// <summary>Puts the machine's clock to a time that is not believed yet. Who sets it meanwhile, a time server, has the last word.</summary>
        public void Try(uint seconds)
        {
            uint own = Now;
            if (own != 0 && seconds >= Earliest && seconds < Latest)
            {
                _own = own;
                _ownTicks = _machine.Ticks;
                _apart = true;
                Put(seconds);
            }
        }

        /// <summary>Nobody contradicted: the time that was tried is taken.</summary>
        public void EndTry()
        {
            uint clock = Look();
            if (_apart && clock != 0)
            {
                Set(clock);
            }
        }

        /// <summary>Seconds of a correction that was not asked for yet, positive = put forward; 0 = none.</summary>
        public int ConsumeCorrection()
        {
            Look();
            int correction = _correction;
            _correction = 0;
            return correction;
        }

        private void Put(uint seconds)
        {
            _machine.SetClock(seconds);
            _seen = seconds;
            _seenTicks = _machine.Ticks;
        }

        private uint Own()
        {
            return _own + (uint)((_machine.Ticks - _ownTicks) / 1000);
        }

        private uint Corrected(uint clock)
        {
            return _setTo == 0 ? clock : (uint)(clock + ((long)clock - _setTo) * _rate / 1000000);
        }

        // The machine's clock, 0 when it shows no possible time. One that jumped beside the tick counter was set by someone.
        private uint Look()
        {
            uint clock = _machine.Clock;
            long ticks = _machine.Ticks;
            if (clock < Earliest || clock >= Latest)
            {
                _seen = 0;
                _looked = true;
                return 0;
            }

            long passed = (ticks - _seenTicks) / 1000;
            long jump = _seen == 0 ? 0 : clock - (_seen + passed);
            long slack = Slack + (passed >> 4); // they run apart by 6 % at most
            uint before = (uint)(_seen + passed);
            bool fromNothing = _looked && _seen == 0;
            _looked = true;
            _seen = clock;
            _seenTicks = ticks;
            if (fromNothing || jump > slack || jump < -slack)
            {
                if (_apart)
                {
                    _correction = (int)((long)clock - Own());
                    _correction = _correction >= -Slack && _correction <= Slack ? 0 : _correction;
                }
                else if (!_behind && !fromNothing)
                {
                    Measure(before, clock);
                    _correction = (int)jump;
                }

                _behind = false;
                _apart = false;
                _setTo = clock;
                _compared = ticks;
            }

            return clock;
        }

        // The clock showed one time when it was another.
        private void Measure(uint clock, uint time)
        {
            long elapsed = (long)clock - _setTo;
            if (_setTo == 0 || elapsed < ShortestMeasure)
            {
                return;
            }

            long rate = ((long)time - clock) * 1000000 / elapsed;
            _rateKnown = rate >= -MostRate && rate <= MostRate;
            _rate = _rateKnown ? (int)rate : 0;
        }
    }
}

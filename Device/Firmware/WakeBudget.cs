// How many rounds others may cause. A wake comes over a broker that proves nothing: whoever may write to it could keep a
// board busy, and its flash, for ever.

namespace NanoSync.Firmware
{
    /// <summary>A bucket of rounds: full at first, refilled evenly. What brought something costs nothing.</summary>
    public sealed class WakeBudget
    {
        /// <summary>Rounds that may follow one another.</summary>
        public const int Most = 8;

        /// <summary>Milliseconds after which there is one more.</summary>
        public const int Every = 30000;

        private int _left = Most;
        private long _since;

        /// <summary>Whether a wake is obeyed now; otherwise it waits.</summary>
        public bool IsLeft(long now)
        {
            long earned = (now - _since) / Every;
            if (earned > 0)
            {
                _since += earned * Every;
                _left = earned >= Most - _left ? Most : _left + (int)earned;
            }

            return _left > 0;
        }

        /// <summary>A wake was obeyed.</summary>
        public void Spend()
        {
            _left--;
        }

        /// <summary>Its round brought something.</summary>
        public void Refund()
        {
            _left = _left < Most ? _left + 1 : Most;
        }
    }
}

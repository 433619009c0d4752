// When to sync next: the interval when all is well, at once when there is more, and ever later when it fails. Pure
// arithmetic: the caller has the clock.

using System;

namespace NanoSync.Device
{
    /// <summary>Waiting times between rounds, with jitter, so that a thousand devices do not come back in the same second.</summary>
    public sealed class SyncSchedule
    {
        /// <summary>First wait after a failure, in milliseconds.</summary>
        public const int FirstRetry = 2000;

        /// <summary>Longest wait after a failure, in milliseconds: 15 minutes. Retry-After may ask for more.</summary>
        public const int LongestRetry = 15 * 60 * 1000;

        /// <summary>Longest wait that a server can ask for, in milliseconds: a day.</summary>
        public const int LongestRetryAfter = 24 * 60 * 60 * 1000;

        private readonly Random _random;
        private int _failures;

        /// <summary>Makes a schedule.</summary>
        /// <param name="random">Source of the jitter.</param>
        public SyncSchedule(Random random)
        {
            _random = random;
        }

        /// <summary>Rounds failed since the last that did not.</summary>
        public int Failures
        {
            get { return _failures; }
        }

        /// <summary>Milliseconds to wait before the next round.</summary>
        /// <param name="result">The last round.</param>
        /// <param name="interval">Milliseconds between syncs when all is well.</param>
        public int Next(RoundResult result, int interval)
        {
            int wait;
            switch (result.Outcome)
            {
                case RoundOutcome.More:
                    _failures = 0;
                    return 0;

                case RoundOutcome.Failed:
                case RoundOutcome.Held:
                    // 2 s, 4 s, ... 15 min: 2^9 * 2 s is past it
                    wait = _failures > 9 ? LongestRetry : FirstRetry << _failures;
                    if (wait > LongestRetry)
                    {
                        wait = LongestRetry;
                    }

                    _failures++;
                    if (result.Outcome == RoundOutcome.Held && wait < interval)
                    {
                        wait = interval; // what is offered again costs as much as the first time
                    }

                    break;

                default:
                    _failures = 0;
                    wait = interval;
                    break;
            }

            // up to a quarter more, never less: an interval is a promise to the server
            wait += _random.Next(wait / 4 + 1);
            if (result.RetryAfter > 0)
            {
                int asked = result.RetryAfter > LongestRetryAfter / 1000 ? LongestRetryAfter : result.RetryAfter * 1000;
                if (wait < asked)
                {
                    wait = asked + _random.Next(asked / 4 + 1);
                }
            }

            return wait;
        }
    }
}

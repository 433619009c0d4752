// A bucket of requests per device: full at first, refilled evenly.

using System.Collections.Concurrent;

namespace NanoSync.Server;

/// <summary>Bounds how often a device may ask.</summary>
public sealed class RateLimiter(double perSecond, int burst, TimeProvider clock)
{
    private readonly ConcurrentDictionary<int, Bucket> _buckets = [];

    /// <summary>The seconds until there is a request in the bucket again; 0 = there is one, which stays.</summary>
    public int Wait(int device) => Take(device, 0);

    /// <summary>Takes a request from the device's bucket. 0, or the seconds until there is one again.</summary>
    public int Take(int device) => Take(device, 1);

    private int Take(int device, int count)
    {
        if (perSecond <= 0)
        {
            return 0;
        }

        Bucket bucket = _buckets.GetOrAdd(device, _ => new Bucket { Left = Math.Max(burst, 1), Time = clock.GetTimestamp() });
        lock (bucket)
        {
            long now = clock.GetTimestamp();
            bucket.Left = Math.Min(Math.Max(burst, 1), bucket.Left + clock.GetElapsedTime(bucket.Time, now).TotalSeconds * perSecond);
            bucket.Time = now;
            if (bucket.Left >= 1)
            {
                bucket.Left -= count;
                return 0;
            }

            return (int)Math.Ceiling((1 - bucket.Left) / perSecond);
        }
    }

    private sealed class Bucket
    {
        public double Left;
        public long Time;
    }
}

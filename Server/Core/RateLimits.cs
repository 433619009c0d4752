// How often somebody may ask: the framework's token buckets, one for each device or address that asked lately.

using System.Threading.RateLimiting;

namespace NanoSync.Server;

/// <summary>Buckets of requests, full at first and refilled evenly.</summary>
public sealed class RateLimits : IDisposable
{
    private const double SlowestRefill = 31_536_000; // seconds: a year

    private readonly PartitionedRateLimiter<int>? _buckets;

    /// <summary>Makes them.</summary>
    /// <param name="perSecond">Requests a second on average; 0 = no bound.</param>
    /// <param name="burst">Requests at once after a pause, at least 1.</param>
    public RateLimits(double perSecond, int burst)
    {
        if (perSecond > 0)
        {
            TokenBucketRateLimiterOptions bucket = new()
            {
                TokenLimit = Math.Max(burst, 1),
                TokensPerPeriod = 1,
                ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Min(1 / perSecond, SlowestRefill)),
            };
            _buckets = PartitionedRateLimiter.Create<int, int>(who => RateLimitPartition.GetTokenBucketLimiter(who, _ => bucket));
        }
    }

    /// <summary>Acquires a permit for one request. 0, or the seconds until there is one again.</summary>
    public int Acquire(int who)
    {
        using RateLimitLease? lease = _buckets?.AttemptAcquire(who);
        return lease is not { IsAcquired: false } ? 0
            : lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
    }

    /// <summary>The seconds until there is a request; 0 = there is one, which stays.</summary>
    public int Wait(int who)
    {
        return _buckets?.GetStatistics(who) is { CurrentAvailablePermits: < 1 } ? Acquire(who) : 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _buckets?.Dispose();
}

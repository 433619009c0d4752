// May retention go by the server's clock? A clock that is years ahead for an hour would take everything that goes by age, for
// good. So one that went ahead by more than a day since the last look, beyond what this process has counted itself, is
// believed once it has gone on like that for a day; until then nothing is removed. What was seen is kept in the database,
// because processes come and go. A server that was off for more than a day waits likewise.

using System.Text.Json;

namespace NanoSync.Server.Engine;

internal sealed class RetentionClock(IServerStore store, TimeProvider clock)
{
    private const string Name = "retention-clock";
    private const int Nobody = 0; // the device of a row that tells of no device
    private const long Day = 24 * 3600 * 1000L;

    private (long Time, long Stamp)? _counted; // of the last look of this process

    private sealed record Seen(long Time, long? AheadSince);

    /// <summary>Compares the clock with the last look at it. Gives until when nothing may be removed; null = the clock is believed. Where no look is kept, the time of the last pass counts as one.</summary>
    public DateTimeOffset? Look(long? lastPass)
    {
        using IStoreTransaction writing = store.BeginWrite();
        Seen? before = Read(writing) ?? (lastPass is { } pass ? new Seen(pass, null) : null);
        long now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        long? since = before?.AheadSince;
        if (before != null)
        {
            long counted = _counted is { } own && own.Time == before.Time ? (long)clock.GetElapsedTime(own.Stamp).TotalMilliseconds : 0;
            since = now - before.Time - counted > Day ? now : now < since ? null : since;
        }

        since = now - since >= Day ? null : since;
        _counted = (now, clock.GetTimestamp());
        writing.SaveInfo(Nobody, new InfoRow(Name, JsonSerializer.SerializeToUtf8Bytes(new Seen(now, since)), now));
        writing.Commit();
        return Until(since);
    }

    /// <summary>What the last look of any process said.</summary>
    public DateTimeOffset? WaitsUntil()
    {
        using IStoreTransaction reading = store.BeginRead();
        return Until(Read(reading)?.AheadSince);
    }

    private static Seen? Read(IStoreTransaction store) =>
        store.ListInfo(Nobody).Find(i => i.Class == Name) is { } row ? JsonSerializer.Deserialize<Seen>(row.Data) : null;

    private static DateTimeOffset? Until(long? since) => since is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time + Day) : null;
}

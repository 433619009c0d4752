// A few threads of a store's own for work that waits for a database far away: as many requests are there at once, and those
// of a device one after the other, since they would wait for each other's rows.

using System.Threading.Channels;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Stores.Sql;

/// <summary>Threads with a queue each.</summary>
internal sealed class Lanes : IDisposable
{
    private const int MostWaiting = 2_000; // in a lane; beyond it the answer is at once that the database is busy

    private readonly Channel<Work>[] _lanes;
    private readonly Thread[] _threads;

    /// <summary>Starts the threads.</summary>
    public Lanes(int count)
    {
        _lanes = [.. Enumerable.Range(0, count).Select(_ => Channel.CreateBounded<Work>(new BoundedChannelOptions(MostWaiting) { SingleReader = true }))];
        _threads = [.. _lanes.Select((lane, i) => new Thread(() => DoAll(lane.Reader)) { IsBackground = true, Name = "database " + i })];
        Array.ForEach(_threads, t => t.Start());
    }

    /// <summary>Does work after what was given before under the same number.</summary>
    public Task<T> Do<T>(int number, Func<T> work)
    {
        Work<T> item = new(work);
        return _lanes[(uint)number % _lanes.Length].Writer.TryWrite(item) ? item.Done
            : throw new StoreBusyException("Too many requests wait for the database.");
    }

    /// <summary>Answers what was given, and ends the threads.</summary>
    public void Dispose()
    {
        Array.ForEach(_lanes, l => l.Writer.TryComplete());
        Array.ForEach(_threads, t => t.Join());
    }

    private static void DoAll(ChannelReader<Work> waiting)
    {
        while (waiting.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (waiting.TryRead(out Work? next))
            {
                Telemetry.Waited(System.Diagnostics.Stopwatch.GetElapsedTime(next.Queued));
                next.Do();
                next.Answer();
            }
        }
    }
}

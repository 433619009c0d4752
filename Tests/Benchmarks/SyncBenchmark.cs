// Syncs a second, engine to server in one process: no network, a real database on disk.

using System.Diagnostics;

namespace NanoSync.Benchmarks;

/// <summary>The verb sync.</summary>
internal static class SyncBenchmark
{
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(3);

    /// <summary>Prints all figures.</summary>
    public static void Run(TextWriter output)
    {
        DataSet set = DataSet.Readings(DataSet.Series);
        using (var device = new SyncBench(set.Type, true, twoWay: true))
        {
            Measure(output, "sync, idle, two collections", device, set, 0);
        }

        foreach (bool series in new[] { false, true })
        {
            string form = series ? "series" : "plain Adds";
            foreach (int readings in new[] { 1, DataSet.Series })
            {
                using var device = new SyncBench(set.Type, series, twoWay: true);
                Measure(output, $"sync, {readings} reading{(readings == 1 ? "" : "s")} each, {form}", device, set, readings);
            }
        }
    }

    private static void Measure(TextWriter output, string name, SyncBench device, DataSet set, int readings)
    {
        for (int warm = 0; warm < 50; warm++)
        {
            device.Append(set, readings);
            device.Round();
        }

        long up = 0;
        long down = 0;
        int syncs = 0;
        var clock = new Stopwatch();
        while (clock.Elapsed < s_time)
        {
            device.Append(set, readings);
            clock.Start();
            Device.RoundResult round = device.Round();
            clock.Stop();
            up += round.BytesUp;
            down += round.BytesDown;
            syncs++;
        }

        Sizes.Print(output, name, syncs / clock.Elapsed.TotalSeconds, "syncs/s");
        Sizes.Print(output, name + ", up", up / (double)syncs, "bytes");
        Sizes.Print(output, name + ", down", down / (double)syncs, "bytes");
    }
}

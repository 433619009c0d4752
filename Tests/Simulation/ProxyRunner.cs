using System.Diagnostics;

namespace NanoSync.Simulation;

/// <summary>Many seeds with a proxy, each in one thread.</summary>
public static class ProxyRunner
{
    public static (ProxyFigures Figures, List<(ulong Seed, string What)> Failures) Run(ulong first, int count, ProxyMutation mutation = ProxyMutation.None, bool stopAtFirst = false)
    {
        ProxyFigures total = new();
        List<(ulong, string)> failures = [];
        long next = -1;
        bool found = false;
        Thread[] workers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            // one seed after the other, and not each thread a part of them: what is broken is noticed by one of the first
            for (long at; (at = Interlocked.Increment(ref next)) < count && !(stopAtFirst && Volatile.Read(ref found));)
            {
                using ProxyWorld world = ProxyWorld.Run(first + (ulong)at, ProxyWorld.StepsOfSeed, false, mutation);
                lock (total)
                {
                    total.Add(world.Figures);
                    if (world.Violations.Count > 0)
                    {
                        failures.Add((world.Seed, world.Violations[0]));
                        found = true;
                    }
                }
            }
        }))];
        Array.ForEach(workers, w => w.Start());
        Array.ForEach(workers, w => w.Join());
        failures.Sort();
        return (total, failures);
    }

    /// <summary>The first seed that fails and what is wrong, in one text; null = none. For <see cref="Bench"/>: no types of ours.</summary>
    public static string? FirstFailure(ulong first, int count)
    {
        (_, List<(ulong Seed, string What)> failures) = Run(first, count, stopAtFirst: true);
        return failures.Count == 0 ? null : $"{failures[0].Seed} {failures[0].What}";
    }

    public static int Print(ulong first, int count)
    {
        Stopwatch watch = Stopwatch.StartNew();
        (ProxyFigures figures, List<(ulong Seed, string What)> failures) = Run(first, count);
        Console.WriteLine(figures);
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:F1} s");
        failures.Take(40).ToList().ForEach(f => Console.WriteLine($"seed {f.Seed}: {f.What}"));
        Console.WriteLine($"{failures.Count} seeds failed.");
        return failures.Count == 0 ? 0 : 1;
    }

    /// <summary>The last lines of a seed's trace.</summary>
    public static string Story(ulong seed)
    {
        using ProxyWorld world = ProxyWorld.Run(seed, ProxyWorld.StepsOfSeed, true);
        return string.Join('\n', world.Trace.Lines.TakeLast(200));
    }

    public static int Show(ulong seed, ProxyMutation mutation)
    {
        using ProxyWorld world = ProxyWorld.Run(seed, ProxyWorld.StepsOfSeed, true, mutation);
        world.Trace.Lines.ToList().ForEach(Console.WriteLine);
        Console.WriteLine($"digest {world.Trace.Digest:x16}; {world.Figures}");
        world.Violations.ToList().ForEach(Console.WriteLine);
        return world.Violations.Count == 0 ? 0 : 1;
    }

    public static int Mutants(int seeds)
    {
        int missed = 0;
        foreach (ProxyMutation mutation in Enum.GetValues<ProxyMutation>().Where(m => m != ProxyMutation.None))
        {
            (ProxyFigures figures, List<(ulong Seed, string What)> failures) = Run(1, seeds, mutation, stopAtFirst: true);
            missed += failures.Count == 0 ? 1 : 0;
            Console.WriteLine($"{mutation,-14} {(failures.Count == 0 ? $"NOT NOTICED in {figures.Seeds} seeds" : $"noticed by seed {failures[0].Seed}: {failures[0].What}")}");
        }

        return missed;
    }
}

using System.Diagnostics;
using NanoSync.ServerTests;

namespace NanoSync.Simulation;

/// <summary>Many seeds.</summary>
public static class Runner
{
    public const int Steps = 200;

    /// <summary>Runs seeds on two threads, each world in one; the failures, in the order of seeds.</summary>
    public static (Figures Figures, List<(ulong Seed, string What)> Failures) Run(ulong first, int count, int threads, Mutation mutation = Mutation.None,
        bool stopAtFirst = false, CancellationToken stop = default, Action<Figures>? progress = null, Action<World>? prepare = null, Action<World>? judge = null)
    {
        Figures total = new();
        List<(ulong, string)> failures = [];
        Lock gate = new();
        long next = -1;
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            workers[i] = new Thread(() =>
            {
                while (!stop.IsCancellationRequested)
                {
                    long at = Interlocked.Increment(ref next);
                    if (at >= count || (stopAtFirst && failures.Count > 0))
                    {
                        return;
                    }

                    using World world = World.Run(first + (ulong)at, Steps, false, mutation, prepare);
                    judge?.Invoke(world);
                    lock (gate)
                    {
                        total.Add(world.Figures);
                        if (world.Violations.Count > 0)
                        {
                            failures.Add((world.Seed, world.Violations[0]));
                        }

                        progress?.Invoke(total);
                    }
                }
            });
            workers[i].Start();
        }

        Array.ForEach(workers, w => w.Join());
        failures.Sort();
        return (total, failures);
    }

    /// <summary>The first seed that fails and what is wrong, in one text; null = none. For <see cref="Bench"/>: no types of ours.</summary>
    public static string? FirstFailure(ulong first, int count, int threads, bool boards)
    {
        (_, List<(ulong Seed, string What)> failures) = Run(first, count, threads, stopAtFirst: true, prepare: w => w.Boards = boards);
        return failures.Count == 0 ? null : $"{failures[0].Seed} {failures[0].What}";
    }

    public static int RunUntilStopped(ulong first, int count, Mutation mutation = Mutation.None)
    {
        using CancellationTokenSource stop = new();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        Stopwatch watch = Stopwatch.StartNew();
        (Figures figures, List<(ulong Seed, string What)> failures) = Run(first, count, 2, mutation, stopAtFirst: count == int.MaxValue || mutation != Mutation.None, stop: stop.Token, progress: f =>
        {
            if (f.Seeds % 100 == 0)
            {
                Console.WriteLine($"{watch.Elapsed.TotalSeconds,6:F0} s  {f.Seeds:N0} seeds, {f.Rounds:N0} rounds, {f.Faults.Sum():N0} faults");
            }
        });
        Console.WriteLine(figures);
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:F1} s");
        foreach ((ulong seed, string what) in failures.Take(60))
        {
            Console.WriteLine($"seed {seed}: {what}");
        }

        if (failures.Count == 0)
        {
            return 0;
        }

        Console.WriteLine($"{failures.Count} seeds failed. The first one again, with its trace:\n{(mutation == Mutation.None ? Story(failures[0].Seed) : "")}");
        return 1;
    }

    /// <summary>A seed told from beginning to end.</summary>
    public static string Story(ulong seed)
    {
        using World world = World.Run(seed, Steps, true);
        return string.Join('\n', world.Trace.Lines.Concat(world.Violations));
    }

    /// <summary>Seeds of boards whose flash is copied and put back.</summary>
    public static (Figures Figures, List<(ulong Seed, string What)> Failures) RunBoards(ulong first, int count) =>
        Run(first, count, Environment.ProcessorCount, prepare: w => w.Boards = true);

    public static int PrintBoards(ulong first, int count)
    {
        (Figures figures, List<(ulong Seed, string What)> failures) = RunBoards(first, count);
        Console.WriteLine(figures);
        failures.ForEach(f => Console.WriteLine($"seed {f.Seed}: {f.What}"));
        return failures.Count == 0 ? 0 : 1;
    }

    /// <summary>Seeds whose server is on PostgreSQL, in a cluster made for it. Each is to be the same run as over SQLite.</summary>
    public static (Figures Figures, List<(ulong Seed, string What)> Failures) RunPostgres(ulong first, int count)
    {
        using PostgresCluster cluster = new("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off", "max_connections = 100");
        return RunOn(cluster.ConnectionString, first, count);
    }

    /// <summary>The same in a cluster that is there.</summary>
    public static (Figures Figures, List<(ulong Seed, string What)> Failures) RunOn(string cluster, ulong first, int count) =>
        Run(first, count, Environment.ProcessorCount, prepare: w => w.Cluster = cluster, judge: world =>
        {
            using World file = World.Run(world.Seed, Steps, false, prepare: w => w.Alone = true);
            if (!file.Server.Flushes && file.Trace.Digest != world.Trace.Digest) // one that flushes loses its power now and then
            {
                world.Violate($"on PostgreSQL the run is {world.Trace.Digest:x16}, on SQLite {file.Trace.Digest:x16}");
            }
        });

    public static int PrintPostgres(string? cluster, ulong first, int count)
    {
        Stopwatch watch = Stopwatch.StartNew();
        (Figures figures, List<(ulong Seed, string What)> failures) = cluster == null ? RunPostgres(first, count) : RunOn(cluster, first, count);
        Console.WriteLine(figures);
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:F1} s");
        failures.ForEach(f => Console.WriteLine($"seed {f.Seed}: {f.What}"));
        return failures.Count == 0 ? 0 : 1;
    }

    public static int Show(ulong seed, Mutation mutation, Action<World>? prepare = null)
    {
        using World world = World.Run(seed, Steps, true, mutation, prepare);
        foreach (string line in world.Trace.Lines)
        {
            Console.WriteLine(line);
        }

        Console.WriteLine($"digest {world.Trace.Digest:x16}; {world.Figures}");
        world.Violations.ToList().ForEach(Console.WriteLine);
        return world.Violations.Count == 0 ? 0 : 1;
    }

    public static int Mutants(int seeds)
    {
        int missed = 0;
        foreach (Mutation mutation in Enum.GetValues<Mutation>())
        {
            if (mutation != Mutation.None)
            {
                (Figures figures, List<(ulong Seed, string What)> failures) = Run(1, seeds, 2, mutation, stopAtFirst: true);
                missed += failures.Count == 0 ? 1 : 0;
                Console.WriteLine($"{mutation,-22} {(failures.Count == 0 ? $"NOT NOTICED in {figures.Seeds} seeds" : $"noticed by seed {failures[0].Seed}: {failures[0].What}")}");
            }
        }

        return missed + Mutants("", seeds);
    }

    /// <summary>The rules broken in the source whose name has these words; how many were not noticed.</summary>
    public static int Mutants(string words, int seeds)
    {
        List<SourceMutant> named = [.. Simulation.Mutants.All.Where(m => m.Name.Contains(words, StringComparison.OrdinalIgnoreCase))];
        if (named.Count == 0)
        {
            Console.Error.WriteLine($"No rule is named so: {words}. There are:\n{string.Join('\n', Simulation.Mutants.All.Select(m => m.Name))}");
            return 2;
        }

        int missed = 0;
        foreach (SourceMutant mutant in named)
        {
            (string By, string What)? noticed = mutant.Run(seeds, 2);
            missed += noticed == null ? 1 : 0;
            Console.WriteLine($"{mutant.Name}: {(noticed is { } n ? $"noticed by {n.By}: {n.What}" : mutant.Test == null ? $"NOT NOTICED in {seeds} seeds" : $"NOT NOTICED by {mutant.Test}")}");
        }

        return missed;
    }

    /// <summary>The table of DESIGN.md: each rule broken in the source, and who noticed it now; how many were not noticed.</summary>
    /// <param name="seeds">Seeds tried for each, besides the one that noticed it before.</param>
    /// <param name="first">The first row, from 1.</param>
    /// <param name="count">How many rows.</param>
    public static int Table(int seeds, int first = 1, int count = int.MaxValue)
    {
        int missed = 0;
        Console.WriteLine(Simulation.Mutants.Head);
        foreach (SourceMutant mutant in Simulation.Mutants.All.Skip(first - 1).Take(count))
        {
            (string By, string What)? noticed = mutant.Run(seeds, 2);
            missed += noticed == null ? 1 : 0;
            Console.WriteLine(Simulation.Mutants.Row(mutant.Name, noticed?.By ?? $"NONE of 1 to {seeds}"));
        }

        return missed;
    }
}

/// <summary>The scripted life, cut everywhere.</summary>
public static class Cuts
{
    public static (Figures Figures, List<string> Failures) Run(ulong seed, int pairs, bool single, int threads, int only = -1)
    {
        Figures total = new();
        List<string> failures = [];
        Lock gate = new();
        int[] taken = new int[World.LifeRounds]; // a round belongs to the thread whose life comes to it first
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            workers[i] = new Thread(() =>
            {
                using World world = World.CutLife(seed, round => (only < 0 || round == only) && Interlocked.Exchange(ref taken[round], 1) == 0, pairs, single);
                lock (gate)
                {
                    total.Add(world.Figures);
                    failures.AddRange(world.Violations);
                }
            });
            workers[i].Start();
        }

        Array.ForEach(workers, w => w.Join());
        return (total, failures);
    }
}

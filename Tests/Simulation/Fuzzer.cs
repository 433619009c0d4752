// Coverage-guided fuzzing: SharpFuzz instruments our assemblies (the edge counters of AFL), and this loop keeps every input
// that takes an edge not taken before. In a process of its own, so that nothing else runs instrumented; by number of
// inputs and seed, so that a run can be repeated.

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NanoSync.Simulation;

/// <summary>The fuzzer: the parent instruments copies and starts the child, the child runs the loop.</summary>
public static class Fuzzer
{
    private const int MapSize = 65536;
    private const int MaxInput = 4096;

    private static readonly string[] s_instrumented =
        ["NanoSync.Protocol.Lite.dll", "NanoSync.Protocol.Lite.Xml.dll", "NanoSync.Device.dll", "NanoSync.Storage.dll", "NanoSync.Server.Core.dll", "NanoSync.Server.Stores.Sql.dll"];

    /// <summary>Instruments a copy of the program and fuzzes one target with it.</summary>
    /// <param name="target">One of <see cref="FuzzTarget.Names"/>.</param>
    /// <param name="inputs">How many.</param>
    /// <param name="seed">Of the mutations.</param>
    /// <param name="corpus">Folder with a folder of inputs for each target.</param>
    /// <param name="keep">Whether inputs that took a way not taken before are added to the corpus.</param>
    /// <param name="output">What the child said.</param>
    /// <returns>0 when nothing was found.</returns>
    public static int Run(string target, int inputs, ulong seed, string corpus, bool keep, out string output)
    {
        string folder = Instrumented();
        ProcessStartInfo start = new("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { Path.Combine(folder, "NanoSync.Simulation.dll"), "fuzz-child", target, inputs.ToString(), seed.ToString(), Path.GetFullPath(corpus), keep ? "keep" : "" },
        };
        using Process child = Process.Start(start)!;
        Task<string> error = child.StandardError.ReadToEndAsync();
        output = child.StandardOutput.ReadToEnd() + error.Result;
        child.WaitForExit();
        return child.ExitCode;
    }

    private static readonly Lock s_gate = new();
    private static string? s_folder;

    // Once per process.
    private static string Instrumented()
    {
        lock (s_gate)
        {
            if (s_folder != null)
            {
                return s_folder;
            }

            string from = Path.GetDirectoryName(typeof(Fuzzer).Assembly.Location)!;
            string to = Path.Combine(Path.GetTempPath(), $"nanosync-fuzz-{Environment.ProcessId}");
            Copy(from, to);
            foreach (string assembly in s_instrumented)
            {
                SharpFuzz.Fuzzer.Instrument(Path.Combine(to, assembly), _ => true, SharpFuzz.Options.Value).Count();
            }

            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(to, true);
            return s_folder = to;
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), true);
        }

        foreach (string folder in Directory.GetDirectories(from))
        {
            if (folder.Contains("runtimes", StringComparison.Ordinal))
            {
                Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
            }
        }
    }

    /// <summary>The loop. Prints what it did; a failure with its input in hexadecimal.</summary>
    public static unsafe int Child(string name, int inputs, ulong seed, string corpus, bool keep)
    {
        byte* map = (byte*)NativeMemory.AllocZeroed(MapSize);
        SharpFuzz.Common.Trace.SharedMem = map;
        byte[] seen = new byte[MapSize];
        Rng rng = new(seed);
        using FuzzTarget target = FuzzTarget.Make(name);
        string folder = Path.Combine(corpus, name);
        List<byte[]> queue = Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];
        if (queue.Count == 0)
        {
            queue.Add([0]);
        }

        int given = queue.Count;
        int edges = 0;
        long most = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; i < inputs + given; i++)
        {
            byte[] input = i < given ? queue[i] : Mutate(queue, rng);
            new Span<byte>(map, MapSize).Clear();
            SharpFuzz.Common.Trace.PrevLocation = 0;
            long started = watch.ElapsedMilliseconds;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                target.Run(input);
            }
            catch (Exception e)
            {
                Console.WriteLine($"{name}: input {i} of seed {seed}: {e}\n{Convert.ToHexString(input)}");
                return 1;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (target.MostAllocated >= 0 && allocated > target.MostAllocated)
            {
                // once more: the first time through some path the runtime prepares it
                allocated = GC.GetAllocatedBytesForCurrentThread();
                target.Run(input);
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            }

            most = Math.Max(most, i < given ? 0 : allocated); // the first ones compile
            if (target.MostAllocated >= 0 && i >= given && allocated > target.MostAllocated)
            {
                Console.WriteLine($"{name}: input {i} of seed {seed} made it allocate {allocated} bytes\n{Convert.ToHexString(input)}");
                return 1;
            }

            if (watch.ElapsedMilliseconds - started > 10_000)
            {
                Console.WriteLine($"{name}: input {i} of seed {seed} took {watch.ElapsedMilliseconds - started} ms\n{Convert.ToHexString(input)}");
                return 1;
            }

            int added = Take(map, seen);
            if (added > 0)
            {
                edges += added;
                if (i >= given)
                {
                    queue.Add(input);
                    if (keep)
                    {
                        Directory.CreateDirectory(folder);
                        File.WriteAllBytes(Path.Combine(folder, $"{NanoSync.Protocol.Fnv.Of(input, 0, input.Length):x8}"), input);
                    }
                }
            }
        }

        Console.WriteLine($"{name}: {inputs:N0} inputs from {given}, {queue.Count - given:N0} kept, {edges:N0} edges and counts, most allocated by one {most:N0} bytes, {watch.Elapsed.TotalSeconds:F1} s");
        return 0;
    }

    // New bits of the map, counts in AFL's buckets.
    private static unsafe int Take(byte* map, byte[] seen)
    {
        int added = 0;
        for (int i = 0; i < MapSize; i += 8)
        {
            if (*(ulong*)(map + i) == 0)
            {
                continue;
            }

            for (int j = i; j < i + 8; j++)
            {
                byte bucket = map[j] switch { 0 => 0, 1 => 1, 2 => 2, 3 => 4, < 8 => 8, < 16 => 16, < 32 => 32, < 128 => 64, _ => 128 };
                if ((seen[j] & bucket) != bucket)
                {
                    seen[j] |= bucket;
                    added++;
                }
            }
        }

        return added;
    }

    private static readonly byte[] s_interesting = [0, 1, 2, 3, 4, 5, 0x0B, 0x12, 0x16, 0x3C, 0x40, 0x45, 0x4F, 0x5D, 0x7F, 0x80, 0xC3, 0xFE, 0xFF];

    private static byte[] Mutate(List<byte[]> queue, Rng rng)
    {
        List<byte> bytes = [.. queue[rng.Below(queue.Count)]];
        for (int n = 1 << rng.Below(5); n > 0; n--)
        {
            int at = rng.Below(bytes.Count + 1);
            switch (rng.Below(9))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << rng.Below(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)rng.Below(256);
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] = rng.Pick(s_interesting);
                    break;
                case 3:
                    bytes.Insert(at, rng.Pick(s_interesting));
                    break;
                case 4 when at < bytes.Count:
                    bytes.RemoveRange(at, Math.Min(1 + rng.Below(8), bytes.Count - at));
                    break;
                case 5 when at < bytes.Count:
                    bytes.InsertRange(rng.Below(bytes.Count + 1), bytes.GetRange(at, Math.Min(1 + rng.Below(32), bytes.Count - at)));
                    break;
                case 6:
                    byte[] other = rng.Pick(queue);
                    int from = rng.Below(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(1 + rng.Below(64), other.Length - from)));
                    break;
                case 7 when at < bytes.Count:
                    bytes[at] += (byte)(rng.Below(2) == 0 ? 1 : 255);
                    break;
                case 8 when n == 1 && rng.Below(4) == 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        if (bytes.Count > MaxInput)
        {
            bytes.RemoveRange(MaxInput, bytes.Count - MaxInput);
        }

        return [.. bytes];
    }
}

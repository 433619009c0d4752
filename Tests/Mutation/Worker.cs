// The process in which mutants live: the test project's own program folder with the mutated assembly in it. It finds the
// tests once, and then runs those that it is told with the mutant that it is told, until the first fails.

using System.Diagnostics;
using System.Reflection;

namespace NanoSync.Mutation;

internal static class Worker
{
    /// <summary>Reads orders from the console until it ends. Answers to "cover": a line per test; to "ID TEST TEST...": the test that failed, or -1.</summary>
    public static int Run(string tests, string mutated)
    {
        TextWriter answers = Console.Out;
        Console.SetOut(TextWriter.Null);
        List<TestCase> all = TestCase.Of(Load(tests), (Environment.GetEnvironmentVariable("NANOSYNC_MUTATION_CLASSES") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries));
        Type control = Load(mutated).GetTypes().Single(t => t.Name == "MutantControl");
        FieldInfo active = control.GetField("ActiveMutant")!;
        FieldInfo capture = control.GetField("CaptureCoverage")!;
        MethodInfo covered = control.GetMethod("GetCoverageData")!;
        active.SetValue(null, -1);
        while (Console.ReadLine() is { } order)
        {
            if (order == "cover")
            {
                all.ForEach(t => t.Fails()); // what is static is made by the program as it is written
                capture.SetValue(null, true);
                for (int i = 0; i < all.Count; i++)
                {
                    covered.Invoke(null, null);
                    Stopwatch watch = Stopwatch.StartNew();
                    string? why = all[i].Fails();
                    watch.Stop();
                    var ids = (IList<int>[])covered.Invoke(null, null)!;
                    answers.WriteLine($"{(why == null ? "passed" : "failed")}\t{all[i].Name}\t{watch.ElapsedMilliseconds}\t{string.Join(' ', ids.SelectMany(l => l).Distinct())}");
                }

                capture.SetValue(null, false);
                answers.WriteLine("end");
            }
            else
            {
                int[] numbers = [.. order.Split(' ').Select(int.Parse)];
                active.SetValue(null, numbers[0]);
                int failed = numbers.Skip(1).FirstOrDefault(t => all[t].Fails() != null, -1);
                active.SetValue(null, -1);
                answers.WriteLine(failed);
            }

            answers.Flush();
        }

        return 0;
    }

    private static Assembly Load(string file) => Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(file)));
}

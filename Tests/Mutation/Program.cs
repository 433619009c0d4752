// Runs the mutants that Stryker made: see Tests/mutate.sh.
//
// Stryker compiles all mutants of a project into one assembly, each behind a question whether it is the active one. Its own
// runners take 1 to 2 s a mutant, and the one whose process stays does not notice what a static constructor does. Here the
// tests run in one process that stays, those first that noticed most so far, until one fails: some ms for most mutants.
// A mutant that hangs costs its process, and one of a table that is made once has a process of its own.
//
//   NanoSync.Mutation run FOLDER TESTS.dll MUTATED.dll report.json [FILE[:MUTANT]...]
//   NanoSync.Mutation work TESTS.dll MUTATED.dll                  (what run starts)

using System.Diagnostics;
using System.Text.Json;

namespace NanoSync.Mutation;

internal static class Program
{
    public static int Main(string[] args) => args switch
    {
        ["work", var tests, var mutated] => Worker.Run(tests, mutated),
        ["run", var folder, var tests, var mutated, var report, .. var files] => new Mutants(folder, tests, mutated, report).Run(files),
        _ => 2,
    };
}

internal sealed class Mutants(string folder, string tests, string mutated, string report)
{
    private const int Patience = 5_000; // ms without an answer, beyond twice what its tests take: the mutant hangs
    private const int Start = 20_000; // ms more for a process that was just started, on a machine that is busy

    private static readonly string[] s_once = ["Grammar.cs"]; // a table that is made before the first test

    private readonly List<string> _names = [];
    private readonly List<int> _times = [];
    private readonly Dictionary<int, List<int>> _coveredBy = [];
    private int[] _kills = [];
    private Process? _worker;

    private sealed record Mutant(int Id, string File, int Line, string Kind, string Was, string Is, string Status, string Why)
    {
        public string Result { get; set; } = "";
    }

    public int Run(string[] files)
    {
        List<Mutant> all = Read();
        Cover();
        List<Mutant> chosen = [.. all.Where(m => m.Why == "Removed by mutate filter" && files.Any(f => f == m.File || f == $"{m.File}:{m.Id}"))];
        foreach (Mutant mutant in chosen)
        {
            mutant.Result = Try(mutant);
            if (mutant.Result != "killed")
            {
                Console.WriteLine($"{mutant.Result} {mutant.File}:{mutant.Line} #{mutant.Id} {mutant.Kind}: {mutant.Was} -> {mutant.Is}");
            }
        }

        End();
        Console.WriteLine();
        foreach (IGrouping<string, Mutant> file in chosen.GroupBy(m => m.File))
        {
            int killed = file.Count(m => m.Result == "killed"), hung = file.Count(m => m.Result == "hung"), survived = file.Count(m => m.Result == "survived"), none = file.Count(m => m.Result == "not covered");
            Console.WriteLine($"| {file.Key} | {file.Count()} | {killed} | {hung} | {survived} | {none} | {100.0 * (killed + hung) / file.Count():0.0} |");
        }

        return 0;
    }

    private string Try(Mutant mutant)
    {
        bool once = Array.IndexOf(s_once, mutant.File) >= 0;
        if (once)
        {
            End();
            _coveredBy[mutant.Id] = [.. Enumerable.Range(0, _names.Count)];
        }

        if (!_coveredBy.TryGetValue(mutant.Id, out List<int>? covering))
        {
            return "not covered";
        }

        int start = _worker == null ? Start : 0;
        Process worker = Started();
        worker.StandardInput.WriteLine(string.Join(' ', covering.OrderByDescending(t => (double)_kills[t] / (1 + _times[t])).ThenBy(t => _times[t]).Prepend(mutant.Id)));
        string? answer = Answer(worker, start + Patience + 2 * covering.Sum(t => _times[t]));
        if (answer == null)
        {
            return "hung";
        }

        int failed = int.Parse(answer);
        if (once)
        {
            End();
        }

        if (failed < 0)
        {
            return "survived";
        }

        _kills[failed]++;
        return "killed";
    }

    private void Cover()
    {
        Process worker = Started();
        worker.StandardInput.WriteLine("cover");
        while (Answer(worker, 600_000) is { } line && line != "end")
        {
            string[] parts = line.Split('\t');
            if (parts[0] == "failed")
            {
                Console.WriteLine($"fails without a mutant, and is left out: {parts[1]}");
            }
            else
            {
                foreach (string id in parts[3].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    if (!_coveredBy.TryGetValue(int.Parse(id), out List<int>? covering))
                    {
                        _coveredBy[int.Parse(id)] = covering = [];
                    }

                    covering.Add(_names.Count);
                }
            }

            _names.Add(parts[1]);
            _times.Add(int.Parse(parts[2]));
        }

        _kills = new int[_names.Count];
        Console.WriteLine($"{_names.Count} tests, {_times.Sum()} ms; the slowest: {string.Join(", ", Enumerable.Range(0, _names.Count).OrderByDescending(t => _times[t]).Take(5).Select(t => $"{_names[t]} {_times[t]}"))}");
    }

    private string? Answer(Process worker, int patience)
    {
        Task<string?> line = worker.StandardOutput.ReadLineAsync();
        if (line.Wait(patience) && line.Result != null)
        {
            return line.Result;
        }

        End();
        return null;
    }

    private Process Started() => _worker ??= Process.Start(new ProcessStartInfo("dotnet",
    [
        "exec", "--runtimeconfig", Path.ChangeExtension(tests, ".runtimeconfig.json"), "--depsfile", Path.ChangeExtension(tests, ".deps.json"),
        "NanoSync.Mutation.dll", "work", tests, mutated,
    ]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private void End()
    {
        _worker?.Kill();
        _worker?.Dispose();
        _worker = null;
    }

    private List<Mutant> Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(report));
        List<Mutant> all = [];
        foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] lines = file.Value.GetProperty("source").GetString()!.Split('\n');
            foreach (JsonElement m in file.Value.GetProperty("mutants").EnumerateArray())
            {
                JsonElement from = m.GetProperty("location").GetProperty("start"), to = m.GetProperty("location").GetProperty("end");
                int line = from.GetProperty("line").GetInt32(), last = to.GetProperty("line").GetInt32();
                string was = lines[line - 1][(from.GetProperty("column").GetInt32() - 1)..(line == last ? to.GetProperty("column").GetInt32() - 1 : lines[line - 1].Length)];
                all.Add(new Mutant(int.Parse(m.GetProperty("id").GetString()!), Path.GetFileName(file.Name), line, m.GetProperty("mutatorName").GetString()!,
                    was.Trim(), OneLine(m.GetProperty("replacement").GetString()!), m.GetProperty("status").GetString()!,
                    m.TryGetProperty("statusReason", out JsonElement why) ? why.GetString() ?? "" : ""));
            }
        }

        return all;
    }

    private static string OneLine(string text)
    {
        string joined = string.Join(' ', text.Split(['\n', '\r', ' '], StringSplitOptions.RemoveEmptyEntries));
        return joined.Length > 120 ? joined[..120] + "..." : joined;
    }
}

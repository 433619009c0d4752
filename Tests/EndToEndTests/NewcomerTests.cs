// A newcomer's way: a fresh clone, the first command of README.md, and docs/first-device.md step by step to a reading of a
// program of one's own. The commands are run as they stand there, by a shell, with nothing built before.

using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public sealed class NewcomerTests : IDisposable
{
    /// <summary>For a command that compiles first: two minutes on two idle cores.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);

    private readonly Bench _bench = new();
    private readonly List<RunningProgram> _running = [];

    private string Clone => _bench.At("clone");

    // Ports are any free ones, since this test is not alone here, and nothing that compiles goes on behind it. The first program's own data lie beside the clone.
    private Dictionary<string, string> Settings => new(_bench.Home)
    {
        ["NANOSYNC_URLS"] = "http://127.0.0.1:0",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["NuGetAudit"] = "false", // no question to a registry; the repository has it off, too
    };

    public void Dispose()
    {
        _running.ForEach(p => p.Dispose());
        _bench.Dispose();
    }

    [TestMethod]
    public void From_a_fresh_clone_to_a_reading_of_a_program_of_ones_own()
    {
        MakeClone();

        RunningProgram device = Start(FirstCommand(File.ReadAllText(Path.Combine(Clone, "README.md"))));
        device.WaitFor("in step$", patience: s_patience);
        device.Dispose();

        string document = File.ReadAllText(Path.Combine(Clone, "docs/first-device.md"));
        string[] steps = [.. Regex.Matches(document, @"(?s)   ```(sh|csharp)\n(.*?)   ```").Select(m => m.Groups[2].Value)];
        Assert.HasCount(6, steps);

        RunningProgram server = Start(steps[0].Trim());
        string url = server.WaitFor(@"^NanoSync server on (http://\S+),", patience: s_patience).Groups[1].Value;
        string token = Run(steps[1].Trim()).Split('\n').Single(l => l.Length == 43 && !l.Contains(' '));
        foreach (string command in steps[2].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Run(command.Trim());
        }

        File.WriteAllText(Path.Combine(_bench.Folder, "first", "Program.cs"), steps[3]);
        string program = steps[4].Trim().Replace("http://127.0.0.1:8080", url).Replace("TOKEN", token);
        Assert.Contains("InStep", Run(program));
        Assert.HasCount(1, Readings());

        server.Dispose(); // away: the reading is kept
        Assert.Contains("Failed", Run(program, 1));
        server = Start(steps[0].Trim().Replace("serve", $"serve --port {new Uri(url).Port}"));
        server.WaitFor("^NanoSync server on", patience: s_patience);
        Assert.Contains("InStep", Run(program));
        Assert.HasCount(3, Readings());
        Run("dotnet run --project Device/Virtual -- store ../first/store");

        List<string> Readings() => [.. Run(steps[5].Trim()).Split('\n').Where(l => l.Contains("first", StringComparison.Ordinal) && l.Contains("21.5", StringComparison.Ordinal))];
    }

    [TestMethod]
    public void The_program_of_the_document_has_the_lines_that_the_README_shows()
    {
        string shown = Regex.Match(File.ReadAllText(Path.Combine(Bench.Root, "README.md")), @"(?s)```csharp\n(.*?)```").Groups[1].Value;
        string document = Regex.Match(File.ReadAllText(Path.Combine(Bench.Root, "docs/first-device.md")), @"(?s)```csharp\n(.*?)```").Groups[1].Value;
        string[] between = [.. Lines(document).SkipWhile(l => l != "// from here").Skip(1).TakeWhile(l => l != "// to here")];
        CollectionAssert.AreEqual(Lines(shown).Where(l => !l.StartsWith("using ", StringComparison.Ordinal)).ToArray(), between);

        static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    private static string FirstCommand(string readme) => Regex.Match(readme, @"(?s)```sh\n(.*?)```").Groups[1].Value.Split('\n')[0].Split('#')[0].Trim();

    // What git has and would have: a clone of the next commit.
    private void MakeClone()
    {
        string[] files = Shell("git ls-files --cached --others --exclude-standard", Bench.Root).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.IsGreaterThan(500, files.Length);
        foreach (string file in files.Where(f => File.Exists(Path.Combine(Bench.Root, f))))
        {
            string copy = Path.Combine(Clone, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(Bench.Root, file), copy);
        }
    }

    private string Run(string command, int code = 0) => Shell(command, Clone, code);

    private string Shell(string command, string folder, int code = 0)
    {
        using RunningProgram program = RunningProgram.Start("bash", ["-c", command], folder, Settings);
        Assert.AreEqual(code, program.WaitForExit(s_patience), $"{command}:\n{program.Output}");
        return program.Output;
    }

    // exec: what is ended is the program and what it started, not a shell above them
    private RunningProgram Start(string command)
    {
        RunningProgram program = RunningProgram.Start("bash", ["-c", "exec " + command], Clone, Settings);
        _running.Add(program);
        return program;
    }
}

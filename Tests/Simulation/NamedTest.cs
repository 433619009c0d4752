// One test of another project, run over an assembly with a rule broken in it: in a copy of what was built of the project, in
// which that assembly is replaced. The copy lies beside the original, so that the test finds the repository.

using System.Diagnostics;

namespace NanoSync.Simulation;

/// <summary>A test named by a <see cref="SourceMutant"/>.</summary>
internal static class NamedTest
{
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>What it says when it fails; null when it passes.</summary>
    /// <param name="test">Project, class and method, with dots.</param>
    /// <param name="assembly">The assembly in whose place <paramref name="broken"/> stands.</param>
    /// <param name="broken">Its bytes.</param>
    public static string? Fails(string test, string assembly, byte[] broken)
    {
        string project = test[..test.IndexOf('.')];
        string bin = Path.Combine(Bench.Root, "Tests", project, "bin");
        string built = Path.Combine(bin, s_configuration, "net10.0");
        string program = $"NanoSync.{project}.dll";
        if (!File.Exists(Path.Combine(built, program)))
        {
            throw new SimulationFailed($"{built} has no {program}: build Tests/{project} first");
        }

        string copy = Path.Combine(bin, "Broken" + Guid.NewGuid().ToString("N"));
        try
        {
            foreach (string file in Directory.GetFiles(built, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(copy, Path.GetRelativePath(built, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }

            File.WriteAllBytes(Path.Combine(copy, assembly + ".dll"), broken);
            return Run(Path.Combine(copy, program), test[(project.Length + 1)..]);
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static string? Run(string program, string name)
    {
        ProcessStartInfo start = new("dotnet", ["test", program, "--nologo", "--filter", "FullyQualifiedName~." + name]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start) ?? throw new SimulationFailed("dotnet did not start");
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (!said.Contains("Passed!", StringComparison.Ordinal) && !said.Contains("Failed!", StringComparison.Ordinal))
        {
            throw new SimulationFailed($"no test {name} ran: {said}");
        }

        string[] lines = said.Split('\n');
        int at = Array.FindIndex(lines, l => l.Contains("Error Message:", StringComparison.Ordinal));
        return process.ExitCode == 0 ? null : string.Join(' ', lines.Skip(at + 1).TakeWhile(l => !l.Contains("Stack Trace:", StringComparison.Ordinal)).Select(l => l.Trim()).Where(l => l.Length > 0));
    }
}

using System.Diagnostics;

namespace NanoSync.NanoRun;

/// <summary>A program that ran to its end, with all it printed.</summary>
internal sealed record Tool(int ExitCode, string Output)
{
    public static Tool Run(string program, IEnumerable<string> arguments)
    {
        List<string> lines = [];
        int code = Run(program, arguments, lines.Add);
        return new Tool(code, string.Join('\n', lines));
    }

    /// <summary>Gives each line as it comes; returns the exit code.</summary>
    public static int Run(string program, IEnumerable<string> arguments, Action<string> line, string? libraries = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };

        // the metadata processor sorts by culture: an invariant one gives other assemblies than the published
        start.Environment.Remove("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT");
        if (libraries != null)
        {
            start.Environment["LD_LIBRARY_PATH"] = libraries + Path.PathSeparator + Environment.GetEnvironmentVariable("LD_LIBRARY_PATH");
        }

        try
        {
            using Process process = Process.Start(start)!;
            object gate = new();
            void Take(string? text)
            {
                if (text != null)
                {
                    lock (gate)
                    {
                        line(text.TrimEnd('\r'));
                    }
                }
            }

            process.OutputDataReceived += (_, e) => Take(e.Data);
            process.ErrorDataReceived += (_, e) => Take(e.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(TimeSpan.FromMinutes(10)))
            {
                process.Kill(entireProcessTree: true);
                line($"{program} was stopped after 10 minutes.");
            }

            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CannotRun($"{program} does not start: {e.Message}");
        }
    }
}

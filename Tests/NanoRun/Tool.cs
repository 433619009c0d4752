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
    public static int Run(string program, IEnumerable<string> arguments, Action<string> line, string? libraries = null, IReadOnlyDictionary<string, string>? environment = null, int seconds = 600, string? last = null)
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

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        try
        {
            using Process process = Process.Start(start)!;
            object gate = new();
            using ManualResetEventSlim ended = new();
            void Take(string? text)
            {
                if (text != null)
                {
                    lock (gate)
                    {
                        line(text.TrimEnd('\r'));
                    }

                    if (text.TrimEnd('\r') == last)
                    {
                        ended.Set();
                    }
                }
            }

            process.OutputDataReceived += (_, e) => Take(e.Data);
            process.ErrorDataReceived += (_, e) => Take(e.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            for (int waited = 0; !process.WaitForExit(100); waited++)
            {
                if (ended.IsSet && !process.WaitForExit(3000))
                {
                    process.Kill(entireProcessTree: true); // it has said that it ends, and waits for threads of its own that never do
                    process.WaitForExit();
                    return 0;
                }

                if (waited == 10 * seconds)
                {
                    process.Kill(entireProcessTree: true);
                    line($"{program} was stopped after {seconds} seconds.");
                }
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

// A program of the repository as a child process: its lines as they come, signals, exit code.

using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

internal sealed partial class RunningProgram : IDisposable
{
    /// <summary>Long enough for a machine busy with other things; a test that passes never waits so long.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly string _command;
    private int _open = 2; // streams not at their end
    private bool _disposed;

    private RunningProgram(Process process, string command)
    {
        _process = process;
        _command = command;
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>All lines so far, of both streams.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public static RunningProgram Start(string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        return new RunningProgram(process, $"{Path.GetFileName(program)} {string.Join(' ', arguments)}");
    }

    /// <summary>The first line that matches, from line <paramref name="from"/> on, as soon as it comes.</summary>
    public Match WaitFor(string pattern, int from = 0, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        lock (_lines)
        {
            for (int i = from; ; i++)
            {
                while (i >= _lines.Count)
                {
                    TimeSpan left = (patience ?? s_patience) - clock.Elapsed;
                    if (_open == 0 || left <= TimeSpan.Zero || !Monitor.Wait(_lines, left))
                    {
                        throw new AssertFailedException($"No line \"{pattern}\" from {_command}. Its lines:\n{string.Join('\n', _lines)}");
                    }
                }

                if (Regex.Match(_lines[i], pattern) is { Success: true } match)
                {
                    return match;
                }
            }
        }
    }

    /// <summary>How many lines there are now: a mark for <see cref="WaitFor"/>.</summary>
    public int Mark()
    {
        lock (_lines)
        {
            return _lines.Count;
        }
    }

    /// <summary>Waits for the end; the exit code.</summary>
    public int WaitForExit(TimeSpan? patience = null)
    {
        if (!_process.WaitForExit(patience ?? s_patience))
        {
            throw new AssertFailedException($"{_command} does not end. Its lines:\n{Output}");
        }

        _process.WaitForExit(); // the lines too
        return _process.ExitCode;
    }

    /// <summary>Number of the process.</summary>
    public int Id => _process.Id;

    /// <summary>Ctrl-C.</summary>
    public void Interrupt()
    {
        Assert.AreEqual(0, SendSignal(_process.Id, 2), "SIGINT");
    }

    /// <summary>SIGKILL: nothing of the program runs any more.</summary>
    public void Kill()
    {
        _process.Kill();
        WaitForExit();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true); // dotnet run starts another one
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);

    private void Take(string? line)
    {
        lock (_lines)
        {
            if (line is null)
            {
                _open--;
            }
            else
            {
                _lines.Add(line);
            }

            Monitor.PulseAll(_lines);
        }
    }
}

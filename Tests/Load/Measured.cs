// A process under measurement, and what came of one part of a run.

using System.Diagnostics;

namespace NanoSync.Load;

/// <summary>A child process: its processor time and its memory are those of the server alone.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;
    private TimeSpan _began;
    private long _memory;

    private Child(Process process, Uri url)
    {
        _process = process;
        Url = url;
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>Largest resident memory seen, bytes.</summary>
    public long PeakMemory { get; private set; }

    /// <summary>Starts a .NET program and waits for the line that says where it listens.</summary>
    public static async Task<Child> Start(string dll, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(dll);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        Process process = Process.Start(start)!;
        for (string? line; (line = await process.StandardOutput.ReadLineAsync()) != null;)
        {
            string? url = line.Split(' ', ',').FirstOrDefault(word => word.StartsWith("http://", StringComparison.Ordinal));
            if (url != null)
            {
                _ = process.StandardOutput.ReadToEndAsync(); // so that it never waits for a reader
                return new Child(process, new Uri(url));
            }
        }

        throw new InvalidOperationException($"{dll} ended before it listened, exit code {process.ExitCode}.");
    }

    /// <summary>Counts processor time from here.</summary>
    public void Mark()
    {
        _process.Refresh();
        _began = _process.TotalProcessorTime;
        _memory = Memory();
    }

    /// <summary>Resident memory at the mark, bytes.</summary>
    public long MemoryAtMark => _memory;

    /// <summary>Processor time since the mark.</summary>
    public TimeSpan Used()
    {
        _process.Refresh();
        return _process.TotalProcessorTime - _began;
    }

    /// <summary>Notes its memory now.</summary>
    public void Look() => Memory();

    /// <summary>Resident memory now, bytes.</summary>
    public long Memory()
    {
        _process.Refresh();
        PeakMemory = Math.Max(PeakMemory, _process.WorkingSet64);
        return _process.WorkingSet64;
    }

    /// <summary>Largest resident memory since its start, bytes, as the kernel counted it.</summary>
    public long KernelPeak()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Ends it as Ctrl-C does, so that the database is closed.</summary>
    public async Task Stop()
    {
        using Process interrupt = Process.Start("kill", ["-INT", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(patience.Token);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

/// <summary>One row of the table.</summary>
internal sealed record Row(string What, int Devices, double Syncs, double Readings, float P50, float P95, float P99, int Errors, string Detail)
{
    /// <summary>Row of a part that was measured by the latencies of its syncs.</summary>
    public static Row Of(string what, int devices, IReadOnlyList<float> latencies, int errors, double seconds, int readings, string detail)
    {
        float[] sorted = [.. latencies.Order()];
        float At(double share) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
        double syncs = sorted.Length / seconds;
        return new Row(what, devices, syncs, syncs * readings, At(0.50), At(0.95), At(0.99), errors, detail);
    }
}

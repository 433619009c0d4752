// This machine as a board: its load, free memory, free disk, temperature and uptime are the sensors.

using System.Runtime.InteropServices;
using NanoSync.Firmware;
using NanoSync.Protocol;

namespace NanoSync.Virtual;

/// <summary>Real figures of the PC, on Linux, macOS and Windows. A sensor that a machine does not have gives nothing.</summary>
internal sealed partial class PcBoard(FieldClock clock, PcMachine machine) : IBoard
{
    private readonly ObjectClass _class = new ObjectClass("machine")
        .Time("at").Fixed("load", 2).UInt("memory").UInt("disk").Fixed("temperature", 1).UInt("uptime");

    private ulong _lastIdle;
    private ulong _lastTotal;

    public uint Now => clock.Now;

    public bool HasClock => true;

    public uint Uptime => (uint)(machine.Ticks / 1000);

    public ObjectClass ReadingClass => _class;

    public string SensorNames => "load,memory,disk,temperature,uptime";

    public bool SafeMode { get; set; } // nothing here brings a supply down

    public int Battery => -1;

    public int Signal => 0;

    public void Read(int sensor, RecordWriter record)
    {
        switch (sensor)
        {
            case 0 when Load() is { } load:
                record.Fixed((long)Math.Round(load * 100));
                break;
            case 1:
                record.UInt((ulong)FreeMemoryKilobytes());
                break;
            case 2 when FreeDiskMegabytes() is { } disk:
                record.UInt((ulong)disk);
                break;
            case 3 when Temperature() is { } celsius:
                record.Fixed((long)Math.Round(celsius * 10));
                break;
            case 4:
                record.UInt((ulong)(Environment.TickCount64 / 1000));
                break;
            default:
                record.None();
                break;
        }
    }

    /// <summary>Processors' worth of work waiting or running; on Windows processors busy since the last call.</summary>
    private double? Load()
    {
        if (OperatingSystem.IsWindows())
        {
            if (!GetSystemTimes(out ulong idle, out ulong kernel, out ulong user))
            {
                return null;
            }

            ulong total = kernel + user; // kernel time holds the idle time
            (ulong idleSpan, ulong span) = (idle - _lastIdle, total - _lastTotal);
            (_lastIdle, _lastTotal) = (idle, total);
            return span == 0 ? 0 : Environment.ProcessorCount * (double)(span - idleSpan) / span;
        }

        Span<double> averages = stackalloc double[1];
        return GetLoadAverage(averages, 1) == 1 ? averages[0] : null;
    }

    private static long FreeMemoryKilobytes()
    {
        if (OperatingSystem.IsLinux())
        {
            string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
            if (line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..])
            {
                return long.Parse(kilobytes);
            }
        }

        GCMemoryInfo memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes) / 1024;
    }

    private static long? FreeDiskMegabytes()
    {
        try
        {
            return new DriveInfo(Path.GetPathRoot(AppContext.BaseDirectory)!).AvailableFreeSpace / (1024 * 1024);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double? Temperature()
    {
        const string Zone = "/sys/class/thermal/thermal_zone0/temp";
        try
        {
            return File.Exists(Zone) && long.TryParse(File.ReadAllText(Zone).Trim(), out long milli) ? milli / 1000.0 : null;
        }
        catch (IOException)
        {
            return null; // some zones cannot be read while a device sleeps
        }
    }

    [LibraryImport("libc", EntryPoint = "getloadavg")]
    private static partial int GetLoadAverage(Span<double> averages, int count);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetSystemTimes(out ulong idle, out ulong kernel, out ulong user);
}

// This machine as that of a field device: a clock that can be set without touching the PC's, threads, no lamp and no sleep.

using System.Diagnostics;
using NanoSync.Firmware;

namespace NanoSync.Virtual;

/// <summary>Power, clock and network of the virtual device.</summary>
/// <param name="clock">The PC's clock, from which the device's begins.</param>
/// <param name="serial">Takes what a board writes at its serial port; null = nobody listens.</param>
/// <param name="stop">Ends waiting.</param>
internal sealed class PcMachine(TimeProvider clock, TextWriter? serial, CancellationToken stop) : IMachine, IInputs
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly ManualResetEventSlim _ended = new();
    private long _ahead; // seconds that the device's clock was put before the PC's

    /// <summary>True once the application asked for a restart: a new one is to be made.</summary>
    public bool RestartAsked { get; private set; }

    public long Ticks => (long)Stopwatch.GetElapsedTime(_start).TotalMilliseconds;

    public uint Clock => (uint)Math.Clamp(clock.GetUtcNow().ToUnixTimeSeconds() + _ahead, 0, uint.MaxValue);

    public bool IsConnected => true;

    public bool WokeFromSleep => false;

    public void SetClock(uint seconds) => _ahead = seconds - clock.GetUtcNow().ToUnixTimeSeconds();

    public void Use(Settings settings)
    {
    }

    public void BeginTime(string server)
    {
    }

    public void BeginConnect()
    {
    }

    public void Feed()
    {
    }

    public void Pause(int milliseconds) => Thread.Sleep(milliseconds);

    public void Begin(ThreadStart work)
    {
        _ended.Reset();
        new Thread(() =>
        {
            work();
            _ended.Set();
        }) { IsBackground = true }.Start();
    }

    /// <summary>Waits, at most until the work begun has ended, or the program is told to stop.</summary>
    public void Wait(int milliseconds)
    {
        if (WaitHandle.WaitAny([_ended.WaitHandle, stop.WaitHandle], milliseconds) == 0)
        {
            _ended.Reset(); // once for each work, as on a board
        }
    }

    public void Lamp(bool on)
    {
    }

    public void Restart() => RestartAsked = true;

    public void DeepSleep(int seconds) => throw new NotSupportedException("A virtual device has no settings that make it sleep.");

    public void Log(string line) => (serial ?? (line.StartsWith(FieldApp.StepFailed, StringComparison.Ordinal) ? Console.Error : TextWriter.Null)).WriteLine(line);

    // ---- IInputs: the sensors of a PC are PcBoard's ----

    public void Open(Settings settings)
    {
    }

    public uint FreeHeap => (uint)Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, uint.MaxValue);

    public int Signal => 0;

    public int Adc(int channel, out int range)
    {
        range = 0;
        return -1;
    }

    public bool I2cWrite(int address, byte[] data) => false;

    public bool I2cRead(int address, byte[] data) => false;
}

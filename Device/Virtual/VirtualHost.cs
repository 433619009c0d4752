// The virtual device's side of embedded structures: its status, the server's clock, commands.

using System.Reflection;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Virtual;

internal sealed class VirtualHost(FlashStore store, Func<int> refused, TextWriter output, TimeProvider clock) : IDeviceHost
{
    private const int LongestInterval = 86400;

    private readonly long _started = Environment.TickCount64;

    /// <summary>Seconds between syncs that the server asked for; 0 = as the configuration says.</summary>
    public int SyncInterval { get; private set; }

    /// <summary>True once after the server asked for a restart.</summary>
    public bool RestartAsked { get; set; }

    public void WriteStatus(RecordWriter record)
    {
        record.None(); // battery: this machine does not tell
        record.None(); // signal
        record.UInt((ulong)GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        record.UInt((ulong)store.BytesFree);
        record.Text("virtual " + Assembly.GetExecutingAssembly().GetName().Version?.ToString(3));
        record.Text("start");
        record.UInt((ulong)refused());
        record.UInt((ulong)(Environment.TickCount64 - _started) / 1000);
    }

    public void SetTime(uint unixSeconds, int milliseconds)
    {
        // a PC keeps its own clock; what a board would set is shown
        double ahead = unixSeconds + milliseconds / 1000.0 - clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
        if (Math.Abs(ahead) > 2)
        {
            output.WriteLine($"the server's clock is {Math.Abs(ahead):F1} s {(ahead < 0 ? "behind" : "ahead")}");
        }
    }

    public int Accept(DeviceCommand command, uint value) => command switch
    {
        DeviceCommand.Restart => Status.Success,
        DeviceCommand.Interval => value is >= 1 and <= LongestInterval ? Status.Success : Status.BadObject,
        _ => Status.NotFound,
    };

    public void Execute(DeviceCommand command, uint value)
    {
        if (command == DeviceCommand.Restart)
        {
            output.WriteLine("the server asked for a restart");
            RestartAsked = true;
        }
        else
        {
            output.WriteLine($"the server asked to sync every {value} s");
            SyncInterval = (int)value;
        }
    }
}

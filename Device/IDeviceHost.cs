// What the engine asks of the application besides its objects: the device's status, the clock, commands.

using NanoSync.Protocol;

namespace NanoSync.Device
{
    /// <summary>Commands of the server to the device. [SPEC 7.1]</summary>
    public enum DeviceCommand
    {
        /// <summary>None, or one that this engine does not know.</summary>
        Unknown = 0,

        /// <summary>Restart the device.</summary>
        Restart = 1,

        /// <summary>Sync at another interval; the value is in seconds.</summary>
        Interval = 2,

        /// <summary>Start a collection over. The engine does this itself.</summary>
        StartOver = 3,

        /// <summary>Send the status now. The engine does this itself.</summary>
        SendStatus = 4,

        /// <summary>Send the diary. The engine does this itself.</summary>
        SendDiary = 5,

        /// <summary>An object that was acknowledged is refused after all, further up. The engine does this itself.</summary>
        Refused = 6,
    }

    /// <summary>The application's side of embedded structures. Called within a round: be short.</summary>
    public interface IDeviceHost
    {
        /// <summary>
        /// Writes the first <see cref="StatusRecord.HostFields"/> fields, or fewer, of the device's status, a record of class
        /// <see cref="StatusRecord"/> that has been begun. The engine writes the others.
        /// </summary>
        void WriteStatus(RecordWriter record);

        /// <summary>The server's clock, as asked for by <see cref="SyncEngine.AskTime"/>.</summary>
        void SetTime(uint unixSeconds, int milliseconds);

        /// <summary>Whether a command can be carried out.</summary>
        /// <returns><see cref="Status.Success"/>, or the status to answer.</returns>
        int Accept(DeviceCommand command, uint value);

        /// <summary>Carries an accepted command out. It is durable that it was begun: after a restart it does not come again.</summary>
        void Execute(DeviceCommand command, uint value);
    }
}

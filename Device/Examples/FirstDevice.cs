// Your first own firmware: a class, an outbox, a reading, a sync. Its lines stand in the README; the gate compiles it for
// boards, a test runs it on the PC against a server.

using NanoSync.App;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Examples
{
    /// <summary>Takes one reading and brings it to the server.</summary>
    public static class FirstDevice
    {
        /// <summary>One reading up.</summary>
        /// <param name="folder">On a board @"I:\mystore".</param>
        /// <param name="server">Such as "http://192.168.1.10:8080/sync". For https give the carrier new NanoTls(null) instead of null.</param>
        /// <param name="token">The device's token.</param>
        /// <param name="now">Seconds since 1970-01-01 UTC.</param>
        public static RoundOutcome Run(string folder, string server, string token, uint now)
        {
            RecordClass weather = new RecordClass("weather");
            int at = weather.Time("at"), temperature = weather.Fixed("temperature", 2);

            SyncDevice device = new SyncDevice(new FileVolume(folder), new LeanHttpCarrier(server, token, null), null);
            Outbox readings = device.AddOutbox("readings", weather, 48 * 1024, WhenFull.DropOldest);
            StoreError error = device.Open();

            Record record = new Record(weather, 32);
            record.Time(at, now);
            record.Fixed(temperature, 2150); // 21.50 degrees
            if (error == StoreError.None)
            {
                error = readings.Append(record); // durable from here on
            }

            return error == StoreError.None ? device.Sync(20).Outcome : RoundOutcome.Failed; // what failed goes up with the next Sync
        }
    }
}

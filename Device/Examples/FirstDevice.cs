// Your first own firmware: a store, a class, a reading, a sync. The body is in the README; the board compiles it, a test
// runs it on the PC against a server.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.Examples
{
    /// <summary>Takes one reading and brings it to the server.</summary>
    public static class FirstDevice
    {
        /// <summary>One reading up; whatever the server has comes down.</summary>
        /// <param name="folder">On a board @"I:\mystore".</param>
        /// <param name="server">Such as "http://192.168.1.10:8080/sync". For https give the carrier new NanoTls(null) instead of null.</param>
        /// <param name="token">The device's token.</param>
        /// <param name="now">Seconds since 1970-01-01 UTC.</param>
        public static RoundOutcome Run(string folder, string server, string token, uint now)
        {
            ObjectClass weather = new ObjectClass("weather").Time("at").Fixed("temperature", 2);
            FlashStore store = new FlashStore(new FileVolume(folder), new StoreOptions());
            SyncEngine engine = new SyncEngine(store, new LeanHttpCarrier(server, token, null), new SyncOptions());
            SyncCollection readings = engine.AddOutbox("readings", weather, 48 * 1024, true);
            engine.Open();
            RecordWriter record = new RecordWriter(32);
            record.Begin(weather);
            record.Time(now);
            record.Fixed(2150); // 21.50 degrees
            record.End();
            store.Append(readings.Number, weather.Hash, record.Buffer, 0, record.Length, out uint id); // durable from here on
            while (engine.Round().Outcome == RoundOutcome.More)
            {
            }

            return engine.Result.Outcome; // InStep; Failed keeps the reading for the next Round
        }
    }
}

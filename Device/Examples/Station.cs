// Samples on one thread and syncs on another: a link that is slow or away costs no reading.

using System.Threading;
using NanoSync.App;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Examples
{
    /// <summary>A weather station with a heating: one object for both, and a thread of its own that syncs.</summary>
    public sealed class Station
    {
        private readonly SyncDevice _device;
        private readonly Outbox _readings;
        private readonly Record _record;
        private readonly int _at;
        private readonly int _temperature;
        private readonly Heating _heating;
        private readonly AutoResetEvent _due = new AutoResetEvent(false);
        private readonly int _milliseconds;
        private bool _stopped;

        /// <summary>Makes it.</summary>
        /// <param name="volume">Of its store.</param>
        /// <param name="carrier">To its server.</param>
        /// <param name="milliseconds">Between two syncs.</param>
        public Station(IVolume volume, ICarrier carrier, int milliseconds)
        {
            RecordClass weather = new RecordClass("weather");
            _at = weather.Time("at");
            _temperature = weather.Fixed("temperature", 2);
            _device = new SyncDevice(volume, carrier, null);
            _readings = _device.AddOutbox("readings", weather, 48 * 1024, WhenFull.DropOldest);
            _record = new Record(weather, 32);
            _heating = new Heating(_device);
            _milliseconds = milliseconds;
        }

        /// <summary>The target that the server set last, in tenths of a degree.</summary>
        public long Target
        {
            get { return _heating.Target; }
        }

        /// <summary>Opens the store and starts the thread that syncs. From then on the main loop calls Sample, SyncNow, Stop and Target alone.</summary>
        public StoreError Start()
        {
            StoreError error = _device.Open();
            if (error == StoreError.None)
            {
                error = _heating.Load();
            }

            if (error == StoreError.None)
            {
                new Thread(SyncForever).Start();
            }

            return error;
        }

        /// <summary>Keeps a reading; from the main loop, whatever the network does.</summary>
        public StoreError Sample(uint now, long temperature)
        {
            _record.Time(_at, now);
            _record.Fixed(_temperature, temperature);
            return _readings.Append(_record);
        }

        /// <summary>Syncs now instead of at the next turn.</summary>
        public void SyncNow()
        {
            _due.Set();
        }

        /// <summary>Ends the thread after its round.</summary>
        public void Stop()
        {
            _stopped = true;
            _due.Set();
        }

        private void SyncForever()
        {
            while (!_stopped)
            {
                _device.Sync(20); // a failed one is repeated at the next turn; nothing is lost by it
                _due.WaitOne(_milliseconds, false);
            }

            _device.Close();
        }
    }
}

// A setting that the server changes, and a device that refuses what it cannot do.

using NanoSync.App;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Examples
{
    /// <summary>A heating whose target temperature is an object: `object put NAME settings heating {"target":21.5}` on the server.</summary>
    public sealed class Heating : IReceiver
    {
        private readonly int _target;
        private readonly Record _settings;
        private readonly TwoWay _collection;

        /// <summary>Makes it, and adds its collection.</summary>
        public Heating(SyncDevice device)
        {
            RecordClass heating = new RecordClass("heating");
            _target = heating.Fixed("target", 1);
            _settings = new Record(heating, 32);
            _collection = device.AddTwoWay("settings", heating, 4, this, Winner.Server);
        }

        /// <summary>The target in force, in tenths of a degree.</summary>
        public long Target = 200;

        /// <summary>After the device's Open: what is kept is in force, or the default goes to the server.</summary>
        public StoreError Load()
        {
            StoreError error = _collection.Find("heating", _settings);
            if (error == StoreError.None)
            {
                Target = _settings.Fixed(_target);
                return error;
            }

            _settings.Clear();
            _settings.Fixed(_target, Target);
            return error == StoreError.NotFound ? _collection.Put("heating", _settings) : error;
        }

        /// <inheritdoc/>
        public string Check(ObjectName name, Record value)
        {
            if (!name.Is("heating"))
            {
                return "there is only heating";
            }

            return value.Fixed(_target) < 50 || value.Fixed(_target) > 300 ? "target: 5 to 30 degrees" : null;
        }

        /// <inheritdoc/>
        public void Changed(Inbox collection)
        {
            Load();
        }
    }
}

// The configuration object "sampling": how often to read, and which sensors. It may come from the server at any time.

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;

namespace NanoSync.Firmware
{
    /// <summary>What the configuration asks for. Checks what the server sends before it is kept.</summary>
    public sealed class SamplingConfig : IObjectHandler
    {
        /// <summary>The object's id.</summary>
        public const string Name = "sampling";

        /// <summary>Longest interval in seconds: a day.</summary>
        public const int LongestInterval = 86400;

        /// <summary>The object's class: seconds between readings, and the sensors' names separated by commas (empty = all).</summary>
        public static readonly ObjectClass Class = new ObjectClass("sampling").Int("interval").Text("sensors");

        private const string OtherName = "this device has one configuration, sampling";

        private readonly RecordReader _reader = new RecordReader();
        private string _known;
        private int _readInterval;
        private string _readSensors;

        /// <summary>Seconds between readings.</summary>
        public int Interval;

        /// <summary>Names of the sensors to read, separated by commas; empty = all.</summary>
        public string Sensors = "";

        /// <summary>True once after the server changed something.</summary>
        public bool IsChanged;

        /// <summary>Begins with a default.</summary>
        /// <param name="interval">Seconds between readings.</param>
        /// <param name="knownSensors">Names of the sensors there are, separated by commas.</param>
        public SamplingConfig(int interval, string knownSensors)
        {
            Interval = interval;
            _known = knownSensors;
        }

        /// <summary>Packs the present values.</summary>
        public void Write(RecordWriter record)
        {
            record.Begin(Class);
            record.Int(Interval);
            record.Text(Sensors);
        }

        /// <summary>Takes over a record; false, and nothing changes, when it is not acceptable.</summary>
        public bool Apply(byte[] record, int offset, int count)
        {
            if (Read(record, offset, count) != null)
            {
                return false;
            }

            Interval = _readInterval;
            Sensors = _readSensors;
            return true;
        }

        /// <inheritdoc/>
        /// <remarks>An object of another name is refused: if it were taken, it would look obeyed on the server and do nothing here.</remarks>
        public string Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
        {
            return Encoding.UTF8.GetString(id, idOffset, idLength) != Name ? OtherName : Read(record, offset, count);
        }

        /// <inheritdoc/>
        public string CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
        {
            return Encoding.UTF8.GetString(id, idOffset, idLength) != Name ? OtherName : "sampling: too large to be read";
        }

        /// <inheritdoc/>
        public void Changed(SyncCollection collection)
        {
            IsChanged = true;
        }

        /// <summary>True when this sensor is to be read.</summary>
        public bool Wants(string sensor)
        {
            return Sensors.Length == 0 || Contains(Sensors, sensor);
        }

        private string Read(byte[] record, int offset, int count)
        {
            _readInterval = Interval;
            _readSensors = Sensors;
            _reader.Begin(Class, record, offset, count);
            while (_reader.Next())
            {
                if (_reader.Field == 0)
                {
                    if (_reader.Value < 1 || _reader.Value > LongestInterval)
                    {
                        return "interval: 1 to 86400 seconds, not " + _reader.Value.ToString();
                    }

                    _readInterval = (int)_reader.Value;
                }
                else
                {
                    _readSensors = _reader.Text();
                }
            }

            return _reader.Error != SyncError.None ? "not a record of class sampling" : FirstUnknown();
        }

        private string FirstUnknown()
        {
            string[] names = _readSensors.Split(',');
            for (int i = 0; i < names.Length && _readSensors.Length > 0; i++)
            {
                if (!Contains(_known, names[i]))
                {
                    return "sensors: there is no " + names[i];
                }
            }

            return null;
        }

        /// <summary>Whether a list of names separated by commas has this one.</summary>
        public static bool Contains(string list, string name)
        {
            string[] names = list.Split(',');
            for (int i = 0; i < names.Length; i++)
            {
                if (names[i] == name)
                {
                    return true;
                }
            }

            return false;
        }
    }
}

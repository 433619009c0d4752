// A board whose sensors are those of its settings: makes the class of its readings, and the values.

using NanoSync.Protocol;

namespace NanoSync.Firmware
{
    /// <summary>The sensors of one board.</summary>
    public sealed class SensorBoard : IBoard
    {
        /// <summary>Name of the class of the readings.</summary>
        public const string ClassName = "reading";

        private readonly Settings _settings;
        private readonly IMachine _machine;
        private readonly IInputs _inputs;
        private readonly FieldClock _clock;
        private readonly ObjectClass _class = new ObjectClass(ClassName).Time("at");
        private readonly string _names;
        private readonly Sht3x[] _sht = new Sht3x[Settings.MaxSensors];

        private bool _safeMode;
        private int _battery = -1;
        private int _signal;

        /// <summary>Makes the class from the settings.</summary>
        public SensorBoard(Settings settings, IMachine machine, IInputs inputs, FieldClock clock)
        {
            _settings = settings;
            _machine = machine;
            _inputs = inputs;
            _clock = clock;
            _names = "";
            for (int i = 0; i < settings.SensorCount; i++)
            {
                SensorSetting sensor = settings.Sensors[i];
                _names += i == 0 ? sensor.Name : "," + sensor.Name;
                switch (sensor.Kind)
                {
                    case SensorKind.FreeHeap:
                    case SensorKind.Uptime:
                        _class.UInt(sensor.Name);
                        break;

                    case SensorKind.Signal:
                        _class.Int(sensor.Name);
                        break;

                    case SensorKind.Adc:
                        _class.Fixed(sensor.Name, 3);
                        break;

                    default:
                        _class.Fixed(sensor.Name, 2);
                        _sht[i] = SensorAt(sensor.Argument, i);
                        break;
                }
            }
        }

        /// <inheritdoc/>
        public uint Now
        {
            get { return _clock.Now; }
        }

        /// <inheritdoc/>
        public bool HasClock
        {
            get { return false; }
        }

        /// <inheritdoc/>
        public uint Uptime
        {
            get { return (uint)(_machine.Ticks / 1000); }
        }

        /// <inheritdoc/>
        public ObjectClass ReadingClass
        {
            get { return _class; }
        }

        /// <inheritdoc/>
        public string SensorNames
        {
            get { return _names; }
        }

        /// <inheritdoc/>
        public bool SafeMode
        {
            get { return _safeMode; }
            set { _safeMode = value; }
        }

        /// <inheritdoc/>
        public int Battery
        {
            get { return _battery; }
        }

        /// <inheritdoc/>
        public int Signal
        {
            get { return _signal; }
        }

        /// <inheritdoc/>
        public void Read(int sensor, RecordWriter record)
        {
            SensorSetting setting = _settings.Sensors[sensor];
            if (_safeMode && setting.Kind >= SensorKind.Adc)
            {
                record.None();
                return;
            }

            switch (setting.Kind)
            {
                case SensorKind.FreeHeap:
                    record.UInt(_inputs.FreeHeap);
                    return;

                case SensorKind.Uptime:
                    record.UInt((ulong)(_machine.Ticks / 1000));
                    return;

                case SensorKind.Signal:
                    int signal = _inputs.Signal;
                    _signal = signal;
                    if (signal != 0)
                    {
                        record.Int(signal);
                        return;
                    }

                    break;

                case SensorKind.Adc:
                    int millivolts = Millivolts(setting);
                    if (setting.Name == "battery")
                    {
                        _battery = millivolts;
                    }

                    if (millivolts >= 0)
                    {
                        record.Fixed(millivolts);
                        return;
                    }

                    break;

                default:
                    if (_sht[sensor].Measure())
                    {
                        record.Fixed(setting.Kind == SensorKind.Temperature ? _sht[sensor].Temperature : _sht[sensor].Humidity);
                        return;
                    }

                    break;
            }

            record.None();
        }

        private int Millivolts(SensorSetting setting)
        {
            int range;
            int value = _inputs.Adc(setting.Argument, out range);
            return value >= 0 && range > 0 ? (int)((long)value * setting.Scale / range) : -1;
        }

        // The same object for both figures of one sensor, so that it measures once.
        private Sht3x SensorAt(int address, int count)
        {
            for (int i = 0; i < count; i++)
            {
                if (_sht[i] != null && _sht[i].Address == address)
                {
                    return _sht[i];
                }
            }

            return new Sht3x(_inputs, _machine, address);
        }
    }
}

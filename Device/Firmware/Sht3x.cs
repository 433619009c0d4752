// Sensirion SHT3x: temperature and humidity over I2C. Data sheet "SHT3x-DIS", sections 4.3, 4.12 and 4.13.

namespace NanoSync.Firmware
{
    /// <summary>One sensor; both figures come from one measurement.</summary>
    public sealed class Sht3x
    {
        /// <summary>Address with the ADDR pin low.</summary>
        public const int DefaultAddress = 0x44;

        private const int MeasureMilliseconds = 16; // 15.5 ms at high repeatability
        private const int FreshMilliseconds = 500;

        private static readonly byte[] s_measure = new byte[] { 0x24, 0x00 }; // single shot, high repeatability, no stretching

        private readonly IInputs _inputs;
        private readonly IMachine _machine;
        private readonly int _address;
        private readonly byte[] _data = new byte[6];
        private long _measuredAt;
        private bool _measured;
        private bool _valid;

        /// <summary>Hundredths of a degree Celsius, after Measure.</summary>
        public int Temperature;

        /// <summary>Hundredths of a percent, after Measure.</summary>
        public int Humidity;

        /// <summary>A sensor at an address.</summary>
        public Sht3x(IInputs inputs, IMachine machine, int address)
        {
            _inputs = inputs;
            _machine = machine;
            _address = address;
        }

        /// <summary>The address.</summary>
        public int Address
        {
            get { return _address; }
        }

        /// <summary>Measures, unless that was done within half a second. False: no answer, or a wrong check sum.</summary>
        public bool Measure()
        {
            long now = _machine.Ticks;
            if (_measured && now - _measuredAt < FreshMilliseconds)
            {
                return _valid;
            }

            _measured = true;
            _measuredAt = now;
            _valid = false;
            if (!_inputs.I2cWrite(_address, s_measure))
            {
                return false;
            }

            _machine.Pause(MeasureMilliseconds);
            if (!_inputs.I2cRead(_address, _data) || Crc(_data, 0) != _data[2] || Crc(_data, 3) != _data[5])
            {
                return false;
            }

            int temperature = (_data[0] << 8) | _data[1];
            int humidity = (_data[3] << 8) | _data[4];
            Temperature = (int)(((17500L * temperature) + 32767) / 65535) - 4500; // -45 + 175 * t / 65535
            Humidity = (int)(((10000L * humidity) + 32767) / 65535);
            _valid = true;
            return true;
        }

        /// <summary>Check sum of two bytes: CRC-8, polynomial 31, beginning with FF.</summary>
        public static int Crc(byte[] data, int offset)
        {
            int crc = 0xFF;
            for (int i = 0; i < 2; i++)
            {
                crc ^= data[offset + i];
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc & 0x80) != 0 ? ((crc << 1) ^ 0x31) & 0xFF : (crc << 1) & 0xFF;
                }
            }

            return crc;
        }
    }
}

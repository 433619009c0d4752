namespace NanoSync.CodecRun
{
    /// <summary>A reading as an application holds it.</summary>
    public sealed class Reading
    {
        /// <summary>Seconds since 1970.</summary>
        public uint At { get; set; }

        /// <summary>Hundredths of a degree.</summary>
        public int Temperature { get; set; }

        /// <summary>Percent.</summary>
        public uint Humidity { get; set; }

        /// <summary>Parts per million.</summary>
        public uint Co2 { get; set; }

        /// <summary>Hundredths of a volt.</summary>
        public int Battery { get; set; }

        /// <summary>Twenty, ten minutes apart.</summary>
        public static Reading[] Twenty()
        {
            Reading[] readings = new Reading[20];
            for (int i = 0; i < readings.Length; i++)
            {
                Reading reading = new Reading();
                reading.At = (uint)(1764547200 + i * 600);
                reading.Temperature = 2153 + i * 37 % 29 - 14;
                reading.Humidity = (uint)(45 + i % 3);
                reading.Co2 = (uint)(612 + i * 23 % 61);
                reading.Battery = 371 - i / 7;
                readings[i] = reading;
            }

            return readings;
        }
    }
}

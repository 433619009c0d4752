// The settings file of a board, "I:\nanosync.txt": one "key = value" per line, # begins a comment line. Written with the
// flashing tool, read at start, never by the server. docs/settings.md lists the keys.
//
// Text and not JSON: the parser is this file alone, where nanoFramework.Json brings 36 KB.

using System.Text;
using NanoSync.Device;
using NanoSync.Storage;

namespace NanoSync.Firmware
{
    /// <summary>What a line "sensor = name kind argument" says.</summary>
    public sealed class SensorSetting
    {
        /// <summary>Name of the field in the reading.</summary>
        public string Name;

        /// <summary>One of the kinds of <see cref="SensorKind"/>.</summary>
        public int Kind;

        /// <summary>ADC channel, or I2C address.</summary>
        public int Argument;

        /// <summary>ADC: millivolts at full range.</summary>
        public int Scale;
    }

    /// <summary>Kinds of sensors.</summary>
    public static class SensorKind
    {
        /// <summary>free-heap: bytes.</summary>
        public const int FreeHeap = 0;

        /// <summary>uptime: seconds since the last start.</summary>
        public const int Uptime = 1;

        /// <summary>signal: dBm.</summary>
        public const int Signal = 2;

        /// <summary>adc CHANNEL [MILLIVOLTS]: volts, 3 digits.</summary>
        public const int Adc = 3;

        /// <summary>sht3x-temperature [ADDRESS]: degrees Celsius, 2 digits.</summary>
        public const int Temperature = 4;

        /// <summary>sht3x-humidity [ADDRESS]: percent, 2 digits.</summary>
        public const int Humidity = 5;
    }

    /// <summary>Settings of one board. Parse fills it; every number has its bounds there.</summary>
    public sealed class Settings
    {
        /// <summary>Most bytes of the file.</summary>
        public const int MaxBytes = 2048;

        /// <summary>Most sensors.</summary>
        public const int MaxSensors = 12;

        private const int LeastSegment = 4096;
        private const int LeastStore = FlashStore.LeastOutbox + (FlashStore.LeastMainSegments * LeastSegment);

        /// <summary>Most bytes of request and reply together with a broker: its client holds a message two times in memory.</summary>
        public const int MostOverBroker = 16384;

        /// <summary>server: where to sync, http:// or https://; null only with a broker.</summary>
        public string Server;

        /// <summary>broker: mqtt:// or mqtts://, in place of a server; null = none. The application for brokers alone has it.</summary>
        public string Broker;

        /// <summary>broker-user: the account there; null = the device's name.</summary>
        public string BrokerUser;

        /// <summary>broker-password: its password; null = none.</summary>
        public string BrokerPassword;

        /// <summary>broker-prefix: what the topics begin with; null = nanosync.</summary>
        public string BrokerPrefix;

        /// <summary>messages: true = plain, for a broker that is trusted; false = sealed.</summary>
        public bool Plain;

        /// <summary>device: its name, as enrolled; with a broker.</summary>
        public string Device;

        /// <summary>token: the device's bearer token; null = none.</summary>
        public string Token;

        /// <summary>claim: a code that gives the token at the first contact, instead of token; null = none.</summary>
        public string Claim;

        /// <summary>interval: seconds between readings until the server says otherwise.</summary>
        public int Interval = 60;

        /// <summary>sync: seconds between syncs.</summary>
        public int Sync = 300;

        /// <summary>wait: seconds for which the server may hold its answer until something is due; 0 = not at all.</summary>
        public int Wait;

        /// <summary>sleep: true = deep sleep between readings.</summary>
        public bool Sleep;

        /// <summary>led: GPIO of the lamp; -1 = none.</summary>
        public int Led = -1;

        /// <summary>led-on: level that lights it.</summary>
        public bool LedHigh = true;

        /// <summary>i2c: bus, data pin, clock pin; bus 0 = none.</summary>
        public int I2cBus;

        /// <summary>Second number of i2c.</summary>
        public int I2cData;

        /// <summary>Third number of i2c.</summary>
        public int I2cClock;

        /// <summary>time-server: asked for the time (SNTP); "none" = the sync alone brings it.</summary>
        public string TimeServer = "pool.ntp.org";

        /// <summary>watchdog: minutes without a step after which the board restarts; 0 = never.</summary>
        public int Watchdog = 10;

        /// <summary>restart-offline: hours without a network after which the board restarts; 0 = never.</summary>
        public int RestartOffline = 24;

        /// <summary>store: most bytes of flash for everything kept.</summary>
        public int StoreBytes = 96 * 1024;

        /// <summary>outbox: part of it for readings.</summary>
        public int OutboxBytes = 48 * 1024;

        /// <summary>segment: bytes of a segment file.</summary>
        public int SegmentBytes = 4096;

        /// <summary>buffer: bytes of each message buffer.</summary>
        public int BufferBytes = 512;

        /// <summary>window: most objects in a message.</summary>
        public int Window = 20;

        /// <summary>reply: most bytes of objects in a reply.</summary>
        public int ReplyBytes = 1024;

        /// <summary>request: most bytes of a request.</summary>
        public int RequestBytes = 4096;

        /// <summary>The sensors, in the order of the lines.</summary>
        public readonly SensorSetting[] Sensors = new SensorSetting[MaxSensors];

        /// <summary>How many.</summary>
        public int SensorCount;

        private string _keys = ""; // those that had their line, each with a comma behind it

        /// <summary>Reads a file's bytes.</summary>
        /// <returns>null, or what is wrong, beginning with the line.</returns>
        public string Parse(byte[] text, int count)
        {
            int line = 0;
            int start = 0;
            if (count >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF)
            {
                start = 3; // an editor's byte order mark
            }

            while (start < count)
            {
                line++;
                int end = start;
                while (end < count && text[end] != '\n')
                {
                    if ((text[end] < 0x20 && text[end] != '\r' && text[end] != '\t') || text[end] > 0x7E)
                    {
                        return At(line, "only plain ASCII");
                    }

                    end++;
                }

                string error = Line(Encoding.UTF8.GetString(text, start, end - start).Trim());
                if (error != null)
                {
                    return At(line, error);
                }

                start = end + 1;
            }

            return Whole();
        }

        private static string At(int line, string error)
        {
            return "line " + line.ToString() + ": " + error;
        }

        private string Whole()
        {
            if (Server == null && Broker == null)
            {
                return "server: missing";
            }

            if (Token != null && Claim != null)
            {
                return "claim: not beside token";
            }

            if (Broker != null && (Device == null || Token == null))
            {
                return "broker: needs device and token";
            }

            if (Broker != null && RequestBytes + ReplyBytes > MostOverBroker)
            {
                return "request: with reply at most " + MostOverBroker.ToString() + " over a broker";
            }

            // the store's own rule, told before it is met
            int segments = StoreBytes > OutboxBytes ? (StoreBytes - OutboxBytes) / SegmentBytes : 0;
            if (segments < FlashStore.LeastMainSegments || segments > FlashStore.MostMainSegments)
            {
                return "store: must be " + FlashStore.LeastMainSegments.ToString() + " to " + FlashStore.MostMainSegments.ToString()
                    + " segments more than outbox, here " + (OutboxBytes + (FlashStore.LeastMainSegments * SegmentBytes)).ToString()
                    + " to " + (OutboxBytes + (FlashStore.MostMainSegments * SegmentBytes)).ToString();
            }

            if (Watchdog == 1 || Watchdog == 2)
            {
                return "watchdog: 0, or 3 and more: a round may take two minutes";
            }

            if (Wait > 0 && (Wait < 10 || Sleep))
            {
                return "wait: 0, or 10 and more, and never with sleep";
            }

            if (ReplyBytes > SegmentBytes / 2)
            {
                return "reply: at most half a segment";
            }

            for (int i = 0; i < SensorCount; i++)
            {
                if (Sensors[i].Kind >= SensorKind.Temperature && I2cBus == 0)
                {
                    return "sensor " + Sensors[i].Name + ": needs a line i2c";
                }
            }

            return null;
        }

        private string Line(string line)
        {
            if (line.Length == 0 || line[0] == '#')
            {
                return null;
            }

            int equals = line.IndexOf('=');
            if (equals < 1)
            {
                return "not \"key = value\"";
            }

            string key = line.Substring(0, equals).Trim();
            string value = line.Substring(equals + 1).Trim();
            if (value.Length == 0)
            {
                return key + ": no value";
            }

            if (key != "sensor")
            {
                if (SamplingConfig.Contains(_keys, key))
                {
                    return key + ": stands twice";
                }

                _keys += key + ",";
            }

            switch (key)
            {
                case "server":
                    Server = value;
                    return Named(key, ServerUrl.Problem(value));

                case "token":
                    Token = value;
                    return Named(key, ServerUrl.TokenProblem(value));

                case "claim":
                    Claim = value;
                    return Named(key, ServerUrl.TokenProblem(value));

                case "broker":
                    Broker = value;
                    return value.Length >= 8 && (value.Substring(0, 7) == "mqtt://" || value.Substring(0, 8) == "mqtts://") ? null : "broker: mqtt:// or mqtts://, then a host";

                case "broker-user":
                    BrokerUser = value;
                    return null;

                case "broker-password":
                    BrokerPassword = value;
                    return null;

                case "broker-prefix":
                    BrokerPrefix = value;
                    return null;

                case "device":
                    Device = value;
                    return null;

                case "messages": return Choice(key, value, "sealed", "plain", ref Plain);
                case "interval": return Number(key, value, 1, SamplingConfig.LongestInterval, ref Interval);
                case "sync": return Number(key, value, 1, SamplingConfig.LongestInterval, ref Sync);
                case "wait": return Number(key, value, 0, 3540, ref Wait);
                case "sleep": return Choice(key, value, "off", "deep", ref Sleep);
                case "led": return value == "none" ? None(ref Led) : Number(key, value, 0, 48, ref Led);
                case "led-on": return Choice(key, value, "low", "high", ref LedHigh);
                case "i2c": return Bus(value);
                case "time-server":
                    TimeServer = value;
                    return null;

                case "watchdog": return Number(key, value, 0, 1440, ref Watchdog);
                case "restart-offline": return Number(key, value, 0, 720, ref RestartOffline);
                case "store": return Number(key, value, LeastStore, 4194304, ref StoreBytes);
                case "outbox": return Number(key, value, FlashStore.LeastOutbox, 4194304, ref OutboxBytes);
                case "segment": return Number(key, value, LeastSegment, 65535, ref SegmentBytes);
                case "buffer": return Number(key, value, 256, 4096, ref BufferBytes);
                case "window": return Number(key, value, 1, 512, ref Window);
                case "reply": return Number(key, value, 256, 32767, ref ReplyBytes);
                case "request": return Number(key, value, 512, 65536, ref RequestBytes);
                case "sensor": return Sensor(value);
                default: return "there is no key " + key;
            }
        }

        private static string Named(string key, string problem)
        {
            return problem == null ? null : key + ": " + problem;
        }

        private static string None(ref int field)
        {
            field = -1;
            return null;
        }

        private static string Number(string key, string value, int low, int high, ref int field)
        {
            int number;
            if (!int.TryParse(value, out number) || number < low || number > high)
            {
                return key + ": " + low.ToString() + " to " + high.ToString() + ", not " + value;
            }

            field = number;
            return null;
        }

        private static string Choice(string key, string value, string no, string yes, ref bool field)
        {
            field = value == yes;
            return field || value == no ? null : key + ": " + no + " or " + yes + ", not " + value;
        }

        private string Bus(string value)
        {
            string[] parts = value.Split(' ');
            if (parts.Length != 3)
            {
                return "i2c: bus, data pin, clock pin";
            }

            string error = Number("i2c bus", parts[0], 1, 2, ref I2cBus);
            error = error == null ? Number("i2c data pin", parts[1], 0, 48, ref I2cData) : error;
            return error == null ? Number("i2c clock pin", parts[2], 0, 48, ref I2cClock) : error;
        }

        // name kind [argument [scale]]
        private string Sensor(string value)
        {
            string[] parts = value.Split(' ');
            if (SensorCount == MaxSensors)
            {
                return "sensor: at most " + MaxSensors.ToString();
            }

            if (parts.Length < 2 || parts.Length > 4)
            {
                return "sensor: name kind [argument]";
            }

            SensorSetting sensor = new SensorSetting();
            sensor.Name = parts[0];
            if (!IsName(sensor.Name))
            {
                return "sensor: a name has 1 to 32 of A-Z a-z 0-9 _ - and is not \"at\"";
            }

            for (int i = 0; i < SensorCount; i++)
            {
                if (Sensors[i].Name == sensor.Name)
                {
                    return "sensor " + sensor.Name + ": named twice";
                }
            }

            string error = Kind(sensor, parts);
            if (error == null)
            {
                Sensors[SensorCount++] = sensor;
            }

            return error;
        }

        private static string Kind(SensorSetting sensor, string[] parts)
        {
            int most = 2;
            string error = null;
            switch (parts[1])
            {
                case "free-heap":
                    sensor.Kind = SensorKind.FreeHeap;
                    break;

                case "uptime":
                    sensor.Kind = SensorKind.Uptime;
                    break;

                case "signal":
                    sensor.Kind = SensorKind.Signal;
                    break;

                case "adc":
                    most = 4;
                    sensor.Kind = SensorKind.Adc;
                    sensor.Scale = 3300;
                    error = parts.Length < 3 ? "adc: channel missing" : Number("adc channel", parts[2], 0, 19, ref sensor.Argument);
                    if (error == null && parts.Length == 4)
                    {
                        error = Number("adc millivolts", parts[3], 100, 1000000, ref sensor.Scale);
                    }

                    break;

                case "sht3x-temperature":
                case "sht3x-humidity":
                    most = 3;
                    sensor.Kind = parts[1] == "sht3x-humidity" ? SensorKind.Humidity : SensorKind.Temperature;
                    sensor.Argument = Sht3x.DefaultAddress;
                    if (parts.Length == 3)
                    {
                        error = Number("i2c address", parts[2], 8, 119, ref sensor.Argument);
                    }

                    break;

                default:
                    return "sensor " + sensor.Name + ": there is no kind " + parts[1];
            }

            return error == null && parts.Length > most ? "sensor " + sensor.Name + ": too much behind " + parts[1] : error;
        }

        private static bool IsName(string name)
        {
            if (name.Length < 1 || name.Length > 32 || name == "at")
            {
                return false;
            }

            for (int i = 0; i < name.Length; i++)
            {
                char c = name[i];
                if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
                {
                    return false;
                }
            }

            return true;
        }
    }
}

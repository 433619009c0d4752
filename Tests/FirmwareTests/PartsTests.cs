// The small parts: sensor arithmetic, lamp, boot record, file.

using NanoSync.Firmware;
using NanoSync.Protocol;

namespace NanoSync.FirmwareTests;

[TestClass]
public class PartsTests
{
    private const string Basics = "server = http://server/sync\n";

    [TestMethod]
    public void Sht3x_check_sum_of_the_data_sheet()
    {
        Assert.AreEqual(0x92, Sht3x.Crc([0xBE, 0xEF], 0)); // section 4.12
    }

    [TestMethod]
    [DataRow(0x0000, 0x0000, -4500, 0)]
    [DataRow(0xFFFF, 0xFFFF, 13000, 10000)]
    [DataRow(0x6666, 0x8000, 2500, 5000)]
    public void Sht3x_figures(int rawTemperature, int rawHumidity, int temperature, int humidity)
    {
        var board = new SimBoard { I2cAnswer = Answer(rawTemperature, rawHumidity) };
        var sensor = new Sht3x(board, board, Sht3x.DefaultAddress);
        Assert.IsTrue(sensor.Measure());
        Assert.AreEqual((temperature, humidity), (sensor.Temperature, sensor.Humidity));
    }

    [TestMethod]
    public void Sht3x_with_a_wrong_check_sum_or_no_answer_gives_nothing()
    {
        for (int i = 0; i < 6; i++)
        {
            byte[] answer = Answer(0x6666, 0x8000);
            answer[i] ^= 0x10;
            var broken = new SimBoard { I2cAnswer = answer };
            Assert.IsFalse(new Sht3x(broken, broken, 0x44).Measure());
        }

        var silent = new SimBoard();
        Assert.IsFalse(new Sht3x(silent, silent, 0x44).Measure());
    }

    private static byte[] Answer(int temperature, int humidity)
    {
        byte[] answer = [(byte)(temperature >> 8), (byte)temperature, 0, (byte)(humidity >> 8), (byte)humidity, 0];
        answer[2] = (byte)Sht3x.Crc(answer, 0);
        answer[5] = (byte)Sht3x.Crc(answer, 3);
        return answer;
    }

    [TestMethod]
    public void A_reading_holds_every_sensor_and_both_figures_come_from_one_measurement()
    {
        var board = new SimBoard(Basics + """
            i2c = 1 21 22
            sensor = heap free-heap
            sensor = up uptime
            sensor = rssi signal
            sensor = battery adc 7 6600
            sensor = gone adc 3
            sensor = air sht3x-temperature
            sensor = rh sht3x-humidity
            """) { I2cAnswer = Answer(0x6666, 0x8000) };
        board.Run(TimeSpan.FromMinutes(1));

        byte[] record = board.Server.Readings.Values.First();
        var reader = new RecordReader();
        reader.Begin(board.App.Device.Readings is { } ? new ObjectClass("reading").Time("at").UInt("heap").UInt("up").Int("rssi")
            .Fixed("battery", 3).Fixed("gone", 3).Fixed("air", 2).Fixed("rh", 2) : null, record, 0, record.Length);
        var values = new Dictionary<int, long>();
        while (reader.Next())
        {
            values[reader.Field] = reader.Value;
        }

        Assert.AreEqual(SyncError.None, reader.Error);
        Assert.AreEqual(65000, values[1]);
        Assert.AreEqual(-67, values[3]);
        Assert.AreEqual(2048 * 6600 / 4095, values[4]);
        Assert.IsFalse(values.ContainsKey(5), "what cannot be read is absent, not 0");
        Assert.AreEqual(2500, values[6]);
        Assert.AreEqual(5000, values[7]);
        Assert.AreEqual(board.I2cWrites, board.Server.Readings.Count + board.App.Device.Engine.Pending);
    }

    [TestMethod]
    public void Each_state_has_a_lamp_pattern_and_those_that_need_a_person_differ()
    {
        var seen = new Dictionary<AppState, string>();
        foreach (AppState state in Enum.GetValues<AppState>())
        {
            var lamp = new LedPattern();
            lamp.Show(state, 1000);
            char[] tenths = new char[100];
            for (int i = 0; i < 100; i++)
            {
                tenths[i] = lamp.IsOn(1000 + (i * 100), out int wait) ? '#' : '.';
                Assert.IsGreaterThan(0, wait);
            }

            seen[state] = new string(tenths);
        }

        AppState[] told = [AppState.Holding, AppState.BadSettings, AppState.BadFlash, AppState.Connecting, AppState.InStep, AppState.NoNetwork, AppState.ServerAway, AppState.Refused, AppState.Syncing];
        Assert.AreEqual(told.Length, told.Select(s => seen[s]).Distinct().Count());
        Assert.IsTrue(seen[AppState.Refused].StartsWith("##..##..##.........."));
    }

    [TestMethod]
    public void The_lamp_says_when_it_changes()
    {
        var lamp = new LedPattern();
        lamp.Show(AppState.InStep, 0);
        Assert.IsTrue(lamp.IsOn(0, out int wait));
        Assert.AreEqual(50, wait);
        Assert.IsFalse(lamp.IsOn(50, out wait));
        Assert.AreEqual(4950, wait);
        lamp.Show(AppState.InStep, 60); // again: goes on
        Assert.IsTrue(lamp.IsOn(5000, out _));
    }

    [TestMethod]
    public void A_boot_record_survives_and_a_damaged_one_is_empty()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var file = new FlashFile(path);
            byte[] buffer = new byte[20];
            Assert.AreEqual(-1, file.Read(buffer));
            var record = new BootRecord(file) { Quick = 3, Reason = RestartReason.Watchdog, LastTime = 1780000000, ClockIsBehind = true };
            record.Save();

            var again = new BootRecord(file);
            again.Load();
            Assert.AreEqual((3, RestartReason.Watchdog, 1780000000u, true), (again.Quick, again.Reason, again.LastTime, again.ClockIsBehind));

            byte[] bytes = File.ReadAllBytes(path);
            for (int i = 0; i < bytes.Length; i++)
            {
                byte[] damaged = (byte[])bytes.Clone();
                damaged[i] ^= 4;
                File.WriteAllBytes(path, damaged);
                again.Load();
                Assert.AreEqual((0, 0, 0u), (again.Quick, again.Reason, again.LastTime), $"byte {i}");
            }

            File.WriteAllBytes(path, new byte[30]);
            Assert.AreEqual(21, file.Read(buffer), "longer than the buffer");
            Assert.IsFalse(new FlashFile(Path.Combine(path, "none", "x")).Write(buffer, 1));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [TestMethod]
    public void Safe_mode_leaves_buses_alone()
    {
        var board = new SimBoard(Basics + "i2c = 1 21 22\nsensor = air sht3x-temperature\nsensor = up uptime") { I2cAnswer = Answer(0x6666, 0x8000) };
        for (int i = 1; i < FieldApp.SafeFrom; i++)
        {
            board.Run(TimeSpan.FromMilliseconds(5));
            board.PowerOn();
        }

        int opened = board.InputsOpened;
        int writes = board.I2cWrites;
        board.Run(TimeSpan.FromMinutes(5));
        Assert.IsTrue(board.App.SafeMode);
        Assert.AreEqual((opened, writes), (board.InputsOpened, board.I2cWrites));
        Assert.IsNotEmpty(board.Server.Readings);
    }
}

// Every board of board-configs: valid against the schema, complete, consistent with what the firmware takes.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NanoSync.Firmware;
using NanoSync.Storage;
using NJsonSchema;

namespace NanoSync.FirmwareTests;

[TestClass]
public class BoardConfigTests
{
    private static readonly string[] s_asked =
        ["ESP32_REV3", "ESP32_PSRAM_REV3", "ESP32_S3_QUAD", "ESP32_C3", "ESP32_C6_THREAD", "M5Core2", "ESP32_WT32_ETH01", "virtual"];

    // nanoFramework's partition tables: start of deploy by chip.
    private static readonly Dictionary<string, string> s_deploy = new()
    {
        ["esp32"] = "0x1E0000", ["esp32s2"] = "0x1B0000", ["esp32s3"] = "0x1B0000", ["esp32c3"] = "0x1B0000", ["esp32p4"] = "0x1B0000",
        ["esp32c5"] = "0x250000", ["esp32c6"] = "0x250000", ["esp32h2"] = "0x1C0000",
    };

    // The same: size of config by size of flash.
    private static readonly Dictionary<int, int> s_volume = new()
    {
        [2 << 20] = 64 << 10, [4 << 20] = 256 << 10, [8 << 20] = 2 << 20, [16 << 20] = 3 << 20,
    };

    public static IEnumerable<object[]> Boards =>
        Directory.GetFiles(Repository.PathOf("board-configs"), "board.json", SearchOption.AllDirectories)
            .Select(f => new object[] { Path.GetFileName(Path.GetDirectoryName(f))! }).OrderBy(o => (string)o[0], StringComparer.Ordinal);

    public static IEnumerable<object[]> RealBoards => Boards.Where(b => (string)b[0] != "virtual");

    private static JsonElement Load(string board, string file = "board.json") =>
        JsonDocument.Parse(Repository.Read("board-configs", board, file)).RootElement;

    private static int Int(JsonElement e, string outer, string inner) => e.GetProperty(outer).GetProperty(inner).GetInt32();

    private static Settings SettingsOf(string board)
    {
        string text = Repository.Read("board-configs", board, "settings.txt")
            .Replace("@SERVER@", "https://sync.example.com/sync").Replace("@TOKEN@", "t");
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.IsLessThanOrEqualTo(Settings.MaxBytes - 512, bytes.Length, "room for a long address and token");
        var settings = new Settings();
        Assert.IsNull(settings.Parse(bytes, bytes.Length));
        return settings;
    }

    [TestMethod]
    public void The_boards_asked_for_are_there()
    {
        CollectionAssert.IsSubsetOf(s_asked, Boards.Select(b => (string)b[0]).ToArray());
    }

    [TestMethod]
    [DynamicData(nameof(Boards))]
    public async Task A_board_is_valid_against_the_schema(string board)
    {
        JsonSchema schema = await JsonSchema.FromJsonAsync(Repository.Read("board-configs", "board.schema.json"));
        var errors = schema.Validate(Repository.Read("board-configs", board, "board.json"));
        Assert.IsEmpty(errors, string.Join("\n", errors));
        Assert.AreEqual(board, Load(board).GetProperty("name").GetString());
    }

    [TestMethod]
    [DataRow("\"deployAddress\": \"0x1E0000\"", "\"deployAddress\": \"1E0000\"")]
    [DataRow("\"deployAddress\": \"0x1E0000\",", "")]
    [DataRow("\"chip\": \"esp32\"", "\"chip\": \"esp8266\"")]
    [DataRow("\"flashBytes\": 4194304", "\"flashBytes\": 4000000")]
    [DataRow("\"window\": 20", "\"window\": 0")]
    [DataRow("\"heapBytes\"", "\"heap\"")]
    [DataRow("\"network\": \"wifi\"", "\"network\": \"host\"")]
    public async Task The_schema_refuses_what_is_wrong(string right, string wrong)
    {
        JsonSchema schema = await JsonSchema.FromJsonAsync(Repository.Read("board-configs", "board.schema.json"));
        string json = Repository.Read("board-configs", "ESP32_REV3", "board.json");
        Assert.Contains(right, json);
        Assert.IsNotEmpty(schema.Validate(json.Replace(right, wrong)));
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void Addresses_and_sizes_are_those_of_the_firmware_s_partitions(string board)
    {
        JsonElement b = Load(board);
        string chip = b.GetProperty("chip").GetString()!;
        string address = b.GetProperty("deployAddress").GetString()!;
        int flash = b.GetProperty("flashBytes").GetInt32();
        int volume = b.GetProperty("volumeBytes").GetInt32();
        Assert.AreEqual(s_deploy[chip], address);
        Assert.AreEqual(s_volume[flash], volume);
        int start = int.Parse(address[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Assert.IsLessThanOrEqualTo(flash, start + b.GetProperty("deployBytes").GetInt32() + volume);
        Assert.AreEqual(b.GetProperty("target").GetString(), board);
    }

    [TestMethod]
    [DynamicData(nameof(Boards))]
    public void The_store_fits_the_partition_with_a_tenth_left_and_opens(string board)
    {
        JsonElement b = Load(board);
        int quota = Int(b, "store", "quotaBytes");
        int segment = Int(b, "store", "segmentBytes");
        Assert.IsLessThanOrEqualTo(b.GetProperty("volumeBytes").GetInt32() / 10 * 9, quota);

        var store = new FlashStore(new MemoryVolume(quota, 2000), new StoreOptions { QuotaBytes = quota, SegmentBytes = segment });
        Assert.AreEqual(StoreError.None, store.DeclareOutbox(0, Int(b, "store", "outboxBytes"), true));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(1, 8));
        Assert.AreEqual(StoreError.None, store.DeclareKeyed(15, 32));
        Assert.AreEqual(StoreError.None, store.Open());
        Assert.IsLessThanOrEqualTo(segment / 2, Int(b, "message", "replyBytes"), "a reply must fit a batch, half a segment");
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void Buffers_fit_half_of_the_heap(string board)
    {
        JsonElement b = Load(board);
        int files = Int(b, "store", "quotaBytes") / Int(b, "store", "segmentBytes");

        // board-configs/README.md, "The heap bound"
        int sum = 24576 + (2 * 4096) + 3072 + 1024 + 1024 + 2048 + (2 * Int(b, "message", "bufferBytes")) + 768 + (107 * 12) + 4096 + (64 * files);
        Console.WriteLine($"{board}: {sum} of {b.GetProperty("heapBytes").GetInt32()} bytes");
        Assert.IsLessThanOrEqualTo(b.GetProperty("heapBytes").GetInt32() / 2, sum);
        if (b.GetProperty("psramBytes").GetInt32() == 0)
        {
            Assert.IsLessThanOrEqualTo(110 * 1024, b.GetProperty("heapBytes").GetInt32(), "without PSRAM no more is known to be there");
        }
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void Its_settings_are_read_by_the_firmware_and_agree_with_board_json(string board)
    {
        JsonElement b = Load(board);
        Settings s = SettingsOf(board);
        Assert.AreEqual(Int(b, "store", "quotaBytes"), s.StoreBytes);
        Assert.AreEqual(Int(b, "store", "outboxBytes"), s.OutboxBytes);
        Assert.AreEqual(Int(b, "store", "segmentBytes"), s.SegmentBytes);
        Assert.AreEqual(Int(b, "message", "bufferBytes"), s.BufferBytes);
        Assert.AreEqual(Int(b, "message", "window"), s.Window);
        Assert.AreEqual(Int(b, "message", "replyBytes"), s.ReplyBytes);
        Assert.AreEqual(Int(b, "message", "requestBytes"), s.RequestBytes);
        JsonElement pins = b.GetProperty("pins");
        JsonElement led = pins.GetProperty("led");
        Assert.AreEqual(led.ValueKind == JsonValueKind.Null ? -1 : led.GetInt32(), s.Led);
        Assert.AreEqual(pins.GetProperty("ledOn").GetString() == "high", s.LedHigh);
        Assert.AreEqual((Int(b, "pins", "i2cBus"), Int(b, "pins", "i2cData"), Int(b, "pins", "i2cClock")), (s.I2cBus, s.I2cData, s.I2cClock));
        int[] used = [s.Led, s.I2cData, s.I2cClock];
        Assert.AreEqual(3, used.Distinct().Count(), "a pin is used twice");
        Assert.AreEqual(b.GetProperty("network").GetString() == "wifi", s.Sensors.Take(s.SensorCount).Any(x => x.Kind == SensorKind.Signal));
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void The_sensors_that_are_commented_out_would_be_read_too(string board)
    {
        JsonElement b = Load(board);
        string text = Repository.Read("board-configs", board, "settings.txt").Replace("#sensor", "sensor")
            .Replace("@SERVER@", "http://s").Replace("@TOKEN@", "t");
        var settings = new Settings();
        Assert.IsNull(settings.Parse(Encoding.UTF8.GetBytes(text), text.Length));
        int[] channels = b.GetProperty("adcChannels").EnumerateArray().Select(e => e.GetInt32()).ToArray();
        foreach (SensorSetting sensor in settings.Sensors.Take(settings.SensorCount).Where(x => x.Kind == SensorKind.Adc))
        {
            CollectionAssert.Contains(channels, sensor.Argument);
        }
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void What_nanoff_gets_is_complete_and_holds_no_secret(string board)
    {
        JsonElement network = Load(board, "network.json");
        bool wifi = Load(board).GetProperty("network").GetString() == "wifi";
        Assert.AreEqual("@CA_CERTIFICATE@", network.GetProperty("CACertificatesPath").GetString());
        if (wifi)
        {
            JsonElement client = network.GetProperty("WirelessClient");
            Assert.AreEqual("@WIFI_SSID@", client.GetProperty("Ssid").GetString());
            Assert.AreEqual("@WIFI_PASSWORD@", client.GetProperty("Password").GetString());
            Assert.AreEqual("AutoConnect", client.GetProperty("ConfigurationOption").GetString());
        }
        else
        {
            Assert.IsTrue(network.GetProperty("Ethernet").GetProperty("DhcpEnabled").GetBoolean());
        }

        JsonElement file = Load(board, "files.json").GetProperty("Files").EnumerateArray().Single();
        Assert.AreEqual(@"I:\nanosync.txt", file.GetProperty("DestinationFilePath").GetString());
        Assert.AreEqual("@SETTINGS@", file.GetProperty("SourceFilePath").GetString());
        string settings = Repository.Read("board-configs", board, "settings.txt");
        Assert.AreEqual(1, Regex.Count(settings, "(?m)^server = @SERVER@$"));
        Assert.AreEqual(1, Regex.Count(settings, "(?m)^token = @TOKEN@$"));
    }

    [TestMethod]
    [DynamicData(nameof(RealBoards))]
    public void The_table_of_the_readme_agrees(string board)
    {
        JsonElement b = Load(board);
        Assert.Contains($"| {board} | {b.GetProperty("deployAddress").GetString()} |", Repository.Read("board-configs", "README.md"));
    }

    [TestMethod]
    public void The_firmware_reads_the_file_that_is_deployed()
    {
        Assert.Contains("@\"I:\\nanosync.txt\"", Repository.Read("Device", "Firmware", "Nano", "Program.cs"));
    }
}

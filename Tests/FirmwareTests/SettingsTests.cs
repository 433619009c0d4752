// The settings file: what it takes, and that every complaint names the line.

using System.Text;
using NanoSync.Firmware;

namespace NanoSync.FirmwareTests;

[TestClass]
public class SettingsTests
{
    private static string? Parse(string text, out Settings settings)
    {
        settings = new Settings();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return settings.Parse(bytes, bytes.Length);
    }

    [TestMethod]
    public void A_code_stands_in_the_place_of_a_token()
    {
        Assert.IsNull(Parse("server = http://s\nclaim = ABCD-EFGH-JKMN-PQRS", out Settings s));
        Assert.AreEqual((null, "ABCD-EFGH-JKMN-PQRS"), (s.Token, s.Claim));
        Assert.AreEqual("claim: not beside token", Parse("server = http://s\ntoken = t\nclaim = c", out _));
        Assert.AreEqual("line 2: claim: only printable ASCII without spaces", Parse("server = http://s\nclaim = a b", out _));
    }

    [TestMethod]
    public void With_a_broker_there_is_no_server_and_the_device_needs_a_name()
    {
        Assert.IsNull(Parse("broker = mqtts://broker.example\ndevice = field-1\ntoken = t\nbroker-user = u\nbroker-password = p w\nbroker-prefix = site/a\nmessages = plain", out Settings s));
        Assert.AreEqual(("mqtts://broker.example", "field-1", "u", "p w", "site/a", true), (s.Broker, s.Device, s.BrokerUser, s.BrokerPassword, s.BrokerPrefix, s.Plain));
        Assert.IsNull(s.Server);
        Assert.AreEqual("broker: needs device and token", Parse("broker = mqtts://br\ntoken = t", out _));
        Assert.AreEqual("broker: needs device and token", Parse("broker = mqtts://b\ndevice = d", out _));
        Assert.AreEqual("line 1: broker: mqtt:// or mqtts://, then a host", Parse("broker = https://b", out _));
        Assert.AreEqual("line 1: messages: sealed or plain, not open", Parse("messages = open", out _));
        Assert.AreEqual("request: with reply at most 16384 over a broker", Parse("broker = mqtts://b\ndevice = d\ntoken = t\nrequest = 16384", out _));
        Assert.IsNull(Parse("server = http://s/sync\nrequest = 16384", out _), "over HTTP it is not held in memory");
    }

    [TestMethod]
    public void A_full_file_is_read()
    {
        string? error = Parse("""
            # a field device
            server = https://sync.example.com:8443/sync
            token = abc=def
            interval = 30
              sync=600
            sleep = deep
            led = 2
            led-on = low
            i2c = 1 21 22
            time-server = none
            watchdog = 15
            restart-offline = 0
            store = 131072
            outbox = 65536
            segment = 8192
            buffer = 1024
            window = 50
            reply = 2048
            request = 8192

            sensor = heap free-heap
            sensor = up uptime
            sensor = rssi signal
            sensor = battery adc 7 6600
            sensor = light adc 6
            sensor = air sht3x-temperature
            sensor = soil sht3x-humidity 69
            """.Replace("\n", "\r\n"), out Settings s);

        Assert.IsNull(error);
        Assert.AreEqual("https://sync.example.com:8443/sync", s.Server);
        Assert.AreEqual("abc=def", s.Token);
        Assert.AreEqual((30, 600, true, 2, false), (s.Interval, s.Sync, s.Sleep, s.Led, s.LedHigh));
        Assert.AreEqual((1, 21, 22, "none", 15, 0), (s.I2cBus, s.I2cData, s.I2cClock, s.TimeServer, s.Watchdog, s.RestartOffline));
        Assert.AreEqual((131072, 65536, 8192, 1024), (s.StoreBytes, s.OutboxBytes, s.SegmentBytes, s.BufferBytes));
        Assert.AreEqual((50, 2048, 8192, 7), (s.Window, s.ReplyBytes, s.RequestBytes, s.SensorCount));
        Assert.AreEqual((SensorKind.Adc, 7, 6600), (s.Sensors[3].Kind, s.Sensors[3].Argument, s.Sensors[3].Scale));
        Assert.AreEqual(3300, s.Sensors[4].Scale);
        Assert.AreEqual(Sht3x.DefaultAddress, s.Sensors[5].Argument);
        Assert.AreEqual((SensorKind.Humidity, 69), (s.Sensors[6].Kind, s.Sensors[6].Argument));
    }

    [TestMethod]
    [DataRow("x", "line 2: not \"key = value\"")]
    [DataRow("= 5", "line 2: not \"key = value\"")]
    [DataRow("interval =", "line 2: interval: no value")]
    [DataRow("interval = 0", "line 2: interval: 1 to 86400, not 0")]
    [DataRow("interval = 86401", "line 2: interval: 1 to 86400, not 86401")]
    [DataRow("interval = 99999999999", "line 2: interval: 1 to 86400, not 99999999999")]
    [DataRow("interval = five", "line 2: interval: 1 to 86400, not five")]
    [DataRow("token = a b", "line 2: token: only printable ASCII without spaces")]
    [DataRow("sleep = yes", "line 2: sleep: off or deep, not yes")]
    [DataRow("led = 49", "line 2: led: 0 to 48, not 49")]
    [DataRow("i2c = 1 21", "line 2: i2c: bus, data pin, clock pin")]
    [DataRow("i2c = 3 21 22", "line 2: i2c bus: 1 to 2, not 3")]
    [DataRow("sync = 60\nsync = 60", "line 3: sync: stands twice")]
    [DataRow("server = http://t", "line 2: server: stands twice")]
    [DataRow("colour = red", "line 2: there is no key colour")]
    [DataRow("sensor = heap", "line 2: sensor: name kind [argument]")]
    [DataRow("sensor = at uptime", "line 2: sensor: a name has 1 to 32 of A-Z a-z 0-9 _ - and is not \"at\"")]
    [DataRow("sensor = a.b uptime", "line 2: sensor: a name has 1 to 32 of A-Z a-z 0-9 _ - and is not \"at\"")]
    [DataRow("sensor = up uptime 5", "line 2: sensor up: too much behind uptime")]
    [DataRow("sensor = up uptime\nsensor = up uptime", "line 3: sensor up: named twice")]
    [DataRow("sensor = b adc", "line 2: adc: channel missing")]
    [DataRow("sensor = b adc 20", "line 2: adc channel: 0 to 19, not 20")]
    [DataRow("sensor = b dht22", "line 2: sensor b: there is no kind dht22")]
    [DataRow("sensor = b sht3x-humidity", "sensor b: needs a line i2c")]
    [DataRow("store = 65536", "store: must be 7 to 200 segments more than outbox, here 77824 to 868352")]
    [DataRow("reply = 3000", "reply: at most half a segment")]
    [DataRow("watchdog = 2", "watchdog: 0, or 3 and more: a round may take two minutes")]
    [DataRow("# caf\u00e9", "line 2: only plain ASCII")]
    public void A_wrong_line_is_named(string line, string error)
    {
        Assert.AreEqual(error, Parse("server = http://s\n" + line, out _));
    }

    [TestMethod]
    [DataRow("ftp://x", "http:// or https://, then a host")]
    [DataRow("https://", "http:// or https://, then a host")]
    [DataRow("http://[::1]:80/sync", "no IPv6 address: a name, or an IPv4 address")]
    [DataRow("http://u:p@host", "no user and password: the token says which device it is")]
    [DataRow("http://h:+80", "a port is 1 to 65535")]
    public void A_wrong_server_is_named(string server, string error)
    {
        Assert.AreEqual("line 1: server: " + error, Parse("server = " + server, out _));
    }

    [TestMethod]
    public void A_server_is_needed()
    {
        Assert.AreEqual("server: missing", Parse("# empty\n", out _));
        Assert.AreEqual("server: missing", Parse("", out _));
    }

    [TestMethod]
    public void Thirteen_sensors_are_one_too_many()
    {
        string text = "server = http://s\n" + string.Concat(Enumerable.Range(0, 13).Select(i => $"sensor = s{i} uptime\n"));
        Assert.AreEqual("line 14: sensor: at most 12", Parse(text, out _));
    }

    [TestMethod]
    public void Any_bytes_give_an_error_and_no_exception()
    {
        var random = new Random(1);
        byte[] valid = Encoding.ASCII.GetBytes("server = http://s\ni2c = 1 2 3\nsensor = b adc 7 6600\nsleep = deep\n");
        for (int i = 0; i < 20000; i++)
        {
            byte[] text = (byte[])valid.Clone();
            for (int j = random.Next(5); j >= 0; j--)
            {
                text[random.Next(text.Length)] = (byte)random.Next(256);
            }

            new Settings().Parse(text, random.Next(text.Length + 1));
        }
    }
}

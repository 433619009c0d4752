// Real programs at a real broker by TLS, set up as docs/mqtt.md has it: a server, and a device that a change wakes.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NanoSync.Tests;

[TestClass]
public sealed class BrokerTests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly int _port = FreePort();
    private Process? _broker;

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void By_TLS_a_device_brings_its_readings_and_a_change_wakes_it(bool isSealed)
    {
        string data = _bench.At("server"), tls = Path.Combine(data, "tls");
        string token = _bench.Enrol("field-1", data, isSealed ? ["--sealed"] : []);
        Ended made = _bench.Verb("init-tls", "localhost", "--data", data); // its certificate serves the broker as well
        Assert.AreEqual(0, made.Code, made.Output);
        string authority = Directory.GetFiles(tls, "*.pem").Single(f => Path.GetFileName(f).EndsWith("ca.pem", StringComparison.Ordinal));
        StartBroker(Path.Combine(tls, "server.pem"), Path.Combine(tls, "server-key.pem"));
        string broker = $"mqtts://localhost:{_port}";
        (_, string url) = _bench.Serve(data, settings: new Dictionary<string, string>
        {
            ["NANOSYNC_MQTT__BROKER"] = broker,
            ["NANOSYNC_MQTT__USER"] = "server",
            ["NANOSYNC_MQTT__PASSWORD"] = "s3cret",
            ["NANOSYNC_MQTT__PLAIN"] = isSealed ? "false" : "true",
            ["NANOSYNC_MQTT__TRUSTEDCA"] = authority,
        });

        string[] arguments = ["--carrier", "mqtt", .. isSealed ? (string[])[] : ["--plain"], "--device", "field-1", "--token", token, "--broker", broker, "--mqtt-user", "field-1", "--data", _bench.At("data"), "--interval", "86400"];
        Dictionary<string, string> account = new() { ["NANOSYNC_MQTT_PASSWORD"] = "one" };

        // an authority that the machine does not know: nothing is sent
        Ended stranger = _bench.Device(account, [.. arguments, "--once"]);
        Assert.AreNotEqual(0, stranger.Code, stranger.Output);
        Assert.Contains("certificate", stranger.Output);
        Assert.IsEmpty(_bench.Objects("field-1", "readings", data));

        RunningProgram device = _bench.StartDevice(new Dictionary<string, string>(account) { ["SSL_CERT_FILE"] = authority }, arguments);
        device.WaitFor("in step");
        Assert.IsNotEmpty(_bench.Objects("field-1", "readings", data));

        // its next round of its own accord is a day away
        Ended put = _bench.Verb("object", "put", "field-1", "config", "sampling", """{"interval":43200,"sensors":null}""", "--data", data);
        Assert.AreEqual(0, put.Code, put.Output);
        device.WaitFor("^sampling every 43200 s");
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);
        Assert.AreEqual(200, _bench.Rest(HttpMethod.Get, url + "/health", "").Status);
    }

    public void Dispose()
    {
        _broker?.Kill();
        _broker?.WaitForExit();
        _broker?.Dispose();
        _bench.Dispose();
    }

    private void StartBroker(string certificate, string key)
    {
        string folder = Directory.CreateDirectory(_bench.At("broker")).FullName;
        string document = File.ReadAllText(Path.Combine(Bench.Root, "docs", "mqtt.md"));
        string[] blocks = [.. System.Text.RegularExpressions.Regex.Matches(document, "(?s)```\n(.*?)```").Select(m => m.Groups[1].Value)];
        File.WriteAllText(Path.Combine(folder, "rules"), blocks.Single(b => b.StartsWith("user ", StringComparison.Ordinal)));
        File.WriteAllText(Path.Combine(folder, "passwords"), "");
        File.Copy(certificate, Path.Combine(folder, "broker.pem"));
        File.Copy(key, Path.Combine(folder, "broker.key"));
        foreach (string file in Directory.GetFiles(folder))
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        foreach ((string user, string password) in (IEnumerable<(string, string)>)[("server", "s3cret"), ("field-1", "one")])
        {
            Ended added = _bench.Run("mosquitto_passwd", folder, "-b", Path.Combine(folder, "passwords"), user, password);
            Assert.AreEqual(0, added.Code, added.Output);
        }

        string root = Environment.UserName == "root" ? "user root\n" : "";
        string configuration = blocks.Single(b => b.StartsWith("listener ", StringComparison.Ordinal)).Replace("listener 8883", $"listener {_port} 127.0.0.1").Replace("/etc/mosquitto/", folder + "/");
        File.WriteAllText(Path.Combine(folder, "mosquitto.conf"), root + configuration);
        _broker = Process.Start(new ProcessStartInfo("/usr/sbin/mosquitto", ["-c", Path.Combine(folder, "mosquitto.conf")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _broker.BeginErrorReadLine();
        _broker.BeginOutputReadLine();
    }

    private static int FreePort()
    {
        using TcpListener any = new(IPAddress.Loopback, 0);
        any.Start();
        return ((IPEndPoint)any.LocalEndpoint).Port;
    }
}

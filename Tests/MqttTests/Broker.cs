// Debian's mosquitto on the loopback address and a free port, over a temporary folder. It is ended as a machine ends it: at
// once, without a word to its clients.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.RegularExpressions;

namespace NanoSync.MqttTests;

internal sealed class Broker : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("nanosync-broker-").FullName;
    private readonly string _configuration;
    private Process? _process;

    private Broker(Func<string, int, string> configuration)
    {
        Port = FreePort();
        _configuration = Path.Combine(_folder, "mosquitto.conf");
        string user = Environment.UserName == "root" ? "user root\n" : "";
        File.WriteAllText(_configuration, user + configuration(_folder, Port));
    }

    public int Port { get; }

    public string Url => $"mqtt://127.0.0.1:{Port}";

    /// <summary>Where its files are.</summary>
    public string Folder => _folder;

    /// <summary>One that lets everybody do everything: a broker that is not trusted.</summary>
    public static Broker Open(bool persistent = false, bool started = true)
    {
        Broker broker = new((folder, port) => $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            persistence {(persistent ? "true" : "false")}
            persistence_location {folder}/
            autosave_on_changes true
            autosave_interval 1

            """);
        return started ? broker.Start() : broker;
    }

    /// <summary>One as docs/mqtt.md sets it up, rules included, but for its paths and, without a certificate, TLS.</summary>
    public static Broker AsDocumented(Dictionary<string, string> accounts, (string Certificate, string Key)? tls = null)
    {
        string document = File.ReadAllText(Path.Combine(Root, "docs", "mqtt.md"));
        List<string> blocks = [.. Regex.Matches(document, "```\n(.*?)```", RegexOptions.Singleline).Select(m => m.Groups[1].Value)];
        string configuration = blocks.Single(b => b.StartsWith("listener ", StringComparison.Ordinal)), rules = blocks.Single(b => b.StartsWith("user ", StringComparison.Ordinal));
        Assert.HasCount(5, configuration.Trim().Split('\n'), "five lines");
        Broker broker = new((folder, port) =>
        {
            File.WriteAllText(Path.Combine(folder, "rules"), rules);
            Private(Path.Combine(folder, "rules"));
            string passwords = Path.Combine(folder, "passwords");
            File.WriteAllText(passwords, "");
            Private(passwords);
            foreach ((string user, string password) in accounts)
            {
                Run("mosquitto_passwd", "-b", passwords, user, password);
            }

            string text = configuration.Replace("listener 8883", $"listener {port} 127.0.0.1").Replace("/etc/mosquitto/", folder + "/");
            if (tls is { } own)
            {
                File.WriteAllText(Path.Combine(folder, "broker.pem"), own.Certificate);
                File.WriteAllText(Path.Combine(folder, "broker.key"), own.Key);
                return text;
            }

            return Regex.Replace(text, "(certfile|keyfile) .*\n", "");
        });
        return broker.Start();
    }

    public static string Root => typeof(Broker).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Root").Value!;

    public Broker Start()
    {
        ProcessStartInfo start = new("/usr/sbin/mosquitto", ["-c", _configuration]) { RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        var said = new List<string>();
        _process.ErrorDataReceived += (_, e) => said.Add(e.Data ?? "");
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        Until(() =>
        {
            Assert.IsFalse(_process.HasExited, string.Join('\n', said));
            try
            {
                using TcpClient client = new("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, "the broker listens");
        return this;
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    public void Dispose()
    {
        if (_process != null)
        {
            Kill();
        }

        Directory.Delete(_folder, true);
    }

    /// <summary>Waits for something that comes by itself.</summary>
    public static void Until(Func<bool> there, string what)
    {
        long end = Environment.TickCount64 + (long)Patience.TotalMilliseconds;
        while (!there())
        {
            Assert.IsLessThan(end, Environment.TickCount64, "waited for: " + what);
            Thread.Sleep(5);
        }
    }

    private static void Private(string file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        Assert.AreEqual(0, process.ExitCode, program + ": " + process.StandardError.ReadToEnd());
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

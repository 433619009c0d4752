// Running it: the unit file, the file of settings, doctor, and a stop that ends nothing in its middle.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NanoSync.Server;
using NanoSync.Server.Cli;
using NanoSync.Server.Engine;
using NanoSync.Server.Http;

namespace NanoSync.ServerTests;

[TestClass]
[TestCategory("Slow")]
public sealed partial class RunningTests
{
    private static readonly string s_unit = Path.Combine(Root(), "build", "systemd", "nanosync-server.service");
    private string _folder = "";

    public TestContext TestContext { get; set; } = null!;

    private string Data => Path.Combine(_folder, "data");

    [TestInitialize]
    public void Start() => _folder = Directory.CreateTempSubdirectory("nanosync-running-").FullName;

    [TestCleanup]
    public void Stop() => Directory.Delete(_folder, true);

    [TestMethod]
    public void The_unit_file_is_one_that_systemd_takes_and_shuts_the_server_in()
    {
        // the program lies elsewhere here
        string copy = Path.Combine(_folder, "nanosync-server.service");
        File.WriteAllText(copy, File.ReadAllText(s_unit).Replace("/usr/local/bin/nanosync-server", "/bin/true", StringComparison.Ordinal));
        (int code, string said) = Run("systemd-analyze", "verify", "--man=no", copy);
        Assert.AreEqual((0, ""), (code, said.Trim()));
        (_, said) = Run("systemd-analyze", "security", "--offline=true", "--no-pager", copy);
        double exposure = double.Parse(Exposure().Match(said).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.IsLessThan(2.0, exposure, said);

        // what it calls is a verb of the program with its options
        Match start = StartLine().Match(File.ReadAllText(s_unit));
        Assert.AreEqual("serve --config /etc/nanosync/nanosync.json", start.Groups[1].Value);
        Assert.Contains("--config", Cli.Run(Data, "serve", "--help").Output);
    }

    [TestMethod]
    public void The_file_of_settings_has_each_with_its_default_and_is_taken()
    {
        (int code, string text, string error) = Cli.Run(Data, "settings");
        Assert.AreEqual((0, ""), (code, error));
        string path = Path.Combine(_folder, "nanosync.json");
        File.WriteAllText(path, text);
        string plain = JsonSerializer.Serialize(new ServerOptions());
        Assert.AreEqual(plain, JsonSerializer.Serialize(ServerOptions.From(ServerOptions.Configuration(path))), "as it is printed");
        File.WriteAllText(path, Commented().Replace(text, "$1"));
        string[] names = [.. new ConfigurationBuilder().AddJsonFile(path).Build().GetSection("NanoSync").GetChildren().Select(c => c.Key)];
        Assert.IsTrue(names.Length > 30 && names.Contains("urls") && names.Contains("mail"), string.Join(' ', names));
        ServerOptions read = ServerOptions.From(ServerOptions.Configuration(path));
        Assert.AreEqual("nanosync/server", read.Data, "which is told relative to where data lies");
        Assert.AreEqual(plain, JsonSerializer.Serialize(read with { Data = new ServerOptions().Data }), "with each setting in force");

        File.WriteAllText(path, """{"NanoSync": {"data": "DATA", "rate": 7, /* as people write */ "urls": "http://127.0.0.1:1",}}""".Replace("DATA", Data, StringComparison.Ordinal));
        (code, text, _) = Cli.Run(Data, "doctor", "--config", path);
        StringAssert.Contains(text, "http://127.0.0.1:1 ");
        (code, _, error) = Cli.Run(Data, "doctor", "--config", path + ".none");
        Assert.AreEqual(1, code);
    }

    [TestMethod]
    public async Task Doctor_says_what_is_well_a_line_each_and_changes_nothing()
    {
        TlsFiles tls = TlsFiles.Make(Path.Combine(_folder, "tls"), ["localhost"], 100, DateTimeOffset.UtcNow);
        ServerOptions options = new() { Data = Data, Urls = $"https://127.0.0.1:{Free()}", TlsCertificate = tls.Certificate, TlsKey = tls.Key };
        ServerData.Open(options).Dispose();
        List<Finding> found = await Examine(options);
        Assert.AreEqual("settings data folder database clock tls port mail", string.Join(' ', found.Select(f => f.What)));
        Assert.IsTrue(found.TrueForAll(f => f.State == FindingState.Ok || f.What == "data folder"), Told(found));
        CollectionAssert.AreEquivalent(new[] { "nanosync.db" }, Directory.GetFiles(Data).Select(Path.GetFileName).Where(f => !f!.StartsWith("nanosync.db-", StringComparison.Ordinal)).ToArray());

        await using EmbeddedServer server = await EmbeddedServer.Start(Data);
        found = await Examine(new ServerOptions { Data = Data, Urls = server.Url });
        StringAssert.Contains(found.Single(f => f.What == "port").Text, "a server runs there and is well");
        (int code, string output, _) = Cli.Run(Data, "doctor");
        Assert.AreEqual(0, code, output);
        Assert.HasCount(7, output.TrimEnd().Split('\n'));
    }

    [TestMethod]
    [DataRow("mqtt_password")]
    [DataRow("nanoclr")]
    [DataRow("nano_mdp")]
    [DataRow("nano_assemblies")]
    [DataRow("seed")]
    public async Task Doctor_calls_no_variable_of_the_tools_a_wrong_setting(string name)
    {
        ServerOptions options = new() { Data = Data, Urls = $"http://127.0.0.1:{Free()}" };
        IConfiguration given = new ConfigurationBuilder().AddInMemoryCollection([new(name, "x")]).Build();
        await foreach (Finding finding in Doctor.Examine(() => given, _ => options))
        {
            Assert.AreEqual((FindingState.Ok, "settings"), (finding.State, finding.What), finding.Text);
            break;
        }
    }

    [TestMethod]
    [DataRow("settings", "there is no setting colour, mail:pop")]
    [DataRow("unreadable", "The setting rate is not a number")]
    [DataRow("data folder", "cannot be written")]
    [DataRow("database", "")]
    [DataRow("clock", "is before what stands in the database")]
    [DataRow("clock year", "is no time that devices take")]
    [DataRow("tls", "cannot be used")]
    [DataRow("tls none", "tlsCert and tlsKey are not set")]
    [DataRow("tls ended", "it has ended")]
    [DataRow("port", "is taken by another program")]
    [DataRow("port open", "reached from other machines without TLS")]
    [DataRow("mail", "not so: imap at 127.0.0.1:1 lets u in")]
    [DataRow("mail none", "alerts are not mailed")]
    [DataRow("webhook", "not so: 127.0.0.1:1 can be reached")]
    public async Task Doctor_says_what_is_wrong(string what, string expected)
    {
        Dictionary<string, string?> settings = new() { ["data"] = Data, ["urls"] = $"http://127.0.0.1:{Free()}" };
        ServerData.Open(new ServerOptions { Data = Data }).Dispose();
        TestClock? clock = null;
        using TcpListener other = new(IPAddress.Loopback, 0);
        switch (what)
        {
            case "settings":
                (settings["colour"], settings["mail:pop"]) = ("red", "x");
                break;
            case "unreadable":
                settings["rate"] = "often";
                break;
            case "data folder":
                string file = Path.Combine(_folder, "a-file");
                File.WriteAllText(file, "");
                settings["data"] = "/proc/1/nanosync";
                Directory.CreateDirectory(Data);
                settings["data"] = OperatingSystem.IsLinux() ? "/proc/self" : file;
                break;
            case "database":
                File.WriteAllText(Path.Combine(Data, ServerData.DatabaseFile), "no database, but long enough to be looked at: " + new string('x', 8192));
                break;
            case "clock":
                clock = new TestClock { Now = DateTimeOffset.UtcNow.AddDays(-1) };
                using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
                {
                    core.Devices.Add("d1");
                }

                break;
            case "clock year":
                clock = new TestClock { Now = new DateTimeOffset(2019, 1, 1, 0, 0, 0, TimeSpan.Zero) };
                break;
            case "tls":
                (settings["tlsCert"], settings["tlsKey"]) = (Path.Combine(_folder, "none.pem"), Path.Combine(_folder, "none.pem"));
                break;
            case "tls none":
                settings["urls"] = $"https://127.0.0.1:{Free()}";
                break;
            case "tls ended":
                TlsFiles tls = TlsFiles.Make(Path.Combine(_folder, "tls"), ["localhost"], 100, DateTimeOffset.UtcNow.AddDays(-101));
                (settings["tlsCert"], settings["tlsKey"]) = (tls.Certificate, tls.Key);
                break;
            case "port":
                other.Start();
                _ = Task.Run(async () =>
                {
                    while (true) // who is cut asks again
                    {
                        (await other.AcceptSocketAsync(TestContext.CancellationToken)).Dispose();
                    }
                }, TestContext.CancellationToken);
                settings["urls"] = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}";
                break;
            case "port open":
                settings["urls"] = $"http://0.0.0.0:{Free()}";
                break;
            case "mail":
                (settings["mail:imap"], settings["mail:smtp"], settings["mail:user"], settings["mail:password"]) = ("imap://127.0.0.1:1", "smtp://127.0.0.1:1", "u", "p");
                break;
            case "mail none":
                settings["alertMail"] = "a@example.com";
                break;
            default:
                settings["alertWebhook"] = "http://127.0.0.1:1/hook";
                break;
        }

        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        List<Finding> found = await Doctor.Examine(() => configuration, o => o, TestContext.CancellationToken, clock).ToListAsync(TestContext.CancellationToken);
        Finding wrong = found.First(f => f.State == FindingState.Wrong);
        Assert.AreEqual(what == "unreadable" ? "settings" : what == "data folder" ? what : what.Split(' ')[0], wrong.What, Told(found));
        StringAssert.Contains(wrong.Text, expected, Told(found));
    }

    [TestMethod]
    public async Task A_stop_answers_what_was_begun_takes_nothing_new_and_ends_well()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("signals");
        }

        using (ServerCore core = ServerData.Open(new ServerOptions { Data = Data }))
        {
            core.Devices.Add("d1");
        }

        using Process serving = Process.Start(Cli.Info(Data, "serve", "--port", "0", "--open-api-on-loopback"))!;
        string line = (await serving.StandardOutput.ReadLineAsync(TestContext.CancellationToken))!;
        Uri url = new(line.Split(' ')[3].TrimEnd(','));
        using TcpClient begun = new();
        await begun.ConnectAsync(url.Host, url.Port, TestContext.CancellationToken);
        byte[] body = """{"class":"restart"}"""u8.ToArray();
        NetworkStream stream = begun.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /v1/devices/d1/commands HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {body.Length}\r\n\r\n"), TestContext.CancellationToken);
        byte[] buffer = new byte[4096];
        int count = await stream.ReadAsync(buffer, TestContext.CancellationToken);
        StringAssert.StartsWith(Encoding.ASCII.GetString(buffer, 0, count), "HTTP/1.1 100", "the server reads the body: the request is under way");
        using (Process kill = Process.Start("kill", ["-TERM", serving.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])!)
        {
            await kill.WaitForExitAsync(TestContext.CancellationToken);
        }

        // it has stopped listening, and waits for what was begun
        for (bool listens = true; listens;)
        {
            using TcpClient late = new();
            try
            {
                await late.ConnectAsync(url.Host, url.Port, TestContext.CancellationToken);
                await Task.Delay(50, TestContext.CancellationToken);
            }
            catch (SocketException)
            {
                listens = false;
            }
        }

        Assert.IsFalse(serving.HasExited);
        await stream.WriteAsync(body, TestContext.CancellationToken);
        count = await stream.ReadAsync(buffer, TestContext.CancellationToken);
        StringAssert.StartsWith(Encoding.ASCII.GetString(buffer, 0, count), "HTTP/1.1 202");
        await serving.WaitForExitAsync(TestContext.CancellationToken);
        Assert.AreEqual(0, serving.ExitCode, await serving.StandardError.ReadToEndAsync(TestContext.CancellationToken));
        using ServerCore after = ServerData.Open(new ServerOptions { Data = Data });
        Assert.HasCount(1, after.Devices.Commands("d1"), "what was answered is kept");
    }

    private async Task<List<Finding>> Examine(ServerOptions options)
    {
        IConfiguration none = new ConfigurationBuilder().Build();
        return await Doctor.Examine(() => none, _ => options, TestContext.CancellationToken).ToListAsync(TestContext.CancellationToken);
    }

    private static string Told(List<Finding> found) => string.Join('\n', found.Select(f => $"{f.State} {f.What}: {f.Text}"));

    private static int Free()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static (int Code, string Said) Run(string program, params string[] arguments)
    {
        ProcessStartInfo info = new(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(info)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "NanoSync.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex(@"exposure level for \S+: ([\d.]+)")]
    private static partial Regex Exposure();

    [GeneratedRegex(@"(?m)^ExecStart=/usr/local/bin/nanosync-server (.*)$")]
    private static partial Regex StartLine();

    [GeneratedRegex(@"(?m)^(\s*)// (?="")")]
    private static partial Regex Commented();
}

// The commands of all documents but README.md (ReadmeTests) and docs/first-device.md (NewcomerTests): fenced lines and code spans, in the order of each document. A command runs as it is printed, with
// its placeholders filled in, except where Run says what is added or left out, and why. A command that Run does not know fails the test.

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public sealed partial class DocumentCommandTests : IDisposable
{
    private readonly Bench _bench = new();
    private string _url = "", _token = "", _sealedToken = "", _mqttToken = "", _adminToken = "", _broker = "";
    private Process? _mosquitto;

    public void Dispose()
    {
        _mosquitto?.Kill();
        _mosquitto?.Dispose();
        _bench.Dispose();
    }

    [TestMethod]
    public void Every_command_of_the_other_documents_runs()
    {
        string data = _bench.At("data"); // as the documents have it
        Directory.CreateDirectory(_bench.At("stick"));
        File.WriteAllText(_bench.At("series.csv"), "timestamp,value\n" + string.Concat(Enumerable.Range(0, 80).Select(i => $"2024-01-0{1 + i / 24} {i % 24:00}:00:00,{i}.5\n")));
        _token = _bench.Enrol("shed", data);
        _sealedToken = _bench.Enrol("field-1", Path.Combine(_bench.At("home"), "nanosync", "server"), "--sealed"); // the folder where none is named
        _mqttToken = _bench.Enrol("field-1", data, "--sealed");
        _adminToken = _bench.AdminToken(data);
        StartBroker();
        _url = _bench.Serve(data, settings: new Dictionary<string, string> { ["NANOSYNC_MQTT__BROKER"] = _broker, ["NANOSYNC_MQTT__PLAIN"] = "true" }).Url;
        Sync("--dump", _bench.At("dump"));

        File.WriteAllText(_bench.At("boards.csv"), "name,group,board,note\nshed-1,north,ESP32_REV3,roof\nshed-2,north,ESP32_C3,\n");
        File.WriteAllText(_bench.At("more.csv"), "name\nmore-1\n");

        int run = 0, elsewhere = 0;
        var seen = new HashSet<string>();
        foreach (string document in Directory.GetFiles(Bench.Root, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(Bench.Root, document);
            if (name is not ("README.md" or "docs/first-device.md") && !Regex.IsMatch(name, @"(^|/)(bin|obj|packages|node_modules|data)/"))
            {
                foreach (string command in Commands(File.ReadAllText(document)).Where(seen.Add))
                {
                    _ = Run(name, command) ? run++ : elsewhere++;
                }
            }
        }

        Console.WriteLine($"figures: commands of the documents besides README.md: {run} run, some with --dry-run, --help or a bound added; {elsewhere} left to other tests, or to a machine with Docker or a board");
        Assert.IsGreaterThan(40, run);
    }

    // One that asks for no account: those and the rules of docs/mqtt.md are MqttTests'.
    private void StartBroker()
    {
        using System.Net.Sockets.TcpListener any = new(System.Net.IPAddress.Loopback, 0);
        any.Start();
        int port = ((System.Net.IPEndPoint)any.LocalEndpoint).Port;
        any.Stop();
        _broker = $"mqtt://127.0.0.1:{port}";
        File.WriteAllText(_bench.At("mosquitto.conf"), $"listener {port} 127.0.0.1\nallow_anonymous true\n");
        _mosquitto = Process.Start(new ProcessStartInfo("/usr/sbin/mosquitto", ["-c", _bench.At("mosquitto.conf")]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _mosquitto.BeginErrorReadLine();
        _mosquitto.BeginOutputReadLine();
    }

    /// <summary>False: not run here.</summary>
    private bool Run(string document, string command)
    {
        string bare = Regex.Replace(command, @"^(\w+=\S+ )+", ""); // without its environment
        string[] words = bare.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Regex.Match(bare, @"^dotnet run (?:-c Release )?--project (\S+)(?: --(?: (.*))?)?$") is { Success: true } program)
        {
            string project = program.Groups[1].Value, arguments = program.Groups[2].Value;
            Assert.HasCount(1, Directory.GetFiles(Path.Combine(Bench.Root, project), "*.csproj"), $"{document}: {command}");
            return (project, arguments) switch
            {
                ("Tests/NanoProfile", "check" or "check Storage Device") => false, // NanoProfileTests
                ("Tests/Simulation", "cuts" or "mutants" or "table") => false, // minutes; SimulationTests has them within the bounds of a test
                ("Tests/Simulation", "run 1") => Built(project, arguments + " 2"), // they go on until stopped
                ("Tests/Simulation", "boards") => Built(project, "boards 1 2"), // of two hundred
                ("Tests/Simulation", "postgres") => Built(project, "postgres 1 1"), // of twenty
                ("Tests/Simulation", "fuzz post") => Built(project, arguments + " 100"),
                ("Tests/Simulation", "proxy [FIRST] [COUNT]") => Built(project, "proxy 1 2"),
                ("Tests/Benchmarks", "codec") => Built(project, arguments + " --list flat"), // a minute of measuring
                ("Tests/Benchmarks", "sync") => false, // as long, and it has no shorter form
                ("Tests/Load", _) => Built(project, arguments.Replace("--devices N", "--devices 4").Replace("--seconds 20", "--seconds 1")
                    .Replace("--readings 10000000", "--readings 20000").Replace("--devices 20000", "--devices 200").Replace("--devices 10000", "--devices 100")),
                ("Server", "") => Built(project, "--help"), // "the same arguments as"
                _ => Built(project, arguments),
            };
        }

        switch (words[0])
        {
            case "systemctl": // there is none here; RunbookTests
            case "nanosync-server" when words[1] == "restore": // while no server runs: RunbookTests
                return false;
            case "nanosync-server": // the tool's name of the same program: ToolTests
                return Built("Server", string.Join(' ', words[1..]));
            case "device" or "object" or "refusals" or "proxy" or "serve" or "decode" or "exchange": // verbs of the server; named in a sentence they are not whole
                return words.Any(w => w.StartsWith("--", StringComparison.Ordinal)) && !words.Contains("NAME") ? Built("Server", string.Join(' ', words)) : Known(words);
            case "dotnet" when words[1] == "test" && words.Contains("--filter"): // whether it finds tests; they run anyhow
                Ended tests = _bench.Run("dotnet", Bench.Root, ["test", words[2], "-c", "Release", "--no-build", "--list-tests", .. words.SkipWhile(w => w != "--filter").Take(2)]);
                StringAssert.Matches(tests.Output, new(@"(?m)^    \w+"), $"{document}: {command}");
                return true;
            case "board-configs/flash.sh": // there is no board
                string[] dry = words[1..].Contains("--dry-run") ? words : [words[0], "--dry-run", .. words[1..]];
                Succeeds(_bench.Run("env", Bench.Root, [$"NANOSYNC_SECRETS={_bench.At("secrets.env")}", "NANOSYNC_SERVER=http://s/sync", "NANOSYNC_TOKEN=t", "NANOSYNC_WIFI_SSID=s", "NANOSYNC_WIFI_PASSWORD=passw0rd", "bash", .. dry]));
                return true;
            case "cp" when words[2] == "board-configs/secrets.env": // to this test's folder: a person's secrets are not overwritten
                File.Copy(Path.Combine(Bench.Root, words[1]), _bench.At("secrets.env"), overwrite: true);
                return true;
            case "Tests/run-nanoclr.sh": // needs nanoFramework's tools: told that there are none it says so (3) and not that it was used wrongly (2)
                Ended ended = _bench.Run("env", Bench.Root, ["NANOSYNC_NANOCLR=/none", "NANOSYNC_NANO_MDP=/none", "dotnet", ProgramOf("Tests/NanoRun"), .. words[1..]]);
                Assert.AreEqual(words.Contains("--help") ? 0 : 3, ended.Code, $"{document}: {command}: {ended.Output}");
                Assert.IsTrue(words[1..].Where(w => w.Contains('/')).All(f => Directory.GetFiles(Path.Combine(Bench.Root, f), "*.nfproj").Length == 1), $"{document}: {command}");
                return true;
            case "mosquitto_passwd":
                Succeeds(_bench.Run("mosquitto_passwd", Bench.Root, [.. words[1..].Select(w => w.Replace("/etc/mosquitto/", _bench.Folder + "/"))]));
                return true;
            case "Tests/mutate.sh": // minutes, and it restores Stryker; what it names is there
                Assert.IsTrue(File.Exists(Path.Combine(Bench.Root, words[0])));
                Assert.IsTrue(words.Length == 1 || Directory.Exists(Path.Combine(Bench.Root, "Tests", words[2].Split(':')[0])), $"{document}: {command}");
                Assert.IsTrue(words.Skip(3).All(f => Directory.GetFiles(Path.Combine(Bench.Root, words[1].Replace("Server.", "Server/")), f, SearchOption.AllDirectories).Length == 1), $"{document}: {command}");
                return false;
            case "./test.sh" or "build/pack.sh": // the one runs this test; ToolTests runs the other
                Assert.IsTrue(File.Exists(Path.Combine(Bench.Root, words[0])));
                return false;
            case @"board-configs\flash.ps1" or "flash.ps1": // FlashScriptTests
            case "docker": // none here
            case "nanoff": // no board here
            case "curl" when document != "docs/rest.md": // somebody's own address
                return false;
            case "curl":
                Ended answer = _bench.Run("env", _bench.Folder, [$"URL={_url}", $"TOKEN={_adminToken}", "bash", "-c", command.Replace("curl ", "curl -sS --fail-with-body ", StringComparison.Ordinal)]);
                Succeeds(answer);
                Assert.AreNotEqual("", answer.Output.Trim(), command);
                return true;
            case "dotnet" when words[1] is "build" or "test" or "publish" or "tool": // who runs this has built; test.sh; ContainerTests; ToolTests
                return false;
            default:
                throw new AssertFailedException($"{document} has a command that this test does not know: {command}");
        }

        bool Built(string project, string arguments)
        {
            string folder = project.StartsWith("Tests/", StringComparison.Ordinal) ? Bench.Root : _bench.Folder;
            string[] filled = [.. Regex.Replace(arguments, @"\.\.\.$", "--help").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Fill)];
            if (filled.Contains("mail")) // a mail server is needed: MailTests; here, that the options are there
            {
                string help = _bench.Run("dotnet", folder, ProgramOf(project), "--help").Output;
                Assert.IsTrue(filled.Where(w => w.StartsWith("--", StringComparison.Ordinal)).All(help.Contains), $"{document}: {command}");
                return true;
            }

            if (filled.Contains("mqtt")) // the broker of this test, its server and its devices; once, as a device goes on until it is ended
            {
                string token = filled.Contains("--plain") ? _token : _mqttToken;
                filled = [.. filled.Select(w => w == _sealedToken ? token : w == "mqtts://broker.example" ? _broker : w), "--once", "--data", _bench.At("mqtt-" + token[..8])];
            }

            if (filled[0] == "serve") // it runs until it is ended: ServerTests/TlsTests
            {
                return Known(filled);
            }

            Ended ended = _bench.Run("dotnet", folder, [ProgramOf(project), .. filled]);
            if (filled.Contains("--wait") && filled.Contains("0"))
            {
                Assert.Contains("the next start takes it up", ended.Output, command); // the stick is still to be carried
                return true;
            }

            Succeeds(ended);
            if (filled.Contains("--ask"))
            {
                Sync(); // the device sends it
            }

            return true;
        }

        bool Known(string[] verb)
        {
            string[] names = verb[0] is "device" or "object" or "proxy" ? verb[..2] : verb[..1];
            string help = _bench.Verb([.. names, "--help"]).Output;
            Assert.Contains($"NanoSync.Server {string.Join(' ', names)}", help, $"{document}: {command}");
            Assert.IsTrue(verb.Where(w => w.StartsWith("--", StringComparison.Ordinal)).All(help.Contains), $"{document}: {command}");
            return true;
        }

        void Succeeds(Ended ended) => Assert.AreEqual(0, ended.Code, $"{document}: {command}: {ended.Output}");
    }

    private void Sync(params string[] more)
    {
        Ended ended = _bench.Device(["--server", _url, "--token", _token, "--once", "--data", _bench.At("device"), .. more]);
        Assert.AreEqual(0, ended.Code, ended.Output);
    }

    private string Fill(string word) => word switch
    {
        "T" => _sealedToken,
        "..." => "t0ken",
        "FILE" => Path.Combine(_bench.At("dump"), "0001-request.wbxml"),
        "FILE.csv" => _bench.At("series.csv"),
        "shed.diary" => _bench.At("shed.diary"),
        "/media/stick" => _bench.At("stick"),
        _ => word.Trim('\''), // as a shell does
    };

    private static string ProgramOf(string project) => Bench.Program(project, Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Bench.Root, project), "*.csproj").Single()));

    private static IEnumerable<string> Commands(string text)
    {
        foreach (Match part in Part().Matches(text))
        {
            string[] lines = part.Groups[1].Success
                ? [.. Regex.Replace(part.Groups[1].Value, @"\\\n\s*", "").Split('\n').Select(l => Regex.Replace(l, @"\s+# .*$", "").Trim()).Where(l => l.Length > 0)]
                : [part.Groups[2].Value];
            if (Command().IsMatch(lines[0]))
            {
                // the other ways to say the same, in the environment and in a file, are no commands
                foreach (string line in lines.Where(l => !Regex.IsMatch(l, @"^(\{|(\w+=\S+( |$))+$)")))
                {
                    yield return line;
                }
            }
        }
    }

    [GeneratedRegex(@"(?s)(?:^|\n)```\w*\n(.*?)\n```|`([^`\n]+)`")]
    private static partial Regex Part();

    [GeneratedRegex(@"^(?:[A-Z_]+=\S+ )*(?:(?:dotnet|nanosync-server|docker|cp|nanoff|curl|mosquitto_passwd|device|object|refusals|proxy|serve|decode|exchange) \S|\./test\.sh|(?:board-configs|build|Tests)[/\\][\w-]+\.(?:sh|ps1)|flash\.ps1 )")]
    private static partial Regex Command();
}

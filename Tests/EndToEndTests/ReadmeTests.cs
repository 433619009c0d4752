// The commands of README.md - its fenced blocks, its table of uses - in its order, with its placeholders filled in. A command that is not known here fails the
// test: who adds one says how it is run. Not run here, with the reason: ./test.sh (it runs this test), the nano profile gate (Tests/NanoProfileTests runs
// it), a board that is really flashed (there is none: --dry-run is), nanoCLR (not part of this repository: its --help is), packing the server (ToolTests and
// ContainerTests do, and run what comes of it).

using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class ReadmeTests
{
    [TestMethod]
    public void Every_command_runs()
    {
        using var bench = new Bench();
        string readme = File.ReadAllText(Path.Combine(Bench.Root, "README.md"));
        IEnumerable<string> fenced = Regex.Matches(readme, @"(?s)```sh\n(.*?)```").SelectMany(m => m.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(l => l.Split('#')[0].Trim());
        IEnumerable<string> table = Regex.Matches(readme, @"(?m)^\| [^|]* \| `([^`]+)` \|$").Select(m => m.Groups[1].Value);
        string[] commands = [.. fenced, .. table];
        Assert.IsGreaterThanOrEqualTo(9, commands.Length);

        string csv = bench.At("series.csv"), server = bench.At("server"), url = "", token = "";
        RunningProgram? tls = null;
        File.WriteAllText(csv, "timestamp,value\n2024-01-01 00:00:00,1.5\n2024-01-01 01:00:00,1.75\n");
        foreach (string command in commands)
        {
            Match run = Regex.Match(command, @"^dotnet run (?:-c Release )?--project (\S+)(?: -- (.*))?$");
            string[] arguments = run.Groups[2].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (run.Success)
            {
                Assert.HasCount(1, Directory.GetFiles(Path.Combine(Bench.Root, run.Groups[1].Value), "*.csproj"), command);
            }

            switch (command)
            {
                case "./test.sh": // it runs this test
                    Assert.IsTrue(File.Exists(Path.Combine(Bench.Root, "test.sh")));
                    break;
                case "dotnet run --project Device/Virtual": // its usual folder and port, whoever has that
                    RunningProgram device = bench.StartDevice(new Dictionary<string, string> { ["HOME"] = Directory.CreateDirectory(bench.At("user")).FullName });
                    Match page = device.WaitFor(@"^the page, .*: (http://[^?]+)\?device=virtual&tab=readings#link=([A-Za-z0-9_-]{43})$");
                    device.WaitFor("in step$");
                    Assert.DoesNotContain(" warn: ", device.Output);
                    Assert.IsEmpty(Directory.GetFileSystemEntries(bench.At("user")), "what it keeps is in its data folder");
                    Assert.AreEqual(200, bench.SignIn(page.Groups[1].Value, page.Groups[2].Value));
                    Assert.AreEqual(403, bench.SignIn(page.Groups[1].Value, page.Groups[2].Value), "once");
                    device.Interrupt();
                    Assert.AreEqual(0, device.WaitForExit(), device.Output);
                    break;
                case "dotnet run --project Server -- init-tls server.example --data DIR":
                    Run(bench.Verb(Fill(arguments)));
                    break;
                case "dotnet run --project Server -- serve --urls https://0.0.0.0:8443 --tls-cert DIR/tls/server.pem --tls-key DIR/tls/server-key.pem --data DIR": // and a free port
                    tls = bench.Start("dotnet", [Bench.Program("Server", "NanoSync.Server"), .. Fill(arguments)]);
                    tls.WaitFor(@"^NanoSync server on https://");
                    break;
                case "dotnet run --project Server -- doctor --data DIR":
                    Run(bench.Verb(Fill(arguments)));
                    tls!.Interrupt();
                    Assert.AreEqual(0, tls.WaitForExit(), tls.Output);
                    break;
                case "dotnet run --project Server -- serve --data DIR": // and a free port
                    url = bench.Serve(server).Url;
                    break;
                case "dotnet run --project Server -- device add NAME --data DIR":
                    token = bench.Enrol("name", server);
                    break;
                case "dotnet run --project Device/Virtual -- --server URL --token T":
                    Run(bench.Device([.. Fill(arguments), "--once", "--data", bench.At("d1")]));
                    break;
                case "dotnet run --project Server -- proxy add HQ --url URL --token T --collections readings --data DIR":
                    Run(bench.Verb(Fill(arguments)));
                    Assert.Contains(url, bench.Verb("proxy", "list", "--data", server).Output);
                    break;
                case "dotnet run --project Device/Virtual -- --readings FILE.csv":
                    Run(bench.Device([.. Fill(arguments), "--port", "0", "--data", bench.At("d2"), "--dump", bench.At("dump")]));
                    break;
                case "dotnet run --project Device/Virtual -- store DIR/flash": // of the first command
                    Run(bench.Device("store", Path.Combine(bench.At("home"), "nanosync", "virtual", "flash")));
                    break;
                case "dotnet run --project Server -- decode FILE":
                    Run(bench.Verb(Fill(arguments)));
                    break;
                case "dotnet run --project Tests/NanoProfile -- check": // Tests/NanoProfileTests runs it
                    break;
                case "dotnet run -c Release --project Tests/Benchmarks -- sizes":
                    Run(bench.Run("dotnet", Bench.Root, [Bench.Program("Tests/Benchmarks", "NanoSync.Benchmarks"), .. arguments]));
                    break;
                case "dotnet run -c Release --project Tests/Load -- --devices 128 --peer": // fewer devices, for a second
                    Run(bench.Run("dotnet", Bench.Root, [Bench.Program("Tests/Load", "NanoSync.Load"), "--devices", "4", "--seconds", "1", "--peer"]));
                    break;
                case "dotnet run -c Release --project Tests/Simulation -- run 1": // two seeds of those without end
                    Run(bench.Run("dotnet", Bench.Root, [Bench.Program("Tests/Simulation", "NanoSync.Simulation"), .. arguments, "2"]));
                    break;
                case "board-configs/flash.sh --dry-run ESP32_REV3 /dev/ttyUSB0":
                    File.WriteAllText(bench.At("secrets.env"), "NANOSYNC_SERVER=http://s/sync\nNANOSYNC_TOKEN=t0ken\nNANOSYNC_WIFI_SSID=field\nNANOSYNC_WIFI_PASSWORD=passw0rd\n");
                    Ended dry = bench.Run("env", Bench.Root, ["NANOSYNC_SECRETS=" + bench.At("secrets.env"), "bash", .. command.Split(' ')]);
                    Assert.AreEqual(0, dry.Code, dry.Output);
                    Assert.Contains("--target ESP32_REV3 --serialport /dev/ttyUSB0 --deploy", dry.Output);
                    break;
                case "build/pack.sh --server-only packages-out":
                    Assert.IsTrue(File.Exists(Path.Combine(Bench.Root, "build", "pack.sh")));
                    break;
                case "dotnet publish Server -t:PublishContainer": // ContainerTests
                    break;
                default:
                    // what a script of Tests/ does needs nanoFramework's tools: their tests are their own
                    Assert.IsTrue(command.StartsWith("Tests/", StringComparison.Ordinal) && command.EndsWith("--help", StringComparison.Ordinal), $"README.md has a command that this test does not know: {command}");
                    Run(bench.Run("bash", Bench.Root, command.Split(' ')));
                    break;
            }

            string[] Fill(string[] words) => [.. words.Select(w => w switch
            {
                "URL" => url,
                "T" => token,
                "NAME" => "name",
                "https://0.0.0.0:8443" => "https://0.0.0.0:0",
                _ when w.StartsWith("DIR", StringComparison.Ordinal) && w != "DIR/flash" => server + w[3..],
                "FILE.csv" => csv,
                "FILE" => Path.Combine(bench.At("dump"), "0001-request.wbxml"),
                _ => w,
            })];

            void Run(Ended ended) => Assert.AreEqual(0, ended.Code, $"{command}: {ended.Output}");
        }
    }
}

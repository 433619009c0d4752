// flash.sh and flash.ps1 with tools that only write down how they were called. PowerShell is a tool of this repository (.config/dotnet-tools.json). Not run here:
// nanoff itself, and Windows.

using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NanoSync.FirmwareTests;

[TestClass]
public sealed class FlashScriptTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flash").FullName;
    private readonly Dictionary<string, string> _environment = new()
    {
        ["NANOSYNC_SERVER"] = "http://sync.example.com/a&b=2/sync",
        ["NANOSYNC_TOKEN"] = "t0ken",
        ["NANOSYNC_WIFI_SSID"] = "Field \"7\"",
        ["NANOSYNC_WIFI_PASSWORD"] = "pass@WIFI_SSID@\\&word",
    };

    private string Tools => Path.Combine(_folder, "bin");

    private string Port => Path.Combine(_folder, "ttyUSB0");

    private string Image => Path.Combine(_folder, "app.bin");

    private string Log => File.Exists(Path.Combine(_folder, "log")) ? File.ReadAllText(Path.Combine(_folder, "log")).Replace(_folder, "TMP") : "";

    [TestInitialize]
    public void Before()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("flash.sh is for Linux and macOS");
        }

        Directory.CreateDirectory(Tools);
        File.WriteAllText(Port, "");
        File.WriteAllText(Image, "");
        foreach (string tool in (string[])["dirname", "basename", "sed", "head", "cat", "grep", "mktemp", "rm", "tee"])
        {
            File.CreateSymbolicLink(Path.Combine(Tools, tool), $"/usr/bin/{tool}");
        }

        Tool("nanoff", "case \"$*\" in *deployment*) cp_from=\"${!#}\"; cat \"$cp_from\" >\"$FLASH_TEST/$(basename \"$cp_from\")\"; s=$(dirname \"$cp_from\")/settings.txt; cat \"$s\" >\"$FLASH_TEST/settings.txt\";; esac");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Tool(string name, string more = "", int code = 0)
    {
        string path = Path.Combine(Tools, name);
        File.WriteAllText(path, $"#!/bin/bash\necho \"{name} $*\" >>\"$FLASH_TEST/log\"\n{more}\nexit {code}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }
    }

    private (int Code, string Output, string Error) Flash(params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Repository.PathOf("board-configs", "flash.sh"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        return Finish(start);
    }

    private (int Code, string Output, string Error) PowerShell(params string[] arguments)
    {
        Assert.AreEqual("", s_restored.Value);
        return Finish(new ProcessStartInfo("dotnet", ["tool", "run", "pwsh", "--", "-NoProfile", "-File", Repository.PathOf("board-configs", "flash.ps1"), .. arguments])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        });
    }

    private static readonly Lazy<string> s_restored = new(() =>
    {
        var start = new ProcessStartInfo("dotnet", ["tool", "restore"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : output;
    });

    private (int Code, string Output, string Error) Finish(ProcessStartInfo start)
    {
        start.Environment["PATH"] = Tools;
        start.Environment["FLASH_TEST"] = _folder;
        start.Environment["TMPDIR"] = _folder;
        start.Environment["NANOSYNC_SECRETS"] = Path.Combine(_folder, "secrets.env");
        if (!File.Exists(Path.Combine(_folder, "secrets.env")))
        {
            File.WriteAllText(Path.Combine(_folder, "secrets.env"), "");
        }

        foreach ((string key, string value) in _environment)
        {
            start.Environment[key] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Replace(_folder, "TMP"), error.Result.Replace(_folder, "TMP"));
    }

    [TestMethod]
    public void An_image_is_flashed_at_the_board_s_address_then_network_and_files()
    {
        (int code, string output, string error) = Flash("--image", Image, "ESP32_C6_THREAD", Port);
        Assert.AreEqual(0, code, error);
        string log = Regex.Replace(Log, "TMP/tmp[^/]*", "WORK");
        Assert.AreEqual(
            """
            nanoff --update --target ESP32_C6_THREAD --serialport TMP/ttyUSB0 --deploy --image TMP/app.bin --address 0x250000
            nanoff --serialport TMP/ttyUSB0 --networkdeployment WORK/network.json
            nanoff --serialport TMP/ttyUSB0 --filedeployment WORK/files.json

            """, log);
        Assert.DoesNotContain("t0ken", output + error);
        Assert.DoesNotContain("word", output + error);
        Assert.IsEmpty(Directory.GetDirectories(_folder, "tmp*"), "the filled-in copies are gone");
    }

    [TestMethod]
    public void Secrets_arrive_as_they_are_whatever_characters_they_have()
    {
        Assert.AreEqual(0, Flash("--config-only", "ESP32_REV3", Port).Code);
        JsonElement network = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "network.json"))).RootElement;
        Assert.AreEqual("Field \"7\"", network.GetProperty("WirelessClient").GetProperty("Ssid").GetString());
        Assert.AreEqual("pass@WIFI_SSID@\\&word", network.GetProperty("WirelessClient").GetProperty("Password").GetString());
        Assert.AreEqual(Port, network.GetProperty("SerialPort").GetString());
        Assert.IsFalse(network.TryGetProperty("CACertificatesPath", out _), "no certificate for http");
        string settings = File.ReadAllText(Path.Combine(_folder, "settings.txt"));
        Assert.Contains("server = http://sync.example.com/a&b=2/sync\ntoken = t0ken\n", settings);
        Assert.DoesNotContain("@", settings);
        Assert.DoesNotContain("--update", Log);
        var parsed = new Firmware.Settings();
        Assert.IsNull(parsed.Parse(System.Text.Encoding.ASCII.GetBytes(settings), settings.Length));
    }

    [TestMethod]
    public void With_https_the_authority_s_certificate_is_deployed()
    {
        string pem = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(pem, "-----BEGIN CERTIFICATE-----\n");
        _environment["NANOSYNC_SERVER"] = "https://sync.example.com/sync";
        _environment["NANOSYNC_CA"] = pem;
        (int code, _, string error) = Flash("--config-only", "ESP32_WT32_ETH01", Port);
        Assert.AreEqual(0, code, error);
        JsonElement network = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "network.json"))).RootElement;
        Assert.AreEqual(pem, network.GetProperty("CACertificatesPath").GetString());
        Assert.IsFalse(network.TryGetProperty("WirelessClient", out _));
    }

    [TestMethod]
    public void A_build_is_asked_for_when_there_is_no_image()
    {
        Tool("nuget");
        Tool("msbuild");
        (int code, string output, _) = Flash("--dry-run", "ESP32_S3_QUAD", "/dev/ttyACM0");
        Assert.AreEqual(0, code);
        Assert.AreEqual(
            """
            nuget restore ROOT/Device/Firmware/packages.config -PackagesDirectory ROOT/packages
            msbuild ROOT/Device/Firmware/NanoSync.Firmware.nfproj -p:Configuration=Release
            # TEMPORARY/settings.txt: server = http://sync.example.com/a&b=2/sync, token = ***
            # TEMPORARY/network.json: Ssid Field "7", Password ***
            nanoff --update --target ESP32_S3_QUAD --serialport /dev/ttyACM0 --deploy --image ROOT/Device/Firmware/bin/nano/Release/NanoSync.Firmware.bin --address 0x1B0000
            nanoff --serialport /dev/ttyACM0 --networkdeployment TEMPORARY/network.json
            nanoff --serialport /dev/ttyACM0 --filedeployment TEMPORARY/files.json

            """, output.Replace(Repository.Root, "ROOT"));
        Assert.AreEqual("", Log, "a dry run runs nothing");
    }

    [TestMethod]
    public void A_build_that_makes_no_image_is_an_error_before_nanoff()
    {
        Tool("nuget");
        Tool("msbuild");
        (int code, _, string error) = Flash("ESP32_REV3", Port);
        Assert.AreEqual(70, code);
        Assert.Contains("made no", error);
        Assert.DoesNotContain("nanoff", Log);
    }

    [TestMethod]
    public void A_failing_build_ends_it()
    {
        Tool("nuget");
        Tool("msbuild", code: 1);
        (int code, _, string error) = Flash("ESP32_REV3", Port);
        Assert.AreEqual(70, code);
        Assert.Contains("failed: msbuild", error);
        Assert.DoesNotContain("nanoff", Log);
    }

    [TestMethod]
    public void A_failing_nanoff_ends_it_before_the_next()
    {
        Tool("nanoff", code: 5);
        (int code, _, string error) = Flash("--image", Image, "ESP32_REV3", Port);
        Assert.AreEqual(70, code);
        Assert.Contains("nanoff failed", error);
        Assert.HasCount(1, Log.Trim().Split('\n'));
    }

    [TestMethod]
    public void An_error_that_nanoff_only_prints_is_noticed()
    {
        Tool("nanoff", "case \"$*\" in *filedeployment*) echo 'Error deploying content file x to I:';; esac");
        (int code, _, string error) = Flash("--config-only", "ESP32_REV3", Port);
        Assert.AreEqual(70, code);
        Assert.Contains("reported an error", error);
    }

    [TestMethod]
    [DataRow(64, "which board? There are: ESP32_C3", new string[0])]
    [DataRow(64, "there is no board ESP32_X. There are: ESP32_C3", new[] { "ESP32_X", "PORT" })]
    [DataRow(64, "there is no board ../ESP32_C3", new[] { "../ESP32_C3", "PORT" })]
    [DataRow(64, "the virtual board needs no flashing", new[] { "virtual" })]
    [DataRow(64, "which port?", new[] { "ESP32_C3" })]
    [DataRow(64, "there is no port /dev/none", new[] { "ESP32_C3", "/dev/none" })]
    [DataRow(64, "characters that no port has", new[] { "ESP32_C3", "a;b" })]
    [DataRow(64, "too many arguments", new[] { "ESP32_C3", "PORT", "x" })]
    [DataRow(64, "there is no option --force", new[] { "--force", "ESP32_C3", "PORT" })]
    [DataRow(64, "--image needs a file", new[] { "ESP32_C3", "PORT", "--image" })]
    [DataRow(64, "exclude each other", new[] { "--image", "IMAGE", "--config-only", "ESP32_C3", "PORT" })]
    [DataRow(66, "there is no image none.bin", new[] { "--image", "none.bin", "ESP32_C3", "PORT" })]
    [DataRow(69, "missing: nuget msbuild", new[] { "ESP32_C3", "PORT" })]
    public void Wrong_use_is_said_before_anything_is_touched(int expected, string message, string[] arguments)
    {
        (int code, string output, string error) = Flash(arguments.Select(a => a == "PORT" ? Port : a == "IMAGE" ? Image : a).ToArray());
        Assert.AreEqual(expected, code);
        Assert.Contains(message, error);
        Assert.AreEqual("", output + Log);
    }

    [TestMethod]
    [DataRow("NANOSYNC_SERVER", "", "missing: NANOSYNC_SERVER.")]
    [DataRow("NANOSYNC_TOKEN", "", "missing: NANOSYNC_TOKEN.")]
    [DataRow("NANOSYNC_WIFI_SSID", "", "missing: NANOSYNC_WIFI_SSID.")]
    [DataRow("NANOSYNC_WIFI_PASSWORD", "", "missing: NANOSYNC_WIFI_PASSWORD.")]
    [DataRow("NANOSYNC_SERVER", "https://s", "missing: NANOSYNC_CA.")]
    [DataRow("NANOSYNC_SERVER", "sync.example.com", "begins with http:// or https://")]
    [DataRow("NANOSYNC_SERVER", "http://a b", "NANOSYNC_SERVER: plain ASCII")]
    [DataRow("NANOSYNC_TOKEN", "a b", "NANOSYNC_TOKEN: plain ASCII")]
    [DataRow("NANOSYNC_TOKEN", "a\nserver = http://evil", "NANOSYNC_TOKEN: plain ASCII")]
    [DataRow("NANOSYNC_WIFI_PASSWORD", "a\nb", "no control characters")]
    [DataRow("NANOSYNC_WIFI_SSID", "123456789012345678901234567890123", "at most 32 bytes")]
    public void A_missing_or_malformed_secret_is_said_before_anything_is_touched(string name, string value, string message)
    {
        _environment[name] = value;
        (int code, string output, string error) = Flash("--image", Image, "ESP32_C3", Port);
        Assert.AreEqual(78, code);
        Assert.Contains(message, error);
        Assert.AreEqual("", output + Log);
    }

    [TestMethod]
    public void A_certificate_that_is_not_there_or_not_one_is_said()
    {
        _environment["NANOSYNC_SERVER"] = "https://s";
        _environment["NANOSYNC_CA"] = Path.Combine(_folder, "none.pem");
        Assert.AreEqual(66, Flash("--image", Image, "ESP32_C3", Port).Code);
        _environment["NANOSYNC_CA"] = Image;
        Assert.AreEqual(78, Flash("--image", Image, "ESP32_C3", Port).Code);
        Assert.AreEqual("", Log);
    }

    [TestMethod]
    public void Secrets_come_from_a_file_and_the_environment_goes_before_it()
    {
        File.WriteAllText(Path.Combine(_folder, "secrets.env"), "# a comment\nNANOSYNC_TOKEN=from-file=1\r\nNANOSYNC_WIFI_SSID=not this\n$(touch " + _folder + "/evil)\n");
        _environment.Remove("NANOSYNC_TOKEN");
        Assert.AreEqual(0, Flash("--config-only", "ESP32_REV3", Port).Code);
        Assert.Contains("token = from-file=1\n", File.ReadAllText(Path.Combine(_folder, "settings.txt")));
        Assert.Contains("Field", File.ReadAllText(Path.Combine(_folder, "network.json")));
        Assert.IsFalse(File.Exists(Path.Combine(_folder, "evil")));
    }

    [TestMethod]
    [DataRow("NANOSYNC_TOKEN=of-the-device", "token = of-the-device")]
    [DataRow("NANOSYNC_CLAIM=ABCD-EFGH-JKMN-PQRS", "claim = ABCD-EFGH-JKMN-PQRS")]
    public void The_file_of_a_device_goes_before_the_secrets_with_a_token_or_a_code(string line, string setting)
    {
        string device = Path.Combine(_folder, "b1.env");
        File.WriteAllText(device, $"# b1\n# NANOSYNC_DEVICE=THIS_FILE\nNANOSYNC_SERVER=http://other.example\n{line}\n");
        File.WriteAllText(Path.Combine(_folder, "secrets.env"), "NANOSYNC_TOKEN=of-all\n");
        _environment.Remove("NANOSYNC_TOKEN");
        _environment.Remove("NANOSYNC_SERVER");
        _environment["NANOSYNC_DEVICE"] = device;
        foreach (Func<(int Code, string Output, string Error)> run in (Func<(int, string, string)>[])[() => Flash("--config-only", "ESP32_REV3", Port), () => PowerShell("-ConfigOnly", "ESP32_REV3", Port)])
        {
            (int code, string output, string error) = run();
            Assert.AreEqual(0, code, output + error);
            string settings = File.ReadAllText(Path.Combine(_folder, "settings.txt"));
            Assert.Contains(setting + "\n", settings);
            Assert.Contains("server = http://other.example\n", settings);
            Assert.DoesNotContain("of-all", settings);
            var parsed = new Firmware.Settings();
            byte[] bytes = System.Text.Encoding.ASCII.GetBytes(settings);
            Assert.IsNull(parsed.Parse(bytes, bytes.Length));
            File.Delete(Path.Combine(_folder, "settings.txt"));
        }

        _environment["NANOSYNC_DEVICE"] = device + ".none";
        Assert.AreEqual((66, 66), (Flash("--config-only", "ESP32_REV3", Port).Code, PowerShell("-ConfigOnly", "ESP32_REV3", Port).Code));
        _environment["NANOSYNC_DEVICE"] = device;
        File.AppendAllText(device, "NANOSYNC_TOKEN=x\nNANOSYNC_CLAIM=y\n");
        Assert.AreEqual((78, 78), (Flash("--config-only", "ESP32_REV3", Port).Code, PowerShell("-ConfigOnly", "ESP32_REV3", Port).Code), "one of them");
    }

    [TestMethod]
    public void Without_nanoff_nothing_is_touched()
    {
        File.Delete(Path.Combine(Tools, "nanoff"));
        (int code, _, string error) = Flash("--image", Image, "ESP32_C3", Port);
        Assert.AreEqual(69, code);
        Assert.Contains("nanoff (dotnet tool install -g nanoff)", error);
    }

    [TestMethod]
    public void The_secrets_file_is_ignored_by_git_and_its_example_names_every_secret()
    {
        Assert.Contains("board-configs/secrets.env", Repository.Read(".gitignore"));
        string script = Repository.Read("board-configs", "flash.sh");
        string example = Repository.Read("board-configs", "secrets.env.example");
        foreach (string name in Regex.Matches(script, @"secret (NANOSYNC_\w+)\)").Select(m => m.Groups[1].Value))
        {
            Assert.Contains(name + "=", example);
        }

        Assert.Contains("NANOSYNC_TOKEN=", example);
        Assert.Contains("NANOSYNC_CLAIM=", example);
    }

    public static IEnumerable<object[]> Boards => Directory.GetFiles(Repository.PathOf("board-configs"), "board.json", SearchOption.AllDirectories)
        .Select(f => Path.GetFileName(Path.GetDirectoryName(f)!)).Where(b => b != "virtual")
        .Select(b => new object[] { b, "https://sync.example.com/sync" }).Append(["ESP32_REV3", "http://sync.example.com/a&b=2/sync"]);

    [TestMethod]
    [DynamicData(nameof(Boards))]
    public void A_dry_run_of_the_script_for_windows_prints_the_same(string board, string server)
    {
        foreach (string tool in (string[])["nuget", "msbuild"])
        {
            Tool(tool);
        }

        string pem = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(pem, "-----BEGIN CERTIFICATE-----\n");
        _environment["NANOSYNC_SERVER"] = server;
        _environment["NANOSYNC_CA"] = pem;
        (int code, string output, string error) = Flash("--dry-run", board, "/dev/ttyUSB0");
        (int windowsCode, string windowsOutput, string windowsError) = PowerShell("-DryRun", board, "/dev/ttyUSB0");
        Assert.AreEqual(0, windowsCode, windowsError);
        Assert.AreEqual(0, code, error);
        Assert.AreEqual(output, windowsOutput);
        Assert.AreEqual("", error + windowsError + Log);
    }

    [TestMethod]
    [DataRow(64, "there is no board ESP32_X. There are: ESP32_C3", "NANOSYNC_TOKEN", "t", new[] { "ESP32_X", "COM3" })]
    [DataRow(64, "which port?", "NANOSYNC_TOKEN", "t", new[] { "ESP32_C3" })]
    [DataRow(64, "is the board plugged in?", "NANOSYNC_TOKEN", "t", new[] { "ESP32_C3", "COM77" })]
    [DataRow(78, "missing: NANOSYNC_TOKEN.", "NANOSYNC_TOKEN", "", new[] { "-DryRun", "ESP32_C3", "COM3" })]
    [DataRow(78, "NANOSYNC_TOKEN: plain ASCII", "NANOSYNC_TOKEN", "a b", new[] { "-DryRun", "ESP32_C3", "COM3" })]
    public void The_script_for_windows_says_wrong_use_too(int expected, string message, string name, string value, string[] arguments)
    {
        _environment[name] = value;
        (int code, string output, string error) = PowerShell(arguments);
        Assert.AreEqual(expected, code, error);
        Assert.Contains(message, error);
        Assert.AreEqual("", output + Log);
    }

    [TestMethod]
    [DataRow("ESP32_C6_THREAD", "http://sync.example.com/a&b=2/sync")]
    [DataRow("ESP32_WT32_ETH01", "https://sync.example.com/sync")]
    public void The_script_for_windows_gives_nanoff_the_same(string board, string server)
    {
        string pem = Path.Combine(_folder, "ca.pem");
        File.WriteAllText(pem, "-----BEGIN CERTIFICATE-----\n");
        _environment["NANOSYNC_SERVER"] = server;
        _environment["NANOSYNC_CA"] = pem;
        (int code, _, string error) = Flash("--image", Image, board, Port);
        Assert.AreEqual(0, code, error);
        string[] expected = Given();
        File.Delete(Path.Combine(_folder, "log"));
        (code, string output, error) = PowerShell("-Image", Image, board, Port);
        Assert.AreEqual(0, code, error);
        Assert.HasCount(3, Log.Trim().Split('\n'));
        CollectionAssert.AreEqual(expected, Given());
        Assert.DoesNotContain("t0ken", output + error);
        Assert.DoesNotContain("word", output + error);
        Assert.HasCount(1, Directory.GetDirectories(_folder), "the filled-in copies are gone"); // bin

        // how nanoff was called, and the files that it was given: the temporary folder's name apart
        string[] Given() => [.. ((string[])["log", "network.json", "files.json", "settings.txt"]).Select(f =>
            Regex.Replace(File.ReadAllText(Path.Combine(_folder, f)), Regex.Escape(_folder) + @"/[^/""\s]+/", "WORK/").ReplaceLineEndings("\n"))];
    }

    [TestMethod]
    [DataRow(69, "missing: nuget msbuild", "", 0, new[] { "ESP32_C3", "PORT" })]
    [DataRow(70, "nanoff failed", "", 5, new[] { "-ConfigOnly", "ESP32_C3", "PORT" })]
    [DataRow(70, "reported an error", "echo 'Error deploying content file x to I:'", 0, new[] { "-ConfigOnly", "ESP32_C3", "PORT" })]
    [DataRow(70, "reported an error", "echo 'Error: no' >&2; echo 'Cannot connect' >&2", 0, new[] { "-ConfigOnly", "ESP32_C3", "PORT" })]
    public void The_script_for_windows_ends_at_what_is_missing_or_fails(int expected, string message, string does, int nanoff, string[] arguments)
    {
        Tool("nanoff", does, nanoff);
        (int code, _, string error) = PowerShell(arguments.Select(a => a == "PORT" ? Port : a).ToArray());
        Assert.AreEqual(expected, code, error);
        Assert.Contains(message, error);
        Assert.HasCount(expected == 69 ? 0 : 1, Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), "and what comes after is not begun");
        Assert.HasCount(1, Directory.GetDirectories(_folder), "the filled-in copies are gone");
    }

    [TestMethod]
    public void The_script_for_windows_has_the_same_words()
    {
        string sh = Repository.Read("board-configs", "flash.sh");
        string ps = Repository.Read("board-configs", "flash.ps1");

        static HashSet<string> Codes(string text) => Regex.Matches(text, @"(?i)\bfail (\d\d) ").Select(m => m.Groups[1].Value).ToHashSet();
        Assert.IsTrue(Codes(sh).SetEquals(Codes(ps)));

        static HashSet<string> Options(string text) => Regex.Matches(text, "--(update|target|serialport|deploy|image|address|networkdeployment|filedeployment)\\b").Select(m => m.Value).ToHashSet();
        Assert.IsTrue(Options(sh).SetEquals(Options(ps)));

        static HashSet<string> Names(string text) => Regex.Matches(text, @"\bNANOSYNC_\w+|@[A-Z_]+@").Select(m => m.Value).ToHashSet();
        Assert.IsTrue(Names(sh).SetEquals(Names(ps)), string.Join(" ", Names(sh).Except(Names(ps)).Concat(Names(ps).Except(Names(sh)))));

        foreach (string message in (string[])["needs no flashing", "which port?", "characters that no port has", "exclude each other", "is the board plugged in?",
            "Set them in the environment or in board-configs/secrets.env", "plain ASCII without spaces", "is no certificate in PEM", "nanoff reported an error"])
        {
            Assert.Contains(message, sh);
            Assert.Contains(message, ps);
        }
    }
}

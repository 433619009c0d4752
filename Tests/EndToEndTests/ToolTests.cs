// The server as a dotnet tool: packed, installed from a folder, run, by somebody who has no source.

using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class ToolTests
{
    [TestMethod]
    public void The_server_is_packed_installed_from_a_folder_and_serves_a_device()
    {
        using var bench = new Bench();
        string packages = bench.At("packages"), tools = bench.At("tools"), data = bench.At("data");
        Ended packed = bench.Run("bash", Bench.Root, "build/pack.sh", "--server-only", "--no-build", packages);
        Assert.AreEqual(0, packed.Code, packed.Output);
        string version = Regex.Match(File.ReadAllText(Path.Combine(Bench.Root, "Directory.Build.props")), "<Version>(.*)</Version>").Groups[1].Value;
        Assert.AreEqual($"NanoSync.Server.{version}.nupkg", Path.GetFileName(Directory.GetFiles(packages).Single()));

        Ended installed = bench.Run("dotnet", bench.Folder, "tool", "install", "NanoSync.Server", "--tool-path", tools, "--source", packages, "--version", version);
        Assert.AreEqual(0, installed.Code, installed.Output);
        string tool = Path.Combine(tools, "nanosync-server");
        Assert.Contains(version, bench.Run(tool, bench.Folder, "--version").Output);

        string url = bench.Start(tool, "serve", "--port", "0", "--data", data).WaitFor("^NanoSync server on (http://[^ ,]+)").Groups[1].Value;
        Ended added = bench.Run(tool, bench.Folder, "device", "add", "field", "--data", data);
        string token = added.Output.Split('\n').Single(l => l.Length == 43 && !l.Contains(' '));
        Ended synced = bench.Device("--server", url, "--token", token, "--once", "--data", bench.At("device"));
        Assert.AreEqual(0, synced.Code, synced.Output);
        Assert.HasCount(1, bench.Objects("field", "readings", data));
    }
}

// The field diary from a device over a real socket to the operator's screen, into a file, and into the simulation.

using System.Text.Json;

namespace NanoSync.Tests;

[TestClass]
public class DiaryTests
{
    [TestMethod]
    public void It_is_asked_for_sent_shown_saved_and_replayed()
    {
        using var bench = new Bench();
        string data = bench.At("server");
        string token = bench.Enrol("shed", data);
        (RunningProgram server, string url) = bench.Serve(data);
        int port = new Uri(url).Port;
        string admin = bench.AdminToken(data);
        string api = $"{url.TrimEnd('/')}/v1/devices/shed/diary";

        Ended none = bench.Verb("device", "diary", "shed", "--data", data);
        Assert.AreNotEqual(0, none.Code);
        Assert.Contains("shed has sent no diary. To ask for it: device diary shed --ask", none.Output);
        Assert.AreEqual(404, bench.Rest(HttpMethod.Get, api, admin).Status);

        string[] arguments = ["--server", url, "--token", token, "--data", bench.At("device"), "--interval", "1"];
        RunningProgram device = bench.StartDevice(arguments);
        device.WaitFor("in step$");
        server.Kill();
        device.WaitFor("error NS40[13]"); // no connection, or it ended in between
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);

        (server, url) = bench.Serve(data, port);
        Assert.AreEqual(0, bench.Verb("device", "diary", "shed", "--ask", "--data", data).Code);
        Ended once = bench.Device([.. arguments, "--once"]);
        Assert.AreEqual(0, once.Code, once.Output);

        Ended shown = bench.Verb("device", "diary", "shed", "--data", data);
        Assert.AreEqual(0, shown.Code, shown.Output);
        string[] lines = shown.Output.Trim().Split('\n');
        StringAssert.Matches(lines[0], new(@"^diary of shed, sent \S+ \S+Z: \d+ entries, 0 damaged$"));
        StringAssert.Matches(lines[1], new(@"^#1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  up 0\.00:00:00  start after power or reset"));
        Assert.IsTrue(lines.Any(l => l.Contains("round", StringComparison.Ordinal) && !l.Contains("failed", StringComparison.Ordinal) && l.Contains("; up ", StringComparison.Ordinal)), shown.Output);
        Assert.IsTrue(lines.Any(l => l.Contains("round failed", StringComparison.Ordinal) && l.Contains("carrier NS40", StringComparison.Ordinal)), shown.Output);
        Assert.AreEqual(2, lines.Count(l => l.Contains("start after", StringComparison.Ordinal)), shown.Output);

        (int status, string body) = bench.Rest(HttpMethod.Get, api, admin);
        Assert.AreEqual(200, status, body);
        JsonElement[] entries = [.. JsonDocument.Parse(body).RootElement.GetProperty("entries").EnumerateArray()];
        CollectionAssert.AreEqual(lines[1..], entries.Select(e => e.GetProperty("text").GetString()).ToArray());
        Assert.IsTrue(entries.Any(e => e.GetProperty("kind").GetString() == "round" && e.GetProperty("failed").GetBoolean() && e.GetProperty("carrier").GetInt32() is 401 or 403), body);

        (status, body) = bench.Rest(HttpMethod.Post, api, admin);
        Assert.AreEqual(202, status, body);
        Assert.IsGreaterThan(0, JsonDocument.Parse(body).RootElement.GetProperty("id").GetInt64());
        Assert.AreEqual(0, bench.Device([.. arguments, "--once"]).Code);
        Assert.IsGreaterThan(entries.Length, JsonDocument.Parse(bench.Rest(HttpMethod.Get, api, admin).Body).RootElement.GetProperty("entries").GetArrayLength());

        string file = bench.At("shed.diary");
        Ended saved = bench.Verb("device", "diary", "shed", "--file", file, "--data", data);
        Assert.AreEqual(0, saved.Code, saved.Output);
        Assert.AreEqual(0, new FileInfo(file).Length % 40);
        Assert.AreNotEqual(0, bench.Verb("device", "diary", "shed", "--file", bench.At("no/such/folder"), "--data", data).Code);
        Assert.AreNotEqual(0, bench.Verb("device", "diary", "barn", "--ask", "--data", data).Code);

        Ended replay = bench.Run("dotnet", Bench.Root, Bench.Program("Tests/Simulation", "NanoSync.Simulation"), "replay", file);
        Assert.AreEqual(0, replay.Code, replay.Output);
        Assert.EndsWith("both sides agree", replay.Output.Trim());
        StringAssert.Matches(replay.Output, new(@"Lose(Request|Reply)|Cut(Request|Reply)"));
    }
}

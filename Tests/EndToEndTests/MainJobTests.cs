// The main job: the virtual device with a server of its own, changed from outside while it runs.

using System.Text.Json;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class MainJobTests
{
    [TestMethod]
    [DataRow("")]
    [DataRow("--xml")]
    [DataRow("--platform-http")]
    [DataRow("--xml --platform-http")]
    public void Once_brings_one_reading(string more)
    {
        using var bench = new Bench();
        string data = bench.At("data");
        Ended ended = bench.Device(["--once", "--port", "0", "--data", data, .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.AreEqual(0, ended.Code, ended.Output);
        Assert.Contains("both sides are in step", ended.Output);

        List<(string Id, JsonElement Value)> readings = bench.Objects("virtual", "readings", Path.Combine(data, "server"));
        Assert.HasCount(1, readings);
        Assert.IsGreaterThan(0, readings[0].Value.GetProperty("memory").GetInt64());
        DateTime at = readings[0].Value.GetProperty("at").GetDateTime().ToUniversalTime();
        Assert.IsLessThan(10, Math.Abs((DateTime.UtcNow - at).TotalMinutes), at.ToString("O"));

        Assert.AreEqual(0, bench.Device(["--once", "--port", "0", "--data", data]).Code, "again, over the same folder");
        Assert.HasCount(2, bench.Objects("virtual", "readings", Path.Combine(data, "server")));
    }

    [TestMethod]
    public void It_obeys_refuses_ends_and_goes_on()
    {
        using var bench = new Bench();
        string data = bench.At("data"), server = Path.Combine(data, "server");
        RunningProgram device = bench.StartDevice("--port", "0", "--data", data, "--interval", "1");

        // what the console says is used as it is said
        Match curl = device.WaitFor(@"^  curl -X PUT (http\S+) -H ""Authorization: Bearer \$\(cat (\S+)\)"" -d '(.*)'$");
        Match verb = device.WaitFor(@"^  dotnet run --project Server -- (object put virtual config sampling) '([^']*)' --data (.*)$");
        Match bad = device.WaitFor(@"^  dotnet run --project Server -- (object put virtual config sampling) '([^']*-1[^']*)' --data (.*)$");
        Match refusals = device.WaitFor(@"^  dotnet run --project Server -- (refusals virtual) --data (.*)$");
        device.WaitFor("^sampling every 1 s: all sensors");
        device.WaitFor("in step$");

        string admin = File.ReadAllText(curl.Groups[2].Value).Trim();
        Assert.DoesNotContain(admin, device.Output, "the console may be somebody's log");
        (int status, string body) = bench.Rest(HttpMethod.Put, curl.Groups[1].Value, admin, curl.Groups[3].Value.Replace("\"interval\":5", "\"interval\":2", StringComparison.Ordinal));
        Assert.AreEqual(200, status, body);
        device.WaitFor("^sampling every 2 s: load,memory");

        Ended put = bench.Verb([.. verb.Groups[1].Value.Split(' '), verb.Groups[2].Value.Replace("\"interval\":5", "\"interval\":3", StringComparison.Ordinal), "--data", verb.Groups[3].Value]);
        Assert.AreEqual(0, put.Code, put.Output);
        device.WaitFor("^sampling every 3 s: all sensors");

        put = bench.Verb([.. bad.Groups[1].Value.Split(' '), bad.Groups[2].Value, "--data", bad.Groups[3].Value]);
        Assert.AreEqual(0, put.Code, put.Output);
        int mark = device.Mark();
        device.WaitFor("refused 1 from the server", mark - 1);
        device.WaitFor("in step$", mark);
        const string Reason = "interval: 1 to 86400 seconds, not -1";
        Ended told = bench.Verb([.. refusals.Groups[1].Value.Split(' '), "--data", refusals.Groups[2].Value]);
        Assert.Contains(Reason, told.Output);
        string api = curl.Groups[1].Value[..curl.Groups[1].Value.IndexOf("/collections", StringComparison.Ordinal)];
        Assert.Contains(Reason, bench.Rest(HttpMethod.Get, api + "/refusals", admin).Body);
        string state = bench.Rest(HttpMethod.Get, curl.Groups[1].Value, admin).Body;
        Assert.Contains("\"refused\"", state);
        Assert.AreEqual(401, bench.Rest(HttpMethod.Get, api + "/refusals", "guess").Status);

        mark = device.Mark();
        device.WaitFor("up   1.*in step$", mark);
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);
        Assert.Contains("stopped; 0 pending", device.Output);
        Assert.AreEqual(3, Regex.Count(device.Output, "(?m)^sampling every "), "it keeps the interval before the refused one: " + device.Output);

        string lastKey = Regex.Matches(device.Output, @"key (\d+)\S{8} ")[^1].Groups[1].Value;
        int objects = bench.Objects("virtual", "readings", server).Count;
        RunningProgram again = bench.StartDevice("--port", "0", "--data", data, "--interval", "1");
        again.WaitFor("^sampling every 3 s: all sensors");
        Match round = again.WaitFor(@"up +(\d+) .*key (\d+)\S{8} ");
        Assert.AreEqual("1", round.Groups[1].Value, "the new reading alone");
        Assert.AreEqual(int.Parse(lastKey) + 1, int.Parse(round.Groups[2].Value), again.Output);
        again.WaitFor("in step$");
        again.Interrupt();
        Assert.AreEqual(0, again.WaitForExit(), again.Output);
        List<(string Id, JsonElement Value)> readings = bench.Objects("virtual", "readings", server);
        Assert.IsGreaterThan(objects, readings.Count);
        Assert.HasCount(readings.Count, readings.Select(r => r.Id).Distinct());
    }

    [TestMethod]
    public void A_configuration_that_nobody_obeys_or_that_is_too_large_to_be_looked_at_is_refused()
    {
        using var bench = new Bench();
        string data = bench.At("data"), server = Path.Combine(data, "server");
        RunningProgram device = bench.StartDevice("--port", "0", "--data", data, "--interval", "1");
        device.WaitFor("in step$");
        int mark = device.Mark();
        Assert.AreEqual(0, bench.Verb("object", "put", "virtual", "config", "samplng", "{\"interval\":2,\"sensors\":\"\"}", "--data", server).Code);
        device.WaitFor("refused 1 from the server", mark);
        mark = device.Mark();
        Assert.AreEqual(0, bench.Verb("object", "put", "virtual", "config", "sampling", $"{{\"interval\":2,\"sensors\":\"{new string('x', 2000)}\"}}", "--data", server).Code);
        device.WaitFor("refused 1 from the server", mark);
        device.WaitFor("in step$", mark);
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);
        Assert.AreEqual(1, Regex.Count(device.Output, "(?m)^sampling every "), device.Output);

        string refusals = bench.Verb("refusals", "virtual", "--data", server).Output;
        Assert.Contains("this device has one configuration, sampling", refusals);
        Assert.Contains("samplng", refusals);
        Assert.Contains("sampling: too large to be read", refusals);
    }

    [TestMethod]
    public void A_server_is_named_with_or_without_sync_at_its_end()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        (_, string url) = bench.Serve(server);
        string token = bench.Enrol("d", server);
        foreach (string path in new[] { "", "/", "/sync", "/sync/" })
        {
            Ended ended = bench.Device("--once", "--server", url.TrimEnd('/') + path, "--token", token, "--data", bench.At("data"));
            Assert.AreEqual(0, ended.Code, path + ended.Output);
        }

        Assert.HasCount(4, bench.Objects("d", "readings", server));
    }
}

// The long poll with real programs: a virtual device whose request waits at a server, behind a proxy that cuts.

using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class WaitTests
{
    [TestMethod]
    public void A_change_by_the_command_line_reaches_a_device_that_waits_and_one_that_was_cut_waits_again()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        string token = bench.Enrol("d", server);
        (_, string url) = bench.Serve(server);
        string admin = bench.AdminToken(server);
        using var proxy = new CuttingProxy(url, long.MaxValue);
        RunningProgram device = bench.StartDevice("--server", proxy.Url, "--token", token, "--data", bench.At("data"), "--interval", "86400", "--wait", "600");
        UntilHeld(1, bench, url, admin, device);
        proxy.CutAll();
        UntilHeld(0, bench, url, admin, device);
        UntilHeld(1, bench, url, admin, device); // by a request of its own accord

        // another process writes to the database; the request that waits is the one answered
        Ended put = bench.Verb("object", "put", "d", "config", "sampling", """{"interval":43200,"sensors":null}""", "--data", server);
        Assert.AreEqual(0, put.Code, put.Output);
        device.WaitFor("^sampling every 43200 s");
        UntilHeld(1, bench, url, admin, device);
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);
        UntilHeld(0, bench, url, admin, device); // given up at its end
    }

    [TestMethod]
    public void A_device_that_waits_at_a_server_that_is_killed_waits_at_the_next_one_and_gets_what_changed()
    {
        using var bench = new Bench();
        string server = bench.At("server");
        string token = bench.Enrol("d", server);
        (RunningProgram first, string url) = bench.Serve(server);
        string admin = bench.AdminToken(server);
        RunningProgram device = bench.StartDevice("--server", url, "--token", token, "--data", bench.At("data"), "--interval", "86400", "--wait", "600");
        UntilHeld(1, bench, url, admin, device);
        first.Kill();
        bench.Serve(server, new Uri(url).Port);
        UntilHeld(1, bench, url, admin, device); // of its own accord

        Ended put = bench.Verb("object", "put", "d", "config", "sampling", """{"interval":43200,"sensors":null}""", "--data", server);
        Assert.AreEqual(0, put.Code, put.Output);
        device.WaitFor("^sampling every 43200 s");
        device.Interrupt();
        Assert.AreEqual(0, device.WaitForExit(), device.Output);
    }

    private static void UntilHeld(int count, Bench bench, string url, string admin, RunningProgram device)
    {
        for (DateTime until = DateTime.UtcNow.AddMinutes(2); ;)
        {
            string metrics = bench.Rest(HttpMethod.Get, url + "/metrics", admin).Body;
            if (Regex.Match(metrics, @"(?m)^nanosync_held(?:\{[^}]*\})? (\d+)") is { Success: true } held ? held.Groups[1].Value == $"{count}" : count == 0)
            {
                return;
            }

            Assert.IsLessThan(until, DateTime.UtcNow, $"not {count} held:\n{metrics}\n{device.Output}");
            Thread.Sleep(20);
        }
    }
}

// A series replayed, its program killed on the way: every row is on the server once, with its own time and value.

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class ReplayTests
{
    private const int Kills = 5;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Killed_with_its_server()
    {
        using var bench = new Bench();
        string csv = bench.At("series.csv");
        File.WriteAllText(csv, Series(3000));
        string data = bench.At("data");
        Replay(bench, csv, ["--port", "0", "--data", data], data, "virtual", Path.Combine(data, "server"));
    }

    [TestMethod]
    public void Killed_beside_its_server()
    {
        using var bench = new Bench();
        string csv = Path.GetFullPath(Path.Combine(Bench.Root, "..", "shared", "data", "ambient-temperature.csv"));
        if (!File.Exists(csv))
        {
            csv = bench.At("series.csv");
            File.WriteAllText(csv, Series(7267));
        }

        string data = bench.At("data"), server = bench.At("server");
        (_, string url) = bench.Serve(server, settings: new Dictionary<string, string> { ["NANOSYNC_RATE"] = "0" });
        string token = bench.Enrol("d1", server);
        Replay(bench, csv, ["--server", url, "--token", token, "--data", data], data, "d1", server);
    }

    [TestMethod]
    public void Uninterrupted()
    {
        using var bench = new Bench();
        string csv = bench.At("series.csv");
        File.WriteAllText(csv, Series(2000));
        RunningProgram stopped = bench.StartDevice("--readings", csv, "--port", "0", "--data", bench.At("stopped"), "--window", "1");
        stopped.WaitFor("00/2000");
        stopped.Interrupt();
        Assert.AreEqual(1, stopped.WaitForExit(), stopped.Output);
        Assert.Contains("the same command goes on", stopped.Output);

        Ended ended = bench.Device("--readings", csv, "--port", "0", "--data", bench.At("data"));
        Assert.AreEqual(0, ended.Code, ended.Output);
        Match figures = Regex.Match(ended.Output, @"(?m)^2000 readings in (\d+) rounds.* ([\d.]+) and ([\d.]+) per reading$");
        Assert.IsTrue(figures.Success, ended.Output);
        Assert.IsLessThan(104, int.Parse(figures.Groups[1].Value));
        Assert.IsLessThan(30.0, double.Parse(figures.Groups[2].Value, CultureInfo.InvariantCulture));
        TestContext.DisplayMessage(MessageLevel.Informational, figures.Value);
    }

    [TestMethod]
    public void Progress_belongs_to_the_content_of_a_file()
    {
        using var bench = new Bench();
        string data = bench.At("data"), first = bench.At("first.csv"), second = bench.At("second.csv");
        string[] options = ["--port", "0", "--data", data];
        string[] rows = Series(600).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        File.WriteAllLines(first, rows[..301]);
        File.WriteAllLines(second, ["timestamp,value", .. Enumerable.Range(0, 250).Select(i => $"{1767225600 + i},{i}")]);

        Replayed(300, first, false);
        Replayed(250, second, false); // as many rows as the first are not skipped
        Replayed(0, first, true);
        Replayed(0, second, true);
        File.WriteAllLines(first, rows[..501]);
        Replayed(200, first, true); // it has grown
        File.WriteAllLines(first, rows[400..450]);
        Replayed(50, first, false); // shorter, and other rows
        Assert.HasCount(800, bench.Objects("virtual", "readings", Path.Combine(data, "server")));

        void Replayed(int count, string csv, bool goingOn)
        {
            Ended ended = bench.Device(["--readings", csv, .. options]);
            Assert.AreEqual(0, ended.Code, ended.Output);
            StringAssert.Matches(ended.Output, new($"(?m)^{count} readings in "));
            Assert.AreEqual(goingOn, ended.Output.Contains("going on after row", StringComparison.Ordinal), ended.Output);
        }
    }

    private void Replay(Bench bench, string csv, string[] options, string data, string device, string server)
    {
        List<(DateTime At, decimal Value)> rows = [.. File.ReadLines(csv).Skip(1).Where(l => l.Length > 0).Select(l => l.Split(',')).Select(p => (
            DateTime.Parse(p[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
            Math.Round(decimal.Parse(p[1], CultureInfo.InvariantCulture), 8)))]; // a replay keeps 8 digits behind the point
        string[] arguments = ["--readings", csv, "--window", "20", "--dump", bench.At("messages"), .. options];
        int killed = 0;
        for (int i = 1; i <= Kills; i++)
        {
            // Each later than the one before: the number of messages sent is the clock, as that of the wall says nothing.
            // All in the first half, so that the last does not come too late on a busy machine.
            RunningProgram program = bench.StartDevice(arguments);
            int aim = (int)((long)rows.Count / 20 * i / (2 * Kills));
            WaitForMessages(bench.At("messages"), aim, program);
            program.Kill();
            killed += program.Output.Contains("in step", StringComparison.Ordinal) ? 0 : 1;
        }

        Assert.AreEqual(Kills, killed, "a kill came too late");
        Ended ended = bench.Device(arguments);
        Assert.AreEqual(0, ended.Code, ended.Output);
        Match going = Regex.Match(ended.Output, @"going on after row (\d+)");
        Assert.IsTrue(going.Success, ended.Output);
        Assert.IsLessThan(rows.Count, int.Parse(going.Groups[1].Value), "the last run had something to do");
        Assert.Contains("0 pending", ended.Output);

        List<(string Id, JsonElement Value)> objects = bench.Objects(device, "readings", server);
        Assert.HasCount(rows.Count, objects);
        Assert.HasCount(rows.Count, objects.Select(o => o.Id).Distinct());
        List<(DateTime At, decimal Value)> there = [.. objects.Select(o => (
            o.Value.GetProperty("at").GetDateTime().ToUniversalTime(), o.Value.GetProperty("value").GetDecimal()))];
        CollectionAssert.AreEquivalent(rows, there);

        Ended store = bench.Device("store", Path.Combine(data, "flash"));
        Assert.AreEqual(0, store.Code, store.Output);
        FileInfo[] requests = new DirectoryInfo(bench.At("messages")).GetFiles("*-request.*");
        FileInfo[] replies = new DirectoryInfo(bench.At("messages")).GetFiles("*-reply.*");
        TestContext.DisplayMessage(MessageLevel.Informational, string.Create(CultureInfo.InvariantCulture,
            $"{rows.Count} readings, killed {Kills} times: {requests.Length} rounds, {(double)requests.Sum(f => f.Length) / rows.Count:F2} bytes up and {(double)replies.Sum(f => f.Length) / rows.Count:F2} down per reading"));
    }

    private static void WaitForMessages(string folder, int count, RunningProgram program)
    {
        DateTime end = DateTime.UtcNow.AddMinutes(2);
        while (!File.Exists(Path.Combine(folder, $"{count:D4}-request.wbxml")))
        {
            Assert.IsLessThan(end, DateTime.UtcNow, program.Output);
            Thread.Sleep(1);
        }
    }

    // hourly, with gaps and repeated times, the values of many sizes and both signs
    private static string Series(int rows)
    {
        var random = new Random(7);
        var text = new StringBuilder("timestamp,value\n");
        var at = new DateTime(2013, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (int i = 0; i < rows; i++)
        {
            at = at.AddHours(i % 97 == 0 ? 30 : i % 193 == 0 ? 0 : 1);
            decimal value = Math.Round((decimal)(Math.Sin(i / 20.0) * 30 + random.NextDouble()), 8);
            text.Append(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss},{value}\n");
        }

        return text.ToString();
    }
}

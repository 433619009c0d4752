// A server that takes no more than so many readings of a device, with the real programs: what it does not take stays on the
// device and goes up once there is room.

namespace NanoSync.Tests;

[TestClass]
public class QuotaTests
{
    private const int Readings = 100;
    private const int Quota = 20;

    [TestMethod]
    public void What_a_quota_refuses_is_kept_and_all_of_it_arrives_once_there_is_room()
    {
        using var bench = new Bench();
        string server = bench.At("server"), csv = bench.At("readings.csv");
        File.WriteAllLines(csv, ["timestamp,value", .. Enumerable.Range(0, Readings).Select(i => $"{1767225600 + i},{i}")]);
        (RunningProgram program, string url) = bench.Serve(server, settings: Of(Quota));
        string[] replay = ["--readings", csv, "--data", bench.At("m"), "--server", url, "--token", bench.Enrol("d1", server)];

        Ended full = bench.Device(replay);
        Assert.AreEqual(1, full.Code, full.Output);
        Assert.Contains("the rest is kept and offered again", full.Output);
        Assert.Contains($"{Readings - Quota} pending, kept", full.Output);
        CollectionAssert.AreEqual(Enumerable.Range(0, Quota).ToArray(), Values(bench, server));
        Ended again = bench.Device(replay); // nothing has changed, and nothing goes
        Assert.AreEqual(1, again.Code, again.Output);
        Assert.Contains($"{Readings - Quota} pending, kept", again.Output);
        string show = bench.Verb("device", "show", "d1", "--data", server).Output;
        Assert.Contains("the reasons are listed under refusals", show);
        Assert.Contains($"the quota of {Quota} readings is used up", bench.Verb("refusals", "d1", "--data", server).Output);
        Assert.Contains("refused 0", show); // none is set aside as bad
        Assert.Contains("dropped 0", show);

        program.Kill();
        bench.Serve(server, new Uri(url).Port, Of(Readings));
        Ended roomy = bench.Device(replay);
        Assert.AreEqual(0, roomy.Code, roomy.Output);
        CollectionAssert.AreEqual(Enumerable.Range(0, Readings).ToArray(), Values(bench, server));
        Assert.Contains("dropped 0", bench.Verb("device", "show", "d1", "--data", server).Output);
    }

    private static Dictionary<string, string> Of(int quota) => new() { ["NANOSYNC_MAXREADINGS"] = $"{quota}", ["NANOSYNC_RATE"] = "0" };

    private static int[] Values(Bench bench, string server) => [.. bench.Objects("d1", "readings", server).Select(o => (int)o.Value.GetProperty("value").GetDecimal()).Order()];
}

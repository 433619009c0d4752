// A link that takes everything and says nothing, as behind a NAT that forgot: the virtual device goes on reading.

using System.Net;
using System.Net.Sockets;

namespace NanoSync.Tests;

[TestClass]
public class SilentLinkTests
{
    [TestMethod]
    public void Readings_go_on_at_their_interval_while_the_server_says_nothing()
    {
        using var bench = new Bench();
        string server = bench.At("server"), data = bench.At("data");
        string token = bench.Enrol("d", server);
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        string[] device = ["--token", token, "--data", data, "--interval", "1"];
        string mute = $"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";
        RunningProgram running = bench.StartDevice([.. device, "--server", mute, "--serial"]);
        running.WaitFor("^state 6$");
        using TcpClient connection = silent.AcceptTcpClient(); // the round is under way, and stays so
        DateTime end = DateTime.UtcNow.AddSeconds(8);
        while (DateTime.UtcNow < end)
        {
            Thread.Sleep(100); // what the device does meanwhile takes its time
        }

        running.Interrupt();
        Assert.AreEqual(0, running.WaitForExit(), running.Output);

        (_, string url) = bench.Serve(server);
        Assert.AreEqual(0, bench.Device([.. device, "--server", url, "--once"]).Code);
        DateTime[] taken = [.. bench.Objects("d", "readings", server).Select(o => o.Value.GetProperty("at").GetDateTime()).Order()];
        Assert.IsGreaterThanOrEqualTo(8, taken.Length, running.Output);
        for (int i = 1; i < 8; i++)
        {
            Assert.IsLessThanOrEqualTo(2.0, (taken[i] - taken[i - 1]).TotalSeconds, "seconds between two readings");
        }
    }
}

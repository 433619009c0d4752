// The virtual device and the server's command line with a folder between them, as a stick that is carried to and fro.

namespace NanoSync.Tests;

[TestClass]
public class FileCarrierTests
{
    [TestMethod]
    public void A_stick_carries_readings_to_the_server()
    {
        using var bench = new Bench();
        string data = bench.At("server");
        string stick = bench.At("stick");
        Directory.CreateDirectory(stick);
        string token = bench.Enrol("field-1", data, "--sealed");
        for (int trip = 0; trip < 4; trip++)
        {
            // a reading at each start; what the stick brought back is taken first
            Ended device = bench.Device("--carrier", "file", "--device", "field-1", "--token", token, "--folder", stick, "--once", "--wait", "0", "--data", bench.At("device"));
            Assert.Contains("the next start takes it up", device.Output);
            Ended exchange = bench.Verb("exchange", stick, "--data", data);
            Assert.AreEqual(0, exchange.Code, exchange.Output);
            Assert.Contains("1 answered, 0 late or repeated, 0 failed", exchange.Output);
        }

        List<string> ids = [.. bench.Objects("field-1", "readings", data).Select(o => o.Id)];
        Assert.HasCount(4, ids);
        Assert.HasCount(4, ids.Distinct());
    }
}

// Captured messages: decoded by this server's verb and by a program that shares no line with it.

using System.Text.RegularExpressions;

namespace NanoSync.Tests;

[TestClass]
public class MessageFileTests
{
    [TestMethod]
    public void Captured_messages_decode()
    {
        using var bench = new Bench();
        string dump = bench.At("dump");
        Assert.AreEqual(0, bench.Device("--once", "--port", "0", "--data", bench.At("data"), "--dump", dump).Code);
        string[] files = Directory.GetFiles(dump);
        Assert.IsGreaterThanOrEqualTo(4, files.Length);
        foreach (string file in files)
        {
            Ended ours = bench.Verb("decode", file);
            Assert.AreEqual(0, ours.Code, ours.Output);
            string xml = bench.At("other.xml");
            Ended other = bench.Run("wbxml2xml", bench.Folder, "-l", "ACTIVESYNC", "-o", xml, file);
            Assert.AreEqual(0, other.Code, other.Output);
            CollectionAssert.AreEqual(Elements(File.ReadAllText(xml)), Elements(ours.Output), file);
        }

        string request = files.Where(f => f.EndsWith("-request.wbxml", StringComparison.Ordinal)).MaxBy(f => new FileInfo(f).Length)!;
        byte[] bytes = File.ReadAllBytes(request);
        string cut = bench.At("cut.wbxml");
        File.WriteAllBytes(cut, bytes[..(bytes.Length * 2 / 3)]);
        Ended half = bench.Verb("decode", cut);
        Assert.AreEqual(1, half.Code, half.Output);
        Assert.Contains($"at byte {bytes.Length * 2 / 3} of {bytes.Length * 2 / 3}", half.Output);
        Assert.Contains("<SyncKey>", half.Output);
    }

    // names of elements in order; what is in ApplicationData is bytes
    private static string[] Elements(string xml) =>
        [.. Regex.Matches(Regex.Replace(xml, "(?s)<ApplicationData>.*?</ApplicationData>(?: <!--.*?-->)?", "<ApplicationData/>"), @"<(?![!?/])([\w:]+)").Select(m => m.Groups[1].Value)];
}

// Our messages against a codec that shares no line with ours: wbxml2xml and xml2wbxml of Debian's libwbxml2-utils,
// run as child processes. Both directions, every message of the table.

using System.Diagnostics;
using System.Text;
using NanoSync.Protocol;

namespace NanoSync.Tests;

[TestClass]
public class IndependentCodecTests
{
    public static IEnumerable<object[]> Messages => Enumerable.Range(0, MessageTable.Names.Length).Select(i => new object[] { i, MessageTable.Names[i] });

    [TestMethod]
    [DynamicData(nameof(Messages))]
    public void It_decodes_our_binary_form(int index, string name)
    {
        byte[] xml = Run("wbxml2xml", Codec.FromHex(MessageTable.Wbxml[index]), "-l", "ACTIVESYNC");

        // It puts OPAQUE bytes into the text as they are, which need not be UTF-8: compare what stands around them.
        string read = Codec.Read(new XmlReader(), WithoutData(xml), -1, 0);
        Assert.AreEqual(Expected(MessageTable.Items[index]), read, name);
    }

    [TestMethod]
    [DynamicData(nameof(Messages))]
    public void We_read_what_it_encodes(int index, string name)
    {
        byte[] wbxml = Run("xml2wbxml", Encoding.UTF8.GetBytes(MessageTable.XmlText[index]), "-a", "-n");
        CollectionAssert.AreEqual(new byte[] { 0x03, 0x01, 0x6A, 0x00 }, wbxml[..4]);
        Assert.AreEqual(MessageTable.Items[index], Codec.Read(new Base64WbxmlReader(), wbxml, -1, 0), name);
    }

    private static string Expected(string items)
    {
        var parts = items.Split(' ').Select(part => part.StartsWith('[') ? "[]" : part);
        return string.Join(' ', parts);
    }

    private static byte[] WithoutData(byte[] xml)
    {
        string text = Encoding.Latin1.GetString(xml);
        var kept = new StringBuilder();
        int at = 0;
        while (text.IndexOf("<ApplicationData>", at, StringComparison.Ordinal) is var start and >= 0)
        {
            int end = text.IndexOf("</ApplicationData>", start, StringComparison.Ordinal);
            kept.Append(text, at, start + "<ApplicationData>".Length - at);
            at = end;
        }

        return Encoding.Latin1.GetBytes(kept.Append(text, at, text.Length - at).ToString());
    }

    private static byte[] Run(string tool, byte[] input, params string[] options)
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-").FullName;
        try
        {
            string from = Path.Combine(folder, "in"), to = Path.Combine(folder, "out");
            File.WriteAllBytes(from, input);
            var start = new ProcessStartInfo(tool) { RedirectStandardError = true, RedirectStandardOutput = true };
            foreach (string option in options.Append("-o").Append(to).Append(from))
            {
                start.ArgumentList.Add(option);
            }

            using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{tool} did not start: apt-get install libwbxml2-utils");
            string said = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, said);
            Assert.IsTrue(File.Exists(to), said);
            return File.ReadAllBytes(to);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

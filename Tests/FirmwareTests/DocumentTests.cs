// The documents list every number, key and state that the code has.

using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Storage;

namespace NanoSync.FirmwareTests;

[TestClass]
public class DocumentTests
{
    private static string Section(string text, string heading)
    {
        int start = text.IndexOf("\n## " + heading, StringComparison.Ordinal);
        Assert.IsGreaterThan(0, start, heading);
        int end = text.IndexOf("\n## ", start + 4, StringComparison.Ordinal);
        return end < 0 ? text[start..] : text[start..end];
    }

    private static void EveryRow(string heading, IEnumerable<(int Number, string Name)> members)
    {
        string section = Section(Repository.Read("docs", "troubleshooting.md"), heading);
        HashSet<string> rows = Regex.Matches(section, @"(?m)^\| (\d+ \| \w+) \| [^|]{4,} \|").Select(m => m.Groups[1].Value).ToHashSet();
        foreach ((int number, string name) in members)
        {
            Assert.IsTrue(rows.Remove($"{number} | {name}"), $"{heading}: {number} {name} is not listed");
        }

        Assert.IsEmpty(rows, $"{heading}: listed, but there is none");
    }

    [TestMethod]
    public void Troubleshooting_lists_every_error()
    {
        EveryRow("SyncError", Enum.GetValues<SyncError>().Select(e => ((int)e, e.ToString())));
        EveryRow("StoreError", Enum.GetValues<StoreError>().Select(e => ((int)e, e.ToString())));
        EveryRow("CarrierError", Enum.GetValues<CarrierError>().Select(e => ((int)e, e.ToString())));
        EveryRow("Status", typeof(Status).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => ((int)f.GetRawConstantValue()!, f.Name)));
    }

    [TestMethod]
    public void Operations_lists_every_state_of_the_lamp()
    {
        string section = Section(Repository.Read("docs", "operations.md"), "The lamp");
        foreach (AppState state in Enum.GetValues<AppState>())
        {
            Assert.Contains($"\n| {state} | {(int)state} | ", section);
        }
    }

    [TestMethod]
    public void Operations_lists_every_key_with_its_default()
    {
        string section = Section(Repository.Read("docs", "operations.md"), "Settings");
        string[] keys = Regex.Matches(Repository.Read("Device", "Firmware", "Settings.cs"), "case \"([a-z0-9-]+)\":").Select(m => m.Groups[1].Value)
            .Where(k => k is not ("free-heap" or "uptime" or "signal" or "adc" or "sht3x-temperature" or "sht3x-humidity")).ToArray();
        Assert.HasCount(19, keys);
        foreach (string key in keys)
        {
            Assert.Contains($"\n| {key} | ", section);
        }

        var defaults = new Settings();
        byte[] text = Encoding.ASCII.GetBytes("server = http://s");
        Assert.IsNull(defaults.Parse(text, text.Length));
        foreach ((string key, int value) in ((string, int)[])[("interval", defaults.Interval), ("sync", defaults.Sync), ("watchdog", defaults.Watchdog), ("restart-offline", defaults.RestartOffline),
            ("store", defaults.StoreBytes), ("outbox", defaults.OutboxBytes), ("segment", defaults.SegmentBytes), ("buffer", defaults.BufferBytes), ("window", defaults.Window),
            ("reply", defaults.ReplyBytes), ("request", defaults.RequestBytes)])
        {
            Assert.IsTrue(Regex.IsMatch(section, $@"(?m)^\| {key} \| [^|]+ \| {value} \| "), key);
        }
    }

    [TestMethod]
    public void The_first_device_fits_fifteen_lines()
    {
        string body = Regex.Match(Repository.Read("Device", "Examples", "FirstDevice.cs"), @"(?s)uint now\)\n        \{\n(.*?)\n        \}\n").Groups[1].Value;
        string[] lines = body.Split('\n').Where(l => l.Trim().Length > 0).ToArray();
        Assert.IsTrue(lines.Length is > 8 and <= 15, $"{lines.Length} lines");
    }
}

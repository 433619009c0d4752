// The runbook of backup and restore in docs/operations.md: its commands as they stand there, in their order, with a server and a
// device that go on meanwhile. In place of systemd the test ends and starts the server.

namespace NanoSync.Tests;

[TestClass]
public sealed class RunbookTests : IDisposable
{
    private readonly Bench _bench = new();
    private RunningProgram _server = null!;
    private string _url = "", _token = "";

    private string Data => _bench.At("data");

    public void Dispose() => _bench.Dispose();

    [TestMethod]
    public void After_a_restore_by_the_runbook_each_reading_is_there_once_and_what_the_device_holds_is_not_undone()
    {
        _token = _bench.Enrol("shed", Data);
        Start();
        Sync();
        Put(5);
        Sync();
        HashSet<string> backedUp = [], lost = [];
        List<string> ran = [];
        foreach (string line in Runbook())
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            ran.Add(words[1]);
            switch (line)
            {
                case "systemctl stop nanosync-server": // until then the server goes on: another reading, another setting
                    backedUp = Readings();
                    Put(7);
                    Sync();
                    lost = Readings();
                    lost.ExceptWith(backedUp);
                    _server.Interrupt();
                    Assert.AreEqual(0, _server.WaitForExit(), _server.Output);
                    break;
                case "systemctl start nanosync-server":
                    Start();
                    Sync();
                    break;
                default:
                    Assert.AreEqual("nanosync-server", words[0], line);
                    Ended ended = _bench.Verb(words[1..]);
                    Assert.AreEqual(0, ended.Code, $"{line}: {ended.Output}");
                    break;
            }
        }

        Assert.AreEqual("backup backup stop restore doctor start device object", string.Join(' ', ran));
        Assert.IsTrue(File.Exists(Path.Combine(Data, "nanosync.db.before-restore")));
        HashSet<string> now = Readings();
        Assert.IsTrue(backedUp.Count > 0 && now.IsSupersetOf(backedUp), "what was backed up is there");
        Assert.IsTrue(lost.Count > 0 && !now.Overlaps(lost), "what came after it and was acknowledged is not: the document says so");
        Assert.IsGreaterThan(backedUp.Count, now.Count, "and the device goes on");
        Assert.AreEqual(7, _bench.Objects("shed", "config", Data).Single(o => o.Id == "sampling").Value.GetProperty("interval").GetInt32(), "the newer setting, which the device held");
    }

    private void Start() => (_server, _url) = _bench.Serve(Data);

    private void Sync()
    {
        for (int i = 0; i < 2; i++) // what is due comes with the first, and is acknowledged by the second
        {
            Ended ended = _bench.Device("--server", _url, "--token", _token, "--once", "--data", _bench.At("device"));
            Assert.AreEqual(0, ended.Code, ended.Output);
        }
    }

    private void Put(int interval)
    {
        Ended ended = _bench.Verb("object", "put", "shed", "config", "sampling", $$"""{"interval":{{interval}},"sensors":""}""", "--data", Data);
        Assert.AreEqual(0, ended.Code, ended.Output);
    }

    private HashSet<string> Readings()
    {
        string[] ids = [.. _bench.Objects("shed", "readings", Data).Select(r => r.Id)];
        CollectionAssert.AllItemsAreUnique(ids);
        return [.. ids];
    }

    private static string[] Runbook()
    {
        string text = File.ReadAllText(Path.Combine(Bench.Root, "docs/operations.md"));
        string block = text[text.IndexOf("## Backup and restore", StringComparison.Ordinal)..].Split("```", 3)[1];
        return [.. block.Split('\n').Select(l => l.Split(" # ")[0].Trim()).Where(l => l.Length > 0)];
    }
}

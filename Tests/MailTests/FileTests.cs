// Messages as files in a folder [SPEC 8.4]: the device's side and the server's over one stick, which is carried to and fro.

using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Sealed;

namespace NanoSync.MailTests;

[TestClass]
public sealed class FileTests
{
    private string _folder = "";
    private ServerCore _core = null!;
    private MailDevice _device = null!;

    private string Stick => Path.Combine(_folder, "stick");

    [TestInitialize]
    public void Begin()
    {
        _folder = Directory.CreateTempSubdirectory("nanosync-file-").FullName;
        Directory.CreateDirectory(Stick);
        _core = ServerData.Open(new ServerOptions { Data = Path.Combine(_folder, "data") });
        string token = _core.Devices.Add("field-1", isSealed: true);
        _device = new MailDevice(() =>
        {
            FilePost post = new(Stick, Path.DirectorySeparatorChar.ToString());
            return new SealedCarrier("field-1", token, post, post);
        });
    }

    [TestCleanup]
    public void End()
    {
        _core.Dispose();
        Directory.Delete(_folder, true);
    }

    [TestMethod]
    public async Task Readings_go_up_and_configuration_comes_down_on_a_stick()
    {
        _core.Objects.Put("field-1", "config", "sampling", Server.Application.ObjectJson.Parse("{\"n\":5}"u8.ToArray(), "setting(n:u)"));
        _device.Append(30);
        await _device.SyncUntilInStep(() =>
        {
            Assert.AreEqual(new FileExchangeResult(1, 0, 0), Exchange());
            _device.Restart();
            return Task.CompletedTask;
        });
        Assert.HasCount(30, _core.Objects.List("field-1", "readings"));
        Assert.AreEqual(1, _device.Settings);
        Assert.IsEmpty(Files("to-server"));
        Assert.IsEmpty(Files("to-device"), "The device deletes what it took.");
    }

    [TestMethod]
    public void A_request_and_its_reply_have_one_name_of_device_store_and_a_number_of_ten_digits()
    {
        for (int number = 1; number <= 11; number++)
        {
            _device.Append(1);
            _device.Round(RoundOutcome.Deferred);
            string name = Path.GetFileName(Files("to-server").Single());
            Assert.MatchesRegex($@"^field-1\.[A-Za-z0-9_-]{{4}}\.{number:D10}\.sealed$", name);
            Exchange();
            Assert.AreEqual(name, Path.GetFileName(Files("to-device").Single()));
            Assert.AreNotEqual(RoundOutcome.Failed, _device.Engine.Round().Outcome);
        }
    }

    [TestMethod]
    public void Without_the_stick_nothing_is_lost_and_with_it_all_goes_on()
    {
        _device.Append(3);
        Directory.Delete(Stick);
        File.WriteAllText(Stick, "no folder");
        Assert.AreEqual(RoundOutcome.Failed, _device.Engine.Round().Outcome);
        Assert.AreEqual(3, _device.Engine.Pending);
        File.Delete(Stick);
        Directory.CreateDirectory(Stick);
        SyncAll();
        Assert.HasCount(3, _core.Objects.List("field-1", "readings"));
    }

    [TestMethod]
    public void Repeated_late_and_torn_files_change_nothing()
    {
        _device.Append(1);
        SyncAll();
        _device.Append(1);
        SyncAll();
        List<string> done = Files("done");
        Assert.IsGreaterThan(1, done.Count);
        long last = _core.Objects.List("field-1", "readings")[^1].Row.Seq;

        // all that was answered once more, the newest first by its name, and a copy that ended early
        foreach (string path in done)
        {
            File.Copy(path, Path.Combine(Stick, "to-server", Path.GetFileName(path)));
        }

        byte[] bytes = File.ReadAllBytes(done[^1]);
        File.WriteAllBytes(Path.Combine(Stick, "to-server", "torn.sealed"), bytes[..^1]);
        File.WriteAllBytes(Path.Combine(Stick, "to-server", "unfinished.sealed.part"), bytes[..10]);
        Assert.AreEqual(new FileExchangeResult(0, done.Count, 1), Exchange());
        Assert.HasCount(2, _core.Objects.List("field-1", "readings"));
        Assert.AreEqual(last, _core.Objects.List("field-1", "readings")[^1].Row.Seq);
        Assert.IsTrue(File.Exists(Path.Combine(Stick, "failed", "torn.sealed.why")));
        Assert.IsTrue(File.Exists(Path.Combine(Stick, "to-server", "unfinished.sealed.part")), "still being written");
    }

    [TestMethod]
    public void A_reply_that_was_torn_or_comes_late_is_not_taken()
    {
        _device.Append(1);
        _device.Round(RoundOutcome.Deferred);
        Exchange();
        string reply = Files("to-device").Single();
        byte[] whole = File.ReadAllBytes(reply);
        File.WriteAllBytes(reply, whole[..^5]);
        Assert.AreNotEqual(RoundOutcome.More, _device.Engine.Round().Outcome);
        Assert.AreEqual(1, _device.Engine.Pending);
        File.WriteAllBytes(reply, whole);
        SyncAll();
        Assert.AreEqual(0, _device.Engine.Pending);

        // the same reply again: it is to a request long past
        Directory.CreateDirectory(Path.Combine(Stick, "to-device"));
        File.WriteAllBytes(reply, whole);
        _device.Append(1);
        SyncAll();
        Assert.HasCount(2, _core.Objects.List("field-1", "readings"));
        Assert.IsEmpty(Files("to-device"));
    }

    [TestMethod]
    public void A_store_that_was_put_back_delivers_all_its_later_readings_by_files()
    {
        _device.Append(2);
        SyncAll();
        NanoSync.Storage.MemoryVolume copy = _device.CopyFlash();
        for (int i = 0; i < 3; i++)
        {
            _device.Append(2);
            SyncAll();
        }

        _device.PutBack(copy);
        for (int i = 0; i < 5; i++)
        {
            _device.Append(2);
            SyncAll();
            _device.Restart(); // the number to go on from is durable
        }

        // 2 before the copy, 6 after it, 10 after it was put back; all have other contents
        Assert.HasCount(18, _core.Objects.List("field-1", "readings"));
        Server.Engine.RefusalRow refusal = _core.Devices.Refusals("field-1").Single(r => r.ObjectId.StartsWith("sealed ", StringComparison.Ordinal));
        Assert.AreEqual(1, refusal.Times, "told once; from then on its numbers are new");
    }

    [TestMethod]
    public void A_number_to_go_on_from_that_is_not_for_the_request_under_way_or_not_proved_changes_nothing()
    {
        _device.Append(1);
        SyncAll();
        NanoSync.Storage.MemoryVolume copy = _device.CopyFlash();
        _device.Append(1);
        SyncAll();
        _device.PutBack(copy);
        _device.Append(1);
        _device.Round(RoundOutcome.Deferred);
        Exchange();
        string path = Files("to-device").Single();
        byte[] goOn = File.ReadAllBytes(path);
        Assert.AreEqual(3, goOn[3]);

        // a bit of the number changed, the end torn off, a byte more
        byte[] changed = [.. goOn];
        changed[^33] ^= 64;
        foreach (byte[] wrong in new[] { changed, goOn[..^1], [.. goOn, 0] })
        {
            File.WriteAllBytes(path, wrong);
            _device.Round(RoundOutcome.Deferred);
            Assert.IsEmpty(Files("to-server"), "It waits on.");
        }

        File.WriteAllBytes(path, goOn);
        _device.Round(RoundOutcome.More);
        _device.Restart();
        _device.Round(RoundOutcome.Deferred);
        string next = Files("to-server").Single();
        uint told = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(goOn.AsSpan(goOn.Length - 36));
        Assert.EndsWith($".{told + 1:D10}.sealed", next);

        // the same once more, late, also under the name of the request that is under way now
        File.WriteAllBytes(Path.Combine(Stick, "to-device", Path.GetFileName(next)), goOn);
        _device.Round(RoundOutcome.Deferred);
        Assert.AreEqual(next, Files("to-server").Single());
        SyncAll();
        Assert.HasCount(3, _core.Objects.List("field-1", "readings"));
    }

    [TestMethod]
    public void A_class_that_the_firmware_changed_while_a_request_was_under_way_is_told()
    {
        _device.Append(1);
        SyncAll(); // the server knows which class the readings have
        _device.Append(1);
        _device.Round(RoundOutcome.Deferred);
        Exchange();
        _device.Upgrade(); // the reply to the request of the firmware before waits
        _device.Append(1);
        SyncAll();
        string before = Wire("reading(n:u)");
        Assert.AreEqual($"{before} {before} {Wire("reading(n:u,more:u)")}", string.Join(' ', _core.Objects.List("field-1", "readings").Select(r => r.Row.Class)));
        Assert.IsEmpty(_core.Devices.Refusals("field-1"));
    }

    [TestMethod]
    public void An_object_that_changed_while_it_was_sent_is_not_replaced_by_the_reply_that_names_it()
    {
        SyncAll();
        uint id = _device.Make(1);
        _device.Round(RoundOutcome.Deferred);
        Exchange();
        Files("to-device").ForEach(File.Delete); // it is lost, and somebody changes the object
        string name = _core.Objects.List("field-1", "config").Single().Row.Id;
        _core.Objects.Put("field-1", "config", name, Server.Application.ObjectJson.Parse("{\"n\":5}"u8.ToArray(), "setting(n:u)"));
        _device.Append(1); // the request is made anew, with this: it is not the same, and gets a reply of its own
        while (Files("to-server").Count == 0)
        {
            _device.Round(RoundOutcome.Deferred);
        }

        // this reply names the object and brings what somebody made of it; here it changed once more
        Exchange();
        _device.Change(id, 2);
        Assert.AreNotEqual(RoundOutcome.Failed, _device.Engine.Round().Outcome);
        Assert.AreEqual("2", _device.Held(), "the change is not lost unseen");
        SyncAll();
        Assert.AreEqual("5", _device.Held(), "the server wins");
        Assert.Contains(2, _core.Objects.Losers("field-1", "config").Select(l => (int)l.Row.Data![^1]), "and the change is there to be read");
    }

    private static string Wire(string definition) => Server.Engine.ClassCatalog.WireName(Server.Engine.ClassCatalog.Parse(definition)!);

    private FileExchangeResult Exchange() => FileExchange.Run(_core, _core.Sealed, Stick);

    private List<string> Files(string folder)
    {
        string path = Path.Combine(Stick, folder);
        return Directory.Exists(path) ? [.. Directory.GetFiles(path).Order(StringComparer.Ordinal)] : [];
    }

    private void SyncAll(Action? serve = null)
    {
        for (int i = 0; i < 40; i++)
        {
            RoundResult result = _device.Engine.Round();
            if (result.Outcome == RoundOutcome.InStep)
            {
                return;
            }

            if (result.Outcome == RoundOutcome.Deferred)
            {
                (serve ?? (() => Exchange()))();
            }
        }

        Assert.Fail("not in step");
    }
}

// What an operator does from the command line about one device, and what it comes to in the database and on the device:
// the program as a process of its own beside a running server, over the same file, and a real device.

using System.Text.Json.Nodes;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using Status = NanoSync.Protocol.Status;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class OperatorTests
{
    [TestMethod]
    [DataRow(false, "a device {\"n\":2}", 9UL)]
    [DataRow(true, "a server {\"n\":9}", 2UL)]
    public void Conflicts_shows_the_loser_and_what_it_held(bool deviceWins, string loser, ulong winner)
    {
        using Field field = new(deviceWins);
        Assert.AreEqual("id loser time value", Lines(field, "object", "conflicts", "d1", "config").Single());
        field.Put("a", 1);
        field.Sync();
        field.Change("a", 2);
        field.Put("a", 9);
        field.Sync();
        Assert.AreEqual("a=" + winner, field.Held());
        string[] lines = Lines(field, "object", "conflicts", "d1", "config");
        Assert.AreEqual(loser, string.Join(' ', lines[1].Split(' ').Where((_, i) => i is not (2 or 3)))); // without day and time
        Assert.HasCount(2, lines);
        Assert.HasCount(1, Lines(field, "object", "conflicts", "d1", "news"));
        IsUnknown(field, "object", "conflicts", "d2", "config");
        IsUnknown(field, "object", "conflicts", "d1", "elsewhere");
    }

    [TestMethod]
    public void Conflicts_tells_a_deletion_that_lost()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Sync();
        field.Delete("a");
        field.Put("a", 9);
        field.Sync();
        Assert.AreEqual("a=9", field.Held());
        StringAssert.EndsWith(Lines(field, "object", "conflicts", "d1", "config")[1], " deleted");
    }

    [TestMethod]
    public void Retry_sends_again_one_object_that_was_refused_or_all()
    {
        using Field field = new() { Handler = new Above(5) };
        field.Put("a", 1);
        field.Put("b", 2);
        field.Put("c", 7);
        field.Sync();
        Assert.AreEqual("c=7", field.Held());
        Assert.AreEqual("refused 6 above 5 is wanted", State(field, "a"));

        field.Handler = null; // a firmware that takes it
        field.Restart();
        Assert.AreEqual("1 to be sent again", Lines(field, "object", "retry", "d1", "config", "a").Single());
        Assert.AreEqual("waiting", State(field, "a"));
        Assert.AreEqual("refused 6 above 5 is wanted", State(field, "b"));
        field.Sync();
        Assert.AreEqual("a=1 c=7", field.Held());
        Assert.AreEqual("1 to be sent again", Lines(field, "object", "retry", "d1", "config").Single());
        field.Sync();
        Assert.AreEqual("a=1 b=2 c=7", field.Held());
        field.Round(); // acknowledges
        Assert.AreEqual("applied", State(field, "b"));

        Assert.AreEqual("0 to be sent again", Lines(field, "object", "retry", "d1", "config", "a").Single());
        IsUnknown(field, "object", "retry", "d1", "config", "z");
        IsUnknown(field, "object", "retry", "d2", "config");
        IsUnknown(field, "object", "retry", "d1", "elsewhere", "a");
    }

    [TestMethod]
    public void Drop_takes_the_object_from_the_device_alone()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Put("b", 2);
        field.Sync();
        field.Sync();
        Assert.IsEmpty(Lines(field, "object", "drop", "d1", "config", "a"));
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
        Assert.AreEqual("a=0101 b=0102", field.Bench.Held("d1"));
        Assert.AreEqual("dropped 0 dropped on request", State(field, "a"));
        StringAssert.Contains(Lines(field, "object", "list", "d1", "config")[1], "dropped");

        Assert.AreEqual("1 to be sent again", Lines(field, "object", "retry", "d1", "config", "a").Single());
        field.Sync();
        Assert.AreEqual("a=1 b=2", field.Held());

        IsUnknown(field, "object", "drop", "d1", "config", "z");
        IsUnknown(field, "object", "drop", "d2", "config", "a");
        Assert.AreEqual(2, Cli.Run(field.Bench.Folder, "object", "drop", "d1", "config").Code, "an id is wanted");
        field.Sync();
        Assert.AreEqual("a=1 b=2", field.Held());
    }

    [TestMethod]
    public void Fetch_brings_the_devices_copy()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Put("b", 2);
        field.Sync();
        field.Sync();
        Assert.IsEmpty(Lines(field, "object", "fetch", "d1", "config", "a"));
        int before = field.Requests.Count;
        field.Sync();
        field.Round();
        SyncCommand answer = field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Responses).Single();
        Assert.AreEqual("Fetch a 0101", answer.Text());
        field.Round();
        Assert.AreEqual(1, field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Responses).Count(), "asked once, answered once");

        // of what the device dropped there is no copy
        field.Core.Objects.Drop("d1", "config", "b");
        field.Sync();
        Assert.IsEmpty(Lines(field, "object", "fetch", "d1", "config", "b"));
        before = field.Requests.Count;
        field.Sync();
        field.Round();
        Assert.AreEqual("Fetch b status 8", field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Responses).Single().Text());
        Assert.AreEqual("a=0101 b=0102", field.Bench.Held("d1"));

        IsUnknown(field, "object", "fetch", "d1", "config", "z");
        IsUnknown(field, "object", "fetch", "d2", "config", "a");
        IsUnknown(field, "object", "fetch", "d1", "elsewhere", "a");
    }

    [TestMethod]
    public void A_copy_asked_for_does_not_undo_a_deletion_that_came_after()
    {
        using Field field = new(deviceWins: true); // by the rule of conflicts the device's value would stay
        field.Put("a", 1);
        field.Sync();
        field.Change("a", 2);
        field.Sync();
        Assert.IsEmpty(Lines(field, "object", "fetch", "d1", "config", "a"));
        field.Round(); // the question came, and the answer waits
        field.Core.Objects.Delete("d1", "config", "a");
        int before = field.Requests.Count;
        field.Sync();
        field.Round();
        Assert.AreEqual("Fetch a 0102", field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Responses).Single().Text());
        Assert.AreEqual("", field.Bench.Held("d1"));
        Assert.AreEqual("", field.Held());
        StringAssert.EndsWith(Lines(field, "object", "conflicts", "d1", "config")[^1], """ {"n":2}""", "the copy is there to be read");
    }

    [TestMethod]
    public void Tell_queues_a_command_and_show_shows_what_became_of_it()
    {
        using Field field = new() { Host = new Machine() };
        StringAssert.Contains(Show(field), "never seen\nIt was enrolled and never came");
        string[] ids =
        [
            Tell(field, "interval", "seconds=60"),
            Tell(field, "interval", "seconds=0"),
            Tell(field, "start-over", "collection=config"),
            Tell(field, "send-status"),
        ];
        Assert.AreEqual($"interval {ids[0]} waiting; interval {ids[1]} waiting; start-over {ids[2]} waiting; send-status {ids[3]} waiting", Commands(field));
        for (int i = 0; i < 8; i++)
        {
            field.Round();
        }

        Assert.AreEqual($"interval {ids[0]} done; interval {ids[1]} refused (6) the device does not take this value; "
            + $"start-over {ids[2]} done; send-status {ids[3]} done", Commands(field));
        Assert.AreEqual("Interval 60", ((Machine)field.Host!).Done);
        StringAssert.Contains(Show(field), ": battery 3.71, signal -67, freeHeap 81000, flashLeft 120000, firmware 1.2, reset command, refused 3, uptime 4000");
        StringAssert.Contains(Show(field), "last seen 2026-03-01 12:00:00Z");

        // the same through the application's interface
        Assert.AreEqual("battery=3.71 signal=-67 freeHeap=81000 flashLeft=120000 firmware=1.2 reset=command refused=3 uptime=4000 dropped=0 damaged=0 forked=0 clock=0 pending=0",
            string.Join(' ', field.Core.Devices.Info("d1").Single(i => i.Row.Class == "status").Fields.Select(f => f.Key + "=" + f.Value)));
        IsUnknown(field, "device", "show", "d2");
    }

    [TestMethod]
    [DataRow(1, "There is no command explode. There are: restart, interval, start-over, send-status, send-diary", "d1", "explode")]
    [DataRow(1, "interval needs seconds.", "d1", "interval")]
    [DataRow(1, "Not NAME=VALUE: 60", "d1", "interval", "60")]
    [DataRow(1, "seconds does not take soon: a whole number, 0 or more is wanted.", "d1", "interval", "seconds=soon")]
    [DataRow(1, "seconds does not take -1: a whole number, 0 or more is wanted.", "d1", "interval", "seconds=-1")]
    [DataRow(1, "seconds is given twice.", "d1", "interval", "seconds=1", "seconds=2")]
    [DataRow(1, "restart has no field when.", "d1", "restart", "when=now")]
    [DataRow(1, "id is given twice.", "d1", "restart", "id=1")]
    [DataRow(3, "There is no device d2.", "d2", "restart")]
    public void Tell_takes_no_wrong_command(int code, string error, params string[] arguments)
    {
        using Field field = new();
        (int exit, string output, string said) = Cli.Run(field.Bench.Folder, ["device", "tell", .. arguments]);
        Assert.AreEqual($"{code} {error} ", $"{exit} {said.Trim()} {output}");
        Assert.IsEmpty(field.Core.Devices.Commands("d1"));
    }

    private static string[] Lines(Field field, params string[] arguments)
    {
        (int code, string output, string error) = Cli.Run(field.Bench.Folder, arguments);
        Assert.AreEqual("0 ", $"{code} {error}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))];
    }

    private static void IsUnknown(Field field, params string[] arguments)
    {
        (int code, string output, string error) = Cli.Run(field.Bench.Folder, arguments);
        Assert.AreEqual("3 ", $"{code} {output}");
        StringAssert.Contains(error, arguments.Contains("d2") ? "There is no device d2." : arguments.Contains("elsewhere") ? "has no collection elsewhere" : "There is no object z");
    }

    private static string State(Field field, string id)
    {
        AsideRow? aside = field.Core.Objects.SetAside("d1", "config").Find(a => a.ServerId == id);
        return field.Core.Objects.Get("d1", "config", id).State + (aside == null ? "" : $" {aside.Status} {aside.Reason}");
    }

    private static string Show(Field field) => string.Join('\n', Lines(field, "device", "show", "d1"));

    // "interval 123 done" of "interval 123 of DAY TIME: done"
    private static string Commands(Field field)
    {
        string[] names = [.. BuiltIn.Commands.Select(c => c.Name)];
        return string.Join("; ", Lines(field, "device", "show", "d1").Select(l => l.Split(' ')).Where(w => names.Contains(w[0]))
            .Select(w => $"{w[0]} {w[1]} {string.Join(' ', w.Skip(5))}"));
    }

    private static string Tell(Field field, params string[] arguments)
    {
        string id = Lines(field, ["device", "tell", "d1", .. arguments]).Single();
        Assert.AreEqual(id, field.Core.Devices.Commands("d1")[^1].Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return id;
    }

    private sealed class Above(ulong least) : IObjectHandler
    {
        public string? Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
        {
            return record[offset + 1] > least ? null : $"above {least} is wanted";
        }

        public string? CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
        {
            return null;
        }

        public void Changed(SyncCollection collection)
        {
        }
    }

    private sealed class Machine : IDeviceHost
    {
        public string Done { get; private set; } = "";

        public void WriteStatus(RecordWriter record)
        {
            record.Fixed(371);
            record.Int(-67);
            record.UInt(81_000);
            record.UInt(120_000);
            record.Text("1.2");
            record.Text("command");
            record.UInt(3);
            record.UInt(4000);
        }

        public void SetTime(uint unixSeconds, int milliseconds)
        {
        }

        public int Accept(DeviceCommand command, uint value) => value == 0 ? Status.BadObject : Status.Success;

        public void Execute(DeviceCommand command, uint value) => Done += $"{command} {value}";
    }
}

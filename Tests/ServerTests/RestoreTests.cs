// An older state of the database was put back: what devices hold is newer, and nothing of it is undone. [SPEC 5.8, 7.1]

using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class RestoreTests
{
    [TestMethod]
    public void A_setting_that_the_device_holds_is_not_undone_and_the_older_one_is_kept_as_a_loser()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        bench.PutBytes("d1", "a", 2);
        device.Pull();
        bench.Restore();
        Recover(device);
        Assert.AreEqual("ok {Change a 01}", device.Sync(device.Ask()).Line()); // it has seen the object
        CollectionElement newer = AddTests.With(device, TestDevice.Change("a", 2));
        newer.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        Assert.AreEqual("ok", device.Sync(newer).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("a 01 server", Losers(bench));
    }

    [TestMethod]
    public void What_was_written_since_is_a_conflict_by_the_rule()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        bench.PutBytes("d1", "a", 2);
        device.Pull();
        bench.Restore();
        bench.PutBytes("d1", "a", 3);
        bench.PutBytes("d1", "new", 4);
        Recover(device);
        Assert.AreEqual("ok {Change a 03} {Add new 04}", device.Sync(device.Ask()).Line());
        CollectionElement newer = AddTests.With(device, TestDevice.Change("a", 2));
        newer.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        Assert.AreEqual("ok [Change a status 7] {Change a 03}", device.Sync(newer).Line());
        Assert.AreEqual("a=03 new=04", bench.Held("d1"));
        Assert.AreEqual("a 02 device", Losers(bench));
    }

    [TestMethod]
    public void A_deletion_that_the_device_had_acknowledged_is_not_undone()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        bench.PutBytes("d1", "c", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        bench.Core.Objects.Delete("d1", "config", "a");
        bench.Core.Objects.Delete("d1", "config", "b");
        device.Pull();
        bench.Restore();
        bench.PutBytes("d1", "b", 2);
        Recover(device);
        Assert.AreEqual("ok {Change a 01} {Change c 01} {Change b 02}", device.Sync(device.Ask()).Line());
        CollectionElement gone = device.Ask();
        gone.Responses.AddRange([TestDevice.Refuse(Tags.Change, "a", Status.NotFound), TestDevice.Refuse(Tags.Change, "b", Status.NotFound)]);
        Assert.AreEqual("ok {Add b 02}", device.Sync(gone).Line()); // written since: it is made again
        Assert.AreEqual("b=02 c=01", bench.Held("d1"));
        Assert.AreEqual("a 01 server; b - device", Losers(bench));
    }

    [TestMethod]
    public void What_is_refused_in_the_pass_and_is_not_there_or_for_another_reason_is_a_refusal_as_ever()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1)));
        bench.Restore();
        bench.PutBytes("d1", "n", 1);
        Recover(device);
        Assert.AreEqual("ok {Change a 01} {Change b 01} {Add n 01}", device.Sync(device.Ask()).Line());
        CollectionElement refusing = device.Ask();
        refusing.Responses.AddRange([TestDevice.Refuse(Tags.Change, "never", Status.NotFound), TestDevice.Refuse(Tags.Change, "b", Status.BadObject, "no"),
            TestDevice.Refuse(Tags.Add, "n", Status.NotFound)]);
        Assert.AreEqual("ok", device.Sync(refusing).Line());
        Assert.AreEqual("a=01 b=01 n=01", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench));
        Assert.AreEqual("b 6 False; n 8 True", string.Join("; ", bench.Core.Objects.SetAside("d1", "config").OrderBy(a => a.ServerId, StringComparer.Ordinal).Select(a => $"{a.ServerId} {a.Status} {a.WasAdd}")));
        Assert.AreEqual("b n never", string.Join(' ', bench.Core.Devices.Refusals("d1").Select(r => r.ObjectId).Order(StringComparer.Ordinal)));
    }

    [TestMethod]
    public void An_older_object_that_is_changed_after_the_pass_leaves_no_loser()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1)));
        bench.Restore();
        Recover(device);
        device.Pull();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1))); // not named in the pass
        Assert.IsNull(device.Exchange(device.Ask()));
        device.Sync(AddTests.With(device, TestDevice.Change("z", 2)));
        device.Sync(AddTests.With(device, TestDevice.Change("z", 3)));
        Assert.AreEqual("a=01 z=03", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void The_pass_ends_with_a_request_that_brings_nothing_and_what_is_changed_then_leaves_no_loser()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1)));
        bench.Restore();
        Recover(device);
        device.Pull();
        bench.PutBytes("d1", "n", 1);
        Assert.AreEqual("ok {Add n 01}", device.Sync(device.Ask()).Line());
        device.Sync(AddTests.With(device, TestDevice.Change("a", 2)));
        Assert.AreEqual("a=02 n=01", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void A_value_that_the_device_holds_comes_back_over_an_older_one_of_a_class_that_it_does_not_take()
    {
        using Field field = new();
        NewValue other = ObjectJson.Parse("""{"x":1}"""u8.ToArray(), "other(x:u)");
        field.Core.Objects.Put("d1", "config", "a", other);
        field.Core.Objects.Put("d1", "news", "a", other);
        field.Sync();
        Assert.AreEqual("", field.Held());
        field.Bench.BackUp();
        field.Restore(); // the server of the device's way is the one that is open
        field.Put("a", 2);
        field.Put("a", 3, "news");
        field.Sync();
        Assert.AreEqual("a=2", field.Held());
        field.Restore();
        field.Sync();
        Assert.AreEqual("a=2", field.Held());
        Assert.AreEqual("a=0102", field.Bench.Held("d1"));
        Assert.AreEqual("a=0103", field.Bench.Held("d1", "news"));
        Assert.AreEqual("other", field.Core.Objects.Losers("d1", "config").Single().Class?.Name);
    }

    [TestMethod]
    public void An_object_asked_for_in_the_pass_does_not_replace_what_the_device_holds_before_the_server_has_that()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Sync();
        field.Bench.BackUp();
        field.Restore(); // the server of the device's way is the one that is open
        field.Put("a", 2);
        field.Sync();
        field.Restore();
        field.Put("a", 3);
        field.Round(); // 205
        field.Round(); // key 0
        Assert.IsTrue(field.Engine.Fetch(field.Config, "a"u8.ToArray()));
        field.Sync();
        Assert.AreEqual("a=3", field.Held());
        Assert.AreEqual("a 0102 device", Losers(field.Bench));
    }

    [TestMethod]
    [DataRow(true, "a=2", "a=0102", "a 0101 server")]
    [DataRow(false, "a=1", "a=0101", "a 0102 device")] // the state that was put back knows no store of this device
    public void A_device_that_was_about_to_start_over_brings_what_the_restore_lost(bool known, string held, string stored, string loser)
    {
        using Field field = new();
        field.Put("a", 1);
        if (known)
        {
            field.Sync();
            field.Round(); // which says that it arrived
        }

        field.Bench.BackUp();
        field.Restore(); // the server of the device's way is the one that is open
        field.Put("a", 2);
        field.Sync();
        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        for (int i = 0; i < 3 && !field.Config.StartsOver; i++)
        {
            field.Round();
        }

        Assert.IsTrue(field.Config.StartsOver);
        field.Restore(); // the device's start over is in flash
        field.Sync();
        Assert.AreEqual(held, field.Held());
        Assert.AreEqual(stored, field.Bench.Held("d1"));
        Assert.AreEqual(loser, Losers(field.Bench));
        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        field.Sync();
        Assert.AreEqual(held, field.Held());
        Assert.AreEqual(1, field.Replies.Sum(r => r.Collections.Count(c => c.Id == "config" && c.Status == Status.WentBack)), "told once");
    }

    [TestMethod]
    public void A_start_that_tells_a_lost_key_is_told_so_and_a_late_copy_of_it_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("a", 1)));
        device.LastKey = device.Key();
        bench.Restore();
        device.SetKey(SyncKeys.Zero);
        device.Starts++;
        CollectionElement told = device.Sync(device.Ask());
        Assert.AreEqual("status 205", told.Line());
        Assert.AreEqual(SyncKeys.Zero, told.SyncKey);
        byte[] late = device.LastRequest;
        Assert.AreEqual("status 205", device.Parse(device.Send(late))!.Collections.Single().Line(), "as often as it is sent");

        device.LastKey = null;
        Assert.AreEqual("ok", device.Sync(device.Ask()).Line());
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual("status 3", device.Parse(device.Send(late))!.Collections.Single().Line());
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 3))).Line());
        Assert.AreEqual("a=03", bench.Held("d1"));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void A_start_that_tells_a_key_which_this_database_gave_starts_over_at_once(int before)
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        List<string> keys = [device.Key()];
        for (byte i = 0; i < 2; i++)
        {
            device.Sync(AddTests.With(device, TestDevice.Change("a", i)));
            keys.Add(device.Key());
        }

        bench.Restart(); // another incarnation
        device.LastKey = keys[2 - before];
        device.Start();
        Assert.AreNotEqual(SyncKeys.Zero, device.Key());
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    [DataRow("7abcd")] // of a database of version 0.1
    [DataRow("0")]
    [DataRow("")]
    public void A_start_that_tells_what_is_no_key_of_ours_starts_over_at_once(string key)
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        device.LastKey = key;
        device.Start();
        Assert.AreNotEqual(SyncKeys.Zero, device.Key());
    }

    [TestMethod]
    public void A_flash_that_was_wiped_after_a_restore_knows_nothing_and_overwrites_nothing()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        Assert.IsNull(device.Exchange(device.Ask())); // which says that it arrived
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1)));
        bench.Restore();
        Assert.AreEqual("status 205", device.Sync(device.Ask()).Line());
        TestDevice wiped = ReplicaTests.Other(bench, "Xy9_");
        Assert.AreEqual("ok [Change a status 7] {Add a 01}", wiped.Sync(AddTests.With(wiped, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=01", bench.Held("d1"));
    }

    [TestMethod]
    public void Commands_made_after_a_restore_are_numbered_above_what_the_device_has_done_and_done_once()
    {
        using Bench bench = new();
        CommandDevice device = new(bench);
        bench.BackUp();
        for (int i = 0; i < 300; i++)
        {
            bench.Core.Devices.Command("d1", "interval", [new("seconds", "60")]); // all in one second
        }

        device.Run();
        Assert.AreEqual(300, device.Done);
        bench.Restore();
        bench.Clock.Now += TimeSpan.FromMinutes(4);
        for (int i = 0; i < 20; i++)
        {
            bench.Core.Devices.Command("d1", "interval", [new("seconds", "61")]);
        }

        int messages = device.Run();
        Assert.AreEqual(320, device.Done);
        Assert.IsTrue(bench.Core.Devices.Commands("d1").TrueForAll(c => c.Status == Status.Success));
        Assert.IsLessThan(40, messages, "one refusal numbers all of them anew");
    }

    [TestMethod]
    public void A_command_that_waited_in_the_backup_gets_the_result_it_had_or_none()
    {
        using Bench bench = new();
        CommandDevice device = new(bench);
        bench.Core.Devices.Command("d1", "interval", [new("seconds", "1")]);
        bench.Core.Devices.Command("d1", "interval", [new("seconds", "2")]);
        bench.BackUp();
        for (int i = 0; i < 3; i++)
        {
            bench.Core.Devices.Command("d1", "interval", [new("seconds", "3")]);
        }

        device.Run();
        bench.Restore();
        device.Run();
        Assert.AreEqual(5, device.Done);
        List<DeviceCommandRow> commands = bench.Core.Devices.Commands("d1");
        Assert.AreEqual(Status.NumberPassed, commands[0].Status);
        StringAssert.StartsWith(commands[0].Reason, "outcome unknown");
        Assert.AreEqual(Status.Success, commands[1].Status); // among the last four that it keeps
    }

    [TestMethod]
    public void A_command_of_before_a_restore_keeps_its_number_when_those_since_are_numbered_anew()
    {
        using Bench bench = new();
        CommandDevice device = new(bench);
        long before = bench.Core.Devices.Command("d1", "interval", [new("seconds", "1")]);
        bench.BackUp();
        for (int i = 0; i < 3; i++)
        {
            bench.Core.Devices.Command("d1", "interval", [new("seconds", "2")]);
        }

        device.Run();
        bench.Restore();
        bench.Core.Devices.Command("d1", "interval", [new("seconds", "3")]);
        DeviceCommandRow since = bench.Core.Devices.Commands("d1")[1];
        device.Tell(since.Id, Status.NumberPassed, since.Mark, 4);
        Assert.AreEqual($"{before} 5", string.Join(' ', bench.Core.Devices.Commands("d1").Select(c => c.Id)));
        device.Run();
        Assert.AreEqual(5, device.Done);
        Assert.IsTrue(bench.Core.Devices.Commands("d1").TrueForAll(c => c.Status == Status.Success));
    }

    [TestMethod]
    public void A_result_of_a_time_that_was_lost_finishes_no_other_command_of_its_id()
    {
        using Bench bench = new();
        CommandDevice device = new(bench);
        bench.BackUp();
        long id = bench.Core.Devices.Command("d1", "interval", [new("seconds", "1")]);
        DeviceCommandRow lost = bench.Core.Devices.Commands("d1").Single();
        bench.Restore();
        Assert.AreEqual(id, bench.Core.Devices.Command("d1", "restart", []));
        device.Tell(lost.Id, Status.Success, lost.Mark, 0);
        Assert.IsNull(bench.Core.Devices.Commands("d1").Single().Done);
        Assert.AreNotEqual(lost.Mark, bench.Core.Devices.Commands("d1").Single().Mark);
    }

    [TestMethod]
    public void A_clock_that_was_ten_years_ahead_changes_no_number_of_a_command()
    {
        using Bench bench = new();
        CommandDevice device = new(bench);
        bench.Clock.Now += TimeSpan.FromDays(3650);
        long first = bench.Core.Devices.Command("d1", "restart", []);
        bench.Clock.Now -= TimeSpan.FromDays(3650);
        Assert.AreEqual(first + 1, bench.Core.Devices.Command("d1", "restart", []));
        device.Run();
        Assert.AreEqual(2, device.Done);
    }

    [TestMethod]
    public void What_came_in_a_reply_that_was_lost_in_the_state_that_was_put_back_is_not_known_to_the_device()
    {
        using Bench bench = new();
        TestDevice device = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        device.Lose(device.Ask());
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("z", 1)));
        bench.Restore();
        Recover(device);
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
    }

    // A client that tells no store can bring nothing back, so that it is not told 205.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void A_client_that_tells_no_store_has_a_key_of_the_lost_time_that_is_not_known(bool restarted)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        string early = device.Key();
        if (restarted)
        {
            bench.BackUp();
        }
        else
        {
            bench.BackUpRunning();
        }

        for (byte i = 0; i < 4; i++)
        {
            device.Sync(AddTests.With(device, TestDevice.Change("a", i)));
        }

        string lost = device.Key();
        bench.Restore();
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());

        // one that still was in that state goes on, and the lost key is none of it afterwards either
        device.SetKey(early);
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("b", 1))).Line());
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("b", 2))).Line());
        if (!restarted)
        {
            device.SetKey(lost);
            Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        }

        Assert.AreEqual("b=02", bench.Held("d1"));
    }

    private static void Recover(TestDevice device)
    {
        Assert.AreEqual("status 205", device.Sync(device.Ask()).Line());
        device.Start();
    }

    private static string Losers(Bench bench)
    {
        return string.Join("; ", bench.Core.Objects.Losers("d1", "config").Select(l => $"{l.Row.ServerId} {(l.Row.Deleted ? "-" : Convert.ToHexString(l.Row.Data!))} {(l.Row.FromDevice ? "device" : "server")}"));
    }

    // Does the commands of a reply by the rules of SPEC 7.1: one in a round.
    private sealed class CommandDevice
    {
        private readonly TestDevice _device;
        private readonly List<(long Id, long Mark)> _last = [];
        private long _highest;

        public CommandDevice(Bench bench)
        {
            _device = bench.Device();
        }

        public int Done { get; private set; }

        public int Run()
        {
            SyncMessage? reply = _device.Exchange();
            int messages = 1;
            for (; reply != null; messages++)
            {
                Assert.IsLessThan(2000, messages);
                (long id, long mark) = reply.Options.Select(Read).MinBy(c => c.Id);
                if (id > _highest)
                {
                    Done++;
                    _highest = id;
                    _last.Add((id, mark));
                    _last.RemoveRange(0, Math.Max(0, _last.Count - 4));
                    reply = Tell(id, Status.Success, mark, 0);
                }
                else
                {
                    bool known = _last.Contains((id, mark));
                    reply = Tell(id, known ? Status.Success : Status.NumberPassed, mark, known ? 0 : _highest);
                }
            }

            return messages;
        }

        public SyncMessage? Tell(long id, int status, long mark, long highest)
        {
            List<KeyValuePair<string, string>> result = [new("id", $"{id}"), new("status", $"{status}"), new("mark", $"{mark}"), new("highest", $"{highest}")];
            SyncMessage request = new();
            request.Options.Add(new Structure(BuiltIn.Result.Name, RecordText.Pack(BuiltIn.Result, result)));
            return _device.Exchange(request);
        }

        private static (long Id, long Mark) Read(Structure command)
        {
            ObjectClass type = Array.Find(BuiltIn.Commands, c => c.Name == command.Class)!;
            Dictionary<string, string> fields = RecordText.Unpack(type, command.Data!.Value.ToArray()).ToDictionary(f => type.FieldName(f.Field), f => f.Text);
            return (long.Parse(fields["id"]), long.Parse(fields["mark"]));
        }
    }
}

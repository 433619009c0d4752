// SPEC 5.6: both sides changed an object.

using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ConflictTests
{
    private const int DeviceWins = 0;

    [TestMethod]
    public void Server_wins_when_nothing_was_said_and_the_device_gets_its_object()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("device a 09", Losers(bench));
    }

    [TestMethod]
    public void Device_wins_where_it_said_so_and_the_servers_value_is_kept_to_be_read()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins);
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=09", bench.Held("d1"));
        Assert.AreEqual("server a 02", Losers(bench));
    }

    [TestMethod]
    public void A_rule_that_is_told_again_replaces_the_one_remembered()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins);
        CollectionElement request = With(device, TestDevice.Change("a", 9));
        request.Conflict = 1;
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", device.Sync(request).Line());
    }

    [TestMethod]
    public void An_Add_repeated_after_a_start_over_is_its_latest_form_and_no_conflict_with_what_was_written_over_it()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        device.Lose(With(device, TestDevice.Add("Ab1_1", 2)));
        bench.PutBytes("d1", "Ab1_1", 7);
        device.Start();
        device.Sync(With(device, TestDevice.Add("Ab1_1", 2)));
        Assert.AreEqual("Ab1_1=07", bench.Held("d1"));
        Assert.AreEqual("server Ab1_1 01", Losers(bench)); // its first form, which the second replaced
    }

    [TestMethod]
    public void A_delete_of_the_device_loses_and_the_object_goes_down_again()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        Assert.AreEqual("ok [Delete a status 7] {Change a 02}", device.Sync(With(device, TestDevice.Delete("a"))).Line());
        Assert.AreEqual("device a deleted", Losers(bench));
    }

    [TestMethod]
    public void A_delete_of_the_device_wins()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins);
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Delete("a"))).Line());
        Assert.AreEqual("", bench.Held("d1"));
        Assert.AreEqual("server a 02", Losers(bench));
    }

    [TestMethod]
    public void A_change_of_the_device_loses_against_a_deletion()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null, deleted: true);
        Assert.AreEqual("ok [Change a status 7] {Delete a}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("", bench.Held("d1"));
        Assert.AreEqual("device a 09", Losers(bench));
    }

    [TestMethod]
    public void A_change_of_the_device_wins_against_a_deletion()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins, deleted: true);
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=09", bench.Held("d1"));
        Assert.AreEqual("server a deleted", Losers(bench));
    }

    [TestMethod]
    public void Both_deleted_is_no_conflict()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null, deleted: true);
        Assert.AreEqual("ok {Delete a}", device.Sync(With(device, TestDevice.Delete("a"))).Line());
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void Both_wrote_the_same_is_no_conflict()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        Assert.AreEqual("ok {Change a 02}", device.Sync(With(device, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void A_change_that_the_device_has_seen_is_no_conflict()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask());
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=09", bench.Held("d1"));
    }

    [TestMethod]
    public void A_change_whose_reply_was_lost_is_not_seen()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Lose(device.Ask());
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
    }

    [TestMethod]
    public void Status_7_of_the_device_makes_its_change_lose_and_the_object_goes_down_again()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask()); // {Change a 02}, but the device has a change of its own pending
        CollectionElement request = With(device, TestDevice.Change("a", 9));
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", device.Sync(request).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 10))).Line());
        Assert.AreEqual("a=0A", bench.Held("d1"));
        Assert.AreEqual("device a 09", Losers(bench));
    }

    [TestMethod]
    public void Status_7_holds_when_the_replies_are_lost()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask());
        CollectionElement request = With(device, TestDevice.Change("a", 9));
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        device.Lose(request);
        request.Commands.Add(TestDevice.Add("Ab1_1", 1));
        Assert.AreEqual("ok [Change a status 7] [Add Ab1_1 Ab1_1] {Change a 02}", device.Lose(request).Line());
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("Ab1_1=01 a=02", bench.Held("d1"));
    }

    [TestMethod]
    public void Status_7_holds_when_the_device_starts_over()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask());
        CollectionElement request = With(device, TestDevice.Change("a", 9));
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        device.Lose(request);
        device.Start();
        Assert.AreEqual("ok [Change a status 7] {Add a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 10))).Line());
        Assert.AreEqual("a=0A", bench.Held("d1"));
    }

    [TestMethod]
    public void A_device_that_kept_its_change_against_a_deletion_it_saw_wins_where_it_said_so()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins, deleted: true);
        device.Sync(device.Ask()); // {Delete a}: the device keeps its own and answers nothing
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=09", bench.Held("d1"));
    }

    [TestMethod]
    public void A_change_of_an_object_that_is_gone_for_both_or_never_was_makes_it()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null, deleted: true);
        device.Sync(device.Ask());
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 9), TestDevice.Change("never", 8))).Line());
        Assert.AreEqual("a=09 never=08", bench.Held("d1"));
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Delete("a"), TestDevice.Delete("never"), TestDevice.Delete("nowhere"))).Line());
        Assert.AreEqual("", bench.Held("d1"));
    }

    [TestMethod]
    public void A_device_adds_anew_under_the_same_ClientId_what_is_gone_for_both()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        bench.Core.Objects.Delete("d1", "config", "Ab1_1");
        device.Sync(device.Ask());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 2))).Line());
        Assert.AreEqual("Ab1_1=02", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench), "the deletion was seen");
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void Starting_over_does_not_make_conflicts_of_what_the_device_had_seen()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask());
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1))); // acknowledges the change of a
        device.SetKey("99zzzz");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.Start();
        Assert.AreEqual("ok {Add Ab1_1 01}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("Ab1_1=01 a=09", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench), "nor losers");
    }

    [TestMethod]
    public void Starting_over_because_it_was_asked_to_a_device_writes_over_its_own_without_a_loser()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Change("a", 1), TestDevice.Change("b", 1)));
        bench.PutBytes("d1", "c", 1);
        device.Pull();
        device.Sync(With(device, TestDevice.Change("b", 2))); // acknowledges what came
        device.SetKey("99zzzz");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.Start();
        device.Sync(With(device, TestDevice.Change("a", 3), TestDevice.Delete("b")));
        Assert.AreEqual("a=03 c=01", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void Starting_over_because_it_was_asked_to_a_device_has_not_seen_what_was_in_the_reply_that_was_lost()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Lose(device.Ask()); // {Change a 02}
        device.SetKey("99zzzz");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.Start();
        Assert.AreEqual("ok [Change a status 7] {Add a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("device a 09", Losers(bench));
    }

    [TestMethod]
    public void Each_value_that_loses_is_kept_also_if_the_object_lost_before()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, DeviceWins);
        device.Sync(With(device, TestDevice.Change("a", 9)));
        bench.PutBytes("d1", "a", 3);
        device.Sync(With(device, TestDevice.Change("a", 10)));
        bench.Core.Objects.Delete("d1", "config", "a");
        device.Sync(With(device, TestDevice.Change("a", 11)));
        Assert.AreEqual("a=0B", bench.Held("d1"));
        Assert.AreEqual("server a 02; server a 03; server a deleted", string.Join("; ", Losers(bench).Split("; ").Order()));
    }

    [TestMethod]
    public void A_value_of_an_earlier_form_that_was_not_told_yet_is_kept_when_it_is_overwritten()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.WindowSize = 1);
        device.Lose(With(device, TestDevice.Change("a", 1), TestDevice.Change("c", 1))); // of a board that has the same store
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("b", 2))).Line());
        Assert.AreEqual("ok {Add a 01} more", device.Sync(device.Ask()).Line());
        device.Sync(With(device, TestDevice.Change("a", 9), TestDevice.Change("c", 9)));
        Assert.AreEqual("a=09 b=02 c=09", bench.Held("d1"));
        Assert.AreEqual("server c 01", Losers(bench), "of a it was told");
    }

    [TestMethod]
    public void A_device_that_starts_over_by_itself_may_have_been_wiped_and_overwrites_nothing()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Sync(device.Ask());
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        device.Start();
        Assert.AreEqual("ok [Change a status 7] {Add a 02} {Add Ab1_1 01}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
        Assert.AreEqual("Ab1_1=01 a=02", bench.Held("d1"));
    }

    [TestMethod]
    public void A_late_request_with_an_old_key_does_not_count_as_having_told_the_device_to_start_over()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        string old = device.Key();
        device.Sync(device.Ask());
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        device.SetKey(old);
        Assert.AreEqual("status 3", device.Sync(With(device, TestDevice.Change("a", 7))).Line()); // the device never hears of it
        device.Start();                                                                         // its flash was wiped
        Assert.AreEqual("ok [Change a status 7] {Add a 02} {Add Ab1_1 01}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
    }

    [TestMethod]
    public void The_same_add_again_tells_the_device_what_became_of_its_object()
    {
        // the device changed the object under the id it learned otherwise, and takes the value of its Add for the last one
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        device.Sync(device.Ask());
        device.Sync(With(device, TestDevice.Change("Ab1_1", 5)));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Add Ab1_1 05}", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("Ab1_1=05", bench.Held("d1"));
    }

    [TestMethod]
    public void Starting_over_does_not_hide_conflicts_with_what_it_had_not_seen()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Start();
        Assert.AreEqual("ok [Change a status 7] {Add a 02}", device.Sync(With(device, TestDevice.Change("a", 9))).Line());
    }

    [TestMethod]
    public void A_repeated_change_does_not_overwrite_what_the_application_wrote_over_it()
    {
        foreach (int? rule in (int?[])[null, DeviceWins])
        {
            using Bench bench = new();
            TestDevice device = Both(bench, rule);
            device.Sync(device.Ask());
            device.Lose(With(device, TestDevice.Change("a", 9)));
            bench.PutBytes("d1", "a", 10); // it knew 9
            Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Change a 0A}", device.Sync(With(device, TestDevice.Change("a", 9), TestDevice.Add("Ab1_1", 1))).Line());
            Assert.AreEqual("", Losers(bench));
        }
    }

    [TestMethod]
    public void A_loser_is_kept_once_however_often_it_is_sent()
    {
        using Bench bench = new();
        TestDevice device = Both(bench, null);
        device.Lose(With(device, TestDevice.Change("a", 9)));
        device.Lose(With(device, TestDevice.Change("a", 9), TestDevice.Add("Ab1_1", 1)));
        device.Sync(With(device, TestDevice.Change("a", 9), TestDevice.Add("Ab1_2", 1)));
        Assert.AreEqual("device a 09", Losers(bench));
    }

    [TestMethod]
    public void Devices_of_a_group_conflict_with_each_other()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site");
        TestDevice two = bench.Device("d2", "config@site");
        bench.PutBytes("d1", "a", 1);
        one.Start();
        two.Start();
        one.Sync(one.Ask());
        two.Sync(two.Ask());
        Assert.AreEqual("ok", one.Sync(With(one, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual("ok [Change a status 7] {Change a 02}", two.Sync(With(two, TestDevice.Change("a", 3))).Line());
    }

    [TestMethod]
    [DataRow(null, "Ab1_1=07", "device Ab1_1 02")]
    [DataRow(DeviceWins, "Ab1_1=02", "server Ab1_1 07")]
    public void The_second_form_of_an_add_conflicts_with_what_the_application_wrote_over_the_first(int? rule, string held, string losers)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Conflict = rule);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        bench.PutBytes("d1", "Ab1_1", 7);
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_1", 2)));
        Assert.AreEqual(rule == null ? "ok [Add Ab1_1 Ab1_1] {Add Ab1_1 07}" : "ok [Add Ab1_1 Ab1_1]", answer.Line());
        Assert.AreEqual(held, bench.Held("d1"));
        Assert.AreEqual(losers, Losers(bench));
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(DeviceWins)]
    public void A_repeated_delete_does_not_remove_what_the_application_made_since(int? rule)
    {
        using Bench bench = new();
        TestDevice device = Both(bench, rule);
        device.Sync(device.Ask());
        device.Lose(With(device, TestDevice.Delete("a")));
        bench.PutBytes("d1", "a", 7);
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Change a 07}", device.Sync(With(device, TestDevice.Delete("a"), TestDevice.Add("Ab1_1", 1))).Line().Replace("{Add a", "{Change a"));
        Assert.AreEqual("Ab1_1=01 a=07", bench.Held("d1"));
        Assert.AreEqual("", Losers(bench));
    }

    [TestMethod]
    public void A_change_keeps_the_class_that_it_does_not_name_and_takes_the_one_that_it_names()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand made = TestDevice.Change("a", 1);
        made.Class = "one#Ab3d";
        device.Sync(With(device, made));
        device.Sync(With(device, TestDevice.Change("a", 2)));
        Assert.AreEqual("one#Ab3d", bench.Objects("d1").Single().Row.Class);
        SyncCommand same = TestDevice.Change("a", 2);
        same.Class = "two#Cd4e";
        device.Sync(With(device, same));
        Assert.AreEqual("two#Cd4e", bench.Objects("d1").Single().Row.Class, "the same bytes of another class are another value");
        Assert.AreEqual("a=02", bench.Held("d1"));
    }

    // The device holds a=01; the server has 02, or has deleted it.
    [TestMethod]
    [DataRow(null, "a=02", "device a 09")]
    [DataRow(DeviceWins, "a=09", "server a 02")]
    public void A_value_that_went_down_is_unseen_by_a_device_that_did_not_know_it_is_of_its_own_add(int? rule, string held, string losers)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement first = With(device, TestDevice.Add("Ab1_1", 1));
        first.Conflict = rule;
        string id = device.Lose(first).Responses.Single().ServerId!; // the reply with the id is lost
        bench.PutBytes("d1", id, 2);
        CollectionElement second = device.Ask();
        second.Conflict = rule;
        device.Sync(second); // the operator's value goes down under an id unknown to it
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_1", 9))); // the device has changed its own meanwhile
        Assert.AreEqual(rule == null ? $"ok [Add Ab1_1 {id}] {{Add {id} 02}}" : $"ok [Add Ab1_1 {id}]", answer.Line(), "what lost is told what is held");
        Assert.AreEqual(held, bench.Held("d1").Replace(id, "a"));
        Assert.AreEqual(losers, Losers(bench).Replace(id, "a"));
    }

    private static TestDevice Both(Bench bench, int? rule, bool deleted = false)
    {
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Conflict = rule);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        if (deleted)
        {
            bench.Core.Objects.Delete("d1", "config", "a");
        }
        else
        {
            bench.PutBytes("d1", "a", 2);
        }

        return device;
    }

    private static string Losers(Bench bench)
    {
        return string.Join("; ", bench.Core.Objects.Losers("d1", "config")
            .Select(l => (l.Row.FromDevice ? "device " : "server ") + l.Row.ServerId + " " + (l.Row.Deleted ? "deleted" : Convert.ToHexString(l.Row.Data!))));
    }
}

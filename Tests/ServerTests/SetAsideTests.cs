// SPEC 5.7: what the other side refuses, and the object that kills a device.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class SetAsideTests
{
    [TestMethod]
    public void A_refused_object_is_set_aside_with_its_reason_and_does_not_come_again_until_the_device_starts_over()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        Assert.AreEqual("a 6 interval below 1", Aside(bench));
        Assert.AreEqual("refused", bench.Objects("d1").Single().State);
        Assert.AreEqual("interval below 1", bench.Core.Devices.Refusals("d1").Single().Reason);
        Assert.IsNull(device.Exchange(device.Ask()));
        device.Start();
        Assert.AreEqual("ok {Add a 01}", device.Sync(With(device, TestDevice.Delete("never"))).Line());
    }

    [TestMethod]
    [DataRow(Status.ProtocolError)]
    [DataRow(Status.NotFound)]
    [DataRow(Status.OutOfSpace)]
    [DataRow(Status.Incomplete)]
    [DataRow(Status.TooLarge)]
    [DataRow(Status.UnknownClass)]
    [DataRow(999)]
    public void So_is_one_refused_with_any_other_status(int status)
    {
        using Bench bench = new();
        Refusing(bench, status);
        Assert.AreEqual($"a {status} interval below 1", Aside(bench));
    }

    [TestMethod]
    [DataRow(Status.Retry)]
    [DataRow(Status.ServerError)]
    public void Not_now_sends_it_again(int status)
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(Tags.Add, "a", status));
        Assert.AreEqual("ok {Add a 01}", device.Sync(request).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    [DataRow(Tags.Add, Status.Conflict, false)]
    [DataRow(Tags.Add, Status.ServerError, false)]
    [DataRow(Tags.Add, Status.Incomplete, true)]
    [DataRow(Tags.Change, Status.Conflict, false)]
    [DataRow(Tags.Change, Status.Retry, false)]
    [DataRow(Tags.Change, Status.Incomplete, true)]
    public void What_the_device_takes_later_comes_again_as_the_command_that_it_was_and_is_no_refusal(byte tag, int status, bool inPart)
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        SyncCommand response = TestDevice.Refuse(tag, "a", status, "later");
        if (inPart)
        {
            response.Options.Add(new PartRange(0, null, 1, CrcSum.Of([1])).ToStructure());
        }

        request.Responses.Add(response);
        Assert.AreEqual($"ok {{{TagNames.Of(tag)} a 01}}", device.Sync(request).Line());
        Assert.AreEqual("", Aside(bench));
        Assert.IsEmpty(bench.Core.Devices.Refusals("d1"));
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    [DataRow(Tags.Fetch, Status.NotFound)]
    [DataRow(Tags.Fetch, Status.BadObject)]
    [DataRow(Tags.SoftDelete, Status.BadObject)]
    [DataRow(Tags.Delete, Status.NotFound)]
    public void A_refusal_of_what_brought_no_value_is_told_and_sets_nothing_aside(byte tag, int status)
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(tag, "a", status, "no"));
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("", Aside(bench));
        RefusalRow refusal = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual(("config", false, "a", status, "no"), (refusal.Collection, refusal.ByServer, refusal.ObjectId, refusal.Status, refusal.Reason));
        Assert.AreEqual("a=01", bench.Held("d1"));
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"), "a reason is no copy");
    }

    [TestMethod]
    public void A_response_that_says_nothing_or_not_of_what_changes_nothing()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        request.Responses.Add(new SyncCommand { Tag = Tags.Add, ServerId = "a", Data = new byte[] { 7 } }); // applied; what stands beside it is no copy
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "a" });
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, Data = new byte[] { 7 } });
        request.Responses.Add(new SyncCommand { Tag = Tags.Change, Status = Status.BadObject, Data = "no"u8.ToArray() });
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("a=01", bench.Held("d1"));
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"));
        Assert.IsEmpty(bench.Core.Devices.Refusals("d1"));
        Assert.AreEqual("applied", bench.Objects("d1").Single().State);
    }

    [TestMethod]
    [DataRow(Tags.Change, Status.NotFound)]
    [DataRow(Tags.Delete, Status.BadObject)]
    public void A_change_that_it_does_not_have_and_a_deletion_that_it_does_not_do_are_set_aside(byte tag, int status)
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        bench.PutBytes("d1", "a", 2);
        if (tag == Tags.Delete)
        {
            bench.Core.Objects.Delete("d1", "config", "a");
        }

        device.Sync(device.Ask());
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(tag, "a", status, "no"));
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual($"a {status} no", Aside(bench));
        bench.PutBytes("d1", "a", 3);
        Assert.AreEqual(tag == Tags.Delete ? "ok {Add a 03}" : "ok {Change a 03}", device.Sync(device.Ask()).Line(), "it was no Add");
    }

    [TestMethod]
    public void A_refusal_of_an_object_that_was_never_there_is_told()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "never", Status.BadObject, "no"));
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("", Aside(bench));
        Assert.AreEqual("never", bench.Core.Devices.Refusals("d1").Single().ObjectId);
    }

    [TestMethod]
    public void It_is_sent_again_when_it_changes_as_the_Add_that_it_is_to_the_device()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("waiting", bench.Objects("d1").Single().State);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("", Aside(bench));
        Assert.AreEqual("applied", bench.Objects("d1").Single().State);
    }

    [TestMethod]
    [DataRow(false, null, "ok [Change a status 7] {Add a 01}", "a=01", "device a 09")]
    [DataRow(true, null, "ok [Delete a status 7] {Add a 01}", "a=01", "device a -")]
    [DataRow(false, 0, "ok", "a=09", "server a 01")]
    [DataRow(true, 0, "ok", "", "server a 01")]
    public void It_is_unseen_by_the_device_and_what_the_device_does_to_it_is_a_conflict(bool deletes, int? rule, string answer, string held, string loser)
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        CollectionElement request = With(device, deletes ? TestDevice.Delete("a") : TestDevice.Change("a", 9));
        request.Conflict = rule;
        Assert.AreEqual(answer, device.Sync(request).Line());
        Assert.AreEqual(held, bench.Held("d1"));
        Assert.AreEqual("", Aside(bench), "it is no more what the device refused");
        Assert.AreEqual(loser, string.Join("; ", bench.Core.Objects.Losers("d1", "config")
            .Select(l => $"{(l.Row.FromDevice ? "device" : "server")} {l.Row.ServerId} {(l.Row.Deleted ? "-" : Convert.ToHexString(l.Row.Data!))}")));
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void An_object_that_the_device_dropped_goes_down_as_an_Add_when_it_changes()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        SyncCommand Drop(string id) => new() { Tag = Tags.SoftDelete, ServerId = id };
        bench.PutBytes("d1", "b", 1);
        device.Sync(device.Ask());
        bench.Core.Objects.Delete("d1", "config", "b");
        device.Sync(device.Ask());
        Assert.AreEqual("ok", device.Sync(With(device, Drop("a"), Drop("b"), Drop("never"))).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("a=01", bench.Held("d1"));
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
        bench.PutBytes("d1", "a", 3);
        Assert.AreEqual("ok {Change a 03}", device.Sync(With(device, Drop("a"))).Line(), "a newer value is not what was dropped");
    }

    [TestMethod]
    public void What_was_set_aside_is_so_no_more_once_an_idle_request_shows_that_its_new_value_came()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
        Assert.AreEqual("a 6 interval below 1", Aside(bench), "the reply may be lost");
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("", Aside(bench));
    }

    [TestMethod]
    public void It_is_sent_again_when_a_person_asks()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        Assert.AreEqual(1, bench.Core.Objects.Retry("d1", "config", "a"));
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        CollectionElement again = device.Ask();
        again.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, "still"));
        Assert.AreEqual("ok", device.Sync(again).Line());
        Assert.AreEqual("a 6 still", Aside(bench));
        Assert.AreEqual(2, bench.Core.Devices.Refusals("d1").Single().Times);
    }

    [TestMethod]
    public void It_is_sent_again_when_the_device_names_another_class()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.UnknownClass);
        CollectionElement request = device.Ask();
        request.Class = "sampling#Ab3d";
        Assert.AreEqual("ok {Add a 01}", device.Sync(request).Line());
        CollectionElement again = device.Ask();
        again.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, "still"));
        device.Sync(again);
        request = device.Ask();
        request.Class = "sampling#Ab3d";
        Assert.IsNull(device.Exchange(request));
    }

    [TestMethod]
    public void A_retry_survives_lost_replies()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        bench.Core.Objects.Retry("d1", "config", null);
        Assert.AreEqual("ok {Add a 01}", device.Lose(device.Ask()).Line());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Add a 01}", device.Lose(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        // what the lost request wrote and the next one does not name comes down: the device may have been put back
        Assert.AreEqual("ok {Add Ab1_1 01}", device.Sync(device.Ask()).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void A_retry_that_was_acknowledged_with_news_of_the_device_does_not_come_again()
    {
        using Bench bench = new();
        TestDevice device = Refusing(bench, Status.BadObject);
        bench.Core.Objects.Retry("d1", "config", "a");
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 5))).Line());
        Assert.AreEqual("Ab1_1=01 a=05", bench.Held("d1"));
    }

    [TestMethod]
    public void Retries_that_fell_out_of_a_smaller_reply_are_still_due()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (byte i = 0; i < 4; i++)
        {
            bench.PutBytes("d1", "o" + i, i);
        }

        device.Sync(device.Ask());
        CollectionElement refusing = device.Ask();
        refusing.Responses.AddRange(Enumerable.Range(0, 4).Select(i => TestDevice.Refuse(Tags.Add, "o" + i, Status.BadObject)));
        device.Sync(refusing);
        Assert.AreEqual(4, bench.Core.Objects.Retry("d1", "config", null));
        CollectionElement request = device.Ask();
        Assert.HasCount(4, device.Lose(request).Commands);
        request.WindowSize = 2; // other bytes, and fewer objects
        List<string> got = [.. device.Sync(request).Commands.Select(c => c.ServerId!)];
        got.AddRange(device.Pull().Select(c => c.ServerId!));
        Assert.AreEqual("o0 o1 o2 o3", string.Join(' ', got));
    }

    [TestMethod]
    public void A_refusal_of_an_older_value_does_not_hold_back_the_newer_one()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        bench.PutBytes("d1", "a", 2);
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, "1 is bad"));
        StringAssert.Contains(device.Sync(request).Line(), " a 02}");
        Assert.AreEqual("", Aside(bench));
    }

    [TestMethod]
    public void The_same_reply_asked_for_more_than_twice_is_made_with_half_as_many_objects()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (byte i = 0; i < 20; i++)
        {
            bench.PutBytes("d1", $"o{i:00}", i);
        }

        List<int> counts = [device.Lose(device.Ask()).Commands.Count];
        for (int i = 0; i < 7; i++)
        {
            SyncReply reply = device.Send(device.LastRequest);
            counts.Add(device.Parse(reply)!.Collections.Single().Commands.Count);
        }

        CollectionAssert.AreEqual((int[])[20, 20, 20, 10, 5, 2, 1, 1], counts);
        Assert.AreEqual("ok {Add o00 00} more", device.SyncAgain().Line());
        Assert.HasCount(2, device.Sync(device.Ask()).Commands);
        Assert.HasCount(4, device.Sync(device.Ask()).Commands);
        Assert.HasCount(8, device.Sync(device.Ask()).Commands);
        Assert.HasCount(5, device.Sync(device.Ask()).Commands);
    }

    [TestMethod]
    public void So_is_the_one_asked_for_more_than_twice_in_another_form()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (byte i = 0; i < 20; i++)
        {
            bench.PutBytes("d1", $"o{i:00}", i);
        }

        List<int> counts = [];
        for (int form = 0; form < 5; form++)
        {
            CollectionElement request = device.Ask();
            request.WindowSize = 100 + form;
            counts.Add(device.Lose(request).Commands.Count);
        }

        CollectionAssert.AreEqual((int[])[20, 20, 20, 10, 5], counts);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void The_object_that_kills_the_device_is_found_and_the_others_arrive(bool otherBytes)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (byte i = 0; i < 20; i++)
        {
            bench.PutBytes("d1", $"o{i:00}", i);
        }

        SortedSet<string> got = [];
        int rounds = 0;
        while (got.Count < 19)
        {
            Assert.IsLessThan(200, ++rounds);
            CollectionElement request = device.Ask();
            request.WindowSize = otherBytes ? 100 - (rounds % 7) : 100;
            SyncMessage? reply = device.Exchange(request);
            if (reply == null)
            {
                break;
            }

            CollectionElement answer = reply.Collections.Single();
            if (!answer.Commands.Exists(c => c.ServerId == "o13"))
            {
                device.Take(answer);
                got.UnionWith(answer.Commands.Select(c => c.ServerId!));
            }
        }

        Assert.HasCount(19, got);
        Assert.AreEqual("o13 13 not acknowledged", Aside(bench));
        Assert.AreEqual("not acknowledged", bench.Core.Devices.Refusals("d1").Single().Reason);
    }

    [TestMethod]
    public void One_object_sent_alone_is_set_aside_after_8_times_and_not_before()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench, take: false);
        for (int i = 1; i < 8; i++)
        {
            Assert.HasCount(1, device.Parse(device.Send(device.LastRequest))!.Collections.Single().Commands, "time " + (i + 1));
        }

        Assert.AreEqual("", Aside(bench));
        Assert.AreEqual("ok", device.SyncAgain().Line());
        Assert.AreEqual("a 13 not acknowledged", Aside(bench));
    }

    [TestMethod]
    public void Another_object_that_is_sent_alone_instead_is_counted_from_one()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.WindowSize = 1);
        bench.PutBytes("d1", "a", 1);
        device.Lose(device.Ask());
        for (int i = 1; i < 7; i++)
        {
            device.Send(device.LastRequest);
        }

        bench.PutBytes("d1", "b", 1);
        bench.PutBytes("d1", "a", 2); // behind b
        for (int i = 0; i < 8; i++)
        {
            Assert.AreEqual("ok {Add b 01} more", device.Parse(device.Send(device.LastRequest))!.Collections.Single().Line(), $"time {i + 1}");
        }

        Assert.AreEqual("", Aside(bench));
        Assert.AreEqual("ok {Add a 02}", device.SyncAgain().Line());
        Assert.AreEqual("b 13 not acknowledged", Aside(bench));
    }

    [TestMethod]
    [DataRow(false, "ok {Add a 03}")]
    [DataRow(true, "ok {Change a 03}")]
    public void What_was_set_aside_so_comes_when_it_changes_as_what_it_is_to_the_device(bool known, string answer)
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench, take: known);
        if (known)
        {
            bench.PutBytes("d1", "a", 2);
            Assert.AreEqual("ok {Change a 02}", device.Lose(device.Ask()).Line());
        }

        for (int i = 1; i < 8; i++)
        {
            device.Send(device.LastRequest);
        }

        Assert.AreEqual("ok", device.SyncAgain().Line());
        Assert.IsFalse(bench.Core.Devices.Refusals("d1").Single().ByServer);
        bench.PutBytes("d1", "a", 3);
        Assert.AreEqual(answer, device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void What_brings_no_bytes_fits_whatever_the_object_has()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Limit = 5);
        bench.PutBytes("d1", "a", 1, 2, 3);
        bench.PutBytes("d1", "b", 1, 2, 3, 4);
        bench.PutBytes("d1", "c", 1, 2, 3, 4);
        device.Pull();
        device.Pull();
        bench.Core.Objects.Drop("d1", "config", "b");
        bench.Core.Objects.FetchFromDevice("d1", "config", "c");
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Retry)); // a comes again, and first
        Assert.AreEqual("ok {Change a 010203} {SoftDelete b} {Fetch c}", device.Sync(request).Line());
    }

    [TestMethod]
    public void The_device_drops_a_copy_and_gets_the_object_again_when_it_changes()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        Assert.AreEqual("ok", device.Sync(With(device, new SyncCommand { Tag = Tags.SoftDelete, ServerId = "a" })).Line());
        Assert.AreEqual("a=01", bench.Held("d1"));
        device.Start();
        Assert.IsNull(device.Exchange(device.Ask()));
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void The_server_asks_the_device_to_drop_a_copy()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        bench.Core.Objects.Drop("d1", "config", "a");
        Assert.AreEqual("ok {SoftDelete a}", device.Lose(device.Ask()).Line());
        Assert.AreEqual("ok {SoftDelete a}", device.Sync(device.Ask()).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("dropped", bench.Objects("d1").Single().State);
        bench.PutBytes("d1", "a", 2);
        Assert.AreEqual("ok {Add a 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void Of_a_drop_and_a_retry_the_later_one_counts()
    {
        using Bench bench = new();
        TestDevice device = AddedTo(bench);
        bench.Core.Objects.Drop("d1", "config", "a");
        bench.Core.Objects.Retry("d1", "config", "a");
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        bench.Core.Objects.Drop("d1", "config", "a");
        Assert.AreEqual("ok {SoftDelete a}", device.Sync(device.Ask()).Line());
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual("dropped", bench.Objects("d1").Single().State);
    }

    private static TestDevice AddedTo(Bench bench, bool take = true)
    {
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        CollectionElement answer = device.Lose(device.Ask());
        if (take)
        {
            device.Take(answer);
        }

        return device;
    }

    private static TestDevice Refusing(Bench bench, int status)
    {
        TestDevice device = AddedTo(bench);
        CollectionElement request = device.Ask();
        request.Responses.Add(TestDevice.Refuse(Tags.Add, "a", status, "interval below 1"));
        Assert.AreEqual("ok", device.Sync(request).Line());
        return device;
    }

    private static string Aside(Bench bench)
    {
        return string.Join("; ", bench.Core.Objects.SetAside("d1", "config").Select(a => $"{a.ServerId} {a.Status} {a.Reason}"));
    }
}

// SPEC 5.4: every Add once, whatever is repeated.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class AddTests
{
    [TestMethod]
    public void A_repeated_Add_gets_the_id_it_got()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("Ab1_1=01", bench.Held("d1"));
    }

    [TestMethod]
    [DataRow(null)] // none before it
    [DataRow("Ab1_")]
    [DataRow("Ab1_x")]
    [DataRow("Ab1_18446744073709551615")]
    public void An_Add_without_ClientId_gets_4_where_there_is_nothing_to_count_up_from(string? before)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Assert.AreEqual("status 4", device.Sync(With(device, [.. before == null ? Array.Empty<SyncCommand>() : [TestDevice.Add(before, 1)], TestDevice.Add(null, 2)])).Line());
        Assert.AreEqual("", bench.Held("d1"));
    }

    [TestMethod]
    public void An_Add_is_known_after_starting_over()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        device.Start();
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Add Ab1_1 01}", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("Ab1_1=01", bench.Held("d1"));
    }

    [TestMethod]
    public void An_Add_changed_before_its_answer_came_brings_the_new_value()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, TestDevice.Add("Ab1_1", 2))).Line());
        Assert.AreEqual("Ab1_1=02", bench.Held("d1"));
    }

    [TestMethod]
    public void A_repeated_Add_does_not_undo_what_the_application_did_since()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 1)));
        bench.PutBytes("d1", "Ab1_1", 7);
        bench.Core.Objects.Delete("d1", "config", "Ab1_2");
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 1), TestDevice.Add("Ab1_3", 1)));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 Ab1_2] [Add Ab1_3 Ab1_3] {Add Ab1_1 07} {Delete Ab1_2}", answer.Line());
        Assert.AreEqual("Ab1_1=07 Ab1_3=01", bench.Held("d1"));
    }

    [TestMethod]
    public void Adds_without_id_count_on()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_9", 1), TestDevice.Add(null, 2), TestDevice.Add("Ab1_20", 3), TestDevice.Add(null, 4)));
        Assert.AreEqual("ok [Add Ab1_9 Ab1_9] [Add Ab1_10 Ab1_10] [Add Ab1_20 Ab1_20] [Add Ab1_21 Ab1_21]", answer.Line());
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow("")]
    public void The_first_Add_needs_an_id(string? clientId)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Assert.AreEqual("status 4", device.Sync(With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Add(clientId, 1), TestDevice.Add("x", 1), TestDevice.Add(null, 1))).Line());
        Assert.AreEqual("", bench.Held("d1"));
    }

    [TestMethod]
    public void An_outbox_is_answered_with_silence()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement request = With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2));
        request.DeletesAsMoves = true;
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02", bench.Held("d1"));
    }

    [TestMethod]
    public void An_id_the_application_took_already_is_given_with_a_suffix()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "Ab1_1", 7);
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1~2] {Add Ab1_1 07}", device.Sync(With(device, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("Ab1_1=07 Ab1_1~2=01", bench.Held("d1"));
    }

    [TestMethod]
    public void In_a_shared_collection_ids_carry_the_device()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site");
        TestDevice two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        Assert.AreEqual("ok [Add Ab1_1 1-Ab1_1]", one.Sync(With(one, TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("ok [Add Ab1_1 2-Ab1_1] {Add 1-Ab1_1 01}", two.Sync(With(two, TestDevice.Add("Ab1_1", 2))).Line());
        Assert.AreEqual("ok {Add 2-Ab1_1 02}", one.Sync(one.Ask()).Line());
        string longest = "Ab1_" + new string('1', 19) + new string('0', 0);
        Assert.AreEqual("ok [Add " + longest + " 1-" + longest + "]", one.Sync(With(one, TestDevice.Add(longest, 1))).Line());
    }

    [TestMethod]
    public void The_longest_ClientId_still_gets_an_id_of_64_bytes_in_a_shared_collection()
    {
        using Bench bench = new();
        TestDevice device = bench.Device("d1", "config@site");
        device.Start();
        SyncCommand answer = device.Sync(With(device, TestDevice.Add(new string('x', 64), 1))).Responses.Single();
        Assert.IsLessThanOrEqualTo(64, answer.ServerId!.Length);
        Assert.AreEqual(answer.ServerId, device.Sync(With(device, TestDevice.Add(new string('x', 64), 1))).Responses.Single().ServerId);
    }

    [TestMethod]
    public void Beyond_the_quota_Adds_are_refused_with_9_and_later_ones_taken_when_there_is_room()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObjects = 2 } });
        TestDevice device = Started(bench);
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 1), TestDevice.Add("Ab1_3", 1)));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 Ab1_2] [Add Ab1_3 status 9]", answer.Line());
        bench.Core.Objects.Delete("d1", "config", "Ab1_1");
        Assert.AreEqual("ok [Add Ab1_3 Ab1_3] {Delete Ab1_1}", device.Sync(With(device, TestDevice.Add("Ab1_3", 1))).Line());
    }

    [TestMethod]
    public void At_the_quota_what_is_there_is_changed_all_the_same()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObjects = 1 } });
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Change("x", 1)));
        bench.PutBytes("d1", "x", 2);
        device.Pull();
        Assert.AreEqual("ok [Change y status 9]", device.Sync(With(device, TestDevice.Change("x", 3), TestDevice.Change("y", 3))).Line());
        Assert.AreEqual("x=03", bench.Held("d1"));
    }

    [TestMethod]
    public void What_is_made_anew_counts_for_the_quota_of_the_same_message()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObjects = 2 } });
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        bench.Core.Objects.Delete("d1", "config", "Ab1_1");
        bench.PutBytes("d1", "x", 1);
        device.Pull();
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_9 status 9]", device.Sync(With(device, TestDevice.Add("Ab1_1", 2), TestDevice.Add("Ab1_9", 9))).Line());
        Assert.AreEqual("Ab1_1=02 x=01", bench.Held("d1"));
    }

    [TestMethod]
    public void A_large_object_is_refused_with_201_and_the_others_are_taken()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObject = 4 } });
        TestDevice device = Started(bench);
        CollectionElement answer = device.Sync(With(device, TestDevice.Add("Ab1_1", 1, 2, 3, 4, 5), TestDevice.Add("Ab1_2", 1, 2, 3, 4)));
        Assert.AreEqual("ok [Add Ab1_1 status 201] [Add Ab1_2 Ab1_2]", answer.Line());
        Assert.AreEqual(Status.TooLarge, bench.Core.Devices.Refusals("d1").Single().Status);
    }

    [TestMethod]
    public void After_an_older_database_was_restored_nothing_is_doubled_and_what_it_lost_is_made_anew()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        bench.Core.Dispose();
        TestDatabase.Backup(bench.Folder);
        bench.Restart();
        device.Sync(With(device, TestDevice.Add("Ab1_2", 2)));
        bench.Core.Dispose();
        TestDatabase.Restore(bench.Folder);
        bench.Restart();

        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.Start();
        Assert.AreEqual("ok {Add Ab1_1 01}", device.Sync(device.Ask()).Line());

        // SPEC 5.8: what was not named in the pass is sent as a Change, which makes it anew under its id
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("Ab1_2", 2))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02", bench.Held("d1"));
    }

    internal static TestDevice Started(Bench bench)
    {
        TestDevice device = bench.Device();
        device.Start();
        return device;
    }

    [TestMethod]
    public void A_refused_second_form_of_an_add_leaves_the_first_and_tells_of_it()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, TestDevice.Add("Ab1_1", 1)));
        Assert.AreEqual("ok [Add Ab1_1 status 201]", device.Sync(With(device, TestDevice.Add("Ab1_1", new byte[(1 << 20) + 1]))).Line());
        Assert.AreEqual("ok {Add Ab1_1 01}", device.Sync(device.Ask()).Line());
        Assert.AreEqual("Ab1_1=01", bench.Held("d1"));
    }

    internal static CollectionElement With(TestDevice device, params SyncCommand[] commands)
    {
        CollectionElement request = device.Ask();
        request.Commands.AddRange(commands);
        return request;
    }
}

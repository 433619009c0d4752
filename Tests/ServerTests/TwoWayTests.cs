// Objects that both sides change, between a real device and a real server: each verb in each direction, what a Status on
// the device's own command comes to, and large objects whose transfer was cut and whose device lost its power in between.

using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;
using Status = NanoSync.Protocol.Status;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class TwoWayTests
{
    [TestMethod]
    public void Adds_changes_and_deletions_come_down()
    {
        using Field field = Both();
        field.Put("a", 9);
        field.Core.Objects.Delete("d1", "config", "b");
        field.Put("new", 4);
        int before = field.Replies.Count;
        field.Sync();
        Assert.AreEqual("a=9 c=3 new=4", field.Held());
        Assert.AreEqual("Change a 0109; Delete b; Add new 0104", Sent(field.Replies, before));
        before = field.Replies.Count;
        field.Sync();
        field.Restart();
        field.Sync();
        Assert.AreEqual("a=9 c=3 new=4", field.Held());
        Assert.AreEqual("", Sent(field.Replies, before), "each once");
    }

    [TestMethod]
    public void Adds_changes_and_deletions_go_up()
    {
        using Field field = Both();
        field.Change("a", 9);
        field.Delete("b");
        field.Change("own", 4); // a name of its own: no Add is needed
        uint minted = field.Add(5);
        string id = field.Store.FormatId + minted;
        int before = field.Requests.Count;
        field.Restart(); // what was changed is durable
        field.Sync();
        Assert.AreEqual($"Change a 0109; Delete b; Change own 0104; Add {id} 0105", Sent(field.Requests, before));
        Assert.AreEqual(string.Join(' ', new[] { $"{id}=0105", "a=0109", "c=0103", "own=0104" }.OrderBy(o => o[..o.IndexOf('=')], StringComparer.Ordinal)), field.Bench.Held("d1"));
        Assert.AreEqual(0, field.Engine.Pending);
        before = field.Requests.Count;
        field.Sync();
        Assert.AreEqual("", Sent(field.Requests, before), "each once");

        // under the id that the server gave
        field.Put(id, 6);
        field.Sync();
        StringAssert.Contains(field.Held(), id + "=6");
    }

    [TestMethod]
    public void What_was_added_changed_and_deleted_before_a_sync_goes_up_as_it_is_then()
    {
        using Field field = Both();
        field.Change("a", 8);
        field.Change("a", 9);
        field.Change("b", 8);
        field.Delete("b");
        int before = field.Requests.Count;
        field.Sync();
        Assert.AreEqual("Change a 0109; Delete b", Sent(field.Requests, before));
        Assert.AreEqual("a=0109 c=0103", field.Bench.Held("d1"));
        Assert.AreEqual("a=9 c=3", field.Held());
    }

    [TestMethod]
    public void A_SoftDelete_takes_the_copy_and_the_next_change_of_the_server_brings_it_again()
    {
        using Field field = Both();
        field.Core.Objects.Drop("d1", "config", "b");
        int before = field.Replies.Count;
        field.Sync();
        Assert.AreEqual("SoftDelete b", Sent(field.Replies, before));
        Assert.AreEqual("a=1 c=3", field.Held());
        field.Restart();
        field.Sync();
        Assert.AreEqual("a=1 c=3", field.Held());
        Assert.AreEqual("a=0101 b=0102 c=0103", field.Bench.Held("d1"), "no deletion went up");
        field.Put("b", 7);
        field.Sync();
        Assert.AreEqual("a=1 b=7 c=3", field.Held());
    }

    [TestMethod]
    [DataRow(9, 0, "the quota of 3 objects is used up")]
    [DataRow(201, 200, "")]
    public void What_the_server_refuses_is_kept_with_its_reason_and_goes_up_when_it_changes(int status, int bytes, string reason)
    {
        using Field field = Both(new SyncLimits { MaxObjects = status == 9 ? 3 : 100, MaxObject = 100 });
        field.Change("new", 4, bytes);
        field.Change("a", 9);
        field.Sync();
        ObjectInfo info = field.Find("new");
        Assert.AreEqual($"{ObjectState.Refused} {status}", $"{info.State} {info.Status}");
        StringAssert.Contains(Reason(info), reason);
        Assert.AreEqual("a=0109 b=0102 c=0103", field.Bench.Held("d1"), "the others are taken");
        Assert.AreEqual(1, field.Store.RefusedCount(field.Config.Number));
        field.Restart();
        int before = field.Requests.Count;
        field.Sync();
        Assert.AreEqual("", Sent(field.Requests, before), "not sent again");
        Assert.AreEqual(ObjectState.Refused, field.Find("new").State);

        field.Core.Objects.Delete("d1", "config", "c");
        field.Sync();
        field.Change("new", 5);
        field.Sync();
        Assert.AreEqual("a=0109 b=0102 new=0105", field.Bench.Held("d1"));
        Assert.AreEqual(ObjectState.Clean, field.Find("new").State);
    }

    [TestMethod]
    [DataRow(4)]
    [DataRow(6)]
    [DataRow(202)]
    [DataRow(999)]
    public void So_is_what_it_refuses_with_another_status(int status)
    {
        using Field field = Both();
        field.Change("a", 9);
        Answer(field, Tags.Change, "a", status);
        field.Sync();
        ObjectInfo info = field.Find("a");
        Assert.AreEqual($"{ObjectState.Refused} {status} not this one", $"{info.State} {info.Status} {Reason(info)}");
        int before = field.Requests.Count;
        field.Sync();
        Assert.AreEqual("", Sent(field.Requests, before));
        Assert.AreEqual(StoreError.None, field.Store.Retry(info)); // a person asks
        field.Sync();
        Assert.AreEqual("Change a 0109", Sent(field.Requests, before));
        Assert.AreEqual(ObjectState.Clean, field.Find("a").State);
    }

    [TestMethod]
    [DataRow(5)]
    [DataRow(13)]
    [DataRow(16)]
    public void What_it_does_not_take_now_is_sent_again(int status)
    {
        using Field field = Both();
        field.Change("a", 9);
        Answer(field, Tags.Change, "a", status);
        int before = field.Requests.Count;
        field.Round();
        Assert.AreEqual(ObjectState.Pending, field.Find("a").State);
        field.Sync();
        field.Sync();
        Assert.AreEqual("Change a 0109; Change a 0109", Sent(field.Requests, before));
        Assert.AreEqual(ObjectState.Clean, field.Find("a").State);
    }

    [TestMethod]
    public void A_deletion_of_what_the_server_does_not_have_is_done()
    {
        using Field field = Both();
        field.Delete("a");
        Answer(field, Tags.Delete, "a", Status.NotFound);
        int before = field.Requests.Count;
        field.Sync();
        field.Sync();
        Assert.AreEqual("Delete a", Sent(field.Requests, before));
        Assert.AreEqual("b=2 c=3", field.Held());
        Assert.AreEqual(0, field.Store.RefusedCount(field.Config.Number));
    }

    [TestMethod]
    public void A_large_object_whose_download_was_cut_goes_on_behind_a_restart_with_what_is_in_flash()
    {
        using Field field = new();
        byte[] large = Large(5000);
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, large, ClassCatalog.WireName(field.Map)));
        field.Round(); // key 0
        int held = 0;
        for (int round = 0; field.HeldMap() == null; round++)
        {
            Assert.IsLessThan(20, round, "it does not come to an end");
            field.Carrier.CutReplyAt = round % 2 == 0 ? 700 : -1; // every other reply breaks in the middle of its part
            field.Round();
            foreach (SyncCommand fetch in field.Requests[^1].Collections.SelectMany(c => c.Commands))
            {
                Assert.IsTrue(PartRange.TryFind(fetch.Options, out PartRange? range));
                Assert.AreEqual(held, range!.Offset, "what is in flash is not asked for again");
            }

            field.Restart();
            int before = held;
            held = field.HeldOfMap();
            Assert.IsTrue(held > before || round == 0, $"round {round}: {held} bytes of the map"); // round 0 was cut before it came
        }

        CollectionAssert.AreEqual(large, field.HeldMap());
    }

    [TestMethod]
    public void A_large_object_whose_upload_was_cut_goes_on_behind_a_restart_with_what_the_server_holds()
    {
        using Field field = new();
        byte[] large = Large(20_000);
        field.Sync();
        uint id = field.AddPlan(large);
        int before = field.Requests.Count;
        for (int round = 0; field.Engine.Pending > 0; round++)
        {
            Assert.IsLessThan(30, round, "it does not come to an end");
            field.Carrier.LosesReplies = round % 3 == 1;
            field.Round();
            if (round % 3 == 2)
            {
                field.Restart();
            }
        }

        ObjectView there = field.Core.Objects.List("d1", "plans").Single();
        Assert.AreEqual(field.Store.FormatId + id, there.Row.Id);
        CollectionAssert.AreEqual(large, there.Row.Data);
        long[] offsets = [.. field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Commands)
            .Select(c => PartRange.TryFind(c.Options, out PartRange? range) ? range!.Offset!.Value : -1)];
        // after a restart the first part goes up once more; the server's 13 says how much it holds
        for (int i = 1; i < offsets.Length; i++)
        {
            Assert.IsTrue(offsets[i] == 0 || offsets[i] >= offsets[..i].Max(), string.Join(' ', offsets));
        }

        Assert.IsLessThanOrEqualTo(field.Starts, offsets.Count(o => o == 0), string.Join(' ', offsets));
    }

    [TestMethod]
    public void A_value_that_comes_while_another_of_its_length_and_check_sum_is_on_its_way_down_is_not_mixed_with_it()
    {
        using Field field = new();
        byte[] one = Large(5000), two = Alike(one);
        Assert.AreEqual(Server.Engine.CrcSum.Of(one), Server.Engine.CrcSum.Of(two));
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, one, ClassCatalog.WireName(field.Map)));
        field.Round(); // key 0
        field.Round();
        Assert.AreNotEqual(0, field.HeldOfMap());
        field.Restart();
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, two, ClassCatalog.WireName(field.Map)));
        int before = field.Requests.Count;
        field.Sync();
        CollectionAssert.AreEqual(two, field.HeldMap());
        Assert.IsTrue(field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Commands)
            .Any(c => PartRange.TryFind(c.Options, out PartRange? range) && range!.Offset == 0), "what was here belongs to the other value");

        // and once the other is whole
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, one, ClassCatalog.WireName(field.Map)));
        field.Sync();
        CollectionAssert.AreEqual(one, field.HeldMap());
    }

    [TestMethod]
    public void A_value_made_while_another_of_its_length_and_check_sum_is_on_its_way_up_is_not_mixed_with_it()
    {
        using Field field = new();
        byte[] one = Large(20_000), two = Alike(one);
        field.Sync();
        uint id = field.AddPlan(one);
        field.Round();
        Assert.AreEqual(1, field.Engine.Pending, "it needs more than one part");
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, field.Store.FindLocal(field.Plans.Number, id, info));
        Assert.AreEqual(StoreError.None, field.Store.Change(info, field.Map.Hash, two, 0, two.Length));
        field.Sync();
        CollectionAssert.AreEqual(two, field.Core.Objects.List("d1", "plans").Single().Row.Data);

        // and once the other is whole
        Assert.AreEqual(StoreError.None, field.Store.FindLocal(field.Plans.Number, id, info));
        Assert.AreEqual(StoreError.None, field.Store.Change(info, field.Map.Hash, one, 0, one.Length));
        field.Restart();
        field.Sync();
        CollectionAssert.AreEqual(one, field.Core.Objects.List("d1", "plans").Single().Row.Data);
    }

    private static Field Both(SyncLimits? limits = null)
    {
        Field field = new(limits: limits);
        field.Put("a", 1);
        field.Put("b", 2);
        field.Put("c", 3);
        field.Sync();
        field.Sync();
        Assert.AreEqual("a=1 b=2 c=3", field.Held());
        return field;
    }

    private static string Reason(ObjectInfo info) => System.Text.Encoding.UTF8.GetString(info.Reason, 0, info.ReasonLength);

    // The next reply has this answer, as from a server that took it otherwise.
    private static void Answer(Field field, byte tag, string id, int status)
    {
        field.Carrier.Reshape = reply => reply.Collections.Single(c => c.Id == "config").Responses.Add(TestDevice.Refuse(tag, id, status, "not this one"));
    }

    private static string Sent(List<SyncMessage> messages, int from)
    {
        return string.Join("; ", messages.Skip(from).SelectMany(m => m.Collections).Where(c => c.Id == "config").SelectMany(c => c.Commands).Select(c => c.Text()));
    }

    // Another value of the same length and check sum: they differ by the polynomial of CRC32 itself, in the first part.
    private static byte[] Alike(byte[] value)
    {
        byte[] other = [.. value];
        foreach ((int at, byte difference) in new byte[] { 0x41, 0x06, 0x71, 0xDB, 0x01 }.Index())
        {
            other[10 + at] ^= difference;
        }

        return other;
    }

    private static byte[] Large(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 7) + (i / 251)))];
}

// What a device does by the specification, as its server sees it: the real engine over a real store, and a server core.

using System.Text;
using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using NanoSync.Server.Proxy;
using NanoSync.Storage;
using Status = NanoSync.Protocol.Status;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class DeviceRuleTests
{
    [TestMethod]
    [DataRow(false, 2UL)]
    [DataRow(true, 9UL)]
    public void A_command_for_an_object_with_a_pending_change_is_answered_with_7_whoever_wins(bool deviceWins, ulong held)
    {
        using Field field = new(deviceWins);
        field.Put("a", 1);
        field.Sync();
        field.Put("a", 2);
        field.Carrier.Meanwhile = () => field.Change("a", 9); // between request and reply
        field.Round();
        Assert.AreEqual("a=9", field.Held(), "it keeps its own");
        field.Round();
        SyncCommand answer = field.Asked("config").Responses.Single();
        Assert.AreEqual("Change a status 7", answer.Text());
        field.Sync();
        Assert.AreEqual("a=" + held, field.Held());
        Assert.AreEqual(1, field.Core.Objects.Losers("d1", "config").Count);
    }

    [TestMethod]
    public void An_object_that_one_reply_names_and_replaces_keeps_what_was_written_here_meanwhile()
    {
        using Field field = new();
        field.Sync();
        uint added = field.Add(1);
        field.Carrier.LosesReplies = true;
        field.Round();
        field.Carrier.LosesReplies = false;
        string id = field.Core.Objects.List("d1", "config").Single().Row.Id;
        field.Put(id, 7);
        field.Add(2); // another request: the same one would get the reply that was lost
        field.Carrier.Meanwhile = () => field.ChangeAdded(added, 9); // the reply has its id, and the operator's 7
        field.Round();
        Assert.Contains($"{id}=9", field.Held());
        field.Sync();
        Assert.Contains($"{id}=7", field.Held());
        Assert.Contains("09", string.Join(' ', field.Core.Objects.Losers("d1", "config").Select(l => Convert.ToHexString(l.Row.Data!))));
    }

    [TestMethod]
    public void A_class_that_was_told_and_not_answered_does_not_count_with_the_key_held()
    {
        using Bench bench = new();
        bench.Core.Devices.Add("d1", "log");
        CoreCarrier carrier = new(bench.Core, "d1");
        ObjectClass reading = new ObjectClass("reading").UInt("n"), other = new ObjectClass("other").Int("n");
        FlashStore store = new(new MemoryVolume(64 * 1024, 64), new StoreOptions());
        SyncEngine engine = new(store, carrier, new SyncOptions());
        SyncCollection log = engine.AddOutbox("log", reading, 4096, true);
        engine.AddClass(other);
        Assert.AreEqual(StoreError.None, engine.Open());
        Append(reading);
        Sync();
        Append(other);
        carrier.LosesReplies = true;
        Assert.AreEqual(CarrierError.Timeout, engine.Round().Carrier);
        carrier.LosesReplies = false;
        while (store.DroppedCount(log.Number) == 0) // until the one of the other class is gone
        {
            Append(reading);
        }

        Sync();
        string[] others = [.. bench.Core.Objects.List("d1", "log", 0, 1000).Select(o => o.Row.Class!).Where(c => c != ClassCatalog.WireName(reading))];
        Assert.AreEqual(ClassCatalog.WireName(other), string.Join(' ', others));

        void Append(ObjectClass type)
        {
            RecordWriter writer = new(16);
            writer.Begin(type);
            if (type == reading)
            {
                writer.UInt(100);
            }
            else
            {
                writer.Int(-100);
            }

            Assert.AreEqual(StoreError.None, store.Append(log.Number, type.Hash, writer.Buffer, 0, writer.Length, out _));
        }

        void Sync()
        {
            int rounds = 0;
            while (engine.Round().Outcome != RoundOutcome.InStep)
            {
                Assert.IsLessThan(30, rounds++);
            }
        }
    }

    [TestMethod]
    [DataRow("config,news,maps,log,plans", 0)]
    [DataRow("config,news,maps,log", Status.NotFound)] // each round fails in another collection
    public void After_a_pass_an_inbox_drops_what_was_not_named_and_a_two_way_collection_sends_it(string granted, int otherStatus)
    {
        using Field field = new(granted: granted);
        field.Put("kept", 1);
        field.Put("kept", 1, "news");
        for (int i = 0; i < 4; i++)
        {
            field.Engine.Round();
        }

        field.PutHere("config", "lost", 2);
        field.PutHere("news", "lost", 2);
        Assert.AreEqual("kept=1 lost=2", field.Held());
        Assert.AreEqual("kept=1 lost=2", field.Held("news"));
        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        field.Command("start-over", new KeyValuePair<string, string>("collection", "news"));
        int before = field.Requests.Count;
        for (int i = 0; i < 8; i++)
        {
            field.Engine.Round();
        }

        Assert.AreEqual(otherStatus, field.Plans.LastStatus);
        Assert.AreEqual("kept=1 lost=2", field.Held());
        Assert.AreEqual("kept=1", field.Held("news"));
        Assert.AreEqual("kept=0101 lost=0102", field.Bench.Held("d1"));
        Assert.AreEqual("kept=0101", field.Bench.Held("d1", "news"));
        string[] sent = [.. field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Commands.Select(x => c.Id + " " + x.Text()))];
        CollectionAssert.AreEqual((string[])["config Change lost 0102"], sent);
        Assert.AreEqual(2, field.Requests.Skip(before).SelectMany(r => r.Collections).Count(c => c.SyncKey == "0" && c.Id != "plans"));
        Assert.AreEqual("1, 1", string.Join(", ", field.Core.Devices.Commands("d1").Select(c => c.Status)));
    }

    [TestMethod]
    public void Values_too_long_to_be_gathered_are_kept_as_they_come_or_answered_like_others()
    {
        using Field field = new() { Handler = new Short() };
        PutLong(field, "maps", "map", Long(1000));
        PutLong(field, "maps", "strange", Long(900), "other#AAAA");
        PutLong(field, "config", "long", Long(600), ClassCatalog.WireName(field.Setting));
        field.Put("b", 2);
        field.Sync();
        CollectionAssert.AreEqual(Long(1000), field.HeldMap());
        Assert.AreEqual(1, field.Store.Count(field.Maps.Number));
        Assert.AreEqual("b=2", field.Held());
        Assert.AreEqual("config Add long status 6; maps Add strange status 202", Answers(field));
        Assert.AreEqual("too long", field.Core.Objects.SetAside("d1", "config").Single().Reason);

        PutLong(field, "maps", "map", Long(300, 2));
        field.Sync();
        CollectionAssert.AreEqual(Long(300, 2), field.HeldMap());
        Assert.AreEqual(StoreError.NotFound, field.Store.FirstPartial(field.Maps.Number, new ObjectInfo()), "no part of it was asked for");
    }

    [TestMethod]
    public void A_long_value_for_an_object_with_a_pending_change_is_answered_with_7()
    {
        using Field field = new();
        PutLong(field, "plans", "p", Long(900));
        field.Sync();
        PutLong(field, "plans", "p", Long(900, 2));
        byte[] own = Long(10, 3);
        field.Carrier.Meanwhile = () => Assert.AreEqual(StoreError.None, field.Store.PutNamed(field.Plans.Number, "p"u8.ToArray(), 0, 1, field.Map.Hash, own, 0, own.Length));
        field.Round();
        CollectionAssert.AreEqual(own, field.HeldPlan("p"), "it keeps its own");
        field.Round();
        Assert.AreEqual("Change p status 7", field.Asked("plans").Responses.Single().Text());
        field.Sync();
        CollectionAssert.AreEqual(Long(900, 2), field.HeldPlan("p"));
        CollectionAssert.AreEqual(own, field.Core.Objects.Losers("d1", "plans").Single().Row.Data);
    }

    [TestMethod]
    public void Where_no_object_fits_any_more_a_long_one_is_answered_with_9_and_those_behind_it_are_kept()
    {
        using Field field = new();
        for (int i = 0; i < 9; i++)
        {
            PutLong(field, "maps", "m" + i, Long(300, i));
        }

        PutLong(field, "plans", "p", Long(300));
        field.Sync();
        Assert.AreEqual("maps Add m8 status 9", Answers(field));
        for (int i = 0; i < 8; i++)
        {
            CollectionAssert.AreEqual(Long(300, i), field.HeldMap("m" + i), "wherever it begins in the buffer");
        }

        Assert.AreEqual(8, field.Store.Count(field.Maps.Number));
        CollectionAssert.AreEqual(Long(300), field.HeldPlan("p"));
    }

    [TestMethod]
    [DataRow(3000, "other#AAAA", 202)]
    [DataRow(65537, null, 201)]
    [DataRow(65536, null, 9)] // it would be taken, if there were room
    public void Of_a_large_object_that_is_not_taken_no_part_is_kept_or_asked_for(int bytes, string? type, int status)
    {
        using Field field = new();
        PutLong(field, "maps", "map", Long(bytes), type);
        field.Sync();
        Assert.AreEqual($"maps Add map status {status}", Answers(field));
        Assert.AreEqual(0, field.HeldOfMap());
        Assert.AreEqual(0, field.Requests.SelectMany(r => r.Collections).Sum(c => c.Commands.Count));
    }

    [TestMethod]
    public void The_application_hears_of_a_download_that_is_whole_and_of_a_deletion_and_the_round_counts_them()
    {
        Hearing hearing = new();
        using Field field = new() { Handler = hearing };
        PutLong(field, "config", "a", Long(3000), ClassCatalog.WireName(field.Setting));
        List<string> rounds = [];
        for (int i = 0; i < 4; i++)
        {
            rounds.Add($"{field.Round().ObjectsDown} {hearing.Heard}");
        }

        Assert.AreEqual("0 0; 0 0; 0 0; 1 1", string.Join("; ", rounds), "key 0, three parts");
        field.Core.Objects.Delete("d1", "config", "a");
        Assert.AreEqual("1 2", $"{field.Round().ObjectsDown} {hearing.Heard}");
        Assert.AreEqual("0 2", $"{field.Round().ObjectsDown} {hearing.Heard}");
    }

    [TestMethod]
    public void A_large_object_of_a_strange_class_that_was_asked_for_is_answered_with_202()
    {
        using Field field = new();
        field.Sync();
        PutLong(field, "maps", "map", Long(3000), "other#AAAA");
        Assert.IsTrue(field.Engine.Fetch(field.Maps, "map"u8.ToArray()));
        field.Round();
        Assert.AreEqual(Status.BadObject, field.Engine.FetchStatus);
        Assert.AreEqual(0, field.HeldOfMap());
        field.Round();
        Assert.AreEqual("maps Change map status 202", Answers(field));
    }

    [TestMethod]
    public void A_large_object_that_is_deleted_while_it_is_half_down_is_given_up()
    {
        using Field field = new();
        PutLong(field, "maps", "map", Long(3000));
        field.Round(); // key 0
        field.Round();
        Assert.AreEqual(1024, field.HeldOfMap());
        field.Core.Objects.Delete("d1", "maps", "map");
        field.Sync();
        Assert.AreEqual(0, field.HeldOfMap());
        Assert.AreEqual(1, field.Requests.SelectMany(r => r.Collections).Sum(c => c.Commands.Count), "its rest is asked for once");
    }

    [TestMethod]
    public void A_refused_reading_that_is_tried_again_is_done_also_where_it_is_the_last_one_acknowledged()
    {
        using Field field = new();
        field.Sync();
        field.Append(1);
        field.Carrier.Reshape = reply => reply.Collections.Single(c => c.Id == "log").Responses.Add(
            new SyncCommand { Tag = Tags.Add, ClientId = field.Asked("log").Commands.Single().ClientId, Status = Status.BadObject });
        field.Round();
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, field.Store.NextRefused(field.Log.Number, info));
        Assert.AreEqual(field.Store.AckedId(field.Log.Number), info.Id);
        Assert.AreEqual(StoreError.None, field.Store.Retry(info));
        field.Sync();
        Assert.AreEqual((0, 0), (field.Store.PendingCount(field.Log.Number), field.Store.RefusedCount(field.Log.Number)));
        field.Sync();
        Assert.AreEqual(2, field.Requests.SelectMany(r => r.Collections).Where(c => c.Id == "log").Sum(c => c.Commands.Count));
    }

    [TestMethod]
    public void What_the_reply_to_a_change_decides_about_it_is_taken_and_needs_no_answer()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Put("b", 1);
        field.Sync();
        field.Change("b", 5);
        field.Change("a", 2);
        field.Put("a", 3);
        field.Round();
        Assert.AreEqual("a=3 b=5", field.Held());
        field.Sync();
        Assert.AreEqual("a=0103 b=0105", field.Bench.Held("d1"));
        Assert.AreEqual("", Answers(field));
    }

    [TestMethod]
    public void A_definition_goes_up_again_until_a_reply_came()
    {
        using Field field = new();
        field.Change("a", 1);
        while (!Tells())
        {
            field.Carrier.CutsLastByte = field.Replies.Count > 0 && field.Replies[^1].Options.Exists(o => o.Class.StartsWith("def:", StringComparison.Ordinal));
            field.Round();
            Assert.IsLessThan(9, field.Requests.Count);
        }

        field.Carrier.CutsLastByte = false;
        field.Round();
        Assert.IsTrue(Tells(), "its reply was cut");
        field.Round();
        Assert.IsFalse(Tells());

        bool Tells() => field.Requests.Count > 0 && field.Requests[^1].Options.Exists(o => o.Class.StartsWith("def:", StringComparison.Ordinal));
    }

    [TestMethod]
    public void An_answer_is_told_until_its_own_collection_was_answered()
    {
        using Field field = new();
        foreach (string collection in (string[])["config", "maps"])
        {
            PutLong(field, collection, "strange", Long(20), "other#AAAA");
        }

        field.Round(); // key 0
        field.Round();
        field.Carrier.Reshape = reply => reply.Collections.Single(c => c.Id == "maps").Status = Status.ServerError;
        field.Round();
        field.Sync();
        field.Sync();
        Assert.AreEqual("config Add strange status 202; maps Add strange status 202; maps Add strange status 202", Answers(field));
    }

    [TestMethod]
    public void A_large_object_that_the_application_does_not_take_is_answered_with_its_reason()
    {
        using Field field = new() { Handler = new Short() };
        PutLong(field, "config", "a", Long(3000), ClassCatalog.WireName(field.Setting));
        field.Sync();
        Assert.AreEqual("config Add a status 6", Answers(field));
        Assert.AreEqual("too long", field.Core.Objects.SetAside("d1", "config").Single().Reason);
        Assert.AreEqual(StoreError.NotFound, field.Store.FirstPartial(field.Config.Number, new ObjectInfo()));
    }

    [TestMethod]
    public void In_the_pass_after_a_restore_long_values_are_compared_whole()
    {
        using Field field = new();
        PutLong(field, "plans", "same", Long(800));
        PutLong(field, "plans", "older", Long(900));
        field.Sync();
        field.Round(); // which says that they arrived
        field.Bench.BackUp();
        field.Restore(); // the server of the device's way is the one that is open
        PutLong(field, "plans", "older", Long(900, 2));
        field.Sync();
        field.Restore();
        int before = field.Requests.Count;
        field.Sync();
        CollectionAssert.AreEqual(Long(900, 2), field.HeldPlan("older"));
        CollectionAssert.AreEqual(Long(900, 2), field.Core.Objects.Get("d1", "plans", "older").Row.Data);
        CollectionAssert.AreEqual(Long(900), field.Core.Objects.Losers("d1", "plans").Single().Row.Data);
        Assert.AreEqual("Change older", string.Join("; ", field.Requests.Skip(before).SelectMany(r => r.Collections).SelectMany(c => c.Commands).Select(c => $"{TagNames.Of(c.Tag)} {c.ServerId}")));
    }

    /// <summary>[SPEC 5.8] Else the server would delete what this firmware has never been given.</summary>
    [TestMethod]
    [DataRow(900)]
    [DataRow(3000)]
    public void In_the_pass_after_a_restore_a_long_value_that_is_not_held_and_would_be_refused_is_not_deleted(int bytes)
    {
        foreach (bool refuses in (bool[])[false, true])
        {
            using Field field = new();
            PutLong(field, "config", "p", Long(bytes), ClassCatalog.WireName(field.Setting));
            field.Sync();
            field.Round(); // which says that it arrived
            field.Bench.BackUp();
            field.Restore(); // the server of the device's way is the one that is open
            field.Core.Objects.Delete("d1", "config", "p");
            field.Sync();
            Assert.AreEqual(0, field.Store.Count(field.Config.Number));
            field.Round();
            field.Restore();
            if (refuses)
            {
                field.Handler = new Short(); // another firmware
            }

            int before = field.Requests.Count;
            field.Sync();
            string said = string.Join("; ", field.Requests.Skip(before).SelectMany(r => r.Collections).Where(c => c.Id == "config").SelectMany(c => c.Responses.Select(x => x.Text())));
            Assert.AreEqual("Change p status " + (refuses ? 6 : 8), said);
            if (refuses)
            {
                CollectionAssert.AreEqual(Long(bytes), field.Core.Objects.Get("d1", "config", "p").Row.Data);
            }
            else
            {
                Assert.ThrowsExactly<RefusedException>(() => field.Core.Objects.Get("d1", "config", "p"));
            }
        }
    }

    [TestMethod]
    public void What_a_pass_names_with_a_value_that_is_not_taken_is_not_missing_on_the_server()
    {
        using Field field = new();
        NewValue other = ObjectJson.Parse("""{"x":1}"""u8.ToArray(), "other(x:u)");
        foreach (string collection in (string[])["config", "news"])
        {
            field.Put("a", 1, collection);
            field.Sync();
            field.Core.Objects.Put("d1", collection, "a", other);
            field.Sync();
        }

        int before = field.Requests.Count;
        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        field.Command("start-over", new KeyValuePair<string, string>("collection", "news"));
        for (int i = 0; i < 8; i++)
        {
            field.Round();
        }

        Assert.AreEqual(2, field.Requests.Skip(before).SelectMany(r => r.Collections).Count(c => c.SyncKey == "0" && c.Id != "plans"));
        Assert.AreEqual("a=1", field.Held(), "its turn to go up has not come");
        Assert.AreEqual("a=1", field.Held("news"), "nor is it dropped");
        Assert.AreEqual(0, field.Requests.SelectMany(r => r.Collections).Sum(c => c.Commands.Count));
        Assert.IsEmpty(field.Core.Objects.Losers("d1", "config"));
    }

    [TestMethod]
    public void More_refusals_than_half_the_room_for_them_come_in_smaller_replies()
    {
        using Field field = new();
        NewValue other = ObjectJson.Parse("""{"x":1}"""u8.ToArray(), "other(x:u)");
        for (int i = 0; i < 40; i++)
        {
            field.Core.Objects.Put("d1", "config", "o" + i, other);
        }

        field.Sync();
        CollectionAssert.AreEquivalent(Enumerable.Range(0, 40).Select(i => $"config Add o{i} status 202").ToArray(), Answers(field).Split("; "));
        Assert.AreEqual("20 10", string.Join(' ', field.Requests.SelectMany(r => r.Collections).Where(c => c.Id == "config" && c.WindowSize != null).Select(c => c.WindowSize).Distinct()));
        Assert.AreEqual(0, field.Store.Count(field.Config.Number));
    }

    [TestMethod]
    public void A_command_in_an_outbox_is_answered_with_4()
    {
        using Field field = new();
        field.Append(1);
        field.Sync();
        field.Append(2);
        field.Carrier.Reshape = reply => reply.Collections.Single(c => c.Id == "log").Commands.Add(TestDevice.Change("x", 1));
        field.Round();
        field.Round();
        Assert.AreEqual("log Change x status 4", Answers(field));
    }

    [TestMethod]
    public void The_rest_of_a_large_object_is_asked_for_with_Fetch_and_a_range()
    {
        using Field field = new();
        byte[] large = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, large, ClassCatalog.WireName(field.Map)));
        field.Sync();
        List<PartRange> asked = [];
        foreach (SyncCommand fetch in field.Requests.SelectMany(r => r.Collections).SelectMany(c => c.Commands))
        {
            Assert.AreEqual("Fetch map", fetch.Text());
            Assert.IsTrue(PartRange.TryFind(fetch.Options, out PartRange? range));
            asked.Add(range!);
        }

        Assert.AreEqual("1024+1024 2048+1024", string.Join(' ', asked.Select(a => $"{a.Offset}+{a.Count}")));
        CollectionAssert.AreEqual(large, field.HeldMap());
    }

    [TestMethod]
    public void The_number_of_the_last_change_is_told_while_one_is_pending_and_only_grows()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Sync();
        field.Round();
        Assert.IsNull(field.Last());
        uint before = 0;
        for (uint n = 0; n < 3; n++)
        {
            field.Change("a", n + 10);
            field.Carrier.LosesReplies = n == 1;
            field.Round();
            Assert.IsGreaterThan(before, field.Last()!.Value);
            before = field.Last()!.Value;
        }

        field.Sync();
        field.Round();
        Assert.IsNull(field.Last());
    }

    [TestMethod]
    public void A_definition_that_the_server_asks_for_goes_up_with_the_next_message()
    {
        using Field field = new();
        field.Change("a", 1);
        field.Sync();
        Structure told = field.Requests.SelectMany(r => r.Options).Single(o => o.Class.StartsWith("def:setting", StringComparison.Ordinal));
        Assert.AreEqual("def:" + Encoding.ASCII.GetString(field.Setting.WireName), told.Class);
        Assert.AreEqual(Field.Definition, Encoding.UTF8.GetString(told.Data!.Value.Span));
    }

    [TestMethod]
    public void Of_a_class_whose_name_it_does_not_know_it_writes_the_hash()
    {
        using Field field = new();
        field.Change("a", 1);
        uint old = new ObjectClass("setting").UInt("n").UInt("m").Hash; // of a firmware before
        Assert.AreEqual(StoreError.None, field.Store.PutNamed(field.Config.Number, "b"u8.ToArray(), 0, 1, old, [3, 1, 2], 0, 3));
        field.Sync();
        byte[] tag = new byte[4];
        Fnv.WriteTag(old, tag, 0);
        Assert.AreEqual($"Change b class #{Encoding.ASCII.GetString(tag)} 030102",
            field.Requests.SelectMany(r => r.Collections).SelectMany(c => c.Commands).Single(c => c.ServerId == "b").Text());
        Assert.AreEqual("a=0101 b=030102", field.Bench.Held("d1"));
    }

    [TestMethod]
    public void Without_a_diary_the_command_gets_8_and_a_refusal_of_what_it_does_not_hold_too()
    {
        using Field field = new();
        field.Command("send-diary");
        field.Sync();
        field.Round();
        Assert.AreEqual("8", string.Join(", ", field.Core.Devices.Commands("d1").Select(c => c.Status)));
        using (IStoreTransaction store = field.Core.Store.BeginWrite())
        {
            // as a proxy does for a reading [SPEC 7.1]
            store.AddCommand(1, BuiltIn.Refused.Name, id => RecordText.Pack(BuiltIn.Refused, [new("id", $"{id}"), new("collection", "log"), new("object", "Ab1_1"), new("status", "6"), new("reason", "no")]), 0, "", 0);
            store.Commit();
        }

        field.Round();
        field.Round();
        Assert.AreEqual("8, 8", string.Join(", ", field.Core.Devices.Commands("d1").Select(c => c.Status)));
    }

    [TestMethod]
    public void A_diary_is_sent_until_a_reply_came_and_a_restart_forgets_that_it_was_asked_for()
    {
        using Field field = new() { Diary = new Notes() };
        field.Sync();
        field.Command("send-diary");
        field.Round();
        field.Carrier.LosesReplies = true;
        for (int i = 0; i < 3; i++)
        {
            field.Round();
            Assert.IsTrue(field.SentDiary, "round " + i);
        }

        field.Carrier.LosesReplies = false;
        field.Round();
        Assert.IsTrue(field.SentDiary);
        field.Round();
        Assert.IsFalse(field.SentDiary);

        field.Command("send-diary");
        field.Round();
        field.Restart();
        field.Sync();
        field.Round();
        Assert.IsFalse(field.SentDiary);
        Assert.AreEqual("1, 1", string.Join(", ", field.Core.Devices.Commands("d1").Select(c => c.Status)));
    }

    [TestMethod]
    public void A_command_of_a_later_server_is_answered_with_8_and_the_next_ones_are_done()
    {
        using Field field = new();
        field.Sync();
        using (IStoreTransaction store = field.Core.Store.BeginWrite())
        {
            store.AddCommand(1, "do:dance", id => RecordText.Pack(BuiltIn.Interval, [new("id", $"{id}"), new("seconds", "7")]), 0, "", 0);
            store.Commit();
        }

        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        for (int i = 0; i < 4; i++)
        {
            field.Round();
        }

        Assert.AreEqual("8 the device does not know this command, or what it names; 1 ",
            string.Join("; ", field.Core.Devices.Commands("d1").Select(c => $"{c.Status} {c.Reason}")));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(int.MaxValue)]
    public void Information_of_a_later_server_is_skipped_and_is_no_command(int first)
    {
        using Field field = new();
        field.Command("send-diary");
        field.Sync();
        field.Command("start-over", new KeyValuePair<string, string>("collection", "config"));
        field.Carrier.Reshape = reply => reply.Options.Insert(0, new Structure("weather", RecordText.Pack(BuiltIn.Interval, [new("id", $"{first}"), new("seconds", "7")])));
        int before = field.Requests.Count;
        for (int i = 0; i < 4; i++)
        {
            field.Round();
        }

        Assert.AreEqual("8, 1", string.Join(", ", field.Core.Devices.Commands("d1").Select(c => c.Status)));
        Assert.AreEqual(1, field.Requests.Skip(before).SelectMany(r => r.Options).Count(o => o.Class == "result"), "nothing is told of what is no command");
        Assert.AreEqual(1, field.Requests.Skip(before).SelectMany(r => r.Collections).Count(c => c.SyncKey == "0"));
    }

    [TestMethod]
    public void A_Fetch_brings_the_object_and_nothing_else_of_its_collection()
    {
        using Field field = new();
        field.Sync();
        field.Put("a", 1);
        field.Put("b", 2);
        Assert.IsTrue(field.Engine.Fetch(field.Config, "b"u8.ToArray()));
        Assert.AreEqual(RoundOutcome.More, field.Round().Outcome);
        Assert.AreEqual("b=2", field.Held());
        Assert.AreEqual(1, field.Engine.FetchStatus);
        Assert.AreEqual("Fetch b", field.Asked("config").Commands.Single().Text());
        Assert.IsFalse(field.Asked("config").GetChanges);
        field.Sync();
        Assert.AreEqual("a=1 b=2", field.Held());
        Assert.IsTrue(field.Requests[^1].Collections.TrueForAll(c => c.Commands.Count == 0));
    }

    [TestMethod]
    public void A_command_without_data_is_answered_with_4_and_one_with_empty_data_is_a_value()
    {
        using Field field = new();
        field.Sync();
        field.Put("a", 1);
        field.Put("b", 2);
        field.Carrier.Reshape = reply =>
        {
            CollectionElement config = reply.Collections.Single(c => c.Id == "config");
            config.Commands.Single(c => c.ServerId == "a").Data = null;
            config.Commands.Single(c => c.ServerId == "b").Data = ReadOnlyMemory<byte>.Empty;
        };
        field.Sync();

        Assert.AreEqual("Add a status 4", field.Requests.SelectMany(r => r.Collections).SelectMany(c => c.Responses).Single().Text());
        ObjectInfo found = new();
        Assert.AreEqual(StoreError.NotFound, field.Store.FindKey(field.Config.Number, "a"u8.ToArray(), 0, 1, found));
        Assert.AreEqual(StoreError.None, field.Store.FindKey(field.Config.Number, "b"u8.ToArray(), 0, 1, found));
        Assert.AreEqual(0, found.Length);
        Assert.AreEqual("refused", field.Core.Objects.Get("d1", "config", "a").State);
    }

    [TestMethod]
    public void A_MoreAvailable_of_0_asks_for_no_more_and_fields_in_a_reply_are_refused_where_they_stand()
    {
        const string Start = "<Sync xmlns='AirSync:'><Collections><Collection><SyncKey>1{0}</SyncKey><CollectionId>config</CollectionId>";
        Canned carrier = new() { Text = Start + "<MoreAvailable>0</MoreAvailable></Collection></Collections></Sync>" };
        SyncEngine engine = new(new FlashStore(new MemoryVolume(64 * 1024, 64), new StoreOptions()), carrier, new SyncOptions { Reader = new XmlReader(), Writer = new XmlWriter(256) });
        engine.AddTwoWay("config", new ObjectClass("setting").UInt("n"), 8, null, false);
        Assert.AreEqual(StoreError.None, engine.Open());
        Assert.AreEqual(RoundOutcome.More, engine.Round().Outcome, "key 0 asks for a key");
        Assert.AreEqual(RoundOutcome.InStep, engine.Round().Outcome);

        carrier.Text = Start + "<Commands><Add><ServerId>a</ServerId><ApplicationData><n>5</n></ApplicationData></Add></Commands></Collection></Collections></Sync>";
        RoundResult round = engine.Round();
        Assert.AreEqual(SyncError.BadRecord, round.Message);
        Assert.AreEqual(carrier.Text.IndexOf("</n>", StringComparison.Ordinal) + "</n>".Length, round.MessageOffset, "the key has 4 characters where {0} has 3");
    }

    // Answers each request with the same text; {0} is the check sum of the request.
    private sealed class Canned : MemoryCarrier
    {
        public string Text { get; set; } = "";

        public override CarrierError Receive()
        {
            byte[] tag = new byte[4];
            Fnv.WriteTag(Fnv.Of(Request, 0, Request.Length), tag, 0);
            Reply = Encoding.ASCII.GetBytes(Text.Replace("{0}", Encoding.ASCII.GetString(tag), StringComparison.Ordinal));
            return CarrierError.None;
        }
    }

    [TestMethod]
    public void A_Fetch_says_what_became_of_it()
    {
        using Field field = new();
        field.Put("a", 1);
        field.Sync();
        Assert.IsFalse(field.Engine.Fetch(field.Log, "a"u8.ToArray()), "an outbox");
        Assert.IsFalse(field.Engine.Fetch(field.Config, []));

        Assert.IsTrue(field.Engine.Fetch(field.Config, "nothing"u8.ToArray()));
        field.Carrier.LosesReplies = true;
        field.Round();
        Assert.AreEqual(0, field.Engine.FetchStatus, "not answered yet");
        field.Carrier.LosesReplies = false;
        field.Sync();
        Assert.AreEqual(Status.NotFound, field.Engine.FetchStatus);

        field.Change("a", 5);
        Assert.IsTrue(field.Engine.Fetch(field.Config, "a"u8.ToArray()));
        field.Sync();
        Assert.AreEqual(Status.Conflict, field.Engine.FetchStatus, "changed here");
        Assert.AreEqual("a=0105", field.Bench.Held("d1"));

        byte[] large = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, large, ClassCatalog.WireName(field.Map)));
        Assert.IsTrue(field.Engine.Fetch(field.Maps, "map"u8.ToArray()));
        field.Round();
        Assert.AreEqual(Status.Incomplete, field.Engine.FetchStatus, "the rest follows");
        field.Sync();
        CollectionAssert.AreEqual(large, field.HeldMap());

        field.Core.Objects.Put("d1", "config", "other", new NewValue(null, new byte[] { 1, 1 }, "other#" + new string('A', 4)));
        Assert.IsTrue(field.Engine.Fetch(field.Config, "other"u8.ToArray()));
        field.Round();
        Assert.AreEqual(Status.BadObject, field.Engine.FetchStatus, "a class that the device does not have");
        Assert.AreEqual("a=5", field.Held());
        field.Round();
        Assert.AreEqual("Change other status 202", field.Asked("config").Responses.Single().Text());
    }

    [TestMethod]
    public void A_reply_cut_behind_the_last_part_costs_no_second_download()
    {
        using Field field = new();
        byte[] large = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, large, ClassCatalog.WireName(field.Map)));
        for (int round = 0; round < 12; round++)
        {
            field.Carrier.CutsLastByte = round > 1 && round % 2 == 1; // the first part counts with its commit
            field.Round();
        }

        field.Carrier.CutsLastByte = false;
        field.Sync();
        List<long> asked = [];
        foreach (SyncCommand fetch in field.Requests.SelectMany(r => r.Collections).SelectMany(c => c.Commands).Where(c => c.Tag == Tags.Fetch))
        {
            Assert.IsTrue(PartRange.TryFind(fetch.Options, out PartRange? range));
            asked.Add(range!.Offset!.Value);
        }

        CollectionAssert.AreEqual(asked.Distinct().Order().ToList(), asked, "what came is not asked for again: " + string.Join(' ', asked));
        Assert.AreEqual(3000L, asked[^1], "only its end was missing");
        CollectionAssert.AreEqual(large, field.HeldMap());
    }

    [TestMethod]
    public void Each_command_is_applied_as_it_is_read()
    {
        using Field field = new();
        Reading seen = new(field.Carrier);
        field.Handler = seen;
        for (uint n = 0; n < 20; n++)
        {
            field.Put("an-object-with-a-long-name-" + n, n);
        }

        field.Sync();
        Assert.HasCount(20, seen.Left);
        CollectionAssert.AreEqual(seen.Left.OrderDescending().ToList(), seen.Left);
        Assert.IsGreaterThan(0, seen.Left[0], "the reply's end had not been read when its first command was looked at");
        Assert.AreEqual(0, seen.Left[^1]);
    }

    [TestMethod]
    public void Only_a_device_sends_series_and_only_in_an_outbox()
    {
        using Field field = new(series: true);
        field.Put("a", 1);
        field.Put("b", 2);
        field.Sync();
        for (uint n = 0; n < 5; n++)
        {
            field.Append(n);
            field.Add(n);
        }

        field.Put("c", 3);
        field.Put("d", 4);
        field.Sync();
        field.Sync();
        Assert.HasCount(5, field.Core.Objects.List("d1", "log"));
        Assert.HasCount(9, field.Core.Objects.List("d1", "config"));
        Assert.AreEqual("log", string.Join(' ', field.Requests.SelectMany(r => r.Collections).Where(c => c.Commands.Exists(x => x.Class == "*")).Select(c => c.Id)));
        Assert.IsFalse(field.Replies.SelectMany(r => r.Collections).SelectMany(c => c.Commands).Any(x => x.Class == "*"));
    }

    [TestMethod]
    public void A_device_that_forgot_what_it_was_asked_for_sends_its_readings_plain_and_series_after_the_next_start()
    {
        using Field field = new(series: true);
        field.Append(1);
        field.Append(2);
        field.Round(); // key 0; the reply asks for the definition
        field.Restart();
        Assert.AreEqual(RoundOutcome.More, field.Round().Outcome, "it goes on before it sleeps");
        Assert.IsEmpty(field.Core.Objects.List("d1", "log"), "the server could not take the series apart");
        field.Round();
        Assert.HasCount(2, field.Core.Objects.List("d1", "log"));
        Assert.AreEqual(0, field.Engine.Pending);
        field.Restart();
        field.Append(3);
        field.Append(4);
        field.Round();
        Assert.HasCount(4, field.Core.Objects.List("d1", "log"));
        Assert.AreEqual("*", field.Asked("log").Commands.Single().Class);
    }

    [TestMethod]
    public void The_version_is_written_first_and_the_data_of_a_command_last()
    {
        using Field field = new(limits: new SyncLimits { MaxObjects = 2 });
        field.Carrier.Bytes = [];
        field.Put("a", 1);
        field.Core.Objects.Put("d1", "maps", "map", new NewValue(null, new byte[3000], ClassCatalog.WireName(field.Map)));
        field.Sync();
        field.Add(2);
        field.Change("a", 3);
        field.Change("b", 3);
        uint old = new ObjectClass("setting").UInt("n").UInt("m").Hash;
        Assert.AreEqual(StoreError.None, field.Store.PutNamed(field.Config.Number, "b"u8.ToArray(), 0, 1, old, [3, 1, 2], 0, 3));
        field.AddPlan(new byte[9000]);
        field.Sync();
        WbxmlReader reader = new();
        int datas = 0;
        for (int i = 0; i < field.Carrier.Bytes.Count; i++)
        {
            byte[] bytes = field.Carrier.Bytes[i];
            bool data = false;
            int items = 0;
            reader.Reset();
            reader.Feed(bytes, 0, bytes.Length);
            for (Item item = bytes[0] == EmptyReply.Mark ? Item.EndOfMessage : reader.Read(); item != Item.EndOfMessage; item = reader.Read())
            {
                Assert.IsGreaterThan((int)Item.Error, (int)item);
                Assert.IsTrue(i % 2 == 1 || items != 1 || (item == Item.Value && reader.Tag == Tags.Version), "a request");
                items++;
                bool command = reader.Scope is Scopes.Command or Scopes.Response;
                Assert.IsFalse(data && command && item is Item.Value or Item.Start, $"{TagNames.Of(reader.Tag)} behind the data");
                data = command ? data || item == Item.DataEnd : data && item != Item.End;
                datas += command && item == Item.DataEnd ? 1 : 0;
            }
        }

        Assert.IsGreaterThan(10, datas);
    }

    [TestMethod]
    [DataRow(1024, false)]
    [DataRow(1025, true)]
    public void A_way_of_more_than_1024_bytes_is_refused_as_a_loop(int bytes, bool refused)
    {
        using Bench bench = new();
        bench.Core.Sync.Guard = new LoopGuard(bench.Core.Store, bench.Clock);
        TestDevice device = AddTests.Started(bench);
        string way = string.Concat(Enumerable.Repeat("0123456789ab ", 100))[..bytes];
        SyncMessage request = new();
        request.Options.Add(new Structure(BuiltIn.Via.Name, RecordText.Pack(BuiltIn.Via, [new("way", way)])));
        request.Collections.Add(AddTests.With(device, TestDevice.Add("Ab1_1", 1)));
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual(refused ? Status.Loop : Status.Success, reply.Status);
        Assert.AreEqual(refused ? "" : "Ab1_1=01", bench.Held("d1"));
        Assert.AreEqual(refused, reply.Options.Exists(o => o.Class == "via" && RecordText.Unpack(BuiltIn.Via, o.Data!.Value).Single().Text == way));
    }

    private static byte[] Long(int count, int seed = 1) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7 + seed))];

    private static void PutLong(Field field, string collection, string id, byte[] bytes, string? type = null)
    {
        field.Core.Objects.Put("d1", collection, id, new NewValue(null, bytes, type ?? ClassCatalog.WireName(field.Map)));
    }

    // What the device answered of what came down.
    private static string Answers(Field field)
    {
        return string.Join("; ", field.Requests.SelectMany(r => r.Collections).SelectMany(c => c.Responses.Select(r => c.Id + " " + r.Text())));
    }

    private sealed class Hearing : IObjectHandler
    {
        public int Heard { get; private set; }

        public string? Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count) => null;

        public string? CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes) => null;

        public void Changed(SyncCollection collection) => Heard++;
    }

    private sealed class Short : IObjectHandler
    {
        public string? Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count) => null;

        public string? CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes) => "too long";

        public void Changed(SyncCollection collection)
        {
        }
    }

    private sealed class Reading(CoreCarrier carrier) : IObjectHandler
    {
        public List<int> Left { get; } = [];

        public string? Check(SyncCollection collection, byte[] id, int idOffset, int idLength, byte[] record, int offset, int count)
        {
            Left.Add(carrier.Left);
            return null;
        }

        public string? CheckLarge(SyncCollection collection, byte[] id, int idOffset, int idLength, int bytes)
        {
            return null;
        }

        public void Changed(SyncCollection collection)
        {
        }
    }

    private sealed class Notes : IDiary
    {
        public int Open(int most) => 40;

        public void Read(int position, byte[] buffer, int count) => Array.Clear(buffer, 0, count);
    }
}

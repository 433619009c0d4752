// Readings: an Add of an outbox never replaces, room for them is counted apart, and what finds none is kept by the device. [SPEC 5.4, 5.7]

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ReadingTests
{
    [TestMethod]
    public void A_reading_repeated_with_the_same_content_makes_nothing_and_is_answered_with_silence()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2)));
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2), TestDevice.Add(null, 3))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02 Ab1_3=03", bench.Held("d1", "log"));
        bench.Core.Objects.Delete("d1", "log", "Ab1_2");
        device.Start("log", Outbox);
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_3=03", bench.Held("d1", "log"), "deleted stays deleted");
    }

    [TestMethod]
    public void A_reading_with_other_content_under_a_known_id_is_told_as_a_fork_and_nothing_behind_it_is_done()
    {
        using Bench bench = new();
        TestDevice board = Started(bench);
        board.Sync(board.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2)));
        TestDevice clone = ReplicaTests.Clone(bench, board, "log");

        // the first is the same on both, the second is not
        CollectionElement answer = clone.Sync(clone.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 20), TestDevice.Add(null, 30)));
        Assert.AreEqual("ok [Add Ab1_2 status 204]", answer.Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02", bench.Held("d1", "log"));
        RefusalRow refusal = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual((true, "Ab1_2", Status.Forked, "another reading is known by this id: two boards have one store"), (refusal.ByServer, refusal.ObjectId, refusal.Status, refusal.Reason));

        // so it goes on from there as another store
        clone.StoreId = "Ef3_";
        clone.CameFrom = "Ab1_";
        clone.Start("log", Outbox);
        clone.Sync(clone.Log(TestDevice.Add("Ef3_2", 20), TestDevice.Add(null, 30)));
        Assert.AreEqual("ok", board.Sync(board.Log(TestDevice.Add("Ab1_3", 3))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02 Ab1_3=03 Ef3_2=14 Ef3_3=1E", bench.Held("d1", "log"));
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual("Ab1_", store.FindReplica(1, "Ef3_")!.CameFrom);
    }

    [TestMethod]
    public void Neither_a_replaced_request_nor_one_in_parts_replaces_a_reading()
    {
        using Bench bench = new();
        TestDevice board = Started(bench);
        TestDevice clone = ReplicaTests.Clone(bench, board, "log");
        board.Sync(board.Log(TestDevice.Add("Ab1_1", 1, 2, 3)));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", clone.Sync(clone.Log(TestDevice.Add("Ab1_1", 4, 5, 6))).Line());
        SyncCommand part = TestDevice.Add("Ab1_1", 4);
        part.Options.Add(new PartRange(0, null, 3, CrcSum.Of([4, 5, 6])).ToStructure());
        Assert.AreEqual("ok [Add Ab1_1 status 204]", clone.Sync(clone.Log(part)).Line());
        SyncCommand same = TestDevice.Add("Ab1_1", 3);
        same.Options.Add(new PartRange(2, null, 3, CrcSum.Of([1, 2, 3])).ToStructure());
        Assert.AreEqual("ok", clone.Sync(clone.Log(same)).Line());
        Assert.AreEqual("Ab1_1=010203", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void A_reading_of_equal_length_and_check_sum_under_a_known_id_is_told_apart()
    {
        using Bench bench = new();
        TestDevice board = Started(bench);
        TestDevice clone = ReplicaTests.Clone(bench, board, "log");
        byte[] one = new byte[8], other = [1, 0, 0, 0, 101, 103, 188, 184];
        Assert.AreEqual(CrcSum.Of(one), CrcSum.Of(other));
        board.Sync(board.Log(TestDevice.Add("Ab1_1", one)));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", clone.Sync(clone.Log(TestDevice.Add("Ab1_1", other))).Line());
    }

    [TestMethod]
    public void A_reading_that_finds_no_room_before_a_fork_is_answered()
    {
        using Bench bench = new(new Server.ServerOptions { Limits = new SyncLimits { MaxReadings = 2 } });
        TestDevice board = Started(bench);
        board.Sync(board.Log(TestDevice.Add("Ab1_1", 1)));
        TestDevice clone = ReplicaTests.Clone(bench, board, "log");
        board.Sync(board.Log(TestDevice.Add("Ab1_3", 3)));
        Assert.AreEqual("ok [Add Ab1_3 status 204] [Add Ab1_2 status 9]", clone.Sync(clone.Log(TestDevice.Add("Ab1_2", 2), TestDevice.Add("Ab1_3", 33))).Line());
    }

    [TestMethod]
    [DataRow("reading#abcd", "#abcd", "ok")]
    [DataRow("reading#abcd", null, "ok")]
    [DataRow("reading#abcd", "other#efgh", "ok [Add Ab1_1 status 204]")]
    [DataRow("#abcd", "reading#abcd", "ok")]
    [DataRow("#abcd", "other#abcd", "ok")]
    [DataRow(null, "reading#abcd", "ok")]
    public void The_same_bytes_are_the_same_reading_if_the_class_is_the_same_by_its_hash(string first, string? second, string expected)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement request = device.Log(TestDevice.Add("Ab1_1", 1));
        request.Class = first;
        device.Sync(request);
        device.Start("log", Outbox);
        request = device.Log(TestDevice.Add("Ab1_1", 1));
        request.Class = second;
        Assert.AreEqual(expected, device.Sync(request).Line());
    }

    [TestMethod]
    [DataRow(4096, 2, false)]
    [DataRow(4097, 1, true)]
    public void A_reading_is_known_again_whether_it_lies_in_the_log_or_was_too_long_for_it(int bytes, long last, bool hasOthers)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        byte[] reading = new byte[bytes];
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, reading))).Line());
        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            Assert.AreEqual(new LogMark(last, hasOthers), store.FindLog(device.Identity.Id, store.FindCollection(device.Identity.Id, "log")!.Id, "Ab1_"));
        }

        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_2", reading), TestDevice.Add(null, 3))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=" + Convert.ToHexString(reading) + " Ab1_3=03", bench.Held("d1", "log"));
        byte[] other = new byte[bytes];
        other[0] = 1;
        Assert.AreEqual("ok [Add Ab1_2 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_2", other), TestDevice.Add(null, 4))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=" + Convert.ToHexString(reading) + " Ab1_3=03", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void A_reading_that_stands_twice_in_one_message_is_one_and_with_other_content_a_fork()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 2), TestDevice.Add("Ab1_2", 2), TestDevice.Add("Ab1_1", 1))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02", bench.Held("d1", "log"));
        Assert.AreEqual("ok [Add Ab1_4 status 204]", device.Sync(device.Log(TestDevice.Add("Ab1_3", 3), TestDevice.Add(null, 4), TestDevice.Add("Ab1_4", 5), TestDevice.Add(null, 6))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=02 Ab1_3=03 Ab1_4=04", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void Readings_of_one_message_whose_stores_numbers_or_classes_differ_are_each_kept_as_what_they_are()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand Classed(string clientId, byte value)
        {
            SyncCommand add = TestDevice.Add(clientId, value);
            add.Class = "other#efgh";
            return add;
        }

        SyncCommand[] All() =>
        [
            TestDevice.Add("Ab1_5", 1), TestDevice.Add("Ab1_7", 2), Classed("Ab1_8", 3), Classed("Ab1_9", 4), TestDevice.Add("Cd2_10", 5),
            TestDevice.Add("Ab1_10", 6), TestDevice.Add("Cd2_11", 7), TestDevice.Add("Ab1_3", 8), TestDevice.Add("with a name", 9), TestDevice.Add("Ab1_11", 10),
        ];
        const string Held = "Ab1_10=06 Ab1_11=0A Ab1_3=08 Ab1_5=01 Ab1_7=02 Ab1_8=03 Ab1_9=04 Cd2_10=05 Cd2_11=07 with a name=09";
        Assert.AreEqual("ok", device.Sync(device.Log(All())).Line());
        Assert.AreEqual(Held, bench.Held("d1", "log"));
        Assert.AreEqual("Ab1_8 Ab1_9", string.Join(' ', bench.Objects("d1", "log").Where(o => o.Row.Class == "other#efgh").Select(o => o.Row.Id).Order()));
        Assert.AreEqual(8, bench.Objects("d1", "log").Count(o => string.IsNullOrEmpty(o.Row.Class)));
        Assert.AreEqual("ok", device.Sync(device.Log(All())).Line());
        Assert.AreEqual(Held, bench.Held("d1", "log"), "each is known again");
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual(10, store.ListOutboxes().Single().Live);
        CollectionAssert.AreEqual(Enumerable.Range(1, 10).Select(i => (long)i).ToArray(), bench.Objects("d1", "log").Select(o => o.Row.Seq).Order().ToArray());
    }

    [TestMethod]
    public void A_part_of_a_known_reading_is_it_if_length_and_check_sum_of_the_whole_are_its()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        uint crc = CrcSum.Of([1, 2, 3]);
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1, 2, 3)));
        string Part(PartRange range)
        {
            SyncCommand part = TestDevice.Add("Ab1_1", 3);
            part.Options.Add(range.ToStructure());
            return device.Sync(device.Log(part)).Line();
        }

        Assert.AreEqual("ok", Part(new PartRange(2, null, 3, crc)));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", Part(new PartRange(2, null, 4, crc)));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", Part(new PartRange(2, null, 3, crc + 1)));
        Assert.AreEqual("ok [Add Ab1_1 status 4]", Part(new PartRange(2, null, 3, null)));
        Assert.AreEqual("ok [Add Ab1_1 status 4]", Part(new PartRange(2, null, null, crc)));
        Assert.AreEqual("Ab1_1=010203", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void A_reading_in_parts_is_taken_once_and_counts_as_one()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand Part(int from, params byte[] bytes)
        {
            SyncCommand part = TestDevice.Add("Ab1_2", bytes);
            part.Options.Add(new PartRange(from, null, 4, CrcSum.Of([1, 2, 3, 4]), 7).ToStructure());
            return part;
        }

        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1)));
        Assert.AreEqual("ok [Add Ab1_2 status 13]", device.Sync(device.Log(Part(0, 1, 2))).Line());
        Assert.AreEqual("ok", device.Sync(device.Log(Part(2, 3, 4), TestDevice.Add("Ab1_3", 3))).Line());
        Assert.AreEqual("ok", device.Sync(device.Log(Part(2, 3, 4), TestDevice.Add("Ab1_3", 3))).Line());
        Assert.AreEqual("Ab1_1=01 Ab1_2=01020304 Ab1_3=03", bench.Held("d1", "log"));
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual(3, store.ListOutboxes().Single().Live);
    }

    // A server's application may write under an id that a store has not come to yet.
    [TestMethod]
    public void A_reading_whose_id_somebody_else_has_used_gets_another_and_is_known_by_its_own()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.Core.Objects.Put("d1", "log", "Ab1_2", new Server.Application.NewValue(null, [9], null));
        for (int time = 0; time < 2; time++)
        {
            Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2), TestDevice.Add(null, 3))).Line());
            Assert.AreEqual("Ab1_1=01 Ab1_2=09 Ab1_2~2=02 Ab1_3=03", bench.Held("d1", "log"));
        }
    }

    [TestMethod]
    public void Bytes_of_equal_length_and_check_sum_are_another_reading_whichever_way_the_class_is_named()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        (byte[] one, byte[] two) = Alike();
        string Answer(string type, byte[] bytes)
        {
            CollectionElement request = device.Log(TestDevice.Add("Ab1_1", bytes));
            request.Class = type;
            return device.Sync(request).Line();
        }

        Assert.AreEqual("ok", Answer("reading#abcd", one));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", Answer("#abcd", two));
        Assert.AreEqual("ok", Answer("#abcd", one));
    }

    [TestMethod]
    [DataRow("reading#abcd", null, "ok")] // nothing is left that names its class
    [DataRow("reading#abcd", "#abcd", "ok")]
    [DataRow("reading#abcd", "other#efgh", "ok [Add Ab1_1 status 204]")]
    [DataRow(null, "reading#abcd", "ok")]
    public void A_reading_that_was_deleted_here_is_known_too_when_it_comes_again(string? first, string? second, string expected)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement request = device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2));
        request.Class = first;
        device.Sync(request);
        bench.Core.Objects.Delete("d1", "log", "Ab1_1");
        device.Start("log", Outbox);
        request = device.Log(TestDevice.Add("Ab1_1", 1));
        request.Class = second;
        Assert.AreEqual(expected, device.Sync(request).Line());
        Assert.AreEqual("Ab1_2=02", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void A_reading_that_an_operator_wrote_over_is_known_by_what_the_device_had_sent()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string Answer(byte value)
        {
            CollectionElement request = device.Log(TestDevice.Add("Ab1_1", value));
            request.Class = "reading#abcd";
            return device.Sync(request).Line();
        }

        Assert.AreEqual("ok", Answer(1));
        bench.Core.Objects.Put("d1", "log", "Ab1_1", new Server.Application.NewValue(null, [9], "other#efgh"));
        Assert.AreEqual("ok", Answer(1));
        Assert.AreEqual("ok [Add Ab1_1 status 204]", Answer(9));
        Assert.AreEqual("Ab1_1=09", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void Readings_do_not_count_as_objects_and_have_a_bound_of_their_own()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObjects = 1, MaxReadings = 3 } });
        TestDevice device = Started(bench, "config,log");
        device.Start();
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2))).Line());
        Assert.AreEqual("ok [Add Ab1_90 Ab1_90]", device.Sync(AddTests.With(device, TestDevice.Add("Ab1_90", 1))).Line());
        Assert.AreEqual("ok [Add Ab1_4 status 9]", device.Sync(device.Log(TestDevice.Add("Ab1_3", 3), TestDevice.Add(null, 4))).Line());

        // known ones are no new ones
        Assert.AreEqual("ok [Add Ab1_4 status 9]", device.Sync(device.Log(TestDevice.Add("Ab1_3", 3), TestDevice.Add(null, 4))).Line());
        bench.Core.Objects.Delete("d1", "log", "Ab1_1");
        Assert.AreEqual("ok", device.Sync(device.Log(TestDevice.Add("Ab1_4", 4))).Line());
        Assert.AreEqual("Ab1_2=02 Ab1_3=03 Ab1_4=04", bench.Held("d1", "log"));
    }

    // What gets Status 9 stays on its device: EngineTests.A_reading_not_taken_now_is_sent_again.
    [TestMethod]
    public void What_one_of_a_group_fills_is_no_room_for_the_others_and_is_taken_once_there_is_some()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxReadings = 2 } });
        TestDevice one = Started(bench, "log@site");
        TestDevice two = bench.Device("d2", "log@site");
        two.StoreId = "Cd2_";
        two.Start("log", Outbox);
        Assert.AreEqual("ok", one.Sync(one.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add(null, 2))).Line());
        Assert.AreEqual("ok [Add Cd2_1 status 9]", two.Sync(two.Log(TestDevice.Add("Cd2_1", 11))).Line());
        Assert.AreEqual("the quota of 2 readings is used up", bench.Core.Devices.Refusals("d2", 9).Single().Reason);
        bench.Core.Objects.Delete("d1", "log", "1-Ab1_1");
        Assert.AreEqual("ok", two.Sync(two.Log(TestDevice.Add("Cd2_1", 11))).Line());
        Assert.AreEqual("1-Ab1_2=02 2-Cd2_1=0B", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void In_one_message_a_Delete_makes_room_for_an_Add_whichever_comes_first()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObjects = 2 } });
        TestDevice device = bench.Device();
        device.Start();
        device.Sync(AddTests.With(device, TestDevice.Add("Ab1_1", 1), TestDevice.Change("named", 2)));
        Assert.AreEqual("ok [Add Ab1_2 Ab1_2]", device.Sync(AddTests.With(device, TestDevice.Delete("Ab1_1"), TestDevice.Add("Ab1_2", 2))).Line());
        Assert.AreEqual("ok [Add Ab1_3 Ab1_3]", device.Sync(AddTests.With(device, TestDevice.Add("Ab1_3", 3), TestDevice.Delete("Ab1_2"))).Line());
        Assert.AreEqual("ok [Add Ab1_4 status 9]", device.Sync(AddTests.With(device, TestDevice.Change("other", 3), TestDevice.Add("Ab1_4", 4), TestDevice.Delete("Ab1_3"))).Line());
        Assert.AreEqual("named=02 other=03", bench.Held("d1"));
    }

    [TestMethod]
    public void What_another_board_wrote_in_the_request_whose_reply_was_lost_is_kept_as_a_loser()
    {
        using Bench bench = new();
        TestDevice board = ReplicaTests.Started(bench, "Ab1_");
        TestDevice clone = ReplicaTests.Clone(bench, board);
        board.Sync(AddTests.With(board, TestDevice.Change("a", 1), TestDevice.Change("b", 1)));
        Assert.AreEqual("ok", clone.Sync(AddTests.With(clone, TestDevice.Change("a", 2), TestDevice.Change("b", 1))).Line());
        Assert.AreEqual("a=02 b=01", bench.Held("d1"));
        Assert.AreEqual("a 01", string.Join(' ', bench.Core.Objects.Losers("d1", "config").Select(l => l.Row.ServerId + " " + Convert.ToHexString(l.Row.Data!))));
    }

    [TestMethod]
    public void Two_values_of_one_length_and_check_sum_are_two_transfers_if_their_versions_differ()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        (byte[] one, byte[] two) = Alike();
        Assert.AreEqual(CrcSum.Of(one), CrcSum.Of(two));
        foreach ((byte[] value, int version) in new[] { (one, 1), (two, 2), (two, 2) })
        {
            SyncCommand half = TestDevice.Change("a", value[..4]);
            half.Options.Add(new PartRange(0, null, value.Length, CrcSum.Of(value), version).ToStructure());
            SyncCommand rest = TestDevice.Change("a", value[4..]);
            rest.Options.Add(new PartRange(4, null, value.Length, CrcSum.Of(value), version).ToStructure());
            device.Sync(AddTests.With(device, half));
            Assert.AreEqual("ok", device.Sync(AddTests.With(device, rest)).Line());
            Assert.AreEqual("a=" + Convert.ToHexString(value), bench.Held("d1"));
        }

        // a part of one value does not go on with the other's
        SyncCommand begun = TestDevice.Change("b", one[..4]);
        begun.Options.Add(new PartRange(0, null, one.Length, CrcSum.Of(one), 3).ToStructure());
        device.Sync(AddTests.With(device, begun));
        SyncCommand other = TestDevice.Change("b", two[4..]);
        other.Options.Add(new PartRange(4, null, two.Length, CrcSum.Of(two), 4).ToStructure());
        Assert.AreEqual("ok [Change b status 13]", device.Sync(AddTests.With(device, other)).Line());
    }

    [TestMethod]
    public void Parts_that_do_not_come_to_the_check_sum_told_are_no_object_and_begin_anew()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        byte[] value = [1, 2, 3, 4, 5, 6];
        SyncCommand Part(int from, params byte[] bytes)
        {
            SyncCommand part = TestDevice.Change("a", bytes);
            part.Options.Add(new PartRange(from, null, value.Length, CrcSum.Of(value), 1).ToStructure());
            return part;
        }

        Assert.AreEqual("ok [Change a status 13]", device.Sync(AddTests.With(device, Part(0, 1, 2, 9))).Line()); // spoilt on its way
        CollectionElement reply = device.Sync(AddTests.With(device, Part(3, 4, 5, 6)));
        Assert.AreEqual("ok [Change a status 13]", reply.Line());
        Assert.AreEqual("", bench.Held("d1"));
        device.Sync(AddTests.With(device, Part(0, 1, 2, 3)));
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, Part(3, 4, 5, 6))).Line());
        Assert.AreEqual("a=010203040506", bench.Held("d1"));
    }

    internal static TestDevice Started(Bench bench, string collections = "log")
    {
        TestDevice device = bench.Device("d1", collections);
        device.StoreId = "Ab1_";
        device.Start("log", Outbox);
        return device;
    }

    internal static void Outbox(CollectionElement request)
    {
        request.GetChanges = false;
        request.DeletesAsMoves = true;
    }

    // Two values of 8 bytes with the same CRC32: the check sum is linear, so 5 bytes of difference can be found that cancel out.
    private static (byte[] One, byte[] Two) Alike()
    {
        byte[] one = new byte[8], two = new byte[8];
        two[0] = 1;
        uint wanted = CrcSum.Of(one);

        // the last 4 bytes that bring the register where it is wanted, bit by bit
        uint[] effect = new uint[32];
        uint without = CrcSum.Of(two);
        for (int bit = 0; bit < 32; bit++)
        {
            byte[] probe = [.. two];
            probe[4 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            effect[bit] = CrcSum.Of(probe) ^ without;
        }

        uint missing = wanted ^ without;
        uint[] rows = [.. effect];
        uint[] made = [.. Enumerable.Range(0, 32).Select(i => 1u << i)];
        for (int column = 0; column < 32; column++)
        {
            int pivot = Array.FindIndex(rows, column, r => (r >> column & 1) != 0);
            (rows[column], rows[pivot]) = (rows[pivot], rows[column]);
            (made[column], made[pivot]) = (made[pivot], made[column]);
            for (int row = 0; row < 32; row++)
            {
                if (row != column && (rows[row] >> column & 1) != 0)
                {
                    rows[row] ^= rows[column];
                    made[row] ^= made[column];
                }
            }
        }

        for (int column = 0; column < 32; column++)
        {
            for (int bit = 0; (missing >> column & 1) != 0 && bit < 32; bit++)
            {
                two[4 + (bit / 8)] ^= (byte)((made[column] >> bit & 1) << (bit % 8));
            }
        }

        return (one, two);
    }
}

// A start over that meets a restore, an image or another start over: nothing is lost, undone or there twice. [SPEC 5.8]

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class StartOverTests
{
    private static readonly KeyValuePair<string, string> s_config = new("collection", "config");

    // the value comes down with the command, or a change or a deletion of the device's is acknowledged with it
    [TestMethod]
    [DataRow("comes", "a=2", "a=0102", "a 0101 server")]
    [DataRow("changed", "a=2", "a=0102", "a 0101 server")]
    [DataRow("deleted", "", "", "a 0101 server")]
    public void What_the_reply_brought_that_told_to_start_over_is_not_lost_by_a_restore(string what, string held, string stored, string loser)
    {
        using Field field = Backed("a", 1);
        switch (what)
        {
            case "comes":
                field.Put("a", 2);
                break;
            case "changed":
                field.Change("a", 2);
                break;
            default:
                field.Delete("a");
                break;
        }

        field.Command("start-over", s_config);
        field.Round();
        Assert.IsTrue(field.Config.StartsOver);
        Assert.AreEqual(0, field.Engine.Pending);
        Assert.AreEqual(held, field.Held());
        field.Restore();
        field.Sync();
        Assert.AreEqual((held, stored, loser), (field.Held(), field.Bench.Held("d1"), Losers(field)));
    }

    // the operator restores and tells the devices to start over, for safety
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_command_to_start_over_in_a_recovering_pass_undoes_nothing(int rounds)
    {
        using Field field = InTimeToBeLost();
        field.Restore();
        for (int i = 0; i < rounds; i++)
        {
            field.Round();
        }

        field.Command("start-over", s_config);
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
    }

    // told 205, and the database is put back once more before key 0 is there
    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    public void Put_back_once_more_after_205(int rounds)
    {
        using Field field = InTimeToBeLost();
        field.Restore();
        for (int i = 0; i < rounds; i++)
        {
            field.Round();
        }

        field.Restore();
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
    }

    // power cut: the reply with 205 is lost, or that to key 0
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(4)]
    public void Replies_lost_in_a_recovering_pass(int lost)
    {
        using Field field = InTimeToBeLost();
        field.Command("start-over", s_config);
        while (!field.Config.StartsOver)
        {
            field.Round();
        }

        field.Restore();
        for (int i = 1; i < 5; i++)
        {
            field.Carrier.LosesReplies = i == lost;
            field.Round();
            if (i == lost)
            {
                field.Restart();
            }
        }

        field.Carrier.LosesReplies = false;
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
    }

    // a change made and taken back between two forms of one start over in a recovering pass: the second is taken for late
    [TestMethod]
    public void A_start_whose_pending_change_went_away()
    {
        using Field field = InTimeToBeLost();
        field.Restore();
        field.Round(); // 205
        Assert.IsTrue(field.Config.StartsOver);
        uint id = field.Add(7);
        field.Carrier.LosesReplies = true;
        field.Round(); // key 0
        field.Carrier.LosesReplies = false;
        ObjectInfo info = new();
        Assert.AreEqual(StoreError.None, field.Store.FindLocal(field.Config.Number, id, info));
        Assert.AreEqual(StoreError.None, field.Store.Delete(info));
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
    }

    // told 204, and the database is put back before key 0 is there
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Put_back_while_forked(bool told)
    {
        using Field field = InTimeToBeLost();
        // a copy of the store starts over with its key, so that the board is told 204
        TestDevice clone = new(field.Bench, "d1") { StoreId = field.Engine.StoreId, Starts = 77 };
        clone.Start();
        if (told)
        {
            field.Round();
            Assert.IsTrue(field.Config.StartsOver);
            Assert.AreEqual(1u, field.Engine.Forked);
        }

        field.Restore();
        field.Sync();
        Assert.AreEqual("b=2", field.Held());
    }

    // a copy of the request on the way comes again and again while both sides change the objects
    [TestMethod]
    public void A_late_key_0_with_a_last_of_the_lost_time_after_the_recovery_does_no_harm()
    {
        using Field field = Backed("a", 1, "b", 1);
        field.Put("b", 2);
        field.Sync();
        field.Round();
        field.Command("start-over", s_config);
        while (!field.Config.StartsOver)
        {
            field.Round();
        }

        List<byte[]> bytes = [];
        field.Carrier.Bytes = bytes;
        field.Carrier.LosesReplies = true;
        field.Round();
        byte[] late = bytes[0];
        field.Restore();
        field.Sync();
        Assert.AreEqual("a=1 b=2", field.Held());
        DeviceIdentity me = new(field.Core.Devices.Get("d1").Id, "d1");
        for (int i = 0; i < 3; i++)
        {
            field.Core.Sync.Handle(me, late, Server.Formats.MessageFormat.Wbxml);
            field.Change("a", (uint)(10 + i));
            field.Put("b", (uint)(20 + i));
            field.Sync();
            field.Core.Sync.Handle(me, late, Server.Formats.MessageFormat.Wbxml);
            field.Command("start-over", s_config);
            field.Sync();
            Assert.AreEqual($"a={10 + i} b={20 + i}", field.Held());
        }
    }

    // A board and its copy, both of the lost time: one has come back, and has acknowledged what the operator wrote since the
    // restore; then the other one comes, with its key or with key 0 and that key as `last`.
    [TestMethod]
    [DataRow(false, false)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(true, true)]
    public void A_copy_of_the_lost_time_deletes_nothing_that_was_made_since_the_restore(bool startsOver, bool restarted)
    {
        using Bench bench = new();
        TestDevice board = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        board.Pull();
        board.Exchange(board.Ask());
        if (restarted)
        {
            bench.BackUp();
        }
        else
        {
            bench.BackUpRunning();
        }

        bench.PutBytes("d1", "a", 2);
        board.Pull();
        board.Exchange(board.Ask());
        TestDevice copy = ReplicaTests.Clone(bench, board);
        string key = copy.Key();
        bench.Restore();

        // the board comes back, and all is well
        Assert.AreEqual("status 205", board.Sync(board.Ask()).Line());
        board.Start();
        Assert.AreEqual("ok {Change a 01}", board.Sync(board.Ask()).Line());
        CollectionElement newer = AddTests.With(board, TestDevice.Change("a", 2));
        newer.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.Conflict));
        Assert.AreEqual("ok", board.Sync(newer).Line());
        bench.PutBytes("d1", "a", 3);
        bench.PutBytes("d1", "n", 3);
        board.Pull();
        board.Exchange(board.Ask());

        // the copy
        copy.LastKey = startsOver ? key : null;
        copy.SetKey(startsOver ? SyncKeys.Zero : key);
        copy.Starts = 70;
        Assert.AreEqual("status 205", copy.Sync(copy.Ask()).Line());
        (copy.LastKey, copy.Recovers) = (key, true);
        copy.Start();
        CollectionElement pass = copy.Sync(copy.Ask());
        Assert.AreEqual("ok {Add a 03} {Add n 03}", pass.Line());

        // what a device answers that holds a=02 and no n
        CollectionElement own = AddTests.With(copy, TestDevice.Change("a", 2));
        own.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.Conflict));
        copy.Sync(own);
        Assert.AreEqual("a=03 n=03", bench.Held("d1"));
    }

    // The object was added in the lost time; the board brings it back, and an image of its store has the Add yet.
    [TestMethod]
    [DataRow("config")]
    [DataRow("config@site")]
    public void An_object_that_was_brought_back_after_a_restore_is_not_there_twice_when_an_image_adds_it_again(string declared)
    {
        const string collection = "config";
        using Bench bench = new();
        TestDevice board = bench.Device("d1", declared);
        board.StoreId = "Ab1_";
        board.Start(collection);
        board.Exchange(board.Ask(collection));
        bench.BackUp();
        TestDevice image = ReplicaTests.Clone(bench, board, collection); // with the Add waiting
        CollectionElement add = board.Ask(collection);
        add.Commands.Add(TestDevice.Add("Ab1_9", 9));
        string id = board.Sync(add).Responses.Single().ServerId!;
        bench.Restore();
        Assert.AreEqual("status 205", board.Sync(board.Ask(collection)).Line());
        board.Start(collection);
        CollectionElement back = board.Ask(collection);
        back.Commands.Add(TestDevice.Change(id, 9));
        Assert.AreEqual("ok", board.Sync(back).Line());
        image.Sync(image.Ask(collection));
        image.Starts = 70;
        image.Start(collection);
        CollectionElement again = image.Ask(collection);
        again.Commands.Add(TestDevice.Add("Ab1_9", 9));
        image.Sync(again);
        Assert.AreEqual($"{id}=09", bench.Held("d1", collection));
    }

    // A store that starts over once more while it brings back what the restore lost goes on with that, unless it was seen with a
    // key of the pass and tells none of them: then its flash may have been wiped.
    [TestMethod]
    [DataRow("nothing", "", true)]
    [DataRow("seen", "", false)]
    [DataRow("synced", "", false)]
    [DataRow("synced", "first", true)]
    [DataRow("synced", "last", true)]
    [DataRow("synced", "before", false)]
    [DataRow("synced", "other", false)]
    [DataRow("synced", "0", false)]
    [DataRow("synced", "7abcd", false)]
    public void A_second_start_in_a_recovering_pass_goes_on_with_it_while_it_is_surely_of_that_pass(string done, string last, bool recovers)
    {
        using Bench bench = new();
        TestDevice board = ReplicaTests.Started(bench, "Ab1_");
        bench.PutBytes("d1", "a", 1);
        board.Pull();
        Assert.IsNull(board.Exchange(board.Ask())); // which says that it arrived
        string before = board.Key();
        bench.BackUp();
        bench.PutBytes("d1", "a", 2);
        board.Pull();
        bench.Restore();
        Assert.AreEqual("status 205", board.Sync(board.Ask()).Line());
        board.Start();
        Assert.IsTrue(RowOf(board, bench).Recovering);
        string first = board.Key();
        TestDevice other = ReplicaTests.Other(bench, "Xy9_");
        for (byte i = 0; last == "other" && i < 9; i++)
        {
            other.Sync(AddTests.With(other, TestDevice.Change("x", i)));
        }

        if (done == "seen")
        {
            Assert.IsNull(board.Exchange(board.Ask(getChanges: false)));
        }

        if (done == "synced")
        {
            board.Sync(board.Ask());
        }

        board.LastKey = last switch { "" => null, "first" => first, "last" => board.Key(), "before" => before, "other" => other.Key(), _ => last };
        board.Start();
        Assert.AreEqual((recovers, 1), (RowOf(board, bench).Recovering, SyncKeys.Parse(board.Key()).N - RowOf(board, bench).StartN + 1));
    }

    // What the store has seen since the restore, another board has seen that was one with the one whose key is lost: the latter
    // is told so, and the former is not asked to start over.
    [TestMethod]
    [DataRow(false, Asked.WentBack)]
    [DataRow(true, Asked.No)]
    public void A_store_that_holds_a_key_of_after_the_restore_is_not_asked_over_for_a_copy_of_the_lost_time(bool seen, Asked asked)
    {
        using Bench bench = new();
        TestDevice board = ReplicaTests.Started(bench, "Ab1_");
        string early = board.Key();
        bench.BackUpRunning();
        for (byte i = 0; i < 4; i++)
        {
            board.Sync(AddTests.With(board, TestDevice.Change("a", i)));
        }

        TestDevice copy = ReplicaTests.Clone(bench, board);
        bench.Restore();
        board.SetKey(early);
        Assert.AreEqual("ok", board.Sync(AddTests.With(board, TestDevice.Change("a", 9))).Line());
        if (seen)
        {
            Assert.IsNull(board.Exchange(board.Ask()));
        }

        Assert.AreEqual("status 205", copy.Sync(copy.Ask()).Line());
        Assert.AreEqual(asked, RowOf(board, bench).AskedOver);
    }

    private static KeyRow RowOf(TestDevice device, Bench bench)
    {
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        int replica = store.FindReplica(device.Identity.Id, device.StoreId!)!.Id;
        return store.ListKeyRows(device.Identity.Id, "config").Single(r => r.Replica == replica);
    }

    // Backed up with a and b; since then a was deleted and b changed, and the device has both.
    private static Field InTimeToBeLost()
    {
        Field field = Backed("a", 1, "b", 1);
        field.Core.Objects.Delete("d1", "config", "a");
        field.Put("b", 2);
        field.Sync();
        field.Round();
        Assert.AreEqual("b=2", field.Held());
        return field;
    }

    private static Field Backed(params object[] values)
    {
        Field field = new();
        for (int i = 0; i < values.Length; i += 2)
        {
            field.Put((string)values[i], (uint)(int)values[i + 1]);
        }

        field.Sync();
        field.Round();
        field.Bench.BackUp();
        field.Restore();
        return field;
    }

    private static string Losers(Field field)
    {
        return string.Join("; ", field.Core.Objects.Losers("d1", "config").Select(l => $"{l.Row.ServerId} {Convert.ToHexString(l.Row.Data ?? [])} {(l.Row.Deleted ? "deleted " : "")}{(l.Row.FromDevice ? "device" : "server")}"));
    }
}

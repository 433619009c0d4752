// Several stores of one device, and keys of a time that the database has lost. [SPEC 5.2, 5.4, 5.8]

using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ReplicaTests
{
    [TestMethod]
    public void Each_store_of_a_device_has_a_key_row_and_what_is_due_and_set_aside_of_its_own()
    {
        using Bench bench = new();
        TestDevice one = Started(bench, "Ab1_");
        TestDevice two = Other(bench, "Cd2_");
        bench.PutBytes("d1", "a", 1);
        Assert.AreEqual("ok {Add a 01}", one.Sync(one.Ask()).Line());
        Assert.AreEqual("ok {Add a 01}", two.Sync(two.Ask()).Line());

        CollectionElement refusal = one.Ask();
        refusal.Responses.Add(TestDevice.Refuse(Tags.Add, "a", Status.BadObject, "no"));
        one.Sync(refusal);
        Assert.IsNull(one.Exchange(one.Ask()));
        bench.Core.Objects.Retry("d1", "config", "a");
        Assert.AreEqual("ok {Add a 01}", one.Sync(one.Ask()).Line());
        Assert.AreEqual("ok", two.Sync(AddTests.With(two, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual("ok {Change a 02}", one.Sync(one.Ask()).Line());
        Assert.AreEqual("Cd2_: another store: a wiped flash, or another board with this token; Ab1_: the first", Replicas(bench));
    }

    [TestMethod]
    public void What_an_operator_asks_goes_to_all_stores_of_a_device()
    {
        using Bench bench = new();
        bench.Core.Devices.Add("d1", "config");
        bench.PutBytes("d1", "a", 1);
        TestDevice one = Other(bench, "Ab1_"), two = Other(bench, "Cd2_");
        one.Pull();
        two.Pull();
        bench.Core.Objects.Drop("d1", "config", "a");
        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("ok {SoftDelete a} {Fetch a}", one.Sync(one.Ask()).Line());
        Assert.AreEqual("ok {SoftDelete a} {Fetch a}", two.Sync(two.Ask()).Line());
        Assert.AreEqual(2, bench.Core.Objects.Retry("d1", "config", null));
    }

    [TestMethod]
    public void Two_boards_with_one_store_are_told_apart_at_the_first_key_that_both_hold()
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        TestDevice clone = Clone(bench, board);
        bench.PutBytes("d1", "a", 1);
        Assert.AreEqual("ok {Add a 01}", board.Sync(board.Ask()).Line());
        board.Sync(AddTests.With(board, TestDevice.Change("a", 2)));

        // the clone's key was replaced: it may be a late request, so it starts over under the same id ...
        Assert.AreEqual("status 3", clone.Sync(clone.Ask()).Line());
        clone.Starts = 70;
        clone.Start();
        Assert.AreEqual("ok {Add a 02}", clone.Sync(clone.Ask()).Line());

        // ... and the board, whose key was held then, is another store from now on
        Assert.AreEqual("status 204", board.Sync(board.Ask()).Line());
        board.CameFrom = board.StoreId;
        board.StoreId = "Ef3_";
        board.Start();
        Assert.AreEqual("ok {Add a 02}", board.Sync(board.Ask()).Line());
        for (byte i = 3; i < 30; i++)
        {
            Assert.AreEqual(i == 3 ? "ok" : $"ok {{Add clone{i - 1} {i - 1:X2}}}", board.Sync(AddTests.With(board, TestDevice.Change("board" + i, i))).Line());
            Assert.AreEqual($"ok {{Add board{i} {i:X2}}}", clone.Sync(AddTests.With(clone, TestDevice.Change("clone" + i, i))).Line());
        }

        Assert.AreEqual("Ab1_: the first; Ef3_: it was one with Ab1_", string.Join("; ", Replicas(bench).Split("; ").Order()));
    }

    // The key of the image was merely replaced, so that the store starts over under its own id, which is that of what it wrote later.
    // It has not seen the deletion either where that went down: it does not know the id for that of its own object.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void An_object_that_a_store_added_and_deleted_after_the_image_and_adds_again_is_made_anew_and_the_deletion_is_a_loser(bool wentDown)
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        board.Exchange(board.Ask());
        TestDevice image = Clone(bench, board); // with the Add waiting
        string id = board.Sync(AddTests.With(board, TestDevice.Add("Ab1_9", 9))).Responses.Single().ServerId!;
        board.Sync(AddTests.With(board, TestDevice.Delete(id)));
        board.Exchange(board.Ask());
        board.Sync(AddTests.With(board, TestDevice.Change("e", 2)));

        Assert.AreEqual("status 3", image.Sync(image.Ask()).Line());
        image.Starts = 70;
        image.Start();
        if (wentDown)
        {
            Assert.Contains(id, image.Pull().Select(c => c.ServerId), "the deletion");
        }

        image.Sync(AddTests.With(image, TestDevice.Add("Ab1_9", 9)));
        Assert.AreEqual($"{id}=09 e=02", bench.Held("d1"));
        Assert.AreEqual($"{id}=-", Losers(bench));
    }

    [TestMethod]
    public void A_store_that_was_put_back_overwrites_nothing_that_it_wrote_after_the_image_without_a_loser()
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        board.Sync(AddTests.With(board, TestDevice.Change("a", 1), TestDevice.Change("b", 1), TestDevice.Change("c", 1), TestDevice.Change("d", 1)));
        board.Exchange(board.Ask());
        TestDevice image = Clone(bench, board);
        board.Sync(AddTests.With(board, TestDevice.Change("a", 2), TestDevice.Change("b", 2), TestDevice.Delete("c"), TestDevice.Change("d", 2)));
        board.Exchange(board.Ask());
        board.Sync(AddTests.With(board, TestDevice.Change("e", 2)));

        Assert.AreEqual("status 3", image.Sync(image.Ask()).Line());
        image.Starts = 70;
        image.Start();
        image.Sync(AddTests.With(image, TestDevice.Change("a", 3), TestDevice.Delete("b"), TestDevice.Change("c", 3)));
        Assert.AreEqual("a=03 c=03 d=02 e=02", bench.Held("d1"));
        Assert.AreEqual("a=02 b=02 c=-", Losers(bench));

        // what went down to it in the pass it knows
        image.Pull();
        image.Sync(AddTests.With(image, TestDevice.Change("d", 3), TestDevice.Change("a", 4)));
        Assert.AreEqual("a=04 c=03 d=03 e=02", bench.Held("d1"));
        Assert.AreEqual("a=02 b=02 c=-", Losers(bench));
    }

    [TestMethod]
    [DataRow(false, "a=02")]
    [DataRow(true, "")]
    public void The_last_that_a_store_wrote_after_the_image_is_kept_unless_it_went_down_to_it(bool wentDown, string losers)
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        board.Sync(AddTests.With(board, TestDevice.Change("a", 1)));
        board.Exchange(board.Ask());
        TestDevice image = Clone(bench, board);
        board.Sync(AddTests.With(board, TestDevice.Change("a", 2)));
        board.Sync(AddTests.With(board, TestDevice.Change("a", 2))); // another key, and nothing written

        Assert.AreEqual("status 3", image.Sync(image.Ask()).Line());
        image.Starts = 70;
        image.Start();
        if (wentDown)
        {
            Assert.AreEqual("ok {Add a 02}", image.Sync(image.Ask()).Line());
        }

        image.Sync(AddTests.With(image, TestDevice.Change("a", 3)));
        Assert.AreEqual("a=03", bench.Held("d1"));
        Assert.AreEqual(losers, Losers(bench));
    }

    private static string Losers(Bench bench)
    {
        return string.Join(' ', bench.Core.Objects.Losers("d1", "config").Select(l => $"{l.Row.ServerId}={(l.Row.Deleted ? "-" : Convert.ToHexString(l.Row.Data!))}").Order());
    }

    [TestMethod]
    public void Stores_that_take_turns_after_many_replies_are_told_apart_too()
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        TestDevice clone = Clone(bench, board);
        int forks = 0;
        for (int turn = 0; turn < 6; turn++)
        {
            TestDevice now = turn % 2 == 0 ? board : clone;
            for (int round = 0; round < 40; round++)
            {
                CollectionElement answer = now.Sync(AddTests.With(now, TestDevice.Change($"x{turn % 2}", (byte)turn, (byte)round)));
                if (answer.Status == Status.Forked)
                {
                    now.CameFrom = now.StoreId;
                    now.StoreId = $"N{++forks}__";
                }

                if (answer.Status is Status.Forked or Status.InvalidSyncKey)
                {
                    now.Starts += turn % 2 == 0 ? 100 : 1;
                    now.Start();
                    now.Sync(AddTests.With(now, TestDevice.Change($"x{turn % 2}", (byte)turn, (byte)round)));
                }
                else
                {
                    Assert.AreEqual(Status.Success, answer.Status);
                }
            }
        }

        Assert.AreEqual(1, forks);
        Assert.AreEqual("x0=0427 x1=0527", bench.Held("d1"));
    }

    [TestMethod]
    [DataRow(15, "status 204")]
    [DataRow(16, "status 3")]
    public void A_key_that_was_replaced_is_another_boards_if_it_comes_again_within_16_replies(int replies, string answer)
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        TestDevice clone = Clone(bench, board);
        board.Sync(AddTests.With(board, TestDevice.Change("a", 1)));
        board.Sync(AddTests.With(board, TestDevice.Change("a", 2)));
        Assert.AreEqual("status 3", clone.Sync(clone.Ask()).Line(), "it may be a late request");
        for (byte i = 0; i < replies; i++)
        {
            Assert.AreEqual("ok", board.Sync(AddTests.With(board, TestDevice.Change("b", i))).Line());
        }

        Assert.AreEqual(answer, clone.Sync(clone.Ask()).Line());
    }

    [TestMethod]
    public void Of_the_keys_before_a_start_those_of_the_last_two_replies_are_another_boards_and_older_ones_may_be_late()
    {
        using Bench bench = new();
        TestDevice board = Started(bench, "Ab1_");
        List<string> keys = [board.Key()];
        for (byte i = 0; i < 3; i++)
        {
            board.Sync(AddTests.With(board, TestDevice.Change("a", i)));
            keys.Add(board.Key());
        }

        board.Start();
        string started = board.Key();
        TestDevice clone = Clone(bench, board);
        string Answer(string key)
        {
            clone.SetKey(key);
            return clone.Sync(clone.Ask()).Line();
        }

        Assert.AreEqual("status 204; status 204", Answer(keys[2]) + "; " + Answer(keys[3]));
        Assert.AreEqual("status 3", Answer(keys[1]));
        board.Start(); // nothing but starts: what was held before the first of them is held by nobody
        Assert.AreEqual("status 204", Answer(started));
        Assert.AreEqual("status 3", Answer(keys[2]));
        Assert.AreEqual("ok", board.Sync(AddTests.With(board, TestDevice.Change("a", 9))).Line());
    }

    [TestMethod]
    public void The_last_four_starts_of_a_store_are_known_and_a_late_one_of_them_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, "Ab1_");
        List<byte[]> starts = [device.LastRequest];
        for (int i = 0; i < 5; i++)
        {
            device.Start();
            starts.Add(device.LastRequest);
        }

        string key = device.Key();
        foreach (byte[] late in starts.ToArray()[2..5])
        {
            Assert.AreEqual("status 3", device.Parse(device.Send(late))!.Collections.Single().Line());
        }

        using IStoreTransaction store = bench.Core.Store.BeginRead();
        CollectionAssert.AreEqual((long[])[3, 4, 5, 6], store.ListKeyRows(device.Identity.Id, "config").Single().Starts);
        Assert.AreEqual(key, store.ListKeyRows(device.Identity.Id, "config").Single().Key);
    }

    [TestMethod]
    public void A_late_first_request_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        device.Start();
        byte[] first = device.LastRequest;
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        string key = device.Key();
        Assert.AreEqual("status 3", device.Parse(device.Send(first))!.Collections.Single().Line());
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"));
        Assert.AreNotEqual(key, device.Key());
    }

    [TestMethod]
    public void A_start_made_anew_before_its_reply_came_counts_as_one_and_a_late_form_of_it_does_no_harm()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        device.Start();
        bench.PutBytes("d1", "a", 1);
        device.Pull();
        bench.Core.Dispose();
        bench.Restart();

        // two forms of one start: the second overtakes the first
        device.SetKey(SyncKeys.Zero);
        device.Starts++;
        CollectionElement form = device.Ask();
        form.WindowSize = 7;
        device.Sync(form);
        string held = device.Key();
        device.SetKey(SyncKeys.Zero);
        device.Lose(device.Ask());
        device.SetKey(held);
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 2))).Line());
    }

    [TestMethod]
    public void The_seventeenth_store_of_a_device_ends_the_one_seen_least_recently()
    {
        using Bench bench = new();
        bench.Core.Devices.Add("d1", "config");
        List<TestDevice> boards = [];
        for (int i = 0; i < 16; i++)
        {
            bench.Clock.Now += TimeSpan.FromMinutes(10);
            boards.Add(Other(bench, $"St{i:00}"));
        }

        bench.Clock.Now += TimeSpan.FromMinutes(10);
        boards[0].Sync(AddTests.With(boards[0], TestDevice.Change("a", 1)));
        Other(bench, "Last");
        Assert.HasCount(16, Replicas(bench).Split("; "));
        Assert.AreEqual("status 3", boards[1].Sync(boards[1].Ask()).Line());
        Assert.AreEqual("ok", boards[0].Sync(AddTests.With(boards[0], TestDevice.Change("a", 2))).Line());
    }

    // A proxy has a store for each collection that it passes on.
    [TestMethod]
    public void Stores_of_other_collections_end_none()
    {
        const int Stores = 20;
        using Bench bench = new();
        bench.Core.Devices.Add("d1", string.Join(',', Enumerable.Range(0, Stores).Select(i => "c" + i)));
        List<TestDevice> stores = [];
        for (int i = 0; i < Stores; i++)
        {
            bench.Clock.Now += TimeSpan.FromMinutes(10);
            stores.Add(new TestDevice(bench, "d1") { StoreId = $"St{i:00}" });
            stores[i].Start("c" + i);
        }

        for (int i = 0; i < Stores; i++)
        {
            CollectionElement request = stores[i].Ask("c" + i);
            request.Commands.Add(TestDevice.Change("a", 1));
            Assert.AreEqual("ok", stores[i].Sync(request).Line(), $"collection {i}");
        }
    }

    [TestMethod]
    public void A_duplicate_that_arrives_after_a_restore_does_not_make_a_key_that_a_device_holds()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, "Ab1_");
        bench.BackUp();
        device.Sync(AddTests.With(device, TestDevice.Change("mine", 1)));
        byte[] request = device.LastRequest;
        string held = device.Key();
        bench.Restore();
        bench.PutBytes("d1", "a", 1);
        CollectionElement duplicate = device.Parse(device.Send(request))!.Collections.Single();
        Assert.AreEqual("ok {Add a 01}", duplicate.Line()); // to nobody
        Assert.AreNotEqual(held, duplicate.SyncKey);
        Assert.AreEqual("status 205", device.Sync(device.Ask()).Line());
        device.Start();
        StringAssert.Contains(device.Sync(device.Ask()).Line(), "{Add a 01}");
    }

    [TestMethod]
    public void A_key_of_a_time_that_the_database_has_lost_gets_205_also_from_a_server_started_since()
    {
        foreach (int starts in (int[])[0, 1, 2])
        {
            using Bench bench = new();
            TestDevice device = Started(bench, "Ab1_");
            bench.BackUp();
            for (int i = 0; i < starts; i++)
            {
                bench.Restart();
            }

            device.Sync(AddTests.With(device, TestDevice.Change("a", (byte)starts)));
            device.Sync(AddTests.With(device, TestDevice.Change("a", 9)));
            bench.Restore();
            Assert.AreEqual("status 205", device.Sync(device.Ask()).Line());
        }
    }

    [TestMethod]
    public void Ids_that_the_server_makes_do_not_repeat_after_a_restore()
    {
        using Bench bench = new();
        bench.Device();
        bench.BackUp();
        string before = bench.Core.Objects.Put("d1", "config", null, new Server.Application.NewValue(null, [1], null)).Row.Id;
        bench.Restore();
        string after = bench.Core.Objects.Put("d1", "config", null, new Server.Application.NewValue(null, [2], null)).Row.Id;
        Assert.AreNotEqual(before, after);
        Assert.IsTrue(Incarnation.IsId(before) && Incarnation.IsId(after));
    }

    [TestMethod]
    public void A_code_was_never_there_and_its_first_half_only_if_none_other_is_found()
    {
        using Bench bench = new();
        int asked = 0;
        string Begun(Func<int, uint> number)
        {
            asked = 0;
            return new Incarnation(bench.Core.Store, bench.Clock, _ => BitConverter.GetBytes(number(asked++))).Begin();
        }

        string first = Begun(_ => 0x123456);
        string second = Begun(i => new uint[] { 0x123456, 0x123789, 0x456789 }[i]);
        Assert.AreNotEqual(first[..2], second[..2]);
        Assert.AreEqual(3, asked);
        string third = Begun(i => 0x123000 + (uint)i);
        Assert.AreEqual(first[..2], third[..2]);
        Assert.AreEqual(101, asked, "a hundred others were tried");
        string fourth = Begun(i => i < 150 ? 0x123456u : 0x123FFF);
        Assert.AreEqual(151, asked);
        Assert.HasCount(4, new HashSet<string>([first, second, third, fourth]));
    }

    [TestMethod]
    public void Present_is_what_this_process_began_and_what_began_later_on_the_same_database()
    {
        using Bench bench = new();
        Incarnation[] all = [.. Enumerable.Range(0, 3).Select(_ => new Incarnation(bench.Core.Store, bench.Clock))];
        string[] codes = [.. all.Select(i => i.Begin())];
        CollectionAssert.AreEqual(codes, all.Select(i => i.Begin()).ToArray(), "begun once");
        CollectionAssert.AreEqual(codes, all.Select(i => i.Code).ToArray());
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        CollectionAssert.AreEqual(codes, store.ListIncarnations()[^3..]);
        for (int of = 0; of < 3; of++)
        {
            string epoch = all[of].NewEpoch();
            Assert.AreEqual(codes[of][..2], epoch[..2]);
            for (int by = 0; by < 3; by++)
            {
                Assert.AreEqual(of >= by, all[by].IsPresent(store, epoch), $"{of} by {by}");
                Assert.AreEqual(of >= by, all[by].IsPresentCode(store, codes[of]), $"{of} by {by}");
            }

            Assert.IsFalse(all[of].IsPresent(store, null));
            string never = Enumerable.Range(0, 64).Select(i => $"{(char)('A' + (i % 26))}{(char)('a' + (i / 26))}__").First(c => store.ListIncarnations().TrueForAll(l => l[..2] != c[..2]));
            Assert.IsFalse(all[of].IsPresent(store, never));
            Assert.IsFalse(all[of].IsPresentCode(store, never));
        }
    }

    [TestMethod]
    [DataRow(0u, 1L)]
    [DataRow(uint.MaxValue, 0x7FFFFFFFL)]
    [DataRow(0x80000000u, 0x40000001L)]
    public void A_mark_is_31_bits_and_not_0(uint random, long mark)
    {
        using Bench bench = new();
        Assert.AreEqual(mark, new Incarnation(bench.Core.Store, bench.Clock, _ => BitConverter.GetBytes(random)).NewMark());
    }

    [TestMethod]
    [DataRow("s1", true)]
    [DataRow("s17", true)]
    [DataRow("sAb-_7", true)]
    [DataRow("sAb-_70", true)]
    [DataRow("s", false)]
    [DataRow("", false)]
    [DataRow("x17", false)]
    [DataRow("sAb-_", false)]
    [DataRow("sAb-_x", false)]
    [DataRow("sampling", false)]
    [DataRow("s17x", false)]
    public void An_id_that_a_server_made_is_told_by_its_form(string id, bool made)
    {
        Assert.AreEqual(made, Incarnation.IsId(id));
    }

    internal static TestDevice Started(Bench bench, string storeId, string collections = "config")
    {
        TestDevice device = bench.Device("d1", collections);
        device.StoreId = storeId;
        device.Start();
        return device;
    }

    internal static TestDevice Other(Bench bench, string storeId)
    {
        TestDevice device = new(bench, "d1") { StoreId = storeId };
        device.Start();
        return device;
    }

    internal static TestDevice Clone(Bench bench, TestDevice of, params string[] collections)
    {
        TestDevice device = new(bench, of.Name) { StoreId = of.StoreId, Starts = of.Starts };
        foreach (string collection in collections.Length == 0 ? ["config"] : collections)
        {
            device.SetKey(of.Key(collection), collection);
        }

        return device;
    }

    private static string Replicas(Bench bench)
    {
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        return string.Join("; ", store.ListReplicas(1).Select(r => $"{r.StoreId}: {r.Why}"));
    }
}

// SPEC 5.2: each row of the table, and the reply that is nothing.

using System.Globalization;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class KeyRuleTests
{
    [TestMethod]
    public void Key_0_starts_over_without_commands()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        bench.PutBytes("d1", "a", 1);

        CollectionElement answer = device.Sync(device.Ask());

        Assert.AreEqual("ok", answer.Line());
        StringAssert.StartsWith(answer.SyncKey, "1");
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
        StringAssert.StartsWith(device.Key(), "2");
    }

    [TestMethod]
    public void Key_0_with_commands_or_responses_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        CollectionElement withCommand = device.Ask();
        withCommand.Commands.Add(TestDevice.Add("Ab1_1", 1));
        CollectionElement withResponse = device.Ask();
        withResponse.Responses.Add(TestDevice.Refuse(Tags.Add, "x", Status.BadObject));

        Assert.AreEqual("status 4", device.Sync(withCommand).Line());
        Assert.AreEqual("status 4", device.Sync(withResponse).Line());

        Assert.AreEqual("", bench.Held("d1"));
        StringAssert.StartsWith(device.Sync(device.Ask()).SyncKey, "1");
    }

    [TestMethod]
    [DataRow("Ab1", null)]
    [DataRow("Ab1_2", null)]
    [DataRow("Ab1.", null)]
    [DataRow("", null)]
    [DataRow("Ab1_", "Cd2")]
    [DataRow("Ab1_", "C 2_")]
    public void A_store_that_is_none_gets_4(string id, string? from)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = id;
        device.CameFrom = from;
        Assert.AreEqual("status 4", device.Sync(device.Ask()).Line());
        CollectionElement garbled = device.Ask();
        garbled.Options[0] = new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", "Ab1_")]).Append((byte)1).ToArray());
        Assert.AreEqual("status 4", device.Sync(garbled).Line());
        device.StoreId = "Ab1_";
        device.CameFrom = null;
        CollectionElement good = device.Ask();
        good.Options.Insert(0, new Structure("weather", new byte[] { 1 })); // not known, and skipped
        Assert.AreEqual("ok", device.Sync(good).Line());
        Assert.AreEqual("Ab1_", bench.Core.Devices.Stores("d1").Single().StoreId);
    }

    [TestMethod]
    public void An_unknown_key_is_named_and_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        string held = device.Key();
        foreach (string key in (string[])["7abcd", "", "1", "00", "abcd", "AbCdEfGh", "0AbCdEfGh", "-1AbCdEfGh", "99999999999AbCdEfGh", held + "x", held[..^1]])
        {
            device.SetKey(key);
            CollectionElement request = device.Ask();
            request.Commands.Add(TestDevice.Add("Ab1_1", 1));
            CollectionElement answer = device.Sync(request);
            Assert.AreEqual("status 3", answer.Line());
            Assert.AreEqual(key, answer.SyncKey);
        }

        Assert.AreEqual("", bench.Held("d1"));
        device.SetKey(held);
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void The_key_before_with_the_same_bytes_gets_the_same_reply()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        CollectionElement request = device.Ask();
        request.Commands.Add(TestDevice.Add("Ab1_1", 9));
        CollectionElement lost = device.Lose(request);
        bench.PutBytes("d1", "b", 2);

        CollectionElement again = device.SyncAgain();

        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] {Add a 01}", lost.Line());
        Assert.AreEqual(lost.Line(), again.Line());
        Assert.AreEqual(lost.SyncKey, again.SyncKey);
        Assert.AreEqual("ok {Add b 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void The_key_before_with_other_bytes_is_applied_from_the_older_point()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        CollectionElement first = device.Ask();
        first.Commands.Add(TestDevice.Add("Ab1_1", 9));
        CollectionElement lost = device.Lose(first);
        bench.PutBytes("d1", "b", 2);

        CollectionElement second = device.Ask();
        second.Commands.Add(TestDevice.Add("Ab1_1", 9));
        second.Commands.Add(TestDevice.Add(null, 10));
        CollectionElement answer = device.Sync(second);

        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 Ab1_2] {Add a 01} {Add b 02}", answer.Line());
        Assert.AreEqual(SyncKeys.Parse(lost.SyncKey).N + 1, SyncKeys.Parse(answer.SyncKey).N);
        Assert.AreEqual("Ab1_1=09 Ab1_2=0A a=01 b=02", bench.Held("d1"));

        // the reply that was replaced is not one that a device can have
        device.SetKey(lost.SyncKey);
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void A_late_request_does_nothing_once_the_device_was_seen_with_the_next_key()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 0);
        device.Sync(device.Ask());
        device.Lose(With(device, TestDevice.Change("a", 1)));
        byte[] late = device.LastRequest;
        bench.PutBytes("d1", "b", 0);
        device.Sync(With(device, TestDevice.Change("a", 2)));
        Assert.IsNull(device.Exchange(device.Ask())); // idle, but the key was seen

        Assert.AreEqual("status 3", device.Parse(device.Send(late))!.Collections.Single().Line());

        Assert.AreEqual("a=02 b=00", bench.Held("d1"));
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void A_late_request_does_nothing_also_where_the_next_reply_had_no_commands()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 0);
        device.Sync(device.Ask());
        device.Lose(With(device, TestDevice.Change("a", 1)));
        byte[] late = device.LastRequest;
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 2))).Line(), "nothing to acknowledge but the key");
        Assert.IsNull(device.Exchange(device.Ask()));

        Assert.AreEqual("status 3", device.Parse(device.Send(late))!.Collections.Single().Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void A_late_request_does_nothing_also_where_its_reply_is_kept_no_more()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 0);
        device.Lose(device.Ask());
        device.SyncAgain();
        string held = device.SyncAgain().SyncKey; // as often as the same reply is given
        byte[] late = device.LastRequest;
        Assert.IsNull(device.Exchange(device.Ask()));

        Assert.AreEqual("status 3", device.Parse(device.Send(late))!.Collections.Single().Line());
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 2))).Line());
        Assert.AreEqual(SyncKeys.Parse(held).N + 1, SyncKeys.Parse(device.Key()).N);
    }

    [TestMethod]
    public void A_request_that_a_newer_one_overtook_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        byte[] older = Changing(device, 7, 1);
        byte[] newer = Changing(device, 8, 2);
        SyncMessage reply = device.Parse(device.Send(newer))!;
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("status 3", device.Parse(device.Send(older))!.Collections.Single().Line());
        Assert.AreEqual("a=02", bench.Held("d1"));

        // the key of the answer that counts is still good, and the device is not taken for one that was told to start over
        device.LastRequest = newer;
        device.Take(reply.Collections.Single());
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void The_first_form_of_a_request_that_comes_behind_the_second_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        byte[] first = Changing(device, 7, 1);
        device.Send(first); // the reply is lost
        device.Send(Changing(device, 8, 2)); // and that of the second, which the device still waits for
        Assert.AreEqual("status 3", device.Parse(device.Send(first))!.Collections.Single().Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
    }

    [TestMethod]
    public void A_request_made_anew_after_a_later_change_is_no_late_one()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Send(Changing(device, 7, 1)); // the reply is lost
        byte[] again = Changing(device, 7, 3); // the same change number: only the message differs
        Assert.AreEqual("ok", device.Parse(device.Send(again))!.Collections.Single().Line());
        Assert.AreEqual("a=03", bench.Held("d1"));
    }

    private static byte[] Changing(TestDevice device, uint lastChange, byte value)
    {
        RecordWriter record = new(16);
        record.Begin(BuiltIn.Last);
        record.UInt(lastChange);
        SyncMessage request = new() { Version = "1.0" };
        request.Options.Add(new Structure(BuiltIn.DeviceStatus.Name, RecordText.Pack(BuiltIn.DeviceStatus, [new("battery", "3.71")]))); // another one before it
        request.Options.Add(new Structure(BuiltIn.Last.Name, record.Buffer.AsMemory(0, record.Length)));
        request.Collections.Add(With(device, TestDevice.Change("a", value)));
        return MessagePrinter.Print(device.Format, request);
    }

    [TestMethod]
    [DataRow(7u, "status 3")]
    [DataRow(8u, "ok")]
    [DataRow(9u, "ok")]
    public void Of_two_forms_of_one_start_the_one_from_before_a_later_change_does_nothing(uint second, string answer)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        CollectionElement Answer(uint lastChange, int window)
        {
            RecordWriter record = new(16);
            record.Begin(BuiltIn.Last);
            record.UInt(lastChange);
            SyncMessage request = new() { Version = "1.0" };
            request.Options.Add(new Structure(BuiltIn.Last.Name, record.Buffer.AsMemory(0, record.Length)));
            request.Collections.Add(device.Ask());
            request.Collections[0].WindowSize = window;
            return device.Parse(device.Send(MessagePrinter.Print(device.Format, request)))!.Collections.Single();
        }

        Assert.AreEqual("ok", Answer(8, 5).Line());
        Assert.AreEqual(answer, Answer(second, 6).Line());
    }

    [TestMethod]
    public void The_same_start_repeated_gets_the_same_key()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        CollectionElement lost = device.Lose(device.Ask());
        Assert.AreEqual(lost.SyncKey, device.SyncAgain().SyncKey);
    }

    [TestMethod]
    public void Keys_held_before_a_start_are_unknown()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        string before = device.Key();
        device.Start();
        device.SetKey(before);
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void An_idle_request_gets_no_bytes_and_changes_nothing()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.IsNull(device.Exchange(device.Ask()));
        string before = Convert.ToHexString(Snapshot(bench));
        for (int i = 0; i < 5; i++)
        {
            Assert.IsNull(device.Exchange(device.Ask()));
        }

        Assert.AreEqual(before, Convert.ToHexString(Snapshot(bench)));
        bench.PutBytes("d1", "b", 2);
        Assert.AreEqual("ok {Add b 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void A_message_is_idle_only_if_all_its_collections_are()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,maps");
        device.Start();
        device.Start("maps");
        bench.PutBytes("d1", "a", 1);

        SyncMessage reply = device.Exchange(device.Ask("maps"), device.Ask())!;

        Assert.AreEqual("maps ok; config ok {Add a 01}", string.Join("; ", reply.Collections.Select(c => c.Id + " " + c.Line())));
        reply.Collections.ForEach(device.Take);
        Assert.IsNull(device.Exchange(device.Ask("maps"), device.Ask()));
    }

    [TestMethod]
    public void An_unknown_collection_gets_status_8_and_the_others_are_served()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        CollectionElement strange = new() { Id = "elsewhere", SyncKey = "0" };
        CollectionElement known = device.Ask();
        known.Commands.Add(TestDevice.Add("Ab1_1", 1));

        SyncMessage reply = device.Exchange(strange, known)!;

        Assert.AreEqual("elsewhere status 8; config ok [Add Ab1_1 Ab1_1]", string.Join("; ", reply.Collections.Select(c => c.Id + " " + c.Line())));
        Assert.AreEqual("elsewhere", bench.Core.Devices.Refusals("d1").Single().Collection);
    }

    [TestMethod]
    public void Another_major_version_gets_status_200_and_changes_nothing()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        SyncMessage request = new() { Version = "2.0" };
        request.Collections.Add(device.Ask());

        SyncMessage reply = device.Exchange(request)!;

        Assert.AreEqual("1.0", reply.Version);
        Assert.AreEqual(Status.VersionNotSupported, reply.Status);
        Assert.IsEmpty(reply.Collections);
        request = new SyncMessage { Version = "1.7" };
        request.Collections.Add(device.Ask());
        Assert.AreEqual("ok", device.Exchange(request)!.Collections.Single().Line());
    }

    [TestMethod]
    public void Remembered_values_last_until_key_0()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.WindowSize = 2);
        for (byte i = 0; i < 6; i++)
        {
            bench.PutBytes("d1", "o" + i, i);
        }

        Assert.HasCount(2, device.Sync(device.Ask()).Commands);
        Assert.HasCount(2, device.Sync(device.Ask()).Commands);
        device.Start();
        Assert.HasCount(6, device.Sync(device.Ask()).Commands);
    }

    [TestMethod]
    public void Limit_and_Conflict_are_remembered_until_key_0_too()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c =>
        {
            c.Limit = 2;
            c.Conflict = 0;
        });
        bench.PutBytes("d1", "a", 1, 2);
        bench.PutBytes("d1", "b", 1, 2);
        Assert.HasCount(1, device.Sync(device.Ask()).Commands);
        Assert.AreEqual("ok {Add b 0102}", device.Sync(device.Ask()).Line());
        bench.PutBytes("d1", "a", 3, 4);
        Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 5, 6))).Line(), "the device wins");

        device.Start();
        bench.PutBytes("d1", "a", 7, 8);
        CollectionElement answer = device.Sync(With(device, TestDevice.Change("a", 9, 9)));
        Assert.AreEqual(Status.Conflict, answer.Responses.Single().Status, "the server wins");
        Assert.HasCount(2, answer.Commands, "no limit");
    }

    [TestMethod]
    public void What_was_told_counts_with_the_key_of_its_reply_and_not_with_the_one_before()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => (c.Class, c.WindowSize, c.Limit, c.Conflict) = ("first#Ab3d", 2, 4, 0));
        Told first = new("first#Ab3d", 2, 4, 0);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        Assert.AreEqual(first, Row().Told);

        CollectionElement lost = With(device, TestDevice.Add("Ab1_2", 2));
        (lost.Class, lost.WindowSize, lost.Limit, lost.Conflict) = ("second#Ab3d", 1, 2, 1);
        device.Lose(lost);
        Assert.AreEqual(new Told("second#Ab3d", 1, 2, 1), Row().Told);
        Assert.AreEqual(first, Row().ToldBefore);

        // another firmware, with the key held before: it counts on what was told with that key
        for (byte i = 0; i < 5; i++)
        {
            bench.PutBytes("d1", "o" + i, i, i);
        }

        Assert.HasCount(2, device.Sync(With(device, TestDevice.Add("Ab1_3", 3))).Commands, "as the first window and the first limit say");
        Assert.AreEqual(first, Row().Told);
        Assert.AreEqual("first#Ab3d second#Ab3d first#Ab3d", string.Join(' ', bench.Objects("d1").Where(o => o.Row.Data!.Length == 1).Select(o => o.Row.Class)));
        bench.PutBytes("d1", "o0", 9);
        Assert.AreEqual(0, device.Sync(With(device, TestDevice.Change("o0", 8))).Responses.Count(r => r.Status == Status.Conflict), "the device wins, as it told first");

        KeyRow Row()
        {
            using IStoreTransaction store = bench.Core.Store.BeginRead();
            return store.ListKeyRows(device.Identity.Id, "config").Single();
        }
    }

    [TestMethod]
    public void A_class_is_remembered_until_key_0()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement named = With(device, TestDevice.Add("Ab1_1", 1));
        named.Class = "sampling#Ab3d";
        device.Sync(named);
        device.Sync(With(device, TestDevice.Add("Ab1_2", 2)));
        device.Start();
        device.Sync(With(device, TestDevice.Add("Ab1_3", 3)));
        Assert.AreEqual("sampling#Ab3d sampling#Ab3d ", string.Join(' ', bench.Objects("d1").Select(o => o.Row.Class)));
    }

    [TestMethod]
    public void Until_a_window_is_given_it_is_100()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (int i = 0; i < 101; i++)
        {
            bench.PutBytes("d1", "o" + i, 1);
        }

        CollectionElement answer = device.Sync(device.Ask());
        Assert.HasCount(100, answer.Commands);
        Assert.IsTrue(answer.MoreAvailable);
    }

    [TestMethod]
    public void A_quiet_acknowledgement_is_key_and_name_and_nothing_else()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement request = With(device, TestDevice.Add("Ab1_1", 1));
        request.Class = "reading#Ab3d";
        request.DeletesAsMoves = true;
        CollectionElement first = device.Lose(request); // the class is asked for at first
        byte[] again = [.. device.LastRequest];
        SyncReply reply = device.Send(again);
        Assert.AreEqual(
            "03016A00" + "455C4F" + "4B03" + Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(first.SyncKey)) + "0001" + "5203" + "636F6E666967" + "0001" + "010101",
            Convert.ToHexString(reply.Body));
    }

    [TestMethod]
    public void A_value_of_0_means_absence()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Format = NanoSync.Server.Formats.MessageFormat.Xml;
        string Ask(string getChanges, string deletesAsMoves, string clientId) =>
            $"<Sync xmlns='AirSync:'><Version>1.0</Version><Collections><Collection><SyncKey>{device.Key()}</SyncKey><CollectionId>config</CollectionId>{getChanges}{deletesAsMoves}"
            + $"<Commands><Add><ClientId>{clientId}</ClientId><ApplicationData>AQ==</ApplicationData></Add></Commands></Collection></Collections></Sync>";
        string Answer(string request)
        {
            device.LastRequest = System.Text.Encoding.UTF8.GetBytes(request);
            CollectionElement answer = device.Parse(device.Send(device.LastRequest))!.Collections.Single();
            device.Take(answer);
            return answer.Line();
        }

        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", Answer(Ask("<GetChanges>0</GetChanges>", "<DeletesAsMoves>0</DeletesAsMoves>", "Ab1_1")));
        Assert.AreEqual("ok {Add a 01}", Answer(Ask("<GetChanges/>", "<DeletesAsMoves></DeletesAsMoves>", "Ab1_2")));
    }

    [TestMethod]
    public void A_new_value_to_remember_is_kept_by_a_request_that_is_otherwise_idle()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        CollectionElement request = device.Ask();
        request.WindowSize = 1;
        Assert.AreEqual("ok", device.Sync(request).Line());
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        Assert.AreEqual("ok {Add a 01} more", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void Each_value_to_remember_is_kept_so_and_the_one_remembered_already_is_none()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Action<CollectionElement>[] values = [c => c.Class = "sampling#Ab3d", c => c.WindowSize = 7, c => c.Limit = 70, c => c.Conflict = 0];
        foreach (Action<CollectionElement> value in values)
        {
            CollectionElement request = device.Ask();
            value(request);
            Assert.AreEqual("ok", device.Sync(request).Line());
        }

        using (IStoreTransaction store = bench.Core.Store.BeginRead())
        {
            KeyRow row = store.ListKeyRows(device.Identity.Id, "config").Single();
            Assert.AreEqual(new Told("sampling#Ab3d", 7, 70, 0), row.Told);
        }

        CollectionElement same = device.Ask();
        foreach (Action<CollectionElement> value in values)
        {
            value(same);
        }

        Assert.IsNull(device.Exchange(same));
    }

    [TestMethod]
    public void A_device_that_only_polls_was_there_every_five_minutes()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        device.Start();
        device.Exchange(device.Ask());
        long began = bench.Clock.Now.ToUnixTimeMilliseconds();
        (long, long) Seen()
        {
            using IStoreTransaction store = bench.Core.Store.BeginRead();
            return ((bench.Core.Devices.Get("d1").LastSeen ?? 0) - began, store.FindReplica(device.Identity.Id, "Ab1_")!.LastSeen - began);
        }

        bench.Clock.Now += TimeSpan.FromMilliseconds(299_999);
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual((0, 0), Seen());
        bench.Clock.Now += TimeSpan.FromMilliseconds(1);
        Assert.IsNull(device.Exchange(device.Ask()));
        Assert.AreEqual((300_000, 300_000), Seen());
        bench.Clock.Now += TimeSpan.FromMinutes(1);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.IsNull(device.Exchange(device.Ask())); // the first with its key, which is written
        Assert.AreEqual((360_000, 360_000), Seen());
    }

    [TestMethod]
    public void Each_start_and_each_server_has_an_epoch_of_its_own_and_what_follows_keeps_it()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string Epoch() => SyncKeys.Parse(device.Key()).Epoch!;
        string first = Epoch();
        device.Sync(With(device, TestDevice.Change("a", 1)));
        Assert.AreEqual(first, Epoch());
        device.Start();
        string second = Epoch();
        device.Sync(With(device, TestDevice.Change("a", 2)));
        Assert.AreEqual(second, Epoch());
        bench.Restart();
        device.Sync(With(device, TestDevice.Change("a", 3)));
        Assert.HasCount(3, new HashSet<string>([first, second, Epoch()]));
    }

    [TestMethod]
    public void A_store_that_tells_the_number_of_its_start_only_the_second_time_starts_over_twice()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.StoreId = "Ab1_";
        CollectionElement plain = device.Ask();
        plain.Options.Clear();
        plain.Options.Add(new Structure(BuiltIn.Store.Name, RecordText.Pack(BuiltIn.Store, [new("id", "Ab1_")])));
        Assert.AreEqual("ok", device.Sync(plain).Line());
        StringAssert.StartsWith(device.Key(), "1");
        device.Start();
        StringAssert.StartsWith(device.Key(), "2");
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        CollectionAssert.AreEqual((long[])[1], store.ListKeyRows(device.Identity.Id, "config").Single().Starts);
    }

    [TestMethod]
    public void An_epoch_that_the_device_had_in_the_collection_before_is_given_to_no_other_start()
    {
        using Bench bench = new();
        TestDevice device = bench.Device(collections: "config,plans");
        Queue<byte> numbers = new((byte[])[1, 2, 2, 2, 3, 2]); // of the code, of a start, twice the same and another, and of the other collection
        SyncService service = new(bench.Core.Store, bench.Clock, incarnation: new Incarnation(bench.Core.Store, bench.Clock, _ => [0, 0, numbers.Dequeue(), 0]));
        string Epoch(string collection)
        {
            device.SetKey(SyncKeys.Zero, collection);
            SyncMessage message = new() { Version = "1.0" };
            message.Collections.Add(device.Ask(collection));
            device.LastRequest = MessagePrinter.Print(device.Format, message);
            CollectionElement answer = device.Parse(service.Handle(device.Identity, device.LastRequest, device.Format))!.Collections.Single();
            device.Take(answer);
            return SyncKeys.Parse(answer.SyncKey).Epoch!;
        }

        string first = Epoch("config");
        device.StoreId = "Ab1_"; // another store of the same device
        string second = Epoch("config");
        Assert.HasCount(1, numbers, "asked until it is another one");
        Assert.AreNotEqual(first, second);
        Assert.AreEqual(first, Epoch("plans"));
    }

    [TestMethod]
    [DataRow("1.0", true)]
    [DataRow("1.1", true)]
    [DataRow("1.25", true)]
    [DataRow("0.1", false)]
    [DataRow("2.0", false)]
    [DataRow("10.0", false)]
    [DataRow("11.1", false)]
    public void What_is_before_the_point_tells_another_version(string version, bool spoken)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        SyncMessage request = new() { Version = version };
        request.Collections.Add(device.Ask());
        Assert.AreEqual(spoken ? Status.Success : Status.VersionNotSupported, device.Exchange(request)!.Status);
    }

    [TestMethod]
    public void Two_devices_do_not_see_each_others_private_collections()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1");
        TestDevice two = bench.Device("d2");
        one.Start();
        two.Start();
        CollectionElement request = one.Ask();
        request.Commands.Add(TestDevice.Add("Ab1_1", 1));
        one.Sync(request);
        Assert.IsNull(two.Exchange(two.Ask()));
    }

    [TestMethod]
    public void Keys_survive_a_restart()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start();
        bench.PutBytes("d1", "a", 1);
        bench.Restart();
        Assert.AreEqual("ok {Add a 01}", device.Sync(device.Ask()).Line());
    }

    private static byte[] Snapshot(Bench bench) => TestDatabase.Written(bench.Folder);
}

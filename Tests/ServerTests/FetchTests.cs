// SPEC 2.3 and 7.2: one object by its id, a range of it, and objects that come up in parts.

using NanoSync.Protocol;
using NanoSync.Server;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class FetchTests
{
    private static readonly byte[] s_large = [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7 + i / 251))];

    [TestMethod]
    public void Fetch_gives_that_object_and_nothing_else()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 2);
        CollectionElement request = device.Ask(getChanges: false);
        request.Commands.Add(TestDevice.Fetch("b"));
        Assert.AreEqual("ok [Fetch b 02]", device.Sync(request).Line());
        Assert.AreEqual("ok {Add a 01} {Add b 02}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void Fetch_of_what_is_not_there_gets_8()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        bench.Core.Objects.Delete("d1", "config", "a");
        Assert.AreEqual("ok [Fetch a status 8] [Fetch b status 8] {Delete a}", device.Sync(With(device, TestDevice.Fetch("a"), TestDevice.Fetch("b"))).Line());
    }

    [TestMethod]
    public void The_class_of_what_is_fetched_stands_once_too()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "c", 7);
        string sampling = bench.Put("d1", "a", """{"interval":5,"sensors":null}""", Bench.Sampling).Row.Class!;
        bench.Put("d1", "b", """{"interval":6,"sensors":null}""", Bench.Sampling);
        string reading = bench.Put("d1", "d", """{"at":"2024-01-01T00:00:10Z","temperature":21.5}""", Bench.Reading).Row.Class!;
        CollectionElement request = device.Ask(getChanges: false);
        request.Commands.AddRange([TestDevice.Fetch("never"), TestDevice.Fetch("a"), TestDevice.Fetch("b"), TestDevice.Fetch("d")]);
        Assert.AreEqual($"ok class {sampling} [Fetch never status 8] [Fetch a 0105] [Fetch b 0106] [Fetch d class {reading} 030ACC21]", device.Sync(request).Line());
        request = device.Ask(getChanges: false);
        request.Commands.AddRange([TestDevice.Fetch("c"), TestDevice.Fetch("a")]);
        CollectionElement answer = device.Sync(request);
        Assert.AreEqual(("", null, sampling), (answer.Class, answer.Responses[0].Class, answer.Responses[1].Class), "of no class");
    }

    [TestMethod]
    public void An_object_is_fetched_in_ranges_and_the_check_sum_is_of_the_whole()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "map", s_large);
        MemoryStream got = new();
        while (got.Length < s_large.Length)
        {
            CollectionElement request = device.Ask(getChanges: false);
            SyncCommand fetch = TestDevice.Fetch("map");
            fetch.Options.Add(new PartRange(got.Length, 1500, null, null).ToStructure());
            request.Commands.Add(fetch);
            SyncCommand answer = device.Sync(request).Responses.Single();
            Assert.IsTrue(PartRange.TryFind(answer.Options, out PartRange? range));
            Assert.AreEqual(new PartRange(got.Length, null, s_large.Length, CrcSum.Of(s_large), 1), range);
            Assert.AreEqual(Math.Min(1500, s_large.Length - (int)got.Length), answer.Data!.Value.Length);
            got.Write(answer.Data!.Value.Span);
        }

        CollectionAssert.AreEqual(s_large, got.ToArray());
    }

    [TestMethod]
    public void An_object_fetched_whole_has_a_range_only_if_one_was_asked_for()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1, 2, 3);
        SyncCommand ranged = TestDevice.Fetch("a");
        ranged.Options.Add(new PartRange(0, 3, null, null).ToStructure());
        List<SyncCommand> answers = device.Sync(With(device, TestDevice.Fetch("a"), ranged)).Responses;
        Assert.IsTrue(PartRange.TryFind(answers[0].Options, out PartRange? none));
        Assert.IsNull(none);
        Assert.IsTrue(PartRange.TryFind(answers[1].Options, out PartRange? range));
        Assert.AreEqual(new PartRange(0, null, 3, CrcSum.Of([1, 2, 3]), 1), range);
    }

    [TestMethod]
    public void The_last_part_of_a_change_that_tells_its_version_is_taken_once_however_often_it_comes()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand Part(int from, int count)
        {
            SyncCommand part = TestDevice.Change("a", s_large[from..(from + count)]);
            part.Options.Add(new PartRange(from, null, s_large.Length, CrcSum.Of(s_large), 7).ToStructure());
            return part;
        }

        Assert.AreEqual(6000, HeldOf(device.Sync(With(device, Part(0, 6000))).Responses.Single()));
        Assert.AreEqual("ok", device.Lose(With(device, Part(6000, 4000))).Line());
        Assert.AreEqual("ok [Add Ab1_2 Ab1_2]", device.Sync(With(device, Part(6000, 4000), TestDevice.Add("Ab1_2", 1))).Line());
        CollectionAssert.AreEqual(s_large, bench.Core.Objects.Get("d1", "config", "a").Row.Data);
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"));
    }

    [TestMethod]
    public void Limit_bounds_what_is_fetched()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        device.Start(shape: c => c.Limit = 1000);
        bench.PutBytes("d1", "map", s_large);
        bench.PutBytes("d1", "a", new byte[600]);
        bench.PutBytes("d1", "b", new byte[600]);
        SyncCommand range = TestDevice.Fetch("map");
        range.Options.Add(new PartRange(0, 5000, null, null).ToStructure());
        Assert.AreEqual(1000, device.Sync(With(device, range)).Responses.Single().Data!.Value.Length);

        CollectionElement request = device.Ask(getChanges: false);
        request.Commands.AddRange([TestDevice.Fetch("a"), TestDevice.Fetch("b")]);
        CollectionElement answer = device.Sync(request);
        Assert.AreEqual(600, answer.Responses[0].Data!.Value.Length);
        Assert.AreEqual(Status.Retry, answer.Responses[1].Status);
    }

    [TestMethod]
    public void A_range_beyond_the_end_is_empty_and_a_broken_one_is_refused()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1, 2, 3);
        SyncCommand beyond = TestDevice.Fetch("a");
        beyond.Options.Add(new PartRange(99, 5, null, null).ToStructure());
        SyncCommand broken = TestDevice.Fetch("a");
        broken.Options.Add(new Structure("range", new byte[] { 0xFF, 0xFF }));
        CollectionElement answer = device.Sync(With(device, beyond, broken));
        Assert.AreEqual(0, answer.Responses[0].Data!.Value.Length);
        Assert.AreEqual(Status.ProtocolError, answer.Responses[1].Status);
    }

    [TestMethod]
    public void An_object_comes_up_in_parts_and_exists_when_it_is_whole()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        int held = 0;
        while (held < s_large.Length)
        {
            Assert.AreEqual("", bench.Held("d1"));
            SyncCommand answer = device.Sync(With(device, Part("Ab1_1", held, 3000))).Responses.Single();
            if (answer.Status == Status.Success)
            {
                Assert.AreEqual("Ab1_1", answer.ServerId);
                break;
            }

            held = HeldOf(answer);
        }

        CollectionAssert.AreEqual(s_large, bench.Objects("d1").Single().Row.Data);
    }

    [TestMethod]
    public void An_upload_goes_on_where_it_was_after_lost_replies_and_a_restart()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Lose(With(device, Part("Ab1_1", 0, 3000)));
        Assert.AreEqual(3000, HeldOf(device.SyncAgain().Responses.Single()));
        device.Lose(With(device, Part("Ab1_1", 3000, 3000)));
        bench.Restart();
        device.Start();
        Assert.AreEqual(6000, HeldOf(device.Sync(With(device, Part("Ab1_1", 3000, 3000))).Responses.Single()), "a part repeated");
        Assert.AreEqual(6000, HeldOf(device.Sync(With(device, Part("Ab1_1", 9000, 1000))).Responses.Single()), "a part left out");
        CollectionElement last = With(device, Part("Ab1_1", 6000, 4000));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Lose(last).Line());
        last.Commands.Add(TestDevice.Add("Ab1_2", 1));
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 Ab1_2]", device.Sync(last).Line(), "the last part repeated");
        CollectionAssert.AreEqual(s_large, bench.Core.Objects.Get("d1", "config", "Ab1_1").Row.Data);
    }

    [TestMethod]
    public void Parts_that_do_not_make_the_whole_are_dropped_and_asked_for_from_the_start()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand wrong = TestDevice.Add("Ab1_1", 1, 2, 3);
        wrong.Options.Add(new PartRange(0, null, 3, 12345).ToStructure());
        SyncCommand answer = device.Sync(With(device, wrong)).Responses.Single();
        Assert.AreEqual(0, HeldOf(answer));
        Assert.AreEqual("", bench.Held("d1"));
        SyncCommand right = TestDevice.Add("Ab1_1", 1, 2, 3);
        right.Options.Add(new PartRange(0, null, 3, CrcSum.Of([1, 2, 3])).ToStructure());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, right)).Line());
    }

    [TestMethod]
    public void A_change_comes_up_in_parts_too_also_when_its_last_part_is_repeated()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Add("Ab1_1", 1)));
        Assert.AreEqual(6000, HeldOf(device.Sync(With(device, PartOf(TestDevice.Change("Ab1_1"), 0, 6000))).Responses.Single()));
        CollectionElement last = With(device, PartOf(TestDevice.Change("Ab1_1"), 6000, 4000));
        Assert.AreEqual("ok", device.Lose(last).Line());
        last.Commands.Add(TestDevice.Add("Ab1_2", 1));
        Assert.AreEqual("ok [Add Ab1_2 Ab1_2]", device.Sync(last).Line());
        CollectionAssert.AreEqual(s_large, bench.Core.Objects.Get("d1", "config", "Ab1_1").Row.Data);
    }

    [TestMethod]
    [DataRow(5, null, 0L)]    // no length
    [DataRow(null, 1u, 5L)]   // shorter than the part
    [DataRow(4, 1u, 0L)]
    [DataRow(5, null, 1L)]    // no check sum
    public void A_part_without_length_or_check_sum_or_longer_than_the_whole_is_refused(int? total, uint? crc, long offset)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand part = TestDevice.Add("Ab1_1", 1, 2, 3, 4, 5);
        part.Options.Add(new PartRange(offset, null, total, crc).ToStructure());
        CollectionElement answer = device.Sync(With(device, part));
        Assert.AreEqual("ok [Add Ab1_1 status 4]", answer.Line());
        Assert.AreEqual("a part needs total and crc", System.Text.Encoding.UTF8.GetString(answer.Responses.Single().Data!.Value.Span));
        Assert.AreEqual("", bench.Held("d1"));
    }

    [TestMethod]
    public void A_part_is_taken_only_where_the_last_one_ended_and_not_beyond_the_end_and_each_answer_tells_what_is_held()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        byte[] value = [1, 2, 3, 4, 5, 6];
        string Part(long? from, params byte[] bytes)
        {
            SyncCommand part = TestDevice.Change("a", bytes);
            part.Options.Add(new PartRange(from, null, value.Length, CrcSum.Of(value), 9).ToStructure());
            SyncCommand? answer = device.Sync(With(device, part)).Responses.SingleOrDefault();
            if (answer == null)
            {
                return "taken";
            }

            Assert.IsTrue(PartRange.TryFind(answer.Options, out PartRange? range));
            Assert.AreEqual(new PartRange(range!.Offset, null, value.Length, null, 9), range);
            return $"{answer.Status} {range.Offset}";
        }

        Assert.AreEqual("13 2", Part(null, 1, 2), "without an offset it is the first");
        Assert.AreEqual("13 2", Part(2), "an empty one asks");
        Assert.AreEqual("13 2", Part(1, 2, 3));
        Assert.AreEqual("13 2", Part(2, 3, 4, 5, 6, 7), "one byte too many");
        Assert.AreEqual("13 2", Part(3, 4, 5, 6));
        Assert.AreEqual("13 3", Part(2, 3));
        Assert.AreEqual("taken", Part(3, 4, 5, 6));
        Assert.AreEqual("a=010203040506", bench.Held("d1"));
    }

    [TestMethod]
    public void An_object_of_no_bytes_may_come_as_a_part_too()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand part = TestDevice.Add("Ab1_1");
        part.Options.Add(new PartRange(0, null, 0, CrcSum.Of([])).ToStructure());
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", device.Sync(With(device, part)).Line());
        Assert.AreEqual("Ab1_1=", bench.Held("d1"));
    }

    [TestMethod]
    public void The_parts_of_a_value_are_dropped_with_it_and_the_same_value_comes_in_parts_again()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (int time = 0; time < 2; time++)
        {
            Assert.AreEqual(6000, HeldOf(device.Sync(With(device, PartOf(TestDevice.Change("a"), 0, 6000))).Responses.Single()));
            Assert.AreEqual("ok", device.Sync(With(device, PartOf(TestDevice.Change("a"), 6000, 4000))).Line());
            CollectionAssert.AreEqual(s_large, bench.Core.Objects.Get("d1", "config", "a").Row.Data);
            Assert.AreEqual("ok", device.Sync(With(device, TestDevice.Change("a", 1))).Line());
            Assert.AreEqual("a=01", bench.Held("d1"));
        }
    }

    [TestMethod]
    [DataRow(10_000, "ok [Add Ab1_1 status 13]")]
    [DataRow(9_999, "ok [Add Ab1_1 status 201]")]
    public void An_object_in_parts_may_have_just_as_many_bytes_as_one_that_comes_whole(int most, string answer)
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObject = most } });
        TestDevice device = Started(bench);
        Assert.AreEqual(answer, device.Sync(With(device, Part("Ab1_1", 0, 100))).Line());
    }

    [TestMethod]
    public void Parts_of_an_object_that_is_too_large_are_not_kept()
    {
        using Bench bench = new(new ServerOptions { Limits = new SyncLimits { MaxObject = 5000 } });
        TestDevice device = Started(bench);
        Assert.AreEqual("ok [Add Ab1_1 status 201]", device.Sync(With(device, Part("Ab1_1", 0, 100))).Line());
    }

    [TestMethod]
    public void Uploads_left_behind_do_not_pile_up()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (int i = 0; i < 40; i++)
        {
            bench.Clock.Now += TimeSpan.FromMinutes(1);
            device.Sync(With(device, Part("Ab1_" + i, 0, 100)));
        }

        Assert.AreEqual(100, HeldOf(device.Sync(With(device, Part("Ab1_39", 9000, 100))).Responses.Single()));
        Assert.AreEqual(0, HeldOf(device.Sync(With(device, Part("Ab1_0", 9000, 100))).Responses.Single()));
    }

    [TestMethod]
    public void The_server_fetches_the_devices_copy()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Change("a", 1)));
        Assert.AreEqual("ok", Fetched(bench, device, 5));
        Assert.AreEqual("a=05", bench.Held("d1"));
        Assert.AreEqual("received", bench.Objects("d1").Single().State);
        Assert.IsEmpty(bench.Core.Devices.Refusals("d1"));
    }

    [TestMethod]
    public void The_devices_copy_may_come_as_fields()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.Put("d1", "a", """{"interval":5,"sensors":null}""", Bench.Sampling);
        string type = bench.Objects("d1").Single().Row.Class!;
        device.Sync(device.Ask());
        CollectionElement change = With(device, TestDevice.Change("a", 1, 6));
        change.Class = type;
        device.Sync(change);
        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("{Fetch a}", device.Sync(device.Ask()).Line()[^9..]);
        device.Format = NanoSync.Server.Formats.MessageFormat.Xml;
        device.LastRequest = System.Text.Encoding.UTF8.GetBytes($"<Sync xmlns='AirSync:'><Version>1.0</Version><Collections><Collection><SyncKey>{device.Key()}</SyncKey><CollectionId>config</CollectionId>"
            + "<Responses><Fetch><ServerId>a</ServerId><ApplicationData><interval>7</interval></ApplicationData></Fetch></Responses></Collection></Collections></Sync>");
        Assert.AreEqual("ok", device.Parse(device.Send(device.LastRequest))!.Collections.Single().Line());
        Assert.AreEqual("a=0107", bench.Held("d1"));
    }

    [TestMethod]
    public void A_fetched_copy_is_kept_beside_the_value_of_somebody_else()
    {
        // the device changed nothing: it may hold the earlier value, and a part of the new one
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.AreEqual("ok", Fetched(bench, device, 5));
        Assert.AreEqual("a=01", bench.Held("d1"));
        LoserRow copy = bench.Core.Objects.Losers("d1", "config").Single().Row;
        Assert.IsTrue(copy.FromDevice);
        CollectionAssert.AreEqual(new byte[] { 5 }, copy.Data);
    }

    [TestMethod]
    public void A_fetched_copy_that_is_the_value_of_somebody_else_leaves_no_loser()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Sync(device.Ask());
        Assert.AreEqual("ok", Fetched(bench, device, 1));
        Assert.AreEqual("a=01", bench.Held("d1"));
        Assert.IsEmpty(bench.Core.Objects.Losers("d1", "config"));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)] // the value was the device's own
    public void A_fetched_copy_of_what_was_deleted_since_is_kept_and_does_not_bring_it_back(bool own)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        if (own)
        {
            device.Sync(With(device, TestDevice.Change("a", 1)));
        }
        else
        {
            bench.PutBytes("d1", "a", 1);
            device.Sync(device.Ask());
        }

        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("ok {Fetch a}", device.Sync(device.Ask()).Line());
        bench.Core.Objects.Delete("d1", "config", "a");
        CollectionElement request = device.Ask();
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "a", Data = new byte[] { 1 } });
        Assert.AreEqual("ok {Delete a}", device.Sync(request).Line());
        Assert.AreEqual("", bench.Held("d1"));
        LoserRow copy = bench.Core.Objects.Losers("d1", "config").Single().Row;
        Assert.IsTrue(copy.FromDevice);
        CollectionAssert.AreEqual(new byte[] { 1 }, copy.Data);
    }

    [TestMethod]
    public void Copies_come_beside_changes_and_one_of_what_the_server_does_not_have_is_kept()
    {
        using Bench bench = new();
        TestDevice board = ReplicaTests.Started(bench, "Ab1_");
        board.Sync(With(board, TestDevice.Change("a", 1)));
        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("ok {Fetch a}", board.Sync(board.Ask()).Line());
        CollectionElement request = With(board, TestDevice.Change("b", 1));
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "a", Data = new byte[] { 5 } });
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "never", Data = new byte[] { 6 } });
        Assert.AreEqual("ok", board.Sync(request).Line());
        Assert.AreEqual("a=05 b=01", bench.Held("d1"));
        Assert.AreEqual("never 06", string.Join(' ', bench.Core.Objects.Losers("d1", "config").Select(l => $"{l.Row.ServerId} {Convert.ToHexString(l.Row.Data!)}")), "the copy of what the server does not have");
    }

    [TestMethod]
    public void What_was_refused_beside_its_copy_is_set_aside_first_and_the_copy_is_an_older_value()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        device.Sync(With(device, TestDevice.Change("a", 1)));
        bench.PutBytes("d1", "a", 2);
        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("ok {Fetch a} {Change a 02}", device.Sync(device.Ask()).Line());
        CollectionElement request = device.Ask();
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "a", Data = new byte[] { 1 } });
        request.Responses.Add(TestDevice.Refuse(Tags.Change, "a", Status.BadObject, "no"));
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("a=02", bench.Held("d1"));
        Assert.AreEqual("a 6", string.Join(' ', bench.Core.Objects.SetAside("d1", "config").Select(a => $"{a.ServerId} {a.Status}")));
        CollectionAssert.AreEqual(new byte[] { 1 }, bench.Core.Objects.Losers("d1", "config").Single().Row.Data);
    }

    // Asks for the copy of a, and answers with it.
    private static string Fetched(Bench bench, TestDevice device, byte value)
    {
        bench.Core.Objects.FetchFromDevice("d1", "config", "a");
        Assert.AreEqual("ok {Fetch a}", device.Sync(device.Ask()).Line());
        CollectionElement request = device.Ask();
        request.Responses.Add(new SyncCommand { Tag = Tags.Fetch, ServerId = "a", Data = new[] { value } });
        return device.Sync(request).Line();
    }

    [TestMethod]
    public void An_application_reads_and_writes_bytes_of_any_size()
    {
        using Bench bench = new();
        bench.Device();
        bench.Core.Objects.Put("d1", "config", "map", new NewValue(null, s_large, "map#0000"));
        CollectionAssert.AreEqual(s_large, bench.Core.Objects.Get("d1", "config", "map").Row.Data);
    }

    private static SyncCommand Part(string clientId, int offset, int count)
    {
        return PartOf(TestDevice.Add(clientId), offset, count);
    }

    private static SyncCommand PartOf(SyncCommand command, int offset, int count)
    {
        command.Data = s_large.AsMemory(offset, Math.Min(count, s_large.Length - offset));
        command.Options.Add(new PartRange(offset, null, s_large.Length, CrcSum.Of(s_large)).ToStructure());
        return command;
    }

    private static int HeldOf(SyncCommand answer)
    {
        Assert.AreEqual(Status.Incomplete, answer.Status);
        Assert.IsTrue(PartRange.TryFind(answer.Options, out PartRange? range));
        return (int)range!.Offset!;
    }
}

// SPEC 6.5: series at the server, message by message, and with the real device engine at the other end.

using NanoSync.Device;
using NanoSync.Protocol;
using NanoSync.Server.Engine;
using NanoSync.Storage;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class SeriesTests
{
    private static readonly ObjectClass s_reading = new ObjectClass("reading").Time("at").Fixed("temperature", 2);
    private static readonly string s_name = ClassCatalog.WireName(s_reading);

    [TestMethod]
    public void A_series_is_as_many_Adds()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_9", 3));
        request.Commands.Add(TestDevice.Add(null, Record(3))); // counts on
        request.Commands.Add(Series(null, 2, from: 4));

        Assert.AreEqual("ok", device.Sync(request).Line());

        Assert.AreEqual(6, bench.Objects("d1", "log").Count);
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 6).Select(n => Convert.ToHexString(Record(n))).ToList(),
            bench.Objects("d1", "log").OrderBy(o => o.Row.Seq).Select(o => Convert.ToHexString(o.Row.Data!)).ToList());
    }

    [TestMethod]
    public void In_the_text_form_too()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        device.Format = NanoSync.Server.Formats.MessageFormat.Xml;
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_9", 3));

        Assert.AreEqual("ok", device.Sync(request).Line());

        StringAssert.Contains(System.Text.Encoding.UTF8.GetString(device.LastRequest), $"<Class>*</Class><ClientId>Ab1_9</ClientId><ApplicationData>{Convert.ToBase64String(Series("Ab1_9", 3).Data!.Value.Span)}<");
        Assert.HasCount(3, bench.Objects("d1", "log"));
    }

    [TestMethod]
    public void A_series_repeated_makes_nothing_anew_and_its_ids_are_those_of_its_objects()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_9", 3));
        device.Lose(request);

        CollectionElement more = Request(device);
        more.DeletesAsMoves = false; // so that the answer names them
        more.Commands.Add(Series("Ab1_9", 4));
        CollectionElement answer = device.Sync(more);

        Assert.AreEqual(4, bench.Objects("d1", "log").Count);
        CollectionAssert.AreEqual((string[])["Ab1_9", "Ab1_10", "Ab1_11", "Ab1_12"], answer.Responses.Select(r => r.ClientId).ToArray());
    }

    [TestMethod]
    public void An_object_refused_inside_a_series_is_answered_by_its_own_id()
    {
        using Bench bench = new(new NanoSync.Server.ServerOptions { Limits = new SyncLimits { MaxReadings = 2 } });
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_1", 4));

        CollectionElement answer = device.Sync(request);

        CollectionAssert.AreEqual((string[])["Ab1_3", "Ab1_4"], answer.Responses.Select(r => r.ClientId).ToArray());
        Assert.IsTrue(answer.Responses.All(r => r.Status == Status.OutOfSpace));
        Assert.AreEqual(2, bench.Objects("d1", "log").Count);
    }

    [TestMethod]
    public void A_series_of_an_unknown_class_does_nothing_and_asks_for_the_definition()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: false);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_1", 4));

        SyncMessage reply = device.Exchange(request)!;

        Assert.AreEqual("status 202", reply.Collections.Single().Line());
        Assert.AreEqual("def:" + s_name, reply.Options.Single().Class);
        Assert.AreEqual("", bench.Held("d1", "log"));

        SyncMessage again = new();
        again.Options.Add(new Structure("def:" + s_name, System.Text.Encoding.UTF8.GetBytes(s_reading.Definition)));
        again.Collections.Add(request);
        Assert.AreEqual("ok", device.Exchange(again)!.Collections.Single().Line());
        Assert.AreEqual(4, bench.Objects("d1", "log").Count);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("00")]
    [DataRow("0103")]
    [DataRow("010203020007")]
    public void Bytes_that_are_no_series_do_nothing(string hex)
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        string key = device.Key("log");
        CollectionElement request = Request(device);
        request.Commands.Add(TestDevice.Add("Ab1_1", Record(1)));
        request.Commands.Add(new SyncCommand { Tag = Tags.Add, ClientId = "Ab1_2", Class = "*", Data = Convert.FromHexString(hex) });

        CollectionElement answer = device.Sync(request);

        Assert.AreEqual("status 4", answer.Line());
        Assert.AreEqual(key, answer.SyncKey);
        Assert.AreEqual("", bench.Held("d1", "log"));
    }

    [TestMethod]
    public void A_series_does_not_unfold_to_more_than_a_message_may_hold()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_1", 300));
        request.Commands.Add(Series(null, 300));

        Assert.AreEqual("status 4", device.Sync(request).Line());
        Assert.AreEqual("", bench.Held("d1", "log"));
    }

    [TestMethod]
    [DataRow(212, "ok")]          // 300 and 212 are just as many as a message may hold
    [DataRow(213, "status 4")]
    public void Series_unfold_to_as_many_as_a_message_may_hold(int second, string answer)
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(Series("Ab1_1", 300));
        request.Commands.Add(Series(null, second, 300));

        Assert.AreEqual(answer, device.Sync(request).Line());
        Assert.HasCount(answer == "ok" ? 300 + second : 0, bench.Core.Objects.List("d1", "log", count: int.MaxValue));
    }

    [TestMethod]
    public void What_stands_beside_a_series_is_done_in_its_place_and_the_class_may_be_the_one_remembered()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Commands.Add(TestDevice.Add("Ab1_1", Record(1)));
        request.Commands.Add(Series(null, 2, 2));
        request.Commands.Add(TestDevice.Add(null, Record(4)));
        Assert.AreEqual("ok", device.Sync(request).Line());

        request = Request(device);
        request.Class = null; // as last given
        request.Commands.Add(Series("Ab1_5", 2, 5));
        Assert.AreEqual("ok", device.Sync(request).Line());
        CollectionAssert.AreEqual(Enumerable.Range(1, 6).Select(n => $"Ab1_{n} {Convert.ToHexString(Record(n))}").ToArray(),
            bench.Objects("d1", "log").OrderBy(o => o.Row.Seq).Select(o => $"{o.Row.Id} {Convert.ToHexString(o.Row.Data!)}").ToArray());
        Assert.AreEqual(s_name, bench.Objects("d1", "log")[^1].Row.Class);
    }

    [TestMethod]
    public void A_series_is_of_the_class_that_its_request_names_and_not_of_the_one_remembered()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Class = "other#efgh";
        request.Commands.Add(TestDevice.Add("Ab1_1", 1));
        Assert.AreEqual("ok", device.Sync(request).Line());
        request = Request(device);
        request.Commands.Add(Series("Ab1_2", 2));
        Assert.AreEqual("ok", device.Sync(request).Line());
        Assert.AreEqual("other#efgh " + s_name + " " + s_name, string.Join(' ', bench.Objects("d1", "log").OrderBy(o => o.Row.Seq).Select(o => o.Row.Class)));
    }

    [TestMethod]
    public void A_series_of_no_class_at_all_does_nothing()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        CollectionElement request = Request(device);
        request.Class = null;
        request.Commands.Add(Series("Ab1_1", 2));
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual("status 202", reply.Collections.Single().Line());
        Assert.IsEmpty(reply.Options);
    }

    [TestMethod]
    public void A_series_is_an_Add_without_options_and_with_data()
    {
        using Bench bench = new();
        TestDevice device = Started(bench, define: true);
        string key = device.Key("log");
        SyncCommand change = new() { Tag = Tags.Change, ServerId = "a", Class = "*", Data = Series("Ab1_1", 2).Data };
        SyncCommand inPart = Series("Ab1_1", 2);
        inPart.Options.Add(new PartRange(0, null, inPart.Data!.Value.Length, CrcSum.Of(inPart.Data!.Value.ToArray())).ToStructure());
        foreach (SyncCommand command in (SyncCommand[])[change, inPart, new() { Tag = Tags.Add, ClientId = "Ab1_1", Class = "*" }])
        {
            CollectionElement request = Request(device);
            request.Commands.Add(command);
            Assert.AreEqual("status 4", device.Sync(request).Line());
        }

        Assert.AreEqual("", bench.Held("d1", "log"));
        Assert.AreEqual(key, device.Key("log"));
    }

    [TestMethod]
    [DataRow(true)]
    [DataRow(false)]
    public void The_engine_and_the_server_agree(bool series)
    {
        using Bench bench = new();
        bench.Core.Devices.Add("d1", "log");
        CoreCarrier carrier = new(bench.Core, "d1");
        FlashStore store = new(new MemoryVolume(256 * 1024, 64), new StoreOptions());
        SyncEngine engine = new(store, carrier, new SyncOptions { Window = 64, Series = series });
        SyncCollection log = engine.AddOutbox("log", s_reading, 32 * 1024, false);
        Assert.AreEqual(StoreError.None, engine.Open());
        for (int n = 0; n < 200; n++)
        {
            byte[] record = Record(n);
            Assert.AreEqual(StoreError.None, store.Append(log.Number, s_reading.Hash, record, 0, record.Length, out _));
        }

        int up = 0;
        RoundResult result;
        do
        {
            result = engine.Round();
            Assert.AreNotEqual(RoundOutcome.Failed, result.Outcome, $"status {result.Status}, message {result.Message}");
            up += result.BytesUp;
        }
        while (result.Outcome == RoundOutcome.More);

        List<NanoSync.Server.Application.ObjectView> held = bench.Objects("d1", "log");
        CollectionAssert.AreEqual(
            Enumerable.Range(0, 200).Select(n => Convert.ToHexString(Record(n))).ToList(),
            held.OrderBy(o => o.Row.Seq).Select(o => Convert.ToHexString(o.Row.Data!)).ToList());
        Assert.AreEqual(0, engine.Pending);
        Assert.AreEqual(series, up < 200 * 8, $"{up} bytes up");
    }

    private static TestDevice Started(Bench bench, bool define)
    {
        TestDevice device = bench.Device(collections: "log");
        SyncMessage first = new();
        if (define)
        {
            first.Options.Add(new Structure("def:" + s_name, System.Text.Encoding.UTF8.GetBytes(s_reading.Definition)));
        }

        first.Collections.Add(new CollectionElement { Id = "log", SyncKey = SyncKeys.Zero, DeletesAsMoves = true });
        device.Take(device.Exchange(first)!.Collections.Single());
        return device;
    }

    private static CollectionElement Request(TestDevice device)
    {
        return new CollectionElement { Id = "log", SyncKey = device.Key("log"), Class = s_name, DeletesAsMoves = true };
    }

    private static SyncCommand Series(string? clientId, int count, int from = 0)
    {
        SeriesWriter writer = new();
        byte[] buffer = new byte[8192];
        writer.Begin(s_reading, buffer, 0, buffer.Length);
        for (int n = from; n < from + count; n++)
        {
            byte[] record = Record(n);
            Assert.IsTrue(writer.Add(record, 0, record.Length));
        }

        return new SyncCommand { Tag = Tags.Add, ClientId = clientId, Class = "*", Data = buffer[..writer.Length] };
    }

    private static byte[] Record(int n)
    {
        RecordWriter writer = new(32);
        writer.Begin(s_reading);
        writer.Time((uint)(1764547200 + (n * 600)));
        writer.Fixed(2153 + (n * 37 % 29));
        Assert.IsTrue(writer.End());
        return writer.Buffer[..writer.Length];
    }
}

// SPEC 6.3 and 7.1: definitions on demand, time, quota, status, commands and their results.

using System.Text;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using NanoSync.Server.Formats;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class StructureTests
{
    private static readonly ObjectClass s_reading = ClassCatalog.Parse(Bench.Reading)!;

    [TestMethod]
    public void The_server_tells_its_time_and_the_quota_when_asked()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        SyncMessage request = new();
        request.Options.AddRange([new Structure("time"), new Structure("quota"), new Structure("weather")]);
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual("time 2026-03-01T12:00:00Z,0; quota 0,1000000,1048576,1048576", Told(reply));
    }

    [TestMethod]
    public void A_time_that_no_device_can_hold_is_not_told()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        bench.Clock.Now = new DateTimeOffset(2110, 1, 1, 0, 0, 0, TimeSpan.Zero);
        SyncMessage request = new();
        request.Options.Add(new Structure("time"));
        SyncMessage? reply = device.Exchange(request);
        Assert.IsTrue(reply == null || reply.Options.Count == 0);
    }

    [TestMethod]
    [DataRow("1969-12-31T23:59:59.999Z", "")]
    [DataRow("1970-01-01T00:00:00Z", "time 1970-01-01T00:00:00Z,0")]
    [DataRow("2106-02-07T06:28:15.999Z", "time 2106-02-07T06:28:15Z,999")]
    [DataRow("2106-02-07T06:28:16Z", "")]
    public void The_first_and_the_last_second_that_a_device_can_hold_are_told(string time, string told)
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        bench.Clock.Now = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
        SyncMessage request = new();
        request.Options.Add(new Structure("time"));
        Assert.AreEqual(told, device.Exchange(request) is { } reply ? Told(reply) : "");
    }

    [TestMethod]
    public void The_quota_has_the_objects_of_all_collections_that_are_no_outboxes()
    {
        using Bench bench = new(new Server.ServerOptions { Limits = new SyncLimits { MaxObjects = 50, MaxObject = 600 } });
        TestDevice device = ReadingTests.Started(bench, "log,config,plans");
        device.Sync(device.Log(TestDevice.Add("Ab1_1", 1), TestDevice.Add("Ab1_2", 1), TestDevice.Add("Ab1_3", 1)));
        bench.PutBytes("d1", "a", 1);
        bench.PutBytes("d1", "b", 1);
        bench.Core.Objects.Put("d1", "plans", "c", new NewValue(null, [1], null));
        bench.Core.Objects.Delete("d1", "config", "b");
        SyncMessage request = new();
        request.Options.Add(new Structure("quota"));
        StringAssert.StartsWith(Told(device.Exchange(request)!), "quota 2,50,600,");
    }

    [TestMethod]
    public void What_does_not_exist_is_not_told_and_the_reply_stays_empty()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncMessage request = new();
        request.Options.AddRange([new Structure("weather"), new Structure("def:nothing#0000"), new Structure("weather", new byte[] { 1 })]);
        request.Collections.Add(device.Ask());
        Assert.IsNull(device.Exchange(request));
    }

    [TestMethod]
    public void A_status_is_kept_and_changes_nothing_else()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncMessage request = new();
        request.Options.Add(new Structure("status", RecordText.Pack(BuiltIn.DeviceStatus, [new("battery", "3.71"), new("freeHeap", "81000"), new("firmware", "1.2")])));
        request.Collections.Add(device.Ask());
        Assert.IsNull(device.Exchange(request));
        Assert.AreEqual("battery=3.71 freeHeap=81000 firmware=1.2", string.Join(' ', bench.Core.Devices.Info("d1").Single().Fields.Select(f => f.Key + "=" + f.Value)));
    }

    [TestMethod]
    public void A_status_that_is_no_record_leaves_the_one_before()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        foreach (byte[] status in new[] { RecordText.Pack(BuiltIn.DeviceStatus, [new("firmware", "1.2")]), [0x10], [0xFF, 0xFF, 0xFF], [1] })
        {
            SyncMessage request = new();
            request.Options.Add(new Structure("status", status));
            request.Collections.Add(device.Ask());
            Assert.IsNull(device.Exchange(request));
            Assert.AreEqual("firmware=1.2", string.Join(' ', bench.Core.Devices.Info("d1").Single().Fields.Select(f => f.Key + "=" + f.Value)));
        }
    }

    [TestMethod]
    public void A_status_counts_as_seen_also_within_a_minute_of_the_one_before()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        SyncMessage request = new();
        request.Options.Add(new Structure("status", RecordText.Pack(BuiltIn.DeviceStatus, [new("firmware", "1.2")])));
        for (int i = 0; i < 2; i++)
        {
            bench.Clock.Now += TimeSpan.FromSeconds(1);
            Assert.IsNull(device.Exchange(request));
            Assert.AreEqual(bench.Clock.Now.ToUnixTimeMilliseconds(), bench.Core.Devices.Get("d1").LastSeen);
        }
    }

    [TestMethod]
    public void A_diary_is_kept_until_another_came_and_hostile_bytes_are_refused()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        Assert.Throws<RefusedException>(() => bench.Core.Devices.Diary("d1"));
        byte[] entry = Convert.FromHexString("D13201000700000040A5186A0A000000910100000000000000000000000000000000000000009EF6"); // SPEC 7.3, carrier 401
        void Send(params byte[] bytes)
        {
            SyncMessage request = new();
            request.Options.Add(new Structure("diary", bytes));
            request.Collections.Add(device.Ask());
            Assert.IsNull(device.Exchange(request));
        }

        Send(entry);
        Assert.AreEqual(NanoSync.Device.CarrierError.Unreachable, bench.Core.Devices.Diary("d1").Diary.Entries.Single().Carrier);
        foreach (byte[] hostile in new[] { new byte[40], entry[..39], [1], Enumerable.Repeat((byte)0xD1, 400).ToArray(), new byte[20_000] })
        {
            Send(hostile);
            CollectionAssert.AreEqual(entry, bench.Core.Devices.DiaryBytes("d1").Data);
        }

        Assert.Contains("not a diary; the one before is kept", bench.Core.Devices.Refusals("d1")[0].Reason);
        byte[] longest = [.. entry, .. new byte[16_384 - entry.Length]];
        Send(longest);
        CollectionAssert.AreEqual(longest, bench.Core.Devices.DiaryBytes("d1").Data);
        Send([.. longest, 0]);
        CollectionAssert.AreEqual(longest, bench.Core.Devices.DiaryBytes("d1").Data);
        byte[] later = [0xD2, .. new byte[60]];
        Send(later);
        CollectionAssert.AreEqual(later, bench.Core.Devices.DiaryBytes("d1").Data);
        Assert.Contains("version 2", Assert.Throws<RefusedException>(() => bench.Core.Devices.Diary("d1")).Message);
        byte[] other = [0xD1, 0x39, .. entry[2..38], 0, 0];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(other.AsSpan(38), (ushort)CrcSum.Of(other.AsSpan(0, 38)));
        Send(other);
        StringAssert.Contains(bench.Core.Devices.Diary("d1").Diary.Entries.Single().ToString(), "kind 9");
        Send([.. entry, .. new byte[40], 0xD1]);
        Assert.AreEqual(2, bench.Core.Devices.Diary("d1").Diary.Damaged);
    }

    [TestMethod]
    public void A_diary_is_read_as_its_bytes_say()
    {
        byte[] Entry(byte number, byte what, byte times, byte status, int seconds = 0)
        {
            byte[] entry = new byte[40];
            (entry[0], entry[1], entry[2], entry[4], entry[12], entry[24]) = (0xD1, what, times, number, 61, status);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(26), seconds);
            (entry[18], entry[32]) = ((what & 15) == 2 ? (byte)200 : (byte)0, (what & 15) == 2 ? (byte)9 : (byte)0);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16LittleEndian(entry.AsSpan(38), (ushort)CrcSum.Of(entry.AsSpan(0, 38)));
            return entry;
        }

        Diary diary = Diary.Parse([.. Entry(3, 0x02, 5, 0, 1 + (2 << 16)), .. Entry(1, 0x01, 1, 4), .. Entry(2, 0x05, 1, 0, -70_000)]);
        CollectionAssert.AreEqual((string[])
        [
            "#1  clock not set         up 0.00:01:01  start after crash",
            "#2  clock not set         up 0.00:01:01  clock corrected by -70000 s",
            "#3  clock not set         up 0.00:01:01  round x5; up 1 (9 B), down 2 (0 B)",
        ], diary.Entries.Select(e => e.ToString()).ToArray());
        DiaryEntry clock = diary.Entries[1];
        Assert.AreEqual((0, 0, -70_000), (clock.ObjectsUp, clock.ObjectsDown, clock.Correction));
        Assert.AreEqual("carrier NS499, HTTP 500", (clock with { Carrier = (NanoSync.Device.CarrierError)499, Http = 500 }).Why, "a number of a later firmware has no name");
        Assert.Contains("no diary", Assert.Throws<DiaryException>(() => Diary.Parse([0xD1, 1])).Message);
        Assert.Contains("version 15", Assert.Throws<DiaryException>(() => Diary.Parse([0xDF, 1])).Message);
        Assert.Contains("no diary", Assert.Throws<DiaryException>(() => Diary.Parse([0xE0, 1])).Message);
        Assert.IsTrue(Diary.IsOne([0xDF, 1]));
        Assert.IsFalse(Diary.IsOne([0xE0, 1]));
        Assert.IsFalse(Diary.IsOne([]));
    }

    [TestMethod]
    public void A_class_that_is_not_known_is_asked_for_until_it_is_and_the_objects_are_kept()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string wireName = ClassCatalog.WireName(s_reading);
        byte[] record = RecordText.Pack(s_reading, [new("at", "2026-03-01T12:00:00Z"), new("temperature", "21.53")]);
        CollectionElement adding = With(device, TestDevice.Add("Ab1_1", record));
        adding.Class = wireName;
        SyncMessage reply = device.Exchange(adding)!;
        device.Take(reply.Collections.Single());
        Assert.AreEqual("def:" + wireName, reply.Options.Single().Class);
        Assert.IsNull(reply.Options.Single().Data);
        Assert.IsNotNull(ObjectJson.Of(bench.Objects("d1").Single())["data"]);

        // not answered: asked for again with the next object, whose class is remembered
        reply = device.Exchange(With(device, TestDevice.Add("Ab1_2", record)))!;
        device.Take(reply.Collections.Single());
        Assert.HasCount(1, reply.Options);

        SyncMessage answer = new();
        answer.Options.Add(new Structure("def:" + wireName, Encoding.UTF8.GetBytes(Bench.Reading)));
        answer.Collections.Add(With(device, TestDevice.Add("Ab1_3", record)));
        reply = device.Exchange(answer)!;
        device.Take(reply.Collections.Single());
        Assert.IsEmpty(reply.Options);
        Assert.AreEqual("""{"at":"2026-03-01T12:00:00Z","temperature":21.53}""", ObjectJson.Of(bench.Objects("d1")[0])["value"]!.ToJsonString());
        Assert.HasCount(3, bench.Objects("d1"));
    }

    [TestMethod]
    public void A_definition_is_remembered_for_ever()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string wireName = ClassCatalog.WireName(s_reading);
        SyncMessage told = new();
        told.Options.Add(new Structure("def:" + wireName, Encoding.UTF8.GetBytes(Bench.Reading)));
        Assert.IsNull(device.Exchange(told));
        bench.Restart();
        device.Start();
        CollectionElement adding = With(device, TestDevice.Add("Ab1_1", RecordText.Pack(s_reading, [new("temperature", "21.53")])));
        adding.Class = wireName;
        Assert.IsEmpty(device.Exchange(adding)!.Options);
        Assert.AreEqual("""{"at":null,"temperature":21.53}""", ObjectJson.Of(bench.Objects("d1").Single())["value"]!.ToJsonString());
    }

    [TestMethod]
    public void A_definition_of_another_hash_is_not_believed()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncMessage answer = new();
        answer.Options.Add(new Structure("def:reading#AAAA", Encoding.UTF8.GetBytes(Bench.Reading)));
        Assert.IsNull(device.Exchange(answer));
        RefusalRow refusal = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual((true, "def:reading#AAAA", Status.BadObject), (refusal.ByServer, refusal.ObjectId, refusal.Status));
    }

    [TestMethod]
    public void The_server_tells_the_definition_of_a_class_it_knows()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string wireName = bench.Put("d1", "sampling", """{"interval":5,"sensors":null}""", Bench.Sampling).Row.Class!;
        SyncMessage request = new();
        request.Options.AddRange([new Structure("def"), new Structure("fed:" + wireName), new Structure("def:" + wireName)]);
        SyncMessage reply = device.Exchange(request)!;
        Assert.AreEqual(Bench.Sampling, Encoding.UTF8.GetString(reply.Options.Single().Data!.Value.Span));
    }

    [TestMethod]
    public void Bytes_that_do_not_fit_a_known_class_are_refused_with_6()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string wireName = bench.Put("d1", "sampling", """{"interval":5,"sensors":null}""", Bench.Sampling).Row.Class!;
        CollectionElement request = With(device, TestDevice.Add("Ab1_1", 0xFF), TestDevice.Add("Ab1_2", 1, 9));
        request.GetChanges = false;
        request.Class = wireName;
        CollectionElement answer = device.Sync(request);
        Assert.AreEqual("ok [Add Ab1_1 status 6] [Add Ab1_2 Ab1_2]", answer.Line());
        StringAssert.Contains(Encoding.UTF8.GetString(answer.Responses[0].Data!.Value.Span), wireName);
    }

    [TestMethod]
    public void Fields_of_the_text_form_are_packed_by_their_class()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        string wireName = bench.Put("d1", "sampling", """{"interval":5,"sensors":null}""", Bench.Sampling).Row.Class!;
        string sensors = string.Join(',', Enumerable.Repeat("a&b", 40));
        string xml = $"<Sync xmlns='AirSync:'><Version>1.0</Version><Collections><Collection><Class>{wireName}</Class><SyncKey>{device.Key()}</SyncKey>"
            + "<CollectionId>config</CollectionId><Commands><Add><ClientId>Ab1_1</ClientId><ApplicationData>"
            + $"<sensors>{sensors.Replace("&", "&amp;", StringComparison.Ordinal)}</sensors><interval>70</interval></ApplicationData></Add>"
            + "<Add><ClientId>Ab1_2</ClientId><ApplicationData><interval>-1</interval></ApplicationData></Add>"
            + "<Add><Class>other#0000</Class><ClientId>Ab1_3</ClientId><ApplicationData><x>1</x></ApplicationData></Add>"
            + "</Commands></Collection></Collections></Sync>";
        device.Format = MessageFormat.Xml;
        SyncMessage reply = device.Parse(device.Send(Encoding.UTF8.GetBytes(xml)))!;
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 status 6] [Add Ab1_3 status 202]", reply.Collections.Single().Line());
        Assert.AreEqual("def:other#0000", reply.Options.Single().Class);
        Assert.AreEqual(sensors, ObjectJson.Of(bench.Core.Objects.Get("d1", "config", "Ab1_1"))["value"]!["sensors"]!.GetValue<string>());
    }

    [TestMethod]
    public void Both_forms_can_be_mixed_on_one_key()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        bench.PutBytes("d1", "a", 1);
        device.Format = MessageFormat.Xml;
        Assert.AreEqual("ok {Add a 01}", device.Lose(device.Ask()).Line());
        Assert.AreEqual("ok {Add a 01}", device.SyncAgain().Line());
        device.Format = MessageFormat.Wbxml;
        Assert.IsNull(device.Exchange(device.Ask()));
    }

    [TestMethod]
    public void A_command_is_sent_until_its_result_came()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        long first = bench.Core.Devices.Command("d1", "interval", [new("seconds", "60")]);
        long second = bench.Core.Devices.Command("d1", "restart", []);
        Assert.IsGreaterThan(first, second);
        for (int i = 0; i < 2; i++)
        {
            SyncMessage reply = device.Exchange(device.Ask())!;
            device.Take(reply.Collections.Single());
            Assert.AreEqual($"interval {first},60; restart {second}", Told(reply));
        }

        Assert.AreEqual("restart " + second, Told(device.Exchange(Result(device, first, 1))!));
        device.Start();
        Assert.IsNull(device.Exchange(Result(device, second, 8, "unknown")));
        Assert.AreEqual("1 , 8 unknown", string.Join(", ", bench.Core.Devices.Commands("d1").Select(c => c.Status + " " + c.Reason)));
    }

    [TestMethod]
    [DataRow(6, "the device does not take this value")]
    [DataRow(8, "the device does not know this command, or what it names")]
    [DataRow(16, "the device cannot do it now")]
    [DataRow(5, "no reason given")]
    public void A_refused_command_has_a_reason_although_the_device_saves_the_bytes(int status, string reason)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        long id = bench.Core.Devices.Command("d1", "restart", []);
        device.Exchange(Result(device, id, status));
        Assert.AreEqual(reason, bench.Core.Devices.Commands("d1").Single().Reason);
    }

    [TestMethod]
    public void Of_two_results_of_a_command_the_first_counts()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        long id = bench.Core.Devices.Command("d1", "restart", []);
        device.Exchange(Result(device, id, 1));
        bench.Clock.Now += TimeSpan.FromMinutes(1);
        device.Exchange(Result(device, id, 8, "unknown"));
        DeviceCommandRow command = bench.Core.Devices.Commands("d1").Single();
        Assert.AreEqual((Status.Success, "", bench.Clock.Now.ToUnixTimeMilliseconds() - 60_000), (command.Status, command.Reason, command.Done));
        device.Exchange(Result(device, id, 206, highest: $"{id}"));
        Assert.AreEqual(command.Id, bench.Core.Devices.Commands("d1").Single().Id, "it is not numbered anew");
    }

    [TestMethod]
    public void A_result_that_is_no_record_finishes_nothing_and_is_told()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        long id = bench.Core.Devices.Command("d1", "restart", []);
        SyncMessage request = Result(device, id, 1);
        request.Options[0] = new Structure("result", request.Options[0].Data!.Value.ToArray().Append((byte)9).ToArray());
        Assert.AreEqual("restart " + id, Told(device.Exchange(request)!));
        Assert.IsNull(bench.Core.Devices.Commands("d1").Single().Done);
        RefusalRow refusal = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual("result: not a record of this class", $"{refusal.ObjectId}: {refusal.Reason}");
    }

    // A device keeps 32 bits of an id: a command above that would wait for ever.
    [TestMethod]
    [DataRow("4294967295")]
    [DataRow("9223372036854775807")]
    [DataRow("18446744073709551615")]
    public void A_number_that_was_passed_is_none_that_no_device_can_hold(string highest)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        long id = bench.Core.Devices.Command("d1", "restart", []);
        SyncMessage request = Result(device, id, 206, highest: highest);
        Assert.AreEqual("restart " + id, Told(device.Exchange(request)!));
        Assert.AreEqual("result", bench.Core.Devices.Refusals("d1").Single().ObjectId);
        Assert.AreEqual("restart 4294967295", Told(device.Exchange(Result(device, id, 206, highest: "4294967294"))!));
    }

    [TestMethod]
    public void A_message_of_structures_alone_is_answered_too()
    {
        using Bench bench = new();
        TestDevice device = bench.Device();
        long id = bench.Core.Devices.Command("d1", "send-status", []);
        Assert.AreEqual("send-status " + id, Told(device.Exchange(new SyncMessage())!));
    }

    [TestMethod]
    public void Commands_that_do_not_exist_or_lack_something_are_refused()
    {
        using Bench bench = new();
        bench.Device();
        Assert.ThrowsExactly<RefusedException>(() => bench.Core.Devices.Command("d1", "explode", []));
        Assert.ThrowsExactly<RefusedException>(() => bench.Core.Devices.Command("d1", "interval", []));
        Assert.ThrowsExactly<RefusedException>(() => bench.Core.Devices.Command("d1", "interval", [new("seconds", "-1")]));
        Assert.IsEmpty(bench.Core.Devices.Commands("d1"));
    }

    private static SyncMessage Result(TestDevice device, long id, int status, string reason = "", string highest = "0")
    {
        SyncMessage request = new();
        request.Options.Add(new Structure("result", RecordText.Pack(BuiltIn.Result, [new("id", id.ToString()), new("status", status.ToString()), new("reason", reason), new("highest", highest)])));
        request.Collections.Add(device.Ask());
        return request;
    }

    private static string Told(SyncMessage reply)
    {
        ObjectClass[] known = [BuiltIn.Time, BuiltIn.Quota, .. BuiltIn.Commands];
        return string.Join("; ", reply.Options.Select(o => o.Class + " "
            + string.Join(',', RecordText.Unpack(known.Single(c => c.Name == o.Class), o.Data!.Value).Where(f => known.Single(c => c.Name == o.Class).FieldName(f.Field) != "mark").Select(f => f.Text))));
    }
}

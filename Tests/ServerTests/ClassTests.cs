// SPEC 6.3: whose definition counts for whose objects.

using System.Text;
using Microsoft.Data.Sqlite;
using NanoSync.Protocol;
using NanoSync.Server.Application;
using NanoSync.Server.Engine;
using static NanoSync.ServerTests.AddTests;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class ClassTests
{
    private const string False = "reading(f3165717:b)"; // the first of this form whose hash has the same 24 bits as Bench.Reading's
    private const string Shown = """{"at":"2026-03-01T12:00:00Z","temperature":21.53}""";

    private static readonly ObjectClass s_reading = ClassCatalog.Parse(Bench.Reading)!;
    private static readonly string s_name = ClassCatalog.WireName(s_reading);
    private static readonly byte[] s_record = RecordText.Pack(s_reading, [new("at", "2026-03-01T12:00:00Z"), new("temperature", "21.53")]);

    [TestMethod]
    public void A_false_definition_costs_no_other_device_its_readings()
    {
        using Bench bench = new();
        Assert.AreEqual(s_name, ClassCatalog.WireName(ClassCatalog.Parse(False)!));
        TestDevice liar = bench.Device("d2");
        liar.Start();
        Tell(liar, False);

        TestDevice honest = Started(bench);
        CollectionElement adding = Named(honest, TestDevice.Add("Ab1_1", s_record));
        SyncMessage reply = honest.Exchange(adding)!;
        honest.Take(reply.Collections.Single());
        Assert.AreEqual("def:" + s_name, reply.Options.Single().Class, "its own definition is asked for");
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", reply.Collections.Single().Line());
        Tell(honest, Bench.Reading);
        Assert.AreEqual("ok [Add Ab1_2 Ab1_2]", honest.Sync(With(honest, TestDevice.Add("Ab1_2", s_record))).Line());
        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_1"));
        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_2"));

        // and the liar's own are as it says
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1]", liar.Sync(Named(liar, TestDevice.Add("Ab1_1", 1, 1))).Line());
        Assert.AreEqual("""{"f3165717":true}""", Value(bench, "d2", "Ab1_1"));
        Assert.AreEqual("ok [Add Ab1_2 status 6]", liar.Sync(Named(liar, TestDevice.Add("Ab1_2", s_record))).Line());
    }

    [TestMethod]
    public void A_device_that_asks_for_a_class_gets_its_own_definition_before_that_of_another()
    {
        using Bench bench = new();
        TestDevice liar = bench.Device("d2", "config@site"), honest = bench.Device("d1", "config@site");
        liar.Start();
        honest.Start();
        Tell(liar, False);
        liar.Sync(Named(liar, TestDevice.Add("Ab1_1", 1, 1)));
        Assert.AreEqual(False, Asked(honest), "its objects are read by it");
        Tell(honest, Bench.Reading);
        Assert.AreEqual(Bench.Reading, Asked(honest));
    }

    [TestMethod]
    public void In_a_shared_collection_an_object_is_read_as_its_writer_means_it()
    {
        using Bench bench = new();
        TestDevice liar = bench.Device("d2", "config@site"), honest = bench.Device("d1", "config@site");
        bench.Device("d3", "config@site"); // it tells no class
        liar.Start();
        honest.Start();
        Tell(liar, False);
        string[] ids = [.. honest.Sync(Named(honest, TestDevice.Add("Ab1_1", 1, 1), TestDevice.Add("Ab1_2", s_record))).Responses.Select(r => r.ServerId!)];
        Assert.AreEqual("bytes", Value(bench, "d1", ids[0]), "only another one told this class");
        bench.Core.Objects.Put("d1", "config", "x", new NewValue(null, [1, 1], s_name));
        Assert.AreEqual("""{"f3165717":true}""", Value(bench, "d3", "x"), "what the application wrote is what the devices of the collection mean");
        Tell(honest, Bench.Reading);
        Assert.AreEqual(Shown, Value(bench, "d1", ids[1]));
        bench.Core.Objects.Put("d1", "config", "x", new NewValue(null, s_record, s_name));
        Assert.AreEqual(Shown, Value(bench, "d1", "x"), "the device's own first");
        bench.Core.Objects.Put("d2", "config", "x", new NewValue(null, [1, 1], s_name));
        Assert.AreEqual("""{"f3165717":true}""", Value(bench, "d2", "x"));
    }

    [TestMethod]
    public void A_class_named_by_its_hash_alone_is_the_one_that_the_device_told()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        CollectionElement adding = With(device, TestDevice.Add("Ab1_1", s_record), TestDevice.Add("Ab1_2", s_record));
        adding.Class = s_name[^5..];
        SyncMessage asking = device.Exchange(adding)!;
        device.Take(asking.Collections.Single());
        Assert.AreEqual("def:" + s_name[^5..], asking.Options.Single().Class);
        Assert.AreEqual("bytes", Value(bench, "d1", "Ab1_1"), "nobody told it yet");
        RefusalRow shown = bench.Core.Devices.Refusals("d1").Single();
        Assert.IsTrue(shown.ByServer);
        Assert.AreEqual($"{adding.Id} def:{s_name[^5..]} 202", $"{shown.Collection} {shown.ObjectId} {shown.Status}");
        Tell(device, Bench.Reading);
        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_1"), "what came before it was told");
        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_2"));
        SyncCommand one = TestDevice.Add("Ab1_3", s_record);
        one.Class = s_name[^5..];
        Assert.AreEqual("ok [Add Ab1_3 Ab1_3]", device.Sync(With(device, one)).Line());
        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_3"));
        SyncCommand wrong = TestDevice.Add("Ab1_4", 255, 255);
        wrong.Class = s_name[^5..];
        Assert.AreEqual("ok [Add Ab1_4 status 6]", device.Sync(With(device, wrong)).Line());
    }

    [TestMethod]
    [DataRow("reading")]
    [DataRow("reading#")]
    [DataRow("reading#abc")]
    [DataRow("reading#ab!d")]
    [DataRow("#abc")]
    [DataRow("a b#abcd")]
    public void A_class_without_its_hash_is_refused_where_it_stands(string name)
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        SyncCommand bad = TestDevice.Add("Ab1_2", s_record);
        bad.Class = name;
        Assert.AreEqual("ok [Add Ab1_1 Ab1_1] [Add Ab1_2 status 4] [Add Ab1_3 Ab1_3]",
            device.Sync(With(device, TestDevice.Add("Ab1_1", s_record), bad, TestDevice.Add("Ab1_3", s_record))).Line());
        RefusalRow shown = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual($"Ab1_2 4 Class is name#hash or #hash, not \"{name}\"", $"{shown.ObjectId} {shown.Status} {shown.Reason}");

        SyncCommand bare = TestDevice.Add("Ab1_5", 1, 2, 3);
        bare.Class = "";
        Assert.AreEqual("ok [Add Ab1_5 Ab1_5]", device.Sync(Named(device, bare)).Line());
        Assert.IsNull(bench.Core.Objects.Get("d1", "config", "Ab1_5").Row.Class);
        CollectionElement all = With(device, TestDevice.Add("Ab1_4", s_record));
        all.Class = name;
        Assert.AreEqual("status 4", device.Sync(all).Line());
        Assert.HasCount(3, bench.Objects("d1"));
        shown = bench.Core.Devices.Refusals("d1").Single(r => r.ObjectId == "" && r.ByServer);
        Assert.AreEqual($"4 Class is name#hash or #hash, not \"{name}\"", $"{shown.Status} {shown.Reason}");
        Assert.AreEqual("ok [Add Ab1_4 Ab1_4]", device.Sync(Named(device, TestDevice.Add("Ab1_4", s_record))).Line());
    }

    [TestMethod]
    public void A_class_named_by_the_application_is_the_devices_own_or_the_applications()
    {
        using Bench bench = new();
        TestDevice liar = bench.Device("d2");
        liar.Start();
        Tell(liar, False);
        bench.Device();
        RefusedException thrown = Assert.ThrowsExactly<RefusedException>(() => bench.Put("d1", "a", Shown, "reading"));
        Assert.AreEqual("There is no class reading.", thrown.Message);
        bench.Put("d1", "a", Shown, Bench.Reading);
        bench.Put("d1", "b", Shown, "reading");
        Assert.AreEqual(Shown, Value(bench, "d1", "b"));
        bench.Put("d2", "c", """{"f3165717":true}""", "reading");
        Assert.AreEqual("""{"f3165717":true}""", Value(bench, "d2", "c"));
    }

    [TestMethod]
    public void In_a_shared_collection_an_object_is_read_as_its_writer_defined_it()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site");
        TestDevice two = bench.Device("d2", "config@site");
        one.Start();
        two.Start();
        Tell(one, Bench.Reading);
        Tell(two, False);
        one.Sync(Named(one, TestDevice.Add("Ab1_1", s_record)));
        two.Sync(Named(two, TestDevice.Add("Cd1_1", 1, 1)));
        string first = bench.Objects("d1")[0].Row.Id;
        string second = bench.Objects("d1")[1].Row.Id;
        foreach (string device in (string[])["d1", "d2"])
        {
            Assert.AreEqual(Shown, Value(bench, device, first), device);
            Assert.AreEqual("""{"f3165717":true}""", Value(bench, device, second), device);
        }

        Assert.AreEqual(s_name, two.Pull().Single(c => c.ServerId == first).Class ?? s_name, "the wire name is the same for both");
    }

    [TestMethod]
    public void A_definition_told_in_a_shared_collection_is_told_to_its_other_devices()
    {
        using Bench bench = new();
        TestDevice one = bench.Device("d1", "config@site");
        TestDevice two = bench.Device("d2", "config@site");
        TestDevice stranger = bench.Device("d3", "config");
        one.Start();
        Tell(one, Bench.Reading);
        Assert.AreEqual(Bench.Reading, Asked(two));
        Assert.IsNull(Asked(stranger));
    }

    [TestMethod]
    public void Of_a_device_64_classes_are_kept_and_no_more_are_asked_for()
    {
        using Bench bench = new();
        TestDevice device = Started(bench);
        for (int i = 0; i <= ClassCatalog.MaxClasses; i++)
        {
            Tell(device, $"c{i}(a:i)");
        }

        RefusalRow refused = bench.Core.Devices.Refusals("d1").Single();
        Assert.AreEqual("def:" + ClassCatalog.WireName(ClassCatalog.Parse("c64(a:i)")!), refused.ObjectId);
        StringAssert.Contains(refused.Reason, "64 classes");
        Tell(device, "c63(a:i)"); // one that is known is no new one
        Assert.HasCount(1, bench.Core.Devices.Refusals("d1"));
        SyncMessage reply = device.Exchange(Named(device, TestDevice.Add("Ab1_1", s_record)))!;
        Assert.IsEmpty(reply.Options, "a definition that would not be kept is not asked for");
        Assert.HasCount(1, bench.Objects("d1"), "the object is");
    }

#if !POSTGRES // about the file
    [TestMethod]
    public void Definitions_of_an_older_database_stay_with_the_devices_that_used_them()
    {
        using Bench bench = new();
        TestDevice writer = Started(bench);
        TestDevice reader = bench.Device("d2");
        TestDevice stranger = bench.Device("d3");
        reader.Start();
        stranger.Start();
        Tell(writer, Bench.Reading);
        writer.Sync(Named(writer, TestDevice.Add("Ab1_1", s_record)));
        bench.Put("d2", "sampling", """{"interval":5,"sensors":null}""", Bench.Sampling);
        bench.Core.Dispose();
        Sql(bench, "CREATE TABLE class (wire_name TEXT PRIMARY KEY, name TEXT NOT NULL, definition TEXT NOT NULL, time INTEGER NOT NULL);"
            + "INSERT INTO class SELECT wire_name, name, definition, time FROM definition; DROP TABLE definition; DELETE FROM migration WHERE number = 20;");
        bench.Restart();

        Assert.AreEqual(Shown, Value(bench, "d1", "Ab1_1"));
        Assert.AreEqual("""{"interval":5,"sensors":null}""", Value(bench, "d2", "sampling"));
        bench.Put("d2", "sampling", """{"interval":6,"sensors":null}""");
        Assert.AreEqual("def:" + s_name, stranger.Exchange(Named(stranger, TestDevice.Add("Ef1_1", s_record)))!.Options.Single().Class, "not its own yet");
    }
#endif

    private static CollectionElement Named(TestDevice device, params SyncCommand[] commands)
    {
        CollectionElement request = With(device, commands);
        request.GetChanges = false;
        request.Class = s_name;
        return request;
    }

    private static void Tell(TestDevice device, string definition)
    {
        SyncMessage told = new();
        told.Options.Add(new Structure("def:" + ClassCatalog.WireName(ClassCatalog.Parse(definition)!), Encoding.UTF8.GetBytes(definition)));
        device.Exchange(told);
    }

    private static string? Asked(TestDevice device)
    {
        SyncMessage request = new();
        request.Options.Add(new Structure("def:" + s_name));
        return device.Exchange(request)?.Options.SingleOrDefault()?.Data is { } data ? Encoding.UTF8.GetString(data.Span) : null;
    }

    private static string Value(Bench bench, string device, string id)
    {
        return ObjectJson.Of(bench.Core.Objects.Get(device, "config", id))["value"]?.ToJsonString() ?? "bytes";
    }

#if !POSTGRES
    private static void Sql(Bench bench, string sql)
    {
        using SqliteConnection connection = new($"Data Source={bench.Database};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
#endif
}

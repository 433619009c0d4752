// A database that version 0.1 made: everything in it is still there, and its devices go on with the keys that they hold.

using System.IO.Compression;
using NanoSync.Protocol;
using NanoSync.Server.Engine;

namespace NanoSync.ServerTests;

[TestClass]
public sealed class MigrationTests
{
    // keys that device d1 held when the file was made
    private const string ConfigKey = "6J7Af";
    private const string LogKey = "4v8z3";

    [TestMethod]
    public void A_device_of_a_database_of_version_0_1_goes_on_with_its_key()
    {
        using Bench bench = new(database: Old());
        TestDevice device = Device(bench);
        Assert.AreEqual("ok {Fetch b} {Add new 04}", device.Sync(device.Ask()).Line());
        SyncMessage reply = device.Exchange(device.Ask())!;
        Assert.AreEqual("interval", reply.Options.Single().Class);
        Assert.AreEqual("ok", reply.Collections.Single().Line());
        device.Take(reply.Collections.Single());
        Assert.AreEqual("Ab1_1=0B a=07 b=02 bad=09 new=04", bench.Held("d1"));
        Assert.AreEqual("bad", bench.Core.Objects.SetAside("d1", "config").Single().ServerId);
        Assert.AreEqual("a", bench.Core.Objects.Losers("d1", "config").Single().Row.ServerId);
        Assert.AreEqual("interval", bench.Core.Devices.Commands("d1").Single().Class);
        Assert.AreEqual(1, bench.Core.Objects.Retry("d1", "config", "bad"));
        Assert.AreEqual("ok {Add bad 09}", device.Sync(device.Ask()).Line());
    }

    // A device that runs while the server is renewed has told it all, and may have missed the last reply.
    [TestMethod]
    public void What_its_device_had_told_counts_with_the_last_key_and_with_the_one_before()
    {
        string folder = Directory.CreateTempSubdirectory("nanosync-migration").FullName;
        string file = Path.Combine(folder, "nanosync.db");
        File.WriteAllBytes(file, Old());
        TestDatabase.Execute(folder, "UPDATE device_collection SET class = 'setting#Ab3d', window_size = 7, byte_limit = 70, conflict = 0");
        using Bench bench = new(database: File.ReadAllBytes(file));
        Directory.Delete(folder, recursive: true);
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        KeyRow row = store.ListKeyRows(Device(bench).Identity.Id, "config").Single();
        Assert.AreEqual(new Told("setting#Ab3d", 7, 70, 0), row.Told);
        Assert.AreEqual(row.Told, row.ToldBefore);
    }

    [TestMethod]
    public void Its_readings_are_known_and_what_it_had_sent_in_part_goes_on()
    {
        using Bench bench = new(database: Old());
        TestDevice device = Device(bench);
        CollectionElement log = new() { Id = "readings", SyncKey = LogKey, DeletesAsMoves = true };
        log.Commands.AddRange([TestDevice.Add("Ab1_30", 2), TestDevice.Add(null, 102), TestDevice.Add("Ab1_40", 3)]);
        Assert.AreEqual("ok", device.Sync(log).Line());
        Assert.AreEqual("Ab1_10=00 Ab1_11=64 Ab1_20=01 Ab1_21=65 Ab1_30=02 Ab1_31=66 Ab1_40=03", bench.Held("d1", "readings"));
        Assert.IsTrue(bench.Objects("d1", "readings").TrueForAll(o => o.Row.IsLogged));
        Assert.IsFalse(bench.Core.Objects.Get("d1", "config", "Ab1_1").Row.IsLogged);

        SyncCommand rest = TestDevice.Add("Ab1_2", 4, 5, 6);
        rest.Options.Add(new PartRange(3, null, 6, CrcSum.Of([1, 2, 3, 4, 5, 6])).ToStructure());
        StringAssert.Contains(device.Sync(AddTests.With(device, rest)).Line(), "[Add Ab1_2 Ab1_2]");
        StringAssert.Contains(bench.Held("d1"), "Ab1_2=010203040506");
    }

    [TestMethod]
    public void Its_store_is_the_one_whose_ids_come_with_its_keys_and_keeps_what_it_had_seen()
    {
        using Bench bench = new(database: Old());
        TestDevice device = Device(bench);
        device.Sync(AddTests.With(device, TestDevice.Add("Ab1_9", 1)));
        Assert.AreEqual("Ab1_", Stores(bench));
        device.StoreId = "Ab1_";
        device.Start();
        Assert.AreEqual("Ab1_", Stores(bench));
        Assert.AreEqual("ok {Fetch b} {Add b 02} {Add bad 09} {Add Ab1_1 0B} {Delete c} {Add a 07} {Add new 04} {Add Ab1_9 01}", device.Sync(device.Ask()).Line());
    }

    [TestMethod]
    public void A_store_that_was_told_that_its_key_is_not_known_takes_over_too()
    {
        using Bench bench = new(database: Old());
        TestDevice device = Device(bench);
        device.SetKey("9abcd");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.StoreId = "Ab1_";
        device.Start();
        Assert.AreEqual("Ab1_", Stores(bench));
        Assert.AreEqual("ok", device.Sync(AddTests.With(device, TestDevice.Change("a", 5))).Line()[..2]);
        StringAssert.Contains(bench.Held("d1"), "a=05"); // no conflict: it had seen what it changed
        Assert.HasCount(1, bench.Core.Objects.Losers("d1", "config"));

        // a flash that was wiped does not
        TestDevice other = new(bench, "d2") { StoreId = "Xy9_" };
        other.Start();
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        Assert.AreEqual("Xy9_, ", string.Join(", ", store.ListReplicas(2).Select(r => r.StoreId)));
    }

    [TestMethod]
    [DataRow("9abcd", "Ab1_")]
    [DataRow("6abcd", "Ab1_")]
    [DataRow("5abcd", ", Ab1_")] // a late request tells nothing of the store
    public void A_key_from_behind_the_last_one_is_of_no_store_that_takes_over(string key, string stores)
    {
        using Bench bench = new(database: Old());
        TestDevice device = Device(bench);
        device.SetKey(key);
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        device.StoreId = "Ab1_";
        device.Start();
        Assert.AreEqual(stores, string.Join(", ", Stores(bench).Split(", ").Order(StringComparer.Ordinal)));
    }

    [TestMethod]
    public void A_store_that_has_rows_of_its_own_takes_over_none()
    {
        using Bench bench = new(database: Old());
        TestDevice wiped = new(bench, "d1") { StoreId = "Xy9_" };
        wiped.Start();
        TestDevice device = Device(bench);
        device.SetKey("9abcd");
        Assert.AreEqual("status 3", device.Sync(device.Ask()).Line());
        wiped.Start();
        Assert.AreNotEqual(SyncKeys.Zero, wiped.Key());
        Assert.AreEqual(", Xy9_", string.Join(", ", Stores(bench).Split(", ").Order(StringComparer.Ordinal)));
        device.StoreId = "Ab1_";
        device.Start();
        Assert.AreEqual("Ab1_, Xy9_", string.Join(", ", Stores(bench).Split(", ").Order(StringComparer.Ordinal)));
    }

    internal static byte[] Old()
    {
        using Stream packed = typeof(MigrationTests).Assembly.GetManifestResourceStream("version-0.1.db.gz")!;
        using GZipStream unpacked = new(packed, CompressionMode.Decompress);
        using MemoryStream bytes = new();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static TestDevice Device(Bench bench)
    {
        TestDevice device = new(bench, "d1");
        device.SetKey(ConfigKey);
        return device;
    }

    private static string Stores(Bench bench)
    {
        using IStoreTransaction store = bench.Core.Store.BeginRead();
        return string.Join(", ", store.ListReplicas(1).Select(r => r.StoreId));
    }
}

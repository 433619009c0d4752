// A proxy whose database is put back: its counters give again what the lost time gave, and the upstream has that. The numbers
// that it draws are the same in both lives here, so that each id of the lost time would come again.

using NanoSync.Server.Proxy;
using static NanoSync.ProxyTests.FieldDevice;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class RestoreTests
{
    private const string Granted = "d1.readings,d1.config";

    [TestMethod]
    [DataRow(ProxyDirection.Up)]
    [DataRow(ProxyDirection.Both)]
    public async Task A_proxy_that_was_put_back_overwrites_no_reading_of_the_lost_time(ProxyDirection direction)
    {
        await using Node up = await Node.Start();
        await using Node site = await Start();
        site.PassTo(up, "readings", Granted, direction);
        FieldDevice device = site.Device("d1", "readings,config");
        Read(device, site, 0, 5);
        Dictionary<string, byte[]> backup = await site.Backup();
        Read(device, site, 5, 5);
        await site.Restore(backup);
        Read(device, site, 10, 5);
        await site.Restore(backup);
        Read(device, site, 15, 5);

        CollectionAssert.AreEqual(Enumerable.Range(0, 20).Select(i => Hex((uint)i)).ToList(), up.Values(site.Name, "d1.readings"));
    }

    [TestMethod]
    public async Task An_object_made_after_a_proxy_was_put_back_is_another_than_that_of_the_lost_time()
    {
        await using Node up = await Node.Start();
        await using Node site = await Start();
        site.PassTo(up, "config", Granted);
        FieldDevice device = site.Device("d1", "readings,config");
        device.Add(1);
        Exchange(device, site);
        Dictionary<string, byte[]> backup = await site.Backup();
        site.Put("d1", "config", null, Value(2));
        Exchange(device, site);
        await site.Restore(backup);
        site.Put("d1", "config", null, Value(3));
        Exchange(device, site);
        Exchange(device, site);

        string[] all = [Hex(1), Hex(2), Hex(3)];
        CollectionAssert.IsSubsetOf(all, up.Values(site.Name, "d1.config"));
        CollectionAssert.AreEquivalent(all, up.Values(site.Name, "d1.config").Distinct().ToList());
        CollectionAssert.AreEquivalent(up.Values(site.Name, "d1.config"), site.Values("d1", "config"));
        Assert.HasCount(up.Values(site.Name, "d1.config").Count, device.Held().Split(' '));
    }

    [TestMethod]
    public async Task What_waited_in_the_backup_and_arrived_in_the_lost_time_is_not_doubled()
    {
        await using Node up = await Node.Start();
        await using Node site = await Start();
        site.PassTo(up, "readings", Granted);
        FieldDevice device = site.Device("d1", "readings,config");
        Read(device, site, 0, 1);
        Append(device, 1, 4);
        device.Sync();
        site.KillAt = ProxyStep.Staged;
        Assert.ThrowsExactly<KilledException>(() => site.Run());
        site.KillAt = null;
        Dictionary<string, byte[]> backup = await site.Backup();
        Assert.IsTrue(site.Run(), site.LastText);
        Read(device, site, 5, 5);
        await site.Restore(backup);
        Read(device, site, 10, 5);

        CollectionAssert.AreEqual(Enumerable.Range(0, 15).Select(i => Hex((uint)i)).ToList(), up.Values(site.Name, "d1.readings"));
    }

    // Starts with something under way at each, whose reply was lost: the store keeps two ids, and what would need a third waits
    // for the first. A change that waits before them is no object with an id.
    [TestMethod]
    public async Task Starts_with_objects_under_way_double_and_lose_nothing()
    {
        await using Node up = await Node.Start();
        await using Node site = await Start();
        site.PassTo(up, "config", Granted);
        FieldDevice device = site.Device("d1", "readings,config");
        device.Put("sampling", 9);
        Exchange(device, site);
        for (uint life = 0; life < 4; life++)
        {
            site.Wrap = c => new SilentCarrier(c);
            await site.Restart();
            site.Put("d1", "config", "sampling", Value(life));
            site.Put("d1", "config", null, Value(100 + life));
            Assert.IsFalse(site.Run(), $"life {life}");
        }

        site.Wrap = c => c;
        await site.Restart();
        Exchange(device, site);
        Exchange(device, site);
        // of "sampling" the upstream has the form of the last start but one, whose answer nobody heard: it wins, as an upstream does, and the
        // other forms are kept
        string[] all = [Hex(2), Hex(100), Hex(101), Hex(102), Hex(103)];
        CollectionAssert.AreEquivalent(all, up.Values(site.Name, "d1.config"));
        CollectionAssert.AreEquivalent(all, site.Values("d1", "config"));
        Assert.HasCount(5, device.Held().Split(' '));
        CollectionAssert.AreEquivalent((string[])[Hex(0), Hex(1)], Losers(up, site.Name, "d1.config"));
        CollectionAssert.AreEquivalent((string[])[Hex(3)], Losers(site, "d1", "config"));
    }

    private static List<string> Losers(Node node, string device, string collection)
    {
        return node.Core.Objects.Losers(device, collection).ConvertAll(l => Convert.ToHexString(l.Row.Data ?? []));
    }

    private static async Task<Node> Start()
    {
        Node site = await Node.Start();
        site.Random = count => [.. Enumerable.Repeat((byte)7, count)];
        await site.Restart();
        return site;
    }

    private static void Append(FieldDevice device, uint first, uint count)
    {
        for (uint i = first; i < first + count; i++)
        {
            device.Append(i);
        }
    }

    private static void Read(FieldDevice device, Node site, uint first, uint count)
    {
        Append(device, first, count);
        Exchange(device, site);
    }

    private static void Exchange(FieldDevice device, Node site)
    {
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();
    }
}

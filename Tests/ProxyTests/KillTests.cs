using NanoSync.Server.Proxy;
using static NanoSync.ProxyTests.FieldDevice;

namespace NanoSync.ProxyTests;

[TestClass]
public sealed class KillTests
{
    public static IEnumerable<object[]> Steps => from step in Enum.GetValues<ProxyStep>() from after in Enumerable.Range(0, 4) select new object[] { step, after };

    public static IEnumerable<object[]> Seeds => Enumerable.Range(1, Most()).Select(seed => new object[] { seed });

    // NANOSYNC_PROXY_SEEDS=500 for a long run
    private static int Most() => int.TryParse(Environment.GetEnvironmentVariable("NANOSYNC_PROXY_SEEDS"), out int most) ? most : 10;

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public async Task A_proxy_killed_at_any_step_doubles_and_loses_nothing(ProxyStep step, int after)
    {
        await using Node up = await Node.Start();
        await using Node site = await Node.Start();
        site.PassTo(up, "readings,config", "d1.readings,d1.config");
        FieldDevice device = site.Device("d1", "readings,config");
        for (uint i = 0; i < 70; i++)
        {
            device.Append(i);
        }

        device.Add(1);
        device.Put("sampling", 5);
        up.Put(site.Name, "d1.config", "limits", Value(6));
        device.Sync();
        await RunKilled(site, step, after);

        // changed and deleted meanwhile, and killed there too
        device.Sync();
        device.Change("sampling", 7);
        device.Sync();
        up.Core.Objects.Delete(site.Name, "d1.config", "limits");
        await RunKilled(site, step, after);
        device.Sync();
        Assert.IsTrue(site.Run(), site.LastText);
        device.Sync();

        CollectionAssert.AreEqual(Enumerable.Range(0, 70).Select(i => Hex((uint)i)).ToList(), up.Values(site.Name, "d1.readings"));
        CollectionAssert.AreEquivalent(new[] { Hex(1), Hex(7) }, up.Values(site.Name, "d1.config"));
        CollectionAssert.AreEquivalent(new[] { Hex(1), Hex(7) }, site.Values("d1", "config"));
        Assert.HasCount(2, device.Held().Split(' '));
        Assert.IsTrue(site.Proxy.Map().TrueForAll(a => a.State is MapState.InStep or MapState.Deleted));
    }

    [TestMethod]
    [DynamicData(nameof(Seeds))]
    public async Task Faults_on_both_sides_of_a_proxy_of_a_proxy_end_with_all_sides_equal(int seed)
    {
        Random random = new(seed);
        await using Node top = await Node.Start();
        await using Node middle = await Node.Start();
        await using Node site = await Node.Start();
        middle.Wrap = site.Wrap = c => new LossyCarrier(c, random);
        middle.PassTo(top, $"{site.Name}/d1.readings=readings,{site.Name}/d1.config=config", "readings,config");
        site.PassTo(middle, "readings,config", "d1.readings,d1.config");
        FieldDevice device = site.Device("d1", "readings,config");
        uint next = 0;
        string[] names = ["a", "b", "c", "d"];
        for (int life = 0; life < 90; life++)
        {
            Node node = random.Next(2) == 0 ? middle : site;
            switch (random.Next(11))
            {
                case 0:
                    device.Append(next++);
                    device.Append(next++);
                    break;
                case 1:
                    device.Put(names[random.Next(2)], (uint)random.Next(100));
                    break;
                case 2:
                    top.Put(middle.Name, "config", names[random.Next(4)], Value((uint)random.Next(100)));
                    break;
                case 3:
                    device.Sync();
                    break;
                case 4:
                    device.Add((uint)(1000 + life));
                    break;
                case 5 when device.Held() is { Length: > 0 } held && held.Split(' ')[^1].Split('=') is [{ Length: > 0 } id, _]:
                    device.Delete(id);
                    break;
                case 6 when top.Objects(middle.Name, "config") is { Count: > 0 } there:
                    top.Core.Objects.Delete(middle.Name, "config", there[random.Next(there.Count)].Row.Id);
                    break;
                case 7 when device.Held() is { Length: > 0 } held && held.Split(' ')[^1].Split('=') is [{ Length: > 0 } id, _]:
                    device.Change(id, (uint)random.Next(100));
                    break;
                default:
                    node.KillAt = random.Next(3) == 0 ? (ProxyStep)random.Next(5) : null;
                    node.KillAfter = random.Next(3);
                    await RunOnce(node);
                    break;
            }
        }

        middle.KillAt = site.KillAt = null;
        middle.Wrap = site.Wrap = c => c;
        await middle.Restart();
        await site.Restart();
        for (int i = 0; i < 4; i++)
        {
            device.Sync();
            Assert.IsTrue(site.Run(), site.LastText);
            Assert.IsTrue(middle.Run(), middle.LastText);
            Assert.IsTrue(site.Run(), site.LastText);
        }

        device.Sync();
        CollectionAssert.AreEqual(Enumerable.Range(0, (int)next).Select(i => Hex((uint)i)).ToList(), top.Values(middle.Name, "readings"), "readings");
        List<string> expected = [.. device.Held().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(h => h[(h.IndexOf('=') + 1)..])];
        CollectionAssert.AreEquivalent(expected, site.Values("d1", "config"), "site");
        CollectionAssert.AreEquivalent(expected, middle.Values(site.Name, "d1.config"), "middle");
        CollectionAssert.AreEquivalent(expected, top.Values(middle.Name, "config"), "top");
    }

    // Killed as set, started again, and run without being killed.
    private static async Task RunKilled(Node node, ProxyStep step, int after)
    {
        node.KillAt = step;
        node.KillAfter = after;
        try
        {
            node.Run();
        }
        catch (KilledException)
        {
            // as asked
        }

        node.KillAt = null;
        await node.Restart();
        Assert.IsTrue(node.Run(), node.LastText);
    }

    private static async Task RunOnce(Node node)
    {
        try
        {
            node.Run();
        }
        catch (KilledException)
        {
            node.KillAt = null;
            await node.Restart();
        }
    }
}

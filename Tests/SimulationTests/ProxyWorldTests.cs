// Devices, a proxy and its upstream, faults on both links. [SPEC 7.1]

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class ProxyWorldTests
{
    private const int Seeds = 300;
    private const int SeedsOfMutations = 100;

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> Mutations => Enum.GetValues<ProxyMutation>().Where(m => m != ProxyMutation.None).Select(m => new object[] { m });

    [TestMethod]
    public void Device_proxy_and_upstream_end_equal()
    {
        (ProxyFigures figures, List<(ulong Seed, string What)> failures) = ProxyRunner.Run(1, Seeds);
        TestContext.WriteLine($"figures: {figures}");
        if (failures.Count > 0)
        {
            Assert.Fail($"{failures.Count} seeds failed; seed {failures[0].Seed}: {failures[0].What}\n{ProxyRunner.Story(failures[0].Seed)}");
        }

        Assert.AreEqual(Seeds, figures.Seeds);
        foreach (ProxyFault fault in Enum.GetValues<ProxyFault>())
        {
            bool onDevices = fault is not (ProxyFault.Away or ProxyFault.RestoreProxy or (>= ProxyFault.KilledBeforeStaged and <= ProxyFault.KilledTaken));
            bool onUpstream = fault is not (ProxyFault.PowerCut or ProxyFault.PowerCutApp);
            Assert.AreEqual(onDevices, figures.Of(0, fault) > 0, $"{fault} on {ProxyFigures.Links[0]}");
            Assert.AreEqual(onUpstream, figures.Of(1, fault) > 0, $"{fault} on {ProxyFigures.Links[1]}");
        }

        Assert.IsGreaterThan(0, figures.RefusedUp, "no device refused anything");
        Assert.IsGreaterThan(0, figures.RefusedDown, "the upstream refused nothing");
    }

    [TestMethod]
    public void The_same_seed_is_the_same_run_bit_for_bit()
    {
        using ProxyWorld first = ProxyWorld.Run(8, ProxyWorld.StepsOfSeed);
        using ProxyWorld again = ProxyWorld.Run(8, ProxyWorld.StepsOfSeed, readable: true);
        using ProxyWorld other = ProxyWorld.Run(9, ProxyWorld.StepsOfSeed);
        Assert.AreEqual(first.Trace.Digest, again.Trace.Digest);
        Assert.AreNotEqual(first.Trace.Digest, other.Trace.Digest);
    }

    [TestMethod]
    [DynamicData(nameof(Mutations))]
    public void A_broken_proxy_is_noticed(ProxyMutation mutation)
    {
        (_, List<(ulong Seed, string What)> failures) = ProxyRunner.Run(1, SeedsOfMutations, mutation, stopAtFirst: true);
        Assert.IsNotEmpty(failures, $"{mutation} is not noticed by {SeedsOfMutations} seeds");
        TestContext.WriteLine($"figures: {mutation}: noticed by seed {failures[0].Seed}: {failures[0].What}");
    }
}

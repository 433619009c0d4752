// Rules broken in the sources, one by one: compiled anew in memory, and the simulation must notice.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class SourceMutantTests
{
    private const int Seeds = 300;

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> All => Mutants.All.Select(m => new object[] { m.Name });

    [TestMethod]
    [DynamicData(nameof(All))]
    public void A_rule_broken_in_the_source_is_noticed(string name)
    {
        SourceMutant mutant = Mutants.All.Single(m => m.Name == name);
        (ulong Seed, string What)? noticed = mutant.Run(Seeds, Environment.ProcessorCount);
        Assert.IsNotNull(noticed, $"{name} is not noticed by {Seeds} seeds");
        TestContext.WriteLine($"figures: {name}: noticed by seed {noticed.Value.Seed}: {noticed.Value.What}");
    }
}

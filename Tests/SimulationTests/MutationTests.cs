// A check that cannot fail proves nothing: each rule is broken once, on purpose, and some seed must notice.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class MutationTests
{
    private const int Seeds = 1000; // what takes longest to be noticed, NoRecovery, is by seed 595

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> Mutations => Enum.GetValues<Mutation>().Where(m => m != Mutation.None).Select(m => new object[] { m });

    [TestMethod]
    [DynamicData(nameof(Mutations))]
    public void A_broken_rule_is_noticed(Mutation mutation)
    {
        (_, List<(ulong Seed, string What)> failures) = Runner.Run(1, Seeds, Environment.ProcessorCount, mutation, stopAtFirst: true);
        Assert.IsNotEmpty(failures, $"{mutation} is not noticed by {Seeds} seeds");
        TestContext.WriteLine($"figures: {mutation}: noticed by seed {failures[0].Seed}: {failures[0].What}");
    }
}

// A check that cannot fail proves nothing: each rule is broken once, on purpose, and some seed must notice.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class MutationTests
{
    private const int Seeds = 1000; // what takes longest to be noticed, NoRecovery, is by seed 595

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> Mutations => Enum.GetValues<Mutation>().Where(m => m != Mutation.None).Select(m => new object[] { m });

    // They are tried by hand, as each is compiled anew; a rule that moves takes its mutant along at once.
    [TestMethod]
    public void Each_rule_broken_in_the_source_stands_where_its_mutant_says()
    {
        Assert.IsEmpty(Mutants.All.Select(m => m.Misplaced()).OfType<string>(), string.Join('\n', Mutants.All.Select(m => m.Misplaced()).OfType<string>()));
    }

    // `table` prints it anew.
    [TestMethod]
    public void Design_has_the_table_of_rules_broken_in_the_source()
    {
        string table = string.Join('\n', [Mutants.Head, .. Mutants.All.Select(Mutants.Row)]) + "\n\n";
        Assert.Contains(table, File.ReadAllText(Path.Combine(Bench.Root, "DESIGN.md")).ReplaceLineEndings("\n"));
    }

    [TestMethod]
    public void Each_part_compiles_with_a_rule_broken()
    {
        foreach (SourceMutant mutant in Mutants.All.DistinctBy(m => m.Project))
        {
            mutant.Compile();
        }
    }

    [TestMethod]
    [DynamicData(nameof(Mutations))]
    public void A_broken_rule_is_noticed(Mutation mutation)
    {
        (_, List<(ulong Seed, string What)> failures) = Runner.Run(1, Seeds, Environment.ProcessorCount, mutation, stopAtFirst: true);
        Assert.IsNotEmpty(failures, $"{mutation} is not noticed by {Seeds} seeds");
        TestContext.WriteLine($"figures: {mutation}: noticed by seed {failures[0].Seed}: {failures[0].What}");
    }
}

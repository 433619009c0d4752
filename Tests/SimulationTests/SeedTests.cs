// Whole lives of two devices and a server, one seed each. [SPEC 5]

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class SeedTests
{
    private const int Seeds = 600;

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Six_hundred_seeds_hold()
    {
        (Figures figures, List<(ulong Seed, string What)> failures) = Runner.Run(1, Seeds, Environment.ProcessorCount, stopAtFirst: true);
        TestContext.WriteLine($"figures: {figures}");
        if (failures.Count > 0)
        {
            Assert.Fail($"seed {failures[0].Seed}: {failures[0].What}\n{Runner.Story(failures[0].Seed)}");
        }

        Assert.AreEqual(Seeds, figures.Seeds);
        Assert.AreEqual(Seeds * Runner.Steps, figures.Steps);
        foreach (Fault fault in Enum.GetValues<Fault>())
        {
            Assert.IsGreaterThan(0, figures.Faults[(int)fault], $"{fault} never happened");
        }
    }

    [TestMethod]
    [DataRow(7UL)]
    [DataRow(191UL)]
    public void The_same_seed_is_the_same_run_bit_for_bit(ulong seed)
    {
        using World first = World.Run(seed, Runner.Steps, readable: false);
        using World again = World.Run(seed, Runner.Steps, readable: true); // the text of the trace changes nothing
        using World other = World.Run(seed + 1, Runner.Steps, readable: false);
        Assert.AreEqual(first.Trace.Digest, again.Trace.Digest);
        Assert.AreNotEqual(first.Trace.Digest, other.Trace.Digest);
    }
}

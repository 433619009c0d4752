// Whole lives of two devices and a server, one seed each. [SPEC 5]

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class SeedTests
{
    private const int Seeds = 600;
    private const int BoardSeeds = 200;

    private static readonly Fault[] s_ofBoards = [Fault.ImagePutBack, Fault.CloneLives];

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Six_hundred_seeds_hold()
    {
        (Figures figures, List<(ulong Seed, string What)> failures) = Runner.Run(1, Seeds, Environment.ProcessorCount, stopAtFirst: false);
        TestContext.WriteLine($"figures: {figures}");
        if (failures.Count > 0)
        {
            Assert.Fail($"{failures.Count} seeds failed; seed {failures[0].Seed}: {failures[0].What}\n{Runner.Story(failures[0].Seed)}");
        }

        Assert.AreEqual(Seeds, figures.Seeds);
        Assert.AreEqual(Seeds * Runner.Steps, figures.Steps);
        foreach (Fault fault in Enum.GetValues<Fault>().Except(s_ofBoards))
        {
            Assert.IsGreaterThan(0, figures.Faults[(int)fault], $"{fault} never happened");
        }
    }

    // Two boards on one token included: none starts the other over for ever, since all end in step. Odd seeds have readings alone, even
    // ones collections that both sides change, with them or without.
    [TestMethod]
    public void Boards_that_are_copied_and_put_back_lose_nothing()
    {
        (Figures figures, List<(ulong Seed, string What)> failures) = Runner.RunBoards(1, BoardSeeds);
        TestContext.WriteLine($"figures: {figures}");
        Assert.IsEmpty(failures, string.Join('\n', failures.Select(f => $"seed {f.Seed}: {f.What}")));
        Assert.AreEqual(BoardSeeds * Runner.Steps, figures.Steps);
        foreach (Fault fault in (Fault[])[.. s_ofBoards, Fault.RestoreDatabase, Fault.DropsOldest, Fault.Retention, Fault.NoRoomForReading])
        {
            Assert.IsGreaterThan(50, figures.Faults[(int)fault], $"{fault} hardly happened");
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

// One scripted life, cut at every place there is.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class CutTests
{
    private const int Pairs = 167 * World.LifeRounds; // of some 100,000 that there are

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Every_byte_of_every_message_and_every_file_call_and_pairs_of_them_may_be_the_last()
    {
        (Figures figures, List<string> failures) = Cuts.Run(1, Pairs, single: true, Environment.ProcessorCount);
        TestContext.WriteLine($"figures: {figures}");
        Assert.IsEmpty(failures, string.Join('\n', failures));
        Assert.AreEqual(Pairs, figures.Pairs);
        Assert.IsGreaterThan(30_000, figures.Cuts - figures.Pairs);
    }
}

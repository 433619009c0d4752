// What the simulation runs of engine, store and server rules, and what it never runs: printed, and not less than now.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class CoverageTests
{
    private const int Seeds = 40;

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Nearly_every_line_of_engine_store_and_server_rules_is_run()
    {
        Coverage coverage = Coverage.Of(1, Seeds, Environment.ProcessorCount);
        TestContext.WriteLine($"figures: {Seeds} seeds run\n{coverage}");
        foreach ((string part, (int lines, int run)) in coverage.Parts)
        {
            Assert.IsGreaterThan(0.7, (double)run / lines, $"{part}: {run} of {lines} lines");
        }
    }
}

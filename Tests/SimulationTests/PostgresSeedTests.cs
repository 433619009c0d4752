// The same lives with the server's database in PostgreSQL. [SPEC 5]

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class PostgresSeedTests
{
    private const int Seeds = 25;

    public required TestContext TestContext { get; set; }

    [TestMethod]
    public void Seeds_on_PostgreSQL_hold_and_are_the_runs_that_they_are_on_SQLite()
    {
        (Figures figures, List<(ulong Seed, string What)> failures) = Runner.RunPostgres(1, Seeds);
        TestContext.WriteLine($"figures: PostgreSQL: {figures}");
        Assert.IsEmpty(failures, string.Join('\n', failures.Select(f => $"seed {f.Seed}: {f.What}")));
        Assert.AreEqual(Seeds * Runner.Steps, figures.Steps);
        Assert.IsGreaterThan(0, figures.Faults[(int)Fault.RestoreDatabase], "no database was put back");
    }
}

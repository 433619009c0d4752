// Hostile bytes, guided by coverage, from the corpus kept beside this file. A bounded run: what it tries depends on the seed
// and the number alone. `fuzz` of the simulation goes on for as long as one likes, and adds to the corpus.

using NanoSync.Simulation;

namespace NanoSync.SimulationTests;

[TestClass]
public class FuzzTests
{
    // about ten seconds each
    private static readonly Dictionary<string, int> s_inputs = new()
    {
        ["wbxml"] = 200_000,
        ["xml"] = 200_000,
        ["record"] = 200_000,
        ["class"] = 100_000,
        ["series"] = 200_000,
        ["sealed"] = 100_000,
        ["server-xml"] = 100_000,
        ["sync"] = 40_000,
        ["post"] = 10_000,
        ["reply"] = 40_000,
        ["mount"] = 40_000,
    };

    public required TestContext TestContext { get; set; }

    public static IEnumerable<object[]> Targets => FuzzTarget.Names.Select(n => new object[] { n });

    [TestMethod]
    [DynamicData(nameof(Targets))]
    public void Hostile_bytes_are_borne(string target)
    {
        string corpus = Path.Combine(AppContext.BaseDirectory, "corpus");
        Assert.IsTrue(Directory.Exists(Path.Combine(corpus, target)), $"no corpus for {target}");
        int found = Fuzzer.Run(target, s_inputs[target], seed: 1, corpus, keep: false, out string output);
        TestContext.WriteLine($"figures: {output.TrimEnd()}");
        Assert.AreEqual(0, found, output);
    }
}

// Seeds of the test run that fail, and what they found: faults that are known and not mended yet. The test fails when one
// of them holds, so that who mends the fault takes its seeds out, and when any other fails. Rules broken on purpose are
// looked for by the other seeds alone, since these would notice anything.

namespace NanoSync.Simulation;

/// <summary>What the simulation found and nobody mended yet.</summary>
public static class OpenFindings
{
    /// <summary>The seeds.</summary>
    public static readonly ulong[] Seeds = [];

    /// <summary>The seeds of the world with a proxy.</summary>
    public static readonly ulong[] ProxySeeds = [];

    /// <summary>True for a seed that fails without anything broken on purpose.</summary>
    public static bool Has(ulong seed) => Array.IndexOf(Seeds, seed) >= 0;
}

// Rules that the judge knows and the program does not keep yet. Each goes when its rule is there.

namespace NanoSync.Simulation;

internal static class Awaits
{
    /// <summary>A store is a writer of its own, so one that was wiped does not overwrite unseen what it once wrote.</summary>
    public static readonly bool Replicas = true;

    /// <summary>Keys never repeat, whatever database comes back.</summary>
    public static readonly bool Incarnations = true;

    /// <summary>What is refused for lack of room stays.</summary>
    public static readonly bool RefusedIsKept = true;

    /// <summary>A reading dropped or tried again while a letter is under way.</summary>
    public static readonly bool LettersUnderWay = true;
}

namespace NanoSync.Simulation;

/// <summary>
/// Splitmix64: the same numbers for the same seed on every platform and version. The seed is mixed before it becomes the
/// state: states a multiple of the step apart would be windows of one stream, and neighbouring seeds nearly the same life.
/// </summary>
public sealed class Rng(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;

    private ulong _state = Mix(seed + Step);

    public ulong Next() => Mix(_state += Step);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int Below(int count) => count <= 1 ? 0 : (int)(Next() % (ulong)count);

    /// <summary>Both ends included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public bool Percent(int chance) => Below(100) < chance;

    public T Pick<T>(IReadOnlyList<T> list) => list[Below(list.Count)];
}

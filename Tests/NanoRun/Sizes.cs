namespace NanoSync.NanoRun;

/// <summary>What our assemblies take in a board's flash.</summary>
internal static class Sizes
{
    private static readonly string[] s_core = ["NanoSync.Protocol.Lite", "NanoSync.Storage", "NanoSync.Device"];

    public static void Print(TextWriter to, Build build)
    {
        foreach (NanoAssembly assembly in build.Made)
        {
            to.WriteLine($"{assembly.Name}.pe: {new FileInfo(assembly.Pe).Length} bytes");
        }

        List<NanoAssembly> core = build.Made.Where(a => s_core.Contains(a.Name)).ToList();
        if (core.Count == s_core.Length)
        {
            to.WriteLine($"{string.Join(" + ", core.Select(a => a.Name))}: {core.Sum(a => new FileInfo(a.Pe).Length)} bytes");
        }
    }
}

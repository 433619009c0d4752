namespace NanoSync.NanoRun;

/// <summary>What our assemblies take in a board's flash.</summary>
internal static class Sizes
{
    public static void Print(TextWriter to, Build build)
    {
        foreach (NanoAssembly assembly in build.Made)
        {
            to.WriteLine($"{assembly.Name}.pe: {new FileInfo(assembly.Pe).Length} bytes");
        }
    }
}

// The simulation once more, in an assembly context of its own, over assemblies made for the occasion: with a rule broken in
// the source, or with a note taken at each line. What is made so is never written to disk.

using System.Reflection;
using System.Runtime.Loader;

namespace NanoSync.Simulation;

/// <summary>An assembly context in which some of our assemblies are others.</summary>
public sealed class Bench : AssemblyLoadContext
{
    private const string Ours = "NanoSync.";

    private readonly IReadOnlyDictionary<string, byte[]> _instead;
    private readonly Assembly _simulation;

    /// <summary>Opens it.</summary>
    /// <param name="instead">Assemblies by name, as bytes.</param>
    public Bench(IReadOnlyDictionary<string, byte[]> instead)
        : base("bench") // not collectible: SQLite keeps calling what CrashDisk gave it
    {
        _instead = instead;
        _simulation = LoadFromAssemblyName(new AssemblyName(Ours + "Simulation"));
    }

    /// <summary>The folder of the sources: the nearest one above the program that has NanoSync.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The same in there: a static method of a type of the simulation.</summary>
    public object? Call(Type type, string method, params object?[] arguments)
    {
        try
        {
            return _simulation.GetType(type.FullName!)!.GetMethod(method, BindingFlags.Public | BindingFlags.Static)!.Invoke(null, arguments);
        }
        catch (TargetInvocationException e)
        {
            throw new SimulationFailed(e.InnerException!.ToString());
        }
    }

    protected override Assembly? Load(AssemblyName name)
    {
        if (name.Name is not { } simple || !simple.StartsWith(Ours, StringComparison.Ordinal))
        {
            return null;
        }

        if (_instead.TryGetValue(simple, out byte[]? bytes))
        {
            using MemoryStream stream = new(bytes);
            return LoadFromStream(stream);
        }

        string path = Path.Combine(AppContext.BaseDirectory, simple + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    private static string FindRoot()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at != null && !File.Exists(Path.Combine(at.FullName, "NanoSync.sln")))
        {
            at = at.Parent;
        }

        return at?.FullName ?? throw new SimulationFailed("no NanoSync.sln above the program");
    }
}

// A rule broken in the source: a place in a file and what stands there instead. The assembly is compiled anew with it, and
// the simulation runs over that one, or the test that is named. The place must be there exactly once, so a rule that moves
// takes its mutant along.

using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Emit;

namespace NanoSync.Simulation;

/// <summary>A rule broken on purpose.</summary>
/// <param name="Name">What is broken, in words.</param>
/// <param name="File">The source file, from the repository's root.</param>
/// <param name="Place">Text that is there once.</param>
/// <param name="Instead">What is there instead.</param>
/// <param name="Seed">A seed that noticed it: tried first.</param>
public sealed record SourceMutant(string Name, string File, string Place, string Instead, ulong Seed)
{
    /// <summary>Whether boards whose flash is copied and put back look for it.</summary>
    public bool Boards { get; init; }

    /// <summary>Whether devices behind a proxy look for it.</summary>
    public bool Proxy { get; init; }

    /// <summary>The test that looks for it where no seed can: project of Tests/, class and method, with dots. Null = seeds look for it.</summary>
    public string? Test { get; init; }

    /// <summary>Seeds tried around <see cref="Seed"/> before all others.</summary>
    private const int Near = 2;

    private static readonly ConcurrentDictionary<string, Sources> s_sources = [];

    /// <summary>Looks for a seed that notices it, the one that did before, then all from 1 on; or lets its test do so.</summary>
    /// <returns>Which seed or test, and what it noticed; null when none did.</returns>
    public (string By, string What)? Run(int seeds, int threads)
    {
        Sources sources = s_sources.GetOrAdd(Project, p => new Sources(p));
        byte[] broken = sources.Compile(this);
        if (Test != null)
        {
            return NamedTest.Fails(Test, sources.Name, broken) is { } failed ? (Test, failed) : null;
        }

        Bench bench = new(new Dictionary<string, byte[]> { [sources.Name] = broken });
        string? failure = First(bench, Seed, Near, threads) ?? First(bench, 1, seeds, threads);
        return failure == null ? null : (BySeed(ulong.Parse(failure[..failure.IndexOf(' ')])), failure[(failure.IndexOf(' ') + 1)..]);
    }

    /// <summary>How a seed is named that notices it.</summary>
    public string BySeed(ulong seed) => $"seed {seed}{(Boards ? " of boards" : Proxy ? " of the proxy" : "")}";

    private string? First(Bench bench, ulong first, int seeds, int threads) => (string?)(Proxy
        ? bench.Call(typeof(ProxyRunner), nameof(ProxyRunner.FirstFailure), first, seeds)
        : bench.Call(typeof(Runner), nameof(Runner.FirstFailure), first, seeds, threads, Boards));

    /// <summary>The project that its file belongs to.</summary>
    public string Project => ProjectOf(File);

    /// <summary>Compiles it; throws what the compiler says where it cannot be.</summary>
    public void Compile() => _ = s_sources.GetOrAdd(Project, p => new Sources(p)).Compile(this);

    /// <summary>What is wrong with its place; null = the place is there once.</summary>
    public string? Misplaced()
    {
        string path = Path.Combine(Bench.Root, File);
        int found = System.IO.File.Exists(path) ? System.IO.File.ReadAllText(path).Split(Place).Length - 1 : 0;
        return found == 1 ? null : $"{Name}: \"{Place}\" stands in {File} {found} times; the mutant must name the rule where it is now";
    }

    // The project file that is nearest above.
    private static string ProjectOf(string file)
    {
        for (string? folder = Path.GetDirectoryName(file); !string.IsNullOrEmpty(folder); folder = Path.GetDirectoryName(folder))
        {
            if (Directory.GetFiles(Path.Combine(Bench.Root, folder), "*.csproj") is [{ } project, ..])
            {
                return project;
            }
        }

        throw new SimulationFailed($"No project has {file}");
    }

    // The sources of one assembly, parsed once.
    private sealed class Sources
    {
        private const string WebUsings = """
            global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
            global using System.Net.Http; global using System.Net.Http.Json; global using System.Threading; global using System.Threading.Tasks;
            global using Microsoft.AspNetCore.Builder; global using Microsoft.AspNetCore.Hosting; global using Microsoft.AspNetCore.Http;
            global using Microsoft.AspNetCore.Routing; global using Microsoft.Extensions.Configuration;
            global using Microsoft.Extensions.DependencyInjection; global using Microsoft.Extensions.Hosting; global using Microsoft.Extensions.Logging;
            """;

        private readonly CSharpCompilation _compilation;
        private readonly CSharpParseOptions _parsing;
        private readonly ResourceDescription[] _resources;

        public Sources(string project)
        {
            string root = Path.GetDirectoryName(project)!;
            bool server = Path.GetRelativePath(Bench.Root, root).StartsWith("Server", StringComparison.Ordinal);
            Name = Path.GetFileNameWithoutExtension(project);
            _parsing = new CSharpParseOptions(server ? LanguageVersion.Latest : LanguageVersion.CSharp10);
            string pc = Path.Combine(root, "Pc"); // of device code what the PC's tests need besides; its invariants would notice before the judge does
            IEnumerable<string> files = Directory.GetFiles(root, "*.cs", server ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
                .Concat(server || !Directory.Exists(pc) ? [] : Directory.GetFiles(pc, "*.cs").Where(f => !f.EndsWith(".Invariants.cs", StringComparison.Ordinal)))
                .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal)
                    && (!server || ProjectOf(Path.GetRelativePath(Bench.Root, f)) == project)); // projects lie within projects
            Assembly original = AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(Name));
            string friends = string.Concat(original.GetCustomAttributes<InternalsVisibleToAttribute>()
                .Select(f => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{f.AssemblyName}\")]\n"));
            string version = typeof(Runner).Assembly.GetName().Version!.ToString();
            List<SyntaxTree> trees = [.. files.Select(f => CSharpSyntaxTree.ParseText(System.IO.File.ReadAllText(f), _parsing, f))];
            trees.Add(CSharpSyntaxTree.ParseText($"{(server ? WebUsings : "")}\n[assembly: System.Reflection.AssemblyVersion(\"{version}\")]\n{friends}", _parsing));
            string[] references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
            CSharpCompilation written = CSharpCompilation.Create(Name, trees,
                references.Where(r => Path.GetFileNameWithoutExtension(r) != Name).Select(r => MetadataReference.CreateFromFile(r)),
                new CSharpCompilationOptions(original.EntryPoint != null ? OutputKind.ConsoleApplication : OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
                    allowUnsafe: true, nullableContextOptions: server ? NullableContextOptions.Enable : NullableContextOptions.Disable));
            _compilation = Generate(written);
            _resources = [.. original.GetManifestResourceNames().Select(n => new ResourceDescription(n, () => original.GetManifestResourceStream(n)!, true))];
        }

        public string Name { get; }

        // What the SDK's generators add to it, as the build has it: regular expressions, log lines, and calls of the C library.
        private CSharpCompilation Generate(CSharpCompilation written)
        {
            string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!; // shared/Microsoft.NETCore.App/VERSION
            string packs = Path.Combine(runtime, "..", "..", "..", "packs");
            GeneratorDriver driver = CSharpGeneratorDriver.Create(
                [
                    .. GeneratorsOf(packs, "Microsoft.NETCore.App.Ref", "System.Text.RegularExpressions.Generator*.dll"),
                    .. GeneratorsOf(packs, "Microsoft.NETCore.App.Ref", "Microsoft.Interop.LibraryImportGenerator.dll"),
                    .. GeneratorsOf(packs, "Microsoft.AspNetCore.App.Ref", "Microsoft.Extensions.Logging.Generators*.dll"),
                ],
                parseOptions: _parsing);
            driver.RunGeneratorsAndUpdateCompilation(written, out Compilation whole, out _);
            return (CSharpCompilation)whole;
        }

        private static IEnumerable<ISourceGenerator> GeneratorsOf(string packs, string pack, string name)
        {
            string file = Directory.GetFiles(Path.Combine(packs, pack), name, SearchOption.AllDirectories).Where(f => !f.EndsWith(".resources.dll", StringComparison.Ordinal)).Max()
                ?? throw new SimulationFailed($"there is no generator {name} in {pack} below {packs}");
            return new AnalyzerFileReference(file, new Loader()).GetGenerators(LanguageNames.CSharp);
        }

        private sealed class Loader : IAnalyzerAssemblyLoader
        {
            public void AddDependencyLocation(string fullPath)
            {
            }

            public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
        }

        public byte[] Compile(SourceMutant mutant)
        {
            string path = Path.Combine(Bench.Root, mutant.File);
            SyntaxTree tree = _compilation.SyntaxTrees.FirstOrDefault(t => t.FilePath == path) ?? throw new SimulationFailed($"{mutant.Name}: there is no {mutant.File}");
            if (mutant.Misplaced() is { } why)
            {
                throw new SimulationFailed(why);
            }

            string text = tree.ToString();
            int at = text.IndexOf(mutant.Place, StringComparison.Ordinal);
            string broken = text[..at] + mutant.Instead + text[(at + mutant.Place.Length)..];
            using MemoryStream bytes = new();
            EmitResult result = _compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(broken, _parsing, path)).Emit(bytes, manifestResources: _resources);
            return result.Success ? bytes.ToArray()
                : throw new SimulationFailed($"{mutant.Name}: {string.Join("; ", result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(3))}");
        }
    }
}

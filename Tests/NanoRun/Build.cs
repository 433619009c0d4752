// From sources to pe files, in obj/nano of this project: the .NET SDK's own C# compiler against nanoFramework's assemblies,
// then the metadata processor. Each project once, those below first.

using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace NanoSync.NanoRun;

internal sealed class Build(Settings settings)
{
    private readonly string _folder = Path.Combine(Repository.Root, "Tests", "NanoRun", "obj", "nano");
    private readonly Dictionary<string, NanoAssembly> _made = []; // by assembly name
    private readonly string _compiler = FindCompiler();

    /// <summary>What was made so far.</summary>
    public IReadOnlyCollection<NanoAssembly> Made => _made.Values;

    public string ImageOf(NanoProject project) => _made[project.Assembly].Image;

    /// <summary>Makes a project and gives the pe files to run it: each after those it refers to, mscorlib first.</summary>
    public IReadOnlyList<string> Make(NanoProject project)
    {
        MakeAll(project);
        List<string> order = [];
        HashSet<string> seen = [];
        Order(_made[project.Assembly], seen, order);
        return order;
    }

    /// <summary>The same with other text in place of one of its sources; what is below is not made again.</summary>
    public IReadOnlyList<string> Make(NanoProject project, string source, string text)
    {
        string other = Path.Combine(_folder, Path.GetFileName(source));
        Directory.CreateDirectory(_folder);
        File.WriteAllText(other, text);
        _made.Remove(project.Assembly);
        return Make(project with { Sources = project.Sources.Select(s => s == source ? other : s).ToList() });
    }

    private void MakeAll(NanoProject project)
    {
        foreach (NanoProject below in project.Projects)
        {
            MakeAll(below);
        }

        if (!_made.ContainsKey(project.Assembly))
        {
            _made[project.Assembly] = MakeOne(project);
        }
    }

    private NanoAssembly MakeOne(NanoProject project)
    {
        Directory.CreateDirectory(_folder);
        string image = Path.Combine(_folder, project.Assembly + (project.IsApplication ? ".exe" : ".dll"));
        string pe = Path.Combine(_folder, project.Assembly + ".pe");
        List<NanoAssembly> references = project.References.Select(settings.Assembly)
            .Concat(project.Projects.Select(p => _made[p.Assembly]))
            .ToList();

        Tool compiler = Tool.Run("dotnet",
        [
            _compiler, "/noconfig", "/nostdlib+", "/nologo", "/optimize+", "/deterministic+", "/debug-", "/warn:0",
            "/langversion:" + project.Language, "/target:" + (project.IsApplication ? "exe" : "library"),
            "/define:NANOFRAMEWORK_1_0,TRACE", "/out:" + image,
            .. references.Select(r => "/reference:" + r.Image), .. project.Sources,
        ]);
        if (compiler.ExitCode != 0)
        {
            throw new CannotRun($"{project.Assembly} does not compile for nanoFramework:\n{compiler.Output}", CannotRun.Failed);
        }

        File.Delete(pe);
        IReadOnlyList<string> processor = settings.MetadataProcessor!;
        Tool made = Tool.Run(processor[0],
        [
            .. processor.Skip(1), .. references.SelectMany(r => new[] { "-loadHints", r.Name, r.Image }),
            "-parse", image, "-compile", pe, "false",
        ]);
        if (made.ExitCode != 0 || !File.Exists(pe))
        {
            throw new CannotRun($"The metadata processor makes no pe of {project.Assembly}:\n{made.Output}", CannotRun.Failed);
        }

        return new NanoAssembly(project.Assembly, image, pe);
    }

    private void Order(NanoAssembly assembly, HashSet<string> seen, List<string> order)
    {
        if (!seen.Add(assembly.Name))
        {
            return;
        }

        using FileStream stream = File.OpenRead(assembly.Image);
        using PEReader image = new(stream);
        MetadataReader metadata = image.GetMetadataReader();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            string name = metadata.GetString(metadata.GetAssemblyReference(handle).Name);
            Order(_made.TryGetValue(name, out NanoAssembly? own) ? own : settings.Assembly(name), seen, order);
        }

        order.Add(assembly.Pe);
    }

    // The SDK that `dotnet` takes in this repository.
    private static string FindCompiler()
    {
        string version = Tool.Run("dotnet", ["--version"]).Output.Trim();
        string? line = Tool.Run("dotnet", ["--list-sdks"]).Output.Split('\n').FirstOrDefault(l => l.StartsWith(version + " [", StringComparison.Ordinal));
        string compiler = line == null ? "" : Path.Combine(line.Split('[', ']')[1], version, "Roslyn", "bincore", "csc.dll");
        return File.Exists(compiler) ? compiler : throw new CannotRun($"No C# compiler in the .NET SDK {version}.");
    }
}

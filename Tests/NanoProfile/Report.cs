// The gate's report in words.

using Mono.Cecil;

namespace NanoSync.NanoProfile;

public static class Report
{
    /// <summary>Checks the folders named, or all. Returns 0 when nothing was refused.</summary>
    public static int Check(TextWriter output, IReadOnlyList<string> folders)
    {
        List<DeviceProject> projects = folders.Count == 0
            ? DeviceProjects.All.ToList()
            : folders.Select(DeviceProjects.ByFolder).ToList();
        Gate gate = new(Repository.Root);
        List<FolderResult> results = projects.Select(gate.Check).ToList();

        output.WriteLine("Nano profile: device sources against nanoFramework v1 (compiler, then IL)");
        foreach (FolderResult result in results)
        {
            Write(output, result);
        }

        List<AssemblyDefinition> assemblies = results.Where(r => r.Assembly != null).Select(r => r.Assembly!).ToList();
        output.WriteLine();
        output.WriteLine("Framework members used, by package:");
        foreach ((NanoPackage package, IReadOnlyCollection<string> members) in MemberUse.Of(assemblies))
        {
            output.WriteLine($"  {package.Id} {package.Version} ({package.Assembly}.dll): {members.Count}");
            foreach (string member in members)
            {
                output.WriteLine($"    {member}");
            }
        }

        bool listsAgree = CheckLists(output);
        bool passed = listsAgree && results.All(r => r.Outcome != Outcome.Failed);
        int waiting = results.Count(r => r.Outcome == Outcome.NoSources);
        output.WriteLine();
        output.WriteLine($"{(passed ? "Passed" : "FAILED")}: {results.Count(r => r.Outcome == Outcome.Passed)} of {results.Count} folders pass"
            + (waiting == 0 ? "." : $", {waiting} without sources yet."));
        return passed ? 0 : 1;
    }

    /// <summary>What the gate says to the most tempting violations. Returns 0 when it refused every one.</summary>
    public static int Show(TextWriter output)
    {
        (string Title, string Body)[] snippets =
        [
            ("List<int>", "System.Collections.Generic.List<int> readings = null; int n = readings == null ? 0 : 1;"),
            ("int?", "int? reading = null; bool none = reading == null;"),
            ("stackalloc", "System.Span<byte> buffer = stackalloc byte[16];"),
            ("a[^1]", "int[] a = new int[4]; int last = a[^1];"),
            ("string.Replace", "string s = \"a.b\".Replace('.', ',');"),
        ];

        bool allRefused = true;
        foreach ((string title, string body) in snippets)
        {
            CompileResult result = NanoCompiler.Compile(
                "Show",
                [("Show.cs", $"class Show\n{{\n    static void Run()\n    {{\n        {body}\n    }}\n}}\n")],
                NanoPackages.All);
            allRefused &= result.Image == null;
            output.WriteLine($"{title}: {(result.Image == null ? "refused" : "NOT REFUSED")}");
            foreach (Finding finding in result.Findings)
            {
                output.WriteLine($"  {finding}");
            }
        }

        return allRefused ? 0 : 1;
    }

    /// <summary>The methods that an application loads and never calls, with the bytes of their IL.</summary>
    public static int Unused(TextWriter output, string folder)
    {
        Gate gate = new(Repository.Root);
        DeviceProject application = DeviceProjects.ByFolder(folder);
        List<AssemblyDefinition> assemblies = [];
        foreach (DeviceProject project in application.AllProjects.Append(application))
        {
            assemblies.Add(gate.Check(project).Assembly ?? throw new InvalidOperationException($"{project.Folder} does not compile."));
        }

        foreach (var assembly in NanoProfile.Unused.Methods(assemblies).GroupBy(m => m.Module.Assembly.Name.Name))
        {
            output.WriteLine($"{assembly.Key}: {assembly.Count()} methods, {assembly.Sum(AssemblySizes.IlBytesOf)} B IL");
            foreach (MethodDefinition method in assembly.OrderBy(m => m.FullName, StringComparer.Ordinal))
            {
                output.WriteLine($"  {AssemblySizes.IlBytesOf(method),5} {method.DeclaringType.Name}.{method.Name}");
            }
        }

        return 0;
    }

    private static void Write(TextWriter output, FolderResult result)
    {
        string name = $"{result.Project.Folder,-20} {result.Project.Assembly,-30}";
        if (result.Outcome == Outcome.NoSources)
        {
            output.WriteLine($"  -     {name} no sources yet");
            return;
        }

        string sizes = result.Assembly == null ? "" : Sizes(AssemblySizes.Of(result.Assembly));
        output.WriteLine($"  {(result.Outcome == Outcome.Passed ? "ok   " : "FAIL ")} {name} {sizes}");
        foreach (Finding finding in result.Findings)
        {
            output.WriteLine($"        {finding}");
        }
    }

    private static string Sizes(AssemblySizes s) =>
        $"{s.Types,4} types {s.Methods,4} methods {s.Fields,4} fields {s.IlBytes,6} B IL {s.StringBytes,6} B strings";

    private static bool CheckLists(TextWriter output)
    {
        output.WriteLine();
        bool agree = true;
        foreach (NanoPackage package in ReferenceAssemblies.Declared)
        {
            foreach (string line in ApiLists.Outside(package.Assembly, ApiLists.Folder))
            {
                agree = false;
                output.WriteLine($"  FAIL {package.Assembly}: nanoFramework does not have: {line}");
            }
        }

        if (agree)
        {
            output.WriteLine("mscorlib is the real one; every member of the assemblies declared here is in the lists of what nanoFramework has.");
        }

        return agree;
    }
}

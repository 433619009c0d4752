// The gate: compiles every device-side folder as a board would, then checks the IL.

using Mono.Cecil;

namespace NanoSync.NanoProfile;

public enum Outcome
{
    Passed,
    NoSources,
    Failed,
}

/// <summary>What the gate found in one folder. <c>Assembly</c> is null when it did not compile.</summary>
public sealed record FolderResult(DeviceProject Project, Outcome Outcome, AssemblyDefinition? Assembly, IReadOnlyList<Finding> Findings);

/// <summary>Checks folders of one source tree; each is compiled at most once.</summary>
public sealed class Gate(string root)
{
    private readonly Dictionary<DeviceProject, (FolderResult Result, byte[]? Image)> _done = [];

    public FolderResult Check(DeviceProject project) => CheckWithImage(project).Result;

    private (FolderResult Result, byte[]? Image) CheckWithImage(DeviceProject project)
    {
        if (!_done.TryGetValue(project, out (FolderResult, byte[]?) done))
        {
            done = _done[project] = CheckNow(project);
        }

        return done;
    }

    private (FolderResult Result, byte[]? Image) CheckNow(DeviceProject project)
    {
        IReadOnlyList<string> files = project.Sources(root);
        if (files.Count == 0)
        {
            return (new FolderResult(project, Outcome.NoSources, null, []), null);
        }

        List<byte[]> below = [];
        foreach (DeviceProject dependency in project.AllProjects)
        {
            (FolderResult result, byte[]? image) = CheckWithImage(dependency);
            if (image != null)
            {
                below.Add(image);
            }
            else if (result.Outcome == Outcome.Failed)
            {
                Finding cause = new("NP001", project.Folder, $"not compiled, because {dependency.Folder} does not compile", "");
                return (new FolderResult(project, Outcome.Failed, null, [cause]), null);
            }
        }

        CompileResult compiled = NanoCompiler.Compile(
            project.Assembly,
            files.Select(f => (Path.GetRelativePath(root, f).Replace('\\', '/'), File.ReadAllText(f))),
            project.Packages,
            below,
            project.IsApplication);
        if (compiled.Image == null)
        {
            return (new FolderResult(project, Outcome.Failed, null, compiled.Findings), null);
        }

        AssemblyDefinition assembly = Cecil.Read(compiled.Image, below);
        IReadOnlyList<Finding> findings = IlCheck.Check(assembly);
        Outcome outcome = findings.Count == 0 ? Outcome.Passed : Outcome.Failed;
        return (new FolderResult(project, outcome, assembly, findings), compiled.Image);
    }
}

// What a .nfproj says, as far as a build here needs it: name, kind, sources, projects and assemblies.

using System.Xml.Linq;

namespace NanoSync.NanoRun;

internal sealed record NanoProject(
    string Path,
    string Assembly,
    bool IsApplication,
    string Language,
    IReadOnlyList<string> Sources,
    IReadOnlyList<NanoProject> Projects,
    IReadOnlyList<string> References)
{
    /// <summary>Reads the one .nfproj of a folder, or the file itself, and those it refers to.</summary>
    public static NanoProject Read(string path)
    {
        if (Directory.Exists(path))
        {
            string[] found = Directory.GetFiles(path, "*.nfproj");
            path = found.Length == 1 ? found[0] : throw new CannotRun($"{path} has {found.Length} .nfproj files, not one.", CannotRun.Failed);
        }

        if (!File.Exists(path))
        {
            throw new CannotRun($"There is no {path}.", CannotRun.Failed);
        }

        path = System.IO.Path.GetFullPath(path);
        string folder = System.IO.Path.GetDirectoryName(path)!;
        XDocument document = XDocument.Load(path);
        IEnumerable<string> Includes(string item) => document.Descendants()
            .Where(e => e.Name.LocalName == item)
            .Select(e => (string?)e.Attribute("Include"))
            .OfType<string>();
        string Value(string property) => document.Descendants().First(e => e.Name.LocalName == property).Value;
        string Full(string include) => System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, include.Replace('\\', '/')));

        return new NanoProject(
            path,
            Value("AssemblyName"),
            Value("OutputType") == "Exe",
            Value("LangVersion"),
            Includes("Compile").SelectMany(i => Files(Full(i))).Order(StringComparer.Ordinal).ToList(),
            Includes("ProjectReference").Select(i => Read(Full(i))).ToList(),
            Includes("Reference").Where(r => r != TestList.Launcher).ToList());
    }

    private static string[] Files(string pattern)
    {
        string folder = System.IO.Path.GetDirectoryName(pattern)!;
        return Directory.Exists(folder) ? Directory.GetFiles(folder, System.IO.Path.GetFileName(pattern)) : [];
    }
}

// The .nfproj files say again, for the real build, what the gate's tables say: packages, paths and projects agree.

using System.Xml.Linq;

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class BoardProjectTests
{
    private const string ProjectType = "{11A8DD76-328B-46DF-9F39-F559912D0360}";
    private const string TestLauncher = "nanoFramework.UnitTestLauncher";

    public static IEnumerable<object[]> Folders => DeviceProjects.All.Select(p => new object[] { p.Folder });

    private static XDocument Load(DeviceProject project) => XDocument.Load(project.NfprojPath(Repository.Root));

    private static IEnumerable<XElement> Named(XDocument document, string name) =>
        document.Descendants().Where(e => e.Name.LocalName == name);

    private static string Up(DeviceProject project) => string.Concat(project.Folder.Split('/').Select(_ => "..\\"));

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Packages_config_is_the_closure_of_the_packages(string folder)
    {
        DeviceProject project = DeviceProjects.ByFolder(folder);
        XDocument config = XDocument.Load(Path.Combine(Repository.Root, folder, "packages.config"));

        CollectionAssert.AreEqual(
            project.Packages.Select(p => $"{p.Id} {p.Version}").ToList(),
            Named(config, "package").Select(e => $"{(string?)e.Attribute("id")} {(string?)e.Attribute("version")}").ToList());
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void References_and_hint_paths_are_those_packages(string folder)
    {
        DeviceProject project = DeviceProjects.ByFolder(folder);
        List<string> expected = project.Packages
            .Select(p => $"{p.Assembly} {Up(project)}packages\\{p.Id}.{p.Version}\\lib\\{p.Assembly}.dll").ToList();
        List<string> actual = Named(Load(project), "Reference")
            .Where(e => (string?)e.Attribute("Include") != TestLauncher)
            .Select(e => $"{(string?)e.Attribute("Include")} {e.Elements().Single().Value}").ToList();

        CollectionAssert.AreEqual(expected, actual);
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Project_references_are_the_projects_below(string folder)
    {
        DeviceProject project = DeviceProjects.ByFolder(folder);
        List<string> expected = project.AllProjects.Select(p => Path.GetFullPath(p.NfprojPath(Repository.Root))).ToList();
        List<string> actual = Named(Load(project), "ProjectReference")
            .Select(e => ((string)e.Attribute("Include")!).Replace('\\', Path.DirectorySeparatorChar))
            .Select(include => Path.GetFullPath(Path.Combine(Repository.Root, folder, include))).ToList();

        CollectionAssert.AreEqual(expected, actual);
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Sources_name_and_kind_are_what_the_gate_compiles(string folder)
    {
        DeviceProject project = DeviceProjects.ByFolder(folder);
        XDocument document = Load(project);

        CollectionAssert.AreEqual(
            new[] { "*.cs", "Nano\\*.cs" }.Concat(project.Shared.Select(
                f => Path.GetRelativePath(project.Folder, f).Replace('/', '\\'))).ToArray(),
            Named(document, "Compile").Select(e => (string)e.Attribute("Include")!).ToArray());
        Assert.AreEqual(project.Assembly, Named(document, "AssemblyName").Single().Value);
        Assert.AreEqual(project.IsApplication ? "Exe" : "Library", Named(document, "OutputType").Single().Value);
        Assert.AreEqual("10.0", Named(document, "LangVersion").Single().Value);
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Is_in_the_solution_as_a_nanoFramework_project(string folder)
    {
        DeviceProject project = DeviceProjects.ByFolder(folder);
        string guid = Named(Load(project), "ProjectGuid").Single().Value;
        string path = $"{folder.Replace('/', '\\')}\\{project.Assembly}.nfproj";
        string solution = File.ReadAllText(Path.Combine(Repository.Root, "NanoSync.sln"));

        StringAssert.Contains(solution, $"Project(\"{ProjectType}\") = \"{project.Assembly}\", \"{path}\", \"{guid}\"");
        StringAssert.Contains(solution, $"{guid}.Release|Any CPU.Build.0 = Release|Any CPU");
    }

    [TestMethod]
    public void The_device_tests_run_in_the_virtual_device()
    {
        DeviceProject tests = DeviceProjects.ByFolder("Tests/DeviceTests");
        XDocument settings = XDocument.Load(Path.Combine(Repository.Root, tests.Folder, "nano.runsettings"));

        Assert.AreEqual("NFUnitTest", tests.Assembly);
        Assert.IsTrue(Named(Load(tests), "Reference").Any(e => (string?)e.Attribute("Include") == TestLauncher));
        Assert.AreEqual("False", Named(settings, "IsRealHardware").Single().Value);
    }
}

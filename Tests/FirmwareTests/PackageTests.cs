// One version everywhere, and packages that name what they need.

using System.Text.RegularExpressions;
using System.Xml.Linq;
using NanoSync.Device;
using NanoSync.Firmware;
using NanoSync.Protocol;
using NanoSync.Storage;
using NuGet.Packaging;

namespace NanoSync.FirmwareTests;

[TestClass]
public class PackageTests
{
    private static readonly string[] s_folders = ["Device", "Protocol.Lite/Xml", "Storage/Files", "Device/App", "Device/LeanHttp", "Device/PlatformHttp", "Device/Sealed", "Device/Sealed/Files", "Device/Mail", "Device/Mqtt"];

    private static string Version => XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

    public static IEnumerable<object[]> Folders => s_folders.Select(f => new object[] { f });

    private static string SpecOf(string folder) => Directory.GetFiles(Repository.PathOf(folder), "*.nuspec").Single();

    private static IEnumerable<XElement> Named(string file, string name) => XDocument.Load(file).Descendants().Where(e => e.Name.LocalName == name);

    [TestMethod]
    public void Assemblies_carry_the_version()
    {
        foreach (Type type in (Type[])[typeof(MessageReader), typeof(FlashStore), typeof(FileVolume), typeof(SyncEngine), typeof(LeanHttpCarrier), typeof(FieldApp)])
        {
            Assert.AreEqual(Version + ".0", type.Assembly.GetName().Version!.ToString(), type.Assembly.GetName().Name);
        }

        Assert.AreEqual(FieldApp.Version, Version);
        MatchCollection board = Regex.Matches(Repository.Read("build", "NanoAssemblyInfo.cs"), @"Version\(""([^""]+)""\)");
        Assert.HasCount(2, board);
        Assert.IsTrue(board.All(m => m.Groups[1].Value == Version + ".0"));
        Assert.Contains("NanoAssemblyInfo.cs", Repository.Read("build", "Nano.props"));
    }

    [TestMethod]
    public void The_changelog_begins_with_the_version()
    {
        Assert.AreEqual(Version, Regex.Match(Repository.Read("CHANGELOG.md"), @"(?m)^## (\d+\.\d+\.\d+)").Groups[1].Value);
    }

    [TestMethod]
    public void No_other_file_says_a_version_of_its_own()
    {
        foreach (string project in Directory.GetFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories).Where(p => !p.Contains("/obj/")))
        {
            Assert.DoesNotContain("<Version>", File.ReadAllText(project), project);
        }
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void A_package_takes_the_version_and_holds_the_four_files(string folder)
    {
        string spec = SpecOf(folder);
        string id = Path.GetFileNameWithoutExtension(spec);
        Assert.AreEqual(id, Named(spec, "id").Single().Value);
        Assert.IsTrue(File.Exists(Repository.PathOf(folder, id + ".nfproj")), "the package is named as the assembly");
        Assert.AreEqual("$version$", Named(spec, "version").Single().Value);
        string[] files = Named(spec, "file").Where(e => (string?)e.Attribute("target") == "lib").Select(e => (string)e.Attribute("src")!).ToArray();
        CollectionAssert.AreEquivalent(new[] { "dll", "pe", "pdbx", "xml" }.Select(x => $@"bin\nano\Release\{id}.{x}").ToArray(), files);
    }

    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void Its_dependencies_are_those_of_the_board_project(string folder)
    {
        string spec = SpecOf(folder);
        List<string> expected = Named(Repository.PathOf(folder, "packages.config"), "package")
            .Select(e => $"{(string?)e.Attribute("id")} {(string?)e.Attribute("version")}").ToList();
        expected.AddRange(Named(Path.ChangeExtension(spec, ".nfproj"), "ProjectReference")
            .Select(e => Path.GetFileNameWithoutExtension(((string)e.Attribute("Include")!).Replace('\\', '/')) + " $version$"));
        CollectionAssert.AreEquivalent(expected, Named(spec, "dependency").Select(e => $"{(string?)e.Attribute("id")} {(string?)e.Attribute("version")}").ToList());
    }

    // The board's files are stand-ins: only nanoFramework's project system makes the real ones.
    [TestMethod]
    [DynamicData(nameof(Folders))]
    public void It_packs(string folder)
    {
        string spec = SpecOf(folder);
        string id = Path.GetFileNameWithoutExtension(spec);
        string root = Directory.CreateTempSubdirectory("nanosync-pack-").FullName;
        try
        {
            string place = Path.Combine(root, folder);
            string built = Directory.CreateDirectory(Path.Combine(place, "bin", "nano", "Release")).FullName;
            foreach (string kind in (string[])["dll", "pe", "pdbx", "xml"])
            {
                File.WriteAllText(Path.Combine(built, $"{id}.{kind}"), kind);
            }

            File.Copy(Repository.PathOf("README.md"), Path.Combine(root, "README.md"));
            File.Copy(Repository.PathOf("LICENSE"), Path.Combine(root, "LICENSE"));
            using FileStream text = File.OpenRead(spec);
            Manifest manifest = Manifest.ReadFrom(text, name => name == "version" ? Version : null, validateSchema: true);
            var builder = new PackageBuilder();
            builder.Populate(manifest.Metadata);
            builder.PopulateFiles(place, manifest.Files);
            using var package = new MemoryStream();
            builder.Save(package);

            using var reader = new PackageArchiveReader(package);
            Assert.AreEqual($"{id}.{Version}", reader.GetIdentity().ToString());
            string[] expected = [$"lib/{id}.dll", $"lib/{id}.pdbx", $"lib/{id}.pe", $"lib/{id}.xml", "LICENSE", "README.md"];
            CollectionAssert.IsSubsetOf(expected, reader.GetFiles().ToArray());
            Assert.AreEqual(".NETnanoFramework,Version=v1.0", reader.GetPackageDependencies().Single().TargetFramework.DotNetFrameworkName);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [TestMethod]
    public void Pack_makes_every_package()
    {
        string script = Repository.Read("build", "pack.sh");
        Assert.Contains("for spec in " + string.Join(' ', s_folders) + ";", script);
        Assert.HasCount(s_folders.Length, Directory.GetFiles(Repository.Root, "*.nuspec", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/") && !f.Contains("/packages/")).ToArray());
    }
}

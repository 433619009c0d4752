// What device code is compiled against: the real mscorlib, and declarations that have nothing nanoFramework does not have.

using System.Xml.Linq;
using Mono.Cecil;

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class ReferenceAssemblyTests
{
    public static IEnumerable<object[]> Assemblies => NanoPackages.All.Select(p => new object[] { p.Assembly });

    [TestMethod]
    [DynamicData(nameof(Assemblies))]
    public void Has_the_name_version_and_references_of_its_package(string assembly)
    {
        NanoPackage package = NanoPackages.ByAssembly(assembly)!;
        AssemblyDefinition definition = Cecil.Read(ReferenceAssemblies.Image(assembly));

        Assert.AreEqual(package.Assembly, definition.Name.Name);
        Assert.AreEqual(Version.Parse(package.Version + ".0"), definition.Name.Version);
        List<string> allowed = NanoPackages.Closure(package.Needs).Select(p => p.Assembly).ToList();
        CollectionAssert.IsSubsetOf(definition.MainModule.AssemblyReferences.Select(r => r.Name).ToList(), allowed);
    }

    [TestMethod]
    public void The_mscorlib_is_the_one_of_the_package_and_of_the_version_that_boards_are_built_with()
    {
        XDocument versions = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        string restored = (string)versions.Descendants("PackageVersion")
            .Single(e => (string?)e.Attribute("Include") == NanoPackages.CoreLibrary).Attribute("Version")!;
        AssemblyDefinition mscorlib = Cecil.Read(ReferenceAssemblies.Image("mscorlib"));

        Assert.AreEqual(NanoPackages.ById(NanoPackages.CoreLibrary).Version, restored);
        // Declarations have no code. The real one has, and the name of each native method behind it.
        Assert.IsTrue(mscorlib.MainModule.GetType("System.TimeSpan").Methods.Any(m => m.HasBody));
        Assert.IsTrue(mscorlib.CustomAttributes.Any(a => a.AttributeType.Name == "AssemblyNativeVersionAttribute"));
    }

    [TestMethod]
    public void Declare_nothing_that_nanoFramework_does_not_have()
    {
        List<string> outside = ReferenceAssemblies.Declared.SelectMany(p => ApiLists.Outside(p.Assembly, ApiLists.Folder)).ToList();

        Assert.IsEmpty(outside, string.Join(Environment.NewLine, outside));
    }

    [TestMethod]
    public void A_member_outside_the_lists_is_noticed()
    {
        string folder = Directory.CreateTempSubdirectory("nano-lists").FullName;
        try
        {
            IEnumerable<string> lines = ApiLists.Lines(Cecil.Read(ReferenceAssemblies.Image("nanoFramework.System.IO.Hashing")).MainModule);
            File.WriteAllLines(Path.Combine(folder, "nanoFramework.System.IO.Hashing.txt"), lines.Where(l => !l.Contains("Reset", StringComparison.Ordinal)));

            IReadOnlyList<string> outside = ApiLists.Outside("nanoFramework.System.IO.Hashing", folder);

            CollectionAssert.AreEqual(new[] { "M System.Void System.IO.Hashing.Crc32::Reset()" }, outside.ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    [DataRow("Reference", "*.cs")]
    [DataRow("Members", "*.txt")]
    public void Every_package_but_the_core_library_has_its_declarations_and_its_list(string folder, string pattern)
    {
        IEnumerable<string?> files = Directory.GetFiles(Path.Combine(Repository.Root, "Tests", "NanoProfile", folder), pattern)
            .Select(Path.GetFileNameWithoutExtension);

        CollectionAssert.AreEquivalent(ReferenceAssemblies.Declared.Select(p => p.Assembly).ToList(), files.ToList());
    }
}

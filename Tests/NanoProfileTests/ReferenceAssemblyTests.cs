// Our reference assemblies: complete, under real names, and nothing in them that nanoFramework does not have.

using Mono.Cecil;

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class ReferenceAssemblyTests
{
    public required TestContext TestContext { get; set; }

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
    public void Declare_nothing_that_nanoFramework_does_not_have()
    {
        if (ApiLists.Folder == null)
        {
            TestContext.WriteLine("NOT CHECKED: no member lists of nanoFramework on this machine. Set NANOSYNC_API_LISTS to their folder.");
            return;
        }

        List<string> outside = NanoPackages.All.SelectMany(p => ApiLists.Outside(p.Assembly, ApiLists.Folder)).ToList();

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
    public void Every_file_is_a_package()
    {
        IEnumerable<string?> files = Directory.GetFiles(Path.Combine(Repository.Root, "Tests", "NanoProfile", "Reference"), "*.cs")
            .Select(Path.GetFileNameWithoutExtension);

        CollectionAssert.AreEquivalent(NanoPackages.All.Select(p => p.Assembly).ToList(), files.ToList());
    }
}

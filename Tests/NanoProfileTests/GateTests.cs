// The gate as a whole, on source trees made for it.

namespace NanoSync.NanoProfile.Tests;

[TestClass]
public sealed class GateTests
{
    private string _root = "";

    [TestInitialize]
    public void MakeTree() => _root = Directory.CreateTempSubdirectory("nano-profile").FullName;

    [TestCleanup]
    public void RemoveTree() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        string file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private FolderResult Check(string folder) => new Gate(_root).Check(DeviceProjects.ByFolder(folder));

    [TestMethod]
    public void A_folder_without_sources_is_no_pass() => Assert.AreEqual(Outcome.NoSources, Check("Device").Outcome);

    [TestMethod]
    public void A_folder_sees_the_projects_it_refers_to()
    {
        Write("Device/A.cs", "namespace N { public class A { } }");
        Write("Device/App/B.cs", "namespace N { public class B : A { } }");

        Assert.AreEqual(Outcome.Passed, Check("Device/App").Outcome);
    }

    [TestMethod]
    public void Message_store_and_engine_are_one_assembly()
    {
        Write("Protocol.Lite/A.cs", "namespace N { class A { } }");
        Write("Storage/B.cs", "namespace N { class B : A { } }");
        Write("Device/C.cs", "namespace N { class C : B { } }");

        FolderResult result = Check("Device");

        Assert.AreEqual(Outcome.Passed, result.Outcome);
        Assert.HasCount(3, result.Assembly!.MainModule.Types.Where(t => t.Namespace == "N"));
    }

    [TestMethod]
    public void A_folder_does_not_see_packages_that_its_nfproj_has_not()
    {
        Write("Device/A.cs", "class A { System.Net.Sockets.Socket _socket; }");

        FolderResult result = Check("Device");

        Assert.AreEqual(Outcome.Failed, result.Outcome);
        Assert.AreEqual("CS0234", result.Findings.Single().Rule);
    }

    [TestMethod]
    public void Nano_is_compiled_and_Pc_is_not()
    {
        Write("Device/LeanHttp/Nano/A.cs", "class A { int? _a; }");
        Write("Device/LeanHttp/Pc/B.cs", "class B { decimal _b; }");

        FolderResult result = Check("Device/LeanHttp");

        Assert.AreEqual(Outcome.Failed, result.Outcome);
        StringAssert.StartsWith(result.Findings.Single().Where, "Device/LeanHttp/Nano/A.cs(1,11)");
    }

    [TestMethod]
    public void A_folder_on_top_of_one_that_does_not_compile_says_so()
    {
        Write("Storage/A.cs", "class A { int? _a; }");
        Write("Device/App/B.cs", "class B { }");

        Finding finding = Check("Device/App").Findings.Single();

        Assert.AreEqual("NP001", finding.Rule);
        StringAssert.Contains(finding.What, "Device");
    }

    [TestMethod]
    public void What_compiles_and_breaks_later_fails_too()
    {
        Write("Storage/A.cs", "class A { static int F(int a) { return checked(a + 1); } }");

        FolderResult result = Check("Device");

        Assert.AreEqual(Outcome.Failed, result.Outcome);
        Assert.AreEqual(IlRules.CheckedArithmetic.Id, result.Findings.Single().Rule);
    }

    [TestMethod]
    public void An_application_needs_an_entry_point()
    {
        Write("Device/Firmware/A.cs", "class A { }");

        Assert.AreEqual("CS5001", Check("Device/Firmware").Findings.Single().Rule);
    }

    [TestMethod]
    public void The_snippets_shown_are_all_refused()
    {
        StringWriter output = new();

        Assert.AreEqual(0, Report.Show(output), output.ToString());
    }

    [TestMethod]
    public void Members_used_are_reported_by_package()
    {
        Write("Storage/Files/A.cs", "class A { static void F() { System.IO.File.Delete(\"a\"); } }");

        IReadOnlyDictionary<NanoPackage, IReadOnlyCollection<string>> used = MemberUse.Of([Check("Storage/Files").Assembly!]);

        CollectionAssert.Contains(used[NanoPackages.ById(NanoPackages.FileSystem)].ToList(), "System.IO.File.Delete(String)");
    }
}

using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace NanoSync.NanoRun.Tests;

[TestClass]
public sealed class RunnerTests
{
    [TestMethod]
    public void The_list_counts_attributes_as_the_launcher_does()
    {
        // this assembly is built with MSTest, whose attributes have the same names
        IReadOnlyList<string> tests = TestList.Of(typeof(RunnerTests).Assembly.Location);

        CollectionAssert.Contains(tests.ToList(), "NanoSync.NanoRun.Tests.TestReportTests.All_passed.0");
        CollectionAssert.IsSubsetOf(
            Enumerable.Range(0, 3).Select(i => $"NanoSync.NanoRun.Tests.TestReportTests.Skipped_unknown_or_nothing_is_not_a_pass.{i}").ToList(),
            tests.ToList());
        Assert.IsFalse(tests.Any(t => t.EndsWith("not_a_pass.3", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void The_device_tests_project_names_its_sources_projects_and_assemblies()
    {
        NanoProject tests = NanoProject.Read(Path.Combine(Repository.Root, "Tests", "DeviceTests"));

        Assert.AreEqual("NFUnitTest", tests.Assembly);
        Assert.IsTrue(tests.Sources.Any(s => Path.GetFileName(s) == "EngineTests.cs"));
        Assert.IsTrue(tests.Projects.Any(p => p.Assembly == "NanoSync.Device"));
        CollectionAssert.Contains(tests.References.ToList(), "mscorlib");
        CollectionAssert.DoesNotContain(tests.References.ToList(), TestList.Launcher);
    }

    [TestMethod]
    public void Without_nanoCLR_it_says_what_is_missing_and_ends_with_3()
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "NanoSync.NanoRun.dll")])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["NANOSYNC_NANOCLR"] = "/nowhere/nanoclr";
        start.Environment["NANOSYNC_NANO_MDP"] = "/nowhere/mdp";
        start.Environment["NANOSYNC_NANO_ASSEMBLIES"] = "/nowhere";

        using Process process = Process.Start(start)!;
        string output = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.AreEqual(3, process.ExitCode, output);
        StringAssert.Contains(output, "/nowhere/nanoclr");
        StringAssert.Contains(output, "no folder /nowhere");
    }

    [TestMethod]
    public void The_mscorlib_of_boards_is_there_after_a_plain_restore()
    {
        NanoAssembly mscorlib = Settings.Read(Repository.Root).Assembly("mscorlib");

        Assert.AreEqual("mscorlib", AssemblyName.GetAssemblyName(mscorlib.Image).Name);
        Assert.AreEqual("NFMRK1", Encoding.ASCII.GetString(File.ReadAllBytes(mscorlib.Pe), 0, 6));
    }
}

// test.sh's last line and exit code, with a stand-in for the SDK: what each project's results are is given here, so that
// the script's own sums are all that is judged. A whole run whose last line said "0 failed" once ended with exit code 1.

namespace NanoSync.Tests;

[TestClass]
public class TestScriptTests
{
    // `dotnet test PROJECT ... --logger trx;LogFileName=FILE`: writes FILE as RESULTS says, "PROJECT=total,passed ...";
    // a project that is not in it has three tests that pass, and one with 0 of 0 writes nothing
    private const string Sdk = """
        #!/bin/bash
        [ "$1" = test ] || exit 0
        project=$(basename "$2" .csproj)
        project=${project#NanoSync.}
        total=3 passed=3
        for result in $RESULTS; do
          if [ "${result%=*}" = "$project" ]; then total=${result#*=}; passed=${total#*,}; total=${total%,*}; fi
        done
        for word in "$@"; do
          case $word in
            trx*) [ "$total" = 0 ] || echo "<Counters total=\"$total\" executed=\"$total\" passed=\"$passed\" failed=\"0\" />" > "${word#*=}" ;;
          esac
        done
        [ "$total" = "$passed" ]
        """;

    [TestMethod]
    [DataRow("CarrierTests", "", 0, "3 passed, 0 failed")]
    [DataRow("CarrierTests SimulationTests", "", 0, "6 passed, 0 failed", DisplayName = "one beside the others")]
    [DataRow("CarrierTests SimulationTests", "SimulationTests=5,4", 1, "7 passed, 1 failed", DisplayName = "a failure in what runs beside")]
    [DataRow("CarrierTests SimulationTests", "CarrierTests=5,3", 1, "6 passed, 2 failed", DisplayName = "a failure in what runs in front")]
    [DataRow("CarrierTests SimulationTests", "SimulationTests=0,0", 1, "3 passed, 1 failed", DisplayName = "a project that ran nothing")]
    public void The_last_line_and_the_exit_code_tell_the_same(string projects, string results, int code, string last)
    {
        using var bench = new Bench();
        Ended ended = Run(bench, results, projects.Split(' '));
        Assert.AreEqual(last, ended.Output.TrimEnd().Split('\n')[^1], ended.Output);
        Assert.AreEqual(code, ended.Code, ended.Output);
    }

    [TestMethod]
    public void A_whole_run_that_passes_ends_with_0()
    {
        using var bench = new Bench();
        Ended ended = Run(bench, "");
        int projects = Directory.GetFiles(Path.Combine(Bench.Root, "Tests"), "*Tests*.csproj", SearchOption.AllDirectories).Length;
        Assert.AreEqual($"{3 * projects} passed, 0 failed", ended.Output.TrimEnd().Split('\n')[^1], ended.Output);
        Assert.AreEqual(0, ended.Code, ended.Output);
    }

    private static Ended Run(Bench bench, string results, params string[] projects)
    {
        string folder = bench.At("sdk");
        Directory.CreateDirectory(folder);
        string sdk = Path.Combine(folder, "dotnet");
        File.WriteAllText(sdk, Sdk.ReplaceLineEndings("\n"));
        Assert.AreEqual(0, bench.Run("chmod", folder, "+x", sdk).Code);
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}",
            ["RESULTS"] = results,
        };
        return bench.Run("bash", environment, [Path.Combine(Bench.Root, "test.sh"), .. projects]);
    }
}

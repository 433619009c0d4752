namespace NanoSync.NanoRun.Tests;

[TestClass]
public sealed class TestReportTests
{
    private static (int Code, string Last, string All) Report(string[] expected, params string[] lines)
    {
        StringWriter output = new();
        TestReport report = new(expected, output);
        foreach (string line in lines)
        {
            report.Take(line);
        }

        int code = report.Finish();
        string[] all = output.ToString().TrimEnd().Split(Environment.NewLine);
        return (code, all[^1], output.ToString());
    }

    [TestMethod]
    public void All_passed()
    {
        (int code, string last, _) = Report(["N.C.A.0", "N.C.B.0"], "Test passed,N.C.A.0,12", "Test passed,N.C.B.0,3");

        Assert.AreEqual(0, code);
        Assert.AreEqual("2 passed, 0 failed", last);
    }

    [TestMethod]
    public void A_failure_keeps_its_message_with_commas_and_the_lines_before_it()
    {
        (int code, string last, string all) = Report(["N.C.A.0"], "    ++++ Exception ++++", "Test failed,N.C.A.0,expected 1, got 2");

        Assert.AreEqual(1, code);
        Assert.AreEqual("0 passed, 1 failed", last);
        StringAssert.Contains(all, "N.C.A.0: expected 1, got 2");
        StringAssert.Contains(all, "++++ Exception ++++");
    }

    [TestMethod]
    public void A_host_that_just_stops_fails_what_did_not_run()
    {
        (int code, string last, string all) = Report(["N.C.A.0", "N.C.B.0", "N.C.B.1"], "Test passed,N.C.A.0,12");

        Assert.AreEqual(1, code);
        Assert.AreEqual("1 passed, 2 failed", last);
        StringAssert.Contains(all, "not run N.C.B.1");
    }

    [TestMethod]
    [DataRow("Test skipped,N.C.A.0,no sensor")]
    [DataRow("Test passed,N.C.Other.0,1")]
    [DataRow("nothing of a test")]
    public void Skipped_unknown_or_nothing_is_not_a_pass(string line)
    {
        Assert.AreEqual(1, Report(["N.C.A.0"], line).Code);
    }

    [TestMethod]
    public void A_test_that_reports_twice_is_a_failure()
    {
        Assert.AreEqual(1, Report(["N.C.A.0"], "Test passed,N.C.A.0,1", "Test passed,N.C.A.0,1").Code);
    }

    [TestMethod]
    public void No_tests_at_all_is_not_a_pass()
    {
        Assert.AreEqual(1, Report([]).Code);
    }
}

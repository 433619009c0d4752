// Reads the launcher's lines and compares them with the list of tests. The launcher gives no totals, and a host that
// crashes just stops: what did not run is a failure.

namespace NanoSync.NanoRun;

internal sealed class TestReport(IReadOnlyList<string> expected, TextWriter to)
{
    private readonly HashSet<string> _missing = [.. expected];
    private readonly List<string> _other = []; // lines between tests: an exception's trace stands before its "Test failed"
    private int _passed;
    private int _failed;

    /// <summary>Takes a line: "Test passed,NAME,ticks", "Test failed,NAME,message" or "Test skipped,NAME,message".</summary>
    public void Take(string line)
    {
        string[] parts = line.Split(',', 3); // a message may hold commas
        if (parts.Length < 3 || parts[0] is not ("Test passed" or "Test failed" or "Test skipped"))
        {
            _other.Add(line);
            return;
        }

        bool expectedOne = _missing.Remove(parts[1]);
        if (parts[0] == "Test passed" && expectedOne)
        {
            _passed++;
            to.WriteLine($"passed  {parts[1]}");
        }
        else
        {
            _failed++;
            to.WriteLine($"{parts[0][5..],-7} {parts[1]}: {(expectedOne ? parts[2] : "not in the list of tests, or twice")}");
            _other.ForEach(l => to.WriteLine("        " + l));
        }

        _other.Clear();
    }

    /// <summary>Prints what did not run and the totals; 0 when all passed.</summary>
    public int Finish()
    {
        _other.ForEach(l => to.WriteLine("        " + l));
        foreach (string test in expected.Where(_missing.Contains))
        {
            to.WriteLine($"not run {test}");
        }

        int failed = _failed + _missing.Count;
        to.WriteLine($"{_passed} passed, {failed} failed");
        return failed == 0 && _passed > 0 ? 0 : 1;
    }
}

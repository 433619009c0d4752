// The table of docs/figures.md and the code that it was measured of.

namespace NanoSync.NanoRun.Tests;

[TestClass]
public sealed class FiguresTests
{
    [TestMethod]
    public void The_table_of_figures_was_measured_of_this_device_code()
    {
        string? measured = Figures.Measured(File.ReadAllText(Figures.Path));

        Assert.AreEqual(Figures.Sum(Repository.Root), measured, "Device code changed since docs/figures.md was measured. Run: Tests/run-nanoclr.sh budgets --write");
    }

    [TestMethod]
    public void A_change_of_any_device_source_is_another_code_and_one_of_the_virtual_device_is_not()
    {
        string root = Directory.CreateTempSubdirectory("nano-figures").FullName;
        try
        {
            foreach (string file in (string[])["Protocol.Lite/A.cs", "Storage/Files/B.cs", "Device/Virtual/C.cs", "Device/Firmware/Nano/D.cs"])
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
                File.WriteAllText(Path.Combine(root, file), "class A { }\n");
            }

            string before = Figures.Sum(root);
            File.AppendAllText(Path.Combine(root, "Device/Virtual/C.cs"), "//");
            Assert.AreEqual(before, Figures.Sum(root));
            File.AppendAllText(Path.Combine(root, "Device/Firmware/Nano/D.cs"), "//");
            Assert.AreNotEqual(before, Figures.Sum(root));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [TestMethod]
    public void A_budget_that_is_passed_and_a_row_without_a_number_are_told_apart()
    {
        Dictionary<string, double> measured = [];
        Budgets.Take(measured, "P", ["x: 5 bytes", "-- part", "x: 11 bytes", "##step il=200 alloc=0 used=1/2", "no number: here"]);
        Budget[] table =
        [
            new("G", "kept", ["P/x"], 1, 5),
            new("G", "passed", ["P/part/x"], 1, 10),
            new("G", "per ten", ["P/step/il"], 10, 20, 25),
            new("G", "absent", ["P/step/opens"], 1, 20),
        ];

        StringWriter text = new();
        Assert.AreEqual((1, 1), Budgets.Print(text, table, measured));
        StringAssert.Contains(text.ToString(), "| passed | 11 PASSED | 10 |");
        StringAssert.Contains(text.ToString(), "| per ten | 20 | 20 | 25, met |");
        StringAssert.Contains(text.ToString(), "| absent | not measured by this host |");
    }

    [TestMethod]
    public void The_table_takes_the_place_of_the_one_before_and_nothing_else_changes()
    {
        string document = File.ReadAllText(Figures.Path);

        string once = Figures.With(document, "| a |\n", "0123456789abcdef", "1234567");
        string twice = Figures.With(once, "| a |\n", "0123456789abcdef", "1234567");

        Assert.AreEqual(once, twice);
        Assert.AreEqual("0123456789abcdef", Figures.Measured(once));
        StringAssert.StartsWith(once, document[..document.IndexOf("<!-- budgets", StringComparison.Ordinal)]);
        StringAssert.EndsWith(once, document[document.IndexOf("<!-- budgets end", StringComparison.Ordinal)..]);
    }
}

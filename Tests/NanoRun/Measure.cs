// Runs the programs that print the numbers of Budgets, and prints the table.

namespace NanoSync.NanoRun;

internal sealed class Measure(Settings settings, Build build)
{
    private const int HeapOfBoards = 110_000;
    private const int FlashOfBoards = 256;
    private const int WakesBefore = 200;
    private const int WakesCounted = 100;
    private const int TooMuch = 999_999; // told in place of a number: a board has not that much, and no budget allows it
    private const int PatienceSeconds = 600; // a run takes seconds, on a busy machine minutes; a host ends what has too little heap to ever end
    private const int Step = 256; // the smallest heap is found this exactly

    private readonly Dictionary<string, double> _measured = [];
    private bool _quick; // without the smallest heaps, which take most of the time

    /// <summary>Measures all that this host can, prints the table, and keeps it in docs/figures.md when asked.</summary>
    /// <returns>0; 1 when a budget is passed; 3 when the table was to be written and has rows without a number.</returns>
    public int Run(TextWriter to, bool write, bool quick)
    {
        _quick = quick;
        Sizes();
        foreach (string program in (string[])["SyncRun", "CarrierCost", "Costs"])
        {
            List<string> lines = Ended(build.Make(Program(program)), [], program == "SyncRun" ? "left behind by the sync" : program == "Costs" ? "store acknowledge" : "lean HTTP carrier");
            Budgets.Take(_measured, program, lines);
        }

        if (_measured.ContainsKey("Costs/store_append/opens"))
        {
            Board();
        }

        StringWriter table = new() { NewLine = "\n" };
        (int passed, int missing) = Budgets.Print(table, Budgets.Table, _measured);
        to.Write(table);
        to.WriteLine($"{Budgets.Table.Count - passed - missing} within their budgets, {passed} passed, {missing} not measured by this host");
        if (write && missing > 0)
        {
            throw new CannotRun("docs/figures.md is not written: this nanoCLR does not give all rows. --help says what it needs.");
        }

        if (write)
        {
            string commit = Tool.Run("git", ["describe", "--always", "--dirty=, with changes"]).Output.Trim();
            File.WriteAllText(Figures.Path, Figures.With(File.ReadAllText(Figures.Path), table.ToString(), Figures.Sum(Repository.Root), commit));
        }

        return passed == 0 ? 0 : 1;
    }

    private static NanoProject Program(string name) => NanoProject.Read(Path.Combine(Repository.Root, "Tests", "NanoPrograms", name));

    private void Sizes()
    {
        foreach (string folder in (string[])["Device", "Protocol.Lite/Xml", "Storage/Files", "Device/App", "Device/LeanHttp", "Device/Sealed"])
        {
            build.Make(NanoProject.Read(Path.Combine(Repository.Root, folder)));
        }

        foreach (NanoAssembly made in build.Made)
        {
            _measured["pe/" + made.Name] = new FileInfo(made.Pe).Length;
        }
    }

    // Files and sockets: each scenario of BoardRun is a program of its own, and each run of it a start of the board.
    private void Board()
    {
        string folder = Directory.CreateTempSubdirectory("nano-flash").FullName;
        try
        {
            int port;
            using (BoardServer any = new(0, 0))
            {
                port = any.Port;
            }

            IReadOnlyList<string> sync = Scenario("sync", port);
            Budgets.Take(_measured, "sync", Whole("sync", sync, port, ""));
            IReadOnlyList<string> bare = Scenario("bare", port, "BareRun");
            Budgets.Take(_measured, "bare", Whole("bare", bare, port, ""));
            if (!_quick)
            {
                _measured["smallest/bare"] = Smallest(bare, port, () => "");
                _measured["smallest/sync"] = Smallest(sync, port, () => "");

                string full = Path.Combine(folder, "full");
                Whole("fill", Scenario("fill", port), port, full);
                _measured["smallest/boot"] = Smallest(Scenario("boot", port), port, () => CopyOf(full));
            }

            string kept = Path.Combine(folder, "kept");
            IReadOnlyList<string> keep = Scenario("keep", port);
            using BoardServer server = new(port, objects: 30); // the same for both: it knows the device in the wake
            if (Run(keep, kept, 0) == null || Run(Scenario("wake", port), kept, 0) is not { } wake)
            {
                throw new CannotRun("BoardRun, wake: did not end.", CannotRun.Failed);
            }

            Budgets.Take(_measured, "wake", wake);
            if (!_quick)
            {
                Wakes(folder, port, keep);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The first wake finds one short segment. What each of many costs shows when the log has gone round.
    private void Wakes(string folder, int port, IReadOnlyList<string> keep)
    {
        string kept = Path.Combine(folder, "kept-long");
        IReadOnlyList<string> program = Scenario("wake", port);
        _ = Run(keep, kept, 0, FlashOfBoards);
        for (int i = 1; i <= WakesBefore + WakesCounted; i++)
        {
            Dictionary<string, double> one = [];
            Budgets.Take(one, "wakes", Run(program, kept, 0, FlashOfBoards) ?? throw new CannotRun($"BoardRun, wake {i} of one flash: did not end.", CannotRun.Failed));
            foreach ((string name, double value) in one.Where(_ => i > WakesBefore))
            {
                _measured[name] = _measured.GetValueOrDefault(name) + value;
            }
        }
    }

    private static string CopyOf(string image)
    {
        File.Copy(image, image + "-copy", overwrite: true);
        return image + "-copy";
    }

    private IReadOnlyList<string> Scenario(string name, int port, string program = "BoardRun")
    {
        NanoProject project = Program(program);
        return build.Make(project, project.Sources.Single(s => Path.GetFileName(s) == "Scenario.cs"), $$"""
            namespace NanoSync.{{program}} { public static class Scenario { public const string Name = "{{name}}"; public const int Port = {{port}}; } }
            """);
    }

    private List<string> Whole(string scenario, IReadOnlyList<string> files, int port, string image)
    {
        using BoardServer server = new(port, objects: 8);
        return Run(files, image, 0) ?? throw new CannotRun($"BoardRun, {scenario}: did not end.", CannotRun.Failed);
    }

    // Between two heaps of which the smaller is too small, until they are a step apart.
    private int Smallest(IReadOnlyList<string> files, int port, Func<string> image)
    {
        bool Passes(int heap)
        {
            using BoardServer server = new(port, objects: 8);
            return Run(files, image(), heap) != null;
        }

        int enough = HeapOfBoards;
        int less = 16 * 1024;
        if (Passes(less))
        {
            throw new CannotRun("This nanoCLR does not keep to NANO_HEAP_BYTES.", CannotRun.Failed);
        }

        if (!Passes(enough))
        {
            return TooMuch;
        }

        while (enough - less > Step)
        {
            int between = (enough + less) / 2;
            if (Passes(between))
            {
                enough = between;
            }
            else
            {
                less = between;
            }
        }

        return enough;
    }

    // The program's lines, or null when it did not come to its end. heap 0: the host's own.
    private List<string>? Run(IReadOnlyList<string> files, string image, int heap, int flash = 1024)
    {
        Dictionary<string, string> environment = new() { ["NANO_FLASH_KB"] = flash.ToString(), ["NANO_FLASH_IMAGE"] = image };
        if (heap > 0)
        {
            environment["NANO_HEAP_BYTES"] = heap.ToString();
        }

        List<string> lines = [];
        Host.Run(settings, files, lines.Add, environment, PatienceSeconds);
        return lines.Contains("done") ? lines : null;
    }

    private List<string> Ended(IReadOnlyList<string> files, Dictionary<string, string> environment, string last)
    {
        // What follows the last line is the host's own end, which on some machines hangs or aborts.
        List<string> lines = [];
        Host.Run(settings, files, lines.Add, environment, 2 * PatienceSeconds);
        return lines.FindLastIndex(l => l.StartsWith(last, StringComparison.Ordinal)) >= 0 ? lines
            : throw new CannotRun("A program did not come to its end:\n" + string.Join('\n', lines), CannotRun.Failed);
    }
}

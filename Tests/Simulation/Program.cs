using System.Diagnostics;
using NanoSync.Simulation;

string verb = args.Length > 0 ? args[0] : "help";
switch (verb)
{
    case "run":
        return Runner.RunUntilStopped(args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : int.MaxValue,
            args.Length > 3 ? Enum.Parse<Mutation>(args[3], true) : Mutation.None);
    case "seed" when args.Length > 1:
        return Runner.Show(ulong.Parse(args[1]), args.Length > 2 ? Enum.Parse<Mutation>(args[2], true) : Mutation.None);
    case "postgres":
        return Runner.PrintPostgres(args.Length > 3 ? args[3] : null, args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : 20);
    case "alone-seed" when args.Length > 1:
        return Runner.Show(ulong.Parse(args[1]), Mutation.None, prepare: w => w.Alone = true);
    case "boards":
        return Runner.PrintBoards(args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : 200);
    case "boards-seed" when args.Length > 1:
        return Runner.Show(ulong.Parse(args[1]), Mutation.None, prepare: w => w.Boards = true);
    case "cuts":
        (Figures figures, List<string> failures) = Cuts.Run(args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : 0, true, 2, args.Length > 3 ? int.Parse(args[3]) : -1);
        Console.WriteLine(figures);
        failures.ForEach(Console.WriteLine);
        return failures.Count == 0 ? 0 : 1;
    case "fuzz" when args.Length > 1:
        int found = Fuzzer.Run(args[1], args.Length > 2 ? int.Parse(args[2]) : 100_000, args.Length > 3 ? ulong.Parse(args[3]) : 1,
            args.Length > 4 ? args[4] : "Tests/SimulationTests/corpus", args.Contains("keep"), out string said);
        Console.Write(said);
        return found;
    case "fuzz-child":
        return Fuzzer.Child(args[1], int.Parse(args[2]), ulong.Parse(args[3]), args[4], args.Contains("keep"));
    case "replay" when args.Length > 1:
        return Replay.RunFile(args[1], args.Contains("trace"), Console.Out);
    case "corpus":
        CorpusMaker.Write(args.Length > 1 ? args[1] : "Tests/SimulationTests/corpus");
        return 0;
    case "proxy":
        return ProxyRunner.Print(args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : 300);
    case "proxy-seed" when args.Length > 1:
        return ProxyRunner.Show(ulong.Parse(args[1]), args.Length > 2 ? Enum.Parse<ProxyMutation>(args[2], true) : ProxyMutation.None);
    case "proxy-mutants":
        return ProxyRunner.Mutants(args.Length > 1 ? int.Parse(args[1]) : 300);
    case "coverage":
        Console.Write(Coverage.Of(1, args.Length > 1 ? int.Parse(args[1]) : 100, 2));
        return 0;
    case "mutant" when args.Length > 1:
        if (args.Length > 3 || (args.Length == 3 && !int.TryParse(args[2], out _)))
        {
            Console.Error.WriteLine($"mutant takes words and a number of seeds; words of several go in quotes: mutant \"{string.Join(' ', args[1..].Where(a => !int.TryParse(a, out _)))}\" 100");
            return 2;
        }

        return Runner.Mutants(args[1], args.Length > 2 ? int.Parse(args[2]) : 100);
    case "table":
        return Runner.Table(args.Length > 1 ? int.Parse(args[1]) : 300, args.Length > 2 ? int.Parse(args[2]) : 1, args.Length > 3 ? int.Parse(args[3]) : int.MaxValue);
    case "mutants":
        return Runner.Mutants(args.Length > 1 ? int.Parse(args[1]) : 300);
    default:
        Console.WriteLine("""
            run [FIRST] [COUNT] [MUTATION]   seeds one after the other until stopped (Ctrl+C); prints the first failure with its trace
            boards [FIRST] [COUNT], boards-seed N   boards whose flash is copied, and put back from an image
            postgres [FIRST] [COUNT] [HOST=...]   seeds whose server is on PostgreSQL, in a cluster made for it or in that one; each the
                                  same run as over SQLite; alone-seed N: the same run over SQLite, with its trace
            seed N [MUTATION]     one seed with its trace
            replay FILE [trace]   a field diary, as `device diary NAME --file FILE` saved it
            cuts [SEED] [PAIRS] [ROUND]   a scripted life, cut at every byte of every message and at every file call
            fuzz TARGET [INPUTS] [SEED] [CORPUS] [keep]   hostile bytes; "keep" adds to the corpus. Targets: wbxml xml record class
                                  series sealed server-xml sync post reply mount
            corpus [FOLDER]       writes the inputs that fuzzing begins with
            proxy [FIRST] [COUNT] device - proxy - upstream, faults on both links
            proxy-seed N [MUTATION], proxy-mutants [SEEDS]   the same of these
            coverage [SEEDS]      lines of engine, store and server rules that seeds run, and what they never run
            mutants [SEEDS]       each deliberate fault, until a seed notices it
            table [SEEDS] [FIRST] [COUNT]   the same of the rules broken in the source, or of these rows, as DESIGN.md has it
            mutant WORDS [SEEDS]  the rules broken in the source whose name has these words; where a test is to notice one, its
                                  project is built before
            """);
        return verb == "help" ? 0 : 2;
}

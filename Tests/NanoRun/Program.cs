// Runs board code under nanoCLR with what the user has of nanoFramework. Help.Text says how to use and set it up.
//
//   Settings     what is there: host, metadata processor, assemblies
//   NanoProject  what a .nfproj says
//   Build        C# -> dll -> pe, projects below first
//   Host         pe files in, lines out
//   Measure      runs the programs whose numbers Budgets compares, with BoardServer at the other end; Figures keeps them
//   TestList     the tests that NFUnitTest has; TestReport compares them with what ran

using NanoSync.NanoRun;

string command = args.FirstOrDefault() ?? "test";
if (command is "help" or "--help" or "-h")
{
    Console.Write(Help.Text);
    return 0;
}

bool write = args.Length == 2 && args[1] == "--write";
bool quick = args.Length == 2 && args[1] == "--quick";
if (!(command is "test" or "budgets" && args.Length <= 1) && !(command == "budgets" && (write || quick)) && !(command is "run" or "sizes" && args.Length >= 2))
{
    Console.Error.Write(Help.Text);
    return 2;
}

try
{
    Settings settings = Settings.Read(Repository.Root);
    settings.Require(host: command != "sizes");
    Build build = new(settings);
    switch (command)
    {
        case "test":
            NanoProject tests = NanoProject.Read(Path.Combine(Repository.Root, "Tests", "DeviceTests"));
            IReadOnlyList<string> files = build.Make(tests);
            TestReport report = new(TestList.Of(build.ImageOf(tests)), Console.Out);
            Host.Run(settings, [.. files, settings.Assembly(TestList.Launcher).Pe], report.Take);
            return report.Finish();

        case "run":
            return Host.Run(settings, build.Make(NanoProject.Read(args[1])), Console.WriteLine);

        case "budgets":
            return new Measure(settings, build).Run(Console.Out, write, quick);

        default:
            foreach (string folder in args.Skip(1))
            {
                build.Make(NanoProject.Read(folder));
            }

            Sizes.Print(Console.Out, build);
            return 0;
    }
}
catch (CannotRun why)
{
    Console.Error.WriteLine(why.Message);
    return why.ExitCode;
}

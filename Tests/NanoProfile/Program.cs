// dotnet run --project Tests/NanoProfile -- check [folder...]     the report; exit code 1 when something is refused
// dotnet run --project Tests/NanoProfile -- show                  the gate refusing a few snippets
// dotnet run --project Tests/NanoProfile -- unused <folder>       what an application loads and never calls
// dotnet run --project Tests/NanoProfile -- members <assembly>    what an assembly of boards has

using NanoSync.NanoProfile;

switch (args.FirstOrDefault())
{
    case "check":
        return Report.Check(Console.Out, args.Skip(1).Select(f => f.TrimEnd('/').Replace('\\', '/')).ToList());
    case "show":
        return Report.Show(Console.Out);
    case "members" when args.Length == 2:
        foreach (string line in ApiLists.Lines(Cecil.Read(ReferenceAssemblies.Image(args[1])).MainModule))
        {
            Console.WriteLine(line);
        }

        return 0;
    case "unused" when args.Length == 2:
        return Report.Unused(Console.Out, args[1].TrimEnd('/'));
    default:
        Console.Error.WriteLine("usage: check [folder...] | show | unused <folder> | members <assembly>");
        return 2;
}

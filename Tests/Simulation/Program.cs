using System.Diagnostics;
using NanoSync.Simulation;

string verb = args.Length > 0 ? args[0] : "help";
switch (verb)
{
    case "run":
        return Runner.RunUntilStopped(args.Length > 1 ? ulong.Parse(args[1]) : 1, args.Length > 2 ? int.Parse(args[2]) : int.MaxValue);
    case "seed" when args.Length > 1:
        return Runner.Show(ulong.Parse(args[1]), args.Length > 2 ? Enum.Parse<Mutation>(args[2], true) : Mutation.None);
    case "mutants":
        return Runner.Mutants(args.Length > 1 ? int.Parse(args[1]) : 300);
    default:
        Console.WriteLine("""
            run [FIRST] [COUNT]   seeds one after the other until stopped (Ctrl+C); prints the first failure with its trace
            seed N [MUTATION]     one seed with its trace
            mutants [SEEDS]       each deliberate fault, until a seed notices it
            """);
        return verb == "help" ? 0 : 2;
}

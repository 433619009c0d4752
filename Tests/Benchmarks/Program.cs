// Figures of the project, each verb a kind of them: what the bytes on the wire are, what coding costs, what the store costs.

using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using NanoSync.Benchmarks;

const string Usage = """
    Usage: dotnet run -c Release --project Tests/Benchmarks -- <verb>

      sizes [FILE.csv ...]   bytes of a reading in every form, one figure a line; FILE.csv holds timestamp,value
      codec [options]        time and allocations of encoding and decoding 20 readings (BenchmarkDotNet and its options)
      sync                   syncs a second, engine to server in one process, and their bytes
      idle                   bytes of an idle device's socket in an hour, by HTTP and by a broker (mosquitto); two minutes
      store                  what the flash store costs: bytes to files, erases, mount
    """;

switch (args.FirstOrDefault())
{
    case "sizes":
        try
        {
            Sizes.Run(Console.Out, args[1..]);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }

    case "codec":
        // in this process: a project made by the tool would not restore, see the .csproj
        IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        return BenchmarkSwitcher.FromTypes([typeof(CodecBenchmarks)]).Run(["--filter", "*", .. args[1..]], config).Any(s => s.HasCriticalValidationErrors) ? 1 : 0;

    case "sync":
        SyncBenchmark.Run(Console.Out);
        return 0;

    case "idle":
        return await IdleBench.Run(Console.Out);

    case "store":
        StoreBenchmark.Run(Console.Out);
        return 0;

    default:
        Console.Error.WriteLine(Usage);
        return 2;
}

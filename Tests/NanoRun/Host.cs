// The virtual device. Two kinds: the official tool takes `run --assemblies`, the POSIX build takes the pe files alone;
// both print "Ready." before and "Done." or "Exiting." after what the program writes.

namespace NanoSync.NanoRun;

internal static class Host
{
    /// <summary>Runs pe files, mscorlib first, and gives the program's lines. The host's exit code, or 1 when it never was ready.</summary>
    public static int Run(Settings settings, IReadOnlyList<string> files, Action<string> take, IReadOnlyDictionary<string, string>? environment = null, int seconds = 600)
    {
        string host = settings.Host!;
        bool official = Path.GetFileNameWithoutExtension(host) == "nanoclr";
        List<string> before = [];
        bool ready = false;
        int code = Tool.Run(
            host,
            official ? ["run", "--assemblies", .. files] : files,
            line =>
            {
                if (ready && line is not ("Done." or "Exiting." or ""))
                {
                    take(line);
                }
                else if (line == "Ready.")
                {
                    ready = true;
                }
                else if (!ready)
                {
                    before.Add(line);
                }
            },
            Path.GetDirectoryName(Path.GetFullPath(host)),
            environment,
            seconds,
            "Exiting.");
        if (!ready)
        {
            before.ForEach(Console.Error.WriteLine);
            Console.Error.WriteLine("nanoCLR did not get ready.");
            return 1;
        }

        if (code != 0)
        {
            Console.Error.WriteLine($"nanoCLR ended with code {code}.");
        }

        return code;
    }
}

// The program as a process of its own, over a data folder.

using System.Diagnostics;

namespace NanoSync.ServerTests;

internal static class Cli
{
    /// <summary>Runs the program to its end.</summary>
    public static (int Code, string Output, string Error) Run(string data, params string[] arguments)
    {
        using Process process = Process.Start(Info(data, arguments))!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    /// <summary>How it is started.</summary>
    public static ProcessStartInfo Info(string data, params string[] arguments)
    {
        ProcessStartInfo info = new(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(data)!,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "NanoSync.Server.dll"));
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["NANOSYNC_DATA"] = data;
        return info;
    }
}

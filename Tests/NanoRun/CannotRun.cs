namespace NanoSync.NanoRun;

/// <summary>The message is for the user, whole. 3 = something is missing here; 1 = our code does not build.</summary>
internal sealed class CannotRun(string message, int exitCode = CannotRun.Missing) : Exception(message)
{
    public const int Missing = 3;
    public const int Failed = 1;

    public int ExitCode { get; } = exitCode;
}

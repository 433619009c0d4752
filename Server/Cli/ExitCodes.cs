namespace NanoSync.Server.Cli;

/// <summary>Exit codes of the program.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1; // a bad message, a bad value, something changed since
    public const int Usage = 2;
    public const int NotFound = 3; // no such device, collection, object, file
    public const int DataUnusable = 4; // the data folder or the database
    public const int PortTaken = 5;
}

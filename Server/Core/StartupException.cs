namespace NanoSync.Server;

/// <summary>The server cannot start or reach its data, and why in words.</summary>
public sealed class StartupException(string message, bool portTaken = false) : Exception(message)
{
    /// <summary>True when another program listens on the port.</summary>
    public bool PortTaken => portTaken;
}

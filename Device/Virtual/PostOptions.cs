namespace NanoSync.Virtual;

/// <summary>What the command line said about ways whose replies come later.</summary>
internal sealed record PostOptions(
    string Carrier, string? Device, string? Folder, string? Smtp, string? Pop3, string? From, string? To, string? User, int Wait,
    string? Broker = null, string? Prefix = null, string? MqttUser = null, bool Plain = false)
{
    /// <summary>http: seconds for which the server may hold its answer; null = not said.</summary>
    public int? Hold { get; init; }

    public bool IsUsed => Carrier != "http";

    /// <summary>Of mailbox and relay; not on the command line, where others see it.</summary>
    public static string Password => Environment.GetEnvironmentVariable("NANOSYNC_MAIL_PASSWORD") ?? "";
}

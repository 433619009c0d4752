using System.Globalization;
using Microsoft.Extensions.Configuration;
using NanoSync.Server.Engine;
using NanoSync.Server.Mail;

namespace NanoSync.Server;

/// <summary>
/// What can be set: on the command line, in the environment (NANOSYNC_DATA, NANOSYNC_URLS, ...), or in a file
/// ({"NanoSync": {"data": ...}}): that of --config, else appsettings.json of the working directory; the first of these that has it wins.
/// </summary>
public sealed record ServerOptions : Http.HttpOptions
{
    /// <summary>Folder of the database and the admin token. Made when missing. Default: <see cref="DataFolder.Default"/>.</summary>
    public string Data { get; init; } = DataFolder.Default("server");

    /// <summary>PostgreSQL as "Host=...;Database=...;Username=...;Password=...", for many nodes on one database; null = a SQLite file in the data folder.</summary>
    public string? Database { get; init; }

    /// <summary>The mailbox; null = none is read.</summary>
    public MailOptions? Mail { get; init; }

    /// <summary>The broker; null = none is listened to.</summary>
    public Mqtt.MqttOptions? Mqtt { get; init; }

    /// <summary>True: readings are kept as typed tables, too, a table a class.</summary>
    public bool Tables { get; init; }

    /// <summary>How long a request waits for the database before 503.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Servers that collections are passed on to: proxy:0:url, ... See Proxy/ProxyTarget.cs.</summary>
    public IReadOnlyList<Proxy.ProxyTarget> Proxies { get; init; } = [];

    /// <summary>False: this process leaves the passing on to another one.</summary>
    public bool RunProxy { get; init; } = true;

    /// <summary>Reads options from configuration.</summary>
    public static ServerOptions From(IConfiguration configuration)
    {
        ServerOptions defaults = new();
        SyncLimits limits = defaults.Limits;
        return defaults with
        {
            Data = configuration["data"] ?? defaults.Data,
            Database = configuration["database"] ?? defaults.Database,
            Urls = configuration["urls"] ?? defaults.Urls,
            TlsCertificate = configuration["tlsCert"],
            TlsKey = configuration["tlsKey"],
            PlainHttp = bool.TryParse(configuration["plainHttp"], out bool plain) && plain,
            RatePerSecond = Number(configuration, "rate", defaults.RatePerSecond),
            RateBurst = (int)Number(configuration, "burst", defaults.RateBurst),
            Patience = TimeSpan.FromSeconds(Number(configuration, "patience", defaults.Patience.TotalSeconds)),
            SealedPerHour = (int)Number(configuration, "sealedPerHour", defaults.SealedPerHour),
            Otlp = configuration["otlp"] is { Length: > 0 } otlp ? Address(otlp) : null,
            Retention = RetentionRule.Parse(configuration["retention"] ?? ""),
            KeepNotes = Number(configuration, "keepNotes", 0) is > 0 and double days ? TimeSpan.FromDays(days) : null,
            Tables = bool.TryParse(configuration["tables"], out bool tables) && tables,
            KeepHistory = Number(configuration, "keepHistory", defaults.KeepHistory!.Value.TotalDays) is > 0 and double kept ? TimeSpan.FromDays(kept) : null,
            RunProxy = !bool.TryParse(configuration["runProxy"], out bool runs) || runs,
            Mail = MailOptions.Read(configuration.GetSection("mail")),
            Mqtt = NanoSync.Server.Mqtt.MqttOptions.Read(configuration.GetSection("mqtt")),
            OpenApiOnLoopback = bool.TryParse(configuration["openApiOnLoopback"], out bool open) && open,
            Alerts = new Alerts.AlertOptions
            {
                Kinds = Kinds(configuration["alerts"], defaults.Alerts.Kinds),
                After = TimeSpan.FromMinutes(Number(configuration, "alertAfter", defaults.Alerts.After.TotalMinutes)),
                Clear = TimeSpan.FromMinutes(Number(configuration, "alertClear", defaults.Alerts.Clear.TotalMinutes)),
                Quiet = TimeSpan.FromMinutes(Number(configuration, "alertQuiet", defaults.Alerts.Quiet.TotalMinutes)),
                Webhook = configuration["alertWebhook"] is not { Length: > 0 } hook ? null
                    : Uri.TryCreate(hook, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" ? url
                    : throw new StartupException($"The setting alertWebhook is http:// or https://, not {hook}"),
                WebhookSecret = configuration["alertWebhookSecret"] ?? defaults.Alerts.WebhookSecret,
                Mail = configuration["alertMail"] is not { Length: > 0 } to ? null
                    : MimeKit.InternetAddressList.TryParse(to, out _) ? to : throw new StartupException($"The setting alertMail is mail addresses, not {to}"),
            },
            KeepChanges = TimeSpan.FromHours(Number(configuration, "keepChangesHours", defaults.KeepChanges.TotalHours)),
            Fleet = new Fleet.FleetLimits
            {
                BatteryLow = Number(configuration, "batteryLow", defaults.Fleet.BatteryLow),
                FlashLow = (long)Number(configuration, "flashLow", defaults.Fleet.FlashLow),
                FlashLife = (long)Number(configuration, "flashLife", defaults.Fleet.FlashLife),
                ClockOff = (long)Number(configuration, "clockOff", defaults.Fleet.ClockOff),
                Hold = TimeSpan.FromHours(Number(configuration, "holdHours", defaults.Fleet.Hold.TotalHours)),
            },
            Proxies = Proxy.ProxyTarget.From(configuration),
            Limits = limits with
            {
                MaxObjects = (long)Number(configuration, "maxObjects", limits.MaxObjects),
                MaxReadings = (long)Number(configuration, "maxReadings", limits.MaxReadings),
                MaxDeleted = (int)Number(configuration, "maxDeleted", limits.MaxDeleted),
                MaxObject = (int)Number(configuration, "maxObject", limits.MaxObject),
                MaxMessage = (int)Number(configuration, "maxMessage", limits.MaxMessage),
                MostHold = (int)Number(configuration, "maxWait", limits.MostHold),
                MaxHeld = (int)Number(configuration, "maxWaiting", limits.MaxHeld),
                MaxReply = (int)Number(configuration, "maxReply", limits.MaxReply),
            },
        };
    }

    /// <summary>The configuration of this process: environment over a file.</summary>
    /// <param name="path">The file, which must be there; null = appsettings.json of the working directory, if there is one.</param>
    public static IConfiguration Configuration(string? path = null)
    {
        IConfigurationRoot file = new ConfigurationBuilder()
            .SetBasePath(Directory.GetCurrentDirectory())
            .AddJsonFile(path == null ? "appsettings.json" : Path.GetFullPath(path), optional: path == null)
            .Build();
        return new ConfigurationBuilder()
            .AddConfiguration(file.GetSection("NanoSync"))
            .AddEnvironmentVariables("NANOSYNC_")
            .Build();
    }

    // Names, comma-separated; "none" = nothing becomes an alert.
    private static IReadOnlyList<string> Kinds(string? text, IReadOnlyList<string> otherwise)
    {
        if (text == null)
        {
            return otherwise;
        }

        string[] known = [.. Enum.GetValues<Fleet.Problem>().Select(NanoSync.Server.Alerts.AlertOptions.NameOf), NanoSync.Server.Alerts.AlertService.ProxyAway, NanoSync.Server.Alerts.AlertService.BrokerAway];
        string[] kinds = text == "none" ? [] : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(kinds, k => !known.Contains(k)) is { } unknown
            ? throw new StartupException($"The setting alerts has no {unknown}. There are: {string.Join(", ", known)}") : kinds;
    }

    private static Uri Address(string text)
    {
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" ? address
            : throw new StartupException($"The setting otlp is not an address like http://127.0.0.1:4318: {text}");
    }

    private static double Number(IConfiguration configuration, string name, double otherwise)
    {
        string? text = configuration[name];
        if (text == null)
        {
            return otherwise;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && value <= int.MaxValue
            ? value
            : throw new StartupException($"The setting {name} is not a number from 0 to {int.MaxValue}: {text}");
    }
}

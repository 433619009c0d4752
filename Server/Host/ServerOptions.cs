using Microsoft.Extensions.Configuration;
using NanoSync.Server.Engine;
using NanoSync.Server.Host;
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
    /// <exception cref="StartupException">Settings that cannot be read: a line for each, which it is and what it is to be.</exception>
    public static ServerOptions From(IConfiguration configuration)
    {
        SettingReader settings = new(configuration);
        ServerOptions options = From(configuration, settings);
        return settings.Wrong.Count == 0 ? options : throw new StartupException(string.Join(Environment.NewLine, settings.Wrong));
    }

    private static ServerOptions From(IConfiguration configuration, SettingReader settings)
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
            PlainHttp = settings.Flag("plainHttp", false),
            RatePerSecond = settings.Number("rate", defaults.RatePerSecond),
            RateBurst = (int)settings.Number("burst", defaults.RateBurst),
            Patience = TimeSpan.FromSeconds(settings.Number("patience", defaults.Patience.TotalSeconds)),
            SealedPerHour = (int)settings.Number("sealedPerHour", defaults.SealedPerHour),
            Otlp = settings.Address("otlp", "an address like http://127.0.0.1:4318"),
            Retention = settings.Try(() => RetentionRule.Parse(configuration["retention"] ?? ""), []),
            KeepNotes = settings.Number("keepNotes", 0) is > 0 and double days ? TimeSpan.FromDays(days) : null,
            Tables = settings.Flag("tables", false),
            KeepHistory = settings.Number("keepHistory", defaults.KeepHistory!.Value.TotalDays) is > 0 and double kept ? TimeSpan.FromDays(kept) : null,
            RunProxy = settings.Flag("runProxy", true),
            Mail = settings.Try(() => MailOptions.Read(configuration.GetSection("mail")), null),
            Mqtt = settings.Try(() => NanoSync.Server.Mqtt.MqttOptions.Read(configuration.GetSection("mqtt")), null),
            OpenApiOnLoopback = settings.Flag("openApiOnLoopback", false),
            Alerts = new Alerts.AlertOptions
            {
                Kinds = settings.Try(() => Kinds(configuration["alerts"], defaults.Alerts.Kinds), []),
                After = TimeSpan.FromMinutes(settings.Number("alertAfter", defaults.Alerts.After.TotalMinutes)),
                Clear = TimeSpan.FromMinutes(settings.Number("alertClear", defaults.Alerts.Clear.TotalMinutes)),
                Quiet = TimeSpan.FromMinutes(settings.Number("alertQuiet", defaults.Alerts.Quiet.TotalMinutes)),
                Webhook = settings.Address("alertWebhook", "http:// or https://"),
                WebhookSecret = configuration["alertWebhookSecret"] ?? defaults.Alerts.WebhookSecret,
                Mail = settings.Text("alertMail", text => MimeKit.InternetAddressList.TryParse(text, out _), "mail addresses"),
            },
            KeepChanges = TimeSpan.FromHours(settings.Number("keepChangesHours", defaults.KeepChanges.TotalHours)),
            Fleet = new Fleet.FleetLimits
            {
                BatteryLow = settings.Number("batteryLow", defaults.Fleet.BatteryLow),
                FlashLow = (long)settings.Number("flashLow", defaults.Fleet.FlashLow),
                FlashLife = (long)settings.Number("flashLife", defaults.Fleet.FlashLife),
                ClockOff = (long)settings.Number("clockOff", defaults.Fleet.ClockOff),
                Hold = TimeSpan.FromHours(settings.Number("holdHours", defaults.Fleet.Hold.TotalHours)),
            },
            Proxies = settings.Try(() => Proxy.ProxyTarget.From(configuration), []),
            Limits = limits with
            {
                MaxObjects = (long)settings.Number("maxObjects", limits.MaxObjects),
                MaxReadings = (long)settings.Number("maxReadings", limits.MaxReadings),
                MaxDeleted = (int)settings.Number("maxDeleted", limits.MaxDeleted),
                MaxObject = (int)settings.Number("maxObject", limits.MaxObject),
                MaxMessage = (int)settings.Number("maxMessage", limits.MaxMessage),
                MostHold = (int)settings.Number("maxWait", limits.MostHold),
                MaxHeld = (int)settings.Number("maxWaiting", limits.MaxHeld),
                MaxReply = (int)settings.Number("maxReply", limits.MaxReply),
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
}

// The server as it runs: the database, HTTP around the rules, and the jobs in the background.

using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using NanoSync.Server.Engine;
using NanoSync.Server.Http;
using NanoSync.Server.Mail;
using NanoSync.Server.Mqtt;
using NanoSync.Server.Proxy;
using NanoSync.Server.Tables;

namespace NanoSync.Server.Host;

/// <summary>A running web server.</summary>
public sealed class WebHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerCore _core;

    private WebHost(WebApplication app, ServerCore core, string? adminToken, IReadOnlyList<string> urls)
    {
        _app = app;
        _core = core;
        AdminToken = adminToken;
        Urls = urls;
    }

    /// <summary>The first token of /v1, if this start made it: it is kept nowhere else. Null when there was one before.</summary>
    public string? AdminToken { get; }

    /// <summary>Where it listens, with the ports really taken.</summary>
    public IReadOnlyList<string> Urls { get; }

    /// <summary>The parts.</summary>
    public ServerCore Core => _core;

    /// <summary>Opens the data folder and starts listening.</summary>
    public static async Task<WebHost> Start(ServerOptions options, TimeProvider? clock = null, LogLevel logLevel = LogLevel.Warning)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.Logging.AddConsole(o => o.FormatterName = OneLineFormatter.FormatName);
        builder.Logging.AddConsoleFormatter<OneLineFormatter, ConsoleFormatterOptions>();
        builder.Logging.SetMinimumLevel(logLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // what stops it from starting is told below
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None); // the part that met the fault has logged it once; the check would log it at each question
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(ListenUrls.Check(ListenUrls.Parse(options.Urls), options.PlainHttp));
        TlsCertificate? tls = options is { TlsCertificate: { } certificate, TlsKey: { } key } ? new TlsCertificate(certificate, key) : null;
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            if (tls != null)
            {
                kestrel.ConfigureHttpsDefaults(https =>
                {
                    https.ServerCertificate = tls.Current.TargetCertificate;
                    https.OnAuthenticate = (_, ssl) => ssl.ServerCertificateContext = tls.Current;
                });
            }

            kestrel.Limits.MaxRequestBodySize = options.Limits.MaxMessage;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(5);
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 << 10;

            // a satellite link gives less than the 240 bytes a second that browsers give
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(16, TimeSpan.FromSeconds(30));
            kestrel.Limits.MinResponseDataRate = new MinDataRate(16, TimeSpan.FromSeconds(30));
        });
        Api.Add(builder.Services);
        Observing.Add(builder.Services, options.Otlp);
        StartOptions.Add(builder.Services, options);
        ServerCore core = null!;
        builder.Services.AddSingleton(_ => core);
        builder.Services.AddSingleton<StoreTrouble>().AddSingleton<SyncEndpoint>().AddSingleton<ClaimEndpoint>();
        builder.Services.AddHealthChecks().AddCheck<Health>("database");
        AddJobs(builder.Services, options);
        WebApplication app = builder.Build();
        try
        {
            _ = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value; // before the database is made
        }
        catch (OptionsValidationException e)
        {
            await app.DisposeAsync();
            throw new StartupException(string.Join(Environment.NewLine, e.Failures));
        }

        tls?.Logger = app.Services.GetRequiredService<ILogger<TlsCertificate>>();
        core = ServerData.Open(options, clock, app.Services.GetRequiredService<ILogger<SyncService>>());
        try
        {
            StoreTrouble trouble = app.Services.GetRequiredService<StoreTrouble>();
            Api.Map(app, core, trouble);
            Observing.Map(app);
            app.MapPost("/sync", app.Services.GetRequiredService<SyncEndpoint>().Handle).AllowAnonymous().ExcludeFromDescription();
            Health.Map(app);
            PageFiles.Map(app);
            app.Lifetime.ApplicationStopping.Register(core.Held.EndAll); // Kestrel waits for what is not answered
            await app.StartAsync();
            string? token = Http.AdminToken.Ensure(core.Access, Path.GetFullPath(options.Data)); // not before: a start that fails shows none
            trouble.Begin();
            ICollection<string> urls = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            return new WebHost(app, core, token, [.. urls]);
        }
        catch (Exception e)
        {
            // jobs that began go first: they work on the database
            await app.StopAsync();
            await app.DisposeAsync();
            core.Dispose();
            throw e switch
            {
                IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } =>
                    new StartupException($"Another program listens on {options.Urls}. Choose another port with --port or --urls.", portTaken: true),
                SocketException or IOException => new StartupException($"Cannot listen on {options.Urls}: {e.Message}", portTaken: true),
                FormatException or InvalidOperationException => new StartupException($"Cannot listen on {options.Urls}: {e.Message}"),
                _ => e,
            };
        }
    }

    // What a server does by itself.
    private static void AddJobs(IServiceCollection services, ServerOptions options)
    {
        services.Configure<HostOptions>(o => o.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore); // devices are answered whatever a job meets
        services.AddHostedService<FleetJob>();
        services.AddHostedService<AlertJob>();
        services.AddHostedService<GroupJob>();
        services.AddHostedService<RetentionJob>();
        services.AddHostedService<BrokerJob>();
        services.AddSingleton(s => new ProxyService(s.GetRequiredService<ServerCore>(), options.Proxies, s.GetRequiredService<ILogger<ProxyService>>()));
        if (options.RunProxy)
        {
            services.AddHostedService<ProxyJob>();
        }

        if (options.Tables)
        {
            services.AddSingleton(s => ServerData.TablesOf(s.GetRequiredService<ServerCore>()));
            services.AddHostedService<TablesJob>();
        }

        if (options.Mqtt is { } broker)
        {
            services.AddSingleton(s => new MqttService(s.GetRequiredService<ServerCore>(), broker, s.GetRequiredService<ILogger<MqttService>>()));
            services.AddHealthChecks().AddCheck<BrokerHealth>("broker");
        }

        if (options.Mail is { } mail)
        {
            services.AddSingleton(mail);
            services.AddHostedService<MailJob>();
        }
    }

    /// <summary>Waits until the process is asked to end.</summary>
    public Task WaitForShutdown()
    {
        return _app.WaitForShutdownAsync();
    }

    /// <summary>Answers what was begun, stops listening, closes the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _core.Dispose();
    }
}

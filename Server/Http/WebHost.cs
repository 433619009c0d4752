// The web server around a core.

using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using NanoSync.Server.Engine;
using NanoSync.Server.Mail;
using NanoSync.Server.Mqtt;

namespace NanoSync.Server.Http;

/// <summary>A running web server.</summary>
public sealed class WebHost : IAsyncDisposable
{
    private const long MostChanges = 5_000_000; // some 60 bytes each

    private readonly WebApplication _app;
    private readonly ServerCore _core;
    private readonly AdminToken _adminToken;

    private readonly MqttService? _broker;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _mail;
    private readonly Task _mqtt = Task.CompletedTask;
    private readonly Task _fleet;
    private readonly Task _alerts;
    private readonly Task _retention;
    private readonly Task _tables;
    private readonly Task _groups;

    private WebHost(WebApplication app, ServerCore core, AdminToken adminToken, IReadOnlyList<string> urls, MqttService? mqtt)
    {
        _app = app;
        _core = core;
        _adminToken = adminToken;
        Urls = urls;
        _mail = core.Options.Mail is { } mail
            ? new MailService(core, mail, app.Services.GetRequiredService<ILogger<MailService>>()).Run(_ending.Token)
            : Task.CompletedTask;
        _broker = mqtt;
        if (mqtt != null)
        {
            MqttWaker waker = new(core, mqtt, app.Services.GetRequiredService<ILogger<MqttWaker>>());
            mqtt.Heard = waker.Heard;
            _mqtt = Task.WhenAll(mqtt.Run(_ending.Token), waker.Run(_ending.Token));
        }

        _fleet = KeepFleet(app.Services.GetRequiredService<ILogger<Fleet.FleetService>>());
        _alerts = KeepAlerts(app.Services.GetRequiredService<ILogger<Alerts.AlertService>>());
        _tables = core.Options.Tables ? KeepTables(app.Services.GetRequiredService<ILogger<Tables.TypedTables>>()) : Task.CompletedTask;
        _groups = KeepGroups(app.Services.GetRequiredService<ILogger<Groups.GroupService>>());
        _retention = new RetentionJob(core.Retention, core.Clock, app.Services.GetRequiredService<ILogger<Retention>>()).Run(_ending.Token);
    }

    /// <summary>The token of /v1.</summary>
    public string AdminToken => _adminToken.Value ?? throw new StartupException("The admin token cannot be read.");

    /// <summary>True when this start made the token of /v1.</summary>
    public bool IsAdminTokenNew => _adminToken.IsNew;

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
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseUrls(ListenUrls.Check(ListenUrls.Parse(options.Urls), options.PlainHttp));
        if (options.TlsCertificate == null != (options.TlsKey == null))
        {
            throw new StartupException("tlsCert and tlsKey are given together.");
        }

        TlsCertificate? tls = options.TlsCertificate == null ? null : new TlsCertificate(options.TlsCertificate, options.TlsKey!);
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
        AdminToken token = new(Path.GetFullPath(options.Data));
        builder.Services.AddSingleton(token);
        ServerCore core = null!;
        builder.Services.AddSingleton(_ => core);
        WebApplication app = builder.Build();
        tls?.Log = app.Services.GetRequiredService<ILogger<TlsCertificate>>();
        core = ServerCore.Open(options, clock, app.Services.GetRequiredService<ILogger<SyncService>>());
        try
        {
            StoreTrouble trouble = new(core, app.Services.GetRequiredService<ILogger<StoreTrouble>>());
            SyncEndpoint sync = new(core, new RateLimiter(options.RatePerSecond, options.RateBurst, core.Clock), trouble);
            Api.Map(app, core, token, trouble);
            Observing.Map(app);
            app.MapPost("/sync", sync.Handle).AllowAnonymous().ExcludeFromDescription();
            MqttService? mqtt = options.Mqtt == null ? null : new MqttService(core, options.Mqtt, app.Services.GetRequiredService<ILogger<MqttService>>());
            app.MapGet("/health", () => trouble.Check() is { } wrong ? Results.Text(wrong, statusCode: StatusCodes.Status503ServiceUnavailable)
                : Results.Text(mqtt?.Away is { } away ? "ok, but " + away : "ok")) // 200: without the broker it still serves
                .AllowAnonymous().ExcludeFromDescription();
            PageFiles.Map(app);
            app.Lifetime.ApplicationStopping.Register(core.Held.EndAll); // Kestrel waits for what is not answered
            await app.StartAsync();
            token.Ensure(); // not before: a start that fails shows none
            trouble.Begin();
            if (options.RunProxy)
            {
                core.Proxy.Start();
            }

            ICollection<string> urls = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            return new WebHost(app, core, token, [.. urls], mqtt);
        }
        catch (Exception e)
        {
            core.Dispose();
            await app.DisposeAsync();
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

    // Tells of alerts, and looks at upstreams.
    private async Task KeepAlerts(ILogger log)
    {
        TimeSpan pause = TimeSpan.FromSeconds(2);
        bool first = true;
        Proxy.UpstreamWatch upstreams = new(_core);
        long looked = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await _core.Alerts.Deliver(_ending.Token);
                if (System.Diagnostics.Stopwatch.GetElapsedTime(looked) > TimeSpan.FromMinutes(1))
                {
                    looked = System.Diagnostics.Stopwatch.GetTimestamp();
                    if (_broker != null || first)
                    {
                        MqttService.Look(_core, _broker?.Away); // once where no broker is set any more
                        first = false;
                    }

                    upstreams.Look();
                }
            }
            catch (StoreException)
            {
                // told where requests meet it; tried again
            }
            catch (Exception e) when (!_ending.IsCancellationRequested)
            {
                log.LogError(e, "Alerts could not be told.");
            }

            await Task.Delay(pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Brings groups' values to their members, a fifth of the time at most, as devices wait for it.
    private async Task KeepGroups(ILogger log)
    {
        TimeSpan pause = TimeSpan.FromSeconds(1);
        while (!_ending.IsCancellationRequested)
        {
            bool more = false;
            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            try
            {
                more = await Task.Run(_core.Groups.TurnAlone);
            }
            catch (StoreException)
            {
                // told where requests meet it; tried again
            }
            catch (Exception e)
            {
                log.LogError(e, "Groups' values could not be brought to their members.");
            }

            TimeSpan rest = 4 * System.Diagnostics.Stopwatch.GetElapsedTime(began);
            await Task.Delay(more || rest > pause ? rest : pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Every two seconds, and at once while there is more; at most half of the time.
    private async Task KeepTables(ILogger log)
    {
        const int AtOnce = 5000;
        TimeSpan pause = TimeSpan.FromSeconds(2);
        long pruned = 0;
        string told = "";
        while (!_ending.IsCancellationRequested)
        {
            int written = 0;
            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            try
            {
                written = await Task.Run(() => _core.Tables.Fill(AtOnce));
                if (pruned == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(pruned) > TimeSpan.FromHours(1))
                {
                    await Task.Run(_core.Tables.Prune);
                    pruned = System.Diagnostics.Stopwatch.GetTimestamp();
                }

                told = "";
            }
            catch (Exception e) when (!_ending.IsCancellationRequested)
            {
                if (e.Message != told)
                {
                    told = e.Message;
                    log.LogError("Typed tables are not filled: {Message} It is tried again.", told);
                }
            }

            await Task.Delay(written >= AtOnce ? System.Diagnostics.Stopwatch.GetElapsedTime(began) : pause, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Twice a second, and soon again while there is more to do; at most a fifth of the time, as devices wait for it.
    private async Task KeepFleet(ILogger log)
    {
        TimeSpan pause = TimeSpan.FromMilliseconds(500);
        long pruned = 0;
        while (!_ending.IsCancellationRequested)
        {
            bool more = false;
            long began = System.Diagnostics.Stopwatch.GetTimestamp();
            try
            {
                more = await Task.Run(() => _core.Fleet.Flush() | _core.Alerts.Turn());
                if (pruned == 0 || System.Diagnostics.Stopwatch.GetElapsedTime(pruned) > TimeSpan.FromMinutes(10))
                {
                    pruned = await Task.Run(() => _core.Fleet.Prune(_core.Options.KeepChanges, MostChanges)) ? 0 : System.Diagnostics.Stopwatch.GetTimestamp();
                }
            }
            catch (StoreException)
            {
                // told where requests meet it; tried again
            }
            catch (Exception e)
            {
                log.LogError(e, "The fleet could not be brought up to date.");
            }

            TimeSpan rest = 4 * System.Diagnostics.Stopwatch.GetElapsedTime(began);
            TimeSpan least = more ? TimeSpan.FromMilliseconds(20) : pause;
            await Task.Delay(rest > least ? rest : least, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
        await _ending.CancelAsync();
        await _mail;
        await _mqtt;
        await _fleet;
        await _alerts;
        await _retention;
        await _tables;
        await _groups;
        await _app.StopAsync();
        await _core.Proxy.DisposeAsync(); // before the application, which disposes the core that it was given
        await _app.DisposeAsync();
        _core.Dispose();
        _ending.Dispose();
    }
}

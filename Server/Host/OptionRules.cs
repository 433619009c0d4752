// What options of a server must be, however they were made: by a configuration, or by a program that has the server in it. The
// framework asks before anything is opened.

using Microsoft.Extensions.Options;
using NanoSync.Server.Http;

namespace NanoSync.Server.Host;

/// <summary>The rules of <see cref="ServerOptions"/>, each told by the name of its setting.</summary>
internal sealed class OptionRules : IValidateOptions<ServerOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        List<string> wrong = [];
        foreach ((string setting, double value, double least) in ((string, double, double)[])
        [
            ("rate", options.RatePerSecond, 0), ("burst", options.RateBurst, 0), ("sealedPerHour", options.SealedPerHour, 0), ("patience", options.Patience.TotalSeconds, 0),
            ("keepChangesHours", options.KeepChanges.TotalHours, 0), ("keepNotes", options.KeepNotes?.TotalDays ?? 0, 0), ("keepHistory", options.KeepHistory?.TotalDays ?? 0, 0),
            ("maxObjects", options.Limits.MaxObjects, 0), ("maxReadings", options.Limits.MaxReadings, 0), ("maxDeleted", options.Limits.MaxDeleted, 0),
            ("maxObject", options.Limits.MaxObject, 1), ("maxMessage", options.Limits.MaxMessage, 1), ("maxReply", options.Limits.MaxReply, 1),
            ("maxWait", options.Limits.MostHold, 0), ("maxWaiting", options.Limits.MaxHeld, 0),
        ])
        {
            if (!(value >= least) || double.IsInfinity(value))
            {
                wrong.Add($"The setting {setting} is a number from {least} on, not {value}.");
            }
        }

        if (string.IsNullOrWhiteSpace(options.Data))
        {
            wrong.Add("The setting data is a folder, and none is named.");
        }

        if (options.TlsCertificate == null != (options.TlsKey == null))
        {
            wrong.Add("The settings tlsCert and tlsKey are given together.");
        }

        foreach (Uri? address in (Uri?[])[options.Otlp, options.Alerts.Webhook])
        {
            if (address is not (null or { IsAbsoluteUri: true, Scheme: "http" or "https" }))
            {
                wrong.Add($"The setting {(address == options.Otlp ? "otlp" : "alertWebhook")} is http:// or https://, not {address}.");
            }
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}

/// <summary>Gives out the options that the server was started with, once they were found right.</summary>
internal sealed class StartOptions(ServerOptions given, IEnumerable<IValidateOptions<ServerOptions>> rules) : OptionsFactory<ServerOptions>([], [], rules)
{
    /// <summary>Adds the options and their rules.</summary>
    public static void Add(IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton<IOptionsFactory<ServerOptions>>(s => new StartOptions(options, s.GetServices<IValidateOptions<ServerOptions>>()));
        services.AddSingleton<IValidateOptions<ServerOptions>, OptionRules>();
        services.AddOptions<ServerOptions>().ValidateOnStart();
        services.AddSingleton<HttpOptions>(options);
    }

    /// <inheritdoc/>
    protected override ServerOptions CreateInstance(string name) => given;
}

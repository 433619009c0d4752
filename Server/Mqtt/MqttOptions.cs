// What is set under "mqtt" (NANOSYNC_MQTT__BROKER, NANOSYNC_MQTT__PASSWORD, ...). docs/mqtt.md has the table.

using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using NanoSync.Device;

namespace NanoSync.Server.Mqtt;

/// <summary>The broker, and its bounds.</summary>
public sealed record MqttOptions
{
    /// <summary>Its name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Its port.</summary>
    public required int Port { get; init; }

    /// <summary>True for TLS.</summary>
    public required bool Secure { get; init; }

    /// <summary>The server's account there; null = none.</summary>
    public string? User { get; init; }

    /// <summary>Its password.</summary>
    public string? Password { get; init; }

    /// <summary>What all topics begin with.</summary>
    public string Prefix { get; init; } = MqttBroker.DefaultPrefix;

    /// <summary>
    /// True: messages that carry a token as it is are taken, of devices that are not enrolled for sealed ones. The broker,
    /// and whom its access rules let read, can then speak as these devices.
    /// </summary>
    public bool Plain { get; init; }

    /// <summary>Messages taken from the broker and not acknowledged yet, at most; the others wait there.</summary>
    public int InFlight { get; init; } = 32;

    /// <summary>A CA certificate (PEM) trusted besides the machine's; null = none.</summary>
    public string? TrustedCa { get; init; }

    /// <summary>For a log: never with the password.</summary>
    public string Url => $"{(Secure ? "mqtts" : "mqtt")}://{Host}:{Port}";

    /// <summary>Reads the settings; null when there are none.</summary>
    public static MqttOptions? Read(IConfigurationSection mqtt)
    {
        if (mqtt["broker"] is not { Length: > 0 } url)
        {
            return null;
        }

        string? prefix = mqtt["prefix"] is { Length: > 0 } set ? set : null;
        if (MqttBroker.Problem(url) is { } problem)
        {
            throw new StartupException($"The setting mqtt:broker is not an address like mqtts://broker.example, but {url}: {problem}.");
        }

        if (MqttBroker.PrefixProblem(prefix) is { } wrong)
        {
            throw new StartupException($"The setting mqtt:prefix: {wrong}, not {prefix}.");
        }

        bool plain = Flag(mqtt, "plain");
        MqttBroker broker = new(url, prefix, "server");
        if (plain && !broker.IsSecure && !IsThisMachine(broker.Host))
        {
            throw new StartupException($"mqtt:plain takes messages that carry tokens as they are, so the broker must be reached by TLS: mqtts://, not {url}. Without TLS enrol the devices with --sealed.");
        }

        int inFlight = mqtt["inFlight"] is not { } text ? 32
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n is >= 1 and <= 1000 ? n
            : throw new StartupException($"The setting mqtt:inFlight is not a number from 1 to 1000: {text}");
        return new MqttOptions
        {
            Host = broker.Host,
            Port = broker.PortNumber,
            Secure = broker.IsSecure,
            User = mqtt["user"],
            Password = mqtt["password"],
            Prefix = prefix ?? MqttBroker.DefaultPrefix,
            Plain = plain,
            InFlight = inFlight,
            TrustedCa = mqtt["trustedCa"],
        };
    }

    private static bool Flag(IConfigurationSection mqtt, string name)
    {
        return mqtt[name] is { Length: > 0 } text
            && (bool.TryParse(text, out bool flag) ? flag : throw new StartupException($"The setting mqtt:{name} is true or false, not {text}"));
    }

    private static bool IsThisMachine(string host)
    {
        return host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
    }
}

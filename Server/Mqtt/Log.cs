// The log lines of this part.

using Microsoft.Extensions.Logging;
using MQTTnet;

namespace NanoSync.Server.Mqtt;

internal static partial class Log
{
    [LoggerMessage(LogLevel.Error, "Whether the broker is away could not be noted; it is tried again.")]
    public static partial void AwayNotNoted(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Error, "MQTT: devices could not be woken.")]
    public static partial void NobodyWoken(this ILogger log, Exception e);

    [LoggerMessage(LogLevel.Warning, "MQTT: {Broker}: {Error} Next try in {Seconds:F1} s.")]
    public static partial void BrokerAway(this ILogger log, string broker, string error, double seconds);

    [LoggerMessage(LogLevel.Information, "MQTT: {Device} was not woken: {Error}")]
    public static partial void NotWoken(this ILogger log, string device, string error);

    [LoggerMessage(LogLevel.Information, "MQTT: connected to {Broker}, listening on {Prefix}/+/up.")]
    public static partial void BrokerThere(this ILogger log, string broker, string prefix);

    [LoggerMessage(LogLevel.Warning, "MQTT: the broker does not take what is published on {Topic}/down: {Reason}. Its access rules must let {User} write it.")]
    public static partial void MayNotPublish(this ILogger log, string topic, MqttClientPublishReasonCode reason, string user);

    [LoggerMessage(LogLevel.Error, "MQTT: {Topic}: a message could not be taken.")]
    public static partial void MessageFailed(this ILogger log, Exception e, string topic);

    [LoggerMessage(LogLevel.Warning, "MQTT: {Topic}: refused: {Why}{More}")]
    public static partial void Refused(this ILogger log, string topic, string why, string more);

    [LoggerMessage(LogLevel.Warning, "MQTT: a message of {Device} waits for the database: {Error}")]
    public static partial void MessageWaits(this ILogger log, string device, string error);
}

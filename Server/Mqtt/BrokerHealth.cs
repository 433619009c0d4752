// The broker in /health: without it the server still serves.

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NanoSync.Server.Mqtt;

internal sealed class BrokerHealth(MqttService mqtt) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        return Task.FromResult(mqtt.Away is { } away ? HealthCheckResult.Degraded(away) : HealthCheckResult.Healthy());
    }
}

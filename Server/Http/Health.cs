// What /health says: 503 where the database does not take what it is given, else ok, and what is away beside it.

using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NanoSync.Server.Http;

/// <summary>The check of the database, and how all checks are told.</summary>
internal sealed class Health(StoreTrouble trouble) : IHealthCheck
{
    /// <summary>Maps /health.</summary>
    public static void Map(WebApplication app)
    {
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = Write }).AllowAnonymous().ExcludeFromDescription();
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        return Task.FromResult(trouble.Check() is { } wrong ? HealthCheckResult.Unhealthy(wrong) : HealthCheckResult.Healthy());
    }

    // Degraded: it still serves, so its status is 200.
    private static Task Write(HttpContext context, HealthReport report)
    {
        string told = string.Join("; ", report.Entries.Values.Where(e => e.Status == report.Status).Select(e => e.Description));
        return context.Response.WriteAsync(report.Status switch { HealthStatus.Healthy => "ok", HealthStatus.Degraded => "ok, but " + told, _ => told });
    }
}

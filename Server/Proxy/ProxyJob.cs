// The proxy in the background of a server.

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Proxy;

/// <summary>Runs the proxy, and makes an alert of an upstream that is away.</summary>
public sealed class ProxyJob(ProxyService proxy, ServerCore core, ILogger<ProxyService> log) : BackgroundService
{
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        return Task.WhenAll(proxy.Run(stoppingToken), Look(stoppingToken));
    }

    private async Task Look(CancellationToken end)
    {
        UpstreamWatch upstreams = new(core, proxy);
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(s_look, core.Clock, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                upstreams.Look();
            }
            catch (StoreException)
            {
                // requests that meet this log it; the job tries again
            }
            catch (Exception e)
            {
                log.NotLooked(e);
            }
        }
    }
}

// Alerts in the background of a server: those that are due are told.

using NanoSync.Server.Engine;

namespace NanoSync.Server.Host;

internal sealed class AlertJob(ServerCore core, ILogger<Alerts.AlertService> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await core.Writers.RunAll(() => core.Alerts.Deliver(stoppingToken));
            }
            catch (StoreException)
            {
                // requests that meet this log it; the job tries again
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.AlertsNotTold(e);
            }
            catch (OperationCanceledException)
            {
                return; // the server ends; what was under way is tried again
            }

            await Task.Delay(s_pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

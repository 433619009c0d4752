// Runs the retention in the background of a server: a while after its start, then every hour.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Host;

internal sealed class RetentionJob(ServerCore core, ILogger<Retention> log) : BackgroundService
{
    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(2); // a server that starts is asked by everybody
    private static readonly TimeSpan s_every = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private DateTimeOffset? _waits; // told already

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            for (TimeSpan wait = s_first; ; wait = s_every)
            {
                await Task.Delay(wait, core.Clock, stoppingToken);
                await Pass(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // the server ends; the rest goes the next time
        }
    }

    private async Task Pass(CancellationToken end)
    {
        try
        {
            if (await core.Writers.Run(() => core.Retention.Pass(s_pause, end)).Unwrap() is { } pass && pass.Readings + pass.Deleted + pass.Notes + pass.Stores > 0)
            {
                log.Removed(pass.Readings, pass.Deleted, pass.Notes, pass.Stores);
            }

            DateTimeOffset? waits = core.Retention.WaitsUntil();
            if (waits is { } until && waits != _waits)
            {
                log.ClockWentAhead(core.Clock.GetUtcNow(), until);
            }

            _waits = waits;
        }
        catch (StoreException e)
        {
            log.RetentionWaits(e.Message);
        }
        catch (Exception e) when (!end.IsCancellationRequested)
        {
            log.RetentionFailed(e);
        }
    }
}

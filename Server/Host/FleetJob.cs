// The fleet's list in the background of a server: brought up to date twice a second, and soon again while there is more to do; at
// most a fifth of the time, as devices wait for it. What is wrong becomes alerts, and old changes go.

using System.Diagnostics;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Host;

internal sealed class FleetJob(ServerCore core, ILogger<Fleet.FleetService> log) : BackgroundService
{
    private const long MostChanges = 5_000_000; // some 60 bytes each

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_prune = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long pruned = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            bool more = false;
            long began = Stopwatch.GetTimestamp();
            try
            {
                more = await core.Writers.Run(() => core.Fleet.Flush() | core.Alerts.Turn());
                if (pruned == 0 || Stopwatch.GetElapsedTime(pruned) > s_prune)
                {
                    pruned = await core.Writers.Run(() => core.Fleet.Prune(core.Options.KeepChanges, MostChanges)) ? 0 : Stopwatch.GetTimestamp();
                }
            }
            catch (StoreException)
            {
                // requests that meet this log it; the job tries again
            }
            catch (Exception e)
            {
                log.FleetNotTurned(e);
            }

            TimeSpan rest = 4 * Stopwatch.GetElapsedTime(began);
            TimeSpan least = more ? s_soon : s_pause;
            await Task.Delay(rest > least ? rest : least, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

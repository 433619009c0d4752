// Groups' values in the background of a server: brought to their members, a fifth of the time at most, as devices wait for it.

using System.Diagnostics;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Host;

internal sealed class GroupJob(ServerCore core, ILogger<Groups.GroupService> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        TimeSpan pause = TimeSpan.FromSeconds(1);
        while (!stoppingToken.IsCancellationRequested)
        {
            bool more = false;
            long began = Stopwatch.GetTimestamp();
            try
            {
                more = await core.Writers.Run(core.Groups.TurnAlone);
            }
            catch (StoreException)
            {
                // requests that meet this log it; the job tries again
            }
            catch (Exception e)
            {
                log.GroupsNotTurned(e);
            }

            TimeSpan rest = 4 * Stopwatch.GetElapsedTime(began);
            await Task.Delay(more || rest > pause ? rest : pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

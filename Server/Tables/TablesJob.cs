// Typed tables in the background of a server: every two seconds, and at once while there is more; at most half of the time.

using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace NanoSync.Server.Tables;

/// <summary>Fills the typed tables while the server runs.</summary>
public sealed class TablesJob(TypedTables tables, ILogger<TypedTables> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        const int AtOnce = 5000;
        TimeSpan pause = TimeSpan.FromSeconds(2);
        long pruned = 0;
        string told = "";
        while (!stoppingToken.IsCancellationRequested)
        {
            int written = 0;
            long began = Stopwatch.GetTimestamp();
            try
            {
                written = await Task.Run(() => tables.Fill(AtOnce));
                if (pruned == 0 || Stopwatch.GetElapsedTime(pruned) > TimeSpan.FromHours(1))
                {
                    await Task.Run(tables.Prune);
                    pruned = Stopwatch.GetTimestamp();
                }

                told = "";
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (e.Message != told)
                {
                    told = e.Message;
                    log.NotFilled(told);
                }
            }

            await Task.Delay(written >= AtOnce ? Stopwatch.GetElapsedTime(began) : pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

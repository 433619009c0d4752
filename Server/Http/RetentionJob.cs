// Runs the retention in the background of a server: a while after its start, then every hour.

using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Http;

internal sealed class RetentionJob(Retention retention, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(2); // a server that starts is asked by everybody
    private static readonly TimeSpan s_every = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    public async Task Run(CancellationToken end)
    {
        try
        {
            for (TimeSpan wait = s_first; ; wait = s_every)
            {
                await Task.Delay(wait, clock, end);
                await Pass(end);
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
            if (await retention.Pass(s_pause, end) is { } pass && pass.Readings + pass.Deleted + pass.Notes + pass.Stores > 0)
            {
                log.LogInformation("Retention removed {Readings} readings, {Deleted} deleted objects, {Notes} notes, and forgot the keys of {Stores} stores.",
                    pass.Readings, pass.Deleted, pass.Notes, pass.Stores);
            }
        }
        catch (StoreException e)
        {
            log.LogWarning("Retention goes on in an hour: {Message}", e.Message);
        }
    }
}

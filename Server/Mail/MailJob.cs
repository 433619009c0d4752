// The mailbox in the background of a server: read by one process at a time of all that run on the database.

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Mail;

/// <summary>Reads the mailbox while the server runs.</summary>
public sealed class MailJob(ServerCore core, MailOptions options, ILogger<MailService> log) : BackgroundService
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool told = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                using IStoreLock? turn = core.Store.TryLock("mail");
                if (turn != null)
                {
                    told = false;
                    await core.Writers.RunAll(() => new MailService(core, options, log).Run(turn.IsHeld, stoppingToken));
                }
                else if (!told)
                {
                    told = true;
                    log.AnotherReads();
                }
            }
            catch (StoreException)
            {
                // requests that meet this log it; the job tries again
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.NotRead(e);
            }

            await Task.Delay(s_pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

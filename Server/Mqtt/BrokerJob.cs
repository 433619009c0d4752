// The broker in the background of a server: messages are answered, devices woken, and an alert says that no node has the broker.

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NanoSync.Server.Engine;

namespace NanoSync.Server.Mqtt;

/// <summary>Listens at the broker, where one is set.</summary>
public sealed class BrokerJob(ServerCore core, IServiceProvider services, ILogger<MqttWaker> log) : BackgroundService
{
    private static readonly TimeSpan s_look = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        MqttService? broker = services.GetService<MqttService>();
        if (broker == null)
        {
            await Look(null, stoppingToken); // once: this ends the alert of a broker that is not set any more
            return;
        }

        MqttWaker waker = new(core, broker, log);
        broker.Heard = waker.Heard;
        await Task.WhenAll(broker.Run(stoppingToken), waker.Run(stoppingToken), Watch(broker, stoppingToken));
    }

    private async Task Watch(MqttService broker, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await Look(broker, end);
        }
    }

    private async Task Look(MqttService? broker, CancellationToken end)
    {
        await Task.Delay(s_look, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            MqttService.Look(core, broker?.Away);
        }
        catch (StoreException)
        {
            // requests that meet this log it; the job tries again
        }
        catch (Exception e)
        {
            log.AwayNotNoted(e);
        }
    }
}

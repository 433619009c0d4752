// What an operator sees of a broker that is away.

using NanoSync.Device;
using NanoSync.Server;
using NanoSync.Server.Alerts;
using NanoSync.Server.Mqtt;

namespace NanoSync.MqttTests;

[TestClass]
public sealed class WatchTests
{
    [TestMethod]
    public async Task Health_metrics_and_an_alert_say_that_the_broker_is_away_and_the_server_serves_on()
    {
        using Broker broker = Broker.Open(started: false);
        string folder = Directory.CreateTempSubdirectory("nanosync-watch-").FullName;
        ServerOptions options = new()
        {
            RatePerSecond = 0,
            Mqtt = new MqttOptions { Host = "127.0.0.1", Port = broker.Port, Secure = false, Plain = true },
            Alerts = new AlertOptions { After = TimeSpan.Zero, Clear = TimeSpan.Zero },
        };
        await using (EmbeddedServer server = await EmbeddedServer.Start(folder, options: options))
        {
            using HttpClient http = new() { BaseAddress = new Uri(server.Url) };
            http.DefaultRequestHeaders.Authorization = new("Bearer", server.AdminToken);
            StringAssert.StartsWith(await http.GetStringAsync("/health"), $"ok, but the broker mqtt://127.0.0.1:{broker.Port} is away since ");
            broker.Start();
            Broker.Until(() => http.GetStringAsync("/health").Result == "ok", "the broker is there");
            using MqttDevice device = new(broker, "field-1", server.Enrol("field-1"), false);
            device.Append(1);
            device.Sync();
            using Other other = new(broker);
            other.Publish("nanosync/field-1/up", [1, 2, 3]);
            Broker.Until(() => http.GetStringAsync("/metrics").Result.Contains("nanosync_mqtt_messages{result=\"garbage\"}"), "garbage is counted");
            string metrics = await http.GetStringAsync("/metrics");
            StringAssert.Contains(metrics, "nanosync_mqtt_messages{result=\"answered\"}");
            StringAssert.Contains(metrics, "nanosync_mqtt_connected 1");
        }

        Directory.Delete(folder, true);

        using MqttBench bench = new(broker, options: options with { Mqtt = null });
        using MqttBench.Node node = bench.Start();
        broker.Kill();
        Broker.Until(() => node.Service.Away != null, "away");
        MqttService.Look(bench.Core, node.Service.Away);
        bench.Core.Alerts.Turn();
        StringAssert.Contains(Live(bench).Single().Text, "is away since");
        broker.Start();
        Broker.Until(() => node.Service.Away == null, "back");
        MqttService.Look(bench.Core, node.Service.Away);
        bench.Core.Alerts.Turn();
        Assert.IsEmpty(Live(bench));
    }

    private static List<AlertRow> Live(MqttBench bench)
    {
        using IAlertTransaction alerts = (IAlertTransaction)bench.Core.Store.BeginRead();
        return [.. alerts.ListLiveAlerts(0, "broker").Where(a => a.Kind == AlertService.BrokerAway)];
    }
}

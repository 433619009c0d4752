// Metrics and traces to whoever collects them: Prometheus asks at /metrics, OTLP is sent where the setting says.

using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using NanoSync.Server.Access;
using NanoSync.Server.Engine;
using Prometheus;

namespace NanoSync.Server.Http;

internal static class Observing
{
    private static readonly Lazy<bool> s_adapter = new(Listen); // of the process: meters are its own, too

    /// <summary>Adds the exporter, when there is somebody to send to.</summary>
    public static void Add(IServiceCollection services, Uri? otlp)
    {
        if (otlp == null)
        {
            return;
        }

        void To(OtlpExporterOptions options, string path)
        {
            options.Protocol = OtlpExportProtocol.HttpProtobuf;
            options.Endpoint = new Uri(otlp.ToString().TrimEnd('/') + path);
        }

        services.AddOpenTelemetry()
            .ConfigureResource(r => r.AddService("nanosync-server"))
            .WithMetrics(m => m.AddMeter(Telemetry.Name)
                .AddView(i => i.Meter.Name == Telemetry.Name ? new MetricStreamConfiguration { Name = "nanosync." + i.Name } : null)
                .AddAspNetCoreInstrumentation().AddOtlpExporter(o => To(o, "/v1/metrics")))
            .WithTracing(t => t.AddSource(Telemetry.Name).AddAspNetCoreInstrumentation().AddOtlpExporter(o => To(o, "/v1/traces")));
    }

    /// <summary>Maps /metrics.</summary>
    public static void Map(WebApplication app)
    {
        _ = s_adapter.Value;
        app.MapMetrics("/metrics").Needs(Role.Read).ExcludeFromDescription();
    }

    private static bool Listen()
    {
        Metrics.SuppressDefaultMetrics(new SuppressDefaultMetricOptions { SuppressMeters = true, SuppressEventCounters = true, SuppressDebugMetrics = true });
        MeterAdapter.StartListening(new MeterAdapterOptions { InstrumentFilterPredicate = i => i.Meter.Name == Telemetry.Name });
        return true;
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Shop.ServiceDefaults.Telemetry;

/// <summary>Traces and metrics over OTLP. Not even loaded unless <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is configured.</summary>
internal static class OtlpTelemetryFeature
{
    public static void AddOtlpTelemetry(this WebApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        var service = ServiceName.Of(builder);
        builder.Services.AddHostedService(_ => new OtlpTelemetry(service, builder.Configuration));
    }
}

/// <summary>
/// Owns the exporters from start to shutdown. Registered before the web server, so that it starts first and, stopping last,
/// still sees the last requests.
/// </summary>
internal sealed class OtlpTelemetry(string service, IConfiguration configuration) : IHostedService, IDisposable
{
    private const string ShopSources = "Shop.*";

    /// <summary>For each of traces and metrics; together below the host's shutdown timeout, even with a dead collector.</summary>
    private const int FlushMilliseconds = 4000;

    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The exporters would read the environment only; this way the settings may stand in any configuration source.
        // ASP.NET Core and HttpClient report by themselves; listening to their sources replaces instrumentation packages.
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => resource.AddService(service))
            .AddSource("Microsoft.AspNetCore", "System.Net.Http", ShopSources)
            .AddOtlpExporter()
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => resource.AddService(service))
            .AddMeter("Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime", ShopSources)
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => _traces?.Shutdown(FlushMilliseconds), CancellationToken.None),
        Task.Run(() => _metrics?.Shutdown(FlushMilliseconds), CancellationToken.None));

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}

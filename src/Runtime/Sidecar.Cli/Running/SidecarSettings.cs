using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>What a template says about a sidecar, as options of a co-hosted one and as flags of a <c>daprd</c>.</summary>
internal static class SidecarSettings
{
    /// <summary>
    /// Shorter than a sidecar's own default of 5 s: a run that is asked to end drains its sidecars, then its apps, and is
    /// done within 10 s.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(4);

    public static SidecarOptions ToOptions(AppPlan plan)
    {
        var app = plan.App;
        return new SidecarOptions
        {
            AppId = app.AppId,
            AppPort = app.AppPort,
            AppProtocol = app.AppProtocol,
            AppChannelAddress = app.AppChannelAddress,
            AppMaxConcurrency = app.AppMaxConcurrency,
            AppHealth = Health(app),
            UnixDomainSocket = app.UnixDomainSocket,
            ApiLogging = app.EnableApiLogging ? true : null,
            HttpPort = plan.Ports.Http,
            GrpcPort = plan.Ports.Grpc,
            InternalPort = plan.Ports.Internal,
            ListenAddresses = app.ApiListenAddresses?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            ResourcesPaths = app.ResourcesPaths,
            ConfigPaths = app.ConfigFilePath is { } config ? [config] : [],
            BaseDirectory = app.SidecarDirectory,
            MaxBodySize = Bytes(app.MaxBodySize, 4 * 1024 * 1024),
            ReadBufferSize = (int)Math.Min(int.MaxValue, Bytes(app.ReadBufferSize, 4 * 1024)),
            GracefulShutdown = Grace,
            LogLevel = Level(app.LogLevel),
            LogLine = plan.SidecarLog.Write,
            ExtendedMetadata = plan.ExtendedMetadata(),
        };
    }

    /// <summary>Flags of contract section 1.1, and ours for the file of addresses.</summary>
    public static IReadOnlyList<string> ToFlags(AppPlan plan, string namesFile)
    {
        var app = plan.App;
        var flags = new List<string>
        {
            "--app-id", app.AppId,
            "--dapr-http-port", $"{plan.Ports.Http}",
            "--dapr-grpc-port", $"{plan.Ports.Grpc}",
            "--app-channel-address", app.AppChannelAddress,
            "--app-protocol", app.AppProtocol,
            "--log-level", app.LogLevel,
            "--max-body-size", app.MaxBodySize,
            "--read-buffer-size", app.ReadBufferSize,
            "--dapr-graceful-shutdown-seconds", $"{Grace.TotalSeconds:0}",
            "--name-registry", namesFile,
        };
        AddIfSet("--app-port", app.AppPort);
        AddIfSet("--app-max-concurrency", app.AppMaxConcurrency);
        AddIfSet("--dapr-internal-grpc-port", plan.Ports.Internal);
        AddIfSet("--metrics-port", plan.Ports.Metrics);
        if (app.UnixDomainSocket is { } socketFolder)
            flags.AddRange(["--unix-domain-socket", socketFolder]);
        if (app.EnableApiLogging)
            flags.Add("--enable-api-logging");
        if (app.EnableAppHealthCheck)
        {
            flags.AddRange(["--enable-app-health-check", "--app-health-check-path", app.AppHealthCheckPath ?? ""]);
            AddIfSet("--app-health-probe-interval", app.AppHealthProbeInterval);
            AddIfSet("--app-health-probe-timeout", app.AppHealthProbeTimeout);
            AddIfSet("--app-health-threshold", app.AppHealthThreshold);
        }

        foreach (var path in app.ResourcesPaths)
            flags.AddRange(["--resources-path", path]);
        if (app.ConfigFilePath is { } config)
            flags.AddRange(["--config", config]);
        if (app.ApiListenAddresses is { Length: > 0 } addresses)
            flags.AddRange(["--dapr-listen-addresses", addresses]);
        return flags;

        void AddIfSet(string flag, int value)
        {
            if (value > 0)
                flags.AddRange([flag, $"{value}"]);
        }
    }

    private static AppHealthOptions? Health(RunApp app) => !app.EnableAppHealthCheck ? null : new AppHealthOptions
    {
        Path = app.AppHealthCheckPath ?? "",
        Interval = TimeSpan.FromSeconds(app.AppHealthProbeInterval),
        Timeout = TimeSpan.FromMilliseconds(app.AppHealthProbeTimeout),
        Threshold = app.AppHealthThreshold,
    };

    private static long Bytes(string quantity, long fallback) => Quantity.TryParse(quantity, out var bytes) && bytes >= 0 ? bytes : fallback;

    private static LogLevel Level(string word) => word switch
    {
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => LogLevel.Information,
    };
}

using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Daprd;

/// <summary>Turns flags into the options of a sidecar.</summary>
internal static class OptionsFromFlags
{
    private const long DefaultReadBuffer = 4 * 1024;

    /// <summary>What a timer takes.</summary>
    private const int LongestSeconds = 49 * 24 * 60 * 60;

    /// <exception cref="FlagException">A value is wrong.</exception>
    public static SidecarOptions Read(Flags flags, Action<string> logLine) => new()
    {
        AppId = flags.Text("app-id") ?? throw new FlagException("--app-id is required"),
        AppPort = flags.Port("app-port", 0),
        AppProtocol = Protocol(flags),
        AppChannelAddress = flags.Text("app-channel-address") ?? "127.0.0.1",
        AppMaxConcurrency = flags.Integer("app-max-concurrency", -1, int.MinValue, int.MaxValue),
        AppHealth = AppHealth(flags),
        AppBindingTimeout = Duration(flags, "app-binding-options-timeout") ?? TimeSpan.Zero,
        HttpPort = flags.Port("dapr-http-port", 3500),
        GrpcPort = flags.Port("dapr-grpc-port", 50001),
        InternalPort = flags.Port("dapr-internal-grpc-port", 0),
        ListenAddresses = flags.List("dapr-listen-addresses"),
        UnixDomainSocket = flags.Text("unix-domain-socket"),
        PublicPort = flags.Port("dapr-public-port", 0),
        PublicListenAddress = flags.Text("dapr-public-listen-address"),
        InternalListenAddress = flags.Text("dapr-internal-grpc-listen-address"),
        AllowedOrigins = flags.List("allowed-origins"),
        ResourcesPaths = flags.List("resources-path") is { Count: > 0 } paths ? paths : flags.List("components-path"),
        ConfigPaths = flags.List("config"),
        MaxBodySize = Size(flags, "max-body-size", "dapr-http-max-request-size", 1024 * 1024, 4 * 1024 * 1024),
        ReadBufferSize = (int)Math.Min(int.MaxValue, Size(flags, "read-buffer-size", "dapr-http-read-buffer-size", 1024, DefaultReadBuffer) is > 0 and var size ? size : DefaultReadBuffer),
        GracefulShutdown = TimeSpan.FromSeconds(flags.Integer("dapr-graceful-shutdown-seconds", -1, int.MinValue, int.MaxValue) is >= 0 and var seconds ? seconds : 5),
        BlockShutdown = Duration(flags, "dapr-block-shutdown-duration"),
        ApiLogging = flags.Text("enable-api-logging") is null ? null : flags.Boolean("enable-api-logging"),
        DisabledInitEndpoints = flags.List("disable-init-endpoints"),
        LogLevel = Level(flags.Text("log-level") ?? "info"),
        LogAsJson = flags.Boolean("log-as-json"),
        ReconcileInterval = Duration(flags, "hot-reload-reconcile-interval") ?? TimeSpan.Zero,
        NameRegistryFile = Path.GetFullPath(flags.Text(FlagTable.NameRegistry) ?? DaprFolder.Names(DaprFolder.OfUser())),
        EnableMtls = flags.Boolean("enable-mtls"),
        IdentityFolder = Identity(flags),
        FaultsFile = flags.Text(FlagTable.Faults) is { } faults ? Path.GetFullPath(faults) : null,
        LogLine = logLine,
    };

    private static string? Identity(Flags flags) => (flags.Text(FlagTable.IdentityFolder), flags.Boolean("enable-mtls")) switch
    {
        ({ } folder, true) => Path.GetFullPath(folder),
        (null, true) => throw new FlagException($"--enable-mtls needs --{FlagTable.IdentityFolder}: there is no sentry here, and `dapr run --isolated --enable-mtls` gives each daprd its certificate"),
        (not null, false) => throw new FlagException($"--{FlagTable.IdentityFolder} needs --enable-mtls: without it, this sidecar and others talk in plain text"),
        (null, false) => null,
    };

    private static string Protocol(Flags flags)
    {
        var protocol = flags.Text("app-protocol") ?? "http";
        return protocol is "http" or "grpc" && flags.Boolean("app-ssl") ? protocol + "s" : protocol;
    }

    // A wrong value is wrong also while health checks are off.
    private static AppHealthOptions? AppHealth(Flags flags)
    {
        var health = new AppHealthOptions
        {
            Path = flags.Text("app-health-check-path") ?? "",
            Interval = TimeSpan.FromSeconds(flags.Integer("app-health-probe-interval", 0, int.MinValue, LongestSeconds)),
            Timeout = TimeSpan.FromMilliseconds(flags.Integer("app-health-probe-timeout", 0, int.MinValue, int.MaxValue)),
            Threshold = flags.Integer("app-health-threshold", 0, int.MinValue, int.MaxValue),
        };
        return flags.Boolean("enable-app-health-check") ? health : null;
    }

    private static TimeSpan? Duration(Flags flags, string name)
    {
        if (flags.Text(name) is not { } text)
            return null;
        return GoText.TryParseDuration(text, out var duration)
            ? duration
            : throw new FlagException($"--{name} is '{text}', expected a duration such as 2s or 1m30s");
    }

    // A quantity by its present flag, or a number of the deprecated one's unit; -1 = default.
    private static long Size(Flags flags, string name, string deprecated, long unit, long defaultBytes)
    {
        if (flags.Text(name) is { } text)
        {
            if (!Quantity.TryParse(text, out var bytes))
                throw new FlagException($"--{name} is '{text}', expected a size such as 4Mi");
            return bytes < 0 ? defaultBytes : bytes;
        }

        return flags.Integer(deprecated, -1, -1, int.MaxValue) is >= 0 and var units ? units * unit : defaultBytes;
    }

    private static LogLevel Level(string word) => word.ToLowerInvariant() switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" or "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => throw new FlagException($"--log-level is '{word}', expected debug, info, warn, error or fatal"),
    };
}

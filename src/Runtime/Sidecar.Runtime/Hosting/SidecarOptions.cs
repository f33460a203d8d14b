using Microsoft.Extensions.Logging;
using Sidecar.Components;

namespace Sidecar.Runtime.Hosting;

/// <summary>Everything that the flags and the environment of one <c>daprd</c> decide. Names and defaults are those of Dapr 1.18.</summary>
public sealed record SidecarOptions
{
    internal static readonly TimeSpan DefaultReconcileInterval = TimeSpan.FromSeconds(60);

    /// <summary><c>--app-id</c>; required, without a dot.</summary>
    public required string AppId { get; init; }

    /// <summary><c>--app-port</c>; 0 = no app.</summary>
    public int AppPort { get; init; }

    /// <summary><c>--app-protocol</c>: http, https, h2c, grpc or grpcs.</summary>
    public string AppProtocol { get; init; } = "http";

    public string AppChannelAddress { get; init; } = "127.0.0.1";

    /// <summary>≤ 0 = unlimited.</summary>
    public int AppMaxConcurrency { get; init; } = -1;

    /// <summary><c>--dapr-http-port</c>; 0 = any free port.</summary>
    public int HttpPort { get; init; } = 3500;

    /// <summary><c>--dapr-grpc-port</c>; 0 = any free port.</summary>
    public int GrpcPort { get; init; } = 50001;

    /// <summary><c>--dapr-internal-grpc-port</c>; 0 = any free port.</summary>
    public int InternalPort { get; init; }

    /// <summary><c>--dapr-listen-addresses</c>. Empty = loopback, where real Dapr listens everywhere.</summary>
    public IReadOnlyList<string> ListenAddresses { get; init; } = [];

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public IReadOnlyList<string> ConfigPaths { get; init; } = [];

    /// <summary>Working directory of the app; relative paths of flags and components resolve against it.</summary>
    public string BaseDirectory { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>Request body limit in bytes; 0 = none.</summary>
    public long MaxBodySize { get; init; } = 4 * 1024 * 1024;

    /// <summary>Request header limit in bytes; as in real Dapr, up to 4 KiB more pass.</summary>
    public int ReadBufferSize { get; init; } = 4 * 1024;

    /// <summary>≤ 0 = no limit.</summary>
    public TimeSpan GracefulShutdown { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>--hot-reload-reconcile-interval</c>: how often resources are compared with their files although nobody told of a change; ≤ 0 = default.</summary>
    public TimeSpan ReconcileInterval { get; init; } = DefaultReconcileInterval;

    /// <summary>Parts of <c>--disable-init-endpoints</c>: config, subscribe.</summary>
    public IReadOnlyList<string> DisabledInitEndpoints { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public bool LogAsJson { get; init; }

    /// <summary>Where log lines go, one call per line.</summary>
    public Action<string> LogLine { get; init; } = Console.Out.WriteLine;

    /// <summary>File of the name registry that sidecars of other processes share; null = names resolve inside this group only.</summary>
    public string? NameRegistryFile { get; init; }

    /// <summary>
    /// This sidecar's environment. A co-hosted sidecar has its own, which begins as a copy of the process's.
    /// Read: DAPR_API_TOKEN, APP_API_TOKEN, NAMESPACE, POD_NAME, DAPR_ENV_KEYS.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ProcessEnvironment();

    /// <summary>Launcher's extended metadata: cliPID, appCommand, runTemplateName and so on.</summary>
    public IReadOnlyDictionary<string, string> ExtendedMetadata { get; init; } = new Dictionary<string, string>();

    public ComponentCatalog Catalog { get; init; } = ComponentCatalog.Default;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public string? Variable(string name) => Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public string? ApiToken => Variable("DAPR_API_TOKEN");

    public string? AppApiToken => Variable("APP_API_TOKEN");

    public string? Namespace => Variable("NAMESPACE");

    public bool HasApp => AppPort > 0;

    public static IReadOnlyDictionary<string, string> ProcessEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}

using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Middleware;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Hosting;

/// <summary>Everything that the flags and the environment of one <c>daprd</c> decide. Names and defaults are those of Dapr 1.18.</summary>
public sealed record SidecarOptions
{
    internal static readonly TimeSpan DefaultReconcileInterval = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan DefaultAppBindingTimeout = TimeSpan.FromSeconds(3);

    /// <summary><c>--app-id</c>; required, without a dot.</summary>
    public required string AppId { get; init; }

    /// <summary><c>--app-port</c>; 0 = no app.</summary>
    public int AppPort { get; init; }

    /// <summary><c>--app-protocol</c>: http, https, h2c, grpc or grpcs.</summary>
    public string AppProtocol { get; init; } = "http";

    public string AppChannelAddress { get; init; } = "127.0.0.1";

    /// <summary>Calls of the app at a time; ≤ 0 = unlimited.</summary>
    public int AppMaxConcurrency { get; init; } = -1;

    /// <summary><c>--enable-app-health-check</c>; null = off, and the app counts as healthy.</summary>
    public AppHealthOptions? AppHealth { get; init; }

    /// <summary><c>--dapr-http-port</c>; 0 = any free port.</summary>
    public int HttpPort { get; init; } = 3500;

    /// <summary><c>--dapr-grpc-port</c>; 0 = any free port.</summary>
    public int GrpcPort { get; init; } = 50001;

    /// <summary><c>--dapr-internal-grpc-port</c>; 0 = any free port.</summary>
    public int InternalPort { get; init; }

    /// <summary><c>--dapr-listen-addresses</c>. Empty = loopback, where real Dapr listens everywhere.</summary>
    public IReadOnlyList<string> ListenAddresses { get; init; } = [];

    /// <summary><c>--unix-domain-socket</c>: folder of the API's socket, which is served in place of the TCP port; null = none.</summary>
    public string? UnixDomainSocket { get; init; }

    /// <summary><c>--dapr-public-port</c>: metadata and health for everybody, without a token; 0 = off.</summary>
    public int PublicPort { get; init; }

    /// <summary><c>--dapr-public-listen-address</c>. null = loopback, where real Dapr listens everywhere.</summary>
    public string? PublicListenAddress { get; init; }

    /// <summary><c>--dapr-internal-grpc-listen-address</c>: where sidecars of other processes call. null = loopback, where real Dapr listens everywhere.</summary>
    public string? InternalListenAddress { get; init; }

    /// <summary><c>--allowed-origins</c>: origins that may call from a browser, or <c>*</c>; empty = none, and no CORS headers at all.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public IReadOnlyList<string> ConfigPaths { get; init; } = [];

    /// <summary>Working directory of the app; relative paths of flags and components resolve against it.</summary>
    public string BaseDirectory { get; init; } = Directory.GetCurrentDirectory();

    /// <summary><c>--enable-mtls</c>: sidecars of other processes are spoken to by TLS with certificates on both sides, and access control knows them by these.</summary>
    public bool EnableMtls { get; init; }

    /// <summary><c>--identity-folder</c>: where this sidecar's certificate is, as <see cref="Security.Mtls.RunAuthority.Write"/> leaves it; null = the group's authority issues one.</summary>
    public string? IdentityFolder { get; init; }

    /// <summary>Request body limit in bytes; 0 = none.</summary>
    public long MaxBodySize { get; init; } = 4 * 1024 * 1024;

    /// <summary>The same for a gRPC message.</summary>
    internal int MaxMessageSize => MaxBodySize > 0 ? (int)Math.Min(MaxBodySize, int.MaxValue) : int.MaxValue;

    /// <summary>Request header limit in bytes; as in real Dapr, up to 4 KiB more pass.</summary>
    public int ReadBufferSize { get; init; } = 4 * 1024;

    /// <summary>≤ 0 = no limit.</summary>
    public TimeSpan GracefulShutdown { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>--hot-reload-reconcile-interval</c>: how often resources are compared with their files although nobody told of a change; ≤ 0 = default.</summary>
    public TimeSpan ReconcileInterval { get; init; } = DefaultReconcileInterval;
    /// <summary><c>--dapr-block-shutdown-duration</c>: how long the API stays up after a signal, unless the app turns unhealthy; null = not at all.</summary>
    public TimeSpan? BlockShutdown { get; init; }

    /// <summary><c>--enable-api-logging</c>; null = as the Configuration says.</summary>
    public bool? ApiLogging { get; init; }

    /// <summary><c>--app-binding-options-timeout</c>: how long the app may take to say whether it takes an input binding; ≤ 0 = default.</summary>
    public TimeSpan AppBindingTimeout { get; init; } = DefaultAppBindingTimeout;

    /// <summary>Parts of <c>--disable-init-endpoints</c>: config, subscribe.</summary>
    public IReadOnlyList<string> DisabledInitEndpoints { get; init; } = [];

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public bool LogAsJson { get; init; }

    /// <summary>Where log lines go, one call per line.</summary>
    public Action<string> LogLine { get; init; } = Console.Out.WriteLine;

    /// <summary>File of the name registry that sidecars of other processes share, unless a Configuration names another; null = names resolve inside this group only.</summary>
    public string? NameRegistryFile { get; init; }

    /// <summary>
    /// This sidecar's environment. A co-hosted sidecar has its own, which begins as a copy of the process's.
    /// Read: DAPR_API_TOKEN, APP_API_TOKEN, NAMESPACE, POD_NAME, DAPR_HOST_IP, DAPR_ENV_KEYS.
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ProcessEnvironment();

    /// <summary>Launcher's extended metadata: cliPID, appCommand, runTemplateName and so on.</summary>
    public IReadOnlyDictionary<string, string> ExtendedMetadata { get; init; } = new Dictionary<string, string>();

    public ComponentCatalog Catalog { get; init; } = ComponentCatalog.Default;

    /// <summary><c>--faults</c>: file that says what is to go wrong on purpose; null = nothing.</summary>
    public string? FaultsFile { get; init; }

    /// <summary>Middleware for types that <see cref="Catalog"/> has not.</summary>
    public IReadOnlyList<ICustomMiddleware> CustomMiddleware { get; init; } = [];

    /// <summary>All types of components that this sidecar knows.</summary>
    internal ComponentCatalog KnownTypes => CustomMiddleware.Count == 0
        ? Catalog
        : new ComponentCatalog([.. Catalog.Types, .. CustomMiddleware.Select(custom => new ComponentType(custom.Type, "v1", custom.Create))]);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Source of the sidecar's spans, see <see cref="SidecarSpans"/>. Sidecars may share one.</summary>
    public ActivitySource Spans { get; init; } = SidecarSpans.Default;

    /// <summary>Is told what the sidecar does; null = nobody.</summary>
    public ISidecarObserver? Observer { get; init; }

    /// <summary>Puts a handler, such as one that fails on purpose, before the transport to the app; null = none.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? WrapAppTransport { get; init; }

    public string? Variable(string name) => Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public string? ApiToken => Variable("DAPR_API_TOKEN");

    public string? AppApiToken => Variable("APP_API_TOKEN");

    public string? Namespace => Variable("NAMESPACE");

    /// <summary>What it is where it is not given.</summary>
    internal string OwnNamespace => Namespace ?? "default";

    public bool HasApp => AppPort > 0;

    public static IReadOnlyDictionary<string, string> ProcessEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
}

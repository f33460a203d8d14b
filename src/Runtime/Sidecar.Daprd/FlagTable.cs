using System.Collections.Frozen;

namespace Sidecar.Daprd;

/// <summary>Every flag of Dapr 1.18's sidecar (contract 1.1) and those that are ours.</summary>
internal static class FlagTable
{
    /// <summary>Ours: file in which sidecars of one machine find each other.</summary>
    public const string NameRegistry = "name-registry";

    /// <summary>Ours: file that says what is to go wrong on purpose.</summary>
    public const string Faults = "faults";

    /// <summary>Ours: folder with <c>ca.crt</c>, <c>tls.crt</c> and <c>tls.key</c>, in the place of Dapr's sentry.</summary>
    public const string IdentityFolder = "identity-folder";

    private static readonly string[] Acted =
    [
        "app-id", "app-port", "app-protocol", "app-channel-address", "app-max-concurrency", "app-health-check-path", "app-health-probe-interval",
        "app-health-probe-timeout", "app-health-threshold", "app-binding-options-timeout", "mode", "dapr-http-port", "dapr-grpc-port", "dapr-internal-grpc-port",
        "dapr-internal-grpc-listen-address", "dapr-listen-addresses", "dapr-public-port", "dapr-public-listen-address", "unix-domain-socket",
        "allowed-origins", "resources-path", "components-path", "config", "max-body-size", "dapr-http-max-request-size", "read-buffer-size",
        "dapr-http-read-buffer-size", "dapr-graceful-shutdown-seconds", "dapr-block-shutdown-duration", "disable-init-endpoints", "log-level", "log-file",
        "hot-reload-reconcile-interval", NameRegistry, IdentityFolder, Faults,
    ];

    private static readonly string[] ActedBooleans =
        ["app-ssl", "enable-mtls", "enable-app-health-check", "enable-api-logging", "log-as-json", "wait", "version", "build-info", "help", "h"];

    private static readonly string[] WithoutEffectYet =
    [
        "placement-host-address", "scheduler-host-address", "scheduler-job-streams", "actors-disseminate-timeout", "actors-service", "reminders-service",
        "control-plane-address", "sentry-address", "control-plane-trust-domain", "control-plane-namespace", "sentry-request-jwt-audiences",
        "profile-port", "metrics-port", "metrics-listen-address",
    ];

    private static readonly string[] BooleansWithoutEffectYet =
        ["disable-builtin-k8s-secret-store", "enable-profiling", "enable-metrics"];

    public static FrozenDictionary<string, FlagKind> Known { get; } = Acted.Concat(WithoutEffectYet).Select(name => KeyValuePair.Create(name, FlagKind.Value))
        .Concat(ActedBooleans.Concat(BooleansWithoutEffectYet).Select(name => KeyValuePair.Create(name, FlagKind.Boolean)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    public static FrozenSet<string> NoEffect { get; } = WithoutEffectYet.Concat(BooleansWithoutEffectYet).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>A hint at the flag that begins or ends alike, or nothing.</summary>
    public static string Suggest(string name) =>
        Known.Keys.FirstOrDefault(known => known.EndsWith(name, StringComparison.OrdinalIgnoreCase) || known.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } close
            ? $" (did you mean --{close}?)"
            : "";

    public static string Usage => string.Join(Environment.NewLine,
    [
        "daprd --app-id ID [flags]", "", "Acted upon:", .. Acted.Concat(ActedBooleans).Where(name => name.Length > 1).Order(StringComparer.Ordinal).Select(name => $"  --{name}"),
        "", "Accepted, without effect yet:", .. NoEffect.Order(StringComparer.Ordinal).Select(name => $"  --{name}"),
    ]);
}

using System.Text.RegularExpressions;

namespace Kubernetes.Tests;

/// <summary>The annotations that Dapr 1.18 knows, without their prefix, and the form of their values.</summary>
internal static partial class DaprAnnotations
{
    private const string Flag = "true|false";
    private const string Port = "[1-9][0-9]{0,4}";
    private const string Seconds = "[0-9]+";
    private const string Quantity = "[0-9]+(\\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?";
    private const string Label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string Host = $"({Label})(\\.{Label})*";
    private const string Anything = ".*";

    private static readonly Dictionary<string, string> Forms = new()
    {
        ["enabled"] = Flag,
        ["app-id"] = Label,
        ["app-port"] = Port,
        ["app-protocol"] = "http|https|grpc|grpcs|h2c",
        ["app-channel-address"] = Host,
        ["app-max-concurrency"] = "-1|[0-9]+",
        ["config"] = Label,
        ["log-as-json"] = Flag,
        ["log-level"] = "debug|info|warn|error",
        ["enable-api-logging"] = Flag,
        ["enable-metrics"] = Flag,
        ["metrics-port"] = Port,
        ["enable-profiling"] = Flag,
        ["grpc-port"] = Port,
        ["internal-grpc-port"] = Port,
        ["sidecar-listen-addresses"] = "[^ ]+",
        ["sidecar-cpu-request"] = Quantity,
        ["sidecar-cpu-limit"] = Quantity,
        ["sidecar-memory-request"] = Quantity,
        ["sidecar-memory-limit"] = Quantity,
        ["env"] = "[A-Z][A-Z0-9_]*=[^,]*(,[A-Z][A-Z0-9_]*=[^,]*)*",
        ["env-from-secret"] = "[^ ]+=[^ ]+",
        ["volume-mounts"] = "[^: ]+:/[^: ]*",
        ["volume-mounts-rw"] = "[^: ]+:/[^: ]*",
        ["api-token-secret"] = Label,
        ["app-token-secret"] = Label,
        ["sidecar-seccomp-profile-type"] = "RuntimeDefault|Unconfined|Localhost",
        ["disable-builtin-k8s-secret-store"] = Flag,
        ["max-body-size"] = Quantity,
        ["read-buffer-size"] = Quantity,
        ["graceful-shutdown-seconds"] = Seconds,
        ["block-shutdown-duration"] = "[0-9]+(ms|s|m)",
        ["enable-app-health-check"] = Flag,
        ["app-health-check-path"] = "/[^ ]*",
        ["app-health-probe-interval"] = Seconds,
        ["app-health-probe-timeout"] = Seconds,
        ["app-health-threshold"] = "[1-9][0-9]*",
        ["placement-host-address"] = Anything,
        ["scheduler-host-address"] = Anything,
        ["enable-native-sidecar"] = Flag,
        ["unix-domain-socket-path"] = "/[^ ]+",
        ["sidecar-image"] = "[^ ]+",
    };

    /// <summary>What is wrong with it; null = nothing.</summary>
    public static string? Problem(string name, string value)
    {
        var form = Forms.GetValueOrDefault(name) ?? (Probe().IsMatch(name) ? Seconds : null);
        if (form is null)
            return $"dapr.io/{name} is no annotation of Dapr's";
        return Regex.IsMatch(value, $"^({form})$", RegexOptions.CultureInvariant) ? null : $"dapr.io/{name} cannot be '{value}'";
    }

    [GeneratedRegex("^sidecar-(liveness|readiness)-probe-((delay|timeout|period)-seconds|threshold)$")]
    private static partial Regex Probe();
}

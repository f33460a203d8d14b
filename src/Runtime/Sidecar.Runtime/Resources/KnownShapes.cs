using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Fields of the parts of a Configuration that this runtime checks and does not act upon yet (contract section 4.3).</summary>
internal static class KnownShapes
{
    private const string Metric = """
        enabled, rules[] { name, labels[] { name, regex* } }, latencyDistributionBuckets, http { increasedCardinality, pathMatching, excludeVerbs },
        recordErrorCodes, workflow { latencyDistributionBuckets, latencyDistributionUnits }
        """;

    /// <summary>Parts of a Configuration's <c>spec</c>, by name.</summary>
    public static IReadOnlyDictionary<string, FieldShape> ConfigurationParts { get; } = Shapes(new()
    {
        ["tracing"] = "samplingRate, stdout, zipkin { endpointAddress }, otel { endpointAddress, isSecure, protocol, headers, timeout }",
        ["metric"] = Metric,
        ["metrics"] = Metric,
        ["mtls"] = "enabled, workloadCertTTL, allowedClockSkew, sentryAddress, controlPlaneTrustDomain, tokenValidators",
        ["wasm"] = "strictSandbox",
        ["workflow"] = """
            maxConcurrentWorkflowInvocations, maxConcurrentActivityInvocations,
            globalMaxConcurrentWorkflowInvocations, globalMaxConcurrentActivityInvocations,
            workflowConcurrencyLimits[] { name, maxConcurrent }, activityConcurrencyLimits[] { name, maxConcurrent },
            stateRetentionPolicy { anyTerminal, completed, failed, terminated }
            """,
    });

    private static Dictionary<string, FieldShape> Shapes(Dictionary<string, string> texts) =>
        texts.ToDictionary(pair => pair.Key, pair => FieldShape.Parse(pair.Value), StringComparer.Ordinal);
}

using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Looks for policies that targets name and no Resiliency of the app has: Dapr applies none then, without a word.</summary>
internal static class ResiliencyCheck
{
    private static readonly string[] BuiltInRetries =
        ["DaprBuiltInServiceRetries", "DaprBuiltInActorRetries", "DaprBuiltInActorReminderRetries", "DaprBuiltInInitializationRetries", "DaprBuiltInActorNotFoundRetries"];

    public static IEnumerable<ResourceProblem> Problems(IReadOnlyList<ResiliencyResource> resiliencies, bool strict)
    {
        // Files are merged, so a policy may stand in another one.
        var known = new Dictionary<string, string[]>
        {
            ["timeout"] = [.. resiliencies.SelectMany(resiliency => resiliency.Timeouts.Keys)],
            ["retry"] = [.. resiliencies.SelectMany(resiliency => resiliency.Retries.Keys), .. BuiltInRetries],
            ["circuitBreaker"] = [.. resiliencies.SelectMany(resiliency => resiliency.CircuitBreakers.Keys)],
        };
        return
            from resiliency in resiliencies
            from reference in resiliency.References
            where !known[reference.Kind].Contains(reference.Policy, StringComparer.Ordinal)
            select new ResourceProblem(
                resiliency.Origin.File,
                reference.Line,
                reference.Field,
                $"there is no {reference.Kind} policy '{reference.Policy}'{Spelling.Hint(reference.Policy, known[reference.Kind])}; none is applied",
                IsWarning: !strict);
    }
}

using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>
/// Looks for policies that targets name and no Resiliency of the app has, of which Dapr applies none, without a word; and for
/// those that are applied in Dapr and not in this runtime yet.
/// </summary>
internal static class ResiliencyCheck
{
    private const string PubsubTypes = "pubsub.";

    public static IEnumerable<ResourceProblem> Problems(ResourceSet resources, bool strict) =>
        [.. Unknown(resources.Resiliencies, strict), .. WithoutEffect(resources)];

    private static IEnumerable<ResourceProblem> Unknown(IReadOnlyList<ResiliencyResource> resiliencies, bool strict)
    {
        // Files are merged, so a policy may stand in another one.
        var known = new Dictionary<string, string[]>
        {
            ["timeout"] = [.. resiliencies.SelectMany(resiliency => resiliency.Timeouts.Keys)],
            ["retry"] = [.. resiliencies.SelectMany(resiliency => resiliency.Retries.Keys), .. BuiltInRetries.ByName.Keys],
            ["circuitBreaker"] = [.. resiliencies.SelectMany(resiliency => resiliency.CircuitBreakers.Keys)],
        };
        return
            from resiliency in resiliencies
            from reference in resiliency.References
            where !reference.IsDefault && !known[reference.Kind].Contains(reference.Policy, StringComparer.Ordinal)
            select new ResourceProblem(
                resiliency.Origin.File,
                reference.Line,
                reference.Field,
                $"there is no {reference.Kind} policy '{reference.Policy}'{Spelling.Hint(reference.Policy, known[reference.Kind])}; none is applied",
                IsWarning: !strict);
    }

    private static IEnumerable<ResourceProblem> WithoutEffect(ResourceSet resources) =>
        from resiliency in resources.Resiliencies
        from reference in resiliency.References
        where !HasEffect(reference, resources.Components)
        select new ResourceProblem(
            resiliency.Origin.File,
            reference.Line,
            reference.Field,
            $"the {reference.Kind} policy '{reference.Policy}' has no effect here in this runtime yet, which applies retries to messages of pub/sub components alone",
            IsWarning: true);

    // What targets a component that this app does not have is for another app.
    private static bool HasEffect(PolicyReference reference, IReadOnlyList<ComponentResource> components)
    {
        if (reference.Kind != "retry")
            return false;
        if (reference.IsDefault)
            return DefaultPolicies.InboundRetries(ComponentBlocks.Pubsub).Contains(reference.Policy);
        return reference.InboundOf is { } name &&
            components.FirstOrDefault(component => component.Name == name)?.Type.StartsWith(PubsubTypes, StringComparison.OrdinalIgnoreCase) != false;
    }
}

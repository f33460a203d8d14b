using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>
/// Looks for policies that targets name and no Resiliency of the app has, of which Dapr applies none, without a word; and for
/// those of actors, which this runtime does not host yet.
/// </summary>
internal static class ResiliencyCheck
{
    public static IEnumerable<ResourceProblem> Problems(ResourceSet resources, bool strict) =>
        [.. Unknown(resources.Resiliencies, strict), .. WithoutEffect(resources.Resiliencies)];

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

    private static IEnumerable<ResourceProblem> WithoutEffect(IReadOnlyList<ResiliencyResource> resiliencies) =>
        from resiliency in resiliencies
        from reference in resiliency.References
        where reference.IsOfActor
        select new ResourceProblem(
            resiliency.Origin.File,
            reference.Line,
            reference.Field,
            $"the {reference.Kind} policy '{reference.Policy}' has no effect here in this runtime yet, which hosts no actors",
            IsWarning: true);
}

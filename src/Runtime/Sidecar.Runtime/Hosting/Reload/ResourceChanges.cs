using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>What differs between two readings, components aside: those are compared with what runs.</summary>
/// <param name="InEffect">Lines to tell; all of it takes effect at once.</param>
/// <param name="AtNextStart">Parts of the Configuration that are read at the start only.</param>
/// <param name="Any">Something differs that takes effect, be it only an order.</param>
/// <param name="Resiliency">Policies or targets do. Where they do not, the former reading stays: its breakers know what has failed.</param>
internal sealed record ResourceChanges(IReadOnlyList<string> InEffect, IReadOnlyList<string> AtNextStart, bool Any, bool Resiliency)
{
    /// <summary>Parts of a Configuration's <c>spec</c> that are looked up when they are needed.</summary>
    private static readonly string[] LiveParts = ["secrets", "features", "components", "accessControl", "httpPipeline", "appHttpPipeline"];

    public static ResourceChanges Between(ResourceSet before, ResourceSet now)
    {
        var (old, next) = (Others(before), Others(now));
        var parts = before.Configuration.Parts.Keys.Union(now.Configuration.Parts.Keys)
            .Where(part => before.Configuration.Parts.GetValueOrDefault(part) != now.Configuration.Parts.GetValueOrDefault(part))
            .ToLookup(part => LiveParts.Contains(part, StringComparer.OrdinalIgnoreCase));
        IReadOnlyList<string> changes = [.. Describe(old, next), .. parts[true].Select(part => $"spec.{part} of the Configuration changed")];
        return new ResourceChanges(
            changes, [.. parts[false]], changes.Count > 0 || !old.Select(Key).SequenceEqual(next.Select(Key)),
            !before.Resiliencies.Select(Text).SequenceEqual(now.Resiliencies.Select(Text)));
    }

    private static Resource[] Others(ResourceSet set) => [.. set.All.Where(resource => resource is not ComponentResource)];

    private static (ResourceKind? Kind, string Name) Key(Resource resource) => (resource.Kind, resource.Name);

    private static (string Name, string Definition) Text(Resource resource) => (resource.Name, resource.Definition);

    private static IEnumerable<string> Describe(Resource[] old, Resource[] next)
    {
        var before = old.ToDictionary(Key);
        foreach (var resource in next)
        {
            if (!before.Remove(Key(resource), out var same))
                yield return $"{resource.Kind?.Name} {resource.Name} added ({resource.Origin})";
            else if (same.Definition != resource.Definition)
                yield return $"{resource.Kind?.Name} {resource.Name} changed ({resource.Origin})";
        }

        foreach (var gone in before.Values)
            yield return $"{gone.Kind?.Name} {gone.Name} removed";
    }
}

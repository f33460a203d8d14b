namespace Sidecar.Runtime.Resources;

/// <summary>Reads the resource folders and configuration files of one sidecar (contract sections 4.1 to 4.6).</summary>
public static class ResourceLoader
{
    /// <summary>
    /// The resources that concern this app and namespace, or the errors that keep a sidecar from starting. Files that are
    /// missing or unreadable are problems too, never exceptions.
    /// </summary>
    public static Loaded<ResourceSet> Load(ResourceLoadOptions options)
    {
        var folders = ResourceFolders.Load(options);
        var configuration = ConfigurationFiles.Load(options);
        var resources = new ResourceSet
        {
            Components = [.. folders.Resources.OfType<ComponentResource>()],
            Subscriptions = [.. folders.Resources.OfType<SubscriptionResource>()],
            HttpEndpoints = [.. folders.Resources.OfType<HttpEndpointResource>()],
            Resiliencies = [.. folders.Resources.OfType<ResiliencyResource>()],
            Configuration = configuration.Merged,
        };
        IReadOnlyList<ResourceProblem> problems =
            [.. folders.Problems, .. configuration.Problems, .. ResiliencyCheck.Problems(resources, options.Strict), .. TypeProblems(options, resources)];
        return problems.Any(problem => !problem.IsWarning)
            ? new Loaded<ResourceSet>(null, problems)
            : new Loaded<ResourceSet>(resources with { Problems = problems }, problems);
    }

    private static IEnumerable<ResourceProblem> TypeProblems(ResourceLoadOptions options, ResourceSet resources) => options.Catalog is { } catalog
        ? resources.AllowedComponents.SelectMany(new ComponentTypeCheck(catalog).Problems).Concat(SecretStoreCheck.Problems(resources, options.Strict))
        : [];
}

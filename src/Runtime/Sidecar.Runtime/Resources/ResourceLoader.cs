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
        IReadOnlyList<ResourceProblem> problems = [.. folders.Problems, .. configuration.Problems, .. TypeProblems(options, folders, configuration)];
        if (problems.Any(problem => !problem.IsWarning))
            return new Loaded<ResourceSet>(null, problems);
        return new Loaded<ResourceSet>(
            new ResourceSet
            {
                Components = folders.Components,
                Subscriptions = folders.Subscriptions,
                HttpEndpoints = folders.HttpEndpoints,
                Configuration = configuration.Merged,
                Problems = problems,
            },
            problems);
    }

    private static IEnumerable<ResourceProblem> TypeProblems(ResourceLoadOptions options, ResourceFolders folders, ConfigurationFiles configuration) =>
        options.Catalog is { } catalog
            ? folders.Components.Where(component => !configuration.Merged.Denies(component)).SelectMany(new ComponentTypeCheck(catalog).Problems)
            : [];
}

using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>A sidecar's resource folders and configuration files, read with daprd's leniency (contract 4.1).</summary>
internal static class SidecarResources
{
    /// <summary>Folders of resources, absolute.</summary>
    public static IReadOnlyList<string> Folders(SidecarOptions options) => Absolute(options, options.ResourcesPaths);

    /// <summary>Configuration files, absolute.</summary>
    public static IReadOnlyList<string> ConfigurationFiles(SidecarOptions options) => Absolute(options, options.ConfigPaths);

    /// <exception cref="SidecarStartException">A folder is missing, a name is taken twice, or another error that stops daprd too.</exception>
    public static ResourceSet Load(SidecarOptions options)
    {
        var loaded = Read(options, lastGood: null);
        return loaded.Value ?? throw new SidecarStartException(string.Join(Environment.NewLine, loaded.Errors));
    }

    /// <param name="lastGood">What is in effect now, for a reload; null at a start.</param>
    public static Loaded<ResourceSet> Read(SidecarOptions options, ResourceSet? lastGood) =>
        ResourceLoader.Load(LoadOptions(options) with { LastGood = lastGood });

    /// <summary>What would keep a sidecar from starting, component types and their fields included.</summary>
    public static IReadOnlyList<ResourceProblem> ProblemsOfStart(SidecarOptions options) =>
        [.. ResourceLoader.Load(LoadOptions(options) with { Catalog = options.KnownTypes }).Errors];

    private static ResourceLoadOptions LoadOptions(SidecarOptions options) => new(
        options.AppId, options.Namespace, Folders(options), ConfigurationFiles(options), options.Environment, Strict: false);

    private static IReadOnlyList<string> Absolute(SidecarOptions options, IReadOnlyList<string> paths) =>
        [.. paths.Where(path => path.Length > 0).Select(path => Path.GetFullPath(path, options.BaseDirectory)).Distinct(StringComparer.Ordinal)];
}

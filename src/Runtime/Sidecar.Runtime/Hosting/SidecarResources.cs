using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>Reads a sidecar's resource folders and configuration files with daprd's leniency (contract 4.1).</summary>
internal static class SidecarResources
{
    /// <exception cref="SidecarStartException">A folder is missing, a name is taken twice, or another error that stops daprd too.</exception>
    public static ResourceSet Load(SidecarOptions options)
    {
        var loaded = ResourceLoader.Load(new ResourceLoadOptions(
            options.AppId,
            options.Namespace,
            [.. options.ResourcesPaths.Select(path => Path.GetFullPath(path, options.BaseDirectory))],
            [.. options.ConfigPaths.Select(path => Path.GetFullPath(path, options.BaseDirectory))],
            options.Environment,
            Strict: false));
        return loaded.Value ?? throw new SidecarStartException(string.Join(Environment.NewLine, loaded.Errors));
    }
}

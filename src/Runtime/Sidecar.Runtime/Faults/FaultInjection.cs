using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Faults;

/// <summary>Lets a faults file take effect on a sidecar.</summary>
internal static class FaultInjection
{
    /// <exception cref="SidecarStartException">The file cannot be read.</exception>
    public static SidecarOptions Apply(SidecarOptions options)
    {
        if (options.FaultsFile is not { } file)
            return options;
        var path = Path.GetFullPath(file, options.BaseDirectory);
        if (FaultsFile.Read(path, out var problems) is not { } settings)
            throw new SidecarStartException(string.Join(Environment.NewLine, problems));
        var storm = new FaultStorm(options.AppId, settings, options.Time);
        return options with
        {
            Catalog = WiredComponents.Wrap(options.KnownTypes, storm),
            CustomMiddleware = [],
            WrapAppTransport = inner => storm.Wrap(options.WrapAppTransport?.Invoke(inner) ?? inner),
        };
    }
}

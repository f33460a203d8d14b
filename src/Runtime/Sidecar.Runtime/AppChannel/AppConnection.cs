using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The sidecar's end of its app: the channel that slices use, with what the options put in its way.</summary>
internal sealed class AppConnection : IDisposable
{
    private readonly HttpAppChannel _wire;

    public AppConnection(SidecarOptions options)
    {
        _wire = new HttpAppChannel(options);
        Channel = options.AppMaxConcurrency > 0 ? new ConcurrencyLimit(_wire, options.AppMaxConcurrency) : _wire;
        if (options is not { HasApp: true, AppHealth: { } health })
            return;

        // A probe must reach the app that the gate keeps all others from, and wait for none of them.
        Health = new AppHealth(health, _wire, options.Time);
        Channel = new AppHealthGate(Channel, Health);
    }

    public IAppChannel Channel { get; }

    /// <summary>null: not asked for, the app counts as healthy.</summary>
    public AppHealth? Health { get; }

    public void Dispose() => _wire.Dispose();
}

using System.Collections.Immutable;
using Sidecar.Runtime.Security.Mtls;
using Sidecar.Components;
using Sidecar.Runtime.NameResolution;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Sidecars that run in one process and share what one process can share: in-memory components, one writer per SQLite file,
/// and each other's addresses, so that a call between them needs no second hop.
/// </summary>
public sealed class SidecarGroup : IAsyncDisposable
{
    /// <summary>From the beginning of their start to the end of their stop.</summary>
    private ImmutableList<SidecarInstance> _sidecars = [];

    private readonly Lazy<RunAuthority> _authority = new();

    public SharedResources Shared { get; } = new();

    /// <summary>Issues the certificates of sidecars with mTLS that have none in a folder.</summary>
    internal RunAuthority Authority => _authority.Value;

    internal GroupDirectory Directory { get; } = new();

    /// <summary>
    /// Loads resources and components, binds all listeners and serves the API; then, in the background, waits for the app.
    /// </summary>
    /// <exception cref="SidecarStartException">It cannot start; the message says what is wrong and what to do.</exception>
    public Task<SidecarInstance> StartAsync(SidecarOptions options, CancellationToken cancellationToken = default) =>
        SidecarInstance.StartAsync(this, options, cancellationToken);

    /// <summary>Stops all sidecars at once, also those that are still starting: gracefully, each within its own limit.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_sidecars.Select(sidecar => sidecar.DisposeAsync().AsTask())).ConfigureAwait(false);
        if (_authority.IsValueCreated)
            _authority.Value.Dispose();
    }

    internal void Add(SidecarInstance sidecar) =>
        ImmutableInterlocked.Update(ref _sidecars, (list, added) => list.Add(added), sidecar);

    internal void Forget(SidecarInstance sidecar) =>
        ImmutableInterlocked.Update(ref _sidecars, (list, gone) => list.Remove(gone), sidecar);
}

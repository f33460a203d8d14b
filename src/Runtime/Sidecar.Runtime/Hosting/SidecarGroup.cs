using Sidecar.Components;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Sidecars that run in one process and share what one process can share: in-memory components, one writer per SQLite file,
/// and each other's addresses, so that a call between them needs no second hop.
/// </summary>
public sealed class SidecarGroup : IAsyncDisposable
{
    public SharedResources Shared { get; } = new();

    public IReadOnlyList<SidecarInstance> Sidecars => throw new NotImplementedException();

    /// <summary>
    /// Loads resources and components, binds all listeners and serves the API; then, in the background, waits for the app.
    /// </summary>
    /// <exception cref="SidecarStartException">It cannot start; the message says what is wrong and what to do.</exception>
    public Task<SidecarInstance> StartAsync(SidecarOptions options, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Stops all sidecars at once, gracefully, each within its own limit.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

using System.Collections.Immutable;
using Sidecar.Components;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Sidecars that run in one process and share what one process can share: in-memory components, one writer per SQLite file,
/// and each other's addresses, so that a call between them needs no second hop.
/// </summary>
public sealed class SidecarGroup : IAsyncDisposable
{
    private ImmutableList<SidecarInstance> _sidecars = [];

    public SharedResources Shared { get; } = new();

    public IReadOnlyList<SidecarInstance> Sidecars => _sidecars;

    internal GroupDirectory Directory { get; } = new();

    /// <summary>
    /// Loads resources and components, binds all listeners and serves the API; then, in the background, waits for the app.
    /// </summary>
    /// <exception cref="SidecarStartException">It cannot start; the message says what is wrong and what to do.</exception>
    public async Task<SidecarInstance> StartAsync(SidecarOptions options, CancellationToken cancellationToken = default)
    {
        try
        {
            var sidecar = await SidecarInstance.StartAsync(this, options, cancellationToken).ConfigureAwait(false);
            ImmutableInterlocked.Update(ref _sidecars, (list, added) => list.Add(added), sidecar);
            return sidecar;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Its own log must have the reason too, and it may have failed before it had one.
            using var log = new SidecarLoggerProvider(options);
            log.CreateLogger(typeof(SidecarGroup).FullName!).Fatal(failure.Message);
            throw;
        }
    }

    /// <summary>Stops all sidecars at once, gracefully, each within its own limit.</summary>
    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(_sidecars.Select(sidecar => sidecar.DisposeAsync().AsTask())).ConfigureAwait(false);

    internal void Forget(SidecarInstance sidecar) =>
        ImmutableInterlocked.Update(ref _sidecars, (list, gone) => list.Remove(gone), sidecar);
}

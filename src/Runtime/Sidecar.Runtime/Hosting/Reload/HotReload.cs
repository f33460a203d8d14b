using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>
/// Hot reload (contract 4.1, on unless the feature <c>HotReload</c> is off): changes of resource and configuration files take
/// effect while the sidecar runs.
/// </summary>
internal sealed class HotReload(SidecarOptions options, SharedResources shared, LiveResources live, ResourceReload reload, ILogger<HotReload> logger) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Call when the first components are loaded and the slices know it.</summary>
    public void Start()
    {
        if (live.Current.Configuration.HotReload)
            _loop = FollowAsync(new ResourceWatcher(options, shared, logger), _stopping.Token);
        else
            logger.SwitchedOff();
    }

    /// <summary>Completes when no reload is under way any more, and none comes. Call before anything closes.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _loop.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task FollowAsync(ResourceWatcher watcher, CancellationToken stopping)
    {
        await using var watching = watcher.ConfigureAwait(false);
        try
        {
            await foreach (var _ in watcher.DueAsync(stopping).ConfigureAwait(false))
            {
                await ReloadAsync(stopping).ConfigureAwait(false);
                if (live.Current.Configuration.HotReload)
                    continue;
                logger.SwitchedOff();
                return;
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    private async Task ReloadAsync(CancellationToken stopping)
    {
        try
        {
            await reload.RunAsync(stopping).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or OutOfMemoryException))
        {
            // One reload that goes wrong must not be the last.
            logger.ReloadFailed(failure.Message);
        }
    }
}

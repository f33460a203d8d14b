using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>
/// The life of this sidecar's input bindings. They run while the app is ready and healthy and the sidecar does not stop; every
/// turn changes one of these facts, or the components, and lets the bindings that run follow.
/// </summary>
internal sealed class InputBindings(ComponentRegistry components, InputStarter starter, IAppChannel app, ILogger<InputBindings> logger) : ISidecarFeature, IDisposable
{
    private readonly RunningSet<LoadedComponent> _running = new((component, failure) => logger.EndFailed(component.Name, failure));

    // The app is asked once about each, until its health changes: it may be another then.
    private readonly ConcurrentDictionary<LoadedComponent, bool> _declined = new();
    private bool _isReady;
    private bool _isHealthy = true;

    /// <summary>Completes once every binding that can be started runs.</summary>
    public Task OnAppReadyAsync(CancellationToken cancellationToken)
    {
        _isReady = true;
        return FollowAsync(cancellationToken);
    }

    public Task OnAppHealthChangedAsync(bool isHealthy, CancellationToken cancellationToken)
    {
        _isHealthy = isHealthy;
        _declined.Clear();
        return FollowAsync(cancellationToken);
    }

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) =>
        component.Component is IInputBinding ? FollowAsync(cancellationToken) : Task.CompletedTask;

    public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken)
    {
        _declined.TryRemove(component, out _);
        return component.Component is IInputBinding ? FollowAsync(cancellationToken) : Task.CompletedTask;
    }

    public async Task OnStoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _running.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            logger.StoppedWhileHandling();
        }
    }

    public void Dispose() => _running.Dispose();

    private Task FollowAsync(CancellationToken cancellationToken)
    {
        var wanted = app.HasApp && _isReady && _isHealthy
            ? components.All.Where(component => InputStarter.IsInput(component) && !_declined.ContainsKey(component)).ToList()
            : [];
        return _running.AlignAsync(wanted, StartAsync, cancellationToken);
    }

    private async Task<IAsyncDisposable?> StartAsync(LoadedComponent component, CancellationToken cancellationToken)
    {
        var (result, running) = await starter.StartAsync(component, _running.Stopping, cancellationToken).ConfigureAwait(false);
        if (result == InputStart.Declined)
            _declined[component] = true;
        return running;
    }
}

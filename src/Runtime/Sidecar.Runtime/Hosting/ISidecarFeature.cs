using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>What a slice does at the turns of a sidecar's life. Each member may do nothing; they are called one at a time.</summary>
internal interface ISidecarFeature
{
    /// <summary>Components are loaded; the API is not reachable yet.</summary>
    Task OnComponentsLoadedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The app answers for the first time (or there is none): ask it, subscribe to brokers.</summary>
    Task OnAppReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The app, ready before, fails its health checks or passes them again (contract 2.17).</summary>
    Task OnAppHealthChangedAsync(bool isHealthy, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The app, ready before, is another process now, and answers: ask it again.</summary>
    Task OnAppRestartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A reload has put a component into the registry.</summary>
    Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A reload has taken a component out of the registry and closes it next: end what uses it, forget what was derived from it.</summary>
    Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A reload has changed subscriptions, HTTP endpoints, resiliency or configuration. Components that changed with them were told one by one before.</summary>
    Task OnResourcesChangedAsync(ResourceSet before, ResourceSet now, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Shutdown begins: take no new messages, let those under way finish.</summary>
    Task OnStoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

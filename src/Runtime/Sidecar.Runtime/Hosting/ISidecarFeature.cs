namespace Sidecar.Runtime.Hosting;

/// <summary>What a slice does at the turns of a sidecar's life. Each member may do nothing.</summary>
internal interface ISidecarFeature
{
    /// <summary>Components are loaded; the API is not reachable yet.</summary>
    Task OnComponentsLoadedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The app answers for the first time (or there is none): ask it, subscribe to brokers.</summary>
    Task OnAppReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Shutdown begins: take no new messages, let those under way finish.</summary>
    Task OnStoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

namespace Sidecar.Testing.Sidecars;

/// <summary>The sidecar of one app, which can be started again after it has ended.</summary>
internal interface ISidecarRunner : IAsyncDisposable
{
    /// <summary>Completes once its API is served.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>Completes once its app is up and its subscriptions run.</summary>
    Task HealthyAsync(CancellationToken cancellationToken);

    /// <summary>Ends it as a shutdown does.</summary>
    Task StopAsync();

    /// <summary>Ends it as the death of its process does.</summary>
    Task CrashAsync();
}

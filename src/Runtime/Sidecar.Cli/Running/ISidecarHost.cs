using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Running;

/// <summary>How the sidecars of a run live: together in this process, or each in a process of its own.</summary>
internal interface ISidecarHost : IAsyncDisposable
{
    /// <summary>Returns when the sidecar serves its API; its app is not needed for that.</summary>
    /// <exception cref="SidecarStartException">It cannot; the message says why.</exception>
    Task<ISidecar> StartAsync(AppPlan plan, CancellationToken cancellationToken);
}

internal interface ISidecar
{
    /// <summary>Completes when the app answers and all it asked for runs; fails or never completes if that does not come to be.</summary>
    Task Healthy { get; }

    /// <summary>Completes with the exit code once the sidecar has stopped for good.</summary>
    Task<int> Stopped { get; }

    Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken);

    /// <summary>No new messages, those under way finish, then it stops.</summary>
    Task StopAsync();
}

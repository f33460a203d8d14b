using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.NameResolution;

/// <summary>Itself first, then the sidecars of this process, then those that registered in the shared file.</summary>
internal sealed class NameResolver(SidecarOptions options, ISidecarPeer self, GroupDirectory group, NameRegistry? registry) : INameResolver
{
    public ValueTask<ISidecarPeer?> ResolveAsync(string appId, CancellationToken cancellationToken)
    {
        // Self-invocation never leaves the sidecar, whatever other instances there are (contract 2.4).
        if (appId.Equals(options.AppId, StringComparison.Ordinal))
            return ValueTask.FromResult<ISidecarPeer?>(self);
        if (group.Find(appId) is { } neighbour)
            return ValueTask.FromResult<ISidecarPeer?>(neighbour);
        return registry is null ? ValueTask.FromResult<ISidecarPeer?>(null) : registry.ResolveAsync(appId, cancellationToken);
    }

    public ValueTask<ISidecarPeer?> ResolveOtherAsync(string appId, IReadOnlySet<string> asked, CancellationToken cancellationToken) => registry is null
        ? ValueTask.FromResult<ISidecarPeer?>(null)
        : registry.ResolveOtherAsync(appId, asked, cancellationToken);
}

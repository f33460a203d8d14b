namespace Sidecar.Runtime.NameResolution;

/// <summary>A service that a call can be handed to.</summary>
internal interface IPeer
{
    /// <summary>
    /// Hands a request with a relative URI to the peer's app and answers once the response's headers are there.
    /// </summary>
    /// <exception cref="PeerUnavailableException">The peer's sidecar cannot be reached: worth another try.</exception>
    /// <exception cref="HttpRequestException">The peer's app cannot be reached or broke the connection.</exception>
    /// <exception cref="AccessDeniedException">The peer's access control refuses it.</exception>
    Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken);
}

/// <summary>A sidecar: one of this process, or one that is reached over the network.</summary>
internal interface ISidecarPeer : IPeer
{
    /// <summary>Likewise for a gRPC call that nobody reads on its way. Disposal of the response ends the call.</summary>
    /// <inheritdoc cref="IPeer.InvokeAsync"/>
    Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken);
}

/// <summary>Finds the sidecar of an app-id.</summary>
internal interface INameResolver
{
    /// <summary>One live sidecar of the app-id, or null if there is none.</summary>
    /// <exception cref="NameRegistryException">It cannot be told.</exception>
    ValueTask<ISidecarPeer?> ResolveAsync(string appId, CancellationToken cancellationToken);

    /// <summary>Likewise after some of them did not answer: one that has not lately failed to, or null if there is no such.</summary>
    /// <param name="asked">Addresses of those.</param>
    /// <inheritdoc cref="ResolveAsync"/>
    ValueTask<ISidecarPeer?> ResolveOtherAsync(string appId, IReadOnlySet<string> asked, CancellationToken cancellationToken);
}

/// <summary>The callee's access control has refused the call (contract section 4.3).</summary>
internal sealed class AccessDeniedException(string message) : Exception(message);

/// <summary>A sidecar did not answer at the address it registered.</summary>
internal sealed class PeerUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    public required string Address { get; init; }

    /// <summary>There was no connection: nothing of the call has reached it.</summary>
    public bool IsUnsent { get; init; }
}

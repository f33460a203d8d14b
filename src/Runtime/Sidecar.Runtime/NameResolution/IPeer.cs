namespace Sidecar.Runtime.NameResolution;

/// <summary>A sidecar that a call can be handed to: one of this process, or one that is reached over the network.</summary>
internal interface IPeer
{
    /// <summary>
    /// Hands a request with a relative URI to the peer's app and answers once the response's headers are there.
    /// </summary>
    /// <exception cref="PeerUnavailableException">The peer's sidecar cannot be reached: worth another try.</exception>
    /// <exception cref="HttpRequestException">The peer's app cannot be reached or broke the connection.</exception>
    Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken);
}

/// <summary>Finds the sidecar of an app-id.</summary>
internal interface INameResolver
{
    /// <summary>One live sidecar of the app-id, or null if there is none.</summary>
    /// <exception cref="NameRegistryException">It cannot be told.</exception>
    ValueTask<IPeer?> ResolveAsync(string appId, CancellationToken cancellationToken);
}

/// <summary>A sidecar did not answer at the address it registered.</summary>
internal sealed class PeerUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

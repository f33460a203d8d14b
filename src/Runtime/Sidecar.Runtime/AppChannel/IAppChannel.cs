namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// The sidecar's way to its app: address, concurrency limit, APP_API_TOKEN. One per sidecar; slices share it.
/// </summary>
internal interface IAppChannel
{
    /// <summary>There is an app (<c>--app-port</c>).</summary>
    bool HasApp { get; }

    /// <summary>
    /// Sends a request whose URI is relative (<c>/path?query</c>; a gRPC call's is the app's own) and answers once the response's headers are there. The
    /// caller disposes the response. The app token is added; a token of the caller's sidecar must already be gone.
    /// </summary>
    /// <exception cref="HttpRequestException">The app cannot be reached or broke the connection.</exception>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken);
}

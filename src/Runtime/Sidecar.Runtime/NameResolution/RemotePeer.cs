using System.Net;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// A sidecar of another process, reached at its internal port by HTTP/2 without TLS. The wire is our own: the invoke route,
/// with the app's response as the response, or <see cref="ErrorHeader"/> when the app gave none.
/// </summary>
internal sealed class RemotePeer(string appId, string address, PeerClient client) : IPeer
{
    /// <summary>Marks a response that the peer's sidecar wrote itself, with the reason as its value.</summary>
    public const string ErrorHeader = "dapr-internal-error";

    public async Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.RequestUri = new Uri($"http://{address}/v1.0/invoke/{Uri.EscapeDataString(appId)}/method{request.RequestUri!.OriginalString}", PeerClient.Verbatim);
        HttpResponseMessage response;
        try
        {
            response = await client.Invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure) when (failure.InnerException is not Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            throw new PeerUnavailableException($"sidecar of {appId} at {address} did not answer: {failure.Message}", failure);
        }

        if (!response.Headers.NonValidated.TryGetValues(ErrorHeader, out var reason))
            return response;
        response.Dispose();
        throw new HttpRequestException(Uri.UnescapeDataString(reason.ToString()));
    }
}

/// <summary>Connections to the sidecars of other processes; one per sidecar.</summary>
internal sealed class PeerClient : IDisposable
{
    public static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public HttpMessageInvoker Invoker { get; } = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = true,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    });

    public void Dispose() => Invoker.Dispose();
}

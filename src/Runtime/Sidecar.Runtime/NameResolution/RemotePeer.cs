using System.Net;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// A sidecar of another process, reached at its internal port by HTTP/2 without TLS. The wire is our own: the invoke route,
/// with the app's response as the response, or <see cref="ErrorHeader"/> when the app gave none.
/// </summary>
/// <param name="onSilent">Called when the peer does not answer.</param>
internal sealed class RemotePeer(string appId, string address, PeerClient client, Action onSilent) : IPeer
{
    /// <summary>Marks a response that the peer's sidecar wrote itself, with the reason as its value.</summary>
    public const string ErrorHeader = "dapr-internal-error";

    // RFC 9113, section 7.
    private const long ProtocolError = 1;

    public async Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Version = HttpVersion.Version20;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.RequestUri = new Uri($"http://{address}/v1.0/invoke/{Uri.EscapeDataString(appId)}/method{request.RequestUri!.OriginalString}", PlainTransport.Verbatim);
        HttpResponseMessage response;
        try
        {
            response = await client.Invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure) when (MayPass(failure))
        {
            throw Silent(failure);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw Silent(slow);
        }

        if (!response.Headers.NonValidated.TryGetValues(ErrorHeader, out var reason))
            return response;
        response.Dispose();
        throw new HttpRequestException(Uri.UnescapeDataString(reason.ToString()));
    }

    // A body that cannot be read, or a request that the peer does not understand, is the same at the next attempt.
    private static bool MayPass(HttpRequestException failure) =>
        failure.InnerException is not (BadHttpRequestException or HttpProtocolException { ErrorCode: ProtocolError });

    private PeerUnavailableException Silent(Exception failure)
    {
        onSilent();
        return new PeerUnavailableException($"sidecar of {appId} at {address} did not answer: {failure.Message}", failure);
    }
}

/// <summary>Connections to the sidecars of other processes; one per sidecar.</summary>
internal sealed class PeerClient : IDisposable
{
    public HttpMessageInvoker Invoker { get; } = new(Handler());

    public void Dispose() => Invoker.Dispose();

    private static SocketsHttpHandler Handler()
    {
        var handler = PlainTransport.Create(TimeSpan.FromSeconds(5));
        handler.EnableMultipleHttp2Connections = true;
        return handler;
    }
}

using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.NameResolution;

/// <summary>
/// A sidecar of another process, reached at its internal port by HTTP/1.1, over TLS where sidecars have certificates. With sockets served
/// inline a call costs a third of what it does over HTTP/2, whose streams are handed from thread to thread at both ends. The wire is our own: the
/// invoke route, and in each response <see cref="ReplyHeader"/>; see <see cref="InvocationWire"/> for what callers by gRPC add.
/// gRPC calls that are handed on as they are go by HTTP/2 to the same port.
/// </summary>
/// <param name="onSilent">Called when the peer does not answer.</param>
internal sealed class RemotePeer(string appId, string address, PeerClient client, Action onSilent) : ISidecarPeer
{
    /// <summary>Empty on the response of the app; else the reason, percent-encoded, why the peer's sidecar has none.</summary>
    public const string ReplyHeader = "dapr-internal-reply";

    public async Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request is GrpcInvocation invocation)
            InvocationWire.Put(invocation, client.Time);
        request.RequestUri = new Uri($"{client.Scheme}://{address}/v1.0/invoke/{Uri.EscapeDataString(appId)}/method{request.RequestUri!.OriginalString}", PlainTransport.Verbatim);
        var response = await SendAsync(client.Invoker, request, cancellationToken).ConfigureAwait(false);
        if (ReasonIn(response) is not { } reason)
            return request is GrpcInvocation && InvocationWire.Read(response) is { } reply ? reply : response;
        var isDenied = response.StatusCode == HttpStatusCode.Forbidden;
        response.Dispose();
        throw isDenied ? new AccessDeniedException(reason) : new HttpRequestException(reason);
    }

    public Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new Uri($"{client.Scheme}://{address}{request.RequestUri!.OriginalString}", PlainTransport.Verbatim);
        return SendAsync(client.Http2Invoker, request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker invoker, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure) when (MayPass(failure))
        {
            throw Silent(failure);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw Silent(slow);
        }
    }

    // A body that cannot be read is the same at the next attempt.
    private static bool MayPass(HttpRequestException failure) => failure.InnerException is not BadHttpRequestException;

    private string? ReasonIn(HttpResponseMessage response)
    {
        // The peer's web server refuses by itself what it cannot read, such as headers that are too large for it.
        if (!response.Headers.NonValidated.TryGetValues(ReplyHeader, out var values))
            return $"sidecar of {appId} at {address} refused the call with {(int)response.StatusCode}";
        var reason = values.ToString();
        response.Headers.Remove(ReplyHeader);
        return reason.Length == 0 ? null : Uri.UnescapeDataString(reason);
    }

    private PeerUnavailableException Silent(Exception failure)
    {
        onSilent();
        return new PeerUnavailableException($"sidecar of {appId} at {address} did not answer: {failure.Message}", failure)
        {
            Address = address,

            // What is cancelled here and by no caller is the attempt to connect.
            IsUnsent = failure is OperationCanceledException or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError },
        };
    }
}

/// <summary>Connections to the sidecars of other processes; with mTLS to those of one app alone.</summary>
internal sealed class PeerClient : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <param name="tls">null = without TLS.</param>
    public PeerClient(TimeProvider time, SslClientAuthenticationOptions? tls = null)
    {
        (Time, Scheme) = (time, tls is null ? "http" : "https");
        var (http, http2) = (PlainTransport.Create(ConnectTimeout), PlainTransport.CreateHttp2(ConnectTimeout));
        if (tls is not null)
            (http.SslOptions, http2.SslOptions) = (tls, tls);
        (Invoker, Http2Invoker) = (new HttpMessageInvoker(http), new HttpMessageInvoker(http2));
    }

    public string Scheme { get; }

    public HttpMessageInvoker Invoker { get; }

    public HttpMessageInvoker Http2Invoker { get; }

    public TimeProvider Time { get; }

    public void Dispose()
    {
        Invoker.Dispose();
        Http2Invoker.Dispose();
    }
}

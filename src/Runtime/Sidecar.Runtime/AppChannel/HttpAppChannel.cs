using System.Net;
using System.Net.Security;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// The wire to the app: HTTP/1.1, or HTTP/2 alone for an app of protocol h2c, grpc or grpcs; with or without TLS. Nothing here knows
/// what a request means.
/// </summary>
internal sealed class HttpAppChannel : IAppChannel, IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _client;
    private readonly string _origin;
    private readonly string? _token;
    private readonly bool _isHttp2;

    public HttpAppChannel(SidecarOptions options)
    {
        var protocol = AppProtocol.Of(options);
        _isHttp2 = protocol.IsHttp2;
        _origin = protocol.OriginOf(options).GetLeftPart(UriPartial.Authority);
        _token = options.AppApiToken;
        HasApp = options.HasApp;
        var handler = _isHttp2 ? PlainTransport.CreateHttp2(ConnectTimeout) : PlainTransport.Create(ConnectTimeout);
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
        _client = new HttpMessageInvoker(options.WrapAppTransport?.Invoke(handler) ?? handler);
    }

    public bool HasApp { get; }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request is GrpcInvocation invocation)
        {
            if (invocation.RefusalByHttp is { } refusal)
                return new GrpcAppReply(refusal);
            MetadataRules.ToHttp(request);
        }

        // The path was cleaned and escaped by the caller; Uri must not reinterpret it. A gRPC call names its app itself.
        if (request.RequestUri is not { IsAbsoluteUri: true })
            request.RequestUri = new Uri(_origin + (request.RequestUri?.OriginalString ?? "/"), PlainTransport.Verbatim);
        if (_isHttp2)
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        if (_token is not null)
        {
            request.Headers.Remove(ApiTokenCheck.Header);
            request.Headers.TryAddWithoutValidation(ApiTokenCheck.Header, _token);
        }

        try
        {
            return await _client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"the app accepted no connection within {ConnectTimeout.TotalSeconds:0} s", slow);
        }
        catch (ObjectDisposedException gone)
        {
            // A neighbour of this process found the sidecar just before it stopped.
            throw new HttpRequestException(HttpRequestError.ConnectionError, "the app's sidecar has stopped", gone);
        }
    }

    public void Dispose() => _client.Dispose();
}

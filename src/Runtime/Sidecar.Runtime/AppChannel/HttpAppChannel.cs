using System.Net.Security;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The app over HTTP/1.1, with or without TLS. An https app's certificate is not checked: it is the sidecar's own neighbour (contract 1.1).</summary>
internal sealed class HttpAppChannel : IAppChannel, IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _client;
    private readonly string _origin;
    private readonly string? _token;

    public HttpAppChannel(SidecarOptions options)
    {
        var scheme = options.AppProtocol.Equals("https", StringComparison.OrdinalIgnoreCase) ? "https" : "http";
        // The builder puts an IPv6 address into brackets.
        _origin = new UriBuilder(scheme, options.AppChannelAddress, options.AppPort).Uri.GetLeftPart(UriPartial.Authority);
        _token = options.AppApiToken;
        HasApp = options.HasApp;
        var handler = PlainTransport.Create(ConnectTimeout);
        handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
        _client = new HttpMessageInvoker(options.WrapAppTransport?.Invoke(handler) ?? handler);
    }

    public bool HasApp { get; }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The path was cleaned and escaped by the caller; Uri must not reinterpret it.
        var pathAndQuery = request.RequestUri?.OriginalString ?? "/";
        request.RequestUri = new Uri(_origin + pathAndQuery, PlainTransport.Verbatim);
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

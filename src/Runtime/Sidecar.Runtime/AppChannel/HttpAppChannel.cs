using System.Net;
using System.Net.Security;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The app over HTTP/1.1, with or without TLS. An https app's certificate is not checked: it is the sidecar's own neighbour (contract 1.1).</summary>
internal sealed class HttpAppChannel : IAppChannel, IDisposable
{
    private const string TokenHeader = "dapr-api-token";

    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpMessageInvoker _client;
    private readonly string _origin;
    private readonly string? _token;

    public HttpAppChannel(SidecarOptions options)
    {
        var scheme = options.AppProtocol.Equals("https", StringComparison.OrdinalIgnoreCase) ? "https" : "http";
        _origin = $"{scheme}://{options.AppChannelAddress}:{options.AppPort}";
        _token = options.AppApiToken;
        HasApp = options.HasApp;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        });
    }

    public bool HasApp { get; }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // The path was cleaned and escaped by the caller; Uri must not reinterpret it.
        var pathAndQuery = request.RequestUri?.OriginalString ?? "/";
        request.RequestUri = new Uri(_origin + pathAndQuery, Verbatim);
        if (_token is not null)
        {
            request.Headers.Remove(TokenHeader);
            request.Headers.TryAddWithoutValidation(TokenHeader, _token);
        }

        return _client.SendAsync(request, cancellationToken);
    }

    public void Dispose() => _client.Dispose();
}

using System.Diagnostics.CodeAnalysis;

namespace Dapr.Client;

/// <summary>
/// Lets an <see cref="HttpClient"/> address apps by app-id: <c>http://orders/path?x=1</c> goes to the sidecar as
/// <c>/v1.0/invoke/orders/method/path?x=1</c>, with the Dapr API token. All traffic of the client goes to the sidecar.
/// </summary>
public class InvocationHandler : DelegatingHandler
{
    private Uri _endpoint = new(DaprDefaults.HttpEndpoint());

    /// <summary>The sidecar's HTTP endpoint; from the environment unless set.</summary>
    /// <exception cref="ArgumentException">Not an http or https address.</exception>
    public string DaprEndpoint
    {
        get => _endpoint.OriginalString;
        set => _endpoint = DaprDefaults.ParseEndpoint(value, nameof(value));
    }

    /// <summary>
    /// The app-id in its own spelling. Host names in URIs are lower-cased; where one equals this but for its case, this is sent.
    /// </summary>
    public string? DefaultAppId { get; set; }

    internal string? DaprApiToken { get; set; } = DaprDefaults.ApiToken();

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var original = request.RequestUri;
        if (!TryRewrite(original, out var rewritten))
            throw new ArgumentException($"'{original}' cannot be invoked through Dapr: an address such as http://app-id/path is expected.", nameof(request));

        var tokenAdded = DaprApiToken is { } token && request.Headers.TryAddWithoutValidation(DaprDefaults.ApiTokenHeader, token);
        request.RequestUri = rewritten;
        try
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The caller's request is left as it was, so that it may be logged or compared without the token.
            request.RequestUri = original;
            if (tokenAdded)
                request.Headers.Remove(DaprDefaults.ApiTokenHeader);
        }
    }

    internal bool TryRewrite(Uri? uri, [NotNullWhen(true)] out Uri? rewritten)
    {
        rewritten = null;
        if (uri is not { IsAbsoluteUri: true } || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            return false;

        var appId = string.Equals(uri.Host, DefaultAppId, StringComparison.OrdinalIgnoreCase) ? DefaultAppId : uri.Host;
        rewritten = new Uri($"{_endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')}/v1.0/invoke/{appId}/method{uri.PathAndQuery}");
        return true;
    }
}

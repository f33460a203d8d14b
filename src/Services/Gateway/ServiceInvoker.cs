namespace Shop.Gateway;

/// <summary>Reaches the other services by service invocation: <c>http://{app-id}/path</c>.</summary>
internal sealed class ServiceInvoker(HttpClient invoke)
{
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        invoke.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
}

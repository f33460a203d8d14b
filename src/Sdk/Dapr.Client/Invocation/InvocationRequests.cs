using System.Net.Http.Json;
using System.Text;

namespace Dapr.Client;

/// <summary>Builds requests that invoke a method of another app, addressed to the sidecar directly.</summary>
internal sealed class InvocationRequests(SidecarConnection sidecar)
{
    public HttpRequestMessage Create(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> query)
    {
        ArgumentNullException.ThrowIfNull(httpMethod);
        ArgumentException.ThrowIfNullOrEmpty(appId);
        ArgumentNullException.ThrowIfNull(methodName);
        ArgumentNullException.ThrowIfNull(query);

        // The method name is a path of the callee, with slashes and perhaps a query of its own: it is not escaped.
        var text = new StringBuilder($"{sidecar.Root}/v1.0/invoke/{appId}/method/{methodName.TrimStart('/')}");
        var separator = methodName.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        foreach (var (name, value) in query)
        {
            text.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        var request = new HttpRequestMessage(httpMethod, text.ToString());
        if (sidecar.ApiToken is { } token)
            request.Headers.TryAddWithoutValidation(DaprDefaults.ApiTokenHeader, token);
        return request;
    }

    public HttpRequestMessage Create<TRequest>(HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> query, TRequest data)
    {
        var request = Create(httpMethod, appId, methodName, query);
        request.Content = JsonContent.Create(data, options: sidecar.Json);
        return request;
    }
}

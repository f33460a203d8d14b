using Sidecar.Components.Http;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.NameResolution;

namespace Sidecar.Runtime.Invocation.External;

/// <summary>
/// A service outside of Dapr, by its URL (contract 2.4). It is sent what the caller sent and what its HTTPEndpoint adds, never a
/// token or a name of a sidecar. Redirects are followed as Go's client does, and lead secrets to no other place.
/// </summary>
/// <param name="baseUrl">http or https; its path goes before the method.</param>
/// <param name="headers">Of the HTTPEndpoint, resolved.</param>
internal sealed class ExternalPeer(Uri baseUrl, IReadOnlyList<KeyValuePair<string, string>> headers, HttpMessageInvoker client) : IPeer
{
    private readonly string _root = baseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/');

    public async Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new Uri(_root + request.RequestUri!.OriginalString, PlainTransport.Verbatim);
        foreach (var (name, value) in headers)
            RequestHeaders.Set(request, name, value);
        for (var followed = 0; ; followed++)
        {
            var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (Redirect.Next(request, response, headers) is not { } next)
                return response;
            response.Dispose();
            request = followed < Redirect.Most ? next : throw new HttpRequestException($"stopped after {Redirect.Most} redirects, the last to {next.RequestUri}");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException slow) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, $"{request.RequestUri!.Authority} accepted no connection in time", slow);
        }
        catch (HttpRequestException failure) when (failure.InnerException is System.Security.Authentication.AuthenticationException refused)
        {
            // The outer message only points at the inner one.
            throw new HttpRequestException(failure.HttpRequestError, $"{request.RequestUri!.Authority}: {refused.Message}", failure);
        }
        catch (ObjectDisposedException gone)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "its HTTPEndpoint has just changed", gone);
        }
    }
}

/// <summary>An HTTPEndpoint that cannot be called, and why.</summary>
internal sealed class BrokenPeer(string reason) : IPeer
{
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromException<HttpResponseMessage>(new HttpRequestException(reason));
}

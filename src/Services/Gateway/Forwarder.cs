using System.Net;
using Shop.ServiceDefaults;

namespace Shop.Gateway;

/// <summary>
/// Hands a request to a service and its answer to the client. What the service itself says passes as it is: success, and problem
/// details. Anything else was said by a sidecar, or by a service in trouble, and is no business of the public.
/// </summary>
internal sealed class Forwarder(ServiceInvoker services, ILogger<Forwarder> log)
{
    private const string ProblemType = "application/problem+json";

    public async Task ForwardAsync(HttpContext http, HttpRequestMessage request)
    {
        HttpResponseMessage response;
        try
        {
            response = await services.SendAsync(request, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            log.ClientGone(request.RequestUri!.Host);
            return;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            log.Unreachable(request.RequestUri!.Host, failure.Message);
            await ShopProblems.Unavailable(http, "The shop cannot answer at the moment.").ExecuteAsync(http);
            return;
        }

        using (response)
        {
            if (!Passes(response))
            {
                log.Unusable(request.RequestUri!.Host, (int)response.StatusCode);
                await ShopProblems.Unavailable(http, "The shop cannot answer at the moment.").ExecuteAsync(http);
                return;
            }

            await PassAsync(http, response, request.RequestUri!.Host);
        }
    }

    private static bool Passes(HttpResponseMessage response) =>
        response.IsSuccessStatusCode
        || string.Equals(response.Content.Headers.ContentType?.MediaType, ProblemType, StringComparison.OrdinalIgnoreCase);

    private async Task PassAsync(HttpContext http, HttpResponseMessage response, string app)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        http.Response.ContentLength = response.Content.Headers.ContentLength;

        // Services know nothing of the path they are published under.
        if (response.Headers.Location is { } location)
            http.Response.Headers.Location = $"{GatewayApi.Prefix}{location.OriginalString}";
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
            http.Response.Headers.RetryAfter = response.Headers.RetryAfter?.ToString() ?? "1";

        try
        {
            await response.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            log.ClientGone(app);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            // The status is out; only a broken connection tells the client that the body is not whole.
            log.Unreachable(app, failure.Message);
            http.Abort();
        }
    }
}

using System.Net;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>
/// The way to one sidecar that all building blocks of a client share: address, token, JSON options and one HTTP client.
/// Whatever goes wrong on the way comes out as a <see cref="DaprException"/>; only the caller's own cancellation does not.
/// </summary>
internal sealed class SidecarConnection(HttpClient http, Uri endpoint, string? apiToken, JsonSerializerOptions json) : IDisposable
{
    private readonly string _root = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');

    public JsonSerializerOptions Json { get; } = json;

    public string? ApiToken { get; } = apiToken;

    /// <summary>The endpoint without a closing slash.</summary>
    public string Root => _root;

    public SidecarAddress Address(string route) => new(_root, route);

    /// <summary>Sends, and throws unless the answer is a success. <paramref name="operation"/> names the call in errors.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string operation, CancellationToken cancellationToken)
    {
        var response = await SendAnyAsync(request, operation, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await SidecarError.ReadAsync(response, operation, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends, and returns the answer whatever its status is, with its body already read.</summary>
    public async Task<HttpResponseMessage> SendAnyAsync(HttpRequestMessage request, string operation, CancellationToken cancellationToken)
    {
        if (ApiToken is not null)
            request.Headers.TryAddWithoutValidation(DaprDefaults.ApiTokenHeader, ApiToken);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure)
        {
            throw new DaprException($"{operation} failed: the Dapr sidecar at {_root} could not be reached. {failure.Message}", failure);
        }
        catch (OperationCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DaprException($"{operation} failed: the Dapr sidecar at {_root} did not answer within {http.Timeout.TotalSeconds:0.#} s.", failure);
        }
    }

    /// <summary>Reads a JSON answer with the caller's options; an answer without content is <c>default</c>.</summary>
    public Task<T?> ReadAsync<T>(HttpResponseMessage response, string operation, CancellationToken cancellationToken) =>
        ReadAsync<T>(response, Json, operation, cancellationToken);

    /// <summary>Reads an answer whose shape is Dapr's, whatever naming the app prefers.</summary>
    public Task<T?> ReadWireAsync<T>(HttpResponseMessage response, string operation, CancellationToken cancellationToken) =>
        ReadAsync<T>(response, JsonSerializerOptions.Web, operation, cancellationToken);

    public void Dispose() => http.Dispose();

    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, JsonSerializerOptions options, string operation, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NoContent)
            return default;
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        if (bytes.Length == 0)
            return default;
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, options);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            throw new DaprException($"{operation} failed: the answer cannot be read as {typeof(T).Name}. {failure.Message}", failure);
        }
    }
}

using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>Output bindings over the sidecar's HTTP API.</summary>
internal sealed class BindingClient(SidecarConnection sidecar)
{
    private const string MetadataPrefix = "metadata.";

    public async Task InvokeAsync<TRequest>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(ToRequest(bindingName, operation, data, metadata), cancellationToken).ConfigureAwait(false);
    }

    public async Task<TResponse> InvokeAsync<TRequest, TResponse>(
        string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var request = ToRequest(bindingName, operation, data, metadata);
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        return (await sidecar.ReadAsync<TResponse>(response, Describe(request), cancellationToken).ConfigureAwait(false))!;
    }

    public async Task<BindingResponse> InvokeAsync(BindingRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (name.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase))
                metadata[name[MetadataPrefix.Length..]] = values.ToString();
        }

        return new BindingResponse(request, await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false), metadata);
    }

    private static string Describe(BindingRequest request) => $"Operation '{request.Operation}' of binding '{request.BindingName}'";

    private BindingRequest ToRequest<TRequest>(string bindingName, string operation, TRequest data, IReadOnlyDictionary<string, string>? metadata)
    {
        var request = new BindingRequest(bindingName, operation) { Data = JsonSerializer.SerializeToUtf8Bytes(data, sidecar.Json) };
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
            request.Metadata[name] = value;
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(BindingRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, sidecar.Address("/v1.0/bindings").Segment(request.BindingName).ToUri());
        message.Content = new ReadOnlyMemoryContent(Write(request));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(PublishClient.JsonType);
        return await sidecar.SendAsync(message, Describe(request), cancellationToken).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> Write(BindingRequest request)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("operation", request.Operation);
        if (request.Data.Length > 0)
        {
            json.WritePropertyName("data");
            WriteData(json, request);
        }

        json.WriteStartObject("metadata");
        foreach (var (name, value) in request.Metadata)
            json.WriteString(name, value);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteData(Utf8JsonWriter json, BindingRequest request)
    {
        try
        {
            json.WriteRawValue(request.Data.Span);
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException)
        {
            throw new DaprException($"{Describe(request)} failed: over HTTP the data must be JSON text, and these are not. {failure.Message}", failure);
        }
    }
}

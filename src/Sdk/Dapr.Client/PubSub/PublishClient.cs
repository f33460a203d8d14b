using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>Publishing over the sidecar's HTTP API.</summary>
internal sealed class PublishClient(SidecarConnection sidecar)
{
    public const string JsonType = "application/json";
    public const string CloudEventType = "application/cloudevents+json";

    public Task PublishAsync<TData>(string pubsubName, string topicName, TData data, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);

        // A CloudEvent<T> may arrive typed as its parent class, whose properties alone would lose the data.
        var (bytes, contentType) = data is CloudEvent
            ? (JsonSerializer.SerializeToUtf8Bytes(data, data.GetType(), sidecar.Json), CloudEventType)
            : (JsonSerializer.SerializeToUtf8Bytes(data, sidecar.Json), JsonType);
        return PublishAsync(pubsubName, topicName, bytes, contentType, metadata, cancellationToken);
    }

    /// <summary>Publishes an event without data.</summary>
    public Task PublishAsync(string pubsubName, string topicName, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        PublishContentAsync(pubsubName, topicName, content: null, metadata, cancellationToken);

    public async Task PublishAsync(
        string pubsubName, string topicName, ReadOnlyMemory<byte> data, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(data);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        await PublishContentAsync(pubsubName, topicName, content, metadata, cancellationToken).ConfigureAwait(false);
    }

    private async Task PublishContentAsync(
        string pubsubName, string topicName, HttpContent? content, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(pubsubName);
        ArgumentException.ThrowIfNullOrEmpty(topicName);
        var address = sidecar.Address("/v1.0/publish").Segment(pubsubName).Segment(topicName).Metadata(metadata).ToUri();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        using var response = await sidecar.SendAsync(request, $"Publishing to topic '{topicName}' of '{pubsubName}'", cancellationToken).ConfigureAwait(false);
    }
}

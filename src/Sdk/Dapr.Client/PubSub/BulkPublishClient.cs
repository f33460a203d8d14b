using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>Publishing many events in one call over the sidecar's HTTP API.</summary>
internal sealed class BulkPublishClient(SidecarConnection sidecar)
{
    public async Task<BulkPublishResponse<TValue>> PublishAsync<TValue>(
        string pubsubName, string topicName, IReadOnlyList<TValue> events, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(pubsubName);
        ArgumentException.ThrowIfNullOrEmpty(topicName);
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
            return new BulkPublishResponse<TValue>([]);

        var operation = $"Publishing {events.Count} events to topic '{topicName}' of '{pubsubName}'";
        var entries = events.Select((data, index) => new BulkPublishEntry<TValue>(
            index.ToString(CultureInfo.InvariantCulture), data, data is CloudEvent ? PublishClient.CloudEventType : PublishClient.JsonType)).ToList();
        var address = sidecar.Address("/v1.0/publish/bulk").Segment(pubsubName).Segment(topicName).Metadata(metadata).ToUri();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = Write(entries) };
        using var response = await sidecar.SendAnyAsync(request, operation, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return new BulkPublishResponse<TValue>([]);

        // With some entries published and others not, the answer is an error that names the others.
        var failed = (await ReadFailedAsync(response, cancellationToken).ConfigureAwait(false))
            .Join(entries, failure => failure.EntryId, entry => entry.EntryId, (failure, entry) => new BulkPublishResponseFailedEntry<TValue>(entry, failure.Error ?? "")).ToList();
        return failed.Count > 0
            ? new BulkPublishResponse<TValue>(failed)
            : throw await SidecarError.ReadAsync(response, operation, cancellationToken).ConfigureAwait(false);
    }

    private ReadOnlyMemoryContent Write<TValue>(List<BulkPublishEntry<TValue>> entries)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = sidecar.Json.Encoder }))
        {
            json.WriteStartArray();
            foreach (var entry in entries)
            {
                json.WriteStartObject();
                json.WriteString("entryId", entry.EntryId);
                json.WritePropertyName("event");

                // By its own type: a CloudEvent<T> typed as its parent class would lose the data.
                JsonSerializer.Serialize(json, entry.EventData, entry.EventData is CloudEvent ? entry.EventData.GetType() : typeof(TValue), sidecar.Json);
                json.WriteString("contentType", entry.ContentType);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue(PublishClient.JsonType) } };
    }

    private static async Task<List<WireFailure>> ReadFailedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<WireAnswer>(body, JsonSerializerOptions.Web)?.FailedEntries ?? [];
        }
        catch (JsonException)
        {
            // Not the answer of a bulk publish; told as any other error.
            return [];
        }
    }

    private sealed record WireAnswer(List<WireFailure>? FailedEntries);

    private sealed record WireFailure(string? EntryId, string? Error);
}

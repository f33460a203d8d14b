using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Writes the call that carries a batch to the app (contract section 2.7, "Bulk subscribe").</summary>
/// <param name="topic">As the app knows it.</param>
internal sealed class BulkEnvelope(string pubsub, string topic, bool isRaw)
{
    public const string BulkType = "com.dapr.event.sent.bulk";

    /// <summary>Metadata of the batch.</summary>
    public const string PubsubEntry = "pubsubName";

    private const int EntrySize = 256;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public HttpRequestMessage CreateRequest(Uri path, IReadOnlyList<BatchEntry> entries)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ReadOnlyMemoryContent(Write(entries)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentTypes.Json);
        request.Headers.TryAddWithoutValidation(EventRequest.PubsubHeader, pubsub);

        // Events of many traces in one call: it belongs to none of them.
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, TraceContext.Begin().TraceParent);
        return request;
    }

    /// <summary>Of the entries.</summary>
    public static string ContentTypeOf(bool isRaw) => isRaw ? ContentTypes.OctetStream : ContentTypes.CloudEvent;

    private ReadOnlyMemory<byte> Write(IReadOnlyList<BatchEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>(EntrySize + entries.Sum(entry => entry.Event.Body.Length + EntrySize));
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("id"u8, Guid.NewGuid());
        writer.WriteString("type"u8, BulkType);
        writer.WriteString("topic"u8, topic);
        writer.WriteString("pubsubname"u8, pubsub);
        writer.WriteStartObject("metadata"u8);
        writer.WriteString(PubsubEntry, pubsub);
        writer.WriteEndObject();
        writer.WriteStartArray("entries"u8);
        foreach (var entry in entries)
            WriteEntry(writer, entry);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteEntry(Utf8JsonWriter writer, BatchEntry entry)
    {
        var message = entry.Message;
        writer.WriteStartObject();
        writer.WriteString("entryId"u8, entry.Id);
        writer.WritePropertyName("event"u8);
        if (isRaw)
            writer.WriteBase64StringValue(message.Data.Span);
        else
            writer.WriteRawValue(entry.Event.Body.Span, skipInputValidation: true);
        writer.WriteStartObject("metadata"u8);
        foreach (var (name, value) in message.Metadata)
            writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteString("contentType"u8, ContentTypeOf(isRaw));
        writer.WriteEndObject();
    }
}

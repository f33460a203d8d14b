using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>What goes into the envelope besides the data.</summary>
/// <param name="Topic">As the app knows it.</param>
/// <param name="ContentType">Of the data; null when the publisher named none.</param>
/// <param name="Now">With the local offset.</param>
/// <param name="Expiration">Instant after which subscribers drop the event; null when there is none or the broker sees to it.</param>
internal readonly record struct EnvelopeContext(
    string AppId, string Pubsub, string Topic, string? ContentType, PublishMetadata Metadata, TraceContext Trace, DateTimeOffset Now, DateTimeOffset? Expiration);

/// <summary>Writes CloudEvents 1.0 in JSON, with the attributes and defaults of Dapr (contract section 2.6).</summary>
internal static class CloudEventEnvelope
{
    public const string SpecVersion = "1.0";
    public const string DefaultType = "com.dapr.event.sent";
    public const string DefaultSource = "Dapr";

    private const string BinaryModePrefix = "ce_";
    private const int AttributesSize = 640;

    // Bodies are read by programs, not pasted into HTML: text stays as it is. Depth as Go allows it.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 10_000 };

    /// <summary>Puts data into a new envelope.</summary>
    public static ReadOnlyMemory<byte> Wrap(in EnvelopeContext context, ReadOnlySpan<byte> data)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length + AttributesSize);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        var metadata = context.Metadata;
        var trace = metadata.TraceParent ?? metadata.TraceId ?? context.Trace.TraceParent;

        writer.WriteStartObject();
        if (metadata.Id is { } id)
            writer.WriteString("id"u8, id);
        else
            writer.WriteString("id"u8, Guid.NewGuid());
        writer.WriteString("source"u8, metadata.Source ?? context.AppId);
        writer.WriteString("type"u8, metadata.Type ?? DefaultType);
        writer.WriteString("specversion"u8, SpecVersion);
        writer.WriteString("datacontenttype"u8, context.ContentType ?? ContentTypes.PlainText);
        writer.WriteString("time"u8, Rfc3339.Format(context.Now));
        writer.WriteString("topic"u8, context.Topic);
        writer.WriteString("pubsubname"u8, context.Pubsub);
        writer.WriteString("traceid"u8, trace);
        writer.WriteString("traceparent"u8, trace);
        writer.WriteString("tracestate"u8, metadata.TraceState ?? context.Trace.TraceState);
        if (metadata.Subject is { } subject)
            writer.WriteString("subject"u8, subject);
        if (context.Expiration is { } expiration)
            writer.WriteString("expiration"u8, Rfc3339.FormatUtc(expiration));
        WriteData(writer, context.ContentType, data);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>
    /// Takes an event that the publisher wrapped itself: topic, component and expiration are ours, what it left out of the
    /// rest is filled in, except the id. False when it is not a JSON object.
    /// </summary>
    public static bool TryComplete(in EnvelopeContext context, ReadOnlySpan<byte> cloudEvent, out ReadOnlyMemory<byte> completed)
    {
        cloudEvent = AsUtf8(cloudEvent);
        completed = default;
        var buffer = new ArrayBufferWriter<byte>(cloudEvent.Length + AttributesSize);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        try
        {
            if (!CloudEventCompletion.TryCopy(new Utf8JsonReader(cloudEvent, ReaderOptions), cloudEvent, context, writer))
                return false;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name or trace id with half a surrogate pair.
            return false;
        }

        writer.Flush();
        completed = buffer.WrittenMemory;
        return true;
    }

    /// <summary>An event around bytes that came from the broker without one, for a subscription to raw payloads.</summary>
    public static ReadOnlyMemory<byte> WrapRaw(string pubsub, string topic, ReadOnlySpan<byte> data, IReadOnlyDictionary<string, string> messageMetadata)
    {
        var buffer = new ArrayBufferWriter<byte>((data.Length * 4 / 3) + AttributesSize);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        writer.WriteStartObject();
        writer.WriteString("id"u8, Guid.NewGuid());
        writer.WriteString("specversion"u8, SpecVersion);
        writer.WriteString("datacontenttype"u8, ContentTypes.OctetStream);
        writer.WriteString("source"u8, DefaultSource);
        writer.WriteString("type"u8, DefaultType);
        writer.WriteString("topic"u8, topic);
        writer.WriteString("pubsubname"u8, pubsub);
        foreach (var name in (ReadOnlySpan<string>)["traceid", TraceContext.ParentHeader, TraceContext.StateHeader])
        {
            if (messageMetadata.TryGetValue(name, out var value))
                writer.WriteString(name, value);
        }

        writer.WriteBase64String("data_base64"u8, data);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>
    /// The event of a message in binary mode, whose attributes are metadata (<c>ce_type</c>): for rules to look at, while the
    /// app gets the data alone.
    /// </summary>
    public static ReadOnlyMemory<byte> FromBinaryMode(ReadOnlySpan<byte> data, IReadOnlyDictionary<string, string> messageMetadata)
    {
        var buffer = new ArrayBufferWriter<byte>((data.Length * 4 / 3) + AttributesSize);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        writer.WriteStartObject();
        foreach (var (name, value) in messageMetadata)
        {
            if (name.StartsWith(BinaryModePrefix, StringComparison.OrdinalIgnoreCase))
                writer.WriteString(name[BinaryModePrefix.Length..].ToLowerInvariant(), value);
        }

        writer.WriteString("datacontenttype"u8, ContentTypes.OctetStream);
        writer.WriteBase64String("data_base64"u8, data);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteData(Utf8JsonWriter writer, string? contentType, ReadOnlySpan<byte> data)
    {
        if (IsBinary(contentType, data))
        {
            writer.WriteBase64String("data_base64"u8, data);
            return;
        }

        var text = AsUtf8(data);
        if (ContentTypes.Is(contentType, ContentTypes.Json) && IsJson(text))
        {
            // Copied rather than parsed: the digits of every number stay as they were sent.
            writer.WritePropertyName("data"u8);
            writer.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            writer.WriteString("data"u8, text);
        }
    }

    private static bool IsBinary(string? contentType, ReadOnlySpan<byte> data) =>
        ContentTypes.Is(contentType, ContentTypes.OctetStream) ||
        ContentTypes.Is(contentType, ContentTypes.CloudEventProtobuf) ||
        (ContentTypes.Is(contentType, ContentTypes.Protobuf) && ProtobufCloudEvent.Decodes(data));

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, ReaderOptions);
        try
        {
            while (reader.Read())
            {
            }

            return reader.TokenType != JsonTokenType.None;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // An envelope must be UTF-8 whatever a publisher sends; what is not becomes U+FFFD, as in Go.
    private static ReadOnlySpan<byte> AsUtf8(ReadOnlySpan<byte> text) =>
        Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text));
}

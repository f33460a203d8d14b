using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sidecar.Components.State;
using Sidecar.Runtime.GoJson;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>
/// The CloudEvent that tells of one upsert. Metadata entries of the item become attributes under their own names and
/// replace those that Dapr gives, except <c>id</c> and <c>data</c>.
/// </summary>
internal static class OutboxEvent
{
    public const string Id = "id";

    private const string Data = "data";
    private const string ContentType = "contentType";

    // Not for a browser: characters stay as they are where JSON allows it.
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonFields.MaxDepth };

    /// <param name="upsert">As the store gets it: of an encrypted store the event carries what is encrypted, here as in Dapr.</param>
    public static ReadOnlyMemory<byte> Write(
        string id, string source, StateUpsert upsert, string? contentType, IReadOnlyDictionary<string, string> attributes, TraceContext trace, DateTimeOffset time)
    {
        var value = upsert.Value;
        contentType ??= attributes.GetValueOrDefault(ContentType);
        var buffer = new ArrayBufferWriter<byte>(256 + value.Length);
        using var json = new Utf8JsonWriter(buffer, Relaxed);
        json.WriteStartObject();
        json.WriteString(Id, id);
        WriteDefault("source", source);
        WriteDefault("type", "com.dapr.event.sent");
        WriteDefault("specversion", "1.0");
        WriteDefault("datacontenttype", string.IsNullOrEmpty(contentType) ? ContentTypes.PlainText : contentType);
        WriteDefault("time", Rfc3339.Format(time));
        WriteDefault("traceid", trace.TraceParent);
        WriteDefault(TraceContext.ParentHeader, trace.TraceParent);
        WriteDefault(TraceContext.StateHeader, trace.TraceState);
        foreach (var (name, text) in attributes)
        {
            if (name is not (Id or Data))
                json.WriteString(name, text);
        }

        json.WritePropertyName(Data);
        if (!upsert.IsJson)
            json.WriteStringValue(value.Span);
        else if (ContentTypes.Is(contentType, ContentTypes.Json))
            json.WriteRawValue(value.Span, skipInputValidation: true);
        else
            json.WriteStringValue(GoPrinter.Print(value));
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;

        void WriteDefault(string name, string text)
        {
            if (!attributes.ContainsKey(name))
                json.WriteString(name, text);
        }
    }

    /// <summary>The event's id, or null if this is no CloudEvent with one.</summary>
    public static string? ReadId(ReadOnlySpan<byte> cloudEvent)
    {
        var reader = new Utf8JsonReader(cloudEvent, new JsonReaderOptions { MaxDepth = JsonFields.MaxDepth + 1 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isId = reader.ValueTextEquals(Id);
                reader.Read();
                if (isId)
                    return reader.TokenType == JsonTokenType.String ? JsonText.Read(ref reader) : null;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // Not JSON, so no event of an outbox: the same answer as for one without an id.
        }

        return null;
    }
}

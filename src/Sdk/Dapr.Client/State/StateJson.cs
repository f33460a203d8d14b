using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Dapr.Client;

/// <summary>Writes the request bodies of the state API.</summary>
internal static class StateJson
{
    private const string ContentTypeMetadata = "contentType";

    /// <summary>The body of a save: an array of items.</summary>
    public static HttpContent Save<TValue>(IReadOnlyList<SaveStateItem<TValue>> items, JsonSerializerOptions json) => Write(json, writer =>
    {
        writer.WriteStartArray();
        foreach (var item in items)
        {
            writer.WriteStartObject();
            writer.WriteString("key", item.Key);
            writer.WritePropertyName("value");
            JsonSerializer.Serialize(writer, item.Value, json);
            WriteCommon(writer, item.ETag, item.StateOptions, item.Metadata);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static HttpContent BulkGet(IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata) => Write(JsonSerializerOptions.Web, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("keys");
        foreach (var key in keys)
            writer.WriteStringValue(key);
        writer.WriteEndArray();
        if (parallelism is { } number)
            writer.WriteNumber("parallelism", number);
        WriteMetadata(writer, metadata);
        writer.WriteEndObject();
    });

    public static HttpContent Transaction(IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata, JsonSerializerOptions json) =>
        Write(json, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("operations");
            foreach (var operation in operations)
                WriteOperation(writer, operation);
            writer.WriteEndArray();
            WriteMetadata(writer, metadata);
            writer.WriteEndObject();
        });

    /// <summary>A value of an answer with several; <c>default</c> when nothing is stored.</summary>
    public static TValue? Read<TValue>(string storeName, string key, JsonElement data, JsonSerializerOptions json)
    {
        try
        {
            return data.ValueKind == JsonValueKind.Undefined ? default : data.Deserialize<TValue>(json);
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException)
        {
            throw new DaprException($"Reading '{key}' of state store '{storeName}' failed: the value cannot be read as {typeof(TValue).Name}. {failure.Message}", failure);
        }
    }

    public static string? Text(ConsistencyMode? mode) => mode switch
    {
        null => null,
        ConsistencyMode.Eventual => "eventual",
        ConsistencyMode.Strong => "strong",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Not a consistency mode."),
    };

    public static string? Text(ConcurrencyMode? mode) => mode switch
    {
        null => null,
        ConcurrencyMode.FirstWrite => "first-write",
        ConcurrencyMode.LastWrite => "last-write",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "Not a concurrency mode."),
    };

    private static void WriteOperation(Utf8JsonWriter writer, StateTransactionRequest operation)
    {
        var deletes = operation.OperationType == StateOperationType.Delete;
        writer.WriteStartObject();
        writer.WriteString("operation", deletes ? "delete" : "upsert");
        writer.WriteStartObject("request");
        writer.WriteString("key", operation.Key);
        if (!deletes)
            WriteValue(writer, operation);
        WriteCommon(writer, operation.ETag, operation.Options, operation.Metadata);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, StateTransactionRequest operation)
    {
        writer.WritePropertyName("value");
        if (operation.Value is not { Length: > 0 } value)
            writer.WriteNullValue();
        else
            WriteRaw(writer, operation.Key, value);

        // Over HTTP the content type is a field of the item; callers of the SDK give it as metadata.
        if (operation.Metadata?.FirstOrDefault(entry => string.Equals(entry.Key, ContentTypeMetadata, StringComparison.OrdinalIgnoreCase)).Value is { } contentType)
            writer.WriteString("contentType", contentType);
    }

    private static void WriteRaw(Utf8JsonWriter writer, string key, byte[] value)
    {
        try
        {
            writer.WriteRawValue(value);
        }
        catch (Exception failure) when (failure is JsonException or ArgumentException)
        {
            throw new DaprException($"The value of '{key}' in the state transaction is not JSON in UTF-8. {failure.Message}", failure);
        }
    }

    private static void WriteCommon(Utf8JsonWriter writer, string? etag, StateOptions? options, IReadOnlyDictionary<string, string>? metadata)
    {
        // An empty ETag stands for 'nothing was stored when I read'; stores take it as no ETag, and so first-write decides.
        if (!string.IsNullOrEmpty(etag))
            writer.WriteString("etag", etag);
        WriteMetadata(writer, metadata);
        if (options is not ({ Concurrency: not null } or { Consistency: not null }))
            return;
        writer.WriteStartObject("options");
        if (Text(options.Concurrency) is { } concurrency)
            writer.WriteString("concurrency", concurrency);
        if (Text(options.Consistency) is { } consistency)
            writer.WriteString("consistency", consistency);
        writer.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is not { Count: > 0 })
            return;
        writer.WriteStartObject("metadata");
        foreach (var (name, value) in metadata)
            writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    private static ReadOnlyMemoryContent Write(JsonSerializerOptions json, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = json.Encoder }))
            write(writer);
        return new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}

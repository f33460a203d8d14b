using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>A CloudEvent in JSON, taken apart into the fields of the gRPC messages that carry events (contract section 3.4, "App callbacks").</summary>
internal sealed class EventFields
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 10_000 };

    private string _id = "";
    private string _source = "";
    private string _type = "";
    private string _specVersion = "";
    private string _contentType = "";
    private ByteString _data = ByteString.Empty;
    private Struct? _extensions;

    private EventFields()
    {
    }

    /// <summary>False with the reason when the event cannot be told in these fields. The bytes are not kept.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> cloudEvent, [NotNullWhen(true)] out EventFields? fields, [NotNullWhen(false)] out string? error)
    {
        fields = new EventFields();
        try
        {
            error = fields.Read(cloudEvent.Span);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: half a surrogate pair, which no protobuf string can hold.
            error = $"an attribute of it cannot be sent over gRPC: {malformed.Message}";
        }

        if (error is null)
            return true;
        fields = null;
        return false;
    }

    public TopicEventRequest ToRequest(string pubsub, string topic, string path) => new()
    {
        Id = _id,
        Source = _source,
        Type = _type,
        SpecVersion = _specVersion,
        DataContentType = _contentType,
        Data = _data,
        Topic = topic,
        PubsubName = pubsub,
        Path = path,
        Extensions = _extensions ?? new Struct(),
    };

    public TopicEventCERequest ToBatchEvent() => new()
    {
        Id = _id,
        Source = _source,
        Type = _type,
        SpecVersion = _specVersion,
        DataContentType = _contentType,
        Data = _data,
        Extensions = _extensions ?? new Struct(),
    };

    private string? Read(ReadOnlySpan<byte> cloudEvent)
    {
        var reader = new Utf8JsonReader(cloudEvent, ReaderOptions);
        Utf8JsonReader data = default;
        Utf8JsonReader binary = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
                _id = TextOf(ref reader);
            else if (reader.ValueTextEquals("source"u8))
                _source = TextOf(ref reader);
            else if (reader.ValueTextEquals("type"u8))
                _type = TextOf(ref reader);
            else if (reader.ValueTextEquals("specversion"u8))
                _specVersion = TextOf(ref reader);
            else if (reader.ValueTextEquals("datacontenttype"u8))
                _contentType = TextOf(ref reader);
            else if (reader.ValueTextEquals("data"u8))
                data = PlaceOf(ref reader);
            else if (reader.ValueTextEquals("data_base64"u8))
                binary = PlaceOf(ref reader);
            else
                AddExtension(ref reader);
        }

        return ReadData(cloudEvent, data, binary);
    }

    // The content type, which decides how the data is read, may come after it.
    private string? ReadData(ReadOnlySpan<byte> cloudEvent, Utf8JsonReader data, Utf8JsonReader binary)
    {
        if (binary.TokenType is not (JsonTokenType.None or JsonTokenType.Null))
        {
            _data = ByteString.CopyFrom(binary.GetBytesFromBase64());
        }
        else if (data.TokenType is JsonTokenType.None or JsonTokenType.Null)
        {
            return null;
        }
        else if (IsText(_contentType))
        {
            if (data.TokenType != JsonTokenType.String)
                return $"its data is no text, which {_contentType} says";
            _data = ByteString.CopyFromUtf8(data.GetString());
        }
        else if (IsJson(_contentType))
        {
            var from = (int)data.TokenStartIndex;
            data.Skip();
            _data = ByteString.CopyFrom(cloudEvent[from..(int)data.BytesConsumed]);
        }

        return null;
    }

    private void AddExtension(ref Utf8JsonReader reader)
    {
        var name = reader.GetString()!;
        reader.Read();
        _extensions ??= new Struct();
        _extensions.Fields[name] = JsonValues.Read(ref reader);
    }

    // Attributes of a type that they must not have count as absent: a publisher can put anything there.
    private static string TextOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString()!;
        reader.Skip();
        return "";
    }

    private static Utf8JsonReader PlaceOf(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        var place = reader;
        reader.Skip();
        return place;
    }

    private static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || ContentTypes.Is(contentType, ContentTypes.Xml);

    // An event that says nothing of its data has JSON (CloudEvents JSON format 1.0.2, section 3.1).
    private static bool IsJson(string contentType) =>
        contentType.Length == 0 || ContentTypes.Is(contentType, ContentTypes.Json) || ContentTypes.Is(contentType, ContentTypes.CloudEvent);
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace Dapr;

/// <summary>The data of a structured CloudEvent as a request body of its own. (CloudEvents JSON format 1.0, section 3.1.)</summary>
/// <param name="Body">The data; empty when the event has none.</param>
/// <param name="ContentType">The data's content type; null when the event has no data.</param>
internal sealed record CloudEventData(byte[] Body, string? ContentType)
{
    private const string Json = "application/json";

    /// <summary>Takes the data out of an envelope; null when the envelope is not an object, or has data twice or unreadable.</summary>
    public static CloudEventData? From(JsonElement envelope, bool keepTextAsJson)
    {
        if (envelope.ValueKind != JsonValueKind.Object)
            return null;
        var data = Find(envelope, "data");
        var binary = Find(envelope, "data_base64");
        if (data is not null && binary is not null)
            return null;
        if (data is null && binary is null)
            return new CloudEventData([], ContentType: null);

        var contentType = TypeOf(envelope, out var isJson);
        if (binary is { } encoded)
            return encoded.ValueKind == JsonValueKind.String && encoded.TryGetBytesFromBase64(out var bytes) ? new CloudEventData(bytes, contentType) : null;

        // Data that is not a string is JSON whatever its type says: other text can only travel as a JSON string.
        var isText = !isJson && !keepTextAsJson && data!.Value.ValueKind == JsonValueKind.String;
        var body = isText ? Encoding.UTF8.GetBytes(data!.Value.GetString()!) : JsonMarshal.GetRawUtf8Value(data!.Value).ToArray();
        return new CloudEventData(body, contentType);
    }

    /// <summary>Attribute names are found whatever their case, as publishers in many languages write them.</summary>
    private static JsonElement? Find(JsonElement envelope, string name)
    {
        foreach (var attribute in envelope.EnumerateObject())
        {
            if (string.Equals(attribute.Name, name, StringComparison.OrdinalIgnoreCase))
                return attribute.Value;
        }

        return null;
    }

    private static string TypeOf(JsonElement envelope, out bool isJson)
    {
        isJson = true;
        if (Find(envelope, "datacontenttype") is not { ValueKind: JsonValueKind.String } value || !MediaTypeHeaderValue.TryParse(value.GetString(), out var type))
            return Json;
        isJson = type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase);
        if (!type.Charset.HasValue)
            return value.GetString()!;

        // The body is written in UTF-8 here, whatever encoding the publisher once used.
        type.Charset = default;
        return type.ToString();
    }
}

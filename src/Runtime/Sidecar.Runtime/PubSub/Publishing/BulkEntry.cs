using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>One entry of a bulk publish, as the app sent it.</summary>
/// <param name="Event">Lives as long as the document that it is part of.</param>
/// <param name="Metadata">Null when the entry has none.</param>
internal sealed record BulkEntry(string Id, JsonElement Event, string ContentType, IReadOnlyDictionary<string, string>? Metadata)
{
    /// <summary>
    /// Reads <c>[{"entryId", "event", "contentType", "metadata"?}]</c>; names regardless of case, as in Go, and what is null
    /// counts as absent.
    /// </summary>
    /// <exception cref="JsonException">The document is of another form.</exception>
    public static List<BulkEntry> ReadAll(JsonElement document)
    {
        List<BulkEntry> entries = [];
        if (document.ValueKind == JsonValueKind.Null)
            return entries;
        if (document.ValueKind != JsonValueKind.Array)
            throw new JsonException("expected a list of entries");
        foreach (var item in document.EnumerateArray())
            entries.Add(Read(item));
        return entries;
    }

    /// <summary>The bytes to publish: what JSON has to spell as text or base64 is turned back. Null on success.</summary>
    public string? TryGetData(out ReadOnlyMemory<byte> data)
    {
        data = default;
        if (ContentTypes.Is(ContentType, ContentTypes.OctetStream))
        {
            if (Event.ValueKind != JsonValueKind.String || !Event.TryGetBytesFromBase64(out var bytes))
                return $"the event of entry {Id} is not base64, which {ContentType} asks for";
            data = bytes;
        }
        else if (IsText(ContentType))
        {
            if (Event.ValueKind != JsonValueKind.String)
                return $"the event of entry {Id} is not a string, which {ContentType} asks for";
            data = Encoding.UTF8.GetBytes(Event.GetString()!);
        }
        else if (ContentTypes.Is(ContentType, ContentTypes.Json) || ContentTypes.Is(ContentType, ContentTypes.CloudEvent))
        {
            // As it was sent: the digits of every number stay.
            data = Event.ValueKind == JsonValueKind.Undefined ? "null"u8.ToArray() : JsonMarshal.GetRawUtf8Value(Event).ToArray();
        }
        else
        {
            return $"the content type '{ContentType}' of entry {Id} cannot be published in bulk";
        }

        return null;
    }

    private static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || ContentTypes.Is(contentType, "application/xml");

    private static BulkEntry Read(JsonElement item)
    {
        var (id, contentType) = ("", "");
        JsonElement data = default;
        Dictionary<string, string>? metadata = null;
        if (item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
            throw new JsonException("expected an object for each entry");
        foreach (var field in item.ValueKind == JsonValueKind.Null ? default : item.EnumerateObject())
        {
            if (field.Name.Equals("entryId", StringComparison.OrdinalIgnoreCase))
                id = Text(field) ?? id;
            else if (field.Name.Equals("event", StringComparison.OrdinalIgnoreCase))
                data = field.Value;
            else if (field.Name.Equals("contentType", StringComparison.OrdinalIgnoreCase))
                contentType = Text(field) ?? contentType;
            else if (field.Name.Equals("metadata", StringComparison.OrdinalIgnoreCase))
                metadata = Map(field) ?? metadata;
        }

        return new BulkEntry(id, data, contentType, metadata);
    }

    private static string? Text(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.String => field.Value.GetString(),
        JsonValueKind.Null => null,
        _ => throw new JsonException($"expected a string for {field.Name}"),
    };

    private static Dictionary<string, string>? Map(JsonProperty field)
    {
        if (field.Value.ValueKind == JsonValueKind.Null)
            return null;
        if (field.Value.ValueKind != JsonValueKind.Object)
            throw new JsonException($"expected an object for {field.Name}");
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach (var item in field.Value.EnumerateObject())
            map[item.Name] = Text(item) ?? "";
        return map;
    }
}

using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>The entries of a bulk publish over HTTP.</summary>
internal static class BulkEntryJson
{
    // As deep as Go allows it.
    private static readonly JsonDocumentOptions BodyOptions = new() { MaxDepth = 10_000 };

    /// <summary>
    /// Reads <c>[{"entryId", "event", "contentType", "metadata"?}]</c>; names regardless of case, as in Go, and what is null
    /// counts as absent.
    /// </summary>
    /// <exception cref="JsonException">The body is of another form.</exception>
    /// <exception cref="InvalidOperationException">A text has half a surrogate pair.</exception>
    public static List<BulkEntry> ReadAll(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body, BodyOptions);
        List<BulkEntry> entries = [];
        if (document.RootElement.ValueKind == JsonValueKind.Null)
            return entries;
        if (document.RootElement.ValueKind != JsonValueKind.Array)
            throw new JsonException("expected a list of entries");
        foreach (var item in document.RootElement.EnumerateArray())
            entries.Add(Read(item));
        return entries;
    }

    /// <summary>The bytes to publish: what JSON has to spell as text or base64 is turned back. Null on success.</summary>
    private static string? TryGetData(string id, JsonElement content, string contentType, out ReadOnlyMemory<byte> data)
    {
        data = default;
        if (ContentTypes.Is(contentType, ContentTypes.OctetStream))
        {
            if (content.ValueKind != JsonValueKind.String || !content.TryGetBytesFromBase64(out var bytes))
                return $"the event of entry {id} is not base64, which {contentType} asks for";
            data = bytes;
        }
        else if (IsText(contentType))
        {
            if (content.ValueKind != JsonValueKind.String)
                return $"the event of entry {id} is not a string, which {contentType} asks for";
            data = Encoding.UTF8.GetBytes(content.GetString()!);
        }
        else if (ContentTypes.Is(contentType, ContentTypes.Json) || ContentTypes.Is(contentType, ContentTypes.CloudEvent))
        {
            // As it was sent: the digits of every number stay.
            data = content.ValueKind == JsonValueKind.Undefined ? "null"u8.ToArray() : JsonMarshal.GetRawUtf8Value(content).ToArray();
        }
        else
        {
            return $"the content type '{contentType}' of entry {id} cannot be published in bulk";
        }

        return null;
    }

    private static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || ContentTypes.Is(contentType, "application/xml");

    private static BulkEntry Read(JsonElement item)
    {
        var (id, contentType) = ("", "");
        JsonElement content = default;
        Dictionary<string, string>? metadata = null;
        if (item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
            throw new JsonException("expected an object for each entry");
        foreach (var field in item.ValueKind == JsonValueKind.Null ? default : item.EnumerateObject())
        {
            if (field.Name.Equals("entryId", StringComparison.OrdinalIgnoreCase))
                id = Text(field) ?? id;
            else if (field.Name.Equals("event", StringComparison.OrdinalIgnoreCase))
                content = field.Value;
            else if (field.Name.Equals("contentType", StringComparison.OrdinalIgnoreCase))
                contentType = Text(field) ?? contentType;
            else if (field.Name.Equals("metadata", StringComparison.OrdinalIgnoreCase))
                metadata = Map(field) ?? metadata;
        }

        var problem = TryGetData(id, content, contentType, out var data);
        return new BulkEntry(id, data, contentType, metadata, problem);
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

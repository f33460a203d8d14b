using System.Text.Json;

namespace Sidecar.Runtime.GoJson;

/// <summary>
/// The parts that bodies of the API are read with, as Go's decoder reads them: names of fields match without regard to case, a
/// null is as good as absent, and everything else of the wrong type is refused.
/// </summary>
internal static class JsonFields
{
    /// <summary>Deepest nesting of a body, values included.</summary>
    public const int MaxDepth = 1000;

    public static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    public static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reader.TokenType == JsonTokenType.Null)
            return metadata;
        Expect(ref reader, JsonTokenType.StartObject, "metadata", "an object of strings");
        while (NextField(ref reader, out var name))
            metadata[name] = ReadText(ref reader, "metadata") ?? "";
        return metadata;
    }

    public static string? ReadText(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType != JsonTokenType.Null)
            Expect(ref reader, JsonTokenType.String, field, "a string");
        return JsonText.Read(ref reader);
    }

    /// <summary>Moves to the value of the next field, until the object ends.</summary>
    public static bool NextField(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;
        name = KnownName(ref reader) ?? JsonText.Read(ref reader)!;
        reader.Read();
        return true;
    }

    public static bool IsField(string name, string field) => string.Equals(name, field, StringComparison.OrdinalIgnoreCase);

    public static void Begin(ref Utf8JsonReader reader, JsonTokenType token, string expected)
    {
        reader.Read();
        Expect(ref reader, token, "body", expected);
    }

    /// <summary>Nothing may follow the value; the reader throws if something does.</summary>
    public static void End(ref Utf8JsonReader reader) => reader.Read();

    public static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string field, string expected)
    {
        if (reader.TokenType != token)
            throw new JsonException($"{field}: expected {expected}, found {reader.TokenType} at byte {reader.TokenStartIndex}");
    }

    // Saves the usual names their strings.
    private static string? KnownName(ref Utf8JsonReader reader) => reader.ValueSpan switch
    {
        [(byte)'k', (byte)'e', (byte)'y'] => "key",
        [(byte)'v', (byte)'a', (byte)'l', (byte)'u', (byte)'e'] => "value",
        [(byte)'e', (byte)'t', (byte)'a', (byte)'g'] => "etag",
        _ => null,
    };
}

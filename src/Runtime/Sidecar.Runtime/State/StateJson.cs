using System.Text.Json;
using Sidecar.Runtime.State.Values;

namespace Sidecar.Runtime.State;

/// <summary>
/// Reads the bodies of the state API. Names of fields are matched without regard to case, unknown ones are ignored, a null
/// is as good as absent, and everything else of the wrong type is refused, all as Go's decoder does.
/// </summary>
internal static class StateJson
{
    /// <summary>Deepest nesting of a body, values included.</summary>
    public const int MaxDepth = 1000;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary><c>[{"key":…,"value":…,"etag":…,"metadata":{…},"options":{…},"contentType":…}]</c></summary>
    /// <exception cref="JsonException">The body is not of that form.</exception>
    public static List<StateItemRequest> ParseSave(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(JsonText.Repair(body), Strict);
        Begin(ref reader, JsonTokenType.StartArray, "an array of items");
        var items = new List<StateItemRequest>(1);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var item = ReadItem(ref reader);
            if (item.Key.Length == 0)
                throw new JsonException("\"key\" is a required field");
            items.Add(item);
        }

        End(ref reader);
        return items;
    }

    /// <summary><c>{"operations":[{"operation":"upsert|delete","request":{…}}],"metadata":{…}}</c></summary>
    /// <exception cref="JsonException">The body is not of that form.</exception>
    public static List<StateOperationRequest> ParseTransaction(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(JsonText.Repair(body), Strict);
        Begin(ref reader, JsonTokenType.StartObject, "an object with operations");
        var operations = new List<StateOperationRequest>();
        while (NextField(ref reader, out var field))
        {
            if (IsField(field, "operations"))
                ReadOperations(ref reader, operations);
            else
                reader.Skip();
        }

        End(ref reader);
        return operations;
    }

    /// <summary><c>{"keys":[…],"parallelism":10,"metadata":{…}}</c></summary>
    /// <exception cref="JsonException">The body is not of that form.</exception>
    public static BulkGetRequest ParseBulkGet(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(JsonText.Repair(body), Strict);
        Begin(ref reader, JsonTokenType.StartObject, "an object with keys");
        var request = new BulkGetRequest();
        while (NextField(ref reader, out var field))
        {
            if (IsField(field, "keys"))
                request.Keys = ReadKeys(ref reader);
            else if (IsField(field, "parallelism"))
                request.Parallelism = ReadInteger(ref reader, "parallelism");
            else if (IsField(field, "metadata"))
                ReadMetadata(ref reader);
            else
                reader.Skip();
        }

        End(ref reader);
        return request;
    }

    /// <summary>Any JSON value, in the form in which values are stored.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static byte[] ParseValue(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(JsonText.Repair(json), Strict);
        reader.Read();
        var value = CompactJson.Encode(ref reader);
        End(ref reader);
        return value;
    }

    private static List<string> ReadKeys(ref Utf8JsonReader reader)
    {
        var keys = new List<string>();
        if (reader.TokenType == JsonTokenType.Null)
            return keys;
        Expect(ref reader, JsonTokenType.StartArray, "keys", "an array of strings");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            keys.Add(ReadText(ref reader, "keys") ?? "");
        return keys;
    }

    private static int ReadInteger(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return 0;
        Expect(ref reader, JsonTokenType.Number, field, "an integer");
        return reader.TryGetInt64(out var number)
            ? (int)Math.Clamp(number, int.MinValue, int.MaxValue)
            : throw new JsonException($"{field}: expected an integer at byte {reader.TokenStartIndex}");
    }

    private static void ReadOperations(ref Utf8JsonReader reader, List<StateOperationRequest> operations)
    {
        operations.Clear();
        if (reader.TokenType == JsonTokenType.Null)
            return;
        Expect(ref reader, JsonTokenType.StartArray, "operations", "an array");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Expect(ref reader, JsonTokenType.StartObject, "operation", "an object");
            var name = "";
            var item = new StateItemRequest();
            while (NextField(ref reader, out var field))
            {
                if (IsField(field, "operation"))
                    name = ReadText(ref reader, "operation") ?? "";
                else if (IsField(field, "request"))
                    item = ReadItem(ref reader);
                else
                    reader.Skip();
            }

            operations.Add(new StateOperationRequest(name, item));
        }
    }

    private static StateItemRequest ReadItem(ref Utf8JsonReader reader)
    {
        var item = new StateItemRequest();
        if (reader.TokenType == JsonTokenType.Null)
            return item;
        Expect(ref reader, JsonTokenType.StartObject, "item", "an object");
        while (NextField(ref reader, out var field))
        {
            if (IsField(field, "key"))
                item.Key = ReadText(ref reader, "key") ?? "";
            else if (IsField(field, "value"))
                item.Value = CompactJson.Encode(ref reader);
            else if (IsField(field, "etag"))
                item.ETag = ReadText(ref reader, "etag");
            else if (IsField(field, "metadata"))
                item.Metadata = ReadMetadata(ref reader);
            else if (IsField(field, "options"))
                ReadOptions(ref reader, item);
            else if (IsField(field, "contentType"))
                item.ContentType = ReadText(ref reader, "contentType");
            else
                reader.Skip();
        }

        return item;
    }

    private static void ReadOptions(ref Utf8JsonReader reader, StateItemRequest item)
    {
        if (reader.TokenType == JsonTokenType.Null)
            return;
        Expect(ref reader, JsonTokenType.StartObject, "options", "an object");
        while (NextField(ref reader, out var field))
        {
            if (IsField(field, "concurrency"))
                item.Concurrency = ReadText(ref reader, "concurrency");
            else if (IsField(field, "consistency"))
                item.Consistency = ReadText(ref reader, "consistency");
            else
                reader.Skip();
        }
    }

    private static Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (reader.TokenType == JsonTokenType.Null)
            return metadata;
        Expect(ref reader, JsonTokenType.StartObject, "metadata", "an object of strings");
        while (NextField(ref reader, out var name))
            metadata[name] = ReadText(ref reader, "metadata") ?? "";
        return metadata;
    }

    private static string? ReadText(ref Utf8JsonReader reader, string field)
    {
        if (reader.TokenType != JsonTokenType.Null)
            Expect(ref reader, JsonTokenType.String, field, "a string");
        return JsonText.Read(ref reader);
    }

    /// <summary>Moves to the value of the next field, until the object ends.</summary>
    private static bool NextField(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject)
            return false;
        name = KnownName(ref reader) ?? JsonText.Read(ref reader)!;
        reader.Read();
        return true;
    }

    // Saves the usual names their strings.
    private static string? KnownName(ref Utf8JsonReader reader) => reader.ValueSpan switch
    {
        [(byte)'k', (byte)'e', (byte)'y'] => "key",
        [(byte)'v', (byte)'a', (byte)'l', (byte)'u', (byte)'e'] => "value",
        [(byte)'e', (byte)'t', (byte)'a', (byte)'g'] => "etag",
        _ => null,
    };

    private static bool IsField(string name, string field) => string.Equals(name, field, StringComparison.OrdinalIgnoreCase);

    private static void Begin(ref Utf8JsonReader reader, JsonTokenType token, string expected)
    {
        reader.Read();
        Expect(ref reader, token, "body", expected);
    }

    /// <summary>Nothing may follow the value; the reader throws if something does.</summary>
    private static void End(ref Utf8JsonReader reader) => reader.Read();

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string field, string expected)
    {
        if (reader.TokenType != token)
            throw new JsonException($"{field}: expected {expected}, found {reader.TokenType} at byte {reader.TokenStartIndex}");
    }
}

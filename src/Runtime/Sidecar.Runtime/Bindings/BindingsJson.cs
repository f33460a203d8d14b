using System.Text.Json;
using Sidecar.Runtime.GoJson;
using static Sidecar.Runtime.GoJson.JsonFields;

namespace Sidecar.Runtime.Bindings;

/// <summary>The body of a call.</summary>
internal sealed class BindingsBody
{
    private static readonly byte[] Null = "null"u8.ToArray();

    public string Operation { get; set; } = "";

    /// <summary>JSON; <c>null</c> if there was none.</summary>
    public ReadOnlyMemory<byte> Data { get; set; } = Null;

    public Dictionary<string, string> Metadata { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Why the data cannot be written as JSON again; null = they can.</summary>
    public string? DataProblem { get; set; }
}

/// <summary>Reads the bodies of the bindings API.</summary>
internal static class BindingsJson
{
    /// <summary><c>{"operation":…,"data":…,"metadata":{…}}</c></summary>
    /// <exception cref="JsonException">The body is not of that form.</exception>
    public static BindingsBody Parse(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(JsonText.Repair(body), Strict);
        Begin(ref reader, JsonTokenType.StartObject, "an object with an operation");
        var call = new BindingsBody();
        while (NextField(ref reader, out var field))
        {
            if (IsField(field, "operation"))
                call.Operation = ReadText(ref reader, "operation") ?? "";
            else if (IsField(field, "data"))
                ReadData(ref reader, call);
            else if (IsField(field, "metadata"))
                call.Metadata = ReadMetadata(ref reader);
            else
                reader.Skip();
        }

        End(ref reader);
        return call;
    }

    // What is no JSON fails here too, and is told as such.
    private static void ReadData(ref Utf8JsonReader reader, BindingsBody call)
    {
        var whole = reader;
        whole.Skip();
        try
        {
            call.Data = CompactJson.Encode(ref reader);
        }
        catch (JsonException unwritable)
        {
            call.DataProblem = unwritable.Message;
            reader = whole;
        }
    }
}

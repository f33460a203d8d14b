using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>Any JSON as a <see cref="Value"/>.</summary>
internal static class JsonValues
{
    // Readers of protobuf give up at a hundred messages within each other, and a level of JSON takes three of them.
    private const int Deepest = 30;

    /// <summary>Reads the value at whose first token the reader stands, and leaves the reader at its last.</summary>
    /// <exception cref="FormatException">It nests deeper than a receiver could read.</exception>
    public static Value Read(ref Utf8JsonReader reader)
    {
        if (reader.CurrentDepth > Deepest)
            throw new FormatException($"it nests deeper than {Deepest} levels");
        return reader.TokenType switch
        {
            JsonTokenType.String => Value.ForString(reader.GetString()!),
            JsonTokenType.Number => Value.ForNumber(reader.GetDouble()),
            JsonTokenType.True => Value.ForBool(true),
            JsonTokenType.False => Value.ForBool(false),
            JsonTokenType.StartObject => ReadObject(ref reader),
            JsonTokenType.StartArray => ReadArray(ref reader),
            _ => Value.ForNull(),
        };
    }

    private static Value ReadObject(ref Utf8JsonReader reader)
    {
        var read = new Struct();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            read.Fields[name] = Read(ref reader);
        }

        return Value.ForStruct(read);
    }

    private static Value ReadArray(ref Utf8JsonReader reader)
    {
        var read = new ListValue();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            read.Values.Add(Read(ref reader));
        return new Value { ListValue = read };
    }
}

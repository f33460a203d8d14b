using System.Text.Json;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>Copies a publisher's own CloudEvent attribute by attribute and adds what it lacks.</summary>
internal static class CloudEventCompletion
{
    [Flags]
    private enum Attributes
    {
        None = 0,
        Source = 1,
        Type = 2,
        SpecVersion = 4,
        Time = 8,
        TraceId = 16,
        TraceParent = 32,
        TraceState = 64,
    }

    /// <summary>False when the text is no object.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static bool TryCopy(Utf8JsonReader reader, ReadOnlySpan<byte> text, in EnvelopeContext context, Utf8JsonWriter writer)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;

        writer.WriteStartObject();
        var present = Attributes.None;
        string? traceId = null;
        string? traceParent = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsReplaced(ref reader, context))
            {
                reader.Skip();
                continue;
            }

            var attribute = Classify(ref reader);
            var name = reader.GetString()!;
            reader.Read();

            // null in place of an attribute is as good as no attribute.
            if (attribute != Attributes.None && reader.TokenType == JsonTokenType.Null)
                continue;
            present |= attribute;
            if (attribute == Attributes.TraceId && reader.TokenType == JsonTokenType.String)
                traceId = reader.GetString();
            else if (attribute == Attributes.TraceParent && reader.TokenType == JsonTokenType.String)
                traceParent = reader.GetString();

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            writer.WritePropertyName(name);
            writer.WriteRawValue(text[start..(int)reader.BytesConsumed], skipInputValidation: true);
        }

        // Reads to the end: text after the object makes it invalid.
        reader.Read();
        WriteMissing(writer, present, context, traceId, traceParent);
        writer.WriteEndObject();
        return true;
    }

    private static bool IsReplaced(ref Utf8JsonReader reader, in EnvelopeContext context) =>
        reader.ValueTextEquals("topic"u8) || reader.ValueTextEquals("pubsubname"u8) ||
        (context.Expiration is not null && reader.ValueTextEquals("expiration"u8));

    private static Attributes Classify(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("source"u8))
            return Attributes.Source;
        if (reader.ValueTextEquals("type"u8))
            return Attributes.Type;
        if (reader.ValueTextEquals("specversion"u8))
            return Attributes.SpecVersion;
        if (reader.ValueTextEquals("time"u8))
            return Attributes.Time;
        if (reader.ValueTextEquals("traceid"u8))
            return Attributes.TraceId;
        if (reader.ValueTextEquals("traceparent"u8))
            return Attributes.TraceParent;
        return reader.ValueTextEquals("tracestate"u8) ? Attributes.TraceState : Attributes.None;
    }

    private static void WriteMissing(Utf8JsonWriter writer, Attributes present, in EnvelopeContext context, string? traceId, string? traceParent)
    {
        writer.WriteString("topic"u8, context.Topic);
        writer.WriteString("pubsubname"u8, context.Pubsub);
        if (!present.HasFlag(Attributes.Source))
            writer.WriteString("source"u8, CloudEventEnvelope.DefaultSource);
        if (!present.HasFlag(Attributes.Type))
            writer.WriteString("type"u8, CloudEventEnvelope.DefaultType);
        if (!present.HasFlag(Attributes.SpecVersion))
            writer.WriteString("specversion"u8, CloudEventEnvelope.SpecVersion);
        if (!present.HasFlag(Attributes.Time))
            writer.WriteString("time"u8, Rfc3339.Format(context.Now));

        // The two name the same thing; an event that has one keeps its trace.
        if (!present.HasFlag(Attributes.TraceId))
            writer.WriteString("traceid"u8, traceParent ?? context.Trace.TraceParent);
        if (!present.HasFlag(Attributes.TraceParent))
            writer.WriteString("traceparent"u8, traceId ?? context.Trace.TraceParent);
        if (!present.HasFlag(Attributes.TraceState) && context.Trace.TraceState.Length > 0)
            writer.WriteString("tracestate"u8, context.Trace.TraceState);
        if (context.Expiration is { } expiration)
            writer.WriteString("expiration"u8, Rfc3339.FormatUtc(expiration));
    }
}

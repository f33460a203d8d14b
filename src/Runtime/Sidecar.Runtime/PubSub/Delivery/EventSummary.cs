using System.Globalization;
using System.Text.Json;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>The few attributes of a CloudEvent that delivery looks at, found in one pass without building a document.</summary>
internal readonly record struct EventSummary(string? Id, string? TraceParent, string? TraceState, DateTimeOffset? Expiration)
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 10_000 };

    /// <summary>False when the bytes are not a JSON object, with the reason.</summary>
    public static bool TryRead(ReadOnlySpan<byte> cloudEvent, out EventSummary summary, out string? error)
    {
        try
        {
            return TryScan(cloudEvent, out summary, out error);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half a surrogate pair in one of the attributes.
            summary = default;
            error = $"it is not valid JSON: {malformed.Message}";
            return false;
        }
    }

    private static bool TryScan(ReadOnlySpan<byte> cloudEvent, out EventSummary summary, out string? error)
    {
        summary = default;
        var reader = new Utf8JsonReader(cloudEvent, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            error = "it is not a JSON object";
            return false;
        }

        string? id = null;
        string? traceId = null;
        string? traceParent = null;
        string? traceState = null;
        string? expiration = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
                id = TextOf(ref reader);
            else if (reader.ValueTextEquals("traceparent"u8))
                traceParent = TextOf(ref reader);
            else if (reader.ValueTextEquals("traceid"u8))
                traceId = TextOf(ref reader);
            else if (reader.ValueTextEquals("tracestate"u8))
                traceState = TextOf(ref reader);
            else if (reader.ValueTextEquals("expiration"u8))
                expiration = TextOf(ref reader);
            else
                reader.Skip();
        }

        // Text after the object is an error too.
        reader.Read();
        error = null;
        summary = new EventSummary(id, string.IsNullOrEmpty(traceParent) ? traceId : traceParent, traceState, ParseTime(expiration));
        return true;
    }

    // Attributes of a type that they must not have count as absent: a publisher can put anything there.
    private static string? TextOf(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    private static DateTimeOffset? ParseTime(string? text) =>
        text is not null && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Sidecar.Components.State;
using Sidecar.Runtime.GoJson;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.State;

/// <summary>Writes the answer to a bulk get: <c>[{"key":…,"data":…,"etag":…,"metadata":{…},"error":…}]</c>.</summary>
internal static class BulkJson
{
    private const int FlushAt = 64 * 1024;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = JsonFields.MaxDepth + 2 };

    public static async ValueTask WriteAsync(HttpResponse response, IReadOnlyList<BulkGetResult> results, CancellationToken cancellationToken)
    {
        response.ContentType = "application/json";
        var json = new Utf8JsonWriter(response.BodyWriter, Relaxed);
        await using (json.ConfigureAwait(false))
        {
            json.WriteStartArray();
            for (var index = 0; index < results.Count; index++)
            {
                Write(json, results[index]);
                if (json.BytesPending < FlushAt)
                    continue;
                await json.FlushAsync(cancellationToken).ConfigureAwait(false);
                await response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            json.WriteEndArray();
        }
    }

    private static void Write(Utf8JsonWriter json, BulkGetResult result)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, result.Key);
        if (result.Item is { } item)
            Write(json, item);
        if (result.Error is { } error)
            json.WriteString("error"u8, error);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StateItem item)
    {
        if (!TryWriteData(json, item.Value.Span))
        {
            json.WriteString("error"u8, "the stored value is neither JSON nor text; get it by itself");
            return;
        }

        if (item.ETag.Length > 0)
            json.WriteString("etag"u8, item.ETag);
        if (item.ExpiresAt is not { } expiry)
            return;
        json.WriteStartObject("metadata"u8);
        json.WriteString("ttlExpireTime"u8, Rfc3339.FormatUtc(expiry));
        json.WriteEndObject();
    }

    // What is stored need not be JSON (decrypted values are not, nor are bytes saved over gRPC), and this array has to be.
    private static bool TryWriteData(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return true;
        var isJson = IsJson(value);
        if (!isJson && !Utf8.IsValid(value))
            return false;
        json.WritePropertyName("data"u8);
        if (isJson)
            json.WriteRawValue(value, skipInputValidation: true);
        else
            json.WriteStringValue(value);
        return true;
    }

    private static bool IsJson(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = JsonFields.MaxDepth });
        try
        {
            while (reader.Read())
            {
            }

            // The reader lets bytes that are not UTF-8 pass inside strings.
            return Utf8.IsValid(value);
        }
        catch (JsonException)
        {
            // Not JSON is an answer here, and nothing to tell anybody.
            return false;
        }
    }
}

using System.Net;
using System.Text.Json;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Reads the app's answer to a delivery (contract section 2.7, "App result").</summary>
internal static class AppReply
{
    // A status is a few dozen bytes. Whatever is longer is the app's own document, which counts as success like any text.
    private const int MaximumBody = 64 * 1024;

    public static async ValueTask<Outcome> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            return new Outcome(Verdict.Drop, "the app answered 404");
        if (!response.IsSuccessStatusCode)
            return AppWords.Failure((int)response.StatusCode);
        if (response.Content.Headers.ContentLength is 0 or > MaximumBody)
            return AppWords.Success;

        var body = await ReadBodyAsync(response.Content, cancellationToken).ConfigureAwait(false);
        return StatusOf(body.Span) switch
        {
            null or "" or "SUCCESS" => AppWords.Success,
            "RETRY" => AppWords.Retry,
            "DROP" => AppWords.Drop,
            var status => AppWords.Unknown(status),
        };
    }

    /// <summary>The <c>status</c> of a JSON object; null when there is none, also because the text is not JSON.</summary>
    public static string? StatusOf(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            string? status = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                // Go matches names of fields regardless of case.
                var isStatus = string.Equals(reader.GetString(), "status", StringComparison.OrdinalIgnoreCase);
                reader.Read();
                if (!isStatus || reader.TokenType == JsonTokenType.Null)
                    reader.Skip();
                else if (reader.TokenType == JsonTokenType.String)
                    status = reader.GetString();
                else
                    return null;
            }

            reader.Read();
            return status;
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var owned = stream.ConfigureAwait(false);
        var buffer = new byte[(content.Headers.ContentLength ?? 1023) + 1];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            length += read;
            if (read == 0)
                return buffer.AsMemory(0, length);
            if (length < buffer.Length)
                continue;
            if (length > MaximumBody)
                return default;
            Array.Resize(ref buffer, buffer.Length * 2);
        }
    }
}

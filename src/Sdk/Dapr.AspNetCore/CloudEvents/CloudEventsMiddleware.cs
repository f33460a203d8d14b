using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Dapr;

/// <summary>
/// Replaces the body of a structured CloudEvent by its data while the rest of the pipeline runs. All other requests pass
/// untouched, batches and binary-mode events among them. An envelope that cannot be read is answered with 400.
/// </summary>
internal sealed class CloudEventsMiddleware(RequestDelegate next, CloudEventsMiddlewareOptions options)
{
    private const string EnvelopeType = "application/cloudevents+json";

    /// <summary>Kestrel's own default, for servers that set no limit.</summary>
    private const long DefaultLimit = 30_000_000;

    public Task InvokeAsync(HttpContext context) =>
        IsEnvelope(context.Request, out var charset) ? UnwrapAsync(context, charset) : next(context);

    private async Task UnwrapAsync(HttpContext context, string? charset)
    {
        var request = context.Request;
        if (!TryGetEncoding(charset, out var encoding))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? DefaultLimit;
        var bytes = await ReadAsync(request, limit, context.RequestAborted).ConfigureAwait(false);
        if (bytes is null)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        using var envelope = Parse(encoding is null ? bytes : Encoding.Convert(encoding, Encoding.UTF8, bytes));
        if (envelope is null || CloudEventData.From(envelope.RootElement, options.SuppressJsonDecodingOfTextPayloads) is not { } data)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (options.ForwardCloudEventPropertiesAsHeaders)
            CloudEventHeaders.Add(request.Headers, envelope.RootElement, options);
        await NextWithAsync(context, data).ConfigureAwait(false);
    }

    private async Task NextWithAsync(HttpContext context, CloudEventData data)
    {
        var request = context.Request;
        var (body, contentType, length) = (request.Body, request.ContentType, request.ContentLength);
        try
        {
            request.Body = new MemoryStream(data.Body, writable: false);
            request.ContentType = data.ContentType;
            request.ContentLength = data.Body.Length;
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            request.Body = body;
            request.ContentType = contentType;
            request.ContentLength = length;
        }
    }

    private static bool IsEnvelope(HttpRequest request, out string? charset)
    {
        charset = null;
        if (request.ContentType is not { } text || !text.StartsWith(EnvelopeType, StringComparison.OrdinalIgnoreCase))
            return false;
        if (!MediaTypeHeaderValue.TryParse(text, out var type) || !type.MediaType.Equals(EnvelopeType, StringComparison.OrdinalIgnoreCase))
            return false;
        charset = type.Charset.Value;
        return true;
    }

    /// <summary>Null stands for UTF-8, which needs no conversion.</summary>
    private static bool TryGetEncoding(string? charset, out Encoding? encoding)
    {
        encoding = null;
        if (string.IsNullOrEmpty(charset) || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return true;
        try
        {
            encoding = Encoding.GetEncoding(charset.Trim('"'));
            return true;
        }
        catch (ArgumentException)
        {
            // An encoding that this platform does not know; the caller is told so by the status.
            return false;
        }
    }

    /// <summary>The whole body, or null when it is longer than allowed.</summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            return null;
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var tooLong = read.Buffer.Length > limit;
            if (tooLong || read.IsCompleted)
            {
                var bytes = tooLong ? null : read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static JsonDocument? Parse(byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            // Answered with 400 by the caller: the envelope is the sender's.
            return null;
        }
    }
}

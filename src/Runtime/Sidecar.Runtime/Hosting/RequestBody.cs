using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Hosting;

/// <exception cref="JsonException">The body is not of the form that the parser reads.</exception>
internal delegate T BodyParser<T>(ReadOnlySpan<byte> body);

/// <summary>
/// Reads whole bodies. What is buffered is what has arrived, never what a Content-Length promises; the web server refuses what
/// is above <c>--max-body-size</c>.
/// </summary>
internal static class RequestBody
{
    /// <summary>The body as memory of its own, for a handler that keeps it.</summary>
    public static async ValueTask<(ReadOnlyMemory<byte> Body, DaprError? Error)> ReadAsync(HttpRequest request)
    {
        try
        {
            var body = await ReadToEndAsync(request).ConfigureAwait(false);
            var kept = body.ToArray();
            request.BodyReader.AdvanceTo(body.End);
            return (kept, null);
        }
        catch (IOException failure)
        {
            // Above the size limit, badly framed, or cut short.
            return (default, CommonErrors.BodyRead(failure.Message));
        }
    }

    /// <summary>Parses the body where it lies; nothing of the buffer outlives the parser.</summary>
    public static async ValueTask<(T? Value, DaprError? Error)> ParseAsync<T>(
        HttpRequest request, BodyParser<T> parse, Func<string, DaprError> malformed)
        where T : class
    {
        try
        {
            var body = await ReadToEndAsync(request).ConfigureAwait(false);
            try
            {
                return (Parse(body, parse), null);
            }
            finally
            {
                request.BodyReader.AdvanceTo(body.End);
            }
        }
        catch (Exception failure) when (failure is JsonException or IOException)
        {
            return (null, malformed(failure.Message));
        }
    }

    private static async ValueTask<ReadOnlySequence<byte>> ReadToEndAsync(HttpRequest request)
    {
        var pipe = request.BodyReader;
        ReadResult read;
        while (!(read = await pipe.ReadAsync(request.HttpContext.RequestAborted).ConfigureAwait(false)).IsCompleted)
            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        return read.Buffer;
    }

    private static T Parse<T>(ReadOnlySequence<byte> body, BodyParser<T> parse)
    {
        if (body.IsSingleSegment)
            return parse(body.FirstSpan);

        var length = (int)body.Length;
        var contiguous = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(contiguous);
            return parse(contiguous.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(contiguous);
        }
    }
}

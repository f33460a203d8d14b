using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Hosting;

/// <exception cref="JsonException">The body is not of the form that the parser reads.</exception>
internal delegate T BodyParser<T>(ReadOnlySpan<byte> body);

/// <summary>Reads a whole body and parses it where it lies; nothing of the buffer outlives the parser.</summary>
internal static class RequestBody
{
    public static async ValueTask<(T? Value, DaprError? Error)> ParseAsync<T>(
        HttpRequest request, BodyParser<T> parse, Func<string, DaprError> malformed)
        where T : class
    {
        var pipe = request.BodyReader;
        try
        {
            ReadResult read;
            while (!(read = await pipe.ReadAsync(request.HttpContext.RequestAborted).ConfigureAwait(false)).IsCompleted)
                pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            try
            {
                return (Parse(read.Buffer, parse), null);
            }
            finally
            {
                pipe.AdvanceTo(read.Buffer.End);
            }
        }
        catch (JsonException failure)
        {
            return (null, malformed(failure.Message));
        }
        catch (BadHttpRequestException failure)
        {
            // Above the size limit, or cut short.
            return (null, malformed(failure.Message));
        }
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

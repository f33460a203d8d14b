using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Invocation;

/// <summary>Hands an app's response on: status and headers, the body as it arrives.</summary>
internal static class Reply
{
    private const int BufferSize = 16 * 1024;

    /// <exception cref="HttpRequestException">The response is none that could be handed on, or it broke off.</exception>
    /// <exception cref="IOException">It broke off.</exception>
    public static async Task CopyAsync(HttpResponseMessage response, HttpContext context)
    {
        var status = (int)response.StatusCode;
        if (status < StatusCodes.Status200OK)
            throw new HttpRequestException($"the app answered {status}, which ends no request");
        context.Response.StatusCode = status;
        try
        {
            HeaderRules.CopyResponse(response, context.Response.Headers);
        }
        catch (InvalidOperationException invalid)
        {
            throw new HttpRequestException($"the app answered with a header that cannot be handed on: {invalid.Message}", invalid);
        }

        if (!HttpMethods.IsHead(context.Request.Method) && MayHaveBody(status))
            await CopyBodyAsync(response.Content, context).ConfigureAwait(false);
    }

    // RFC 9110, section 6.4.1; 205 by section 15.3.6. The server refuses to write one.
    private static bool MayHaveBody(int status) =>
        status is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);

    private static async Task CopyBodyAsync(HttpContent content, HttpContext context)
    {
        var from = await content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
        await using var owned = from.ConfigureAwait(false);

        // Not given back after a failure, when a read may still be under way in it.
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        await CopyBodyAsync(from, content.Headers.ContentLength is not null, buffer, context).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>
    /// 1. Gathers what comes at once, up to a buffer full. 2. If that is all, it goes out with its length, in one piece with the
    /// headers: what a reply costs is the number of times the system is asked to send. 3. The rest follows as it arrives.
    /// </summary>
    private static async Task CopyBodyAsync(Stream from, bool hasLength, byte[] buffer, HttpContext context)
    {
        var response = context.Response;
        var filled = 0;
        var read = -1;
        var reading = from.ReadAsync(buffer, context.RequestAborted);

        // A stream of events may stay silent for long after its headers, and the caller waits for those. A body whose length is
        // known follows at once; until its first bytes are here, a failure can still be told by status.
        if (!reading.IsCompleted && !hasLength)
            await response.Body.FlushAsync(CancellationToken.None).ConfigureAwait(false);

        // 1.
        while (read != 0 && filled < buffer.Length && (filled == 0 || reading.IsCompleted))
        {
            read = await reading.ConfigureAwait(false);
            filled += read;
            if (read != 0 && filled < buffer.Length)
                reading = from.ReadAsync(buffer.AsMemory(filled), context.RequestAborted);
        }

        // 2.
        if (read == 0 && !response.HasStarted)
            response.ContentLength = filled;
        if (filled > 0)
            await response.Body.WriteAsync(buffer.AsMemory(0, filled), context.RequestAborted).ConfigureAwait(false);
        if (read == 0)
            return;

        // 3. A read that was begun above has its place behind what was gathered.
        if (filled == buffer.Length)
            (filled, reading) = (0, from.ReadAsync(buffer, context.RequestAborted));
        while ((read = await reading.ConfigureAwait(false)) > 0)
        {
            await response.Body.WriteAsync(buffer.AsMemory(filled, read), context.RequestAborted).ConfigureAwait(false);
            (filled, reading) = (0, from.ReadAsync(buffer, context.RequestAborted));
        }
    }
}

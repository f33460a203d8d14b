using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Invocation;

/// <summary>Hands an app's response on: status and headers at once, the body as it arrives.</summary>
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
        var buffer = new byte[BufferSize];
        var reading = from.ReadAsync(buffer, context.RequestAborted);

        // A stream of events may stay silent for long after its headers, and the caller waits for those. A body whose length is
        // known follows at once; until its first byte is here, a failure can still be told by status.
        if (!reading.IsCompleted && content.Headers.ContentLength is null)
            await context.Response.Body.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        for (int read; (read = await reading.ConfigureAwait(false)) > 0; reading = from.ReadAsync(buffer, context.RequestAborted))
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
    }
}

using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Runtime.Errors;

/// <summary>Prints <see cref="DaprError"/> on the HTTP API.</summary>
internal static class DaprResults
{
    // Bodies are read by programs and in terminals, not pasted into HTML: an apostrophe stays one.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteErrorAsync(this HttpContext context, DaprError error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        // A handler that failed half-way may have set headers of its own, of a body that will not come.
        context.Response.Clear();
        if (MayHaveUnreadBody(context))
            context.Response.Headers.Connection = "close";
        context.Response.StatusCode = error.HttpStatus;
        context.Response.ContentType = "application/json";
        var body = Encoding.UTF8.GetBytes(error.ToJson().ToJsonString(Readable));
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    // The server cannot drain a body above its limit and closes the connection after the answer. Said in the answer, no client
    // sends its next request down a connection that is about to go.
    // Of HTTP/2 a stream ends, not the connection, which has no such header.
    private static bool MayHaveUnreadBody(HttpContext context) =>
        !HttpProtocol.IsHttp2(context.Request.Protocol) &&
        context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } &&
        (context.Request.ContentLength is not { } length || length > context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize);
}

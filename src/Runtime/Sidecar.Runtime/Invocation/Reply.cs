using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Invocation;

/// <summary>Hands an app's response on: status and headers at once, the body as it arrives.</summary>
internal static class Reply
{
    public static async Task CopyAsync(HttpResponseMessage response, HttpContext context)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        HeaderRules.CopyResponse(response, context.Response.Headers);
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        var body = await response.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
            await body.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
    }
}

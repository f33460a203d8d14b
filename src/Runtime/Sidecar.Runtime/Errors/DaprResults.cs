using System.Text;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Runtime.Errors;

/// <summary>Prints <see cref="DaprError"/> on the HTTP API.</summary>
internal static class DaprResults
{
    public static async Task WriteErrorAsync(this HttpContext context, DaprError error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = error.HttpStatus;
        context.Response.ContentType = "application/json";
        var body = Encoding.UTF8.GetBytes(error.ToJson().ToJsonString());
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }
}

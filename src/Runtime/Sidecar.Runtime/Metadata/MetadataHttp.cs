using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Metadata;

internal static class MetadataHttp
{
    public static void MapRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/metadata", GetAsync);
        routes.MapPut("/v1.0/metadata/{key}", PutAsync);
    }

    private static Task GetAsync(HttpContext context)
    {
        var body = context.RequestServices.GetRequiredService<MetadataEngine>().Read().ToJsonString();
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body, context.RequestAborted);
    }

    private static async Task PutAsync(HttpContext context)
    {
        if (!RawPath.TryGetSegment(context, 2, out var name))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        try
        {
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            context.RequestServices.GetRequiredService<MetadataEngine>().Set(name, await reader.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (BadHttpRequestException unreadable)
        {
            await context.WriteErrorAsync(CommonErrors.BodyRead(unreadable.Message)).ConfigureAwait(false);
        }
    }
}

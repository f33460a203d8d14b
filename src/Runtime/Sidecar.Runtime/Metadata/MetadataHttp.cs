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

        var (body, unreadable) = await RequestBody.ReadAsync(context.Request).ConfigureAwait(false);
        if (unreadable is not null)
        {
            await context.WriteErrorAsync(unreadable).ConfigureAwait(false);
            return;
        }

        context.RequestServices.GetRequiredService<MetadataEngine>().Set(name, Encoding.UTF8.GetString(body.Span));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}

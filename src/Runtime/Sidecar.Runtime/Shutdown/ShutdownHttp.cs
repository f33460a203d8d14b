using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sidecar.Runtime.Shutdown;

/// <summary><c>POST /v1.0/shutdown</c> (contract 2.17).</summary>
internal static class ShutdownHttp
{
    public static void MapShutdown(this IEndpointRouteBuilder routes) => routes.MapPost("/v1.0/shutdown", ShutDown);

    private static Task ShutDown(HttpContext context)
    {
        ShutdownEngine.StopOnceAnswered(context);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

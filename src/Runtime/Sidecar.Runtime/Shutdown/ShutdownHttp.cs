using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Shutdown;

/// <summary><c>POST /v1.0/shutdown</c> (contract 2.17): the answer goes out first, then the sidecar stops.</summary>
internal static class ShutdownHttp
{
    private const string ForceHeader = "dapr-force-shutdown";

    public static void MapShutdown(this IEndpointRouteBuilder routes) => routes.MapPost("/v1.0/shutdown", ShutDown);

    private static Task ShutDown(HttpContext context)
    {
        var force = Components.GoText.IsTruthy(context.Request.Headers[ForceHeader]);
        var request = context.RequestServices.GetRequiredService<ShutdownRequest>();
        context.Response.OnCompleted(() =>
        {
            request.Stop(force);
            return Task.CompletedTask;
        });
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

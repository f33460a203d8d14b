using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Health;

/// <summary>The health routes (contract 2.17).</summary>
internal static class HealthHttp
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", GetHealthAsync);
        routes.MapGet("/v1.0/healthz/outbound", GetOutboundHealthAsync);
    }

    private static Task GetHealthAsync(HttpContext context)
    {
        var asked = context.Request.Query["appid"].ToString();
        if (asked.Length > 0 && asked != context.RequestServices.GetRequiredService<SidecarOptions>().AppId)
            return context.WriteErrorAsync(HealthErrors.OtherApp);
        return AnswerAsync(context, context.RequestServices.GetRequiredService<SidecarState>().Ready, HealthErrors.NotReady);
    }

    private static Task GetOutboundHealthAsync(HttpContext context) =>
        AnswerAsync(context, context.RequestServices.GetRequiredService<SidecarState>().OutboundReady, HealthErrors.OutboundNotReady);

    private static Task AnswerAsync(HttpContext context, bool ready, DaprError error)
    {
        if (!ready)
            return context.WriteErrorAsync(error);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

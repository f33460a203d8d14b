using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Shutdown;

/// <summary>The answer goes out first, then the sidecar stops: at once, if the caller says so (contract 2.17, 3.3).</summary>
internal static class ShutdownEngine
{
    private const string ForceHeader = "dapr-force-shutdown";

    public static void StopOnceAnswered(HttpContext context)
    {
        var force = GoText.IsTruthy(context.Request.Headers[ForceHeader]);
        var request = context.RequestServices.GetRequiredService<ShutdownRequest>();
        context.Response.OnCompleted(() =>
        {
            request.Stop(force);
            return Task.CompletedTask;
        });
    }
}

using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Telemetry;

/// <summary>A span for each request to the API but those to the health routes, by path and with the attributes that Dapr gives.</summary>
internal static class ApiSpans
{
    public static Func<HttpContext, RequestDelegate, Task> For(SidecarOptions options) => (context, next) =>
        options.Spans.HasListeners() && !IsHealthRoute(context.Request.Path) ? TraceAsync(options, context, next) : next(context);

    private static bool IsHealthRoute(PathString path) => path.Value?.Contains("/healthz", StringComparison.Ordinal) == true;

    private static async Task TraceAsync(SidecarOptions options, HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        using var span = SidecarSpans.Start(
            options, path, ActivityKind.Client, request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]);
        if (span is null)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        span.SetTag("dapr.api", $"{request.Method} {path}").SetTag("dapr.protocol", "http");
        Describe(span, request.Method, path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        try
        {
            await next(context).ConfigureAwait(false);
            span.SetStatus(context.Response.StatusCode);
        }
        catch
        {
            span.SetStatus(ActivityStatusCode.Error);
            throw;
        }
    }

    private static void Describe(Activity span, string verb, string[] path)
    {
        switch (path)
        {
            case [var version, ("state" or "secrets" or "bindings") and var block, var store, ..]:
                span.SetTag("db.system", block).SetTag("db.name", store).SetTag("db.connection_string", block)
                    .SetTag("db.statement", $"{verb} /{version}/{block}/{store}");
                break;
            case [_, "publish", var pubsub, _, ..]:
                var topic = string.Join('/', path.Skip(pubsub == "bulk" ? 4 : 3));
                span.SetTag("messaging.system", "pubsub").SetTag("messaging.destination", topic).SetTag("messaging.destination_kind", "topic");
                break;
            case [_, "invoke", var appId, "method", .. var method]:
                span.SetTag("rpc.service", "ServiceInvocation").SetTag("net.peer.name", appId).SetTag("dapr.invoke_method", string.Join('/', method));
                break;
            default:
                // The other routes have no attributes of their own.
                break;
        }
    }
}

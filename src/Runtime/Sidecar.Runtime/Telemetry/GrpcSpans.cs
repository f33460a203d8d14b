using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Telemetry;

/// <summary>A span for each call of the gRPC API, by its full method name and with the attributes that Dapr gives.</summary>
internal static class GrpcSpans
{
    public static Func<HttpContext, RequestDelegate, Task> For(SidecarOptions options) => (context, next) =>
        options.Spans.HasListeners() ? TraceAsync(options, context, next) : next(context);

    /// <summary>Adds what only the request message tells.</summary>
    public static void DescribeStore(ServerCall call, string block, string store) =>
        SidecarSpans.Current?.SetTag("db.system", block).SetTag("db.name", store).SetTag("db.connection_string", block).SetTag("db.statement", call.Method);

    /// <inheritdoc cref="DescribeStore"/>
    public static void DescribeTopic(string topic) =>
        SidecarSpans.Current?.SetTag("messaging.system", "pubsub").SetTag("messaging.destination", topic).SetTag("messaging.destination_kind", "topic");

    private static async Task TraceAsync(SidecarOptions options, HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var method = request.Path.Value ?? "/";
        using var span = SidecarSpans.Start(
            options, method, ActivityKind.Client, request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]);
        if (span is null)
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        span.SetTag("dapr.api", method).SetTag("dapr.protocol", "grpc");
        try
        {
            await next(context).ConfigureAwait(false);
            var code = GrpcOutcome.CodeOf(context.Response);
            span.SetTag("dapr.status_code", code.ToString(CultureInfo.InvariantCulture));
            if (code != (int)StatusCode.OK)
                span.SetStatus(ActivityStatusCode.Error);
        }
        catch
        {
            span.SetStatus(ActivityStatusCode.Error);
            throw;
        }
    }
}

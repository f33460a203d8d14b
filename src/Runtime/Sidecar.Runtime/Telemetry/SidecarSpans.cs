using System.Diagnostics;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// The spans of a sidecar, named as Dapr names them. Nothing is built while nobody listens to the source; the trace of a
/// caller is then continued by <see cref="TraceContext"/> alone.
/// </summary>
/// <remarks>
/// <c>/v1.0/…</c> (client): a request to the API, by its path. <c>CallLocal/{app-id}/{method}</c> (server): an invocation, at
/// the callee's sidecar. <c>pubsub/{topic}</c> (server): a message on its way to the app. <c>bindings/{name}</c> (server): an event
/// of an input binding on its way to the app.
/// </remarks>
public static class SidecarSpans
{
    /// <summary>Name of the <see cref="ActivitySource"/> to listen to.</summary>
    public const string SourceName = "Sidecar.Runtime";

    /// <summary>The app-id of the sidecar whose span it is: several sidecars may live in one process.</summary>
    public const string AppIdTag = "dapr.app_id";

    internal static ActivitySource Default { get; } = new(SourceName);

    /// <summary>For the web server's own span of each request, which would be told twice: the sidecar tells it as Dapr does.</summary>
    internal static ActivitySource WebServer { get; } = new("Sidecar.Runtime.WebServer");

    /// <summary>The sidecar's span that the running code belongs to.</summary>
    internal static Activity? Current => Activity.Current is { } span && span.Source.Name == SourceName ? span : null;

    /// <summary>The callee's side of an invocation. The request then names this span as its parent.</summary>
    internal static Activity? StartCall(SidecarOptions options, HttpRequestMessage request)
    {
        if (!options.Spans.HasListeners())
            return null;
        var target = request.RequestUri!.OriginalString.AsSpan().TrimStart('/');
        var query = target.IndexOf('?');
        var method = query < 0 ? target : target[..query];
        var span = Start(options, $"CallLocal/{options.AppId}/{method}", ActivityKind.Server, First(request, TraceContext.ParentHeader), First(request, TraceContext.StateHeader));
        if (span is null)
            return null;
        span.SetTag("rpc.service", "ServiceInvocation").SetTag("dapr.invoke_method", method.ToString());
        request.Headers.Remove(TraceContext.ParentHeader);
        request.Headers.TryAddWithoutValidation(TraceContext.ParentHeader, span.Id);
        return span;
    }

    /// <summary>A message on its way to the app.</summary>
    internal static Activity? StartDelivery(SidecarOptions options, string topic, string? traceParent, string? traceState) =>
        options.Spans.HasListeners()
            ? Start(options, $"pubsub/{topic}", ActivityKind.Server, traceParent, traceState)?
                .SetTag("messaging.system", "pubsub").SetTag("messaging.destination", topic).SetTag("messaging.destination_kind", "topic")
            : null;

    /// <summary>An event of an input binding on its way to the app.</summary>
    internal static Activity? StartBindingEvent(SidecarOptions options, string binding, string? traceParent, string? traceState) =>
        options.Spans.HasListeners() ? Start(options, $"bindings/{binding}", ActivityKind.Server, traceParent, traceState) : null;

    /// <summary>Continues the trace, or begins one when there is none or it is malformed.</summary>
    internal static Activity? Start(SidecarOptions options, string name, ActivityKind kind, string? traceParent, string? traceState)
    {
        var outer = Activity.Current;
        ActivityContext parent = default;
        if (!TraceContext.IsWellFormed(traceParent) || !ActivityContext.TryParse(traceParent, traceState, isRemote: true, out parent))
        {
            // Whatever runs around it, the web server's span of the request for one, is no part of the caller's trace.
            Activity.Current = null;
        }

        var span = options.Spans.StartActivity(name, kind, parent);
        if (span is null)
            Activity.Current = outer;
        return span?.SetTag(AppIdTag, options.AppId);
    }

    /// <summary>Ends well unless the status says otherwise.</summary>
    internal static void SetStatus(this Activity span, int httpStatus)
    {
        span.SetTag("dapr.status_code", httpStatus.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (httpStatus >= 400)
            span.SetStatus(ActivityStatusCode.Error);
    }

    private static string? First(HttpRequestMessage request, string header) =>
        request.Headers.NonValidated.TryGetValues(header, out var values) ? values.ToString() : null;
}

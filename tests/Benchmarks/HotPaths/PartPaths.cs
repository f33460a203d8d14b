using System.Text;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Invocation;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Telemetry;

namespace Benchmarks.HotPaths;

/// <summary>The steps of a call and of a delivery, each by itself.</summary>
internal static class PartPaths
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly Dictionary<string, string> NoMetadata = [];

    public static IReadOnlyList<HotPath> Create()
    {
        var headers = new HeaderDictionary
        {
            ["Host"] = "127.0.0.1:3500",
            ["User-Agent"] = "bench",
            ["Accept"] = "*/*",
            ["X-Request-Id"] = "4711",
            ["traceparent"] = TraceParent,
            ["Content-Length"] = "96",
        };
        var response = new HttpResponseMessage { Content = new ByteArrayContent([]) };
        response.Headers.TryAddWithoutValidation("Date", "Fri, 20 Nov 2026 12:00:00 GMT");
        response.Headers.TryAddWithoutValidation("Server", "Kestrel");
        response.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        return
        [
            new("headers of a request", () => HeaderRules.BeginRequest(headers, new HttpRequestMessage())),
            new("headers of a response", () => HeaderRules.CopyResponse(response, new HeaderDictionary())),
            new("trace, continued", () => TraceContext.Continue(TraceParent, null)),
            new("trace, begun", () => TraceContext.Begin()),
            new("path of a method", () => MethodPath.TryClean("documents/4711", out _)),
            .. EventPaths(),
        ];
    }

    private static IEnumerable<HotPath> EventPaths()
    {
        var data = Encoding.UTF8.GetBytes("""{"id":"4711","name":"Ada Lovelace","city":"London","active":true,"points":1815}""");
        PublishMetadata.TryRead(NoMetadata, out var metadata, out _);
        var envelope = new EnvelopeContext("caller", "events", "orders", "application/json", metadata, new TraceContext(TraceParent, ""), DateTimeOffset.UnixEpoch, null);
        var cloudEvent = CloudEventEnvelope.Wrap(envelope, data);
        EventSummary.TryRead(cloudEvent.Span, out var summary, out _);
        var path = new Uri("/orders", UriKind.Relative);
        var byDefault = Routes(new RouteRule("", "/orders"));
        var byType = Routes(new RouteRule("event.type == \"com.dapr.event.sent\"", "/orders"), new RouteRule("", "/other"));
        yield return new("event, wrapped", () => CloudEventEnvelope.Wrap(envelope, data));
        yield return new("event, read", () => EventSummary.TryRead(cloudEvent.Span, out _, out _));
        yield return new("event, routed by default", () => byDefault.Find(cloudEvent));
        yield return new("event, routed by type", () => byType.Find(cloudEvent));
        yield return new("event, request to the app", () => EventRequest.Create(path, "events", cloudEvent, NoMetadata, summary).Dispose());
    }

    private static RouteTable Routes(params RouteRule[] rules) =>
        RouteTable.TryCreate(rules, new ExpressionMatcherParser(), out var table, out var error) ? table : throw new InvalidOperationException(error);
}

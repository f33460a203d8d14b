using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>The publish API over gRPC (contract section 3.4).</summary>
internal static class PublishGrpc
{
    private static readonly Empty Done = new();
    private static readonly Wire.BulkPublishResponse AllPublished = new();

    public static void Map(IEndpointRouteBuilder routes)
    {
        var single = routes.ServiceProvider.GetRequiredService<PublishEngine>();
        var bulk = routes.ServiceProvider.GetRequiredService<BulkPublishEngine>();
        routes.MapUnary<Wire.PublishEventRequest, Empty>(DaprService.Method("PublishEvent"), (request, call) => PublishAsync(request, call, single));
        foreach (var name in (string[])["BulkPublishEvent", "BulkPublishEventAlpha1"])
        {
            routes.MapUnary<Wire.BulkPublishRequest, Wire.BulkPublishResponse>(
                DaprService.Method(name), (request, call) => PublishBulkAsync(request, call, single, bulk));
        }
    }

    private static async Task<Empty> PublishAsync(Wire.PublishEventRequest request, ServerCall call, PublishEngine engine)
    {
        GrpcSpans.DescribeTopic(request.Topic);
        var error = engine.TryResolve(request.PubsubName, request.Topic, request.Metadata, out var target) ?? engine.CheckPermission(target!);
        if (error is null)
        {
            var trace = TraceOf(call);
            error = await engine.PublishAsync(
                target!.Read.IsRaw ? target.WithTrace(trace) : target,
                request.Data.Memory,
                request.DataContentType is { Length: > 0 } contentType ? contentType : null,
                trace,
                call.CancellationToken).ConfigureAwait(false);
        }

        return error is null ? Done : call.Fail<Empty>(error);
    }

    // Which entries failed is not told: an error has no message beside it.
    private static async Task<Wire.BulkPublishResponse> PublishBulkAsync(
        Wire.BulkPublishRequest request, ServerCall call, PublishEngine single, BulkPublishEngine engine)
    {
        GrpcSpans.DescribeTopic(request.Topic);
        if (single.TryResolve(request.PubsubName, request.Topic, request.Metadata, out var target) is { } invalid)
            return call.Fail<Wire.BulkPublishResponse>(invalid);
        var result = await engine.PublishAsync(target!, Read(request.Entries), TraceOf(call), call.CancellationToken).ConfigureAwait(false);
        return result.Error is null ? AllPublished : call.Fail<Wire.BulkPublishResponse>(result.Error);
    }

    private static List<BulkEntry> Read(IReadOnlyList<Wire.BulkPublishRequestEntry> entries)
    {
        var read = new List<BulkEntry>(entries.Count);
        for (var index = 0; index < entries.Count; index++)
        {
            var entry = entries[index];
            read.Add(new BulkEntry(entry.EntryId, entry.Event.Memory, entry.ContentType, entry.Metadata.Count > 0 ? entry.Metadata : null));
        }

        return read;
    }

    private static TraceContext TraceOf(ServerCall call)
    {
        var headers = call.HttpContext.Request.Headers;
        return TraceContext.Continue(headers.TraceParent, headers.TraceState);
    }
}

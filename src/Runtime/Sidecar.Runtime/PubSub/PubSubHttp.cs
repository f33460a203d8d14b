using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub;

/// <summary>The publish API over HTTP (contract section 2.6).</summary>
internal static class PubSubHttp
{
    // Segments of /v1.0/publish/{pubsub}/{topic…}.
    private const int PubsubSegment = 2;
    private const int TopicSegment = 3;

    private static readonly string[] PublishVerbs = [HttpMethods.Post, HttpMethods.Put];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var engine = routes.ServiceProvider.GetRequiredService<PublishEngine>();
        RequestDelegate publish = context => PublishAsync(context, engine);
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", PublishVerbs, publish);
        BulkPublishHttp.Map(routes, publish);
    }

    private static async Task PublishAsync(HttpContext context, PublishEngine engine)
    {
        try
        {
            if (!RawPath.TryGetSegment(context, PubsubSegment, out var pubsub) || !RawPath.TryGetRest(context, TopicSegment, out var topic))
                await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            else if (await HandlePublishAsync(context, engine, pubsub, topic).ConfigureAwait(false) is { } error)
                await context.WriteErrorAsync(error).ConfigureAwait(false);
            else
                context.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The publisher went away: nobody is left to answer, and whether the broker has the message is unknown to it.
            context.Abort();
        }
    }

    private static async ValueTask<DaprError?> HandlePublishAsync(HttpContext context, PublishEngine engine, string pubsub, string topic)
    {
        var request = context.Request;
        if (engine.TryResolve(pubsub, topic, RequestMetadata.FromQuery(request), out var target) is { } invalid)
            return invalid;

        var (body, unreadable) = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        if (unreadable is not null)
            return unreadable;

        var trace = TraceContext.Continue(request.Headers.TraceParent, request.Headers.TraceState);
        return engine.CheckPermission(target!) ??
            await engine.PublishAsync(target!, body, ContentTypeOf(request), trace, context.RequestAborted).ConfigureAwait(false);
    }

    private static string? ContentTypeOf(HttpRequest request) => request.ContentType is { Length: > 0 } contentType ? contentType : null;
}

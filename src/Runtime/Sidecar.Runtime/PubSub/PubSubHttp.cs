using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Publishing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub;

/// <summary>The publish API over HTTP.</summary>
internal static class PubSubHttp
{
    private static readonly string[] PublishVerbs = [HttpMethods.Post, HttpMethods.Put];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var engine = routes.ServiceProvider.GetRequiredService<PublishEngine>();
        var maximumBody = routes.ServiceProvider.GetRequiredService<SidecarOptions>().MaxBodySize;
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", PublishVerbs, context => PublishAsync(context, engine, maximumBody));
    }

    private static async Task PublishAsync(HttpContext context, PublishEngine engine, long maximumBody)
    {
        try
        {
            if (!PublishRequestReader.TryReadTarget(context, out var pubsub, out var topic))
                await WriteBrokenPathAsync(context).ConfigureAwait(false);
            else if (await HandlePublishAsync(context, engine, maximumBody, pubsub, topic).ConfigureAwait(false) is { } error)
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

    private static async ValueTask<DaprError?> HandlePublishAsync(HttpContext context, PublishEngine engine, long maximumBody, string pubsub, string topic)
    {
        if (engine.TryResolve(pubsub, topic, PublishRequestReader.ReadMetadata(context.Request.QueryString), out var target) is { } invalid)
            return invalid;

        var (body, unreadable) = await PublishRequestReader.ReadBodyAsync(context.Request, maximumBody).ConfigureAwait(false);
        if (unreadable is not null)
            return unreadable;

        var headers = context.Request.Headers;
        var trace = TraceContext.Continue(headers.TraceParent, headers.TraceState);
        return engine.CheckPermission(target!) ??
            await engine.PublishAsync(target!, body, ContentTypeOf(context.Request), trace, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task WriteBrokenPathAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("invalid URL escape in the path", context.RequestAborted);
    }

    private static string? ContentTypeOf(HttpRequest request) => request.ContentType is { Length: > 0 } contentType ? contentType : null;
}

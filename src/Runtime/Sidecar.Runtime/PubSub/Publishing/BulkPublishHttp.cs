using System.Net.Mime;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>The bulk publish API over HTTP (contract section 2.6).</summary>
internal static class BulkPublishHttp
{
    // Segments of /v1.0/publish/bulk/{pubsub}/{topic…}.
    private const int PubsubSegment = 3;
    private const int TopicSegment = 4;

    // What goes into a header besides the body must not make an answer that clients refuse to read.
    private const int LongestHeader = 8 * 1024;

    private static readonly string[] Verbs = [HttpMethods.Post, HttpMethods.Put];

    /// <param name="publishOne">Answers <c>/v1.0/publish/bulk/{topic}</c>, which names no second part: a component may be called bulk.</param>
    public static void Map(IEndpointRouteBuilder routes, RequestDelegate publishOne)
    {
        var single = routes.ServiceProvider.GetRequiredService<PublishEngine>();
        var engine = routes.ServiceProvider.GetRequiredService<BulkPublishEngine>();
        routes.MapMethods("/v1.0/publish/bulk/{pubsub}/{**topic}", Verbs, context =>
            RawPath.Escaped(context).Count('/') > TopicSegment ? PublishAsync(context, single, engine) : publishOne(context));
        routes.MapMethods("/v1.0-alpha1/publish/bulk/{pubsub}/{**topic}", Verbs, context => PublishAsync(context, single, engine));
    }

    private static async Task PublishAsync(HttpContext context, PublishEngine single, BulkPublishEngine engine)
    {
        try
        {
            if (!RawPath.TryGetSegment(context, PubsubSegment, out var pubsub) || !RawPath.TryGetRest(context, TopicSegment, out var topic))
                await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            else
                await AnswerAsync(context, await HandleAsync(context, single, engine, pubsub, topic).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The publisher went away: nobody is left to answer, and what the broker has is unknown to it.
            context.Abort();
        }
    }

    private static async ValueTask<BulkPublishResult> HandleAsync(HttpContext context, PublishEngine single, BulkPublishEngine engine, string pubsub, string topic)
    {
        var request = context.Request;
        if (single.TryResolve(pubsub, topic, RequestMetadata.FromQuery(request), out var target) is { } invalid)
            return new BulkPublishResult(invalid, []);
        var (body, unreadable) = await RequestBody.ReadAsync(request).ConfigureAwait(false);
        if (unreadable is not null)
            return new BulkPublishResult(unreadable, []);
        var trace = TraceContext.Continue(request.Headers.TraceParent, request.Headers.TraceState);
        return await engine.PublishAsync(target!, body, trace, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task AnswerAsync(HttpContext context, BulkPublishResult result)
    {
        if (result.Error is null)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        else
            return result.Failed.Count == 0 ? context.WriteErrorAsync(result.Error) : WriteFailedAsync(context, result.Error, result.Failed);
        return Task.CompletedTask;
    }

    private static Task WriteFailedAsync(HttpContext context, DaprError error, IReadOnlyList<FailedEntry> failed)
    {
        // Plain ASCII by its default escaping, so it can stand in a header.
        var body = JsonSerializer.Serialize(new
        {
            failedEntries = failed.Select(entry => new { entryId = entry.EntryId, error = entry.Reason }),
            errorCode = error.Code,
        });
        var response = context.Response;
        response.StatusCode = error.HttpStatus;
        response.ContentType = MediaTypeNames.Application.Json;
        if (body.Length <= LongestHeader)
            response.Headers["metadata.responseData"] = body;
        response.Headers["metadata.error"] = HeaderText($"api error: code = Internal desc = {error.Message}");
        return response.WriteAsync(body, context.RequestAborted);
    }

    private static string HeaderText(string text) => string.Create(Math.Min(text.Length, LongestHeader), text, static (header, source) =>
    {
        for (var index = 0; index < header.Length; index++)
            header[index] = source[index] is >= ' ' and <= '~' ? source[index] : '?';
    });
}

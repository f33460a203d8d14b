using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Bindings;

/// <summary>Output bindings over HTTP (contract section 2.11).</summary>
internal static class BindingsHttp
{
    // Segment of /v1.0/bindings/{name}.
    private const int NameSegment = 2;

    public static void Map(IEndpointRouteBuilder endpoints, BindingsEngine engine) =>
        endpoints.MapMethods("/v1.0/bindings/{name}", [HttpMethods.Post, HttpMethods.Put], context => InvokeAsync(context, engine));

    private static async Task InvokeAsync(HttpContext context, BindingsEngine engine)
    {
        if (!RawPath.TryGetSegment(context, NameSegment, out var name))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        var (request, refused) = await ReadAsync(context.Request).ConfigureAwait(false);
        if (request is null)
        {
            await context.WriteErrorAsync(refused!).ConfigureAwait(false);
            return;
        }

        var outcome = await engine.InvokeAsync(name, request, context.RequestAborted).ConfigureAwait(false);
        if (outcome.Error is { } error)
            await context.WriteErrorAsync(error, outcome.Reply?.Metadata).ConfigureAwait(false);
        else
            await WriteReplyAsync(context.Response, outcome.Reply, context.RequestAborted).ConfigureAwait(false);
    }

    private static async ValueTask<(BindingRequest? Request, DaprError? Error)> ReadAsync(HttpRequest request)
    {
        var baggage = request.Headers[TraceContext.BaggageHeader].ToString();
        if (!TraceContext.IsWellFormedBaggage(baggage))
            return (null, CommonErrors.InvalidBaggage);
        var (body, unreadable) = await RequestBody.ParseAsync(request, BindingsJson.Parse, BindingsErrors.MalformedBody).ConfigureAwait(false);
        if (body is null)
            return (null, unreadable);
        if (body.DataProblem is { } problem)
            return (null, BindingsErrors.MalformedData(problem));

        foreach (var (name, value) in RequestMetadata.FromQuery(request))
            body.Metadata[name] = value;
        AddTrace(body.Metadata, TraceContext.Continue(request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]), baggage);
        return (new BindingRequest(body.Operation, body.Data, body.Metadata), null);
    }

    private static void AddTrace(Dictionary<string, string> metadata, in TraceContext trace, string baggage)
    {
        metadata[TraceContext.ParentHeader] = trace.TraceParent;
        if (trace.TraceState.Length > 0)
            metadata[TraceContext.StateHeader] = trace.TraceState;
        if (baggage.Length > 0)
            metadata[TraceContext.BaggageHeader] = baggage;
    }

    private static ValueTask WriteReplyAsync(HttpResponse response, BindingReply? reply, CancellationToken cancellationToken)
    {
        if (reply is null)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return ValueTask.CompletedTask;
        }

        response.ContentType = ContentTypes.Json;
        response.ContentLength = reply.Data.Length;
        ResponseMetadata.Write(response.Headers, reply.Metadata);
        return response.Body.WriteAsync(reply.Data, cancellationToken);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.State;

/// <summary>The state API over HTTP (contract section 2.5).</summary>
internal static class StateHttp
{
    // Segments of /v1.0/state/{store}/{key}; the routes that begin otherwise have the store in the same place.
    private const int StoreSegment = 2;
    private const int KeySegment = 3;

    private const string TtlExpireTimeHeader = "Metadata.ttlexpiretime";

    private static readonly string[] PostOrPut = [HttpMethods.Post, HttpMethods.Put];

    public static void Map(IEndpointRouteBuilder endpoints, StateEngine engine)
    {
        endpoints.MapMethods("/v1.0/state/{store}/{key}", [HttpMethods.Get], context => GetAsync(context, engine));
        endpoints.MapMethods("/v1.0/state/{store}/{key}", [HttpMethods.Delete], context => DeleteAsync(context, engine));
        endpoints.MapMethods("/v1.0/state/{store}", PostOrPut, context => SaveAsync(context, engine));
        endpoints.MapMethods("/v1.0/state/{store}/bulk", PostOrPut, context => GetBulkAsync(context, engine));
        endpoints.MapMethods("/v1.0/state/{store}/transaction", PostOrPut, context => TransactAsync(context, engine));
        endpoints.MapMethods("/v1.0-alpha1/state/{store}/query", PostOrPut, context => QueryAsync(context, engine));
    }

    private static async Task GetAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName) || !RawPath.TryGetSegment(context, KeySegment, out var key))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        StateItem? item = null;
        if (engine.FindStore(storeName, out var error) is { } store)
            (item, error) = await engine.GetAsync(store, key, Query(context, "consistency"), context.RequestAborted).ConfigureAwait(false);
        if (error is not null)
            await context.WriteErrorAsync(error).ConfigureAwait(false);
        else
            await WriteItemAsync(context.Response, item, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task GetBulkAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        IReadOnlyList<BulkGetResult>? results = null;
        if (engine.FindStore(storeName, out var error) is { } store)
        {
            (var request, error) = await RequestBody.ParseAsync(context.Request, StateJson.ParseBulkGet, StateErrors.MalformedBody).ConfigureAwait(false);
            if (request is not null)
                (results, error) = await engine.GetBulkAsync(store, request, context.RequestAborted).ConfigureAwait(false);
        }

        if (results is null)
            await context.WriteErrorAsync(error!).ConfigureAwait(false);
        else
            await BulkJson.WriteAsync(context.Response, results, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task SaveAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        if (engine.FindStore(storeName, out var error) is { } store)
        {
            (var items, error) = await RequestBody.ParseAsync(context.Request, StateJson.ParseSave, CommonErrors.Malformed).ConfigureAwait(false);
            if (items is not null)
                error = await engine.SaveAsync(store, items, RequestMetadata.FromQuery(context.Request), context.RequestAborted).ConfigureAwait(false);
        }

        await WriteOutcomeAsync(context, error).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName) || !RawPath.TryGetSegment(context, KeySegment, out var key))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        if (engine.FindStore(storeName, out var error) is { } store)
        {
            var item = new StateItemRequest
            {
                Key = key,
                ETag = context.Request.Headers.IfMatch,
                Concurrency = Query(context, "concurrency"),
                Consistency = Query(context, "consistency"),
                Metadata = RequestMetadata.FromQuery(context.Request),
            };
            error = await engine.DeleteAsync(store, item, context.RequestAborted).ConfigureAwait(false);
        }

        await WriteOutcomeAsync(context, error).ConfigureAwait(false);
    }

    private static async Task TransactAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        if (engine.FindTransactionalStore(storeName, out var error) is { } store)
        {
            (var operations, error) = await RequestBody.ParseAsync(
                context.Request, StateJson.ParseTransaction, StateErrors.MalformedBody).ConfigureAwait(false);
            if (operations is not null)
            {
                error = await engine.TransactAsync(
                    store, operations, RequestMetadata.FromQuery(context.Request), Caller(context.Request), context.RequestAborted).ConfigureAwait(false);
            }
        }

        await WriteOutcomeAsync(context, error).ConfigureAwait(false);
    }

    private static async Task QueryAsync(HttpContext context, StateEngine engine)
    {
        if (!RawPath.TryGetSegment(context, StoreSegment, out var storeName))
        {
            await RawPath.WriteBadEscapeAsync(context).ConfigureAwait(false);
            return;
        }

        // Read, though no store looks at it: a body that cannot be read is the first thing to be told.
        var (_, unreadable) = await RequestBody.ReadAsync(context.Request).ConfigureAwait(false);
        await context.WriteErrorAsync(unreadable ?? engine.Query(storeName)).ConfigureAwait(false);
    }

    private static StateCaller Caller(HttpRequest request) =>
        new(request.Headers[TraceContext.ParentHeader], request.Headers[TraceContext.StateHeader]);

    private static string? Query(HttpContext context, string name) =>
        context.Request.QueryString.HasValue && context.Request.Query.TryGetValue(name, out var values) ? values[0] : null;

    private static ValueTask WriteItemAsync(HttpResponse response, StateItem? item, CancellationToken cancellationToken)
    {
        if (item is null)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            return ValueTask.CompletedTask;
        }

        response.ContentType = "application/json";
        response.ContentLength = item.Value.Length;
        if (item.ETag.Length > 0)
            response.Headers.ETag = item.ETag;
        if (item.ExpiresAt is { } expiry)
            response.Headers[TtlExpireTimeHeader] = Rfc3339.FormatUtc(expiry);
        return response.Body.WriteAsync(item.Value, cancellationToken);
    }

    private static Task WriteOutcomeAsync(HttpContext context, DaprError? error)
    {
        if (error is not null)
            return context.WriteErrorAsync(error);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

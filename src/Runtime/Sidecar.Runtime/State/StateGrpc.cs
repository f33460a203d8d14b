using System.Collections.ObjectModel;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Routing;
using Sidecar.Components.State;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.State;

/// <summary>The state API over gRPC (contract section 3.4).</summary>
internal static class StateGrpc
{
    private const string Block = "state";

    private static readonly Empty Done = new();

    public static void Map(IEndpointRouteBuilder routes, StateEngine engine)
    {
        routes.MapUnary<Wire.GetStateRequest, Wire.GetStateResponse>(DaprService.Method("GetState"), (request, call) => GetAsync(request, call, engine));
        routes.MapUnary<Wire.GetBulkStateRequest, Wire.GetBulkStateResponse>(DaprService.Method("GetBulkState"), (request, call) => GetBulkAsync(request, call, engine));
        routes.MapUnary<Wire.SaveStateRequest, Empty>(DaprService.Method("SaveState"), (request, call) => SaveAsync(request, call, engine));
        routes.MapUnary<Wire.DeleteStateRequest, Empty>(DaprService.Method("DeleteState"), (request, call) => DeleteAsync(request, call, engine));
        routes.MapUnary<Wire.DeleteBulkStateRequest, Empty>(DaprService.Method("DeleteBulkState"), (request, call) => DeleteBulkAsync(request, call, engine));
        routes.MapUnary<Wire.ExecuteStateTransactionRequest, Empty>(
            DaprService.Method("ExecuteStateTransaction"), (request, call) => TransactAsync(request, call, engine));
        routes.MapUnary<Wire.QueryStateRequest, Wire.QueryStateResponse>(
            DaprService.Method("QueryStateAlpha1"), (request, call) => Task.FromResult(call.Fail<Wire.QueryStateResponse>(engine.Query(request.StoreName))));
    }

    private static async Task<Wire.GetStateResponse> GetAsync(Wire.GetStateRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        StateItem? item = null;
        if (engine.FindStore(request.StoreName, out var error) is { } store)
            (item, error) = await engine.GetAsync(store, request.Key, StateMessages.Word(request.Consistency), call.CancellationToken).ConfigureAwait(false);
        return error is null ? StateMessages.Write(item) : call.Fail<Wire.GetStateResponse>(error);
    }

    private static async Task<Wire.GetBulkStateResponse> GetBulkAsync(Wire.GetBulkStateRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        IReadOnlyList<BulkGetResult>? results = null;
        if (engine.FindStore(request.StoreName, out var error) is { } store)
        {
            var asked = new BulkGetRequest { Keys = request.Keys, Parallelism = request.Parallelism };
            (results, error) = await engine.GetBulkAsync(store, asked, call.CancellationToken).ConfigureAwait(false);
        }

        return results is null ? call.Fail<Wire.GetBulkStateResponse>(error!) : StateMessages.Write(results);
    }

    private static async Task<Empty> SaveAsync(Wire.SaveStateRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        if (engine.FindStore(request.StoreName, out var error) is { } store)
        {
            error = await engine.SaveAsync(
                store, StateMessages.Read(request.States), ReadOnlyDictionary<string, string>.Empty, call.CancellationToken).ConfigureAwait(false);
        }

        return Outcome(call, error);
    }

    private static async Task<Empty> DeleteAsync(Wire.DeleteStateRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        if (engine.FindStore(request.StoreName, out var error) is { } store)
            error = await engine.DeleteAsync(store, StateMessages.Read(request), call.CancellationToken).ConfigureAwait(false);
        return Outcome(call, error);
    }

    private static async Task<Empty> DeleteBulkAsync(Wire.DeleteBulkStateRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        if (engine.FindStore(request.StoreName, out var error) is { } store)
            error = await engine.DeleteBulkAsync(store, StateMessages.Read(request.States), call.CancellationToken).ConfigureAwait(false);
        return Outcome(call, error);
    }

    private static async Task<Empty> TransactAsync(Wire.ExecuteStateTransactionRequest request, ServerCall call, StateEngine engine)
    {
        GrpcSpans.DescribeStore(call, Block, request.StoreName);
        if (engine.FindTransactionalStore(request.StoreName, out var error) is { } store)
        {
            // Metadata of the whole request is none of its items', here as in the body of HTTP.
            var headers = call.HttpContext.Request.Headers;
            error = await engine.TransactAsync(
                store,
                StateMessages.Read(request.Operations),
                ReadOnlyDictionary<string, string>.Empty,
                new StateCaller(headers[TraceContext.ParentHeader], headers[TraceContext.StateHeader]),
                call.CancellationToken).ConfigureAwait(false);
        }

        return Outcome(call, error);
    }

    private static Empty Outcome(ServerCall call, DaprError? error) => error is null ? Done : call.Fail<Empty>(error);
}

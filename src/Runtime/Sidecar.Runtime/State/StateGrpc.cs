using Google.Protobuf;
using Microsoft.AspNetCore.Routing;
using Sidecar.Components.State;
using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.State;

/// <summary>The state API over gRPC (contract section 3.4).</summary>
internal static class StateGrpc
{
    private const string TtlExpireTime = "ttlExpireTime";

    public static void Map(IEndpointRouteBuilder routes, StateEngine engine)
    {
        routes.MapUnary<Wire.GetStateRequest, Wire.GetStateResponse>(DaprService.Method("GetState"), (request, call) => GetAsync(request, call, engine));
    }

    private static async Task<Wire.GetStateResponse> GetAsync(Wire.GetStateRequest request, ServerCall call, StateEngine engine)
    {
        StateItem? item = null;
        if (engine.FindStore(request.StoreName, out var error) is { } store)
            (item, error) = await engine.GetAsync(store, request.Key, Word(request.Consistency), call.CancellationToken).ConfigureAwait(false);
        if (error is not null)
            return call.Fail<Wire.GetStateResponse>(error.ToGrpc());
        if (item is null)
            return new Wire.GetStateResponse();
        var response = new Wire.GetStateResponse { Data = UnsafeByteOperations.UnsafeWrap(item.Value), Etag = item.ETag ?? "" };
        if (item.ExpiresAt is { } expiry)
            response.Metadata[TtlExpireTime] = Rfc3339.FormatUtc(expiry);
        return response;
    }

    private static string? Word(Wire.StateOptions.Types.StateConsistency consistency) => consistency switch
    {
        Wire.StateOptions.Types.StateConsistency.ConsistencyEventual => "eventual",
        Wire.StateOptions.Types.StateConsistency.ConsistencyStrong => "strong",
        _ => null,
    };
}

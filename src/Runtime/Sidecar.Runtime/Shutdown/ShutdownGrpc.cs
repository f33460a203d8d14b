using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Routing;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.Shutdown;

/// <summary><c>Shutdown</c> over gRPC.</summary>
internal static class ShutdownGrpc
{
    private static readonly Empty Done = new();

    public static void MapShutdownGrpc(this IEndpointRouteBuilder routes) =>
        routes.MapUnary<Wire.ShutdownRequest, Empty>(DaprService.Method("Shutdown"), (_, call) =>
        {
            ShutdownEngine.StopOnceAnswered(call.HttpContext);
            return Task.FromResult(Done);
        });
}

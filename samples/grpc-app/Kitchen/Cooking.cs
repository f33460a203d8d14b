using Google.Protobuf.Reflection;
using Google.Rpc;
using Sidecar.Grpc;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Kitchen;

/// <summary>The app's own gRPC service.</summary>
internal static class Cooking
{
    private static readonly ServiceDescriptor Service = KitchenReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Cooking");

    public static void MapCooking(this IEndpointRouteBuilder routes)
    {
        var stove = routes.ServiceProvider.GetRequiredService<Stove>();
        routes.MapUnary<CookRequest, Dish>(Service.FindMethodByName("Cook"), (request, call) => Task.FromResult(Cook(request, call, stove)));
        routes.MapServerStreaming<CookRequest, Step>(Service.FindMethodByName("Watch"), WatchAsync);
    }

    // Whoever calls sees this status with its details, however many sidecars are between.
    private static Dish Cook(CookRequest request, ServerCall call, Stove stove) => request.Dish.Length > 0
        ? stove.Cook(request.Dish)
        : call.Fail<Dish>(new GrpcStatus(StatusCode.InvalidArgument, "which dish?", new ErrorInfo { Reason = "DISH_MISSING", Domain = "kitchen" }));

    private static async Task WatchAsync(CookRequest request, MessageWriter<Step> steps, ServerCall call)
    {
        foreach (var done in (string[])["washed", "cut", "fried"])
            await steps.WriteAsync(new Step { Done = $"{request.Dish}: {done}" });
    }
}

using Sidecar.Grpc;

namespace Kitchen;

/// <summary>The app's own service.</summary>
internal static class Menu
{
    private static readonly IReadOnlyDictionary<string, long> Prices = new Dictionary<string, long> { ["soup"] = 450, ["stew"] = 890, ["pie"] = 620 };

    public static void MapMenu(this IEndpointRouteBuilder routes)
    {
        var service = MenuReflection.Descriptor.Services[0];
        routes.MapUnary<PriceRequest, PriceReply>(service.FindMethodByName("Price"), PriceAsync);
        routes.MapServerStreaming<DishesRequest, PriceReply>(service.FindMethodByName("Dishes"), DishesAsync);
    }

    private static Task<PriceReply> PriceAsync(PriceRequest request, ServerCall call) => Task.FromResult(
        Prices.TryGetValue(request.Dish, out var cents)
            ? new PriceReply { Dish = request.Dish, Cents = cents }
            : call.Fail<PriceReply>(new GrpcStatus(StatusCode.NotFound, $"There is no '{request.Dish}' today.")));

    private static async Task DishesAsync(DishesRequest request, MessageWriter<PriceReply> replies, ServerCall call)
    {
        foreach (var (dish, cents) in Prices)
            await replies.WriteAsync(new PriceReply { Dish = dish, Cents = cents }, call.CancellationToken);
    }
}

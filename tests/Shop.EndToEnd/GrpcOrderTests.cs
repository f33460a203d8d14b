using Google.Protobuf;
using Shop.Orders.Grpc;
using Sidecar.Grpc;

namespace Shop.EndToEnd;

/// <summary>Orders by a generated gRPC client, through the proxy of a sidecar that is not theirs.</summary>
public abstract class GrpcOrderTests(ModeFixture mode)
{
    private static readonly CallOptions ToOrders = new() { Metadata = [new MetadataEntry("dapr-app-id", ShopRun.OrdersOverGrpc)] };

    private ShopRun Shop => mode.Shop;

    [Fact]
    public async Task An_order_over_gRPC_takes_the_same_way_as_any_other()
    {
        using var channel = GrpcChannel.ForAddress(Shop.GrpcApi);

        var id = (await channel.UnaryAsync(Method<CreateOrderRequest, CreateOrderResponse>("CreateOrder"), new CreateOrderRequest { CustomerName = "ada", ProductName = "tea", Quantity = 2 }, ToOrders)).OrderId;
        var settled = await Shop.SettledAsync(id);
        var order = await channel.UnaryAsync(Method<GetOrderRequest, GetOrderResponse>("GetOrder"), new GetOrderRequest { OrderId = id }, ToOrders);

        Assert.Equal("Confirmed", (string?)settled["status"]);
        Assert.Equal(("ada", "tea", 2), (order.CustomerName, order.ProductName, order.Quantity));
    }

    [Fact]
    public async Task What_is_wrong_with_an_order_comes_through_the_proxy_unchanged()
    {
        using var channel = GrpcChannel.ForAddress(Shop.GrpcApi);

        var refused = await channel.CallAsync(Method<CreateOrderRequest, CreateOrderResponse>("CreateOrder"), new CreateOrderRequest { CustomerName = "ada", ProductName = "unicorn", Quantity = 1 }, ToOrders);

        Assert.Equal(StatusCode.InvalidArgument, refused.Status.Code);
        Assert.Equal("product_name", Assert.Single(refused.Status.Detail<Google.Rpc.BadRequest>()!.FieldViolations).Field);
    }

    private static GrpcMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        GrpcMethod.Of<TRequest, TResponse>(OrderReflection.Descriptor.Services[0].FindMethodByName(name));
}

[Collection(nameof(CoHosted))]
public sealed class CoHostedGrpcOrderTests(CoHosted mode) : GrpcOrderTests(mode);

[Collection(nameof(Isolated))]
public sealed class IsolatedGrpcOrderTests(Isolated mode) : GrpcOrderTests(mode);

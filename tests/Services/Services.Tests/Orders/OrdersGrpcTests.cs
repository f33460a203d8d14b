using System.Text.Json;
using Dapr;
using Google.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Orders;
using Shop.Orders.Grpc;
using Sidecar.Grpc;

namespace Services.Tests.Orders;

/// <summary>The gRPC front of Orders: the same orders as over REST.</summary>
public sealed class OrdersGrpcTests
{
    private static readonly GrpcMethod<CreateOrderRequest, CreateOrderResponse> Create = Method<CreateOrderRequest, CreateOrderResponse>("CreateOrder");
    private static readonly GrpcMethod<GetOrderRequest, GetOrderResponse> Get = Method<GetOrderRequest, GetOrderResponse>("GetOrder");

    [Fact]
    public async Task Create_StoresTheOrderWithItsEvent_AndGetTellsWhatWasOrdered()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);

        var id = (await channel.Calls.UnaryAsync(Create, Tea(2))).OrderId;
        var order = await channel.Calls.UnaryAsync(Get, new GetOrderRequest { OrderId = id });

        Assert.Equal(("ada", "tea", 2), (order.CustomerName, order.ProductName, order.Quantity));
        var submitted = JsonSerializer.Deserialize<OrderSubmitted>(Assert.Single(orders.Dapr.Bus.OfType("order.submitted")).Data, FakeDapr.Json)!;
        Assert.Equal((id, "ada", 900), (submitted.OrderId, submitted.CustomerId, submitted.Total));
    }

    [Fact]
    public async Task AnOrder_IsTheSameOverRestAndGrpc()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);

        var id = (await channel.Calls.UnaryAsync(Create, Tea(3))).OrderId;
        using var view = JsonDocument.Parse(await orders.Client.GetStringAsync($"/orders/{id}"));

        Assert.Equal("""[{"sku":"tea","quantity":3,"unitPrice":450}]""", view.RootElement.GetProperty("lines").GetRawText());
    }

    [Fact]
    public async Task Create_WithTheSameKey_IsOneOrder_AndAnotherOrderIsRefused()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);
        var keyed = new CallOptions { Metadata = [new MetadataEntry("idempotency-key", "k1")] };

        var first = await channel.Calls.UnaryAsync(Create, Tea(1), keyed);
        var again = await channel.Calls.UnaryAsync(Create, Tea(1), keyed);
        var other = await channel.Calls.CallAsync(Create, Tea(2), keyed);

        Assert.Equal(first.OrderId, again.OrderId);
        Assert.Equal(StatusCode.AlreadyExists, other.Status.Code);
    }

    [Fact]
    public async Task Create_WithWrongFields_NamesThemAsTheProtoDoes()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);

        var empty = await channel.Calls.CallAsync(Create, new CreateOrderRequest());
        var unknown = await channel.Calls.CallAsync(Create, new CreateOrderRequest { CustomerName = "ada", ProductName = "unicorn", Quantity = 1 });

        Assert.Equal(StatusCode.InvalidArgument, empty.Status.Code);
        Assert.Equal(["customer_name", "product_name", "quantity"], Fields(empty.Status).Order());
        Assert.Equal(["product_name"], Fields(unknown.Status));
        Assert.Empty(orders.Dapr.Bus.OfType("order.submitted"));
    }

    [Fact]
    public async Task Create_WhileStoreOrPricesFail_IsUnavailable_AndNothingIsAccepted()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);
        orders.Dapr.Failure = new DaprException("down");

        Assert.Equal(StatusCode.Unavailable, (await channel.Calls.CallAsync(Create, Tea(1))).Status.Code);
        Assert.Empty(orders.Dapr.Bus.OfType("order.submitted"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x||y")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public async Task Get_OfAnUnknownOrder_IsNotFound(string id)
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);

        Assert.Equal(StatusCode.NotFound, (await channel.Calls.CallAsync(Get, new GetOrderRequest { OrderId = id })).Status.Code);
    }

    [Fact]
    public async Task Get_OfAnOrderOfSeveralLines_SaysWhereToAsk()
    {
        await using var orders = await StartAsync();
        using var channel = Channel(orders);
        using var content = new StringContent("""{"customerId":"c1","lines":[{"sku":"tea","quantity":2},{"sku":"mug","quantity":1}],"paymentToken":"tok_ok"}""");
        using var response = await orders.Client.PostAsync("/orders", content);
        using var accepted = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        var result = await channel.Calls.CallAsync(Get, new GetOrderRequest { OrderId = accepted.RootElement.GetProperty("id").GetString()! });

        Assert.Equal(StatusCode.FailedPrecondition, result.Status.Code);
    }

    private static GrpcMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name)
        where TRequest : class, Google.Protobuf.IMessage<TRequest>
        where TResponse : class, Google.Protobuf.IMessage<TResponse> =>
        GrpcMethod.Of<TRequest, TResponse>(OrderReflection.Descriptor.Services[0].FindMethodByName(name));

    private static CreateOrderRequest Tea(int quantity) => new() { CustomerName = "ada", ProductName = "tea", Quantity = quantity };

    private static IEnumerable<string> Fields(GrpcStatus status) => status.Detail<BadRequest>()!.FieldViolations.Select(violation => violation.Field);

    private static Task<ServiceHost> StartAsync() => ServiceHost.StartAsync(
        services => services.AddGrpcServer().AddSingleton<OrderPlacement>().AddSingleton<OrderIntake>().AddSingleton<OrderProgress>()
            .AddSingleton(new PriceList(StubHandler.Prices(), NullLogger<PriceList>.Instance)),
        app =>
        {
            app.MapOrders();
            app.MapOrderService();
        });

    private static OpenChannel Channel(ServiceHost orders) => new(orders);

    private sealed class OpenChannel : IDisposable
    {
        private readonly HttpMessageInvoker _invoker;

        public OpenChannel(ServiceHost orders)
        {
            _invoker = new HttpMessageInvoker(orders.CreateHandler());
            Calls = new GrpcChannel(_invoker, new Uri("http://localhost"));
        }

        public GrpcChannel Calls { get; }

        public void Dispose()
        {
            Calls.Dispose();
            _invoker.Dispose();
        }
    }
}

using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Inventory;
using Shop.Notifications;
using Shop.Orders;
using Shop.Payments;
using Shop.ServiceDefaults;

namespace Services.Tests.Simulation;

/// <summary>One running instance of one service. Killed, it never gets another word in.</summary>
internal sealed class ShopProcess
{
    private readonly Dictionary<string, Func<byte[], CancellationToken, Task<EventStatus>>> _handlers = [];
    private readonly OrderPlacement? _placement;

    public ShopProcess(string app, SimulatedShop shop)
    {
        App = app;
        var dapr = new FakeDapr(shop.Store, shop.Bus, app, after => shop.ParkAsync(this, after));
        switch (app)
        {
            case "orders":
                _placement = new OrderPlacement(dapr, shop.Clock, NullLogger<OrderPlacement>.Instance);
                var progress = new OrderProgress(dapr, shop.Clock, NullLogger<OrderProgress>.Instance);
                On<StockReserved>(progress.OnAsync);
                On<StockRejected>(progress.OnAsync);
                On<PaymentAuthorized>(progress.OnAsync);
                On<PaymentDeclined>(progress.OnAsync);
                break;
            case "inventory":
                var reservations = new Reservations(dapr, new ProductWriter(dapr), shop.Clock, NullLogger<Reservations>.Instance);
                On<OrderSubmitted>(reservations.OnAsync);
                On<OrderConfirmed>(reservations.OnAsync);
                On<OrderCancelled>(reservations.OnAsync);
                break;
            case "payments":
                var payments = new PaymentProcess(
                    dapr,
                    new RecordingProvider(shop.Provider, shop.Clock, after => shop.ParkAsync(this, after)),
                    new PaymentOptions(TimeSpan.FromSeconds(5)),
                    shop.Clock,
                    NullLogger<PaymentProcess>.Instance);
                On<PaymentRequested>(payments.OnAsync);
                On<OrderConfirmed>(payments.OnAsync);
                On<OrderCancelled>(payments.OnAsync);
                break;
            default:
                var notifier = new Notifier(dapr, shop.Clock, NullLogger<Notifier>.Instance);
                On<OrderConfirmed>(notifier.OnAsync);
                On<OrderCancelled>(notifier.OnAsync);
                break;
        }
    }

    public string App { get; }

    public bool Hears(string type) => _handlers.ContainsKey(type);

    public Task<EventStatus> HandleAsync(Published published, CancellationToken cancellationToken) =>
        _handlers[published.Type](published.Data, cancellationToken);

    /// <summary>Submits an order as the HTTP endpoint does.</summary>
    /// <returns>The order's id; null when it was not accepted.</returns>
    public async Task<string?> SubmitAsync(string body, string? key)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body));
        if (key is not null)
            http.Request.Headers[OrdersApi.IdempotencyKey] = key;
        using var prices = StubHandler.Prices();
        var intake = new OrderIntake(_placement!, new PriceList(prices, NullLogger<PriceList>.Instance), NullLogger<OrderIntake>.Instance);
        var results = await OrdersApi.SubmitAsync(http, intake, CancellationToken.None);
        return results.Result switch
        {
            Accepted<OrderAccepted> accepted => accepted.Value!.Id,
            ProblemHttpResult { StatusCode: 503 } => null,
            var other => throw new InvalidOperationException($"An order was answered {other}."),
        };
    }

    private void On<TEvent>(Func<TEvent, CancellationToken, Task<EventStatus>> handle)
        where TEvent : IShopEvent =>
        _handlers[TEvent.Type] = (data, stop) => handle(JsonSerializer.Deserialize<TEvent>(data, FakeDapr.Json)!, stop);
}

using System.Text.Json.Serialization;
using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Orders;

[JsonConverter(typeof(JsonStringEnumConverter<OrderStatus>))]
internal enum OrderStatus
{
    Submitted,
    StockReserved,
    Confirmed,
    Cancelled,
}

/// <summary>What can happen to an order; its history is a list of these.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OrderEvent>))]
internal enum OrderEvent
{
    OrderSubmitted,
    StockReserved,
    StockRejected,
    PaymentAuthorized,
    PaymentDeclined,
    OrderConfirmed,
    OrderCancelled,
}

/// <param name="At">UTC.</param>
internal sealed record HistoryEntry(DateTime At, OrderEvent Event);

/// <summary>The document of one order, under the key <c>order-{id}</c>. Money in cents.</summary>
internal sealed record Order(
    string Id,
    string CustomerId,
    OrderStatus Status,
    CancelReason? Reason,
    IReadOnlyList<OrderLine> Lines,
    long Total,
    string PaymentToken,
    IReadOnlyList<HistoryEntry> History)
{
    public static string Key(string id) => $"order-{id}";

    /// <summary>Time-ordered and unguessable enough; 32 hexadecimal digits, so that a key can be made of any id that <see cref="IsId"/>.</summary>
    public static string NewId(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");

    public static bool IsId(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);

    public static Order Submit(string id, OrderRequest request, IReadOnlyList<OrderLine> lines, long total, DateTime at) =>
        new(id, request.CustomerId, OrderStatus.Submitted, null, lines, total, request.PaymentToken,
            [new HistoryEntry(at, OrderEvent.OrderSubmitted)]);

    /// <summary>The facts that this order has absorbed, by which a repeated event is known.</summary>
    public bool Knows(OrderEvent fact) => History.Any(entry => entry.Event == fact);
}

internal static class OrderDocuments
{
    /// <summary>The order, or null if there is none of that id, which may be any text.</summary>
    public static async Task<Order?> FindOrderAsync(this DaprClient dapr, string id, CancellationToken cancellationToken) =>
        Order.IsId(id) ? await dapr.GetStateAsync<Order>(StateDocuments.Store, Order.Key(id), cancellationToken: cancellationToken) : null;
}

/// <summary>What the public sees of an order: all but the payment token.</summary>
internal sealed record OrderView(
    string Id,
    string CustomerId,
    OrderStatus Status,
    CancelReason? Reason,
    IReadOnlyList<OrderLine> Lines,
    long Total,
    IReadOnlyList<HistoryEntry> History)
{
    public static OrderView Of(Order order) =>
        new(order.Id, order.CustomerId, order.Status, order.Reason, order.Lines, order.Total, order.History);
}

internal sealed record OrderAccepted(string Id, OrderStatus Status);

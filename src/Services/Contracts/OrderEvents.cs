using System.Text.Json.Serialization;

namespace Shop.Contracts;

/// <param name="Quantity">1 to 1000.</param>
/// <param name="UnitPrice">Cents, as it was when the order was submitted.</param>
public sealed record OrderLine(string Sku, int Quantity, long UnitPrice);

/// <summary>Why an order was cancelled.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CancelReason>))]
public enum CancelReason
{
    OutOfStock,
    PaymentDeclined,
    PaymentTimeout,
}

/// <summary>An order was accepted. Comes from the outbox, so it exists if and only if the order does.</summary>
public sealed record OrderSubmitted(string OrderId, string CustomerId, IReadOnlyList<OrderLine> Lines, long Total) : IShopEvent
{
    public static string Topic => Topics.Orders;

    public static string Type => "order.submitted";
}

/// <summary>Stock is reserved and the payment authorized: deliver and capture.</summary>
public sealed record OrderConfirmed(string OrderId, string CustomerId, long Total) : IShopEvent
{
    public static string Topic => Topics.Orders;

    public static string Type => "order.confirmed";
}

/// <summary>The order ends without a delivery: whatever is held for it is to be let go.</summary>
public sealed record OrderCancelled(string OrderId, string CustomerId, CancelReason Reason) : IShopEvent
{
    public static string Topic => Topics.Orders;

    public static string Type => "order.cancelled";
}

using Shop.Contracts;

namespace Shop.Orders;

internal static partial class OrdersLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Order {OrderId} accepted: {Total} cents")]
    public static partial void Accepted(this ILogger log, string orderId, long total);

    [LoggerMessage(Level = LogLevel.Information, Message = "Order {OrderId} is confirmed")]
    public static partial void Confirmed(this ILogger log, string orderId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Order {OrderId} is cancelled: {Reason}")]
    public static partial void Cancelled(this ILogger log, string orderId, CancelReason reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Fact} of order {OrderId} came too early; it is to come again")]
    public static partial void TooEarly(this ILogger log, OrderEvent fact, string orderId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Fact} contradicts order {OrderId}, which is {Status}; the first decision stands")]
    public static partial void Contradiction(this ILogger log, OrderEvent fact, string orderId, OrderStatus status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No order is accepted while Inventory gives no prices: {Reason}")]
    public static partial void NoPrices(this ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No order is accepted while the state store fails: {Reason}")]
    public static partial void NoStore(this ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Order {OrderId} was there when it was to be inserted")]
    public static partial void AlreadyInserted(this ILogger log, string orderId);
}

namespace Shop.Inventory;

internal static partial class InventoryLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Order {OrderId} is refused: too little {Sku}")]
    public static partial void Rejected(this ILogger log, string orderId, string? sku);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The stock of order {OrderId} was not decided within {Seconds} s; it is to be looked at again")]
    public static partial void TooSlow(this ILogger log, string orderId, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Type} of order {OrderId} came before its stock was decided; it is to come again")]
    public static partial void TooEarly(this ILogger log, string type, string orderId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Type} contradicts the reservation of order {OrderId}, which is {Status}; the first decision stands")]
    public static partial void Contradiction(this ILogger log, string type, string orderId, ReservationStatus status);

    [LoggerMessage(Level = LogLevel.Information, Message = "The catalog is in place: {Count} products")]
    public static partial void Seeded(this ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The catalog cannot be written yet: {Reason}")]
    public static partial void NotSeeded(this ILogger log, string reason);
}

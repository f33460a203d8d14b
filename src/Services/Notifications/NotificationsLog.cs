namespace Shop.Notifications;

internal static partial class NotificationsLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Told customer {CustomerId}: {Message}")]
    public static partial void Told(this ILogger log, string customerId, string message);

    [LoggerMessage(Level = LogLevel.Error, Message = "Customer {CustomerId} was told '{Standing}' about order {OrderId} and is not told '{Message}'")]
    public static partial void Contradiction(this ILogger log, string customerId, string standing, string orderId, string message);
}

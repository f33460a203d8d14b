namespace Shop.Notifications;

/// <summary>
/// What a customer was told about the end of an order, under the key <c>notification-{orderId}</c>. Written once: nobody is told
/// two different things about one order.
/// </summary>
/// <param name="At">UTC.</param>
internal sealed record Notification(string OrderId, string CustomerId, string Message, DateTime At)
{
    public static string Key(string orderId) => $"notification-{orderId}";
}

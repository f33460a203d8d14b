using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Notifications;

/// <summary>Tells customers how their orders ended. The stored notification is what they read; the log line stands for the mail.</summary>
internal sealed class Notifier(DaprClient dapr, TimeProvider clock, ILogger<Notifier> log)
{
    public Task<EventStatus> OnAsync(OrderConfirmed order, CancellationToken cancellationToken) =>
        TellAsync(order.OrderId, order.CustomerId, $"Order {order.OrderId} is confirmed.", cancellationToken);

    public Task<EventStatus> OnAsync(OrderCancelled order, CancellationToken cancellationToken) =>
        TellAsync(order.OrderId, order.CustomerId, $"Order {order.OrderId} is cancelled: {Describe(order.Reason)}.", cancellationToken);

    private async Task<EventStatus> TellAsync(string orderId, string customerId, string message, CancellationToken cancellationToken)
    {
        var (standing, created) = await dapr.InsertOrGetAsync(
            Notification.Key(orderId),
            new Notification(orderId, customerId, message, clock.GetUtcNow().UtcDateTime),
            cancellationToken: cancellationToken);

        if (created)
            log.Told(customerId, message);
        else if (standing.Message != message)
            log.Contradiction(customerId, standing.Message, orderId, message);
        return EventStatus.Success;
    }

    private static string Describe(CancelReason reason) => reason switch
    {
        CancelReason.OutOfStock => "not everything is in stock",
        CancelReason.PaymentDeclined => "the payment was declined",
        CancelReason.PaymentTimeout => "the payment could not be completed in time",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason to cancel an order."),
    };
}

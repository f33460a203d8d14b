using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Orders;

/// <summary>
/// Drives an order on the facts that arrive: absorb it durably, then publish what follows, then acknowledge. Killed in between, it is
/// handed the fact again, finds it absorbed, and publishes the same event again.
/// </summary>
internal sealed class OrderProgress(DaprClient dapr, TimeProvider clock, ILogger<OrderProgress> log)
{
    public Task<EventStatus> OnAsync(StockReserved fact, CancellationToken cancellationToken) =>
        AbsorbAsync(fact.OrderId, new SagaFact(OrderEvent.StockReserved), cancellationToken);

    public Task<EventStatus> OnAsync(StockRejected fact, CancellationToken cancellationToken) =>
        AbsorbAsync(fact.OrderId, new SagaFact(OrderEvent.StockRejected), cancellationToken);

    public Task<EventStatus> OnAsync(PaymentAuthorized fact, CancellationToken cancellationToken) =>
        AbsorbAsync(fact.OrderId, new SagaFact(OrderEvent.PaymentAuthorized), cancellationToken);

    public Task<EventStatus> OnAsync(PaymentDeclined fact, CancellationToken cancellationToken) =>
        AbsorbAsync(fact.OrderId, new SagaFact(OrderEvent.PaymentDeclined, fact.Reason), cancellationToken);

    private async Task<EventStatus> AbsorbAsync(string orderId, SagaFact fact, CancellationToken cancellationToken)
    {
        var (order, next) = await dapr.UpdateAsync<Order, NextStep>(
            Order.Key(orderId),
            current => current is null
                ? (null, NextStep.TooEarly)
                : OrderSaga.Absorb(current, fact, clock.GetUtcNow().UtcDateTime),
            cancellationToken);

        if (order is null || next == NextStep.TooEarly)
        {
            // Nothing accepted may be lost, so an event of an order that cannot be read (yet) is never taken as handled.
            log.TooEarly(fact.Event, orderId);
            return EventStatus.Retry;
        }

        await TakeStepAsync(order, fact, next, cancellationToken);
        return EventStatus.Success;
    }

    private Task TakeStepAsync(Order order, SagaFact fact, NextStep next, CancellationToken cancellationToken)
    {
        switch (next)
        {
            case NextStep.RequestPayment:
                return dapr.PublishAsync(new PaymentRequested(order.Id, order.Total, order.PaymentToken), cancellationToken);
            case NextStep.AnnounceConfirmed:
                log.Confirmed(order.Id);
                return dapr.PublishAsync(new OrderConfirmed(order.Id, order.CustomerId, order.Total), cancellationToken);
            case NextStep.AnnounceCancelled:
                var reason = order.Reason ?? throw new InvalidOperationException($"Order {order.Id} was cancelled without a reason.");
                log.Cancelled(order.Id, reason);
                return dapr.PublishAsync(new OrderCancelled(order.Id, order.CustomerId, reason), cancellationToken);
            case NextStep.Contradiction:
                log.Contradiction(fact.Event, order.Id, order.Status);
                return Task.CompletedTask;
            default:
                return Task.CompletedTask;
        }
    }
}

using Shop.Contracts;

namespace Shop.Orders;

/// <summary>A fact that another service decided about an order.</summary>
internal sealed record SagaFact(OrderEvent Event, CancelReason? Reason = null);

/// <summary>What is to follow once an order has absorbed a fact.</summary>
internal enum NextStep
{
    /// <summary>Nothing: the fact is old news whose consequence is known to have been heard.</summary>
    None,

    RequestPayment,

    AnnounceConfirmed,

    AnnounceCancelled,

    /// <summary>The fact came before one that it presupposes; it has to come again.</summary>
    TooEarly,

    /// <summary>The fact contradicts what the order has absorbed. The first decision stands.</summary>
    Contradiction,
}

/// <summary>
/// The decisions of the saga, without any doing:
/// <code>
/// Submitted ── StockReserved ──► StockReserved ── PaymentAuthorized ──► Confirmed
///     └─────── StockRejected ──► Cancelled ◄───── PaymentDeclined ─────────┘
/// </code>
/// A fact that was absorbed before leads to the same next step again, because the process may have died before it took that step.
/// </summary>
internal static class OrderSaga
{
    /// <returns>The order after the fact (the same instance if it changes nothing) and what is to be done next.</returns>
    public static (Order Order, NextStep Next) Absorb(Order order, SagaFact fact, DateTime at)
    {
        if (order.Knows(fact.Event))
            return (order, Again(order, fact.Event));

        return (order.Status, fact.Event) switch
        {
            (OrderStatus.Submitted, OrderEvent.StockReserved) =>
                (With(order, OrderStatus.StockReserved, null, at, fact.Event), NextStep.RequestPayment),
            (OrderStatus.Submitted, OrderEvent.StockRejected) =>
                (Cancel(order, CancelReason.OutOfStock, fact.Event, at), NextStep.AnnounceCancelled),
            (OrderStatus.StockReserved, OrderEvent.PaymentAuthorized) =>
                (With(order, OrderStatus.Confirmed, null, at, fact.Event, OrderEvent.OrderConfirmed), NextStep.AnnounceConfirmed),
            (OrderStatus.StockReserved, OrderEvent.PaymentDeclined) =>
                (Cancel(order, fact.Reason ?? CancelReason.PaymentDeclined, fact.Event, at), NextStep.AnnounceCancelled),

            // A payment is only ever requested of a reserved order. This one was reserved, and then inserted once more by a client's
            // retry on a backend whose transactions overwrite; its second order.submitted will bring it here again.
            (OrderStatus.Submitted, OrderEvent.PaymentAuthorized or OrderEvent.PaymentDeclined) => (order, NextStep.TooEarly),
            _ => (order, NextStep.Contradiction),
        };
    }

    private static NextStep Again(Order order, OrderEvent fact) => fact switch
    {
        // Once the payment is decided, the request for it must have been heard.
        OrderEvent.StockReserved => order.Status == OrderStatus.StockReserved ? NextStep.RequestPayment : NextStep.None,
        OrderEvent.PaymentAuthorized => NextStep.AnnounceConfirmed,
        OrderEvent.StockRejected or OrderEvent.PaymentDeclined => NextStep.AnnounceCancelled,
        _ => NextStep.None,
    };

    private static Order Cancel(Order order, CancelReason reason, OrderEvent fact, DateTime at) =>
        With(order, OrderStatus.Cancelled, reason, at, fact, OrderEvent.OrderCancelled);

    private static Order With(Order order, OrderStatus status, CancelReason? reason, DateTime at, params ReadOnlySpan<OrderEvent> events)
    {
        var history = new List<HistoryEntry>(order.History);
        foreach (var happened in events)
            history.Add(new HistoryEntry(at, happened));
        return order with { Status = status, Reason = reason, History = history };
    }
}

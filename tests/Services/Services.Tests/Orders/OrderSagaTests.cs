using Shop.Contracts;
using Shop.Orders;

namespace Services.Tests.Orders;

public sealed class OrderSagaTests
{
    private static readonly DateTime At = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly SagaFact Reserved = new(OrderEvent.StockReserved);
    private static readonly SagaFact Rejected = new(OrderEvent.StockRejected);
    private static readonly SagaFact Authorized = new(OrderEvent.PaymentAuthorized);
    private static readonly SagaFact Declined = new(OrderEvent.PaymentDeclined, CancelReason.PaymentDeclined);
    private static readonly SagaFact TimedOut = new(OrderEvent.PaymentDeclined, CancelReason.PaymentTimeout);

    [Fact]
    public void ReservedAndAuthorized_IsConfirmed()
    {
        var (order, steps) = Absorb(Reserved, Authorized);

        Assert.Equal(OrderStatus.Confirmed, order.Status);
        Assert.Null(order.Reason);
        Assert.Equal([NextStep.RequestPayment, NextStep.AnnounceConfirmed], steps);
        Assert.Equal(
            [OrderEvent.OrderSubmitted, OrderEvent.StockReserved, OrderEvent.PaymentAuthorized, OrderEvent.OrderConfirmed],
            order.History.Select(entry => entry.Event));
    }

    [Fact]
    public void Rejected_IsCancelledForWantOfStock_AndNoPaymentIsRequested()
    {
        var (order, steps) = Absorb(Rejected);

        Assert.Equal((OrderStatus.Cancelled, CancelReason.OutOfStock), (order.Status, order.Reason));
        Assert.Equal([NextStep.AnnounceCancelled], steps);
        Assert.Equal([OrderEvent.OrderSubmitted, OrderEvent.StockRejected, OrderEvent.OrderCancelled], order.History.Select(entry => entry.Event));
    }

    [Theory]
    [InlineData(CancelReason.PaymentDeclined)]
    [InlineData(CancelReason.PaymentTimeout)]
    public void DeclinedPayment_IsCancelledForThatReason(CancelReason reason)
    {
        var (order, steps) = Absorb(Reserved, new SagaFact(OrderEvent.PaymentDeclined, reason));

        Assert.Equal((OrderStatus.Cancelled, reason), (order.Status, order.Reason));
        Assert.Equal([NextStep.RequestPayment, NextStep.AnnounceCancelled], steps);
    }

    [Fact]
    public void RepeatedFact_LeadsToTheSameStepAgain_UntilItsConsequenceIsKnown()
    {
        Assert.Equal([NextStep.RequestPayment, NextStep.RequestPayment], Absorb(Reserved, Reserved).Steps);
        Assert.Equal(NextStep.None, Absorb(Reserved, Authorized, Reserved).Steps[^1]);
        Assert.Equal(NextStep.AnnounceConfirmed, Absorb(Reserved, Authorized, Authorized).Steps[^1]);
        Assert.Equal(NextStep.AnnounceCancelled, Absorb(Reserved, Declined, Declined).Steps[^1]);
        Assert.Equal(NextStep.AnnounceCancelled, Absorb(Rejected, Rejected).Steps[^1]);
    }

    [Fact]
    public void PaymentBeforeItsStock_IsToComeAgain()
    {
        Assert.Equal([NextStep.TooEarly], Absorb(Authorized).Steps);
        Assert.Equal([NextStep.TooEarly], Absorb(Declined).Steps);
    }

    [Fact]
    public void AnyOrderOfFacts_KeepsTheFirstDecisionsAndNeverChangesAnEndedOrder()
    {
        SagaFact[] facts = [Reserved, Rejected, Authorized, Declined, TimedOut];
        var random = new Random(1);
        for (var run = 0; run < 2_000; run++)
        {
            var order = Submitted();
            for (var step = 0; step < 8; step++)
            {
                var fact = facts[random.Next(facts.Length)];
                var (after, next) = OrderSaga.Absorb(order, fact, At);

                if (order.Status is OrderStatus.Confirmed or OrderStatus.Cancelled || order.Knows(fact.Event))
                    Assert.Same(order, after);
                if (next is NextStep.TooEarly or NextStep.Contradiction or NextStep.None)
                    Assert.Same(order, after);
                Assert.Equal(after.Status == OrderStatus.Cancelled, after.Reason is not null);
                Assert.Equal(after.History.Count, after.History.Select(entry => entry.Event).Distinct().Count());
                if (next == NextStep.AnnounceConfirmed)
                    Assert.Equal(OrderStatus.Confirmed, after.Status);
                if (next == NextStep.AnnounceCancelled)
                    Assert.Equal(OrderStatus.Cancelled, after.Status);
                order = after;
            }
        }
    }

    private static (Order Order, List<NextStep> Steps) Absorb(params SagaFact[] facts)
    {
        var order = Submitted();
        var steps = new List<NextStep>();
        foreach (var fact in facts)
        {
            (order, var next) = OrderSaga.Absorb(order, fact, At);
            steps.Add(next);
        }

        return (order, steps);
    }

    private static Order Submitted() =>
        Order.Submit("1", new OrderRequest("c1", [new RequestedLine("tea", 2)], "tok_ok"), [new OrderLine("tea", 2, 450)], 900, At);
}

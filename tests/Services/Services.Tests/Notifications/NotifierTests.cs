using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Notifications;
using TestSupport;

namespace Services.Tests.Notifications;

public sealed class NotifierTests
{
    private readonly FakeDapr _dapr = new(new FakeStore(), new FakeBus());

    [Fact]
    public async Task EndOfAnOrder_IsToldOnce_AndTheFirstWordStands()
    {
        var notifier = new Notifier(_dapr, new FakeClock(), NullLogger<Notifier>.Instance);
        await notifier.OnAsync(new OrderConfirmed("o1", "c1", 900), CancellationToken.None);
        var first = _dapr.Read<Notification>("notification-o1");
        await notifier.OnAsync(new OrderConfirmed("o1", "c1", 900), CancellationToken.None);
        await notifier.OnAsync(new OrderCancelled("o1", "c1", CancelReason.OutOfStock), CancellationToken.None);

        Assert.Equal(("c1", "Order o1 is confirmed."), (first!.CustomerId, first.Message));
        Assert.Equal(first, _dapr.Read<Notification>("notification-o1"));
    }

    [Theory]
    [InlineData(CancelReason.OutOfStock, "stock")]
    [InlineData(CancelReason.PaymentDeclined, "declined")]
    [InlineData(CancelReason.PaymentTimeout, "in time")]
    public async Task Cancellation_SaysWhy(CancelReason reason, string says)
    {
        var notifier = new Notifier(_dapr, new FakeClock(), NullLogger<Notifier>.Instance);
        await notifier.OnAsync(new OrderCancelled("o1", "c1", reason), CancellationToken.None);
        Assert.Contains(says, _dapr.Read<Notification>("notification-o1")!.Message, StringComparison.Ordinal);
    }
}

using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Payments;
using Shop.ServiceDefaults;
using TestSupport;

namespace Services.Tests.Payments;

public sealed class PaymentProcessTests
{
    private readonly FakeClock _clock = new();
    private readonly FakeDapr _dapr = new(new FakeStore(), new FakeBus());
    private readonly RecordingProvider _provider;
    private readonly PaymentProcess _payments;

    public PaymentProcessTests()
    {
        _provider = new RecordingProvider(_clock);
        _payments = new PaymentProcess(_dapr, _provider, new PaymentOptions(TimeSpan.FromSeconds(5)), _clock, NullLogger<PaymentProcess>.Instance);
    }

    [Fact]
    public async Task GoodToken_IsAuthorized_AndCapturedOnceConfirmed()
    {
        await RequestAsync("tok_ok");
        Assert.Equal((900, 0), (_provider.Of("o1").Held, _provider.Of("o1").Charged));
        Assert.Equal(["o1.payment.authorized"], _dapr.Bus.Published.Select(published => published.Id));

        for (var times = 0; times < 2; times++)
            Assert.Equal(EventStatus.Success, await _payments.OnAsync(new OrderConfirmed("o1", "c1", 900), CancellationToken.None));
        Assert.Equal((0, 900), (_provider.Of("o1").Held, _provider.Of("o1").Charged));
        Assert.Equal(PaymentStatus.Captured, _dapr.Read<Payment>("payment-o1")!.Status);
    }

    [Fact]
    public async Task OtherToken_IsDeclined()
    {
        await RequestAsync("tok_broke");
        Assert.Equal(CancelReason.PaymentDeclined, Declined().Reason);
        Assert.Equal(EventStatus.Success, await _payments.OnAsync(new OrderCancelled("o1", "c1", CancelReason.PaymentDeclined), CancellationToken.None));
        Assert.Equal(PaymentStatus.Declined, _dapr.Read<Payment>("payment-o1")!.Status);
    }

    [Fact]
    public async Task SilentProvider_IsADeclineAfterTheTimeout_AndIsToldToLetGo()
    {
        var asked = RequestAsync("tok_silent");
        await Eventually.TrueAsync(() => _clock.ArmedTimers > 0, "the provider to be waited for");
        _clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(asked.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        await asked.WithinAsync("the decision");

        Assert.Equal(CancelReason.PaymentTimeout, Declined().Reason);
        Assert.Equal((0, true), (_provider.Of("o1").Held, _provider.Of("o1").IsVoided));
    }

    [Fact]
    public async Task RepeatedRequest_TellsTheFirstDecisionAgain_WithoutAskingAgain()
    {
        await RequestAsync("tok_ok");
        await RequestAsync("tok_broke");
        Assert.Equal(1, _provider.Of("o1").Asked);
        Assert.Equal(["o1.payment.authorized", "o1.payment.authorized"], _dapr.Bus.Published.Select(published => published.Id));
    }

    [Fact]
    public async Task AuthorizedPaymentOfACancelledOrder_IsVoided()
    {
        await RequestAsync("tok_ok");
        await _payments.OnAsync(new OrderCancelled("o1", "c1", CancelReason.OutOfStock), CancellationToken.None);
        Assert.Equal((0, true), (_provider.Of("o1").Held, _provider.Of("o1").IsVoided));
        Assert.Equal(PaymentStatus.Voided, _dapr.Read<Payment>("payment-o1")!.Status);
    }

    [Fact]
    public async Task OrderWithoutPayment_CancelledIsFine_ConfirmedComesAgain()
    {
        Assert.Equal(EventStatus.Success, await _payments.OnAsync(new OrderCancelled("o1", "c1", CancelReason.OutOfStock), CancellationToken.None));
        Assert.Equal(EventStatus.Retry, await _payments.OnAsync(new OrderConfirmed("o1", "c1", 900), CancellationToken.None));
    }

    [Fact]
    public async Task DeclinedPaymentOfAConfirmedOrder_ChargesNothing()
    {
        await RequestAsync("tok_broke");
        Assert.Equal(EventStatus.Success, await _payments.OnAsync(new OrderConfirmed("o1", "c1", 900), CancellationToken.None));
        Assert.Equal(0, _provider.Of("o1").Charged);
    }

    [Theory]
    [InlineData(null, 5)]
    [InlineData("0.5", 0.5)]
    [InlineData("00:00:02", 2)]
    public void Timeout_IsConfigurable(string? text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), PaymentOptions.Read(Configuration(text)).ProviderTimeout);

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("31")]
    [InlineData("soon")]
    [InlineData("NaN")]
    public void Timeout_OutOfReason_IsRefusedByName(string text)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => PaymentOptions.Read(Configuration(text)));
        Assert.Contains($"'{text}'", refused.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Configuration(string? timeout) =>
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Payments:ProviderTimeout"] = timeout }).Build();

    private Task RequestAsync(string token) => _payments.OnAsync(new PaymentRequested("o1", 900, token), CancellationToken.None);

    private PaymentDeclined Declined() =>
        JsonSerializer.Deserialize<PaymentDeclined>(Assert.Single(_dapr.Bus.OfType("payment.declined")).Data, FakeDapr.Json)!;
}

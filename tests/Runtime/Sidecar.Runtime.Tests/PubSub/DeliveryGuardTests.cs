using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>A subscription ends in the middle of an attempt: what its policy would have tried again is no dead letter, it is the broker's.</summary>
public sealed class DeliveryGuardTests
{
    private readonly FakeClock _clock = new();

    [Theory]
    [InlineData("again", true)]
    [InlineData(null, false)]
    public async Task What_fails_meanwhile_goes_back_where_there_is_a_policy_that_tries_again(string? retry, bool isGivenBack)
    {
        var guard = Guard(new PolicyNames("fast", retry, null));

        var outcome = await guard.DeliverAsync(
            "e1",
            _ =>
            {
                guard.End();
                return ValueTask.FromResult(AppWords.Failure(500));
            },
            CancellationToken.None);

        Assert.Equal((Verdict.Retry, isGivenBack), (outcome.Verdict, outcome.IsGivenBack));
    }

    [Fact]
    public async Task What_takes_too_long_meanwhile_goes_back_too()
    {
        var guard = Guard(new PolicyNames("fast", "again", null));

        var delivery = guard.DeliverAsync(
            "e1",
            async attempt =>
            {
                guard.End();
                _clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(Timeout.Infinite, attempt);
                return AppWords.Success;
            },
            CancellationToken.None);

        Assert.True((await delivery.AsTask().WithinAsync("the outcome")).IsGivenBack);
    }

    private DeliveryGuard Guard(PolicyNames inbound)
    {
        var resiliency = InboundRetryTests.Resiliency(InboundRetryTests.Constant(retries: 4)) with
        {
            Timeouts = new Dictionary<string, TimeSpan> { ["fast"] = TimeSpan.FromSeconds(1) },
            Components = new Dictionary<string, ComponentTarget> { ["pubsub"] = new(new PolicyNames(null, null, null), inbound) },
        };
        var events = new PolicyEvents(new SidecarOptions { AppId = "me" }, NullLogger<PolicyEvents>.Instance);
        return new DeliveryGuard("pubsub", "orders", new ResiliencyPolicies(new LiveResources(new ResourceSet { Resiliencies = [resiliency] }), events, _clock));
    }
}

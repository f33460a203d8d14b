using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>When an operation that failed is tried again (contract 4.4).</summary>
public sealed class RetryRunTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public void A_constant_policy_has_the_same_pause_each_time_as_often_as_it_may()
    {
        var run = new RetryRun(new RetryPolicy { Duration = TimeSpan.FromSeconds(2), MaxRetries = 3 }, _clock);

        Assert.Equal([2, 2, 2, null], Seconds(run, 4));
        Assert.Equal(3, run.Count);
    }

    [Fact]
    public void Without_any_field_it_is_every_5_seconds_without_end()
    {
        var run = new RetryRun(new RetryPolicy(), _clock);
        _clock.Advance(TimeSpan.FromDays(10));

        Assert.Equal(Enumerable.Repeat<double?>(5, 1000), Seconds(run, 1000));
    }

    [Fact]
    public void No_retries_are_none()
    {
        Assert.Null(new RetryRun(new RetryPolicy { MaxRetries = 0 }, _clock).Next());
    }

    [Fact]
    public void An_exponential_policy_begins_with_half_a_second_and_grows_by_half_up_to_its_longest()
    {
        var run = new RetryRun(new RetryPolicy { IsExponential = true, MaxInterval = TimeSpan.FromSeconds(2) }, _clock, () => 0.5);

        Assert.Equal([0.5, 0.75, 1.125, 1.6875, 2, 2], Seconds(run, 6));
    }

    [Theory]
    [InlineData(0, 0.25, 0.375)]
    [InlineData(1, 0.75, 1.125)]
    public void Its_pauses_are_shorter_or_longer_by_up_to_half(double chance, double first, double second)
    {
        var run = new RetryRun(new RetryPolicy { IsExponential = true }, _clock, () => chance);

        Assert.Equal([first, second], Seconds(run, 2));
    }

    [Fact]
    public void It_ends_where_a_pause_would_lead_past_15_minutes()
    {
        var run = new RetryRun(new RetryPolicy { IsExponential = true }, _clock, () => 0.5);

        _clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromMilliseconds(500));
        Assert.Equal(0.5, run.Next()!.Value.TotalSeconds);
        Assert.Null(run.Next());
    }

    private static List<double?> Seconds(RetryRun run, int count) => [.. Enumerable.Range(0, count).Select(_ => run.Next()?.TotalSeconds)];
}

using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Tests.Resiliency;

/// <summary>The states of a breaker and what it counts, field by field (contract 4.4).</summary>
public sealed class CircuitBreakerTests
{
    private readonly FakeClock _clock = new();
    private readonly List<string> _turns = [];

    [Fact]
    public void By_default_six_failures_in_a_row_open_it_for_a_minute()
    {
        var breaker = Create(new CircuitBreakerPolicy());

        for (var failure = 0; failure < 5; failure++)
            Fail(breaker);
        Succeed(breaker);
        for (var failure = 0; failure < 5; failure++)
            Fail(breaker);
        Assert.Equal(BreakerState.Closed, breaker.State);
        Fail(breaker);

        Assert.Equal(BreakerState.Open, breaker.State);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(BreakerState.Open, breaker.State);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(BreakerState.HalfOpen, breaker.State);
        Assert.Equal(["Closed Open 12/11/6", "Open HalfOpen 0/0/0"], _turns);
    }

    [Theory]
    [InlineData("requests > 3", "ffs", false)]
    [InlineData("requests > 3", "fffs", false)]
    [InlineData("requests > 3", "sssf", true)]
    [InlineData("totalFailures >= 2", "fsf", true)]
    [InlineData("totalSuccesses >= 2", "ssf", true)]
    [InlineData("consecutiveSuccesses == 0 && totalFailures > 1", "fsf", true)]
    [InlineData("consecutiveFailures >= 2", "fsf", false)]
    [InlineData("double(totalFailures) / double(requests) > 0.5", "sff", true)]
    [InlineData("requests / 0 > 1", "fff", false)]
    [InlineData("\"text\"", "fff", false)]
    [InlineData("unknown > 1", "fff", false)]
    public void Its_condition_is_asked_after_each_failure(string trip, string calls, bool opens)
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = trip });

        foreach (var call in calls)
        {
            if (call == 's')
                Succeed(breaker);
            else
                Fail(breaker);
        }

        Assert.Equal(opens ? BreakerState.Open : BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void While_closed_the_counts_start_anew_after_each_interval()
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = "totalFailures >= 2", Interval = TimeSpan.FromSeconds(5) });
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(5) + TimeSpan.FromTicks(1));
        Fail(breaker);
        Assert.Equal(BreakerState.Closed, breaker.State);
        _clock.Advance(TimeSpan.FromSeconds(5));

        Fail(breaker);

        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void Half_open_lets_so_many_through_and_closes_when_all_went_well()
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = "totalFailures >= 1", Timeout = TimeSpan.FromSeconds(1), MaxRequests = 2 });
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(2));

        var (first, second) = (breaker.Enter(out _), breaker.Enter(out _));
        Assert.Null(breaker.Enter(out var refusal));
        Assert.Equal("too many requests", refusal);
        breaker.Leave(first!.Value, true);
        Assert.Equal(BreakerState.HalfOpen, breaker.State);
        breaker.Leave(second!.Value, true);

        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void Half_open_one_failure_opens_it_again_for_the_whole_time()
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = "totalFailures >= 5", Timeout = TimeSpan.FromSeconds(1), MaxRequests = 3 });
        for (var failure = 0; failure < 5; failure++)
            Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Succeed(breaker);
        Fail(breaker);

        Assert.Null(breaker.Enter(out var refusal));
        Assert.Equal("circuit breaker is open", refusal);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(BreakerState.Open, breaker.State);
    }

    [Fact]
    public void A_call_that_ends_in_another_state_than_it_began_in_does_not_count()
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = "totalFailures >= 1", Timeout = TimeSpan.FromSeconds(1) });
        var early = breaker.Enter(out _);
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(BreakerState.HalfOpen, breaker.State);

        breaker.Leave(early!.Value, true);

        Assert.Equal(BreakerState.HalfOpen, breaker.State);
    }

    [Fact]
    public void A_probe_that_tells_nothing_leaves_its_place_to_another()
    {
        var breaker = Create(new CircuitBreakerPolicy { Trip = "totalFailures >= 1", Timeout = TimeSpan.FromSeconds(1) });
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(2));

        breaker.Leave(breaker.Enter(out _)!.Value, null);
        Succeed(breaker);

        Assert.Equal(BreakerState.Closed, breaker.State);
    }

    [Fact]
    public void The_breaker_that_was_not_used_for_longest_makes_room()
    {
        var made = new List<string>();
        var cache = new LruCache<string>(2, name =>
        {
            made.Add(name);
            return name;
        });

        foreach (var name in (string[])["a", "b", "a", "c", "a", "b"])
            Assert.Equal(name, cache.For(name));

        Assert.Equal(["a", "b", "c", "b"], made);
        Assert.Equal(["b", "a"], cache.All().Select(entry => entry.Key));
    }

    private static void Fail(CircuitBreaker breaker) => breaker.Leave(breaker.Enter(out _)!.Value, false);

    private static void Succeed(CircuitBreaker breaker) => breaker.Leave(breaker.Enter(out _)!.Value, true);

    private CircuitBreaker Create(CircuitBreakerPolicy policy) => new(
        policy, TripCondition.Parse(policy.Trip)!, _clock,
        turn => _turns.Add($"{turn.From} {turn.To} {turn.Counts.Requests}/{turn.Counts.TotalFailures}/{turn.Counts.ConsecutiveFailures}"));
}

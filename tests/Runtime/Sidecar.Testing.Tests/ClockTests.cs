using Microsoft.AspNetCore.Builder;

namespace Sidecar.Testing.Tests;

/// <summary>Time that a test moves.</summary>
public sealed class ClockTests
{
    [Fact]
    public async Task Sidecars_components_and_apps_share_the_clock()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .InMemory()
            .WithFakeClock()
            .App("app", app => app.MapGet("/now", (TimeProvider time) => time.GetUtcNow())));
        using var saved = await dapr["app"].SaveAsync("k", "v", """{"ttlInSeconds":"60"}""");

        var before = await dapr["app"].StateAsync("k");
        dapr.Clock.Advance(TimeSpan.FromSeconds(61));
        var after = await dapr["app"].StateAsync("k");

        Assert.Equal(("\"v\"", ""), (before, after));
        Assert.Equal($"\"{dapr.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss}", (await dapr["app"].Client.GetStringAsync("/now"))[..20]);
    }

    [Fact]
    public async Task A_host_ends_although_its_time_stands_still()
    {
        var hangs = new TaskCompletionSource();
        var dapr = await DaprTestHost.StartAsync(host => host
            .InMemory()
            .WithFakeClock()
            .App("app", app => app.MapPost("/orders", () => hangs.Task))
            .Subscription("app", "orders", "/orders"));
        await dapr["app"].PublishAsync("orders", 1);

        var ending = dapr.DisposeAsync().AsTask();
        await TestSupport.Eventually.WithinAsync(dapr["app"].StopSidecarAsync(), "the stop of the sidecar");
        hangs.SetResult();
        await TestSupport.Eventually.WithinAsync(ending, "the end of the host");
    }

    [Fact]
    public void Time_never_goes_back_and_timers_fire_in_order()
    {
        var clock = new FakeClock();
        var began = clock.GetUtcNow();
        List<(string Name, TimeSpan At)> fired = [];
        using var late = clock.CreateTimer(_ => fired.Add(("late", clock.GetUtcNow() - began)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = clock.CreateTimer(
            _ =>
            {
                fired.Add(("often", clock.GetUtcNow() - began));
                if (fired.Count == 1)
                    clock.Advance(TimeSpan.FromSeconds(10));
            },
            null, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4));

        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["often", "late", "often", "often"], fired.Select(entry => entry.Name));
        Assert.Equal(TimeSpan.FromSeconds(12), clock.GetUtcNow() - began);
    }

    [Fact]
    public void A_disposed_timer_is_quiet_also_when_it_is_set_again()
    {
        var clock = new FakeClock();
        var fired = 0;
        var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

        clock.Advance(TimeSpan.FromSeconds(2));
        timer.Dispose();

        Assert.False(timer.Change(TimeSpan.Zero, TimeSpan.FromSeconds(1)));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((2, 0), (fired, clock.ArmedTimers));
    }
}

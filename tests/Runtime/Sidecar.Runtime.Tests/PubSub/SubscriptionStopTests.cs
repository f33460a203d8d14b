using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>How subscriptions end, also when they have hardly begun.</summary>
public sealed class SubscriptionStopTests
{
    [Fact]
    public async Task After_the_stop_nothing_is_delivered()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        await host.Feature.OnStoppingAsync(CancellationToken.None);

        Assert.Empty(host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_stop_waits_no_longer_than_it_may()
    {
        var release = new TaskCompletionSource();
        await using var host = await PubSubHost.StartAsync(new()
        {
            Broker = new TestBroker { StopsWhen = release.Task },
            Declared = [PubSubHost.Declare("orders", "/orders")],
        });
        using var limit = new CancellationTokenSource();

        var stop = host.Feature.OnStoppingAsync(limit.Token);
        Assert.False(stop.IsCompleted);
        await limit.CancelAsync();
        await stop.WithinAsync("the stop");

        release.SetResult();
    }

    [Fact]
    public async Task A_stop_ends_the_question_to_an_app_that_does_not_answer()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppReady = false, Time = new FakeClock() });
        host.App.FailConnection = () => new HttpRequestException("connection refused");

        var ready = host.Feature.OnAppReadyAsync(CancellationToken.None);
        await host.Feature.OnStoppingAsync(CancellationToken.None).WithinAsync("the stop");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ready);
        Assert.Empty(host.Broker.SubscribedTopics);
    }
}

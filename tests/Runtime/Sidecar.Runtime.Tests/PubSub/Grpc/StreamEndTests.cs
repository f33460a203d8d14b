using Microsoft.Extensions.DependencyInjection;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>How streams end, and what becomes of the events that they leave behind.</summary>
public sealed class StreamEndTests
{
    [Fact]
    public async Task A_client_that_breaks_off_gives_back_what_it_has_not_answered()
    {
        await using var host = await GrpcPubSub.StartAsync(new TestBroker { CancelsAtTheEnd = false });
        await using var stream = await host.OpenAsync("orders");
        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.NextAsync();

        await stream.CancelAsync();

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        await Eventually.TrueAsync(() => !host.Broker.SubscribedTopics.Any(), "the end of the subscription");
        Assert.Empty(await host.ListedAsync());
    }

    [Fact]
    public async Task What_is_given_back_is_no_dead_letter()
    {
        await using var host = await GrpcPubSub.StartAsync(new TestBroker { CancelsAtTheEnd = false });
        await using var stream = await host.OpenAsync("orders", deadLetterTopic: "lost");
        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.NextAsync();

        await stream.CancelAsync();

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task Another_stream_gets_what_one_has_left_behind()
    {
        await using var host = await GrpcPubSub.StartAsync(resources: folder => folder.Write(
            "components/log.yaml", GrpcPubSub.Component("log", "pubsub.sqlite", "{ name: connectionString, value: topics.db }, { name: redeliverInterval, value: 1h }, { name: maxRedeliverInterval, value: 1h }")));
        await using var first = await TopicStreamClient.OpenAsync(host.Channel, "orders", "log");
        await host.PublishAsync("orders", "tea", "log");
        var left = await first.NextAsync();

        await first.CancelAsync();
        await using var second = await TopicStreamClient.OpenAsync(host.Channel, "orders", "log");

        // Well before the pause after a failed attempt, which this was not.
        Assert.Equal(left.Id, (await second.NextAsync()).Id);
    }

    [Fact]
    public async Task A_client_that_says_no_more_ends_its_stream_well()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        await stream.CompleteAsync();

        Assert.Equal(StatusCode.OK, (await stream.EndAsync()).Code);
        Assert.Empty(host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_graceful_stop_takes_answers_to_what_is_under_way_and_then_sends_the_client_away()
    {
        await using var host = await GrpcPubSub.StartAsync(new TestBroker { CancelsAtTheEnd = false }, Patient);
        await using var stream = await host.OpenAsync("orders");
        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.NextAsync();

        var stopping = host.Sidecar.Instance.StopAsync();
        await Eventually.TrueAsync(() => !host.Broker.SubscribedTopics.Any(), "the end of the subscription");
        await stream.AnswerAsync("a");

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal((StatusCode.Unavailable, "the sidecar is stopping"), await StatusAsync(stream));
        await stopping.WithinAsync("the stop");
        Assert.Equal(0, await host.Sidecar.Instance.Stopped);
    }

    [Fact]
    public async Task A_client_that_does_not_answer_costs_a_stop_half_of_its_time_at_most()
    {
        var clock = new FakeClock();
        await using var host = await GrpcPubSub.StartAsync(
            new TestBroker { CancelsAtTheEnd = false },
            options => options with { Time = clock, GracefulShutdown = TimeSpan.FromMinutes(10) },

            // No timer but those of the stop, which are counted.
            folder => folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { features: [ { name: HotReload, enabled: false } ] }"));
        await using var silent = await host.OpenAsync("orders");
        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await silent.NextAsync();
        await Eventually.TrueAsync(() => clock.ArmedTimers == 0, "the end of all timers of the start");

        var stopping = host.Sidecar.Instance.StopAsync();
        await Eventually.TrueAsync(() => !host.Broker.SubscribedTopics.Any(), "the end of the subscription");
        await Eventually.TrueAsync(() => clock.ArmedTimers >= 2, "the limit of the client's answer beside that of the stop");
        clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        await stopping.WithinAsync("the stop");
        Assert.Equal(StatusCode.Unavailable, (await silent.EndAsync()).Code);
        Assert.Equal(0, await host.Sidecar.Instance.Stopped);
    }

    [Fact]
    public async Task A_client_that_never_says_what_it_wants_is_sent_away_by_a_stop()
    {
        await using var host = await GrpcPubSub.StartAsync(change: Patient);
        await using var stream = TopicStreamClient.OpenSilently(host.Channel);
        await using var other = await host.OpenAsync("orders");
        await Eventually.TrueAsync(() => host.Sidecar.Instance.Services.GetRequiredService<GrpcServer>().CallsUnderWay == 2, "both streams at the sidecar");

        await host.Sidecar.Instance.StopAsync().WithinAsync("the stop");

        Assert.Equal((StatusCode.Unavailable, "the sidecar is stopping"), await StatusAsync(stream));
        Assert.Equal(0, await host.Sidecar.Instance.Stopped);
    }

    [Fact]
    public async Task A_client_that_does_not_even_read_holds_up_no_stop()
    {
        await using var host = await GrpcPubSub.StartAsync(new TestBroker { CancelsAtTheEnd = true }, Patient);
        await using var stream = await host.OpenAsync("orders");
        var large = GrpcPubSub.Event("large", $",\"x\":\"{new string('x', 1024 * 1024)}\"");
        for (var n = 0; n < 40; n++)
            host.Broker.Deliver("orders", large);

        await host.Sidecar.Instance.StopAsync().WithinAsync("the stop");

        Assert.Equal(0, await host.Sidecar.Instance.Stopped);
    }

    [Fact]
    [Contract(167)]
    public async Task A_blocked_shutdown_ends_streams_at_once_while_the_api_serves()
    {
        var clock = new FakeClock();
        await using var host = await GrpcPubSub.StartAsync(change: options => options with { Time = clock, BlockShutdown = TimeSpan.FromMinutes(1) });
        await using var stream = await host.OpenAsync("orders");

        var stopping = host.Sidecar.Instance.StopAsync();

        Assert.Equal((StatusCode.Unavailable, "the sidecar is stopping"), await StatusAsync(stream));
        await using var late = await TopicStreamClient.BeginAsync(host.Channel, TopicStreamClient.Initial("pubsub", "orders"));
        Assert.Equal((StatusCode.Unavailable, "the sidecar is stopping"), await StatusAsync(late));
        Assert.Equal(204, (await host.Sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.False(stopping.IsCompleted);
        await Eventually.TrueAsync(() => clock.ArmedTimers > 0, "the wait for the end of the block");
        clock.Advance(TimeSpan.FromMinutes(1));
        await stopping.WithinAsync("the stop");
    }

    [Fact]
    public async Task A_component_that_is_replaced_goes_on_serving_the_stream()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");
        var next = new TestBroker();

        host.Rewrite("components/pubsub.yaml", GrpcPubSub.Component(metadata: "{ name: any, value: thing }"), next);
        await Eventually.TrueAsync(() => next.SubscribedTopics.Any(), "the stream at the new component");
        Assert.Empty(host.Broker.SubscribedTopics);
        next.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.AnswerAsync((await stream.NextAsync()).Id);

        Assert.Equal(Delivery.Ack, await next.NextAnswerAsync());
        Assert.Equal(["STREAMING orders /"], await host.ListedAsync());
    }

    [Fact]
    public async Task A_component_that_no_longer_allows_the_topic_ends_the_stream()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        host.Rewrite("components/pubsub.yaml", GrpcPubSub.Component(metadata: "{ name: allowedTopics, value: others }"), new TestBroker());

        Assert.Equal((StatusCode.PermissionDenied, "topic orders is not allowed for app id me"), await StatusAsync(stream));
    }

    [Fact]
    public async Task A_component_that_is_removed_ends_its_streams_alone_and_waits_for_none()
    {
        await using var host = await GrpcPubSub.StartAsync(resources: folder => folder.Write("components/memory.yaml", GrpcPubSub.Component("memory", "pubsub.in-memory")));
        await using var gone = await host.OpenAsync("orders");
        await using var stays = await TopicStreamClient.OpenAsync(host.Channel, "orders", "memory");

        host.Rewrite("components/pubsub.yaml", null);

        Assert.Equal((StatusCode.Unavailable, "pubsub pubsub has been removed"), await StatusAsync(gone));
        await host.PublishAsync("orders", 1, "memory");
        Assert.Equal("1", (await stays.NextAsync()).Data.ToStringUtf8());
        host.Rewrite("components/store.yaml", GrpcPubSub.Component("store", "state.in-memory"));
        await host.Sidecar.LineAsync("component store (state.in-memory) added");
        Assert.DoesNotContain(host.Sidecar.Log, line => line.Contains("closed", StringComparison.OrdinalIgnoreCase) && line.Contains("pubsub", StringComparison.Ordinal) && line.Contains("level=warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Thousands_of_streams_that_break_leave_nothing_behind()
    {
        const int Rounds = 20;
        const int Streams = 150;
        await using var host = await GrpcPubSub.StartAsync();

        for (var round = 0; round < Rounds; round++)
            await Task.WhenAll(Enumerable.Range(0, Streams).Select(n => OpenAndBreakAsync(host, n)));

        await Eventually.TrueAsync(() => !host.Broker.SubscribedTopics.Any(), "the end of all subscriptions");
        await Eventually.TrueAsync(async () => (await host.ListedAsync()).Count == 0, "an empty list of subscriptions");
        Assert.Equal(0, host.Channel.CallsUnderWay);
        Assert.True(host.Broker.Subscribed.Count >= Rounds * Streams / 2, $"{host.Broker.Subscribed.Count} subscriptions were made");
        await using var stream = await host.OpenAsync("still");
        host.Broker.Deliver("still", GrpcPubSub.Event("a"));
        Assert.Equal("a", (await stream.NextAsync()).Id);
    }

    /// <summary>Time enough for a stop on a machine that is busy.</summary>
    private static SidecarOptions Patient(SidecarOptions options) => options with { GracefulShutdown = TimeSpan.FromSeconds(30) };

    private static async Task OpenAndBreakAsync(GrpcPubSub host, int n)
    {
        await using var stream = await TopicStreamClient.BeginAsync(host.Channel, TopicStreamClient.Initial("pubsub", $"topic{n % 7}"));
        switch (n % 4)
        {
            case 0:
                await stream.CancelAsync();
                break;
            case 1:
                await stream.CompleteAsync();
                await stream.EndAsync();
                break;
            case 2:
                await stream.SendAsync(TopicStreamClient.Initial("pubsub", "again"));
                await stream.EndAsync();
                break;
            default:
                host.Broker.Deliver($"topic{n % 7}", GrpcPubSub.Event($"{n}"));
                break;
        }
    }

    private static async Task<(StatusCode, string)> StatusAsync(TopicStreamClient stream)
    {
        var status = await stream.EndAsync();
        return (status.Code, status.Message);
    }
}

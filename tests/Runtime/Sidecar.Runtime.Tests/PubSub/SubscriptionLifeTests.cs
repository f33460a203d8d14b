using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What becomes of subscriptions while the sidecar runs: the app's health, components and files that come, change and go.</summary>
public sealed class SubscriptionLifeTests
{
    private const string AppAsks = """[{"pubsubname":"pubsub","topic":"own","route":"own"}]""";

    [Fact]
    [Contract(64)]
    public async Task An_unhealthy_app_gets_nothing_and_a_healthy_one_again_is_served_without_being_asked_again()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = AppAsks, Declared = [PubSubHost.Declare("orders", "/orders")] });

        await host.Feature.OnAppHealthChangedAsync(false, CancellationToken.None);
        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Equal(2, host.SubscriptionsInMetadata()?.Count);
        await PublishAsync(host, "orders");

        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);
        Assert.Equal(["orders", "own"], host.Broker.SubscribedTopics.Order());
        Assert.Single(host.App.SubscribeQuestions);
        Assert.True(host.App.IsIdle);
        await PublishAsync(host, "own");
        Assert.Equal("/own", (await host.App.NextAsync()).Path);
    }

    [Fact]
    public async Task An_app_that_is_another_process_is_asked_again_and_only_what_differs_changes()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = """[{"pubsubname":"pubsub","topic":"stays","route":"r"},{"pubsubname":"pubsub","topic":"goes","route":"r"}]""" });

        host.App.Subscriptions = """[{"pubsubname":"pubsub","topic":"stays","route":"r"},{"pubsubname":"pubsub","topic":"comes","route":"r"}]""";
        await host.Feature.OnAppRestartedAsync(CancellationToken.None);

        Assert.Equal(["comes", "stays"], host.Broker.SubscribedTopics.Order());
        Assert.Equal(["comes", "goes", "stays"], host.Broker.Subscribed.Select(subscription => subscription.Topic).Order());
        Assert.Equal(2, host.App.SubscribeQuestions.Count);
    }

    [Fact]
    public async Task An_unhealthy_app_that_was_restarted_is_asked_once_it_is_healthy()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = AppAsks });
        await host.Feature.OnAppHealthChangedAsync(false, CancellationToken.None);
        host.App.Subscriptions = """[{"pubsubname":"pubsub","topic":"new","route":"r"}]""";

        await host.Feature.OnAppRestartedAsync(CancellationToken.None);
        Assert.Single(host.App.SubscribeQuestions);
        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);

        Assert.Equal(["new"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_restarted_app_that_gives_no_answer_keeps_what_it_had()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new() { Time = clock, AppSubscriptions = AppAsks });
        host.App.FailConnection = () => new HttpRequestException("connection refused");

        var turn = host.Feature.OnAppRestartedAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return turn.IsCompleted;
            },
            "the question to be given up");

        await turn;
        Assert.Equal(["own"], host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(64)]
    public async Task An_app_that_is_told_healthy_twice_is_subscribed_once()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);

        Assert.Single(host.Broker.Subscribed);
    }

    [Fact]
    [Contract(64)]
    public async Task A_message_under_way_when_the_app_turns_unhealthy_is_still_settled()
    {
        var release = new TaskCompletionSource();
        await using var host = await PubSubHost.StartSubscribedAsync(new TestBroker { CancelsAtTheEnd = false });
        host.App.Reply = _ => release.Task;
        var answer = host.Broker.DeliverAsync("orders", """{"id":"1"}"""u8.ToArray());
        await host.App.NextAsync();

        var turn = host.Feature.OnAppHealthChangedAsync(false, CancellationToken.None);
        Assert.False(turn.IsCompleted);
        release.SetResult();

        await turn.WithinAsync("the end of the subscription");
        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
    }

    [Fact]
    [Contract(65)]
    public async Task Before_the_app_is_ready_nothing_is_asked_or_subscribed_whatever_else_happens()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppReady = false, AppSubscriptions = AppAsks, Declared = [PubSubHost.Declare("orders", "/orders")] });

        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);
        await host.ReloadAsync(PubSubHost.Declare("stock", "/stock"));

        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Empty(host.App.SubscribeQuestions);
        Assert.Equal("stock", (string?)Assert.Single(host.SubscriptionsInMetadata()!)!["topic"]);
    }

    [Fact]
    public async Task An_app_that_did_not_answer_is_asked_again_when_it_is_healthy_again()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new() { Time = clock, AppReady = false, AppSubscriptions = AppAsks });
        host.App.FailConnection = () => new HttpRequestException("connection refused");
        var ready = host.Feature.OnAppReadyAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return ready.IsCompleted;
            },
            "the question to be given up");
        Assert.Empty(host.Broker.SubscribedTopics);

        host.App.FailConnection = () => null;
        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);

        Assert.Equal(["own"], host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(43)]
    public async Task The_first_pubsub_component_that_a_reload_brings_makes_the_app_be_asked()
    {
        var broker = new TestBroker();
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = null, AppSubscriptions = AppAsks, Declared = [PubSubHost.Declare("orders", "/orders")] });
        Assert.Empty(host.App.SubscribeQuestions);

        await host.AddComponentAsync(broker);

        Assert.Equal(["orders", "own"], broker.SubscribedTopics.Order());
        await host.AddComponentAsync(new TestBroker(), "second");
        Assert.Single(host.App.SubscribeQuestions);
    }

    [Fact]
    [Contract(44)]
    public async Task An_app_that_must_not_be_asked_is_not_asked_later_either()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = null, AppSubscriptions = AppAsks, DisabledInitEndpoints = ["subscribe"] });

        await host.AddComponentAsync(new TestBroker());
        await host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);

        Assert.Empty(host.App.SubscribeQuestions);
    }

    [Fact]
    [Contract(56)]
    public async Task Subscriptions_of_a_component_that_goes_end_and_those_of_others_go_on()
    {
        var second = new TestBroker();
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/orders"), PubSubHost.Declare("stock", "/stock") with { PubsubName = "second" }] });
        await host.AddComponentAsync(second, "second");

        await host.RemoveComponentAsync();

        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Single(second.Subscribed);
        Assert.Equal(["stock"], second.SubscribedTopics);
        Assert.Equal(2, host.SubscriptionsInMetadata()?.Count);
        using var response = await host.PublishAsync("pubsub/orders", "x");
        Assert.Equal(404, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_component_that_changes_is_subscribed_anew_by_its_new_rules()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        var next = new TestBroker();

        await host.RemoveComponentAsync();
        await host.AddComponentAsync(next, metadata: ("protectedTopics", "stock"));

        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Equal(["orders"], next.SubscribedTopics);
        using var forbidden = await host.PublishAsync("pubsub/stock", "x");
        using var published = await host.PublishAsync("pubsub/orders", "x");
        Assert.Equal((403, 204), ((int)forbidden.StatusCode, (int)published.StatusCode));
        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
    }

    [Fact]
    public async Task A_reload_starts_what_is_new_ends_what_is_gone_and_leaves_the_rest_alone()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("stays", "/stays"), PubSubHost.Declare("goes", "/goes")] });

        await host.ReloadAsync(PubSubHost.Declare("comes", "/comes"), PubSubHost.Declare("stays", "/stays"));

        Assert.Equal(["comes", "stays"], host.Broker.SubscribedTopics.Order());
        Assert.Equal(["stays", "goes", "comes"], host.Broker.Subscribed.Select(subscription => subscription.Topic));
        Assert.Equal(["comes", "stays"], host.SubscriptionsInMetadata()!.Select(subscription => (string?)subscription!["topic"]));
    }

    [Fact]
    public async Task Another_route_counts_from_the_next_message_on_and_the_one_under_way_ends_as_it_began()
    {
        var release = new TaskCompletionSource();
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/old") with { DeadLetterTopic = "old-dead" }] });
        host.App.Reply = async context =>
        {
            if (context.Request.Path == "/old")
                await release.Task;
            context.Response.StatusCode = 500;
        };
        var first = host.Broker.DeliverAsync("orders", """{"id":"1"}"""u8.ToArray());
        Assert.Equal("/old", (await host.App.NextAsync()).Path);

        await host.ReloadAsync(PubSubHost.Declare("orders", "/new") with { DeadLetterTopic = "new-dead" }).WithinAsync("the reload, which waits for no message");
        var second = host.Broker.DeliverAsync("orders", """{"id":"2"}"""u8.ToArray());
        Assert.Equal("/new", (await host.App.NextAsync()).Path);
        await second.WithinAsync("the second answer");
        release.SetResult();
        await first.WithinAsync("the first answer");

        Assert.Single(host.Broker.Subscribed);
        Assert.Equal(["new-dead", "old-dead"], host.Broker.Published.Select(message => message.Topic));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_broker_must_know_of_a_subscription_makes_it_start_anew(bool metadata)
    {
        var declared = PubSubHost.Declare("orders", "/orders");
        await using var host = await PubSubHost.StartAsync(new() { Declared = [declared] });

        await host.ReloadAsync(metadata
            ? declared with { Metadata = new Dictionary<string, string> { ["queueType"] = "quorum" } }
            : declared with { BulkSubscribe = new BulkSubscribe(5, 10) });

        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
        Assert.Equal(2, host.Broker.Subscribed.Count);
        Assert.Equal((metadata ? 1 : 5, metadata ? 1 : 0), (host.Broker.Subscribed.Last().BatchSize, host.Broker.Subscribed.Last().Metadata.Count));
    }

    [Fact]
    public async Task A_subscription_whose_new_rules_are_broken_ends_and_comes_back_with_good_ones()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        await host.ReloadAsync(PubSubHost.Declare("orders", null, new RouteRule("(", "/a")));
        Assert.Empty(host.Broker.SubscribedTopics);

        await host.ReloadAsync(PubSubHost.Declare("orders", "/orders"));
        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(55)]
    public async Task The_apps_answer_outlives_a_reload_and_still_counts_more_than_a_file()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = AppAsks });

        await host.ReloadAsync(PubSubHost.Declare("own", "/declared"), PubSubHost.Declare("orders", "/orders"));
        await PublishAsync(host, "own");

        Assert.Equal("/own", (await host.App.NextAsync()).Path);
        Assert.Equal(["orders", "own"], host.Broker.SubscribedTopics.Order());
        Assert.Single(host.App.SubscribeQuestions);
    }

    [Fact]
    [Contract(63)]
    public async Task Without_an_app_a_reload_changes_the_list_alone()
    {
        await using var host = await PubSubHost.StartAsync(new() { HasApp = false });

        await host.ReloadAsync(PubSubHost.Declare("orders", "/orders"));

        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Single(host.SubscriptionsInMetadata()!);
    }

    [Fact]
    public async Task A_subscription_that_was_ending_when_a_turn_was_given_up_starts_anew()
    {
        var ended = new TaskCompletionSource();
        await using var host = await PubSubHost.StartSubscribedAsync(new TestBroker { StopsWhen = ended.Task });
        using var givenUp = new CancellationTokenSource();
        var turn = host.Feature.OnAppHealthChangedAsync(false, givenUp.Token);
        await givenUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn);

        var next = host.Feature.OnAppHealthChangedAsync(true, CancellationToken.None);
        Assert.False(next.IsCompleted);
        ended.SetResult();
        await next.WithinAsync("the new subscription");

        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_stop_during_a_turn_waits_for_what_that_turn_was_ending()
    {
        var ended = new TaskCompletionSource();
        await using var host = await PubSubHost.StartSubscribedAsync(new TestBroker { StopsWhen = ended.Task });
        var turn = host.Feature.OnAppHealthChangedAsync(false, CancellationToken.None);

        var stop = host.Feature.OnStoppingAsync(CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => turn);
        Assert.False(stop.IsCompleted);

        ended.SetResult();
        await stop.WithinAsync("the stop");
    }

    private static async Task PublishAsync(PubSubHost host, string topic)
    {
        using var response = await host.PublishAsync($"pubsub/{topic}", "hello");
        Assert.Equal(204, (int)response.StatusCode);
    }
}

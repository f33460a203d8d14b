using System.Text;
using Microsoft.AspNetCore.Http;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Where subscriptions come from, how they are merged, and what becomes of them.</summary>
public sealed class SubscriptionTests
{
    [Fact]
    [Contract(43)]
    public async Task Contract_043_the_app_is_asked_with_its_app_id_and_its_answer_is_obeyed()
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"orders"}]""" });

        await PublishAsync(host, "orders");

        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
        var question = Assert.Single(host.App.SubscribeQuestions);
        Assert.Equal(PubSubHost.AppId, question["dapr-app-id"]);
        Assert.Equal("application/json", question.ContentType);
    }

    [Fact]
    [Contract(43)]
    public async Task Contract_043_without_a_pubsub_component_the_app_is_not_asked()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentName = null, AppSubscriptions = "[]" });

        Assert.Empty(host.App.SubscribeQuestions);
    }

    [Fact]
    [Contract(43)]
    public async Task Contract_043_404_means_that_the_app_has_no_subscriptions_of_its_own()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        await PublishAsync(host, "orders");

        Assert.Single(host.App.SubscribeQuestions);
        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
    }

    [Fact]
    [Contract(44)]
    public async Task Contract_044_an_app_that_must_not_be_asked_has_no_subscriptions()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            DisabledInitEndpoints = ["subscribe"],
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"orders"}]""",
        });

        Assert.Empty(host.App.SubscribeQuestions);
        Assert.Empty(host.Broker.SubscribedTopics);
    }

    [Theory]
    [InlineData(500, "[]")]
    [InlineData(200, "not json")]
    [InlineData(200, """{"pubsubname":"pubsub"}""")]
    [InlineData(200, """[{"pubsubname":"pubsub","topic":"a","route":"a","metadata":{"n":1}}]""")]
    [InlineData(200, """[{"pubsubname":"pubsub","topic":"a","route":"a"},{"pubsubname":"pubsub","topic":"b","routes":{"rules":[{"match":"(","path":"b"}]}}]""")]
    public async Task An_answer_that_cannot_be_used_leaves_only_the_declared_subscriptions(int status, string answer)
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            SubscribeStatus = status,
            AppSubscriptions = answer,
            Declared = [PubSubHost.Declare("declared", "/declared")],
        });

        Assert.Equal(["declared"], host.Broker.SubscribedTopics);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("""[{"pubsubname":"pubsub","topic":"orders"}]""")]
    [InlineData("""[{"pubsubname":"pubsub","topic":"orders","route":"","routes":{"rules":[],"default":""}}]""")]
    public async Task Entries_without_a_route_are_passed_over(string answer)
    {
        await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = answer });

        Assert.Null(host.SubscriptionsInMetadata());
        Assert.Empty(host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task An_app_that_is_not_there_yet_is_asked_again()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = clock,
            AppReady = false,
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"orders"}]""",
        });
        var attempts = 0;
        host.App.FailConnection = () => ++attempts <= 3 ? new HttpRequestException("connection refused") : null;

        var ready = host.Feature.OnAppReadyAsync(CancellationToken.None);
        foreach (var delay in (double[])[0.5, 0.75, 1])
        {
            // The limit of the whole question and the pause before the next attempt.
            await Eventually.TrueAsync(() => clock.ArmedTimers == 2, "the pause before the next attempt");
            clock.Advance(TimeSpan.FromSeconds(delay));
        }

        await ready.WithinAsync("the subscriptions to run");
        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
        Assert.Equal(4, attempts);
    }

    [Fact]
    public async Task An_app_that_does_not_answer_four_times_has_no_subscriptions_of_its_own()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new() { Time = clock, AppReady = false, Declared = [PubSubHost.Declare("declared", "/declared")] });
        var attempts = 0;
        host.App.FailConnection = () =>
        {
            attempts++;
            return new HttpRequestException("connection refused");
        };

        var ready = host.Feature.OnAppReadyAsync(CancellationToken.None);
        await Eventually.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return ready.IsCompleted;
            },
            "the question to be given up");

        await ready;
        Assert.Equal(4, attempts);
        Assert.Equal(["declared"], host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(53)]
    public async Task Contract_053_the_first_rule_that_matches_decides_and_the_default_comes_last()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("orders", "/other", new("event.type == \"a\"", "/first"), new("event.type == \"a\"", "/second"), new("event.type == \"b\"", "/third"))],
        });

        foreach (var (type, path) in new[] { ("a", "/first"), ("b", "/third"), ("c", "/other") })
        {
            host.Broker.Deliver("orders", Encoding.UTF8.GetBytes($$"""{"id":"1","type":"{{type}}"}"""));
            Assert.Equal(path, (await host.App.NextAsync()).Path);
        }
    }

    [Fact]
    [Contract(53)]
    public async Task Contract_053_an_empty_match_matches_everything()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","routes":{"rules":[{"match":"","path":"all"},{"match":"event.type == \"a\"","path":"a"}],"default":"rest"}}]""",
        });

        host.Broker.Deliver("orders", """{"id":"1","type":"a"}"""u8.ToArray());

        Assert.Equal("/all", (await host.App.NextAsync()).Path);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("dead")]
    [Contract(53)]
    public async Task Contract_053_an_event_without_a_route_is_dropped(string? deadLetterTopic)
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("orders", null, new RouteRule("event.type == \"a\"", "/a")) with { DeadLetterTopic = deadLetterTopic }],
        });

        host.Broker.Deliver("orders", """{"id":"1","type":"b"}"""u8.ToArray());

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(deadLetterTopic is null ? [] : [deadLetterTopic], host.Broker.Published.Select(message => message.Topic));
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task A_rule_that_cannot_be_decided_leaves_the_message_to_the_broker()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/default", new RouteRule("event.type == \"a\"", "/a"))] });

        host.Broker.Deliver("orders", """{"id":"1"}"""u8.ToArray());

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task A_route_may_hold_what_a_request_line_may_not()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/my orders\r\nX: \u00e4")] });

        await PublishAsync(host, "orders");

        Assert.Equal("/my%20orders%0D%0AX:%20%C3%A4", (await host.App.NextAsync()).Path);
    }

    [Fact]
    public async Task The_default_of_routes_counts_more_than_route()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"simple","routes":{"default":"chosen"}}]""",
        });

        await PublishAsync(host, "orders");

        Assert.Equal("/chosen", (await host.App.NextAsync()).Path);
    }

    [Fact]
    [Contract(54)]
    public async Task Contract_054_the_last_of_the_apps_subscriptions_to_a_topic_counts()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"one"},{"pubsubname":"pubsub","topic":"orders","route":"two"}]""",
        });

        await PublishAsync(host, "orders");

        Assert.Equal("/two", (await host.App.NextAsync()).Path);
        Assert.Single(host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(55)]
    public async Task Contract_055_the_apps_subscription_replaces_the_declared_one()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("orders", "/declared")],
            AppSubscriptions = """[{"pubsubname":"pubsub","topic":"orders","route":"programmatic"}]""",
        });

        await PublishAsync(host, "orders");

        Assert.Equal("/programmatic", (await host.App.NextAsync()).Path);
        Assert.Single(host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task The_first_of_the_declared_subscriptions_to_a_topic_counts()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/one"), PubSubHost.Declare("orders", "/two")] });

        await PublishAsync(host, "orders");

        Assert.Equal("/one", (await host.App.NextAsync()).Path);
        Assert.Single(host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(56)]
    public async Task Contract_056_a_subscription_on_an_unknown_component_is_listed_and_stops_no_other()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("orders", "/orders") with { PubsubName = "nope" }, PubSubHost.Declare("stock", "/stock")],
        });

        Assert.Equal(["stock"], host.Broker.SubscribedTopics);
        Assert.Equal(2, host.SubscriptionsInMetadata()?.Count);
    }

    [Fact]
    public async Task A_topic_that_the_broker_refuses_stops_no_other()
    {
        var broker = new TestBroker();
        broker.Refusing["orders"] = new ComponentException("no such queue");
        await using var host = await PubSubHost.StartAsync(new() { Broker = broker, Declared = [PubSubHost.Declare("orders", "/orders"), PubSubHost.Declare("stock", "/stock")] });

        Assert.Equal(["stock"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_declared_subscription_with_a_broken_rule_stops_no_other()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", null, new RouteRule("(", "/a")), PubSubHost.Declare("stock", "/stock")] });

        Assert.Equal(["stock"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_subscription_with_a_rawPayload_that_is_no_boolean_stops_no_other()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            AppSubscriptions = """
                [{"pubsubname":"pubsub","topic":"orders","route":"orders","metadata":{"rawPayload":"maybe"}},
                 {"pubsubname":"pubsub","topic":"stock","route":"stock","metadata":{"rawPayload":null}}]
                """,
        });

        Assert.Equal(["stock"], host.Broker.SubscribedTopics);
    }

    [Fact]
    [Contract(37)]
    public async Task Contract_037_a_subscription_to_a_forbidden_topic_is_listed_but_gets_nothing()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            ComponentMetadata = [("subscriptionScopes", "shop=stock")],
            Declared = [PubSubHost.Declare("orders", "/orders"), PubSubHost.Declare("stock", "/stock")],
        });

        Assert.Equal(["stock"], host.Broker.SubscribedTopics);
        Assert.Equal(2, host.SubscriptionsInMetadata()?.Count);
    }

    [Fact]
    [Contract(63)]
    public async Task Contract_063_without_an_app_subscriptions_are_listed_and_publishing_works()
    {
        await using var host = await PubSubHost.StartAsync(new() { HasApp = false, Declared = [PubSubHost.Declare("orders", "/orders")] });

        await PublishAsync(host, "orders");

        Assert.Empty(host.Broker.SubscribedTopics);
        Assert.Equal("orders", (string?)Assert.Single(host.SubscriptionsInMetadata()!)!["topic"]);
    }

    [Fact]
    public async Task The_metadata_show_every_part_of_a_subscription()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("stock", "/stock")],
            AppSubscriptions = """
                [{"pubsubname":"pubsub","topic":"orders","deadLetterTopic":"dead","metadata":{"rawPayload":"false"},
                  "routes":{"rules":[{"match":"event.type == \"a\"","path":"a"}],"default":"rest"}}]
                """,
        });

        var subscriptions = host.SubscriptionsInMetadata()!;

        Assert.Equal("""{"pubsubname":"pubsub","topic":"stock","rules":[{"path":"/stock"}],"deadLetterTopic":"","type":"DECLARATIVE"}""", subscriptions[0]!.ToJsonString());
        var own = subscriptions[1]!;
        Assert.Equal("PROGRAMMATIC", (string?)own["type"]);
        Assert.Equal("dead", (string?)own["deadLetterTopic"]);
        Assert.Equal("false", (string?)own["metadata"]!["rawPayload"]);
        Assert.Equal("event.type == \"a\"", (string?)own["rules"]![0]!["match"]);
        Assert.Equal("a", (string?)own["rules"]![0]!["path"]);
        Assert.Equal("""{"path":"rest"}""", own["rules"]![1]!.ToJsonString());
    }

    [Fact]
    public async Task Other_slices_publish_and_consume_by_the_rules_but_without_the_permissions_of_the_app()
    {
        await using var host = await PubSubHost.StartAsync(new() { ComponentMetadata = [("allowedTopics", "other")] });
        var received = new TaskCompletionSource<PubSubMessage>();
        await using var subscription = await host.Topics.SubscribeAsync(
            "pubsub",
            "shop-outbox",
            1,
            (message, _) =>
            {
                received.SetResult(message);
                return ValueTask.FromResult(Delivery.Ack);
            },
            CancellationToken.None);

        var error = await host.Topics.PublishAsync(
            "pubsub", "shop-outbox", """{"id":"outbox-1","data":2}"""u8.ToArray(), "application/cloudevents+json", new Dictionary<string, string>(), CancellationToken.None);
        var unknown = await host.Topics.PublishAsync("nope", "t", default, null, new Dictionary<string, string>(), CancellationToken.None);

        Assert.Null(error);
        Assert.Equal("ERR_PUBSUB_NOT_FOUND", unknown?.Code);
        var message = await received.Task.WithinAsync("the message");
        Assert.Contains("\"outbox-1\"", Encoding.UTF8.GetString(message.Data.Span), StringComparison.Ordinal);
    }

    private static async Task PublishAsync(PubSubHost host, string topic)
    {
        using var response = await host.PublishAsync($"pubsub/{topic}", "{}", "application/json");
        Assert.Equal(StatusCodes.Status204NoContent, (int)response.StatusCode);
    }
}

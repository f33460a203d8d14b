using Google.Protobuf;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Telemetry;
using TestSupport;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>Subscriptions of an app that speaks gRPC (contract section 3.4, "App callbacks").</summary>
public sealed class GrpcAppTests
{
    [Fact]
    public async Task An_event_comes_with_its_fields_its_route_and_its_metadata()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success).Subscriptions = () => List(With(
            new TopicSubscription { PubsubName = "pubsub", Topic = "orders", DeadLetterTopic = "lost" }, "/other", ("event.type == 'order'", "path of orders"))));
        await using var host = await GrpcPubSub.StartAsync(app, change: options => options with { Environment = new Dictionary<string, string> { ["APP_API_TOKEN"] = "let me in" } });

        host.Broker.Deliver(
            "orders",
            GrpcPubSub.Event("a", ",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\",\"subject\":\"tea\""),
            ("Key", "k7"), ("bad key", "x"), ("umlaut", "ä"), ("dapr-api-token", "forged"), ("grpc-status", "0"), ("content-type", "text/plain"), ("some-bin", "text"));
        var (told, metadata) = await app.NextAsync();

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(("a", "there", "order", "1.0"), (told.Id, told.Source, told.Type, told.SpecVersion));
        Assert.Equal(("orders", "pubsub", "path of orders"), (told.Topic, told.PubsubName, told.Path));
        Assert.Equal(("application/json", """{"n":1}"""), (told.DataContentType, told.Data.ToStringUtf8()));
        Assert.Equal("tea", told.Extensions.Fields["subject"].StringValue);
        Assert.Equal(("let me in", "k7", "pubsub"), (metadata.Get("dapr-api-token"), metadata.Get("key"), metadata.Get("pubsubname")));
        Assert.Null(metadata.Get("umlaut"));
        var traceParent = metadata.Get("traceparent")!;
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", traceParent, StringComparison.Ordinal);
        Assert.Equal(BinaryTrace.Of(traceParent), metadata.GetBytes("grpc-trace-bin"));
        Assert.Equal(["PROGRAMMATIC orders /other"], await host.ListedAsync());
    }

    [Theory]
    [InlineData(Status.Success, Delivery.Ack)]
    [InlineData(Status.Retry, Delivery.Nack)]
    [InlineData(Status.Drop, Delivery.Ack)]
    [InlineData((Status)9, Delivery.Nack)]
    public async Task The_app_decides_by_its_status(Status status, Delivery expected)
    {
        await using var app = await SubscribedAsync();
        app.Answering(status);
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));

        Assert.Equal(expected, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.Unavailable)]
    public async Task An_app_that_fails_gets_the_event_again(StatusCode code)
    {
        await using var app = await SubscribedAsync();
        app.OnTopicEvent = _ => throw new GrpcException(code, "not now");
        await using var host = await GrpcPubSub.StartAsync(app, new TestBroker { Redeliveries = 1 });

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        app.Answering(Status.Success);

        Assert.Equal("a", (await app.NextAsync()).Event.Id);
    }

    [Fact]
    [Contract(72)]
    public async Task An_app_without_the_method_gets_nothing_again_and_nothing_becomes_a_dead_letter()
    {
        await using var app = await SubscribedAsync(deadLetterTopic: "lost");
        await using var host = await GrpcPubSub.StartAsync(app, new TestBroker { Redeliveries = 1 });

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
        Assert.Single(app.Calls, call => call == "OnTopicEvent");
    }

    [Theory]
    [InlineData(Status.Drop)]
    [InlineData(Status.Retry)]
    public async Task What_the_app_does_not_take_is_a_dead_letter(Status status)
    {
        await using var app = await SubscribedAsync(deadLetterTopic: "lost");
        app.Answering(status);
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal("lost", Assert.Single(host.Broker.Published).Topic);
    }

    [Fact]
    public async Task A_subscription_without_routes_takes_every_event_with_an_empty_path()
    {
        await using var app = await SubscribedAsync();
        app.Answering(Status.Success);
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));

        Assert.Equal("", (await app.NextAsync()).Event.Path);
    }

    [Fact]
    public async Task Events_that_no_rule_wants_are_dropped()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success).Subscriptions = () => List(With(
            new TopicSubscription { PubsubName = "pubsub", Topic = "orders" }, null, ("event.type == 'none'", "/none"), ("event.id == 'b'", "/b"))));
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        host.Broker.Deliver("orders", GrpcPubSub.Event("b"));

        var (told, _) = await app.NextAsync();
        Assert.Equal(("b", "/b"), (told.Id, told.Path));
    }

    [Fact]
    public async Task A_declared_subscription_tells_its_route_as_the_path()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success));
        await using var host = await GrpcPubSub.StartAsync(app, resources: folder => folder.Write("components/subscription.yaml", GrpcPubSub.Subscription("orders", "/my orders")));

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));

        Assert.Equal("/my orders", (await app.NextAsync()).Event.Path);
        Assert.Single(app.Calls, call => call == "ListTopicSubscriptions");
        Assert.Equal(["DECLARATIVE orders /my orders"], await host.ListedAsync());
    }

    [Fact]
    public async Task Raw_payloads_come_as_they_are()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success).Subscriptions = () => List(
            new TopicSubscription { PubsubName = "pubsub", Topic = "orders", Metadata = { ["rawPayload"] = "true" } }));
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", new byte[] { 9, 0, 255 });

        Assert.Equal([9, 0, 255], (await app.NextAsync()).Event.Data.ToByteArray());
    }

    [Fact]
    public async Task A_question_that_fails_is_asked_again()
    {
        var asked = 0;
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success).Subscriptions = () => Interlocked.Increment(ref asked) < 3
            ? throw new GrpcException(StatusCode.Unavailable, "not yet")
            : List(new TopicSubscription { PubsubName = "pubsub", Topic = "orders" }));
        await using var host = await GrpcPubSub.StartAsync(app);

        Assert.Equal(3, asked);
        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task The_question_can_be_switched_off()
    {
        await using var app = await SubscribedAsync();
        await using var host = await GrpcPubSub.StartAsync(app, change: options => options with { DisabledInitEndpoints = ["subscribe"] });

        Assert.DoesNotContain("ListTopicSubscriptions", app.Calls);
        Assert.Empty(host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task A_broken_rule_breaks_the_list()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Success).Subscriptions = () => List(
            new TopicSubscription { PubsubName = "pubsub", Topic = "orders" }, With(new TopicSubscription { PubsubName = "pubsub", Topic = "bad" }, null, ("event.(", "/x"))));
        await using var host = await GrpcPubSub.StartAsync(app);

        Assert.Empty(host.Broker.SubscribedTopics);
        await host.Sidecar.LineAsync("and with it its whole list");
    }

    internal static Task<GrpcEventApp> SubscribedAsync(string deadLetterTopic = "") => GrpcEventApp.StartAsync(app =>
        app.Subscriptions = () => List(new TopicSubscription { PubsubName = "pubsub", Topic = "orders", DeadLetterTopic = deadLetterTopic }));

    internal static ListTopicSubscriptionsResponse List(params TopicSubscription[] subscriptions)
    {
        var list = new ListTopicSubscriptionsResponse();
        list.Subscriptions.Add(subscriptions);
        return list;
    }

    private static TopicSubscription With(TopicSubscription subscription, string? defaultRoute, params (string Match, string Path)[] rules)
    {
        subscription.Routes = new TopicRoutes { Default = defaultRoute ?? "" };
        subscription.Routes.Rules.Add(rules.Select(rule => new TopicRule { Match = rule.Match, Path = rule.Path }));
        return subscription;
    }
}

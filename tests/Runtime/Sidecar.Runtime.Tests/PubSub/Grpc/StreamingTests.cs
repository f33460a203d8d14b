using System.Text;
using System.Text.Json.Nodes;
using Google.Rpc;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>Streaming subscriptions: what comes through them (contract section 3.4, behaviours 66 to 71).</summary>
public sealed class StreamingTests
{
    [Fact]
    [Contract(66, 67)]
    public async Task A_stream_without_an_app_gets_events_and_is_listed()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        await host.PublishAsync("orders", new { id = 7 });
        var received = await stream.NextAsync();
        await stream.AnswerAsync(received.Id);

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(["STREAMING orders /"], await host.ListedAsync());
        Assert.Equal(("/", "orders", "pubsub", "me"), (received.Path, received.Topic, received.PubsubName, received.Source));
        Assert.Equal(("com.dapr.event.sent", "1.0", "application/json; charset=utf-8"), (received.Type, received.SpecVersion, received.DataContentType));
        Assert.Equal("""{"id":7}""", received.Data.ToStringUtf8());
        Assert.Contains("traceparent", received.Extensions.Fields.Keys);
    }

    [Fact]
    [Contract(67)]
    public async Task The_health_of_the_app_is_nothing_to_a_stream()
    {
        await using var app = await TestSupport.TestApp.StartAsync(app => app.On("/healthz", 500));
        await using var host = await GrpcPubSub.StartAsync(change: options => options with { AppPort = app.Port, AppHealth = new AppHealthOptions { Threshold = 1 } });
        await app.NextAsync("/healthz");
        await using var stream = await host.OpenAsync("orders");

        await host.PublishAsync("orders", 1);

        Assert.Equal("1", (await stream.NextAsync()).Data.ToStringUtf8());
    }

    [Fact]
    [Contract(68)]
    public async Task Retry_brings_the_same_event_again_and_drop_does_not()
    {
        await using var host = await GrpcPubSub.StartAsync(new TestBroker { Redeliveries = 1 });
        await using var stream = await host.OpenAsync("orders");

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        var first = await stream.NextAsync();
        await stream.AnswerAsync(first.Id, Status.Retry);
        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        var again = await stream.NextAsync();
        await stream.AnswerAsync(again.Id, Status.Drop);

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(("a", "a"), (first.Id, again.Id));
    }

    [Fact]
    public async Task A_status_that_is_not_known_is_a_retry()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.AnswerAsync((await stream.NextAsync()).Id, (Status)77);

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task An_answer_without_a_status_is_a_success()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.NextAsync();
        await stream.SendAsync(new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = "a" } });

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData(Status.Retry)]
    [InlineData(Status.Drop)]
    public async Task What_a_client_does_not_want_goes_to_the_dead_letter_topic_of_its_stream(Status status)
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders", deadLetterTopic: "lost");
        await using var letters = await host.OpenAsync("lost");

        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.AnswerAsync((await stream.NextAsync()).Id, status);
        var letter = await letters.NextAsync();

        Assert.Equal(("a", "lost"), (letter.Id, letter.Topic));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    [Contract(68)]
    public async Task Events_come_in_the_order_of_the_broker_and_are_answered_in_any()
    {
        await using var host = await GrpcPubSub.StartAsync(resources: WithSqlite(maxInFlight: 20));
        await using var stream = await TopicStreamClient.OpenAsync(host.Channel, "orders", "log");

        for (var n = 0; n < 60; n++)
            await host.PublishAsync("orders", n, "log");
        List<string> received = [];
        for (var round = 0; round < 3; round++)
        {
            List<string> ids = [];
            for (var n = 0; n < 20; n++)
            {
                var next = await stream.NextAsync();
                received.Add(next.Data.ToStringUtf8());
                ids.Add(next.Id);
            }

            ids.Reverse();
            foreach (var id in ids)
                await stream.AnswerAsync(id);
        }

        Assert.Equal(Enumerable.Range(0, 60).Select(n => $"{n}"), received);
    }

    [Fact]
    public async Task A_client_that_does_not_answer_holds_no_more_than_the_component_lets_be_under_way()
    {
        await using var host = await GrpcPubSub.StartAsync(resources: WithSqlite(maxInFlight: 3));
        await using var slow = await TopicStreamClient.OpenAsync(host.Channel, "orders", "log");
        await using var other = await TopicStreamClient.OpenAsync(host.Channel, "others", "log");

        for (var n = 0; n < 10; n++)
            await host.PublishAsync("orders", n, "log");
        List<string> held = [];
        for (var n = 0; n < 3; n++)
            held.Add((await slow.NextAsync()).Id);
        var fourth = slow.NextAsync();
        await host.PublishAsync("others", "meanwhile", "log");
        await other.NextAsync();

        Assert.False(fourth.IsCompleted);
        await slow.AnswerAsync(held[1]);
        Assert.Equal("3", (await fourth).Data.ToStringUtf8());
    }

    [Fact]
    [Contract(70)]
    public async Task Three_streams_on_one_in_memory_topic_each_get_every_message()
    {
        await using var host = await GrpcPubSub.StartAsync(resources: folder => folder.Write("components/memory.yaml", GrpcPubSub.Component("memory", "pubsub.in-memory")));
        await using var one = await TopicStreamClient.OpenAsync(host.Channel, "orders", "memory");
        await using var two = await TopicStreamClient.OpenAsync(host.Channel, "orders", "memory");
        await using var three = await TopicStreamClient.OpenAsync(host.Channel, "orders", "memory");

        await host.PublishAsync("orders", 1, "memory");
        await host.PublishAsync("orders", 2, "memory");

        foreach (var stream in (TopicStreamClient[])[one, two, three])
        {
            foreach (var expected in (string[])["1", "2"])
            {
                var received = await stream.NextAsync();
                Assert.Equal(expected, received.Data.ToStringUtf8());
                await stream.AnswerAsync(received.Id);
            }
        }

        Assert.Equal(3, (await host.ListedAsync()).Count);
    }

    [Fact]
    [Contract(71)]
    public async Task A_stream_stands_beside_the_subscription_of_the_app_and_leaves_it_as_it_was()
    {
        await using var app = await TestSupport.TestApp.StartAsync(app => app.On("/orders", 200));
        await using var host = await GrpcPubSub.StartAsync(
            change: options => options with { AppPort = app.Port },
            resources: folder => folder.Write("components/subscription.yaml", GrpcPubSub.Subscription("orders", "/orders")));
        await host.Sidecar.Instance.Healthy.WithinAsync("the app to be ready");
        await using (var stream = await host.OpenAsync("orders"))
        {
            Assert.Equal(["DECLARATIVE orders /orders", "STREAMING orders /"], await host.ListedAsync());
            host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
            Assert.Equal("a", (await stream.NextAsync()).Id);
            Assert.Equal("a", (string?)JsonNode.Parse((await app.NextAsync("/orders")).Text)!["id"]);
        }

        await Eventually.TrueAsync(() => host.Broker.SubscribedTopics.Count() == 1, "the end of the stream's subscription");
        Assert.Single(await host.ListedAsync());
        host.Broker.Deliver("orders", GrpcPubSub.Event("b"));

        Assert.Equal("b", (string?)JsonNode.Parse((await app.NextAsync("/orders")).Text)!["id"]);
        Assert.Equal(["orders"], host.Broker.SubscribedTopics);
    }

    [Fact]
    public async Task Raw_payloads_come_as_they_are()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders", metadata: ("rawPayload", "true"));

        host.Broker.Deliver("orders", new byte[] { 0, 255, 7 });
        var received = await stream.NextAsync();

        Assert.Equal([0, 255, 7], received.Data.ToByteArray());
        Assert.Equal(("application/octet-stream", "Dapr"), (received.DataContentType, received.Source));
    }

    [Fact]
    public async Task Answers_that_nobody_awaits_change_nothing()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");
        host.Broker.Deliver("orders", GrpcPubSub.Event("a"));
        await stream.NextAsync();

        await stream.AnswerAsync("unknown", Status.Drop);
        await stream.AnswerAsync("a");
        await stream.AnswerAsync("a", Status.Retry);
        await host.Sidecar.LineAsync("An answer to event a of topic orders");
        host.Broker.Deliver("orders", GrpcPubSub.Event("b"));
        await stream.AnswerAsync((await stream.NextAsync()).Id);

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Contains(host.Sidecar.Log, line => line.Contains("An answer to event unknown", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_deliveries_of_one_id_are_answered_one_by_one()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        var first = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("same"));
        await stream.NextAsync();
        var second = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("same"));
        await stream.NextAsync();
        await stream.AnswerAsync("same", Status.Retry);

        Assert.Equal(Delivery.Nack, await first.WithinAsync("the answer to the first"));
        Assert.False(second.IsCompleted);
        await stream.AnswerAsync("same");
        Assert.Equal(Delivery.Ack, await second.WithinAsync("the answer to the second"));
    }

    [Fact]
    public async Task An_event_whose_time_is_over_goes_back_and_its_late_answer_is_passed_over()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");
        using var time = new CancellationTokenSource();

        var slow = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("slow"), time.Token);
        await stream.NextAsync();
        await time.CancelAsync();
        Assert.Equal(Delivery.Nack, await slow.WithinAsync("the end of its time"));
        await stream.AnswerAsync("slow");

        await host.Sidecar.LineAsync("An answer to event slow");
    }

    [Fact]
    public async Task An_event_that_cannot_be_told_over_grpc_is_no_end_of_the_stream()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var stream = await host.OpenAsync("orders");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes("""{"id":"a","data_base64":"***"}"""));
        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes("not json"));
        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        host.Broker.Deliver("orders", GrpcPubSub.Event("b"));

        Assert.Equal("b", (await stream.NextAsync()).Id);
    }

    [Theory]
    [Contract(69)]
    [InlineData("notexist", "orders", StatusCode.InvalidArgument, "pubsub notexist is not found", "DAPR_PUBSUB_NOT_FOUND")]
    [InlineData("pubsub", "secret", StatusCode.PermissionDenied, "topic secret is not allowed for app id me", "DAPR_PUBSUB_FORBIDDEN")]
    [InlineData("pubsub", "hidden", StatusCode.PermissionDenied, "topic hidden is not allowed for app id me", "DAPR_PUBSUB_FORBIDDEN")]
    [InlineData("", "orders", StatusCode.Unknown, "pubsubName is required", null)]
    [InlineData("pubsub", "", StatusCode.Unknown, "topic is required", null)]
    public async Task A_stream_that_cannot_be_is_refused_with_the_reason(string pubsub, string topic, StatusCode code, string message, string? reason)
    {
        await using var host = await GrpcPubSub.StartAsync(metadata: "{ name: protectedTopics, value: secret }, { name: subscriptionScopes, value: 'me=orders;you=hidden' }");

        await using var stream = await TopicStreamClient.BeginAsync(host.Channel, TopicStreamClient.Initial(pubsub, topic));
        var status = await stream.EndAsync();

        Assert.Equal((code, message), (status.Code, status.Message));
        Assert.Equal(reason, status.Detail<ErrorInfo>()?.Reason);
        Assert.Empty(await host.ListedAsync());
    }

    [Fact]
    public async Task Bad_metadata_of_a_stream_and_a_broker_that_refuses_are_told()
    {
        var broker = new TestBroker();
        broker.Refusing["orders"] = new InvalidOperationException("no room");
        await using var host = await GrpcPubSub.StartAsync(broker);

        await using var raw = await TopicStreamClient.BeginAsync(host.Channel, TopicStreamClient.Initial("pubsub", "other", metadata: ("rawPayload", "maybe")));
        await using var refused = await TopicStreamClient.BeginAsync(host.Channel, TopicStreamClient.Initial("pubsub", "orders"));

        Assert.Equal(StatusCode.InvalidArgument, (await raw.EndAsync()).Code);
        Assert.Contains("no room", (await refused.EndAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(69)]
    public async Task A_stream_begins_with_one_initial_request_and_has_no_second()
    {
        await using var host = await GrpcPubSub.StartAsync();
        await using var without = await TopicStreamClient.BeginAsync(host.Channel, new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1() });
        await using var twice = await host.OpenAsync("orders");
        await using var neither = await host.OpenAsync("orders");

        await twice.SendAsync(TopicStreamClient.Initial("pubsub", "orders"));
        await neither.SendAsync(new SubscribeTopicEventsRequestAlpha1());

        var (first, second, third) = (await without.EndAsync(), await twice.EndAsync(), await neither.EndAsync());
        Assert.Equal((StatusCode.Unknown, "initial request is required"), (first.Code, first.Message));
        Assert.Equal((StatusCode.Unknown, "duplicate initial request received"), (second.Code, second.Message));
        Assert.Equal((StatusCode.Unknown, "event processed is required"), (third.Code, third.Message));
        await Eventually.TrueAsync(() => !host.Broker.SubscribedTopics.Any(), "the end of the streams' subscriptions");
    }

    private static Action<TempFolder> WithSqlite(int maxInFlight) => folder => folder.Write(
        "components/log.yaml", GrpcPubSub.Component("log", "pubsub.sqlite", $"{{ name: connectionString, value: topics.db }}, {{ name: maxInFlight, value: '{maxInFlight}' }}"));
}

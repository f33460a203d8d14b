using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What becomes of messages that the app did not take, and of those whose time is over.</summary>
public sealed class DeadLetterTests
{
    private const string OrderEvent = """{"id":"e1","specversion":"1.0","type":"order.made","source":"s","topic":"orders","data":{"total":1.50}}""";

    [Fact]
    [Contract(48)]
    public async Task Contract_048_DROP_goes_to_the_dead_letter_topic()
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");
        host.App.ReplyWith(200, """{"status":"DROP"}""");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal("dead", Assert.Single(host.Broker.Published).Topic);
    }

    [Fact]
    [Contract(50)]
    public async Task Contract_050_404_goes_to_the_dead_letter_topic()
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");
        host.App.ReplyWith(404);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal("dead", Assert.Single(host.Broker.Published).Topic);
    }

    [Fact]
    public async Task A_dead_letter_is_published_under_the_outbound_policies()
    {
        var clock = new FakeClock();
        var refusals = 1;
        var broker = new TestBroker { Refuses = _ => refusals-- > 0 ? new IOException("not now") : null };
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = clock,
            Broker = broker,
            Declared = [PubSubHost.Declare("orders", "/orders") with { DeadLetterTopic = "dead" }],
            Resiliencies = [InboundRetryTests.Resiliency(InboundRetryTests.Constant(retries: 1)) with { Components = new Dictionary<string, ComponentTarget> { ["pubsub"] = new(new PolicyNames(null, "again", null), new PolicyNames(null, null, null)) } }],
        });
        host.App.ReplyWith(500);

        var answer = host.Broker.DeliverAsync("orders", Encoding.UTF8.GetBytes(OrderEvent));

        // One timer is the limit of it all, the other the pause.
        await Eventually.TrueAsync(() => clock.ArmedTimers == 2, "the letter to wait for its next attempt");
        clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Equal("dead", Assert.Single(host.Broker.Published).Topic);
    }

    [Fact]
    [Contract(51)]
    public async Task Contract_051_a_subscription_to_the_dead_letter_topic_gets_what_failed()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare("orders", "/orders") with { DeadLetterTopic = "dead" }, PubSubHost.Declare("dead", "/dead")],
        });
        host.App.Reply = context =>
        {
            context.Response.StatusCode = context.Request.Path == "/dead" ? 200 : 503;
            return Task.CompletedTask;
        };

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent), ("__key", "k1"));

        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
        var dead = await host.App.NextAsync();
        Assert.Equal("/dead", dead.Path);
        Assert.Equal(OrderEvent, Encoding.UTF8.GetString(dead.Body));
        Assert.Equal("k1", dead.Headers["__key"]);
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData("""{"status":"RETRY"}""")]
    [InlineData("""{"status":"DROP"}""")]
    public async Task A_message_that_the_dead_letter_topic_does_not_take_stays_with_the_broker(string body)
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");
        host.Broker.Refusing["dead"] = new InvalidOperationException("full");
        host.App.ReplyWith(200, body);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task A_dead_letter_topic_that_does_not_answer_is_given_up_after_30_seconds()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = clock,
            Broker = new TestBroker { Hold = new TaskCompletionSource() },
            Declared = [PubSubHost.Declare("orders", "/orders") with { DeadLetterTopic = "dead" }],
        });
        host.App.ReplyWith(500);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));
        await Eventually.TrueAsync(() => clock.ArmedTimers > 0, "the dead letter publish to have its limit");
        clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task A_subscription_that_ends_gives_its_message_back_without_a_dead_letter()
    {
        var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");
        host.App.Reply = context => Task.Delay(Timeout.Infinite, context.RequestAborted);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));
        await host.App.NextAsync();
        await host.DisposeAsync();

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    [Contract(42)]
    public async Task Contract_042_an_expired_event_is_dropped()
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new() { Time = clock, Declared = [PubSubHost.Declare("orders", "/orders")] });
        host.Broker.Deliver("orders", """{"id":"late","expiration":"2025-12-31T23:59:59Z"}"""u8.ToArray());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        host.Broker.Deliver("orders", """{"id":"in time","expiration":"2026-01-01T00:00:01Z"}"""u8.ToArray());

        Assert.Equal("in time", (await host.App.NextAsync()).Json.GetProperty("id").GetString());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    [Contract(42)]
    public async Task Contract_042_an_expired_event_goes_to_the_dead_letter_topic()
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");

        host.Broker.Deliver("orders", """{"id":"late","expiration":"2020-01-01T00:00:00Z"}"""u8.ToArray());

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal("dead", Assert.Single(host.Broker.Published).Topic);
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    [Contract(51)]
    public async Task A_dead_letter_topic_carries_the_prefix_of_its_component_on_the_broker_only()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            ComponentMetadata = [("consumerID", "{namespace}")],
            Declared = [PubSubHost.Declare("orders", "/orders") with { DeadLetterTopic = "dead" }, PubSubHost.Declare("dead", "/dead")],
        });
        host.App.ReplyWith(200, """{"status":"DROP"}""");

        using var response = await host.PublishAsync("pubsub/orders", "hello");

        Assert.Equal(204, (int)response.StatusCode);
        await host.App.NextAsync();
        Assert.Equal("orders", (await host.App.NextAsync()).Json.GetProperty("topic").GetString());
        Assert.Equal(["defaultorders", "defaultdead"], host.Broker.Published.Select(message => message.Topic));
    }
}

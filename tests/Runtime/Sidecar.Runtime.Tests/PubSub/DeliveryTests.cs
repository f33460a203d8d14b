using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>How a message reaches the app, and what its answer means to the broker.</summary>
public sealed class DeliveryTests
{
    private const string OrderEvent = """{"id":"e1","specversion":"1.0","type":"order.made","source":"s","topic":"orders","data":{"total":1.50}}""";

    [Fact]
    [Contract(45)]
    public async Task Contract_045_an_event_is_posted_to_its_route_as_the_broker_has_it()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent), ("__key", "k1"));

        var arrival = await host.App.NextAsync();
        Assert.Equal("/orders", arrival.Path);
        Assert.Equal("application/cloudevents+json", arrival.Headers.ContentType);
        Assert.Equal(OrderEvent, Encoding.UTF8.GetString(arrival.Body));
        Assert.Equal("pubsub", arrival.Headers["pubsubname"]);
        Assert.Equal("k1", arrival.Headers["__key"]);
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task The_app_is_handed_the_trace_of_the_event()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        host.Broker.Deliver("orders", """{"id":"1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b"}"""u8.ToArray());

        var headers = (await host.App.NextAsync()).Headers;
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", headers.TraceParent);
        Assert.EndsWith("-01", headers.TraceParent);
        Assert.Equal("a=b", headers.TraceState);
    }

    [Theory]
    [InlineData("", "application/json")]
    [InlineData("{}", "application/json")]
    [InlineData("""{"status":""}""", "application/json")]
    [InlineData("""{"status":null}""", "application/json")]
    [InlineData("""{"status":5}""", "application/json")]
    [InlineData("""{"status":"SUCCESS"}""", "application/json")]
    [InlineData("""[{"status":"RETRY"}]""", "application/json")]
    [InlineData("""{"status":"RETRY"} and more""", "application/json")]
    [InlineData("thank you", "text/plain")]
    [Contract(46)]
    public async Task Contract_046_these_answers_mean_success(string body, string contentType)
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");
        host.App.ReplyWith(200, body, contentType);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_long_answer_is_not_searched_for_a_status()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.ReplyWith(200, $$"""{"page":"{{new string('x', 1_000_000)}}"}""");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData("""{"status":"RETRY"}""")]
    [InlineData("""{"Status":"RETRY","more":{"status":"SUCCESS"}}""")]
    [Contract(47)]
    public async Task Contract_047_RETRY_gives_the_same_event_back_to_the_broker(string body)
    {
        await using var host = await PubSubHost.StartSubscribedAsync(new TestBroker { Redeliveries = 1 });
        host.App.ReplyWith(200, body);

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.Equal("e1", (await host.App.NextAsync()).Json.GetProperty("id").GetString());
        Assert.Equal("e1", (await host.App.NextAsync()).Json.GetProperty("id").GetString());
    }

    [Fact]
    [Contract(48)]
    public async Task Contract_048_DROP_is_the_end_of_a_message()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.ReplyWith(200, """{"status":"DROP"}""");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("foo")]
    [InlineData("success")]
    [Contract(49)]
    public async Task Contract_049_an_unknown_status_counts_as_a_failure(string status)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.ReplyWith(200, $$"""{"status":"{{status}}"}""");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData(200, Delivery.Ack)]
    [InlineData(202, Delivery.Ack)]
    [InlineData(204, Delivery.Ack)]
    [InlineData(304, Delivery.Nack)]
    [InlineData(400, Delivery.Nack)]
    [InlineData(404, Delivery.Ack)]
    [InlineData(429, Delivery.Nack)]
    [InlineData(500, Delivery.Nack)]
    [InlineData(503, Delivery.Nack)]
    [Contract(50)]
    public async Task Contract_050_each_status_of_the_app_has_its_meaning(int status, Delivery answer)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.Reply = context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(answer, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task An_app_that_cannot_be_reached_leaves_the_message_to_the_broker()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.FailConnection = () => new HttpRequestException("connection refused");

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task An_app_that_breaks_the_connection_leaves_the_message_to_the_broker()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        host.App.Reply = async context =>
        {
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            context.Abort();
        };

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    [Contract(57)]
    public async Task Contract_057_a_raw_subscription_gets_an_envelope_around_the_bytes()
    {
        await using var host = await StartRawAsync();

        host.Broker.Deliver("orders", new byte[] { 0, 1, 255 }, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));

        var arrival = await host.App.NextAsync();
        Assert.Equal("application/cloudevents+json", arrival.Headers.ContentType);
        var json = arrival.Json;
        Assert.Equal([0, 1, 255], json.GetProperty("data_base64").GetBytesFromBase64());
        Assert.Equal("application/octet-stream", json.GetProperty("datacontenttype").GetString());
        Assert.Equal("Dapr", json.GetProperty("source").GetString());
        Assert.Equal("com.dapr.event.sent", json.GetProperty("type").GetString());
        Assert.Equal("1.0", json.GetProperty("specversion").GetString());
        Assert.Equal("orders", json.GetProperty("topic").GetString());
        Assert.Equal("pubsub", json.GetProperty("pubsubname").GetString());
        Assert.True(json.GetProperty("id").TryGetGuid(out _));
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", json.GetProperty("traceparent").GetString());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    [Contract(58)]
    public async Task Contract_058_raw_published_bytes_reach_a_raw_subscription_unchanged()
    {
        await using var host = await StartRawAsync();

        using var response = await host.PublishAsync("pubsub/orders?metadata.rawPayload=true", [9, 0, 200]);

        Assert.Equal([9, 0, 200], (await host.App.NextAsync()).Json.GetProperty("data_base64").GetBytesFromBase64());
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("[1]")]
    [InlineData("{\"id\":")]
    [Contract(59)]
    public async Task Contract_059_a_message_that_is_no_event_is_not_delivered(string message)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(message));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    [Contract(59)]
    public async Task Contract_059_a_message_that_is_no_event_goes_to_the_dead_letter_topic()
    {
        await using var host = await PubSubHost.StartSubscribedAsync(deadLetterTopic: "dead");

        host.Broker.Deliver("orders", "plain text"u8.ToArray());

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal("plain text", Encoding.UTF8.GetString(Assert.Single(host.Broker.Published).Data.Span));
    }

    [Theory]
    [InlineData("content-length", "3")]
    [InlineData("Content-Type", "text/html")]
    [InlineData("host", "evil")]
    [InlineData("Transfer-Encoding", "chunked")]
    [InlineData("dapr-api-token", "guess")]
    [InlineData("traceparent", "nonsense")]
    [InlineData("bad name", "x")]
    [InlineData("lines", "a\r\nb: c")]
    [InlineData("umlaut", "ü")]
    [Contract(60)]
    public async Task Contract_060_no_entry_of_the_message_metadata_breaks_the_delivery(string name, string value)
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent), (name, value), ("kept", "yes"));

        var arrival = await host.App.NextAsync();
        Assert.Equal(OrderEvent, Encoding.UTF8.GetString(arrival.Body));
        Assert.Equal("yes", arrival.Headers["kept"]);
        Assert.NotEqual(value, arrival.Headers[name].ToString());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task Messages_of_one_subscription_are_handled_side_by_side_as_the_broker_hands_them_out()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();
        var release = new TaskCompletionSource();
        host.App.Reply = _ => release.Task;

        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));
        host.Broker.Deliver("orders", Encoding.UTF8.GetBytes(OrderEvent));
        await host.App.NextAsync();
        await host.App.NextAsync();
        release.SetResult();

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    private static Task<PubSubHost> StartRawAsync() => PubSubHost.StartAsync(new()
    {
        Declared = [PubSubHost.Declare("orders", "/orders") with { Metadata = new Dictionary<string, string> { ["rawPayload"] = "true" } }],
    });

    [Fact]
    [Contract(53)]
    public async Task A_message_in_binary_mode_is_routed_by_its_metadata_and_delivered_as_bare_data()
    {
        await using var host = await PubSubHost.StartAsync(new() { Declared = [PubSubHost.Declare("orders", "/other", new RouteRule("event.type == \"a\"", "/a"))] });

        host.Broker.Deliver("orders", new byte[] { 0, 255 }, ("content-type", "application/octet-stream"), ("ce_Type", "a"), ("ce_id", "e1"));
        var routed = await host.App.NextAsync();
        host.Broker.Deliver("orders", new byte[] { 1 }, ("content-type", "application/octet-stream"), ("ce_expiration", "2020-01-01T00:00:00Z"));

        Assert.Equal(("/a", "application/cloudevents+json"), (routed.Path, routed.Headers.ContentType.ToString()));
        Assert.Equal([0, 255], routed.Body);
        Assert.Equal((Delivery.Ack, Delivery.Ack), (await host.Broker.NextAnswerAsync(), await host.Broker.NextAnswerAsync()));
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task The_trace_of_an_event_that_has_none_is_that_of_its_message()
    {
        await using var host = await PubSubHost.StartSubscribedAsync();

        host.Broker.Deliver("orders", """{"id":"1"}"""u8.ToArray(), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "a=b"));

        var headers = (await host.App.NextAsync()).Headers;
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", headers["traceparent"].ToString());
        Assert.Equal("a=b", headers["tracestate"]);
    }
}

using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

public sealed partial class OutboxTests
{
    private const string InternalTopic = "apporderoutbox";

    private static readonly (string, string)[] Outbox = [("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order")];

    private readonly FakeClock _clock = new();

    [Fact]
    [Contract(26)]
    public async Task An_upsert_in_a_transaction_is_published_once()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        (await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"k","value":"2","metadata":{"a.b":"x","data":"no","id":"no","type":"order.submitted"}}}]}
            """)).AssertNoContent();

        var message = await SinglePublishedAsync(api);
        Assert.Equal(("broker", "application/cloudevents+json"), (message.Pubsub, message.ContentType));
        Assert.StartsWith("outbox-", message.Id, StringComparison.Ordinal);
        Assert.Equal("2", (string)message.Event["data"]!);
        Assert.Equal("x", (string)message.Event["a.b"]!);
        Assert.Equal("order.submitted", (string)message.Event["type"]!);
        Assert.Equal("app", (string)message.Event["source"]!);
        Assert.Equal("1.0", (string)message.Event["specversion"]!);
        Assert.Equal("text/plain", (string)message.Event["datacontenttype"]!);
        Assert.Equal("2026-01-01T00:00:00Z", (string)message.Event["time"]!);
        Assert.Equal([Delivery.Ack], await Task.WhenAll(api.Topics.Deliveries));
        Assert.Equal(["app||k"], store.Keys);
    }

    [Fact]
    [Contract(27)]
    public async Task A_projection_is_published_in_place_of_what_is_stored()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        (await api.TransactAsync("""
            {"operations":[
              {"operation":"upsert","request":{"key":"k","value":"stored","metadata":{"type":"t","kept":"1"}}},
              {"operation":"upsert","request":{"key":"k","value":{"told":true},"metadata":{"outbox.projection":"true","contentType":"application/json","type":"u"}}}]}
            """)).AssertNoContent();

        var message = await SinglePublishedAsync(api);
        Assert.Equal("""{"told":true}""", message.Event["data"]!.ToJsonString());
        Assert.Equal(("u", "1"), ((string)message.Event["type"]!, (string)message.Event["kept"]!));
        Assert.False(message.Event.ContainsKey("outbox.projection"));
        Assert.Equal("\"stored\"", store.Text("app||k"));
    }

    [Theory]
    [InlineData("""{"key":"k","value":{"b":1,"a":"x"},"contentType":"application/json"}""", """{"a":"x","b":1}""", "application/json")]
    [InlineData("""{"key":"k","value":[1,2],"metadata":{"contentType":"application/json; charset=utf-8"}}""", "[1,2]", "application/json; charset=utf-8")]
    [InlineData("""{"key":"k","value":{"b":1,"a":"x"}}""", "\"map[a:x b:1]\"", "text/plain")]
    [InlineData("""{"key":"k","contentType":"text/csv"}""", "\"\\u003Cnil\\u003E\"", "text/csv")]
    public async Task Data_is_json_with_that_content_type_and_text_otherwise(string item, string data, string contentType)
    {
        await using var api = await StartAsync(new MemoryStateStore());
        await api.TransactAsync($$"""{"operations":[{"operation":"upsert","request":{{item}}}]}""");
        var message = await SinglePublishedAsync(api);
        Assert.Equal(data, message.Event["data"]!.ToJsonString());
        Assert.Equal(contentType, (string)message.Event["datacontenttype"]!);
    }

    [Fact]
    [Contract(28)]
    public async Task A_delete_publishes_nothing()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        await api.SaveAsync("""[{"key":"k","value":1}]""");
        (await api.TransactAsync("""{"operations":[{"operation":"delete","request":{"key":"k"}}]}""")).AssertNoContent();
        Assert.Empty(store.Keys);
        Assert.Empty(api.Topics.On(InternalTopic));
    }

    [Fact]
    public async Task A_plain_save_publishes_nothing()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        (await api.SaveAsync("""[{"key":"k","value":1}]""")).AssertNoContent();
        Assert.Empty(api.Topics.On(InternalTopic));
    }

    [Fact]
    public async Task The_trace_of_the_caller_goes_on_in_the_event()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        await api.SendAsync(
            HttpMethod.Post, "/v1.0/state/store/transaction", """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}""",
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "vendor=1"));
        var message = await SinglePublishedAsync(api);
        var traceParent = (string)message.Event["traceparent"]!;
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", traceParent, StringComparison.Ordinal);
        Assert.EndsWith("-01", traceParent, StringComparison.Ordinal);
        Assert.Equal((traceParent, "vendor=1"), ((string)message.Event["traceid"]!, (string)message.Event["tracestate"]!));
    }

    [Fact]
    public async Task Brokers_topics_and_namespace_follow_the_component()
    {
        var store = new MemoryStateStore();
        await using var api = await StateApi.StartAsync(
            [("store", store, [.. Outbox, ("outboxPubsub", "inner")])], _clock, environment: new Dictionary<string, string> { ["NAMESPACE"] = "prod" });
        Assert.Equal(["inner/prodapporderoutbox"], api.Topics.Subscribed);
        await TransactAsync(api, "k");
        Assert.Equal("inner", Assert.Single(api.Topics.On("prodapporderoutbox")).Pubsub);
        Assert.Equal("broker", (await SinglePublishedAsync(api)).Pubsub);
    }

    [Fact]
    public async Task Nothing_is_written_when_the_event_cannot_be_put_on_the_internal_topic()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var left = 1;
        api.Topics.Refuse = message => message.Topic == InternalTopic && left-- == 0 ? "broker is away" : null;
        var reply = await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"a","value":1}},{"operation":"upsert","request":{"key":"b","value":1}}]}
            """);
        Assert.Equal("error while publishing outbox message: broker is away", reply.AssertError(500, "ERR_PUBLISH_OUTBOX"));
        Assert.Equal("DAPR_PUBSUB_OUTBOX", (string)reply.Json["details"]![0]!["reason"]!);
        Assert.Empty(store.Keys);

        // The first event was on the topic already: it is dropped, and not by waiting for a clock that stands still.
        Assert.Equal([Delivery.Ack], await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the end of the first event"));
        Assert.Empty(api.Topics.On("order"));
    }

    [Fact]
    public async Task The_event_of_a_refused_transaction_is_dropped_at_once()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        (await api.TransactAsync("""{"operations":[{"operation":"upsert","request":{"key":"k","value":1,"etag":"old"}}]}"""))
            .AssertError(500, "ERR_STATE_TRANSACTION");
        Assert.Equal([Delivery.Ack], await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the event's end"));
        Assert.Empty(api.Topics.On("order"));
    }

    [Fact]
    public async Task An_event_is_published_if_the_store_kept_its_marker_though_it_refused_the_transaction()
    {
        await using var api = await StartAsync(new MemoryStateStore { KeepsHalfOfRefusedTransactions = true });
        (await api.TransactAsync("""{"operations":[{"operation":"upsert","request":{"key":"k","value":1,"etag":"old"}}]}"""))
            .AssertError(500, "ERR_STATE_TRANSACTION");
        await SinglePublishedAsync(api);
    }

    private Task<StateApi> StartAsync(MemoryStateStore store) => StateApi.StartAsync([("store", store, Outbox)], _clock);

    private static async Task TransactAsync(StateApi api, string key) =>
        (await api.TransactAsync($$"""{"operations":[{"operation":"upsert","request":{"key":"{{key}}","value":"v"} }]}""")).AssertNoContent();

    private static async Task<FakeTopics.Published> SinglePublishedAsync(StateApi api)
    {
        await Eventually.TrueAsync(() => api.Topics.On("order").Count > 0, "an event on the target topic");
        await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the end of all deliveries");
        return Assert.Single(api.Topics.On("order"));
    }
}

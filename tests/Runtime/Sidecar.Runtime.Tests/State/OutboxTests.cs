using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.State.Outbox;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

public sealed class OutboxTests
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

    [Fact]
    public async Task An_event_that_arrives_before_its_transaction_is_done_waits_for_it_without_a_clock()
    {
        var gate = new TaskCompletionSource();
        await using var api = await StartAsync(new MemoryStateStore { TransactionGate = gate.Task });
        var transaction = TransactAsync(api, "k");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the event waits");
        Assert.Empty(api.Topics.On("order"));
        gate.SetResult();
        await transaction;
        await SinglePublishedAsync(api);
    }

    [Fact]
    public async Task A_marker_is_looked_for_on_the_schedule_until_ten_seconds_are_over()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var delivery = api.Topics.Deliver(Foreign("outbox-1"));
        foreach (var step in new[] { 1.0, 0.5, 1.5, 3, 3, 1 })
        {
            await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, $"a pause of {step} s");
            _clock.Advance(TimeSpan.FromSeconds(step) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(1, _clock.ArmedTimers);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(Delivery.Ack, await delivery.WithinAsync("the end of the delivery"));
        Assert.Equal("outbox-1", Assert.Single(api.Topics.On(InternalTopic)).Id);
        Assert.Empty(api.Topics.On("order"));
    }

    [Fact]
    public async Task A_marker_of_another_replica_is_found_when_it_comes_late()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var delivery = api.Topics.Deliver(Foreign("outbox-1"));
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the event waits");
        await store.SetAsync(new Components.State.StateUpsert("outbox-1", "0"u8.ToArray()), CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Delivery.Ack, await delivery.WithinAsync("the event's end"));
        Assert.Equal("outbox-1", Assert.Single(api.Topics.On("order")).Id);
        Assert.Empty(store.Keys);
    }

    [Fact]
    public async Task An_event_without_a_marker_is_dropped_in_the_end_if_the_component_says_so()
    {
        await using var api = await StateApi.StartAsync(
            [("store", new MemoryStateStore(), [.. Outbox, ("outboxDiscardWhenMissingState", "true")])], _clock);
        var delivery = api.Topics.Deliver(Foreign("outbox-1"));
        await RunOutScheduleAsync(delivery);
        Assert.Equal(Delivery.Ack, await delivery.WithinAsync("the event's end"));
        Assert.Empty(api.Topics.On("order"));
        Assert.Empty(api.Topics.On(InternalTopic));
    }

    [Fact]
    public async Task One_event_that_waits_delays_no_other()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var waiting = api.Topics.Deliver(Foreign("outbox-lost"));
        for (var order = 0; order < 99; order++)
            await TransactAsync(api, $"k{order}");
        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 99, "99 events while one waits, with the clock standing still");
        Assert.Equal(99, api.Topics.On("order").Select(message => message.Id).Distinct().Count());
        Assert.False(waiting.IsCompleted);
        await RunOutScheduleAsync(waiting);
        Assert.Equal(Delivery.Ack, await waiting.WithinAsync("the end of the delivery"));
        Assert.Single(api.Topics.On(InternalTopic), message => message.Id == "outbox-lost");
    }

    [Fact]
    public async Task Events_that_no_transaction_ever_follows_leave_places_for_those_that_can_go_on()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var lost = Enumerable.Range(0, 200).Select(number => api.Topics.Deliver(Foreign($"outbox-lost-{number}"))).ToList();

        // The broker has its places back after a second, but for some that wait; and one of another replica is still found when it comes again.
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 200, "all to wait");
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => lost.Count(delivery => delivery.IsCompleted) == 200 - MissingMarkers.MostWaiting, "most of the 200 to go to the end of the topic");
        Assert.Equal(200 - MissingMarkers.MostWaiting, api.Topics.On(InternalTopic).Count);
        var early = api.Topics.Deliver(Foreign("outbox-other"));
        await Eventually.TrueAsync(() => _clock.ArmedTimers == MissingMarkers.MostWaiting + 1, "an event that finds no place to wait a second");
        await store.SetAsync(new Components.State.StateUpsert("outbox-other", "0"u8.ToArray()), CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Delivery.Ack, await early.WithinAsync("that event"));
        Assert.Equal("outbox-other", Assert.Single(api.Topics.On("order")).Id);

        foreach (var delivery in lost)
            await RunOutScheduleAsync(delivery);
        Assert.True(await GoesRoundAsync(api, "outbox-late"));
    }

    [Fact]
    public async Task An_event_whose_marker_is_missing_for_ten_minutes_is_dropped()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        Assert.True(await GoesRoundAsync(api, "outbox-1"));
        _clock.Advance(MissingMarkers.Patience - TimeSpan.FromSeconds(15));
        Assert.True(await GoesRoundAsync(api, "outbox-1"));
        Assert.False(await GoesRoundAsync(api, "outbox-1"));

        // Nothing is remembered of it.
        Assert.True(await GoesRoundAsync(api, "outbox-1"));
        Assert.Empty(api.Topics.On("order"));
    }

    [Fact]
    public async Task An_event_is_not_dropped_while_its_transaction_is_still_under_way()
    {
        var gate = new TaskCompletionSource();
        var store = new MemoryStateStore { TransactionGate = gate.Task };
        await using var api = await StateApi.StartAsync([("store", store, [.. Outbox, ("outboxDiscardWhenMissingState", "true")])], _clock);
        var transaction = TransactAsync(api, "k");
        await Eventually.TrueAsync(() => api.Topics.Deliveries.Count == 1, "the delivery of the event");
        await RunOutScheduleAsync(api.Topics.Deliveries[0]);
        Assert.Equal(Delivery.Ack, await api.Topics.Deliveries[0].WithinAsync("the end of the delivery"));

        gate.SetResult();
        await transaction;
        Assert.Equal(Delivery.Ack, await api.Topics.Deliver(api.Topics.On(InternalTopic)[1]).WithinAsync("the second delivery"));
        Assert.Single(api.Topics.On("order"));
    }

    [Fact]
    public async Task Killed_between_publishing_and_deleting_the_marker_the_event_comes_again_under_the_same_id()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        var published = 0;
        api.Topics.Refuse = message =>
        {
            // What a kill leaves behind: the event is out, the marker is still there, nothing is acknowledged.
            if (message.Topic == "order" && ++published == 1)
                store.Fault = new ComponentException("killed");
            return null;
        };
        await TransactAsync(api, "k");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the interrupted delivery to wait for another attempt");

        store.Fault = null;
        Assert.Equal(Delivery.Ack, await api.Topics.Deliver(api.Topics.On(InternalTopic).Single()).WithinAsync("the second delivery"));
        var ids = api.Topics.On("order").Select(message => message.Id).ToList();
        Assert.Equal(2, ids.Count);
        Assert.Single(ids.Distinct());
        Assert.Equal(["app||k"], store.Keys);
    }

    [Fact]
    public async Task An_event_that_cannot_go_on_because_the_store_fails_is_tried_again_where_it_is()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        await store.SetAsync(new Components.State.StateUpsert("outbox-1", "0"u8.ToArray()), CancellationToken.None);
        store.Fault = new ComponentException("away");
        var delivery = api.Topics.Deliver(Foreign("outbox-1"));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "a pause after the failure");
            if (attempt == 2)
                store.Fault = null;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Delivery.Ack, await delivery.WithinAsync("the event's end"));
        Assert.Equal("outbox-1", Assert.Single(api.Topics.On("order")).Id);
    }

    [Fact]
    public async Task An_event_that_the_target_refuses_goes_to_the_end_of_the_topic_and_keeps_its_marker()
    {
        var store = new MemoryStateStore();
        await using var api = await StartAsync(store);
        api.Topics.Refuse = message => message.Topic == "order" ? "away" : null;
        await TransactAsync(api, "k");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "a pause after the refusal");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([Delivery.Ack], await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the end of the delivery"));
        Assert.Equal(2, api.Topics.On(InternalTopic).Count);
        Assert.Equal(["app||k", api.Topics.On(InternalTopic)[1].Id], store.Keys);

        api.Topics.Refuse = _ => null;
        Assert.Equal(Delivery.Ack, await api.Topics.Deliver(api.Topics.On(InternalTopic)[1]).WithinAsync("the second delivery"));
        Assert.Single(api.Topics.On("order"));
        Assert.Equal(["app||k"], store.Keys);
    }

    [Fact]
    public async Task An_event_that_the_target_and_its_own_topic_refuse_is_held_until_one_takes_it()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        var published = 0;
        api.Topics.Refuse = message => message.Topic == InternalTopic && Interlocked.Increment(ref published) == 1 ? null : "away";
        await TransactAsync(api, "k");
        for (var pause = 0; pause < 5; pause++)
        {
            await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "a pause after the refusals");
            Assert.False(api.Topics.Deliveries[0].IsCompleted);
            if (pause == 4)
                api.Topics.Refuse = _ => null;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await api.Topics.Deliveries[0].WithinAsync("the end of the delivery");
    }

    [Fact]
    public async Task Stores_with_one_internal_topic_share_its_consumer()
    {
        var one = new MemoryStateStore();
        var two = new MemoryStateStore();
        await using var api = await StateApi.StartAsync([("one", one, Outbox), ("two", two, Outbox)], _clock);
        const string Operations = """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}""";
        (await api.PostAsync("/v1.0/state/one/transaction", Operations)).AssertNoContent();
        (await api.PostAsync("/v1.0/state/two/transaction", Operations)).AssertNoContent();
        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 2, "the events of both stores");
        await Task.WhenAll(api.Topics.Deliveries).WithinAsync("both deliveries");
        Assert.Equal(["app||k"], one.Keys);
        Assert.Equal(["app||k"], two.Keys);
    }

    [Fact]
    public async Task A_message_that_is_no_event_is_dropped()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        var message = Foreign("x");
        foreach (var text in new[] { "{}", "[]", "no json", """{"id":1}""", "" })
        {
            var delivery = api.Topics.Deliver(message with { Data = System.Text.Encoding.UTF8.GetBytes(text) });
            Assert.Equal(Delivery.Ack, await delivery.WithinAsync($"the end of '{text}'"));
        }
    }

    [Fact]
    public async Task A_stop_ends_the_subscriptions()
    {
        await using var api = await StartAsync(new MemoryStateStore());
        Assert.Equal([$"broker/{InternalTopic}"], api.Topics.Subscribed);
        await api.StopFeaturesAsync();
        Assert.Empty(api.Topics.Subscribed);
    }

    [Fact]
    public async Task A_stop_puts_events_that_wait_at_the_end_of_the_topic_instead_of_waiting_with_them()
    {
        var gate = new TaskCompletionSource();
        await using var api = await StartAsync(new MemoryStateStore { TransactionGate = gate.Task });
        var foreign = api.Topics.Deliver(Foreign("outbox-1"));
        var transaction = TransactAsync(api, "k");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 2, "both events wait");
        await api.StopFeaturesAsync().WithinAsync("the stop, with the clock standing still");
        Assert.Equal(Delivery.Ack, await foreign.WithinAsync("the event of another life"));
        Assert.All(await Task.WhenAll(api.Topics.Deliveries).WithinAsync("the event of the open transaction"), delivery => Assert.Equal(Delivery.Ack, delivery));

        // For the next life: the one's only publication here, the other's second.
        Assert.Equal(3, api.Topics.On(InternalTopic).Count);
        Assert.Equal(2, api.Topics.On(InternalTopic).Select(message => message.Id).Distinct().Count());
        gate.SetResult();
        await transaction;
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

    /// <summary>An event of which this sidecar knows nothing, as after a restart.</summary>
    private static FakeTopics.Published Foreign(string id)
    {
        var data = System.Text.Encoding.UTF8.GetBytes($$"""{"data":{"id":"inner"},"id":"{{id}}"}""");
        return new FakeTopics.Published("broker", InternalTopic, null, new JsonObject { ["id"] = id }, data);
    }

    /// <summary>Delivers the event, and lets the time for its search pass; whether it is at the end of the topic afterwards.</summary>
    private async Task<bool> GoesRoundAsync(StateApi api, string id)
    {
        var before = api.Topics.On(InternalTopic).Count;
        var delivery = api.Topics.Deliver(Foreign(id));
        await RunOutScheduleAsync(delivery);
        Assert.Equal(Delivery.Ack, await delivery.WithinAsync($"the end of {id}"));
        return api.Topics.On(InternalTopic).Count > before;
    }

    private async Task RunOutScheduleAsync(Task delivery)
    {
        while (true)
        {
            await Eventually.TrueAsync(() => delivery.IsCompleted || _clock.ArmedTimers > 0, "a pause between two looks, or the end of them");
            if (delivery.IsCompleted)
                return;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }
}

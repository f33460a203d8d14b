using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.State.Outbox;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

// The second half: events on the internal topic wait for their transactions.
public sealed partial class OutboxTests
{
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
        await Eventually.TrueAsync(() => store.Fault is not null && _clock.ArmedTimers == 1, "the interrupted delivery to wait for another attempt");

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
        var refused = 0;
        api.Topics.Refuse = message => message.Topic == "order" && Interlocked.Increment(ref refused) > 0 ? "away" : null;
        await TransactAsync(api, "k");
        await Eventually.TrueAsync(() => Volatile.Read(ref refused) == 1 && _clock.ArmedTimers == 1, "a pause after the refusal");
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

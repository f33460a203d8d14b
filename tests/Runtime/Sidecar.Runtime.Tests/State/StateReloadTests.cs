using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>State stores and their outboxes while a reload adds, replaces and removes components.</summary>
public sealed class StateReloadTests
{
    private const string Transaction = """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}""";

    [Fact]
    [Contract(157)]
    public async Task Stores_are_configured_as_soon_as_there_is_one_and_no_longer_when_the_last_is_gone()
    {
        await using var api = await StateApi.StartAsync([]);
        (await api.SaveAsync("[]")).AssertError(500, "ERR_STATE_STORE_NOT_CONFIGURED");

        var component = StateApi.Component("store", new MemoryStateStore(), Array.Empty<(string, string)>());
        await api.AddAsync(component);
        (await api.SaveAsync("""[{"key":"k","value":1}]""")).AssertNoContent();
        (await api.PostAsync("/v1.0/state/unknown", "[]")).AssertError(400, "ERR_STATE_STORE_NOT_FOUND");

        await api.RemoveAsync(component);
        (await api.GetAsync("/v1.0/state/store/k")).AssertError(500, "ERR_STATE_STORE_NOT_CONFIGURED");
    }

    [Fact]
    public async Task A_replaced_store_gives_place_to_its_successor_without_a_gap()
    {
        var (oldStore, newStore) = (new MemoryStateStore(), new MemoryStateStore());
        var old = WithOutbox(oldStore);
        await using var api = await StateApi.StartLoadedAsync([old]);
        await api.SaveAsync("""[{"key":"k","value":1}]""");

        var successor = StateApi.Component("store", newStore, ("keyPrefix", "none"), ("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order"));
        await api.ReplaceAsync(old, successor, async () =>
        {
            (await api.GetAsync("/v1.0/state/store/k")).AssertNoContent();
            (await api.SaveAsync("""[{"key":"k","value":2}]""")).AssertNoContent();
            Assert.Equal(["broker/apporderoutbox"], api.Topics.Subscribed);
        });

        (await api.TransactAsync(Transaction)).AssertNoContent();
        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 1, "the event of the successor's outbox");
        await Eventually.TrueAsync(() => newStore.Keys.SequenceEqual(["k"]), "the end of the event's marker");
        Assert.Equal(["app||k"], oldStore.Keys);
    }

    [Fact]
    public async Task An_outbox_that_is_added_publishes_and_one_that_is_removed_no_longer_consumes()
    {
        await using var api = await StateApi.StartAsync([]);
        var component = WithOutbox(new MemoryStateStore());
        await api.AddAsync(component);
        Assert.Equal(["broker/apporderoutbox"], api.Topics.Subscribed);
        (await api.TransactAsync(Transaction)).AssertNoContent();
        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 1, "the event");

        await api.RemoveAsync(component);
        Assert.Empty(api.Topics.Subscribed);
    }

    [Fact]
    public async Task A_store_that_joins_an_outbox_of_others_is_looked_into_without_a_new_subscription()
    {
        var (first, second) = (new MemoryStateStore(), new MemoryStateStore());
        await using var api = await StateApi.StartLoadedAsync([WithOutbox(first)]);
        await api.AddAsync(WithOutbox(second, "other"));
        Assert.Single(api.Topics.Subscribed);
        (await api.PostAsync("/v1.0/state/other/transaction", Transaction)).AssertNoContent();
        await Eventually.TrueAsync(() => api.Topics.On("order").Count == 1, "the event of the second store");
    }

    [Fact]
    public async Task The_subscription_of_an_outbox_ends_with_its_broker_and_comes_back_with_it()
    {
        await using var api = await StateApi.StartLoadedAsync([WithOutbox(new MemoryStateStore())]);
        var broker = StateApi.Component("broker", new NoBroker(), Array.Empty<(string, string)>());
        await api.RemoveAsync(broker);
        Assert.Empty(api.Topics.Subscribed);
        await api.AddAsync(broker);
        Assert.Equal(["broker/apporderoutbox"], api.Topics.Subscribed);
    }

    [Fact]
    public async Task An_event_whose_store_has_just_gone_is_kept_on_its_topic()
    {
        var gate = new TaskCompletionSource();
        var store = new MemoryStateStore { TransactionGate = gate.Task };
        var component = WithOutbox(store);
        var clock = new FakeClock();
        await using var api = await StateApi.StartLoadedAsync([component], clock);
        var transaction = api.TransactAsync(Transaction);
        await Eventually.TrueAsync(() => api.Topics.Deliveries.Count == 1, "the event waits for its transaction");
        var message = api.Topics.On("apporderoutbox").Single();
        store.Fault = new ComponentException("closed");
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.BeforeGet = _ =>
        {
            looked.TrySetResult();
            return Task.CompletedTask;
        };
        gate.SetResult();
        await transaction;

        // Until then, a timer may still be the one of the wait for the transaction.
        await looked.Task.WithinAsync("the look for the event's marker");
        await Eventually.TrueAsync(() => clock.ArmedTimers == 1, "a pause before the event is tried again");

        await api.RemoveAsync(component);
        Assert.Empty(api.Topics.Subscribed);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Delivery.Ack, await api.Topics.Deliveries[0].WithinAsync("the event's way to the end of its topic"));
        Assert.Equal(2, api.Topics.On("apporderoutbox").Count);
        store.Fault = null;
        await store.SetAsync(new Components.State.StateUpsert(message.Id, "0"u8.ToArray()), CancellationToken.None);
        await api.AddAsync(WithOutbox(store));
        Assert.Equal(Delivery.Ack, await api.Topics.Deliver(message).WithinAsync("the event with the store back"));
        Assert.Equal(message.Id, Assert.Single(api.Topics.On("order")).Id);
    }

    private static LoadedComponent WithOutbox(MemoryStateStore store, string name = "store") =>
        StateApi.Component(name, store, ("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order"));

    /// <summary>Stands for a pub/sub component; the fake topics need none.</summary>
    private sealed class NoBroker : IPubSub
    {
        public PubSubFeatures Features => PubSubFeatures.None;

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

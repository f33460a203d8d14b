using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>The state block on the embedded drivers.</summary>
public sealed class SqliteStateTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<IComponent> _components = [];
    private readonly SharedResources _shared = new();

    [Fact]
    [Contract(2, 6, 8)]
    public async Task Saves_deletes_and_etags()
    {
        await using var api = await StateApi.StartAsync(await OpenAsync<IStateStore>("state.sqlite"));
        (await api.SaveAsync("""[{"key":"k","value":{"b":"<","a":1}}]""")).AssertNoContent();
        var first = await api.GetAsync("/v1.0/state/store/k");
        Assert.Equal("""{"a":1,"b":"\u003c"}""", first.Body);
        Assert.True(Guid.TryParse(first.ETag, out _));

        (await api.SaveAsync($$"""[{"key":"k","value":2,"etag":"{{first.ETag}}"}]""")).AssertNoContent();
        (await api.SaveAsync($$"""[{"key":"k","value":3,"etag":"{{first.ETag}}"}]""")).AssertError(409, "ERR_STATE_SAVE");
        (await api.SaveAsync("""[{"key":"k","value":3,"options":{"concurrency":"first-write"}}]""")).AssertError(409, "ERR_STATE_SAVE");
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k", null, ("If-Match", first.ETag!))).AssertError(409, "ERR_STATE_DELETE");
        (await api.SendAsync(HttpMethod.Delete, "/v1.0/state/store/k")).AssertNoContent();
        (await api.GetAsync("/v1.0/state/store/k")).AssertNoContent();
    }

    [Fact]
    [Contract(9)]
    public async Task A_refused_transaction_leaves_nothing_behind()
    {
        await using var api = await StateApi.StartAsync(await OpenAsync<IStateStore>("state.sqlite"));
        (await api.TransactAsync("""
            {"operations":[{"operation":"upsert","request":{"key":"a","value":1}},{"operation":"upsert","request":{"key":"b","value":1,"etag":"11111111-1111-1111-1111-111111111111"}}]}
            """)).AssertError(500, "ERR_STATE_TRANSACTION");
        (await api.GetAsync("/v1.0/state/store/a")).AssertNoContent();
    }

    [Fact]
    [Contract(15, 16)]
    public async Task A_time_to_live_shows_and_the_next_save_clears_it()
    {
        await using var api = await StateApi.StartAsync(await OpenAsync<IStateStore>("state.sqlite"));
        await api.SaveAsync("""[{"key":"k","value":1,"metadata":{"ttlInSeconds":"300"}}]""");
        var expiry = DateTimeOffset.Parse((await api.GetAsync("/v1.0/state/store/k")).Headers["metadata.ttlExpireTime"], CultureInfo.InvariantCulture);
        Assert.InRange(expiry - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(200), TimeSpan.FromSeconds(301));
        await api.SaveAsync("""[{"key":"k","value":1}]""");
        Assert.DoesNotContain("metadata.ttlExpireTime", (await api.GetAsync("/v1.0/state/store/k")).Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    [Contract(24)]
    public async Task An_encrypted_value_lies_in_the_file_as_an_official_sidecar_writes_it()
    {
        var store = await OpenAsync<IStateStore>("state.sqlite");
        var key = new ComponentMetadataItem("primaryEncryptionKey", "000102030405060708090a0b0c0d0e0f", new SecretKeyRef("first", "first"), null);
        await using var api = await StateApi.StartLoadedAsync([StateApi.Component("store", store, key)]);
        (await api.SaveAsync("""[{"key":"k","value":"value1"}]""")).AssertNoContent();
        Assert.Equal("value1", (await api.GetAsync("/v1.0/state/store/k")).Body);

        await using var file = new SqliteConnection($"Data Source={_folder.File("state.sqlite.db")};Pooling=False");
        await file.OpenAsync();
        await using var command = file.CreateCommand();
        command.CommandText = "SELECT value, is_binary FROM state WHERE key='app||k'";
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        Assert.True(row.GetBoolean(1));
        Assert.EndsWith("||first", Encoding.UTF8.GetString(Convert.FromBase64String(row.GetString(0))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_hundred_events_one_without_a_marker_delays_none_of_the_others()
    {
        var store = await OpenAsync<IStateStore>("state.sqlite");
        var topics = new BrokerTopics(await OpenAsync<IPubSub>("pubsub.sqlite"));
        await using var api = await StartWithOutboxAsync(store, topics, new FakeClock());
        var received = await topics.CollectAsync("order");
        await topics.PublishAsync("broker", "apporderoutbox", """{"id":"outbox-lost"}"""u8.ToArray(), null, ReadOnlyDictionary<string, string>.Empty, CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, 99).Select(async order =>
            (await api.TransactAsync($$"""{"operations":[{"operation":"upsert","request":{"key":"k{{order}}","value":1} }]}""")).AssertNoContent()));
        await Eventually.TrueAsync(() => received.Distinct().Count() == 99, "99 events, while the sidecar's clock keeps the other one waiting");
        await api.StopFeaturesAsync();
    }

    [Fact]
    public async Task An_event_not_passed_on_in_one_life_is_passed_on_in_the_next()
    {
        var store = await OpenAsync<IStateStore>("state.sqlite");
        var topics = new BrokerTopics(await OpenAsync<IPubSub>("pubsub.sqlite")) { Refused = "order" };
        await using (var first = await StartWithOutboxAsync(store, topics))
        {
            (await first.TransactAsync("""{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}""")).AssertNoContent();
            await topics.RefusedOne.WithinAsync("an attempt to pass the event on");
            await first.StopFeaturesAsync();
        }

        topics.Refused = null;
        var received = await topics.CollectAsync("order");
        await using var second = await StartWithOutboxAsync(store, topics);
        await Eventually.TrueAsync(() => received.Count == 1, "the event in the second life");
        Assert.StartsWith("outbox-", received.Single(), StringComparison.Ordinal);
        await second.StopFeaturesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _components.Reverse();
        foreach (var component in _components)
            await component.DisposeAsync();
        _folder.Dispose();
    }

    private static Task<StateApi> StartWithOutboxAsync(IStateStore store, ITopics topics, TimeProvider? time = null) => StateApi.StartAsync(
        [("store", store, [("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "order")])], time, topics: topics);

    private async Task<T> OpenAsync<T>(string type)
        where T : class, IComponent
    {
        var component = (T)ComponentCatalog.Default.Find(type, "v1")!.Create();
        _components.Add(component);
        await component.InitAsync(
            new ComponentContext
            {
                Name = type,
                AppId = "app",
                Metadata = new ComponentMetadata([KeyValuePair.Create("connectionString", _folder.File($"{type}.db"))]),
                BaseDirectory = _folder.Path,
                Shared = _shared,
                Logger = NullLogger.Instance,
            },
            CancellationToken.None);
        return component;
    }

    /// <summary>Topics straight on a driver.</summary>
    private sealed class BrokerTopics(IPubSub broker) : ITopics
    {
        private readonly TaskCompletionSource _refusedOne = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>A topic that cannot be published to.</summary>
        public string? Refused { get; set; }

        public Task RefusedOne => _refusedOne.Task;

        public async ValueTask<DaprError?> PublishAsync(
            string pubsubName, string topic, ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
        {
            if (topic == Refused)
            {
                _refusedOne.TrySetResult();
                return CommonErrors.Unclassified("refused");
            }

            await broker.PublishAsync(new PubSubMessage(topic, data, contentType, metadata), cancellationToken);
            return null;
        }

        public Task<IAsyncDisposable> SubscribeAsync(string pubsubName, string topic, int atOnce, PubSubHandler handler, CancellationToken cancellationToken) =>
            broker.SubscribeAsync(new PubSubSubscription(topic, ReadOnlyDictionary<string, string>.Empty) { BatchSize = atOnce }, handler, cancellationToken);

        /// <summary>The ids of the events on a topic, as they come.</summary>
        public async Task<ConcurrentQueue<string>> CollectAsync(string topic)
        {
            var ids = new ConcurrentQueue<string>();
            await SubscribeAsync("broker", topic, 1, (message, _) =>
            {
                ids.Enqueue((string)JsonNode.Parse(message.Data.Span)!["id"]!);
                return ValueTask.FromResult(Delivery.Ack);
            }, CancellationToken.None);
            return ids;
        }
    }
}

using System.Text;
using System.Threading.Channels;
using Sidecar.Components.PubSub;
using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>Brokers on one file, each as if it were in a process of its own, and what their subscribers got.</summary>
public abstract class SqliteTopicsTest : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _open = [];
    private RawDatabase? _raw;

    private protected FakeClock Clock { get; } = new();

    private protected Channel<string> Arrived { get; } = Channel.CreateUnbounded<string>();

    private protected RawDatabase Raw => _raw ??= new RawDatabase(_folder.File("topics.db"));

    private protected long Now => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _raw?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Each component has shared resources of its own, as if it were in a process of its own.</summary>
    private protected async Task<SqlitePubSub> OpenAsync(TimeProvider? clock, params (string, string)[] metadata)
    {
        var pubSub = new SqlitePubSub();
        await pubSub.InitAsync(Contexts.For(_folder, time: clock, metadata: [("connectionString", "topics.db"), .. metadata]), CancellationToken.None);
        _open.Add(pubSub);
        return pubSub;
    }

    private protected async Task<IAsyncDisposable> SubscribeAsync(SqlitePubSub pubSub, PubSubHandler? handler = null)
    {
        var subscription = await pubSub.SubscribeAsync(new PubSubSubscription("t", Nothing), handler ?? Take, CancellationToken.None);
        _open.Add(subscription);
        return subscription;
    }

    private ValueTask<Delivery> Take(PubSubMessage message, CancellationToken cancellationToken)
    {
        Arrived.Writer.TryWrite(Encoding.UTF8.GetString(message.Data.Span));
        return ValueTask.FromResult(Delivery.Ack);
    }

    private protected Task<string> NextAsync(string what) => Arrived.Reader.ReadAsync().AsTask().WithinAsync(what);

    private protected static async Task PublishAsync(SqlitePubSub pubSub, string text, TimeSpan? timeToLive = null, string topic = "t") =>
        await pubSub.PublishAsync(new PubSubMessage(topic, Encoding.UTF8.GetBytes(text), null, Nothing) { TimeToLive = timeToLive }, CancellationToken.None);

    /// <summary>As if that process had claimed the first message for the group of the app.</summary>
    private protected void LeaseTo(BrokerOwner owner, long visibleAt)
    {
        Raw.Execute("INSERT OR IGNORE INTO pubsub_groups(topic, consumer_group, position) VALUES ('t', 'app', 0)");
        Raw.Execute("UPDATE pubsub_groups SET position=1 WHERE position=0");
        Raw.Execute($"INSERT INTO pubsub_consumers(id, owner, port) VALUES (77, '{owner}', 0)");
        Raw.Execute($"INSERT INTO pubsub_leases(group_id, message_id, consumer_id, visible_at, attempts) SELECT id, 1, 77, {visibleAt}, 1 FROM pubsub_groups WHERE topic='t'");
    }
}

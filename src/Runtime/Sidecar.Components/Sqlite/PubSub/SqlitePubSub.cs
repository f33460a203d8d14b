using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// <c>pubsub.sqlite</c>: topics in a SQLite file, for the processes of one machine. At least once; a new consumer group
/// starts at the oldest retained message; first deliveries begin in the order of publishing; a message that fails steps
/// aside for its retry and delays no other. What was published is kept when processes are killed.
/// </summary>
internal sealed class SqlitePubSub : IPubSub, IBulkPublisher
{
    private SqliteTopicOptions _options = null!;
    private ILogger _logger = null!;
    private SharedLease<SqliteFile>? _file;
    private SharedLease<SqliteBroker>? _broker;

    public PubSubFeatures Features => PubSubFeatures.MessageTtl | PubSubFeatures.BulkPubSub;

    private SqliteBroker Broker => _broker!.Value;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        var fileOptions = SqliteConnectionString.Read(context) with { SynchronousFull = SqliteFileOptions.ReadSynchronous(context.Metadata) };
        _options = SqliteTopicOptions.Read(context);
        _logger = context.Logger;
        _file = await SqliteFile.OpenAsync(context.Shared, fileOptions, SqliteTopicTables.Create(), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
        var file = _file.Value;
        _broker = context.Shared.Acquire($"{fileOptions.Key}|{_options.Upkeep}", () => new SqliteBroker(file, _options.Upkeep, context.Time, _logger));
    }

    public ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken) => Broker.PublishAsync([message], cancellationToken);

    /// <summary>All in one commit: the file has all of them or none.</summary>
    public async ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        await Broker.PublishAsync(messages, cancellationToken).ConfigureAwait(false);
        return [];
    }

    public async Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        var options = _options with { MaxInFlight = Math.Max(_options.MaxInFlight, subscription.BatchSize) };
        return await Broker.SubscribeAsync(subscription.Topic, options, handler, _logger, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null)
            await _broker.DisposeAsync().ConfigureAwait(false);
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
    }
}

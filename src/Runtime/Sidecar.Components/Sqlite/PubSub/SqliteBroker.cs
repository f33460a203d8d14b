using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// The topics of one file for all components of this process that use it with the same upkeep. As soon as it has a
/// subscription it is known to other processes as a consumer.
/// </summary>
internal sealed class SqliteBroker : IAsyncDisposable
{
    /// <summary>Waiting beats failing here: a claim or an ack has nobody to report a failure to.</summary>
    public static readonly SqliteLimits Limits = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));

    private const string AllTopics = "";

    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _joining = new(1, 1);
    private readonly SqliteBrokerUpkeep _upkeep;
    private readonly SqliteWakeups _wakeups;
    private IReadOnlyList<SqliteSubscription> _subscriptions = [];
    private long? _consumerId;

    public SqliteBroker(SqliteFile file, SqliteUpkeep upkeep, TimeProvider time, ILogger logger)
    {
        (File, Time, _logger) = (file, time, logger);
        _wakeups = new SqliteWakeups(ListConsumersAsync, Wake, time, logger);
        _upkeep = new SqliteBrokerUpkeep(this, upkeep, logger);
    }

    public SqliteFile File { get; }

    public TimeProvider Time { get; }

    public IReadOnlyList<SqliteSubscription> Subscriptions => Volatile.Read(ref _subscriptions);

    /// <param name="messages">Of one topic.</param>
    public async ValueTask PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
            return;
        await File.WriteAsync(new PublishOperation(messages, Time.GetUtcNow()), Limits, cancellationToken).ConfigureAwait(false);
        Announce(messages[0].Topic);
    }

    /// <summary>The topic has something to claim: wakes its subscriptions here, and those of other processes.</summary>
    public void Announce(string topic)
    {
        Wake(topic);
        _wakeups.Announce(topic);
    }

    public async Task<SqliteSubscription> SubscribeAsync(
        string topic, SqliteTopicOptions options, PubSubHandler handler, ILogger logger, CancellationToken cancellationToken)
    {
        var consumerId = await JoinAsync(cancellationToken).ConfigureAwait(false);
        await FreeLeasesOfTheDeadAsync(cancellationToken).ConfigureAwait(false);
        var groupId = await File.WriteAsync(new GroupOperation(topic, options.ConsumerGroup), Limits, cancellationToken).ConfigureAwait(false);
        var subscription = new SqliteSubscription(this, options, new SqliteSubscription.Place(topic, groupId, consumerId), handler, logger);
        lock (_lock)
            Volatile.Write(ref _subscriptions, [.. _subscriptions, subscription]);
        subscription.Start();
        return subscription;
    }

    public void Remove(SqliteSubscription subscription)
    {
        lock (_lock)
            Volatile.Write(ref _subscriptions, [.. _subscriptions.Where(other => other != subscription)]);
    }

    /// <summary>Messages that a killed process had under way need not wait for their time to run out.</summary>
    public async Task FreeLeasesOfTheDeadAsync(CancellationToken cancellationToken)
    {
        var consumers = await ListConsumersAsync(cancellationToken).ConfigureAwait(false);
        List<long> dead = [.. consumers.Where(consumer => consumer.Owner is not { } owner || !owner.Process.IsAlive()).Select(consumer => consumer.Id)];
        if (dead.Count == 0)
            return;
        var freed = await File.WriteAsync(new LeaveOperation(dead, Time.GetUtcNow()), Limits, cancellationToken).ConfigureAwait(false);
        if (freed == 0)
            return;
        SqliteTopicLog.LeasesFreed(_logger, freed);
        Announce(AllTopics);
    }

    public async ValueTask DisposeAsync()
    {
        await _upkeep.DisposeAsync().ConfigureAwait(false);
        await _wakeups.DisposeAsync().ConfigureAwait(false);
        _joining.Dispose();
        if (_consumerId is not { } id)
            return;
        try
        {
            await File.WriteAsync(new LeaveOperation([id], Time.GetUtcNow()), Limits, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ComponentException failure)
        {
            // The next process finds the entry of a dead one and strikes it out.
            SqliteTopicLog.UpkeepFailed(_logger, File.Path, failure);
        }
    }

    private async Task<long> JoinAsync(CancellationToken cancellationToken)
    {
        await _joining.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_consumerId is { } joined)
                return joined;
            _consumerId = await File.WriteAsync(new JoinOperation(BrokerOwner.Create(), _wakeups.Port), Limits, cancellationToken).ConfigureAwait(false);
            _wakeups.Announce(AllTopics);
            return _consumerId.Value;
        }
        finally
        {
            _joining.Release();
        }
    }

    private void Wake(string topic)
    {
        foreach (var subscription in Subscriptions)
        {
            if (topic == AllTopics || topic == subscription.Topic)
                subscription.Wake();
        }
    }

    private Task<IReadOnlyList<SqliteConsumer>> ListConsumersAsync(CancellationToken cancellationToken) =>
        File.ReadAsync(new ListConsumers(), Limits, cancellationToken);
}

using System.Globalization;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Redis;

/// <summary>
/// <c>pubsub.redis</c>: a topic is a stream of that name, in Dapr's own layout. At least once. A message whose handler fails is
/// acknowledged like any other: to try again is the resiliency policy's part. What was neither handled nor refused in time, or
/// was left behind by who died, is claimed by the next who looks.
/// </summary>
internal sealed class RedisPubSub : IPubSub
{
    private readonly Lock _lock = new();
    private readonly List<RedisSubscription> _subscriptions = [];
    private RedisTopicOptions _options = null!;
    private RedisRetries _retries;
    private ILogger _logger = null!;
    private SharedLease<RedisClient>? _client;

    /// <summary>One for each message that the component may handle at the same time.</summary>
    private SemaphoreSlim _places = null!;

    public PubSubFeatures Features => PubSubFeatures.None;

    private RedisClient Client => _client!.Value;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _options = RedisTopicOptions.Read(context);
        _retries = RedisRetries.Read(context.Metadata, TimeSpan.FromMilliseconds(8));
        _logger = context.Logger;
        _places = new SemaphoreSlim(_options.Concurrency);
        _client = RedisClient.Acquire(context, RedisOptions.Read(context.Metadata));
        await Client.WaitUntilReachableAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        RedisArgument[] limits = (_options.MaxLength, _options.StreamTtl) switch
        {
            ( > 0, _) => ["MAXLEN", "~", _options.MaxLength],
            (_, { } ttl) => ["MINID", "~", OldestId(ttl)],
            _ => [],
        };
        var command = new RedisCommand(["XADD", message.Topic, .. limits, .. RedisStreamEntry.Fields(message)]);
        var reply = await Client.ExecuteAsync(command, _retries, cancellationToken).ConfigureAwait(false);
        if (reply.IsError)
            throw RedisErrors.Of(reply);
    }

    public async Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        var group = new RedisConsumerGroup(Client, _retries, subscription.Topic, _options);
        try
        {
            await group.CreateAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ComponentException failure) when (failure.InnerException is RedisConnectionException)
        {
            // The reader goes on to try, and makes the group when it finds none.
            RedisTopicLog.JoinsLater(_logger, subscription.Topic, failure.Message);
        }

        // A batch that is to be collected needs as many places, whatever the others of the component hold.
        var places = subscription.BatchSize > _options.Concurrency ? new SemaphoreSlim(subscription.BatchSize) : _places;
        var joined = new RedisSubscription(Client, group, _options, places, handler, _logger, Remove);
        lock (_lock)
            _subscriptions.Add(joined);
        joined.Start();
        return joined;
    }

    /// <summary>Subscriptions that are still there end first, while they can give back what they hold.</summary>
    public async ValueTask DisposeAsync()
    {
        RedisSubscription[] left;
        lock (_lock)
            left = [.. _subscriptions];
        foreach (var subscription in left)
            await subscription.DisposeAsync().ConfigureAwait(false);
        if (_client is not null)
            await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What it has given back, another of the topic takes up at once.</summary>
    private void Remove(RedisSubscription ended)
    {
        lock (_lock)
        {
            _subscriptions.Remove(ended);
            foreach (var other in _subscriptions.Where(other => other.Topic == ended.Topic))
                other.LookThrough();
        }
    }

    private string OldestId(TimeSpan ttl) =>
        $"{(Client.Time.GetUtcNow() - ttl).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)}-1";
}

using Microsoft.Extensions.Logging;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>The subscriptions that receive messages now, one per component and topic. For one caller at a time.</summary>
internal sealed class ActiveSubscriptions(Brokers brokers, SubscriptionStarter starter, ILogger<ActiveSubscriptions> logger)
{
    private readonly Dictionary<(string Pubsub, string Topic), RunningSubscription> _running = [];

    /// <summary>
    /// Makes what runs what is wanted: (1) ends what nobody wants any more, what its broker must hear of anew, and what hangs
    /// on a component that is gone; (2) reroutes what changed otherwise, and leaves all else alone; (3) starts what is missing.
    /// </summary>
    public async Task BecomeAsync(IReadOnlyList<TopicSubscription> wanted, CancellationToken cancellationToken)
    {
        var next = wanted.ToDictionary(KeyOf);

        // 1. Forgotten only once it has ended, so that a stop that comes meanwhile still waits for it.
        var ending = _running.Where(pair => !CanStay(pair.Value, next.GetValueOrDefault(pair.Key))).ToList();
        await Task.WhenAll(ending.Select(pair => EndAsync(pair.Value))).WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (key, _) in ending)
            _running.Remove(key);

        // 2.
        foreach (var (key, running) in _running.ToList())
        {
            if (running.Subscription.HasSameRoutes(next[key]) || starter.TryReroute(running, next[key]))
                continue;
            await EndAsync(running).WaitAsync(cancellationToken).ConfigureAwait(false);
            _running.Remove(key);
            next.Remove(key);
        }

        // 3.
        var started = await Task.WhenAll(
            next.Where(pair => !_running.ContainsKey(pair.Key)).Select(pair => starter.TryStartAsync(pair.Value, cancellationToken))).ConfigureAwait(false);
        foreach (var running in started.OfType<RunningSubscription>())
            _running[KeyOf(running.Subscription)] = running;
    }

    private bool CanStay(RunningSubscription running, TopicSubscription? next) =>
        next is not null && !running.IsEnding && running.Subscription.IsSameOnBroker(next) && ReferenceEquals(running.Broker, brokers.Find(next.PubsubName));

    private static (string Pubsub, string Topic) KeyOf(TopicSubscription subscription) => (subscription.PubsubName, subscription.Topic);

    private async Task EndAsync(RunningSubscription running)
    {
        try
        {
            await running.EndAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The others are still to be ended.
            PubSubLog.StopFailed(logger, failure);
        }
    }
}

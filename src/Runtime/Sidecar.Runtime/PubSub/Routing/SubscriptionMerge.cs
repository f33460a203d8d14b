namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>One subscription per component and topic.</summary>
internal static class SubscriptionMerge
{
    /// <summary>
    /// The app's word counts more than a file's; among files the first counts, among the app's answers the last (contract
    /// section 2.7).
    /// </summary>
    public static IReadOnlyList<TopicSubscription> Merge(IEnumerable<TopicSubscription> declarative, IEnumerable<TopicSubscription> programmatic)
    {
        var merged = new OrderedDictionary<(string Pubsub, string Topic), TopicSubscription>();
        foreach (var subscription in declarative)
            merged.TryAdd((subscription.PubsubName, subscription.Topic), subscription);
        foreach (var subscription in programmatic)
            merged[(subscription.PubsubName, subscription.Topic)] = subscription;
        return [.. merged.Values];
    }
}

using Dapr.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;

namespace Dapr;

/// <summary>Makes the app's list of subscriptions from the topic metadata of its endpoints: one per pub/sub and topic.</summary>
internal static class SubscriptionList
{
    public static IReadOnlyList<Subscription> From(IEnumerable<Endpoint> endpoints, SubscribeOptions? options, ILogger log) =>
        [.. endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => TopicsOf(endpoint, log))
            .GroupBy(topic => (topic.Metadata.PubsubName, topic.Metadata.Name))
            .OrderBy(group => group.Key.PubsubName, StringComparer.Ordinal).ThenBy(group => group.Key.Name, StringComparer.Ordinal)
            .Select(group => ToSubscription([.. group.OrderBy(topic => topic.Metadata.Priority)], options, log))];

    private static IEnumerable<TopicRoute> TopicsOf(RouteEndpoint endpoint, ILogger log)
    {
        var topics = endpoint.Metadata.GetOrderedMetadata<ITopicMetadata>();
        if (topics.Count == 0)
            yield break;
        if (PathOf(endpoint.RoutePattern) is not { } path)
        {
            // The sidecar calls a fixed path; it has nothing to put into a route parameter.
            log.RouteHasParameters(endpoint.RoutePattern.RawText, topics[0].Name, topics[0].PubsubName);
            yield break;
        }

        var entries = endpoint.Metadata.GetOrderedMetadata<IOriginalTopicMetadata>();
        var bulks = endpoint.Metadata.GetOrderedMetadata<IBulkSubscribeMetadata>();
        foreach (var topic in topics.Where(topic => !string.IsNullOrEmpty(topic.Name)))
        {
            var owned = (topic as IOwnedOriginalTopicMetadata)?.OwnedMetadatas ?? [];
            yield return new TopicRoute(
                topic,
                path,
                [.. entries.Where(entry => string.IsNullOrEmpty(entry.Id) || owned.Contains(entry.Id))],
                bulks.LastOrDefault(bulk => bulk.TopicName == topic.Name));
        }
    }

    private static Subscription ToSubscription(List<TopicRoute> topics, SubscribeOptions? options, ILogger log)
    {
        var (pubsub, name) = (topics[0].Metadata.PubsubName, topics[0].Metadata.Name);
        var rules = topics.Where(topic => !string.IsNullOrEmpty(topic.Metadata.Match)).ToList();
        var defaults = topics.Where(topic => string.IsNullOrEmpty(topic.Metadata.Match)).Select(topic => topic.Path).Distinct().ToList();
        if (defaults.Count > 1)
            log.SeveralDefaultRoutes(name, pubsub, defaults[0], string.Join(", ", defaults.Skip(1)));
        if (rules.DistinctBy(rule => rule.Metadata.Priority).Count() < rules.Count)
            log.SamePriorityTwice(name, pubsub);

        var fallback = defaults.FirstOrDefault();
        return new Subscription(
            pubsub,
            name,
            rules.Count == 0 ? fallback : null,
            rules.Count == 0 ? null : new SubscriptionRoutes([.. rules.Select(rule => new SubscriptionRule(rule.Metadata.Match!, rule.Path))], fallback),
            topics.Select(topic => (topic.Metadata as IDeadLetterTopicMetadata)?.DeadLetterTopic).FirstOrDefault(topic => topic is not null),
            MetadataOf(topics, options),
            topics.Select(topic => topic.Bulk).LastOrDefault(bulk => bulk is not null) is { } bulk ? new SubscriptionBulk(true, bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs) : null);
    }

    private static Dictionary<string, string>? MetadataOf(List<TopicRoute> topics, SubscribeOptions? options)
    {
        var separator = topics.Select(topic => (topic.Metadata as IOwnedOriginalTopicMetadata)?.MetadataSeparator).FirstOrDefault(text => !string.IsNullOrEmpty(text)) ?? ",";
        var metadata = topics.SelectMany(topic => topic.Entries)
            .GroupBy(entry => entry.Name, entry => entry.Value)
            .ToDictionary(entry => entry.Key, entry => string.Join(separator, entry.Distinct()));
        if (options is { EnableRawPayload: true } || topics.Any(topic => topic.Metadata is IRawTopicMetadata { EnableRawPayload: true }))
            metadata["rawPayload"] = "true";
        return metadata.Count == 0 ? null : metadata;
    }

    /// <summary>The path of a route without parameters, else null.</summary>
    private static string? PathOf(RoutePattern pattern) => pattern.Parameters.Count > 0
        ? null
        : "/" + string.Join('/', pattern.PathSegments.Select(segment => string.Concat(segment.Parts.OfType<RoutePatternLiteralPart>().Select(part => part.Content))));

    private sealed record TopicRoute(ITopicMetadata Metadata, string Path, IReadOnlyList<IOriginalTopicMetadata> Entries, IBulkSubscribeMetadata? Bulk);
}

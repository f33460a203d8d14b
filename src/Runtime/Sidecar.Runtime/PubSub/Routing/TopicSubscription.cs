using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Routing;

internal enum SubscriptionType
{
    /// <summary>From a Subscription resource.</summary>
    Declarative,

    /// <summary>From the app's answer to <c>/dapr/subscribe</c>.</summary>
    Programmatic,

    /// <summary>A stream that a client has opened.</summary>
    Streaming,
}

/// <summary>The app's wish to be handed the messages of a topic.</summary>
/// <param name="Rules">Tried in order; the default route is the last one, with an empty match.</param>
internal sealed record TopicSubscription(string PubsubName, string Topic, SubscriptionType Type, IReadOnlyList<RouteRule> Rules)
{
    public string? DeadLetterTopic { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Null = messages are delivered one by one.</summary>
    public BulkSubscribe? BulkSubscribe { get; init; }

    public static TopicSubscription From(SubscriptionResource resource) =>
        new(resource.PubsubName, resource.Topic, SubscriptionType.Declarative, WithDefault(resource.Rules, resource.DefaultRoute))
        {
            DeadLetterTopic = EmptyAsNull(resource.DeadLetterTopic),
            Metadata = resource.Metadata,
            BulkSubscribe = resource.BulkSubscribe,
        };

    /// <summary>Whether the broker need not hear of the difference between the two, which are of one topic: it is in where messages go at the app.</summary>
    public bool IsSameOnBroker(TopicSubscription other) =>
        BulkSubscribe == other.BulkSubscribe && Metadata.Count == other.Metadata.Count &&
        Metadata.All(pair => other.Metadata.TryGetValue(pair.Key, out var value) && value == pair.Value);

    public bool HasSameRoutes(TopicSubscription other) => DeadLetterTopic == other.DeadLetterTopic && Rules.SequenceEqual(other.Rules);

    public static IReadOnlyList<RouteRule> WithDefault(IReadOnlyList<RouteRule> rules, string? defaultRoute) =>
        string.IsNullOrEmpty(defaultRoute) ? rules : [.. rules, new RouteRule("", defaultRoute)];

    public static string? EmptyAsNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

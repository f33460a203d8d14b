using System.Text.Json.Serialization;

namespace Dapr;

/// <summary>One entry of the answer to <c>GET /dapr/subscribe</c>.</summary>
/// <param name="Route">The path of all events, where there are no rules.</param>
/// <param name="Routes">The paths by rule, where there are some.</param>
internal sealed record Subscription(
    [property: JsonPropertyName("pubsubname")] string PubsubName,
    string Topic,
    string? Route,
    SubscriptionRoutes? Routes,
    string? DeadLetterTopic,
    IReadOnlyDictionary<string, string>? Metadata,
    SubscriptionBulk? BulkSubscribe);

/// <param name="Rules">Tried in order.</param>
/// <param name="Default">The path of events that match no rule; null drops them.</param>
internal sealed record SubscriptionRoutes(IReadOnlyList<SubscriptionRule> Rules, string? Default);

internal sealed record SubscriptionBulk(bool Enabled, int MaxMessagesCount, int MaxAwaitDurationMs);

internal sealed record SubscriptionRule(string Match, string Path);

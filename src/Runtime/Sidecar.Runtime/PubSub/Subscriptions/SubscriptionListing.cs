using System.Text.Json.Nodes;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>Subscriptions as <c>GET /v1.0/metadata</c> shows them (contract section 2.17).</summary>
internal static class SubscriptionListing
{
    public static JsonArray ToJson(IEnumerable<TopicSubscription> subscriptions) => new([.. subscriptions.Select(ToJson)]);

    private static JsonObject ToJson(TopicSubscription subscription)
    {
        var json = new JsonObject { ["pubsubname"] = subscription.PubsubName, ["topic"] = subscription.Topic };
        if (subscription.Metadata.Count > 0)
            json["metadata"] = new JsonObject(subscription.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        if (subscription.Rules.Count > 0)
            json["rules"] = new JsonArray([.. subscription.Rules.Select(ToJson)]);
        json["deadLetterTopic"] = subscription.DeadLetterTopic ?? "";
        json["type"] = subscription.Type.ToString().ToUpperInvariant();
        return json;
    }

    private static JsonObject ToJson(RouteRule rule)
    {
        var json = new JsonObject();
        if (rule.Match.Length > 0)
            json["match"] = rule.Match;
        if (rule.Path.Length > 0)
            json["path"] = rule.Path;
        return json;
    }
}

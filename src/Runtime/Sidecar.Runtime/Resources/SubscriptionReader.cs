using Sidecar.Runtime.Expressions;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: Subscription</c>, both versions (contract section 4.5).</summary>
internal static class SubscriptionReader
{
    public static SubscriptionResource? Read(ResourceHeader header, YamlFields fields)
    {
        var scopes = fields.Texts("scopes");
        SubscriptionResource? subscription = null;
        if (fields.Object("spec") is { } spec)
        {
            subscription = new SubscriptionResource(header.Origin, header.Name, spec.RequiredText("pubsubname"), spec.RequiredText("topic"))
            {
                Namespace = header.Namespace,
                DeadLetterTopic = NullIfEmpty(spec.Text("deadLetterTopic")),
                Metadata = spec.TextMap("metadata"),
                Scopes = scopes,
            };
            subscription = header.Kind == ResourceKind.SubscriptionV2 ? WithRoutes(subscription, spec) : WithRoute(subscription, spec);
            subscription = subscription with { BulkSubscribe = ReadBulkSubscribe(spec) };
            spec.RefuseUnknown();
        }
        else if (fields.Node("spec") is null)
        {
            fields.Problems.Error(fields.LineOf("spec"), "spec", "expected a map with pubsubname, topic and routes; this field is required");
        }

        fields.RefuseUnknown();
        return subscription;
    }

    private static SubscriptionResource WithRoute(SubscriptionResource subscription, YamlFields spec) =>
        subscription with { DefaultRoute = NullIfEmpty(spec.RequiredText("route")) };

    private static SubscriptionResource WithRoutes(SubscriptionResource subscription, YamlFields spec)
    {
        if (spec.Object("routes") is not { } routes)
        {
            if (spec.Node("routes") is null)
                spec.Problems.Odd(spec.LineOf("routes"), spec.PathOf("routes"), "expected a map with rules or default; without a route no message is delivered");
            return subscription;
        }

        var result = subscription with
        {
            Rules = [.. routes.Objects("rules").Select(Rule)],
            DefaultRoute = NullIfEmpty(routes.Text("default")),
        };
        if (result is { Rules.Count: 0, DefaultRoute: null })
            spec.Problems.Odd(spec.LineOf("routes"), spec.PathOf("routes"), "expected rules or default; without a route no message is delivered");
        routes.RefuseUnknown();
        return result;
    }

    private static RouteRule Rule(YamlFields rule)
    {
        var match = rule.Text("match") ?? "";
        if (match.Length > 0 && !Expression.TryParse(match, out _, out var error))
            rule.Problems.Odd(rule.LineOf("match"), rule.PathOf("match"), $"not a valid expression: {error}");
        var result = new RouteRule(match, rule.RequiredText("path"));
        rule.RefuseUnknown();
        return result;
    }

    private static BulkSubscribe? ReadBulkSubscribe(YamlFields spec)
    {
        if (spec.Object("bulkSubscribe") is not { } bulk)
            return null;
        var read = BulkSubscribe.From(
            bulk.Flag("enabled"), bulk.Integer("maxMessagesCount", 0, int.MaxValue), bulk.Integer("maxAwaitDurationMs", 0, int.MaxValue));
        bulk.RefuseUnknown();
        return read;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

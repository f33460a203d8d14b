using Sidecar.Runtime.Resources;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class SubscriptionTests
{
    [Fact]
    public void Both_versions_are_read_into_one_shape_in_file_order()
    {
        using var files = new ResourceFiles().Add("a.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: orders }
            scopes: [orders]
            spec:
              pubsubname: pubsub
              topic: orders
              routes:
                rules:
                - match: event.type == "order.submitted"
                  path: /submitted
                - path: /any
                default: /other
              deadLetterTopic: dead
              metadata: { rawPayload: true, n: 5 }
              bulkSubscribe: { enabled: true, maxMessagesCount: 7, maxAwaitDurationMs: 20 }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: { name: orders }
            spec:
              pubsubname: pubsub
              topic: stock
              route: /stock
              deadLetterTopic: dead-stock
              metadata: { a: b }
              bulkSubscribe: { enabled: true }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: { name: other }
            spec: { pubsubname: pubsub, topic: other, route: other, bulkSubscribe: { enabled: false, maxMessagesCount: 9 } }
            """);

        var subscriptions = files.LoadWell().Subscriptions;

        Assert.Equal([("orders", "orders", "/other", "dead"), ("orders", "stock", "/stock", "dead-stock"), ("other", "other", "other", null)], subscriptions.Select(one => (one.Name, one.Topic, one.DefaultRoute, one.DeadLetterTopic)));
        Assert.Equal([("event.type == \"order.submitted\"", "/submitted"), ("", "/any")], subscriptions[0].Rules.Select(rule => (rule.Match, rule.Path)));
        Assert.Equal(("true", "5"), (subscriptions[0].Metadata["rawPayload"], subscriptions[0].Metadata["n"]));
        Assert.Equal(["orders"], subscriptions[0].Scopes);
        Assert.Equal("b", subscriptions[1].Metadata["a"]);
        Assert.Equal([new BulkSubscribe(7, 20), new BulkSubscribe(100, 1000), null], subscriptions.Select(one => one.BulkSubscribe));
    }

    [Fact]
    public void Mistakes_are_told_with_line_and_field()
    {
        using var files = new ResourceFiles().Add("a.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: a }
            spec:
              pubsubName: pubsub
              topics: orders
              routes:
                rules:
                - match: event.type = 'x'
                  path: /x
                - match: "true"
                default: [/a]
              bulkSubscribe: { enabled: true, maxMessagesCount: many }
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: b }
            spec: { pubsubname: p, topic: t, route: /x }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: { name: c }
            spec: { pubsubname: p, topic: t, routes: { default: /x } }
            """);

        var loaded = files.Load(strict: true);

        Assert.Equal(
            [
                "5 spec.topic: expected a text; this field is required",
                "9 spec.routes.rules[0].match: not a valid expression: column 12: unexpected character '='",
                "11 spec.routes.rules[1].path: expected a text; this field is required",
                "12 spec.routes.default: expected a text, found a list",
                "13 spec.bulkSubscribe.maxMessagesCount: expected an integer of at least 0, found the text 'many'",
                "6 spec.topics: unknown field; did you mean 'topic'?",
                "18 spec.routes: expected a map with rules or default; without a route no message is delivered",
                "18 spec.route: unknown field; did you mean 'routes'?",
                "23 spec.route: expected a text; this field is required",
                "23 spec.routes: unknown field; did you mean 'route'?",
            ],
            Told(loaded.Errors));
        Assert.Equal(
            [
                "5 spec.pubsubName: is read as 'pubsubname'; spell it so, Kubernetes refuses other capitals",
            ],
            Told(loaded.Problems.Where(problem => problem.IsWarning)));
    }

    [Fact]
    public void A_rule_that_is_no_expression_is_left_to_the_sidecar_to_refuse()
    {
        using var files = new ResourceFiles().Add("a.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: a }
            spec: { pubsubname: p, topic: t, routes: { rules: [{ match: "((", path: /x }] } }
            """);

        var loaded = files.Load(strict: false);

        Assert.Equal("((", Assert.Single(Assert.Single(loaded.Value!.Subscriptions).Rules).Match);
        Assert.True(Assert.Single(loaded.Problems).IsWarning);
    }
}
